"""A scorecard made from a bare array: equal weights, quantiles as anchors, medians as priors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np

from trustscore.errors import InputError
from trustscore.fitting.weighted import quantile
from trustscore.scorecard import Scorecard, parse_scorecard
from trustscore.typing import Array

__all__ = ["NAME", "block_of", "learn", "position"]


# Name of the scorecard and of its only dimension.
NAME = "composite"
# The largest number that a scorecard may hold.
_LARGEST = 9e299


def learn(
    values: Array,
    names: Array | None,
    direction: Any,
    ends: Any,
    power: Any,
    weight: Array | None = None,
) -> Scorecard:
    """Return the scorecard of a composite index.

    Parameters
    ----------
    values : ndarray of shape (rows, columns)
        NaN for unknown.
    names : ndarray of str or None
    direction, ends, power
        `direction`, `quantiles` and `power` of `TrustScorer`.
    weight : ndarray of shape (rows,), optional
        How many rows each row stands for.

    Returns
    -------
    Scorecard
        Column i becomes the signal ``xi``; a column without a known value becomes none.

    Examples
    --------
    >>> card = learn(np.array([[0.0], [1.0], [4.0]]), None, -1, (0, 1), 1.0)
    >>> [(signal.id, signal.poor, signal.good, signal.prior) for signal in card.signals]
    [('x0', 4.0, 0.0, 1.0)]
    """
    low, high = _quantiles(ends)
    signs = _signs(direction, values.shape[1], names)
    signals: dict[str, Any] = {}
    words: dict[str, Any] = {}
    for at in range(values.shape[1]):
        column = values[:, at]
        use = ~np.isnan(column) if weight is None else ~np.isnan(column) & (weight > 0)
        known = np.clip(column[use], -_LARGEST, _LARGEST)
        if not len(known):
            continue
        own = None if weight is None else weight[use]
        worst, prior, best = (float(x) for x in quantile(known, [low, 0.5, high], own))
        if worst == best:
            worst, best = float(known.min()), float(known.max())
        spread = None
        if worst == best:
            margin = max(abs(worst), 1.0)
            worst, best = max(worst - margin, -_LARGEST), min(best + margin, _LARGEST)
        else:
            with np.errstate(over="ignore"):
                utility = np.clip((known - worst) / (best - worst), 0.0, 1.0)
            mean = np.average(utility, weights=own)
            deviation = float(np.sqrt(np.average((utility - mean) ** 2, weights=own)))
            spread = min(max(deviation, 0.01), 0.5)
        poor, good = (worst, best) if signs[at] > 0 else (best, worst)
        signals[f"x{at}"] = {
            "stage": "use",
            "score": True,
            "poor": poor,
            "good": good,
            "prior": prior,
            "weight": 1.0,
            "spread": spread,
        }
        if names is not None:
            words[f"x{at}"] = {"en": str(names[at])}
    if not signals:
        raise InputError("X: must have at least one value that is not NaN")
    return parse_scorecard(
        {
            "name": NAME,
            "version": "1.0.0",
            "effective_from": "1970-01-01",
            "dimensions": {NAME: {"weight": 1.0, "power": power}},
            "signals": {NAME: signals},
            "words": words,
        },
        "learned in fit",
    )


def position(column: str) -> int:
    """Return the place in the array of a column of the scorecard."""
    return int(column.removeprefix("x"))


def block_of(values: Array, card: Scorecard) -> dict[str, Array]:
    """Return the columns that the scorecard reads."""
    return {
        signal.value: np.ascontiguousarray(values[:, position(signal.value)])
        for signal in card.signals
    }


def _signs(given: Any, width: int, names: Array | None) -> list[int]:
    """Return 1 or -1 for each column."""
    if given is None:
        return [1] * width
    if isinstance(given, Mapping):
        if names is None:
            raise InputError("direction: must not be a mapping where columns have no names")
        unknown = [name for name in given if name not in set(names)]
        if unknown:
            raise InputError(
                f"direction: names {len(unknown)} unknown columns",
                [f"direction.{name}: no such column" for name in unknown],
            )
        signs: Sequence[Any] = [given.get(name, 1) for name in names]
    elif isinstance(given, Real):
        signs = [given] * width
    else:
        signs = np.asarray(given).tolist()
        if not isinstance(signs, list) or len(signs) != width:
            raise InputError(f"direction: must have one value per column, {width}. Got {given}")
    if any(sign not in (1, -1) for sign in signs):
        raise InputError(f"direction: must be 1 or -1. Got {given}")
    return [int(sign) for sign in signs]


def _quantiles(given: Any) -> tuple[float, float]:
    try:
        low, high = (float(x) for x in given)
    except (TypeError, ValueError):
        low = high = np.nan
    if not 0.0 <= low < high <= 1.0:
        raise InputError(f"quantiles: must be two rising numbers from 0 to 1. Got {given!r}")
    return low, high
