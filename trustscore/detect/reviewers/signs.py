"""How unlike others each review and its reviewer are: one number per sign, larger is odder."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from trustscore.typing import Array, BoolArray, FloatArray

__all__ = ["FAMILIES", "combine", "rarity", "review_signs", "reviewer_signs"]


FAMILIES = (
    ("stars_apart", "extreme_stars", "reviewer_apart"),
    ("copied_words",),
    ("busy_day", "many_in_a_day", "short_life"),
    ("single_review", "same_merchants", "same_stars"),
    ("dense_block",),
)
"""Signs that see the same thing: stars, words, times, the account, and its company."""


def rarity(values: FloatArray) -> FloatArray:
    """Return for each value the share of known values that are at least as large.

    Unknown values, NaN, stay so.

    Examples
    --------
    >>> rarity(np.array([1.0, 3.0, 3.0, np.nan, 9.0])).tolist()
    [1.0, 0.75, 0.75, nan, 0.25]
    """
    known = ~np.isnan(values)
    ordered = np.sort(values[known])
    out = np.full(len(values), np.nan)
    if len(ordered):
        out[known] = 1 - np.searchsorted(ordered, values[known], side="left") / len(ordered)
    return out


def combine(rare: Mapping[str, FloatArray], rows: int) -> FloatArray:
    """Return a score from 0 to 1: how few would be as odd as that by chance.

    Signs of one family see the same thing: the rarest counts, as the rarest of so many. Families
    are put together as independent tests are (Fisher); those of which no sign is known are left
    out, and where none is known the score is 0.

    Examples
    --------
    >>> rare = {"copied_words": np.array([0.01, 0.01, 1.0, np.nan])}
    >>> rare["busy_day"] = np.array([0.01, np.nan, 1.0, np.nan])
    >>> combine(rare, 4).round(4).tolist()
    [0.999, 0.99, 0.0, 0.0]
    """
    from scipy import stats

    total, known = np.zeros(rows), np.zeros(rows)
    for family in FAMILIES:
        parts = [rare[name] for name in family if name in rare]
        if not parts:
            continue
        signs = np.sum([~np.isnan(part) for part in parts], axis=0)
        least = np.fmin.reduce(parts)
        chance = -np.expm1(signs * np.log1p(-np.minimum(least, 1 - 1e-12)))
        some = signs > 0
        total[some] -= 2 * np.log(np.maximum(chance[some], 1e-12))
        known += some
    score: FloatArray = np.where(known > 0, stats.chi2.cdf(total, np.maximum(2 * known, 1)), 0.0)
    return score


def review_signs(
    merchant: Array, day: Array, stars: FloatArray, copied: BoolArray, known_words: bool
) -> dict[str, FloatArray]:
    """Return the signs of each review.

    Parameters
    ----------
    merchant, day : array of int
        Numbers from 0 on, and local days.
    stars : array of float
        NaN where there are none.
    copied : array of bool
        Whether others wrote the same words.
    known_words : bool
        Whether there are words at all.
    """
    rated = ~np.isnan(stars)
    n = np.bincount(merchant, weights=rated)
    total = np.bincount(merchant, weights=np.where(rated, stars, 0.0))
    others = n[merchant] - rated
    mean = np.divide(
        total[merchant] - np.where(rated, stars, 0.0),
        others,
        out=np.full(len(stars), np.nan),
        where=others > 0,
    )
    _, which, of_day = np.unique(
        np.stack([merchant, day], axis=1), axis=0, return_inverse=True, return_counts=True
    )
    days = np.bincount(np.unique(np.stack([merchant, day], axis=1), axis=0)[:, 0])
    usual = np.bincount(merchant) / np.maximum(days, 1)
    signs = {
        "stars_apart": np.abs(stars - mean),
        "extreme_stars": np.where(rated, ((stars <= 1) | (stars >= 5)).astype(float), np.nan),
        "busy_day": of_day[which.reshape(-1)] / usual[merchant],
    }
    if known_words:
        signs["copied_words"] = copied.astype(float)
    return signs


def reviewer_signs(
    reviewer: Array,
    merchant: Array,
    day: Array,
    stars: FloatArray,
    apart: FloatArray,
    block: BoolArray,
    short_days: int,
) -> dict[str, FloatArray]:
    """Return the signs of each reviewer.

    Parameters
    ----------
    reviewer : array of int
        Of each review, numbers from 0 on.
    merchant, day : array of int
    stars, apart : array of float
        NaN where there are none.
    block : array of bool
        Whether the review lies within a dense block.
    short_days : int
    """
    people = int(reviewer.max()) + 1 if len(reviewer) else 0
    count = np.bincount(reviewer, minlength=people).astype(float)
    pairs, of_day = np.unique(np.stack([reviewer, day], axis=1), axis=0, return_counts=True)
    most = np.zeros(people)
    np.maximum.at(most, pairs[:, 0], of_day)
    first, last = np.full(people, np.inf), np.full(people, -np.inf)
    np.minimum.at(first, reviewer, day)
    np.maximum.at(last, reviewer, day)
    places = np.bincount(
        np.unique(np.stack([reviewer, merchant], axis=1), axis=0)[:, 0], minlength=people
    )
    several = count > 1
    span = np.where(several, np.maximum(0.0, 1 - (last - first) / short_days), np.nan)
    return {
        "single_review": (count == 1).astype(float),
        "many_in_a_day": most,
        "short_life": span,
        "same_merchants": np.where(several, count / np.maximum(places, 1), np.nan),
        "reviewer_apart": _mean(reviewer, apart, people),
        "same_stars": _sameness(reviewer, stars, people),
        "dense_block": np.bincount(reviewer, weights=block, minlength=people),
    }


def _mean(whose: Array, values: FloatArray, people: int) -> FloatArray:
    known = ~np.isnan(values)
    n = np.bincount(whose[known], minlength=people)
    total = np.bincount(whose[known], weights=values[known], minlength=people)
    mean: FloatArray = np.divide(total, n, out=np.full(people, np.nan), where=n > 0)
    return mean


def _sameness(whose: Array, stars: FloatArray, people: int) -> FloatArray:
    """Return the evidence that a reviewer always gives the same stars, who gave them often."""
    rated = ~np.isnan(stars)
    keys, counts = np.unique(
        np.stack([whose[rated], np.rint(stars[rated]).astype(np.int64)], axis=1),
        axis=0,
        return_counts=True,
    )
    n = np.bincount(whose[rated], minlength=people).astype(float)
    share = counts / n[keys[:, 0]]
    entropy = np.bincount(keys[:, 0], weights=-share * np.log(share), minlength=people)
    same: FloatArray = np.where(n >= 3, -entropy, np.nan)
    return same
