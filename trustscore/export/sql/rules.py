"""Rules, limits, status and tiers in SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from trustscore.export.sql.columns import Card
from trustscore.export.sql.fold import folded_text
from trustscore.export.sql.text import choose, clip, number, text
from trustscore.scorecard.effects import EFFECTS
from trustscore.scorecard.statuses import Status
from trustscore.scorecard.vetoes import Veto
from trustscore.scoring.codes import Z95
from trustscore.scoring.program import RuleFigures


@dataclass(frozen=True, slots=True)
class Adjustments:
    """Columns of what the rules do; `vetoed` is a condition."""

    total: str
    cap: str
    veto: str
    vetoed: str
    rules: str


def _test(card: Card, plan: RuleFigures) -> str | None:
    rule = plan.rule
    live = card.live(plan.points)
    if live is None or any(column in card.missing for column in rule.columns):
        return None
    tests = [live] if live else []
    if rule.exceeds is not None:
        k, n = card.column(rule.exceeds.k), card.column(rule.exceeds.n)
        line = card.query.define(f"line_{rule.id}", f"{card.take(plan.line)} * {n}")
        tests.append(f"{k} >= {number(rule.exceeds.min_count)}")
        tests.append(f"{k} >= {line} + {number(Z95)} * SQRT({line})")
    tests += [f"{test}" for condition in rule.when if (test := card.holds(condition))]
    # A rule that holds the index beside a column need ask for nothing else.
    return " AND ".join(tests)


def adjust(card: Card, raw: str, scored: str) -> Adjustments:
    """Add the rules to the query; `raw` is the index before them, `scored` a condition."""
    define = card.query.define
    moves, length = [], 0
    names: dict[str, str] = {}
    holds: list[tuple[RuleFigures, str]] = []
    cap = number(100)
    levels: dict[Veto, list[str]] = {veto: [] for veto in reversed(Veto) if veto}
    for plan in card.plan.rules:
        rule = plan.rule
        test = _test(card, plan)
        if test is None:
            continue
        length += len(rule.id) + 1
        names[rule.id] = ""
        if EFFECTS[rule.effect].holds:
            holds.append((plan, test))
            continue
        fired = define(f"fired_{rule.id}", choose(test, "1", "0")) + " = 1"
        names[rule.id] = choose(fired, text(f";{rule.id}"), text(""))
        if rule.grants:
            continue
        # Where a rule is off in a variant it does not fire, so any figure will do there.
        points = card.take([0.0 if p != p else p for p in _each(plan.points)])
        if not rule.veto:
            if rule.per is not None:
                points = f"{points} * COALESCE({card.column(rule.per)}, 0e0)"
                if rule.most is not None:
                    points = f"LEAST({points}, {number(rule.most)})"
            sign = "" if EFFECTS[rule.effect].sign > 0 else "-1e0 * "
            moves.append(define(f"points_{rule.id}", choose(fired, f"{sign}({points})", "0e0")))
            continue
        levels[rule.veto].append(fired)
        if rule.veto == Veto.CAP:
            cap = define(f"cap_{rule.id}", choose(fired, f"LEAST({cap}, {points})", cap))
    total = define("moved", " + ".join(moves)) if moves else number(0)
    now = define("unheld", clip(f"{raw} + {total}", 0, 100)) if holds else ""
    for plan, test in holds:
        rule = plan.rule
        margin = card.take([0.0 if p != p else p for p in _each(plan.points)])
        above = card.column(str(rule.above))
        # A blank holds nobody; LEAST and GREATEST pass blanks over in some engines only.
        tests = " AND ".join(filter(None, [scored, test, f"{above} IS NOT NULL"]))
        height = define(
            f"height_{rule.id}", choose(tests, f"GREATEST({above} + {margin}, 0e0)", number(100))
        )
        fired = define(f"fired_{rule.id}", choose(f"{height} < {now}", "1", "0")) + " = 1"
        names[rule.id] = choose(fired, text(f";{rule.id}"), text(""))
        now = define(f"held_{rule.id}", f"LEAST({now}, {height})")
        cap = define(f"cap_{rule.id}", f"LEAST({cap}, {height})")
    given = " ".join(
        f"WHEN {' OR '.join(tests)} THEN {text(veto.word)}"
        for veto, tests in levels.items()
        if tests
    )
    veto = define("veto", f"CASE {given} ELSE '' END") if given else text("")
    each = list(names.values())
    joined = each[0] if len(each) == 1 else f"CONCAT({', '.join(each)})"
    return Adjustments(
        total=total,
        cap=cap,
        veto=veto,
        vetoed=f"{veto} <> ''" if any(levels.values()) else "FALSE",
        rules=f"SUBSTRING({joined}, 2, {length})" if names else text(""),
    )


def _each(points: Any) -> list[float]:
    found: list[float] = np.atleast_1d(points).tolist()
    return found


def adjusted(index: str, adjustments: Adjustments) -> str:
    """Return an index after adjustments."""
    return f"LEAST({clip(f'{index} + {adjustments.total}', 0, 100)}, {adjustments.cap})"


def status(card: Card, coverage: str) -> str:
    """Return the status as a column."""
    limits = card.scorecard.status
    cases = [f"WHEN NOT {coverage} > 0e0 THEN {text(Status.NOT_SCORED.word)}"]
    if limits.new_column is not None and limits.new_column not in card.missing:
        column = card.column(limits.new_column)
        few = f"COALESCE({column}, 0e0) < {number(limits.new_below)}"
        cases.append(f"WHEN {few} THEN {text(Status.NEW.word)}")
    share = card.plan.collected_share(frozenset(card.missing))
    part = coverage if np.all(share == 1) else f"{coverage} * {card.take(share)}"
    little = f"{part} < {number(limits.low_coverage)}"
    cases.append(f"WHEN {little} THEN {text(Status.LOW_EVIDENCE.word)}")
    usual = text(Status.FORMAL.word)
    return card.query.define("status", f"CASE {' '.join(cases)} ELSE {usual} END")


def tier(
    card: Card, index: str, se: str, coverage: str, formal: str, vetoed: str, as_of: str | None
) -> str:
    """Return the tier as a column; with the side column ``previous_tier``, one step a review."""
    tiers = card.scorecard.tiers
    ladder, entry, define = tiers.ladder, tiers.entry, card.query.define
    if not ladder:
        return text("")
    enter: list[list[str]] = [[]]
    stay: list[list[str]] = [[]]
    for step, rung in enumerate(ladder[1:], start=1):
        kept = [f"{index} >= {number(rung.at - tiers.hysteresis)}"]
        if step <= entry:
            entered = [f"{index} >= {number(rung.at)}"]
            # A vetoed merchant is forgiven nothing on the way to the entry tier.
            kept = [choose(vetoed, *entered, *kept)]
        else:
            bound = f"{index} - {number(tiers.z)} * {se}"
            entered = [
                formal,
                f"NOT ({vetoed})",
                f"{bound} >= {number(rung.at)}",
                f"{coverage} >= {number(rung.coverage)}",
            ]
            kept = [
                f"NOT ({vetoed})",
                *kept,
                f"{coverage} >= {number(rung.coverage - tiers.coverage_margin)}",
            ]
        enter.append(entered)
        stay.append(kept)
    place = define("tier_enter", _climb(enter))
    previous = card.words("previous_tier")
    if previous is not None:
        said = folded_text(card.query, previous, [r.id for r in ladder], "tier_said")
        cases = " ".join(f"WHEN {said.is_one_of([r.id])} THEN {i}" for i, r in enumerate(ladder))
        held = define("tier_before", f"CASE {cases} ELSE -1 END")
        stays = define("tier_stay", _climb(stay))
        rise = f"LEAST({place}, GREATEST({held} + 1, {entry}))"
        moved = choose(f"{place} > {held}", rise, f"LEAST({held}, {stays})")
        moved = define("tier_moved", moved)
        young = "FALSE"
        since = card.words("tier_since")
        if since is not None and as_of is not None:
            day = f"CAST(NULLIF(SUBSTRING({since}, 1, 10), '') AS DATE)"
            days = f"DATE_DIFF('day', {day}, CAST({text(as_of)} AS DATE))"
            young = f"{days} < {number(tiers.minimum_stay_days)}"
        young = define("tier_young", choose(young, "1", "0")) + " = 1"
        patient = young
        below = card.column("reviews_below")
        if below is not None:
            patient = f"({young} OR {below} + 1e0 < {number(tiers.reviews_below)})"
        waits = f"{moved} < {held} AND {patient} AND NOT ({vetoed})"
        rests = f"{moved} > {held} AND {young}"
        kept_place = f"CASE WHEN {waits} THEN {held} WHEN {rests} THEN {held} ELSE {moved} END"
        place = define("tier_place", choose(f"{held} >= 0", kept_place, place))
    cases = " ".join(f"WHEN {place} = {i} THEN {text(r.id)}" for i, r in enumerate(ladder))
    return define("tier_id", f"CASE {cases} ELSE '' END")


def _climb(steps: list[list[str]]) -> str:
    """Return how far a row gets whose way needs every condition up to there."""
    cases = []
    for step in range(len(steps) - 1, 0, -1):
        # Once each: the conditions that every higher step repeats add nothing.
        tests = dict.fromkeys(test for way in steps[1 : step + 1] for test in way)
        cases.append(f"WHEN {' AND '.join(tests)} THEN {step}")
    return f"CASE {' '.join(cases)} ELSE 0 END" if cases else "0"
