"""Scoring: from what is known of merchants to index, statement, status and tier."""

from trustscore.compiled import refuse_stale

refuse_stale("trustscore.scoring.kernel")

from trustscore.scoring.rows import with_derived  # noqa: E402
from trustscore.scoring.score import (  # noqa: E402
    Utilities,
    assign_tiers,
    score_columns,
    true_scores,
    utilities,
)
from trustscore.scoring.scores import Scores  # noqa: E402

__all__ = [
    "Scores",
    "Utilities",
    "assign_tiers",
    "score_columns",
    "true_scores",
    "utilities",
    "with_derived",
]
