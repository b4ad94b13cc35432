"""A rule of a scorecard: when it fires, and what it does then."""

from __future__ import annotations

from dataclasses import dataclass

from trustscore.scorecard.conditions import Condition
from trustscore.scorecard.effects import EFFECTS
from trustscore.scorecard.vetoes import Veto

__all__ = ["Exceeds", "Rule"]


@dataclass(frozen=True, slots=True)
class Exceeds:
    """``k >= min_count and k >= line n + 1.645 sqrt(line n)`` on raw counts."""

    signal: str
    k: str
    n: str
    min_count: float
    line: float | None


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition with one effect.

    `effect` is one of `EFFECTS`; `points` is the amount of bonus, deduct, hold and cap, `grants`
    the name of a right or duty, `above` the column that a hold looks at. `overlay` names the
    overlay a rule belongs to; `changes` what overlays say of a base rule, as ``(overlay, points or
    None for off)`` in file order.
    """

    id: str
    when: tuple[Condition, ...]
    exceeds: Exceeds | None
    effect: str
    points: float
    per: str | None
    most: float | None
    en: str
    zh: str
    why: str
    overlay: str | None = None
    changes: tuple[tuple[str, float | None], ...] = ()
    grants: str = ""
    above: str | None = None

    @property
    def veto(self) -> Veto:
        """The veto the rule gives, if any."""
        return EFFECTS[self.effect].veto

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns the rule reads."""
        names = [c for condition in self.when for c in condition.columns]
        if self.exceeds:
            names += [self.exceeds.k, self.exceeds.n]
        names += [column for column in (self.per, self.above) if column]
        return tuple(names)
