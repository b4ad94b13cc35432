"""The settings of the reviewers detector: `[reviewers]` of ``configs/detect.toml``."""

from __future__ import annotations

from pydantic import Field

from trustscore.scorecard.faults import Base

__all__ = ["ReviewersSpec"]


class ReviewersSpec(Base):
    """Reviews and reviewers unlike all others, from reviews alone."""

    days: int = Field(
        ge=1, le=3660, description="Days before the cut whose reviews are judged.", examples=[180]
    )
    report: float = Field(
        ge=0, le=1, description="Lower scores are not written; 0 writes all.", examples=[0.8]
    )
    rare: float = Field(
        gt=0,
        lt=1,
        description="What so small a share of reviews have is evidence.",
        examples=[0.02],
    )
    rare_signs: int = Field(
        ge=1, description="A finding has at least so many of these.", examples=[2]
    )
    short_days: int = Field(
        ge=1,
        description="Reviews of one account within so many days are a burst of it.",
        examples=[28],
    )
