"""From evidence to a score: logarithms of likelihood ratios are added to those of the prior."""

from __future__ import annotations

import math

import numpy as np

from trustscore.typing import BoolArray, FloatArray

__all__ = ["logit", "scores"]


def logit(chance: float) -> float:
    """Return the logarithm of the odds.

    Examples
    --------
    >>> round(logit(0.02), 3)
    -3.892
    """
    return math.log(chance / (1 - chance))


def scores(weights: FloatArray, hard: BoolArray, prior: float, hard_score: float) -> FloatArray:
    """Return how likely orders are brushing.

    Parameters
    ----------
    weights : array of float
        Sum of the logarithms of what was found of each order.
    hard : array of bool
        Whether one piece of evidence was enough by itself.
    prior : float
        Share of orders that are brushing.
    hard_score : float
        Score of these, at least.

    Examples
    --------
    >>> weights, hard = np.array([0.0, 4.4, 9.4, 0.0]), np.array([False, False, False, True])
    >>> scores(weights, hard, 0.02, 0.99).round(3).tolist()
    [0.02, 0.624, 0.996, 0.99]
    """
    odds = logit(prior) + weights
    chance: FloatArray = 1 / (1 + np.exp(-odds))
    chance[hard] = np.maximum(chance[hard], hard_score)
    return chance
