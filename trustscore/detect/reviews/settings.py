"""The settings of the reviews detector: `[reviews]` of ``configs/detect.toml``."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Field

from trustscore.scorecard.faults import Base

__all__ = ["ReviewsSpec"]

# What less share by chance, two of a market of reviews do.
Share: TypeAlias = Annotated[float, Field(ge=0.3, le=1)]


class ReviewsSpec(Base):
    """Reviews in the same words, and days with too many of them."""

    days: int = Field(
        ge=1, le=3660, description="Days before the cut whose reviews are judged.", examples=[180]
    )
    least_letters: int = Field(
        ge=1, description="Shorter texts are alike by chance.", examples=[15]
    )
    long_letters: int = Field(
        ge=1,
        description="Texts of so many letters are never alike by chance, shops apart or not.",
        examples=[50],
    )
    short_days: int = Field(
        ge=1, description="Shorter ones must be of one shop, and so many days apart.", examples=[30]
    )
    short_same: float = Field(
        gt=0,
        lt=1,
        description="How often two short texts about different shops are the same,"
        " before the logs tell.",
        examples=[1.4e-4],
    )
    short_expected: float = Field(
        gt=0,
        description="Short words count if fewer texts of a shop than this would meet by chance.",
        examples=[0.01],
    )
    near_share: Share = Field(
        description="Long texts that share so many of their shingles are nearly the same.",
        examples=[0.6],
    )
    near_longer_letters: int = Field(
        ge=1,
        description="Texts of so many letters are alike by chance more seldom.",
        examples=[100],
    )
    near_longer_share: Share = Field(
        description="Two of so many letters are nearly the same from this share on.",
        examples=[0.45],
    )
    stock_share: float = Field(
        ge=0, le=1, description="Words in a larger share of texts are a phrase.", examples=[0.001]
    )
    stock_least: int = Field(
        ge=1, description="Up to so many reviews are no phrase in any market.", examples=[20]
    )
    stock_merchants: int = Field(
        ge=1, description="A long text of no more shops than this is no phrase.", examples=[5]
    )
    copy_score: float = Field(ge=0, le=1, description="Score of a copied review.", examples=[0.8])
    burst_days: int = Field(
        ge=2, description="Days before a day that say what is usual.", examples=[60]
    )
    burst_history: int = Field(
        ge=1, description="A shop reviewed for fewer days has no usual.", examples=[30]
    )
    burst_reviews: int = Field(ge=1, description="Fewer in a day are no burst.", examples=[10])
    burst_chance: float = Field(
        gt=0, lt=1, description="Chance of a day with so many.", examples=[1e-4]
    )
    burst_single: float = Field(
        ge=0, le=1, description="Share of them by accounts with no other review.", examples=[0.6]
    )
    burst_score: float = Field(
        ge=0, le=1, description="Score of the reviews of a burst.", examples=[0.7]
    )

    def near_of(self, letters: int) -> float:
        """Return the share of shingles from which on a text of so many letters is nearly another.

        Parameters
        ----------
        letters : int
        """
        return self.near_longer_share if letters >= self.near_longer_letters else self.near_share
