"""Tier and cap lines chosen by what happened to merchants, for stated costs."""

from trustscore.lines.choice import Choice
from trustscore.lines.costs import Curve
from trustscore.lines.find import Lines, TierOutcome, find_lines

__all__ = ["Choice", "Curve", "Lines", "TierOutcome", "find_lines"]
