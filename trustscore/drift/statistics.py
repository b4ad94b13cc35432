"""How far two samples of one distribution are from each other, and how far chance takes them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from trustscore.typing import Array, FloatArray

__all__ = [
    "benjamini_hochberg",
    "chance_psi",
    "g_test",
    "jensen_shannon",
    "population_stability",
    "used",
    "wasserstein",
]


def used(reference: Array, current: Array) -> int:
    """Return how many bins hold something on either side."""
    return int(((reference > 0) | (current > 0)).sum())


def population_stability(reference: Array, current: Array) -> float:
    """Return the population stability index (PSI) of two rows of counts.

    The sum over bins of (q - p) ln(q / p), which is Jeffreys' divergence. Half a merchant is
    added to every bin that holds any, so that a bin which is empty on one side counts and is not
    infinite.

    Examples
    --------
    >>> round(population_stability(np.array([500, 500]), np.array([400, 600])), 4)
    0.0405
    >>> population_stability(np.array([7, 0]), np.array([9, 0]))
    0.0
    """
    there = (reference > 0) | (current > 0)
    p, q = (side[there] + 0.5 for side in (reference, current))
    p, q = p / p.sum(), q / q.sum()
    return float(np.sum((q - p) * np.log(q / p)))


def chance_psi(reference: Array, current: Array) -> float:
    """Return the mean PSI of two samples of these sizes from one distribution.

    PSI is then about (1/n + 1/m) times a chi-square with one degree of freedom less than bins.
    Source: Yurdakul (2018), Statistical properties of the population stability index.

    Examples
    --------
    >>> round(chance_psi(np.array([50, 50, 100]), np.array([100, 50, 50])), 9)
    0.02
    """
    return float((used(reference, current) - 1) * (1 / reference.sum() + 1 / current.sum()))


def jensen_shannon(reference: Array, current: Array) -> float:
    """Return the Jensen-Shannon distance: 0 for the same shares, 1 where none is shared.

    Examples
    --------
    >>> (
    ...     jensen_shannon(np.array([1, 1]), np.array([5, 5])),
    ...     jensen_shannon(np.array([3, 0]), np.array([0, 2])),
    ... )
    (0.0, 1.0)
    """
    p, q = reference / reference.sum(), current / current.sum()
    middle = (p + q) / 2
    divergence = (_relative_entropy(p, middle) + _relative_entropy(q, middle)) / 2
    return float(np.sqrt(max(divergence / np.log(2), 0.0)))


def _relative_entropy(p: Array, q: Array) -> float:
    there = p > 0
    return float(np.sum(p[there] * np.log(p[there] / q[there])))


def g_test(reference: Array, current: Array) -> float:
    """Return the chance that two samples of one distribution differ so much: the G-test.

    G is twice the number of all merchants times the Jensen-Shannon divergence weighted by the two
    sizes. It holds better than Pearson's chi-square where a bin is nearly empty on the small side.

    Examples
    --------
    >>> g_test(np.array([500, 500]), np.array([500, 500]))
    1.0
    >>> f"{g_test(np.array([500, 500]), np.array([400, 600])):.1e}"
    '6.8e-06'
    """
    from scipy.stats import chi2

    freedom = used(reference, current) - 1
    if freedom < 1:
        return 1.0
    n, m = reference.sum(), current.sum()
    p, q = reference / n, current / m
    middle = (reference + current) / (n + m)
    g = 2 * (n * _relative_entropy(p, middle) + m * _relative_entropy(q, middle))
    return float(chi2.sf(max(g, 0.0), freedom))


def wasserstein(reference: Array, current: Array, width: float) -> float:
    """Return how far mass must be moved on average: the Wasserstein-1 or earth mover's distance.

    Parameters
    ----------
    reference, current : ndarray
        Counts in cells of one width; NaN comes back where a side is empty.
    width : float

    Examples
    --------
    >>> wasserstein(np.array([4, 0, 0]), np.array([0, 2, 2]), 0.5)
    0.75
    """
    n, m = reference.sum(), current.sum()
    if not n or not m:
        return float("nan")
    gap = np.cumsum(reference / n) - np.cumsum(current / m)
    return float(np.abs(gap).sum() * width)


def benjamini_hochberg(chances: Sequence[float]) -> FloatArray:
    """Return p-values corrected for the number of looks, by the false discovery rate.

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, 0.03]).round(3).tolist()
    [0.03, 0.04, 0.04]
    """
    if not len(chances):
        return np.empty(0)
    from scipy.stats import false_discovery_control

    found: FloatArray = false_discovery_control(chances, method="bh")
    return found
