"""Statements and plans as plain text, in English or Chinese."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from trustscore.errors import one_line
from trustscore.explain.next_tier import TierPlan
from trustscore.explain.search import Change
from trustscore.explain.statement import Part, RuleLine, SignalLine, Statement
from trustscore.scorecard.kinds import KINDS
from trustscore.text_table import padded, table_lines, width
from trustscore.words import form, named, right, text, unit

__all__ = ["number", "number_2", "percent", "render_plan", "render_text", "shown_figure"]

_SHOWN_UNKNOWN = 8
_SHOWN_ALONE = 5


def number(value: float, digits: int = 4) -> str:
    """Return a figure with `digits` significant digits, or `-` for NaN and infinity.

    Examples
    --------
    >>> number(0.0123456), number(1980.0), number(float("nan"))
    ('0.01235', '1980', '-')
    """
    if not math.isfinite(value):
        return "-"
    if value == round(value) and abs(value) < 1e12:
        return str(int(value))
    return f"{value:.{digits}g}"


def _figure(value: float, kind: str, name: str, lang: str) -> str:
    if KINDS[kind].counts and math.isfinite(value):
        return f"{number(100 * value, 3)}%"
    return f"{number(value)} {unit(name, lang)}".rstrip()


def shown_figure(line: SignalLine, lang: str) -> str:
    """Return the figure of a signal with its counts, or why there is none."""
    if line.state == "unknown":
        return text("unknown", lang)
    if line.state == "withheld":
        return text("withheld", lang, points=f"{line.withheld_cost:.2f}")
    if line.state == "without_whole":
        return text("without_whole", lang, count=number(line.count))
    figure = _figure(line.raw, line.kind, line.unit, lang)
    if math.isfinite(line.count):
        of = text("of", lang, count=number(line.count), sample=number(line.sample))
        return form("bracket", lang, text=figure, note=of)
    if math.isfinite(line.sample):
        return text("from_sample", lang, value=figure, sample=number(line.sample))
    return figure


def _parts(parts: tuple[Part, ...], lang: str, heading: str) -> list[str]:
    shown = [part for part in parts if part.weight > 0]
    if not shown:
        return []
    with_index = any(math.isfinite(part.index) for part in shown)
    keys = ["index"] if with_index else []
    rows = [[text(heading, lang), *(text(k, lang) for k in [*keys, "weight", "gained", "lost"])]]
    for part in shown:
        row = [named(part, lang)]
        if with_index:
            row.append(f"{part.index:.1f}")
        rows.append([*row, f"{part.weight:.1%}", f"{part.gained:.2f}", f"{part.lost:.2f}"])
    return ["", *table_lines(rows)]


def _signals(statement: Statement, ids: tuple[str, ...], lang: str, key: str) -> list[str]:
    if not ids:
        return []
    rows = []
    for signal_id in ids:
        line = statement.signal(signal_id)
        points = -line.lost if key == "losses" else line.gained
        rows.append([f"{points:+.2f}", named(line, lang), shown_figure(line, lang)])
    first = max(width(row[1]) for row in rows)
    lines = [f"  {row[0]:>7}  {padded(row[1], first)}  {row[2]}" for row in rows]
    return ["", "  " + text(key, lang), *lines]


def _account(statement: Statement, lang: str) -> list[str]:
    rows = [
        [text("start", lang), "100.00"],
        [text("lost_total", lang), f"{statement.raw_index - 100:+.2f}"],
    ]
    if statement.adjustments:
        rows.append([text("raw_index", lang), f"{statement.raw_index:.2f}"])
    for rule in statement.adjustments:
        name = text(rule.id, lang) if rule.id in ("limit", "cap") else named(rule, lang)
        rows.append([name, f"{rule.points:+.2f}"])
    rows.append([text("trust_index", lang), number_2(statement.trust_index)])
    return ["", "  " + text("account", lang), *("  " + line for line in table_lines(rows))]


def number_2(value: float) -> str:
    """Return points with two decimals, or `-` for NaN and infinity."""
    return f"{value:.2f}" if math.isfinite(value) else "-"


def percent(share: float) -> str:
    """Return a share with one decimal, rounded down: what is below a line never prints as on it.

    Examples
    --------
    >>> percent(0.4996), percent(0.5), percent(0.29)
    ('49.9%', '50.0%', '29.0%')
    """
    return f"{math.floor(share * 1000 + 1e-9) / 10:.1f}%"


def _under(value: float, line: float) -> str:
    """Return points with two decimals, rounded down where they miss a line."""
    return number_2(math.floor(value * 100) / 100 if value < line else value)


def _veto(rule: RuleLine, lang: str) -> str:
    effect = text(f"effect_{rule.effect}", lang, cap=number(rule.points))
    return f"  {named(rule, lang)}{form('colon', lang)}{effect}"


def render_text(statement: Statement, lang: str = "en") -> str:
    """Return a statement as text for a terminal or a letter.

    Parameters
    ----------
    statement : Statement
    lang : str, default="en"

    Examples
    --------
    >>> from trustscore.explain import explain, typical_block
    >>> from trustscore.scorecard import load_scorecard
    >>> card = load_scorecard("minimal")
    >>> print(render_text(explain(typical_block(card), card)).splitlines()[1].strip())
    Trust index 62.00  (90 % interval 59.65 to 64.35; unknown merchant 62.00)
    """
    s = statement
    low, high = number_2(s.trust_index_lower), number_2(s.trust_index_upper)
    index = {
        "index": number_2(s.trust_index),
        "interval": form("range", lang, low=low, high=high),
        "prior": f"{s.prior_index:.2f}",
    }
    state = {
        "status": text(s.status, lang),
        "coverage": percent(s.coverage),
        "tier": named(s, lang, "tier") or text("none", lang),
    }
    lines = [
        f"{one_line(s.merchant_id)}  {text('scorecard', lang)} {s.scorecard}".strip(),
        "  " + text("index_line", lang, **index),
        "  " + text("status_line", lang, **state),
    ]
    for key, granted in (("rights", s.rights), ("duties", s.duties)):
        if granted:
            names = form("list", lang).join(right(each, lang) for each in granted)
            lines.append("  " + text(f"{key}_line", lang, **{key: names}))
    lines += _account(s, lang)
    if s.vetoes:
        lines += ["", "  " + text("vetoes", lang), *("  " + _veto(v, lang) for v in s.vetoes)]
    lines += _parts(s.dimensions, lang, "dimensions")
    lines += _parts(s.stages, lang, "stages")
    lines += _signals(s, s.losses, lang, "losses")
    lines += _signals(s, s.gains, lang, "gains")
    blank = [
        line for line in s.signals if line.state in ("unknown", "withheld") and line.weight > 0
    ]
    lines += _listed(sorted(blank, key=lambda line: -line.weight), "no_evidence", lang)
    lines += _listed([line for line in s.signals if line.state == "left_out"], "left_out", lang)
    return "\n".join(lines)


def _listed(signals: list[SignalLine], heading: str, lang: str) -> list[str]:
    """Return a heading and the names of signals under it; nothing where there are none."""
    if not signals:
        return []
    title = form("heading", lang, text=text(heading, lang), count=len(signals))
    return ["", "  " + title, "    " + _names(signals, lang)]


def _names(things: Sequence[Any], lang: str) -> str:
    """Return the names of the first of some signals, and how many more there are."""
    shown = form("list", lang).join(named(each, lang) for each in things[:_SHOWN_UNKNOWN])
    more = len(things) - _SHOWN_UNKNOWN
    return form("more", lang, text=shown, count=more) if more > 0 else shown


def _changes(changes: tuple[Change, ...], lang: str, counted: bool) -> list[str]:
    lines = []
    for change in changes:
        lines.append("    " + _change(change, lang, counted))
        advice = named(change, lang, "advice")
        if advice:
            lines.append("      " + advice)
    return lines


def _change(change: Change, lang: str, counted: bool) -> str:
    """Say what must change; counts only where they are of orders that there are."""
    before = _figure(change.before, change.kind, change.unit, lang)
    after = _figure(change.after, change.kind, change.unit, lang)
    if counted and math.isfinite(change.count_after):
        of = text("of", lang, count=number(change.count_after), sample=number(change.sample))
        after = form("bracket", lang, text=after, note=of)
    return text(
        "plan_change",
        lang,
        signal=named(change, lang),
        before=before,
        after=after,
        points=f"{change.points:+.2f}",
    )


def render_plan(plan: TierPlan, lang: str = "en") -> str:
    """Return a plan as text.

    Parameters
    ----------
    plan : TierPlan
    lang : str, default="en"

    Examples
    --------
    >>> from trustscore.explain import next_tier_plan, typical_block
    >>> from trustscore.scorecard import load_scorecard
    >>> card = load_scorecard("minimal")
    >>> print(render_plan(next_tier_plan(typical_block(card), card)).splitlines()[0])
    Towards Trusted
    """
    if plan.outcome in ("top", "no_ladder"):
        return text(f"plan_{plan.outcome}", lang)
    target = named(plan, lang, "target")
    if plan.outcome == "has":
        return text("plan_has", lang, tier=target)
    lines = [text("plan", lang, tier=target)]
    if plan.z or plan.coverage:
        needs = text(
            "plan_needs_bound",
            lang,
            at=number(plan.at),
            z=number(plan.z),
            bound=_under(plan.bound, plan.at),
            coverage=f"{plan.coverage:.1%}",
            coverage_now=percent(plan.coverage_now),
        )
    else:
        needs = text("plan_needs", lang, at=number(plan.at))
    lines.append("  " + needs)
    if plan.lift:
        lines.append("  " + text("plan_lift", lang))
        lines += ["  " + _veto(rule, lang) for rule in plan.lift]
    evidence = []
    for lack in plan.lacks:
        values = {"now": number(lack.now), "need": number(lack.need)}
        if lack.kind != "status":
            values = {"now": percent(lack.now), "need": f"{lack.need:.1%}"}
        evidence.append(text(f"plan_{lack.kind}", lang, column=lack.column, **values))
    if plan.volume > 1:
        key = "plan_volume" if plan.changes else "plan_volume_alone"
        evidence.append(text(key, lang, factor=number(plan.volume)))
    if plan.unknown:
        evidence.append(text("plan_unknown", lang, signals=_names(plan.unknown, lang)))
    if evidence:
        lines.append("  " + text("plan_evidence", lang))
        lines += ["    " + line for line in evidence]
    if plan.alone:
        lines.append("  " + text("plan_alone", lang))
        lines += _changes(plan.alone[:_SHOWN_ALONE], lang, plan.volume == 1)
    elif plan.changes:
        lines.append("  " + text("plan_together", lang))
        lines += _changes(plan.changes, lang, plan.volume == 1)
    if plan.outcome == "held":
        lines.append("  " + text("plan_held", lang))
    elif plan.outcome == "unknown":
        lines.append("  " + text("plan_no_evidence", lang))
    elif plan.outcome == "no":
        lines.append("  " + text("plan_no", lang, best=_under(plan.best, plan.at)))
    return "\n".join(lines)
