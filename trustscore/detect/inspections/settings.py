"""The settings of the planner of inspections: `[inspections]` of ``configs/detect.toml``."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Field, StringConstraints

from trustscore.scorecard.faults import Base

__all__ = ["InspectionsSpec"]

Weight: TypeAlias = Annotated[float, Field(ge=0, le=1000)]
Category: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=128)]


class InspectionsSpec(Base):
    """Which orders to inspect."""

    budget: int | None = Field(
        None, ge=1, le=1_000_000, description="Orders of a plan.", examples=[500]
    )
    seed: int = Field(ge=0, description="Seed of the draw.", examples=[0])
    scorecard: str = Field(
        description="Preset or file whose signal says what fail rate is usual, and what is poor.",
        examples=["default"],
    )
    signal: str = Field(description="That signal, a rate.", examples=["spot_check_fail_rate"])
    days: int = Field(
        ge=1,
        le=3660,
        description="Days before the cut whose inspections are known.",
        examples=[365],
    )
    exposed_days: int = Field(
        ge=1,
        le=366,
        description="Days before the cut whose orders may be inspected.",
        examples=[30],
    )
    random_share: float = Field(
        gt=0, le=1, description="Share of the budget for orders drawn uniformly.", examples=[0.2]
    )
    most_of_one: int = Field(
        ge=1, description="Targeted orders of one merchant and category.", examples=[30]
    )
    draws: int = Field(
        ge=10, le=100_000, description="Thompson draws of all fail rates.", examples=[400]
    )
    harm: dict[Category, Weight] = Field(
        description="Weight of an order by category, where it is not 1.", examples=[{"baby": 3.0}]
    )
