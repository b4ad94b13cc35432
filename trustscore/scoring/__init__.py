"""Scoring: composes evidence, curves, aggregation, rules and tiers into one function."""

from trustscore.scoring.kernel import Utilities, score_columns, utilities
from trustscore.scoring.scores import Scores

__all__ = ["Scores", "Utilities", "score_columns", "utilities"]
