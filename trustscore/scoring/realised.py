"""What each part of a sum contributes to its variance."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from trustscore.scorecard import Scorecard
from trustscore.scorecard.shares import shares
from trustscore.typing import Array

__all__ = [
    "MOST_OF_A_DIMENSION",
    "MOST_OF_A_SIGNAL",
    "Parts",
    "parts_of_index",
    "realised_shares",
]

# An index of which one signal makes up more is that signal with a decoration: it is as wrong as
# the signal when what counts as harm moves, and as cheap to game.
MOST_OF_A_SIGNAL, MOST_OF_A_DIMENSION = 0.3, 0.5


class Parts(NamedTuple):
    """The parts of an index that should not make up too much of its variance.

    Attributes
    ----------
    names : tuple of str
        Every signal, then every dimension.
    inside : ndarray of shape (parts, signals)
        1 where a signal belongs to the part.
    limits : ndarray of shape (parts,)
        Greatest share of each part; 1 where there is no limit.
    """

    names: tuple[str, ...]
    inside: Array
    limits: Array


def parts_of_index(
    card: Scorecard, most: tuple[float, float] = (MOST_OF_A_SIGNAL, MOST_OF_A_DIMENSION)
) -> Parts:
    """Return the parts of an index and the greatest share that each should have.

    Shares add up to 1: where there are too few signals, or dimensions at the top, to stay under a
    limit, they have none.

    Parameters
    ----------
    card : Scorecard
    most : (float, float)
        Greatest share of a signal and of a dimension. 1 is no bound.

    Examples
    --------
    >>> from trustscore.scorecard import load_scorecard
    >>> card = load_scorecard("default")
    >>> found = parts_of_index(card)
    >>> len(found.names) == len(card.signals) + len(card.dimensions)
    True
    >>> sorted(set(found.limits.tolist()))
    [0.3, 0.5]
    """
    parents = {dimension.id: dimension.parent for dimension in card.dimensions}
    signals = len(card.signals)
    below = [
        [float(_inside(signal.dimension, name, parents)) for signal in card.signals]
        for name in parents
    ]
    inside = np.vstack([np.eye(signals), np.array(below).reshape(len(parents), signals)])
    limits = np.repeat(np.asarray(most, dtype=np.float64), [signals, len(parents)])
    weighty = shares(card) > 0
    top = np.array([parent is None for parent in parents.values()], dtype=bool)
    if weighty.sum() * most[0] <= 1:
        limits[:signals] = 1.0
    if inside[signals:][top][:, weighty].any(axis=1).sum() * most[1] <= 1:
        limits[signals:] = 1.0
    limits[inside[:, weighty].all(axis=1)] = 1.0
    return Parts((*(signal.id for signal in card.signals), *parents), inside, limits)


def _inside(dimension: str | None, other: str, parents: dict[str, str | None]) -> bool:
    while dimension is not None and dimension != other:
        dimension = parents[dimension]
    return dimension == other


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
