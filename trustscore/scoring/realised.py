"""What each part of a sum contributes to its variance."""

from __future__ import annotations

import numpy as np

from trustscore.typing import Array

__all__ = ["realised_shares"]


def realised_shares(gained: Array, index: Array) -> tuple[Array, Array]:
    """Return each signal's share of the variance of the index, and the standard error of it.

    The share is the covariance of what a signal gains with the index, over the variance of the
    index: what the signal does to the order of merchants, while its weight only says what it may
    do. Shares add up to 1 as the points gained add up to the index. The error is that of a ratio
    of two means over merchants.

    Parameters
    ----------
    gained : ndarray of shape (signals, merchants)
    index : ndarray of shape (merchants,)

    Returns
    -------
    share, error : ndarray of shape (signals,)
        NaN where every merchant has the same index.

    Examples
    --------
    >>> gained = np.array([[0.0, 30.0], [0.0, 10.0]])
    >>> realised_shares(gained, gained.sum(axis=0))[0].tolist()
    [0.75, 0.25]
    """
    centred = index - index.mean()
    spread = float(np.mean(centred**2))
    if spread <= 0:
        nothing = np.full(len(gained), np.nan)
        return nothing, nothing
    share, error = np.empty(len(gained)), np.empty(len(gained))
    for at, row in enumerate(gained):
        own = (row - row.mean()) * centred
        share[at] = own.mean() / spread
        error[at] = np.std(own - share[at] * centred**2) / spread / np.sqrt(len(own))
    return share, error
