"""Anchors and percentile knots from merchants' figures, robust to a tenth of these being wrong."""

from __future__ import annotations

from typing import Any

import numpy as np

from trustscore.errors import InputError
from trustscore.fitting.weighted import quantile
from trustscore.typing import Array

__all__ = ["MOST_TIES", "knots", "level", "stabilise_variance", "ties", "within_fences"]


# In distances from the median to the further quartile: 3.4 standard deviations of a normal
# distribution.
_FENCE = 5.0
# Above this share of ties, shrunk figures rank merchants by volume and not by quality.
MOST_TIES = 0.10
_LEVELS = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98)


def level(text: str) -> float:
    """Return the level of an open anchor.

    Examples
    --------
    >>> level("q95"), level("q2.5")
    (0.95, 0.025)
    """
    return float(text[1:]) / 100


def stabilise_variance(kind: str, x: Array) -> Array:
    """Return figures on a scale on which their variance is about constant.

    Arcsine square roots for shares, square roots for rates of events and counts, logarithms for
    durations; other kinds stay as they are.

    Parameters
    ----------
    kind : str
        Kind of signal.
    x : ndarray
        Raw figures, such as rates k / n.

    Returns
    -------
    ndarray
        Of the shape of `x`.

    Examples
    --------
    >>> stabilise_variance("events", np.array([0.0, 4.0])).tolist()
    [0.0, 2.0]
    """
    if kind in ("rate", "flag"):
        return np.arcsin(np.sqrt(np.clip(x, 0.0, 1.0)))
    if kind in ("events", "count"):
        return np.sqrt(np.maximum(x, 0.0))
    if kind == "duration":
        return np.log(np.maximum(x, 1e-300))
    return x


def within_fences(values: Array, n: Array | None = None, weight: Array | None = None) -> Array:
    """Return which values are no outliers.

    Fences stand five times the distance from the median to the further quartile on either side of
    the median, so a tenth of the values moves them little, whatever they are. Where both quartiles
    equal the median there is no fence, because a rare harm is not an error.

    With `n` the quartiles are those of the half with most observations, and the fences of the
    others are wider by ``sqrt(median n / n)``, the most by which chance spreads them further.

    Parameters
    ----------
    values : ndarray of shape (merchants,)
        Without NaN, on a scale of constant variance (see `stabilise_variance`).
    n : ndarray, optional
        Observations behind each.
    weight : ndarray, optional
        How many merchants each value stands for.

    Returns
    -------
    ndarray of bool of shape (merchants,)

    Examples
    --------
    >>> within_fences(np.r_[np.arange(9.0), 1e6]).tolist()[-2:]
    [True, False]
    """
    if not len(values):
        return np.ones(0, dtype=bool)
    wider: Any = 1.0
    sure, many = values, weight
    if n is not None:
        usual = float(quantile(n, 0.5, weight))
        sure = values[n >= usual]
        many = None if weight is None else weight[n >= usual]
        wider = np.sqrt(usual / np.minimum(n, usual))
    low, middle, high = quantile(sure, [0.25, 0.5, 0.75], many)
    half = max(middle - low, high - middle)
    if not half:
        return np.ones(len(values), dtype=bool)
    inside: Array = np.abs(values - middle) <= _FENCE * half * wider
    return inside


def ties(values: Array, weight: Array | None = None) -> tuple[float, float]:
    """Return the most frequent value and its share.

    Examples
    --------
    >>> ties(np.array([0.0, 0.0, 1.0, 2.0]))
    (0.0, 0.5)
    """
    distinct, place = np.unique(values, return_inverse=True)
    counts = np.bincount(place, weight)
    most = int(counts.argmax())
    return float(distinct[most]), float(counts[most] / counts.sum())


def knots(x: Array, raw: Array, *, rising: bool, weight: Array | None = None) -> list[list[float]]:
    """Return a percentile curve as ``[value, utility]`` knots, monotone and winsorised.

    The lowest and the highest 2 % get utility 0 and 1, so that no single merchant moves the ends.

    Parameters
    ----------
    x : ndarray
        Shrunk figures, as they are scored, without outliers.
    raw : ndarray
        The same before shrinkage, in which ties are counted.
    rising : bool
        Whether more is better.
    weight : ndarray, optional
        How many merchants each figure stands for.

    Raises
    ------
    InputError
        When more than a tenth of the raw figures are one value that shrinkage pulls apart, because
        their order would follow the merchants' volume; or when nearly all figures are equal.

    Examples
    --------
    >>> even = np.linspace(0, 100, 1001)
    >>> found = knots(even, even, rising=True)
    >>> found[0], found[6], found[-1]
    ([2.0, 0.0], [50.0, 0.5], [98.0, 1.0])

    Merchants with the same figure share the middle of their ranks: of 40 % at 0 that is 20 %.

    >>> tied = np.array([0.0] * 40 + [float(v) for v in range(1, 61)])
    >>> knots(tied, tied, rising=True)[0]
    [0.0, 0.1875]
    """
    value, share = ties(raw, weight)
    if share > MOST_TIES and not np.array_equal(x, raw):
        raise InputError(
            f"{share:.0%} of the merchants have the value {value:g}: a percentile would rank them "
            "by their volume; use curve linear with poor and good"
        )
    at = quantile(x, _LEVELS, weight)
    u = (np.array(_LEVELS) - _LEVELS[0]) / (_LEVELS[-1] - _LEVELS[0])
    u = u if rising else 1 - u
    # Round to six significant digits, and merge equal knots at the middle of the ranks they share.
    xs = np.array([float(f"{v:.6g}") for v in at])
    many = np.ones(len(x)) if weight is None else weight
    found = []
    for v in np.unique(xs):
        meet = u[xs == v]
        utility = float(meet[0])
        if len(meet) > 1:
            below, same = (float(many[rows].sum() / many.sum()) for rows in (x < v, x == v))
            rank = np.clip(below + same / 2, _LEVELS[0], _LEVELS[-1]) - _LEVELS[0]
            rank = rank / (_LEVELS[-1] - _LEVELS[0])
            utility = float(rank if rising else 1 - rank)
        found.append([float(v), round(utility, 4)])
    if len(found) < 2:
        raise InputError(f"is {at[0]:g} for nearly every merchant: there is nothing to rank")
    return found
