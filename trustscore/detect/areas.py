"""How well scores tell what is true from what is honest, wherever the line is drawn."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from trustscore.detect.findings import Ranked
from trustscore.typing import Array, BoolArray, FloatArray

__all__ = ["area_under_curve", "areas"]


def area_under_curve(scores: FloatArray, true: BoolArray) -> float | None:
    """Return how often a true one has a higher score than an honest one, ties as half.

    None where all are of one kind.

    Examples
    --------
    >>> area_under_curve(np.array([0.9, 0.5, 0.5, 0.1]), np.array([True, True, False, False]))
    0.875
    """
    positive = int(true.sum())
    negative = len(true) - positive
    if not positive or not negative:
        return None
    _, which, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[which]
    return float((ranks[true].sum() - positive * (positive + 1) / 2) / (positive * negative))


def areas(kinds: Mapping[tuple[str, str], str], ranked: Ranked) -> dict[str, float | None]:
    """Return the areas of subjects, and of people by the mean of theirs; one true makes true."""
    keys, scores, people = ranked
    judged = np.array([key in kinds for key in keys], dtype=bool)
    true = np.array([bool(kinds.get(key)) for key in keys], dtype=bool)
    known: Array = judged & (people >= 0)
    _, whose = np.unique(people[known], return_inverse=True)
    mean = np.bincount(whose, weights=scores[known]) / np.maximum(np.bincount(whose), 1)
    liar = np.bincount(whose, weights=true[known]) > 0
    return {
        "subjects": area_under_curve(scores[judged], true[judged]),
        "people": area_under_curve(mean, liar),
    }
