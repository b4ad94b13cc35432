"""The ladder of tiers: who enters, who stays, who leaves."""

from __future__ import annotations

from typing import Any

import numpy as np

from trustscore.scorecard.model import Tiers

Array = np.ndarray[Any, Any]


def assign_tiers(
    tiers: Tiers,
    index: Array,
    se: Array,
    coverage: Array,
    formal: Array,
    vetoed: Array,
    previous: Array | None = None,
    days: Array | None = None,
    reviews_below: Array | None = None,
) -> Array:
    """Return the position of each merchant on the ladder.

    Up to the entry tier the index alone decides. A higher tier is entered by a formal merchant
    with ``index - z se >= at`` and ``coverage >= c``, one step a review; it is kept while
    ``index >= at - hysteresis`` and ``coverage >= c - margin``. Below that the merchant leaves,
    after `tiers.reviews_below` reviews in a row when the count of earlier ones is known, and no
    sooner than the minimum stay when the days in the tier are. A veto takes a merchant out of
    the higher tiers at once, and leaves the entry tier and those below without hysteresis.

    Parameters
    ----------
    tiers : Tiers
    index, se, coverage : ndarray of shape (rows,)
    formal, vetoed : ndarray of bool
    previous : ndarray of int, optional
        Position at the last review, -1 when unknown.
    days : ndarray of float, optional
        Days since the tier was given, NaN when unknown.
    reviews_below : ndarray of float, optional
        Reviews in a row already spent below the line to stay, NaN when unknown.

    Returns
    -------
    ndarray of int64
    """
    ladder, entry = tiers.ladder, tiers.entry
    rows = len(index)
    enter = np.zeros(rows, dtype=np.int64)
    stay = np.zeros(rows, dtype=np.int64)
    bound = index - tiers.z * se
    above = formal & ~vetoed
    entered = np.ones(rows, dtype=bool)
    stayed = np.ones(rows, dtype=bool)
    for step, tier in enumerate(ladder[1:], start=1):
        if step <= entry:
            entered = entered & (index >= tier.at)
            # A cap just under the entry tier would otherwise be forgiven by the hysteresis.
            margin = np.where(vetoed, 0.0, tiers.hysteresis)
            stayed = stayed & (index >= tier.at - margin)
        else:
            entered = entered & above & (bound >= tier.at) & (coverage >= tier.coverage)
            stayed = (
                stayed
                & ~vetoed
                & (index >= tier.at - tiers.hysteresis)
                & (coverage >= tier.coverage - tiers.coverage_margin)
            )
        enter += entered
        stay += stayed
    if previous is None:
        return enter
    known = previous >= 0
    kept = np.minimum(previous, stay)
    # One step up a review, counted from the tier held, never above what may be entered.
    up = np.minimum(enter, np.maximum(previous + 1, entry))
    result = np.where(enter > previous, up, kept)
    young = np.zeros(rows, dtype=bool) if days is None else days < tiers.minimum_stay_days
    falls = result < previous
    patient = young.copy()
    if reviews_below is not None:
        patient |= reviews_below + 1 < tiers.reviews_below
    result = np.where(falls & patient & ~vetoed, previous, result)
    result = np.where((result > previous) & young, previous, result)
    return np.where(known, result, enter)
