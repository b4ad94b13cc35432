"""How much of a scorecard an export covers, as a sentence."""

from __future__ import annotations

from collections.abc import Collection

from trustscore.scorecard import Scorecard
from trustscore.scoring.program import program_of

__all__ = ["collected_warning"]


def collected_warning(card: Scorecard, missing: Collection[str]) -> str:
    """Say how much of a scorecard was collected; empty where all of its signals were.

    Parameters
    ----------
    card : Scorecard
    missing : collection of str
        Columns that the export lacks.

    Examples
    --------
    >>> from trustscore.scorecard import load_scorecard
    >>> collected_warning(load_scorecard("minimal"), {"product_rating_mean"})[:49]
    'WARNING: 4 of 5 signals were collected, 75% of th'
    """
    lost = frozenset(missing)
    signals = sum(not lost.intersection(signal.columns) for signal in card.signals)
    if signals == len(card.signals):
        return ""
    share = float(program_of(card).collected_share(lost)[0])
    line = (
        f"WARNING: {signals} of {len(card.signals)} signals were collected, {share:.0%} of the"
        f" weight of scorecard {card.name}; the index judges by these alone"
    )
    least = card.status.low_coverage
    if share < least:
        line += ", and no merchant is formal: that takes coverage of "
        line += f"{least:.0%} of the whole scorecard"
    elif not least:
        line += ", and a merchant may be formal, as status.low_evidence of the scorecard asks for"
        line += " no coverage"
    return line
