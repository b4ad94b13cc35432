"""What changed between two days, or between two scorecards, and why."""

from trustscore.compare.change import Changes, compare_blocks
from trustscore.compare.market import Market, Mover
from trustscore.compare.render import render_comparison
from trustscore.compare.rows import ChangedRows
from trustscore.compare.scorecards import Difference, differences

__all__ = [
    "ChangedRows",
    "Changes",
    "Difference",
    "Market",
    "Mover",
    "compare_blocks",
    "differences",
    "render_comparison",
]
