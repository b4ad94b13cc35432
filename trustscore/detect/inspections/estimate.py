"""The fail rate of a market, from inspections of which the chances are known."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from trustscore.typing import Array

__all__ = ["Estimate", "fail_rate"]

_LEVEL = 0.95


class Estimate(NamedTuple):
    """A rate with its interval.

    Attributes
    ----------
    rate, low, high : float
    inspections : int
    effective : float
        Of how many inspections at random it is worth.
    """

    rate: float
    low: float
    high: float
    inspections: int
    effective: float


def fail_rate(failed: Array, propensity: Array) -> Estimate | None:
    """Return the fail rate of all orders that might have been inspected, or None without any.

    The estimator of Hajek: each inspection stands for as many orders as 1 / propensity. Its
    interval holds 95 %: Jeffreys' for a sample at random of the size that has its variance.

    Parameters
    ----------
    failed : ndarray of bool
    propensity : ndarray
        Above 0 and at most 1.

    Examples
    --------
    >>> found = fail_rate(np.array([1, 0, 0, 0]), np.array([0.5, 0.1, 0.1, 0.1]))
    >>> round(found.rate, 4), found.inspections, round(found.effective, 2)
    (0.0625, 4, 0.93)
    """
    y, weight = np.asarray(failed, np.float64), 1.0 / np.asarray(propensity, np.float64)
    count = len(y)
    if not count:
        return None
    rate = float((weight * y).sum() / weight.sum())
    # By Kish, what the weights alone leave; by the spread of the results, if there is one.
    effective = float(weight.sum() ** 2 / (weight**2).sum())
    if 0.0 < rate < 1.0 and count > 1:
        spread = (weight * (y - rate)) ** 2
        # Failures of the heaviest weight are few, and may by chance not be among the sample: half
        # a one is added.
        unseen = 0.5 * (weight.max() * (1.0 - rate)) ** 2
        variance = float((spread.sum() + unseen) / weight.sum() ** 2 * count / (count - 1))
        effective = min(rate * (1.0 - rate) / variance, float(count))
    a, b = rate * effective + 0.5, (1.0 - rate) * effective + 0.5
    tail = (1.0 - _LEVEL) / 2.0
    from scipy.stats import beta

    low = 0.0 if rate == 0.0 else float(beta.ppf(tail, a, b))
    high = 1.0 if rate == 1.0 else float(beta.isf(tail, a, b))
    return Estimate(rate, low, high, count, effective)
