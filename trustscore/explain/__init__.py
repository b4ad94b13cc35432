"""Why a merchant has this index, and what would raise it."""

from trustscore.explain.make_statement import explain, explain_scores
from trustscore.explain.next_tier import TierPlan, next_tier_plan
from trustscore.explain.reach import LACKS, Reach, next_tier_reach
from trustscore.explain.render import render_plan, render_text
from trustscore.explain.statement import Statement
from trustscore.explain.typical import typical_block, unknown_block
from trustscore.explain.waterfall import Bar, waterfall

__all__ = [
    "LACKS",
    "Bar",
    "Reach",
    "Statement",
    "TierPlan",
    "explain",
    "explain_scores",
    "next_tier_plan",
    "next_tier_reach",
    "render_plan",
    "render_text",
    "typical_block",
    "unknown_block",
    "waterfall",
]
