"""Dawid and Skene's model of a crowd: what is true, and how each worker errs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from trustscore.typing import Array, FloatArray, IntArray

__all__ = ["DawidSkene", "dawid_skene"]


class DawidSkene(NamedTuple):
    """What the votes say.

    Attributes
    ----------
    truth : ndarray, shape (items, classes)
        Probability of each class; 0 and 1 where it is known.
    voted : ndarray, shape (items, classes)
        What the votes say of each item, also where its class is known.
    matrices : ndarray, shape (workers, classes, classes)
        What a worker says (last axis) of an item of each class.
    shares : ndarray, shape (classes,)
        How frequent each class is.
    rounds : int
        That were needed.
    """

    truth: FloatArray
    voted: FloatArray
    matrices: FloatArray
    shares: FloatArray
    rounds: int


def dawid_skene(
    items: IntArray,
    workers: IntArray,
    labels: IntArray,
    *,
    classes: int = 2,
    weights: FloatArray | None = None,
    gold: IntArray | None = None,
    prior: float = 1.0,
    class_prior: float = 1.0,
    variational: bool = False,
    tolerance: float = 1e-7,
    rounds: int = 200,
) -> DawidSkene:
    """Fit the model by expectation and maximisation, with a full matrix for each worker.

    Parameters
    ----------
    items, workers, labels : ndarray of int
        One entry a vote, numbered from 0. The numbers of items go on to the last one of `gold`.
    classes : int, default=2
    weights : ndarray of float, optional
        What a vote weighs; 1 by default.
    gold : ndarray of int, optional
        The class of each item that is known, and -1 for the others.
    prior : float, default=1.0
        Votes of each kind that a matrix begins with, times `classes` for the right ones: a worker
        who has hardly voted is taken to be right more often than not.
    class_prior : float, default=1.0
        Items of each class that the shares begin with.
    variational : bool, default=False
        Whether matrices and shares are taken as known only as well as their votes tell them, and
        not as if their likeliest values were true: mean-field variational Bayes. Then the model is
        less sure of itself where workers have few votes.
    tolerance : float, default=1e-7
        Largest change of a probability at which the rounds end.
    rounds : int, default=200
        Most rounds.

    Notes
    -----
    A. P. Dawid and A. M. Skene, "Maximum likelihood estimation of observer error-rates using the
    EM algorithm", Applied Statistics 28 (1979). The rounds begin with the shares of the votes. With
    `variational` the expected logarithm of a chance stands where the logarithm of its estimate
    does.

    Examples
    --------
    Two workers agree, and the third one says the opposite of them.

    >>> items, workers = np.repeat(np.arange(4), 3), np.tile(np.arange(3), 4)
    >>> labels = np.array([1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 0, 1])
    >>> found = dawid_skene(items, workers, labels)
    >>> found.truth.argmax(axis=1).tolist(), bool(found.matrices[2, 1, 0] > 0.5)
    ([1, 0, 1, 0], True)
    """
    items, workers, labels = (np.asarray(a, dtype=np.int64) for a in (items, workers, labels))
    weigh = np.ones(len(items)) if weights is None else np.asarray(weights, dtype=np.float64)
    count = max(int(items.max(initial=-1)) + 1, 0 if gold is None else len(gold))
    known = np.full(count, -1) if gold is None else np.asarray(gold, dtype=np.int64)
    crowd = int(workers.max(initial=-1)) + 1
    votes = items * classes + labels
    shares: Array = np.bincount(votes, weigh, count * classes).reshape(count, classes)
    truth = _settle(shares + np.float64(1 / classes), known)
    begin = np.full((classes, classes), prior) + np.eye(classes) * prior * (classes - 1)
    # Where the votes of a worker stand among the cells of all matrices, for items of class 0.
    cells = workers * classes * classes + labels
    done = 0
    while done < rounds:
        done += 1
        counts = _count(truth, items, cells, weigh, crowd) + begin
        after = _expect(
            _logs(counts, variational),
            _logs(truth.sum(axis=0) + class_prior, variational),
            items,
            workers,
            labels,
            weigh,
            known,
        )
        moved = float(np.abs(after - truth).max(initial=0.0))
        truth = after
        if moved <= tolerance:
            break
    counts = _count(truth, items, cells, weigh, crowd) + begin
    seen: Array = truth.sum(axis=0) + class_prior
    said, frequent = _logs(counts, variational), _logs(seen, variational)
    voted = _expect(said, frequent, items, workers, labels, weigh, np.full(count, -1))
    matrices: Array = counts / counts.sum(axis=2, keepdims=True)
    return DawidSkene(truth, voted, matrices, seen / seen.sum(), done)


def _settle(weight: FloatArray, known: IntArray) -> FloatArray:
    """Return rows that sum to 1, with the known items at their class."""
    truth: FloatArray = weight / weight.sum(axis=1, keepdims=True)
    sure = np.flatnonzero(known >= 0)
    truth[sure] = 0.0
    truth[sure, known[sure]] = 1.0
    return truth


def _count(
    truth: FloatArray, items: IntArray, cells: IntArray, weigh: FloatArray, crowd: int
) -> FloatArray:
    """Return what each worker said how often of items of each class."""
    classes = truth.shape[1]
    counts = np.empty((crowd, classes, classes))
    for of in range(classes):
        found = np.bincount(cells, weigh * truth[items, of], crowd * classes * classes)
        counts[:, of] = found.reshape(crowd, classes, classes)[:, 0]
    return counts


def _logs(counts: FloatArray, variational: bool) -> FloatArray:
    """Return the logarithms of the chances that counts tell, along the last axis."""
    from scipy.special import digamma

    log = digamma if variational else np.log
    logs: FloatArray = log(counts) - log(counts.sum(axis=-1, keepdims=True))
    return logs


def _expect(
    said: FloatArray,
    frequent: FloatArray,
    items: IntArray,
    workers: IntArray,
    labels: IntArray,
    weigh: FloatArray,
    known: IntArray,
) -> FloatArray:
    """Return how likely each class of each item is, from the logarithms of what is said."""
    chances = np.empty((len(known), len(frequent)))
    for of in range(len(frequent)):
        chances[:, of] = np.bincount(items, weigh * said[workers, of, labels], len(known))
    chances += frequent
    chances -= chances.max(axis=1, keepdims=True)
    return _settle(np.exp(chances), known)
