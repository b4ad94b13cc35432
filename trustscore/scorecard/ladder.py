"""The tiers of a scorecard, low to high, and the limits of a status."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["StatusLimits", "Tier", "Tiers"]


@dataclass(frozen=True, slots=True)
class Tier:
    """One step of the ladder."""

    id: str
    en: str
    zh: str
    at: float
    coverage: float
    entry: bool
    rights: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tiers:
    """The ladder, low to high, and its hysteresis."""

    hysteresis: float
    z: float
    coverage_margin: float
    minimum_stay_days: float
    reviews_below: int
    ladder: tuple[Tier, ...]

    @property
    def entry(self) -> int:
        """Position of the entry tier."""
        return next((i for i, tier in enumerate(self.ladder) if tier.entry), 0)


@dataclass(frozen=True, slots=True)
class StatusLimits:
    """Limits below which an index is ``new`` or ``low_evidence``."""

    new_column: str | None
    new_below: float
    low_coverage: float
