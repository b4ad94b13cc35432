"""What a letter restricts: rights withdrawn, duties, and what rules hold against a merchant."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass

from trustscore.explain import Statement
from trustscore.explain.statement import RuleLine
from trustscore.letters.before import Before
from trustscore.letters.terms import Ground, Terms
from trustscore.scorecard import Scorecard

__all__ = ["Restriction", "lost_and_gained", "restrictions_of"]


@dataclass(frozen=True, slots=True)
class Restriction:
    """One restriction, or several rights that are withdrawn on the same ground.

    Attributes
    ----------
    ground : Ground
    in_force : date or None
        None when it is in force since an earlier day.
    names : tuple of str
        Rights, or duties.
    duty : bool
    rule : RuleLine or None
        The rule, where it is one that restricts.
    """

    ground: Ground
    in_force: dt.date | None
    names: tuple[str, ...] = ()
    duty: bool = False
    rule: RuleLine | None = None


def lost_and_gained(
    statement: Statement, card: Scorecard, before: Before | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the rights that a merchant no longer has, and those that are new.

    Nothing is lost or gained where the index of one of the reviews is not known.
    """
    if before is None or not math.isfinite(statement.trust_index):
        return (), ()
    old = _rights_before(card, before)
    lost = tuple(name for name in old if name not in statement.rights)
    return lost, tuple(name for name in statement.rights if name not in old)


def _rights_before(card: Scorecard, before: Before) -> tuple[str, ...]:
    rung = next((tier for tier in card.tiers.ladder if tier.id == before.tier), None)
    granted = () if before.veto else card.granted("right", before.rules)
    return (*(rung.rights if rung else ()), *granted)


def restrictions_of(
    statement: Statement,
    card: Scorecard,
    terms: Terms,
    dated: dt.date,
    before: Before | None,
) -> list[Restriction]:
    """Return what is held against a merchant, the rights first."""
    lost, _ = lost_and_gained(statement, card, before)
    found = _by_ground(lost, terms, dated, duty=False)
    were = before.rules if before is not None else frozenset[str]()
    owed = card.granted("duty", were)
    found += _by_ground([d for d in statement.duties if d not in owed], terms, dated, duty=True)
    found += [
        Restriction(each.ground, None, each.names, duty=True)
        for each in _by_ground([d for d in statement.duties if d in owed], terms, dated, duty=True)
    ]
    lowering = [rule for rule in statement.adjustments if rule.effect in ("deduct", "hold")]
    for rule in (*statement.vetoes, *lowering):
        ground = terms.of_rule(rule.id)
        assert ground is not None, "terms_faults asks for the ground of every such rule"
        since = None if rule.id in were else _day(ground, terms, dated)
        found.append(Restriction(ground, since, rule=rule))
    return found


def _day(ground: Ground, terms: Terms, dated: dt.date) -> dt.date:
    return dated if ground.at_once else terms.decision.in_force(dated)


def _by_ground(
    names: Sequence[str], terms: Terms, dated: dt.date, *, duty: bool
) -> list[Restriction]:
    """Return restrictions of rights or duties, those of one ground together."""
    groups: list[tuple[Ground, list[str]]] = []
    for name in names:
        ground = terms.of_right(name)
        assert ground is not None, "terms_faults asks for the ground of every right and duty"
        group = next((each for known, each in groups if known == ground), None)
        if group is None:
            groups.append((ground, [name]))
        else:
            group.append(name)
    return [
        Restriction(ground, _day(ground, terms, dated), tuple(each), duty)
        for ground, each in groups
    ]
