"""The area under the curve over orders: how well a score tells bad orders from good ones."""

from __future__ import annotations

import numpy as np

from trustscore.typing import Array

__all__ = ["auc", "auc_of_codes", "score_codes"]


def score_codes(score: Array) -> tuple[Array, int]:
    """Return the rank of each score among the distinct ones, and how many these are."""
    _, codes = np.unique(score, return_inverse=True)
    return codes, int(codes.max()) + 1 if len(codes) else 0


def auc_of_codes(codes: Array, size: int, bad: Array, good: Array) -> float:
    """Return the area of scores that `score_codes` has ranked; see `auc`."""
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
    return auc_of_codes(*score_codes(score), bad, good)
