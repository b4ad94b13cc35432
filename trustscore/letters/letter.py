"""A letter to one merchant: sections of plain texts, which become text or HTML."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trustscore.compare.render import part_name
from trustscore.errors import one_line
from trustscore.explain import Statement, TierPlan, render_plan
from trustscore.explain.render import number_2, percent, shown_figure
from trustscore.letters.before import Before
from trustscore.letters.due import Due
from trustscore.letters.evidence import evidence_of, rule_name
from trustscore.letters.restrictions import Restriction, lost_and_gained, restrictions_of
from trustscore.letters.terms import Terms
from trustscore.letters.words import text
from trustscore.scorecard import Scorecard
from trustscore.typing import Block as Columns
from trustscore.words import form, named, right
from trustscore.words import text as plain

__all__ = ["Block", "Letter", "Section", "make_letter"]

MOST_REASONS = 8
"""Signals with a line of their own."""


@dataclass(frozen=True, slots=True)
class Block:
    """Some lines of one kind.

    Attributes
    ----------
    kind : {"text", "facts", "points", "list"}
        Paragraphs; names with values; names with points and a note, of which the last is the sum;
        lines, each with its depth.
    rows : tuple of tuple of str
    title : str
    """

    kind: str
    rows: tuple[tuple[str, ...], ...]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands below it."""

    id: str
    heading: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter, ready to be rendered: every text is one line that no terminal acts on.

    Attributes
    ----------
    lang, platform, title, merchant_id : str
    dated : date
    tier_before, tier_after : str
        Ids; `tier_before` is empty when it is not known.
    index_before, index_after : float
    restricted : bool
        Whether the letter tells of a restriction.
    in_force : date or None
        Day from which the first of its restrictions is in force.
    objection_until : date
    sections : tuple of Section
    footer : str
    """

    lang: str
    platform: str
    title: str
    merchant_id: str
    dated: dt.date
    tier_before: str
    tier_after: str
    index_before: float
    index_after: float
    restricted: bool
    in_force: dt.date | None
    objection_until: dt.date
    sections: tuple[Section, ...]
    footer: str


def make_letter(
    statement: Statement,
    block: Columns,
    card: Scorecard,
    terms: Terms,
    *,
    lang: str = "en",
    dated: dt.date,
    before: Before | None = None,
    plan: TierPlan | None = None,
    due: Due | None = None,
) -> Letter:
    """Return the letter to the merchant of a statement.

    Parameters
    ----------
    statement : Statement
    block : mapping of str to ndarray
        The row that was scored, as a block of one row: figures of rules are taken from it.
    card : Scorecard
    terms : Terms
    lang : {"en", "zh"}
    dated : date
        Day of the letter.
    before : Before, optional
        What the merchant had at the last review.
    plan : TierPlan, optional
        The way to the next tier.
    due : Due, optional
        Orders that must be shipped soon.

    Returns
    -------
    Letter

    Examples
    --------
    >>> from trustscore.explain import explain, typical_block
    >>> from trustscore.letters import parse_terms, render_letter
    >>> from trustscore.scorecard import load_scorecard
    >>> ground = {"kind": "terms", "clause": {"en": "Clause 7"}, "why": {"en": "It says so."}}
    >>> terms = parse_terms(
    ...     {
    ...         "platform": {"name": {"en": "Market"}, "contact": {"en": "Mail us."}},
    ...         "decision": {
    ...             "notice_days": 15,
    ...             "scope": {"en": "All offers"},
    ...             "duration": {"en": "30 days"},
    ...             "basis": "own_initiative",
    ...             "automated_detection": True,
    ...             "automated_decision": False,
    ...         },
    ...         "grounds": {
    ...             name: {**ground, "measure": "service"} for name in ("any_right", "any_rule")
    ...         },
    ...         "appeal": {
    ...             "address": {"en": "Appeals"},
    ...             "days": 183,
    ...             "how": {"en": "Write."},
    ...             "out_of_court": {"en": "Mediators"},
    ...             "courts": {"en": "Courts"},
    ...         },
    ...         "ranking": {"where": {"en": "Clause 5"}, "why": {"en": "Harm first."}},
    ...     }
    ... )
    >>> card = load_scorecard("minimal")
    >>> block = typical_block(card)
    >>> day = dt.date(2026, 3, 1)
    >>> letter = make_letter(explain(block, card), block, card, terms, dated=day)
    >>> letter.tier_after, letter.restricted, letter.objection_until
    ('standard', False, datetime.date(2026, 8, 31))
    >>> render_letter(letter).splitlines()[0]
    'Market'
    """
    scored = math.isfinite(statement.trust_index)
    restrictions = restrictions_of(statement, card, terms, dated, before)
    until = dated + dt.timedelta(days=terms.appeal.days)
    days = [each.in_force for each in restrictions if each.in_force is not None]
    writer = _Writer(statement, block, card, terms, lang, dated)
    sections = [
        writer.summary(before, min(days, default=None), until),
        writer.restricted(restrictions),
        writer.facts(),
    ]
    if scored:
        sections.append(writer.reasons())
        if before is not None:
            sections.append(writer.change(before))
    sections += [writer.automated(), writer.ranking()]
    if plan is not None:
        sections.append(writer.plan(plan))
    if due is not None:
        sections.append(writer.due(due))
    sections.append(writer.appeal(until))
    return Letter(
        lang=lang,
        platform=one_line(terms.platform.name[lang]),
        title=text("title", lang),
        merchant_id=one_line(statement.merchant_id),
        dated=dated,
        tier_before="" if before is None else before.tier,
        tier_after=statement.tier,
        index_before=math.nan if before is None else before.index,
        index_after=statement.trust_index,
        restricted=bool(restrictions),
        in_force=min(days, default=None),
        objection_until=until,
        sections=tuple(section for section in sections if section.blocks),
        footer=one_line(text("made_with", lang, stamp=statement.scorecard)),
    )


def _block(kind: str, rows: Sequence[Sequence[str]], title: str = "") -> Block:
    return Block(kind, tuple(tuple(map(one_line, row)) for row in rows), one_line(title))


@dataclass(frozen=True, slots=True)
class _Writer:
    """Makes the sections of one letter."""

    statement: Statement
    block: Columns
    card: Scorecard
    terms: Terms
    lang: str
    dated: dt.date

    def say(self, key: str, /, **values: object) -> str:
        return text(key, self.lang, **values)

    def joined(self, names: Sequence[str]) -> str:
        return form("list", self.lang).join(right(name, self.lang) for name in names)

    def section(self, name: str, *blocks: Block) -> Section:
        return Section(name, self.say(name), tuple(block for block in blocks if block.rows))

    def own(self, words: dict[str, str] | None) -> list[str]:
        """Return the lines of a text of the terms."""
        return [] if words is None else [line.strip() for line in words[self.lang].splitlines()]

    def told(self, name: str, words: dict[str, str]) -> list[tuple[str, str]]:
        """Return a text of the terms as rows of facts, the first with its name."""
        lines = self.own(words)
        return [(name, lines[0]), *(("", line) for line in lines[1:])]

    def tier_name(self, tier: str) -> str:
        rung = next((each for each in self.card.tiers.ladder if each.id == tier), None)
        return (named(rung, self.lang) if rung else tier) or self.say("none")

    def summary(self, before: Before | None, in_force: dt.date | None, until: dt.date) -> Section:
        s = self.statement
        index = self.say("not_scored")
        if math.isfinite(s.trust_index):
            low, high = number_2(s.trust_index_lower), number_2(s.trust_index_upper)
            index = self.say("index_of", index=number_2(s.trust_index), low=low, high=high)
        rows = [(self.say("trust_index"), index)]
        if before is not None and math.isfinite(before.index):
            rows.append((self.say("before"), number_2(before.index)))
        rows.append((self.say("tier"), self._tier(before)))
        status = plain(s.status, self.lang)
        rows.append(
            (self.say("status"), self.say("status_of", status=status, coverage=percent(s.coverage)))
        )
        lost, gained = lost_and_gained(s, self.card, before)
        for key, names in (
            ("rights", s.rights),
            ("gained_rights", gained),
            ("lost_rights", lost),
            ("duties", s.duties),
        ):
            if names:
                rows.append((self.say(key), self.joined(names)))
        if in_force is not None:
            rows.append((self.say("in_force"), in_force.isoformat()))
        rows.append((self.say("until"), until.isoformat()))
        return self.section("summary", _block("facts", rows))

    def _tier(self, before: Before | None) -> str:
        after = self.tier_name(self.statement.tier)
        if before is None or not self.statement.tier:
            return after
        if not before.tier:
            return self.say("tier_first", tier=after)
        if before.tier == self.statement.tier:
            return self.say("tier_same", tier=after)
        ladder = [tier.id for tier in self.card.tiers.ladder]
        # A tier of an older scorecard is none of this ladder.
        old = ladder.index(before.tier) if before.tier in ladder else -1
        key = "tier_rose" if old < ladder.index(self.statement.tier) else "tier_fell"
        return self.say(key, tier=after, before=self.tier_name(before.tier))

    def restricted(self, restrictions: Sequence[Restriction]) -> Section:
        if not restrictions:
            return self.section("restrictions", _block("text", [(self.say("no_restriction"),)]))
        blocks = []
        for each in restrictions:
            ground = each.ground
            rows = [(self.say("measure"), text(f"measure_{ground.measure}", self.lang))]
            if each.rule is not None:
                title = rule_name(each.rule, self.lang)
                rows.append((self.say("effect"), self._effect(each)))
            else:
                key = "duty_laid" if each.duty else "right_lost"
                title = self.say(key, names=self.joined(each.names))
            since = each.in_force.isoformat() if each.in_force else self.say("already")
            rows.append((self.say("from"), since))
            if ground.terminates:
                rows.append((self.say("terminates"), self.say("yes")))
            rows += self.told(text(f"ground_{ground.kind}", self.lang), ground.clause)
            rows += self.told(self.say("why"), ground.why)
            blocks.append(_block("facts", rows, title))
        decision = self.terms.decision
        where = self.told(self.say("scope"), decision.scope) + self.told(
            self.say("duration"), decision.duration
        )
        return self.section("restrictions", *blocks, _block("facts", where))

    def _effect(self, each: Restriction) -> str:
        assert each.rule is not None
        rule = each.rule
        if rule.effect in ("deduct", "hold"):
            return self.say("effect_deduct", points=f"{rule.points:+.2f}")
        return plain(f"effect_{rule.effect}", self.lang, cap=f"{rule.points:g}")

    def facts(self) -> Section:
        decision = self.terms.decision
        basis = [(self.say("basis"), text(f"basis_{decision.basis}", self.lang))]
        basis += [("", line) for line in self.own(decision.basis_more)]
        rows: list[tuple[str, str]] = []
        for rule, lines in evidence_of(self.statement, self.block, self.card, self.lang):
            rows.append(("0", rule))
            rows += [("1", line) for line in lines]
        found = _block("list", rows) if rows else _block("text", [(self.say("no_rule"),)])
        below = [(self.say("figures"),)] if math.isfinite(self.statement.trust_index) else []
        return self.section("facts", _block("facts", basis), found, _block("text", below))

    def reasons(self) -> Section:
        s = self.statement
        ranked = sorted(s.signals, key=lambda line: -line.lost)
        shown = [line for line in ranked[:MOST_REASONS] if round(line.lost, 2) > 0]
        parts = [
            (named(line, self.lang), -line.lost, shown_figure(line, self.lang)) for line in shown
        ]
        rest = any(line.lost > 0 for line in ranked[len(shown) :])
        rules = [(rule_name(rule, self.lang), rule.points, "") for rule in s.adjustments]
        rows = _added_up(
            (self.say("start"), 100.0),
            (self.say("trust_index"), s.trust_index),
            parts,
            self.say("others" if rest else "rounding"),
            rules,
        )
        return self.section(
            "reasons",
            _block("points", rows),
            _block("text", [(self.say("of_index"),), (self.say("evidence"),)]),
        )

    def change(self, before: Before) -> Section:
        if not math.isfinite(before.index):
            return self.section("change", _block("text", [(self.say("no_before"),)]))
        parts = [
            (part_name(part, self.card, self.lang), points, "")
            for part, points in before.parts
            if round(points, 2) != 0
        ]
        rows = _added_up(
            (self.say("was"), before.index),
            (self.say("now"), self.statement.trust_index),
            parts,
            self.say("other_changes"),
        )
        return self.section("change", _block("points", rows))

    def automated(self) -> Section:
        decision = self.terms.decision
        rows = [
            (self.say("detected_yes" if decision.automated_detection else "detected_no"),),
            (self.say("decided_yes" if decision.automated_decision else "decided_no"),),
            *((line,) for line in self.own(decision.automated_more)),
        ]
        return self.section("automated", _block("text", rows))

    def ranking(self) -> Section:
        parts = [part for part in self.statement.dimensions if part.weight > 0]
        rows = [
            (named(part, self.lang), f"{part.weight:.1%}", f"{-part.lost:+.2f}") for part in parts
        ]
        head = (self.say("parameter"), self.say("weight"), self.say("lost"))
        ranking = self.terms.ranking
        told = self.told(self.say("described"), ranking.where) + self.told(
            self.say("why"), ranking.why
        )
        table = _block("table", [head, *rows] if rows else [])
        return self.section("ranking", table, _block("facts", told))

    def plan(self, plan: TierPlan) -> Section:
        lines = [line for line in render_plan(plan, self.lang).splitlines() if line.strip()]
        rows = [(str((len(line) - len(line.lstrip())) // 2), line.strip()) for line in lines]
        return self.section("plan", _block("list", rows))

    def due(self, due: Due) -> Section:
        said = self.say("due_orders", count=f"{due.count:,}", at=due.at, until=due.until)
        rows = [("0", self.say("due_order", order=order, day=day)) for order, day in due.orders]
        if due.count > len(due.orders):
            rows.append(("0", plain("compare_more", self.lang, count=due.count - len(due.orders))))
        return self.section("due", _block("text", [(said,)]), _block("list", rows))

    def appeal(self, until: dt.date) -> Section:
        appeal = self.terms.appeal
        rows = self.told(self.say("address"), appeal.address)
        deadline = self.say("deadline_of", day=until.isoformat(), days=appeal.days)
        rows.append((self.say("deadline"), deadline))
        for key in ("how", "out_of_court", "courts"):
            rows += self.told(self.say(key), getattr(appeal, key))
        rows += self.told(self.say("contact"), self.terms.platform.contact)
        return self.section("appeal", _block("facts", rows))


def _hundredths(value: float) -> int:
    return int(np.rint(value * 100))


def _added_up(
    first: tuple[str, float],
    last: tuple[str, float],
    parts: Sequence[tuple[str, float, str]],
    rest: str,
    after: Sequence[tuple[str, float, str]] = (),
) -> list[tuple[str, str, str]]:
    """Return rows of points that add up as they are printed: what is missing is in `rest`.

    Examples
    --------
    >>> _added_up(("was", 70.0), ("now", 69.5), [("late", -0.333, "")], "else")
    [('was', '70.00', ''), ('late', '-0.33', ''), ('else', '-0.17', ''), ('now', '69.50', '')]
    """
    shown, later = (
        [(name, _hundredths(points), note) for name, points, note in some]
        for some in (parts, after)
    )
    start, end = _hundredths(first[1]), _hundredths(last[1])
    left = end - start - sum(points for _, points, _ in [*shown, *later])
    if left:
        shown.append((rest, left, ""))
    return [
        (first[0], f"{start / 100:.2f}", ""),
        *((name, f"{points / 100:+.2f}", note) for name, points, note in [*shown, *later]),
        (last[0], f"{end / 100:.2f}", ""),
    ]
