"""Weights from the utilities alone: entropy, CRITIC, principal components."""

from __future__ import annotations

import numpy as np

from trustscore.errors import InputError
from trustscore.fitting.notes import Note
from trustscore.typing import Array

__all__ = ["COLLINEAR", "collinear_notes", "correlations", "critic", "entropy", "pca"]


# Above this correlation two signals measure one thing, which then counts twice.
COLLINEAR = 0.95


def correlations(u: Array) -> Array:
    """Return the correlations of columns, 0 where one of them is constant.

    Examples
    --------
    >>> correlations(np.array([[0.0, 1.0, 5.0], [1.0, 0.0, 5.0]])).round(6).tolist()
    [[1.0, -1.0, 0.0], [-1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    apart = u - u.mean(axis=0)
    spread = np.sqrt((apart**2).sum(axis=0))
    # The mean of equal floats may differ from them in the last bit.
    still = spread <= 1e-12 * np.sqrt(len(u))
    apart = apart / np.where(still, 1.0, spread)
    apart[:, still] = 0.0
    found: Array = np.clip(apart.T @ apart, -1.0, 1.0)
    np.fill_diagonal(found, 1.0)
    return found


def collinear_notes(u: Array, names: list[str]) -> list[Note]:
    """Return warnings of pairs of signals that measure one thing.

    Examples
    --------
    >>> u = np.array([[0.1, 0.2, 0.5], [0.3, 0.6, 0.5], [0.2, 0.4, 0.5]])
    >>> [(note.name, note.where) for note in collinear_notes(u, ["a", "b", "c"])]
    [('collinear', 'a')]
    """
    notes = []
    found = correlations(u)
    for i, j in zip(*np.nonzero(np.triu(np.abs(found) > COLLINEAR, 1)), strict=True):
        text = f"correlates {found[i, j]:.2f} with {names[j]}: what both say counts twice"
        notes.append(Note("collinear", names[i], text))
    return notes


def _shared(raw: Array, method: str) -> Array:
    if not raw.sum() > 0:
        raise InputError(
            f"weights by {method}: every signal is constant over the merchants, so none has weight"
        )
    found: Array = raw / raw.sum()
    return found


def entropy(u: Array) -> Array:
    """Return entropy weights: the more unevenly a signal is spread, the more it weighs.

    ``w ~ 1 + sum p ln p / ln m`` with ``p = u / sum u`` over m merchants.

    Examples
    --------
    >>> entropy(np.array([[0.5, 0.0], [0.5, 1.0]])).tolist()
    [0.0, 1.0]
    """
    if len(u) < 2:
        raise InputError("weights by entropy: need at least two merchants")
    total = u.sum(axis=0)
    p = u / np.where(total > 0, total, 1.0)
    spread = -(p * np.log(np.where(p > 0, p, 1.0))).sum(axis=0) / np.log(len(u))
    # A constant signal carries no information, whether all 0 or all 1.
    return _shared(np.where(total > 0, np.maximum(1.0 - spread, 0.0), 0.0).round(14), "entropy")


def critic(u: Array) -> Array:
    """Return CRITIC weights: standard deviation times disagreement with the other signals.

    Examples
    --------
    >>> critic(np.array([[0.0, 1.0, 0.5], [1.0, 0.0, 0.5]])).tolist()
    [0.5, 0.5, 0.0]
    """
    if len(u) < 2:
        raise InputError("weights by critic: need at least two merchants")
    spread = u.std(axis=0, ddof=1)
    spread[np.ptp(u, axis=0) <= 1e-12] = 0.0
    return _shared(spread * (1.0 - correlations(u)).sum(axis=0), "critic")


def pca(u: Array) -> tuple[Array, float, Array]:
    """Return squared loadings on the first principal component of the correlations.

    Returns
    -------
    weights : ndarray of shape (signals,)
        Constant signals have 0.
    explained : float
        Part of the variance that the component holds.
    against : ndarray of bool
        Signals that load against the others: on them good merchants look bad.

    Examples
    --------
    >>> u = np.array([[0.0, 0.1, 0.9], [0.5, 0.4, 0.4], [1.0, 1.0, 0.1]])
    >>> weights, explained, against = pca(u)
    >>> weights.round(2).tolist(), round(explained, 2), against.tolist()
    ([0.34, 0.33, 0.33], 0.98, [False, False, True])
    """
    if len(u) < 2:
        raise InputError("weights by pca: need at least two merchants")
    moves = np.ptp(u, axis=0) > 1e-12
    weights, against = np.zeros(u.shape[1]), np.zeros(u.shape[1], dtype=bool)
    if not moves.any():
        return _shared(weights, "pca"), 0.0, against
    values, vectors = np.linalg.eigh(correlations(u[:, moves]))
    first = vectors[:, -1] * (1.0 if vectors[:, -1].sum() >= 0 else -1.0)
    weights[moves] = first**2
    against[moves] = first < -1e-9
    return _shared(weights, "pca"), float(values[-1] / values.sum()), against
