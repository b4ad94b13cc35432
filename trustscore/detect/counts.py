"""How unusual a count is for a shop: the upper tail of its own negative binomial."""

from __future__ import annotations

import numpy as np

from trustscore.typing import FloatArray

__all__ = ["upper_tail"]


def upper_tail(count: FloatArray, mean: FloatArray, variance: FloatArray) -> FloatArray:
    """Return the chance of a count at least so large, from mean and variance by moments.

    Where the variance does not exceed the mean the counts are Poisson.

    Parameters
    ----------
    count, mean, variance : array of float
        Means are above 0.

    Returns
    -------
    array of float

    Examples
    --------
    >>> count, mean = np.full(2, 12.0), np.full(2, 4.0)
    >>> upper_tail(count, mean, np.array([4.0, 16.0])).round(4).tolist()
    [0.0009, 0.0557]
    """
    from scipy import stats

    count, mean, variance = (np.asarray(part, dtype=float) for part in (count, mean, variance))
    wide = variance > mean
    size = np.divide(mean * mean, variance - mean, out=np.ones_like(mean), where=wide)
    over = stats.nbinom.sf(count - 1, size, size / (size + mean))
    tail: FloatArray = np.where(wide, over, stats.poisson.sf(count - 1, mean))
    return tail
