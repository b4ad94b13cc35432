"""How well a score separates what went wrong from what went well."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["auc", "bootstrap_auc", "interval", "weighted_spearman"]

Array = np.ndarray[Any, Any]
# A stated 95 % interval.
TAILS = (2.5, 97.5)


def _codes(score: Array) -> tuple[Array, int]:
    _, codes = np.unique(score, return_inverse=True)
    return codes, int(codes.max()) + 1 if len(codes) else 0


def _auc(codes: Array, size: int, bad: Array, good: Array) -> float:
    b = np.bincount(codes, bad, minlength=size)
    g = np.bincount(codes, good, minlength=size)
    pairs = b.sum() * g.sum()
    if pairs == 0:
        return float("nan")
    below = np.cumsum(b) - b
    return float(np.sum(g * (below + 0.5 * b)) / pairs)


def auc(score: Array, bad: Array, good: Array) -> float:
    """Return the chance that a bad order's merchant scores below a good order's; ties count half.

    Parameters
    ----------
    score : ndarray of shape (merchants,)
        More is better.
    bad, good : ndarray of shape (merchants,)
        Numbers of bad and good orders, or any weights.

    Returns
    -------
    float
        NaN when there are no bad or no good orders.

    Examples
    --------
    >>> auc(np.array([1.0, 2.0]), np.array([3.0, 1.0]), np.array([1.0, 3.0]))
    0.75
    """
    return _auc(*_codes(score), bad, good)


def weighted_spearman(score: Array, rate: Array, weight: Array) -> float:
    """Return the rank correlation of a score and a rate, each merchant with a weight.

    Ranks are mid-ranks of the weighted distribution; NaN when either is constant.

    Examples
    --------
    >>> weighted_spearman(np.array([3.0, 2.0, 1.0]), np.array([0.0, 0.1, 0.5]), np.ones(3))
    -1.0
    """

    def centred(values: Array) -> Array:
        codes, size = _codes(values)
        mass = np.bincount(codes, weight, minlength=size)
        rank = (np.cumsum(mass) - mass / 2)[codes]
        found: Array = rank - np.average(rank, weights=weight)
        return found

    x, y = centred(score), centred(rate)
    power = np.sqrt(np.sum(weight * x * x) * np.sum(weight * y * y))
    return float(np.clip(np.sum(weight * x * y) / power, -1, 1)) if power > 0 else float("nan")


def bootstrap_auc(
    scores: Mapping[str, Array], bad: Array, good: Array, seed: int, draws: int = 400
) -> dict[str, Array]:
    """Return the area of each score in samples of merchants drawn with replacement.

    A merchant comes with all its orders, since they share its quality; every score sees the same
    samples, so that differences can be taken draw by draw. NaN where a sample has one class.

    Examples
    --------
    >>> flat = np.zeros(3)
    >>> bootstrap_auc({"flat": flat}, np.ones(3), np.ones(3), seed=0, draws=2)["flat"].tolist()
    [0.5, 0.5]
    """
    rng = np.random.default_rng(seed)
    coded = {name: _codes(score) for name, score in scores.items()}
    found = {name: np.empty(draws) for name in scores}
    rows = len(bad)
    for draw in range(draws):
        times = np.bincount(rng.integers(rows, size=rows), minlength=rows)
        for name, (codes, size) in coded.items():
            found[name][draw] = _auc(codes, size, bad * times, good * times)
    return found


def interval(draws: Array) -> tuple[float, float]:
    """Return the 95 % interval of draws, NaN when fewer than nine in ten are known.

    Examples
    --------
    >>> interval(np.arange(101.0))
    (2.5, 97.5)
    """
    known = draws[~np.isnan(draws)]
    if len(known) < 0.9 * len(draws):
        return float("nan"), float("nan")
    low, high = np.percentile(known, TAILS)
    return float(low), float(high)
