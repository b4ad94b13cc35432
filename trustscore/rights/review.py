"""A review of operating rights: which merchants change tier, from which day, and why.

`assign_tiers` alone decides the tier. The review calls it three times: with the whole state, with
the present tier but without minimum stay and reviews below the line, and without any past. The
differences between the answers give the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from trustscore.scorecard.ladder import Tiers
from trustscore.scoring import assign_tiers
from trustscore.typing import Array

__all__ = ["REASONS", "Figures", "Held", "Review", "review_rights", "rights_of"]


REASONS = (
    "kept",
    "first_review",
    "raised",
    "lowered",
    "veto",
    "below_line",
    "minimum_stay",
    "announced",
    "not_scored",
    "absent",
)
"""Why a merchant has its tier after a review."""


@dataclass(frozen=True, eq=False)
class Figures:
    """The scores that a review reads, one value for each merchant.

    Attributes
    ----------
    index, index_se, coverage : array
        `index` is NaN where a merchant is not scored.
    formal, vetoed : bool array
    """

    index: Array
    index_se: Array
    coverage: Array
    formal: Array
    vetoed: Array


@dataclass(frozen=True, eq=False)
class Held:
    """The state after the last review, one value for each merchant; days count from 1970-01-01.

    Attributes
    ----------
    tier : int array
        Step decided at the last review; -1 for none.
    before : int array
        Step held until `since`, if that day is still to come.
    since : array
        Day from which `tier` is in force; NaN when unknown.
    below : array
        Consecutive reviews below the line for staying.
    """

    tier: Array
    before: Array
    since: Array
    below: Array


@dataclass(frozen=True, eq=False)
class Review:
    """The decisions of a review, one value for each merchant.

    Attributes
    ----------
    held : int array
        Step in force on the day of the review; -1 for none.
    tier : int array
        Step decided; -1 for none.
    since : array
        Day from which `tier` is in force; NaN when unknown. A rise and a veto are in force on the
        day of the review, another fall after the notice.
    below : array
        Consecutive reviews below the line for staying, this one included.
    stay_until : array
        Day on which the minimum stay ends. Before it only a veto lowers the tier.
    entitled : int array
        Step that the figures alone would reach, without a past.
    reason : int array
        Place in `REASONS`.
    """

    held: Array
    tier: Array
    since: Array
    below: Array
    stay_until: Array
    entitled: Array
    reason: Array


def review_rights(
    tiers: Tiers, figures: Figures, held: Held, today: int, notice_days: int = 7
) -> Review:
    """Review merchants by the ladder of a scorecard.

    A merchant without an index keeps its tier unless it has a veto, because nothing was measured.
    (For a merchant that the scores do not have, the caller may replace the reason by ``absent``.)
    A fall that is announced and not yet in force can only be brought forward, by a veto.

    Parameters
    ----------
    tiers : Tiers
        With at least one step.
    figures : Figures
    held : Held
    today : int
        Day of the review, in days since 1970-01-01.
    notice_days : int, default=7
        Days between the announcement of a fall and its effect.

    Returns
    -------
    Review
        Arrays of shape (merchants,).

    Examples
    --------
    >>> from trustscore.scorecard import load_scorecard
    >>> tiers = load_scorecard("default").tiers
    >>> [tier.id for tier in tiers.ladder]
    ['restricted', 'limited', 'standard', 'trusted', 'exemplary']
    >>> yes = np.ones(3, dtype=bool)
    >>> figures = Figures(np.array([90.0, 60.0, 60.0]), np.zeros(3), np.ones(3), yes, ~yes)
    >>> held = Held(np.full(3, 3), np.full(3, 3), np.full(3, 0.0), np.array([0.0, 0.0, 1.0]))
    >>> done = review_rights(tiers, figures, held, today=100)
    >>> done.tier.tolist(), done.since.tolist(), done.below.tolist()
    ([4, 3, 2], [100.0, 0.0, 107.0], [0.0, 1.0, 0.0])
    >>> [REASONS[at] for at in done.reason]
    ['raised', 'below_line', 'lowered']
    """
    known, scored = held.tier >= 0, ~np.isnan(figures.index)
    days = today - held.since

    def asked(*state: Any) -> Array:
        return assign_tiers(
            tiers,
            figures.index,
            figures.index_se,
            figures.coverage,
            figures.formal,
            figures.vetoed,
            *state,
        )

    entitled = np.where(scored, asked(), -1)
    final = asked(held.tier, days, held.below)
    # Without minimum stay and reviews below: where this differs from `final`, they are the reason.
    eager = asked(held.tier)
    final = np.where(scored | (figures.vetoed & known), final, held.tier)
    fell, rose = known & (final < held.tier), known & (final > held.tier)
    stayed = known & (final == held.tier)
    below_line = scored & stayed & (eager < held.tier)
    below = np.where(below_line, held.below + 1, np.where(scored | fell, 0.0, held.below))

    pending = known & (held.since > today)
    in_force = np.where(pending, held.before, held.tier)
    hastened = pending & figures.vetoed & (final < in_force)
    at_once = rose | (fell & figures.vetoed) | hastened | ((final >= 0) & ~known)
    since = np.where(fell, float(today + notice_days), held.since)
    since = np.where(at_once, float(today), since)

    reason = np.zeros(len(final), dtype=np.int64)
    for name, where in (
        ("minimum_stay", stayed & (eager > held.tier)),
        ("below_line", below_line),
        ("raised", rose),
        ("lowered", fell),
        ("not_scored", ~scored),
        ("announced", pending & stayed),
        ("veto", figures.vetoed & (fell | hastened)),
        ("first_review", ~known & scored),
    ):
        reason[where] = REASONS.index(name)
    return Review(
        held=in_force,
        tier=final,
        since=since,
        below=below,
        stay_until=since + np.ceil(tiers.minimum_stay_days),
        entitled=entitled,
        reason=reason,
    )


def rights_of(tiers: Tiers, step: int) -> Sequence[str]:
    """Return the rights of a step of the ladder; none below the first step.

    Parameters
    ----------
    tiers : Tiers
    step : int
        0 for the lowest tier; -1 for none.

    Returns
    -------
    sequence of str

    Examples
    --------
    >>> from trustscore.scorecard import load_scorecard
    >>> tiers = load_scorecard("default").tiers
    >>> len(rights_of(tiers, -1)), len(rights_of(tiers, 4)) > len(rights_of(tiers, 0))
    (0, True)
    """
    return tiers.ladder[step].rights if step >= 0 else ()
