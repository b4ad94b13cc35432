"""The scoring as a scikit-learn transformer."""

from trustscore.estimator.scorer import TrustScorer

__all__ = ["TrustScorer"]
