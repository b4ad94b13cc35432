"""The merchants in a tier below another one."""

from __future__ import annotations

from trustscore.errors import InputError, suggest
from trustscore.scorecard import Scorecard
from trustscore.scoring import Scores
from trustscore.typing import Array

__all__ = ["rows_below", "tier_place"]


def tier_place(card: Scorecard, tier: str) -> int:
    """Return the place of a tier on the ladder of a scorecard, the lowest being 0.

    Raises
    ------
    InputError
        When there is no such tier.

    Examples
    --------
    >>> from trustscore.scorecard import load_scorecard
    >>> tier_place(load_scorecard("default"), "standard")
    2
    """
    names = [each.id for each in card.tiers.ladder]
    if tier not in names:
        has = ", ".join(names) or "no tiers"
        raise InputError(f"tier {tier!r}: scorecard {card.name} has {has}{suggest(tier, names)}")
    return names.index(tier)


def rows_below(scores: Scores, place: int) -> Array:
    """Return whether each merchant is in a tier below that of a place; none is in no tier."""
    # Code 0 is no tier, so the tier of place p has code p + 1.
    rows: Array = (scores.tier_code > 0) & (scores.tier_code <= place)
    return rows
