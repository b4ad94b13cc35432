"""What is learnt of pairs without being told which of them are true."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from trustscore.typing import BoolArray, FloatArray, IntArray

__all__ = ["Learnt", "learn"]

_ROUNDS = 200
_TOLERANCE = 1e-6
_LEAST = 1e-4


class Learnt(NamedTuple):
    """What was learnt.

    Attributes
    ----------
    shares : list of ndarray
        Of each field, how often true pairs are so alike, by level.
    prior : float
        Weight of any pair before it is looked at.
    probability : ndarray
        Of each pair.
    weights : ndarray
        Of each pair and field, in bits; 0 where a value is missing.
    """

    shares: list[FloatArray]
    prior: float
    probability: FloatArray
    weights: FloatArray


def learn(
    levels: IntArray,
    evidence: FloatArray,
    start: Sequence[Sequence[float]],
    teaches: BoolArray,
    *,
    strength: float,
    expected: float,
    pairs: float,
) -> Learnt:
    """Learn by expectation and maximisation how alike true pairs are, and how many there are.

    How often strangers are so alike is known already, from random pairs. Pairs that were not
    compared are taken to be false, so that it does not matter for what reason the others were.
    `start` counts for `strength` pairs, and as many true ones as `expected` there are at least:
    where few are found, or none, what is learnt stays near to both.

    Parameters
    ----------
    levels : ndarray of int, shape (pairs, fields)
        How alike, -1 where a value is missing.
    evidence : ndarray of float, shape (pairs, fields)
        Minus the logarithm, to base 2, of the share of strangers who are so alike.
    start : sequence of sequence of float
        Of each field, how often true pairs are so alike at first, by level.
    teaches : ndarray of bool
        Pairs to learn from.
    strength : float
    expected : float
        True pairs that are expected.
    pairs : float
        All pairs there are, compared or not.

    Examples
    --------
    >>> found = learn(
    ...     np.array([[1, 1], [0, 1], [-1, -1]]),
    ...     np.array([[10.0, 10.0], [0.1, 10.0], [0.0, 0.0]]),
    ...     [[0.5, 0.5], [0.5, 0.5]],
    ...     np.ones(3, dtype=bool),
    ...     strength=20,
    ...     expected=1,
    ...     pairs=1000,
    ... )
    >>> found.probability.round(2).tolist(), found.weights[2].tolist()
    ([1.0, 0.26, 0.0], [0.0, 0.0])
    """
    first = [np.asarray(share, dtype=float) for share in start]
    shares, true, old = first, expected, -1.0
    probability = np.zeros(len(levels))
    weights, prior = np.zeros_like(evidence), 0.0
    for _ in range(_ROUNDS):
        weights = np.zeros_like(evidence)
        for field, share in enumerate(shares):
            known = levels[:, field] >= 0
            weights[known, field] = np.log2(share)[levels[known, field]] + evidence[known, field]
        rate = min(max(true / max(pairs, 1.0), 1e-15), 0.5)
        prior = float(np.log2(rate / (1 - rate)))
        total = np.clip(prior + weights.sum(axis=1), -1000, 1000)
        probability = 1 / (1 + np.exp2(-total))
        if abs(true - old) <= _TOLERANCE * max(true, 1.0):
            break
        sure, old = np.where(teaches, probability, 0.0), true
        true = max(expected, float(sure.sum()))
        shares = [
            _shares(sure, levels[:, field], begin, strength) for field, begin in enumerate(first)
        ]
    return Learnt(shares, prior, probability, weights)


def _shares(sure: FloatArray, level: IntArray, begin: FloatArray, strength: float) -> FloatArray:
    known = level >= 0
    counts = np.bincount(level[known], weights=sure[known], minlength=len(begin))
    found = np.maximum(counts + strength * begin, _LEAST)
    whole: FloatArray = found / found.sum()
    return whole
