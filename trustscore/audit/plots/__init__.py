"""Pictures of an audit: what all share, those of the scorecard, and those of the market."""

from trustscore.audit.plots.figures import figures

__all__ = ["figures"]
