"""Drift as plain text, in English or Chinese."""

from __future__ import annotations

import math

from trustscore.drift.gate import Gate
from trustscore.drift.result import VERDICTS, Drift, Look
from trustscore.drift.words import text
from trustscore.errors import one_line
from trustscore.scorecard import Scorecard
from trustscore.text_table import table_lines
from trustscore.words import form, named

__all__ = ["look_name", "render_drift", "render_gate"]

_SHOWN = 20


def look_name(look: Look, card: Scorecard, lang: str = "en") -> str:
    """Return the name of a look for people."""
    if look.kind == "mix":
        return text("mix", lang, name=one_line(look.name))
    words = next(signal.words for signal in card.signals if signal.id == look.name)
    return one_line(named(words, lang) or look.name)


def render_drift(drift: Drift, lang: str = "en") -> str:
    """Return drift as text for a terminal.

    Parameters
    ----------
    drift : Drift
    lang : str, default="en"
    """
    sides = {"reference": drift.reference, "current": drift.current}
    lines = [text("rows", lang, **{name: f"{side.rows:,}" for name, side in sides.items()})]
    if math.isfinite(drift.change):
        old, new = drift.reference.index.mean, drift.current.index.mean
        means = {"old": old, "new": new, "change": drift.change, "error": drift.change_error}
        lines.append(text("mean", lang, **means))
    else:
        lines.append(text("no_mean", lang))
    verdicts = [look.verdict for look in drift.looks]
    found = form("comma", lang).join(
        f"{text(verdict, lang)} {verdicts.count(verdict)}"
        for verdict in reversed(VERDICTS)
        if verdict in verdicts
    )
    lines.append(text("verdicts", lang, looks=len(verdicts), found=found))
    lines += _looks(drift, lang) + _points(drift, lang) + _months(drift, lang)
    return "\n".join(lines)


def _looks(drift: Drift, lang: str) -> list[str]:
    drifted = drift.drifted("not_collected")
    if not any(look.verdict in VERDICTS[VERDICTS.index("slight") :] for look in drifted):
        start = [text("nothing", lang)]
    else:
        start = []
    if not drifted:
        return start
    heads = ("name", "psi", "by_chance", "p", "js", "utility", "unknown", "points", "verdict")
    rows = [[text(f"col_{head}", lang) for head in heads]]
    card = drift.reference.card
    rows += [_row(look, card, lang) for look in drifted[:_SHOWN]]
    lines = [*start, "", text("signals", lang), *table_lines(rows)]
    if len(drifted) > _SHOWN:
        lines.append("  " + text("more", lang, count=len(drifted) - _SHOWN))
    return lines


def _row(look: Look, card: Scorecard, lang: str) -> list[str]:
    name = look_name(look, card, lang)
    if look.verdict == "not_collected":
        return [name, *[""] * 6, _signed(look.points), text(look.verdict, lang)]
    old, new = (f"{share:.1%}" if share == share else "" for share in look.unknown)
    return [
        name,
        f"{look.psi:.3f}",
        f"{look.psi_by_chance:.3f}",
        f"{look.chance_corrected:.1e}"
        if look.chance_corrected < 1e-3
        else f"{look.chance_corrected:.3f}",
        f"{look.jensen_shannon:.3f}",
        f"{look.utility_distance:.2f}" if math.isfinite(look.utility_distance) else "",
        form("move", lang, old=old, new=new) if old or new else "",
        _signed(look.points),
        text(look.verdict, lang),
    ]


def _signed(points: float) -> str:
    return f"{points:+.3f}" if math.isfinite(points) else ""


def _points(drift: Drift, lang: str) -> list[str]:
    card = drift.reference.card
    moved = [look for look in drift.signals if abs(look.points) >= 5e-4]
    moved.sort(key=lambda look: -abs(look.points))
    rows = [[look_name(look, card, lang), _signed(look.points)] for look in moved[: _SHOWN // 2]]
    rest = sum(look.points for look in moved[_SHOWN // 2 :])
    if len(moved) > _SHOWN // 2:
        rows.append([text("more", lang, count=len(moved) - _SHOWN // 2), _signed(rest)])
    rules = sum(drift.rules.values())
    if abs(rules) >= 5e-4:
        rows.append([text("rules", lang), _signed(rules)])
    return ["", text("points", lang), *table_lines(rows)] if rows else []


def _months(drift: Drift, lang: str) -> list[str]:
    worst = drift.worst_month
    if worst is None:
        return []
    heads = ("month", "rows", "mean", "change", "drifted", "worst")
    rows = [[text(f"col_{head}", lang) for head in heads]]
    for month in drift.months:
        drifted = month.drift.drifted("slight")
        card = drift.reference.card
        rows.append(
            [
                one_line(month.month),
                f"{month.drift.current.rows:,}",
                f"{month.drift.current.index.mean:.2f}",
                _signed(month.drift.change),
                str(len(drifted)),
                f"{look_name(drifted[0], card, lang)} {drifted[0].psi:.3f}" if drifted else "",
            ]
        )
    named = worst.drift.drifted("slight")
    last = (
        text(
            "worst_month",
            lang,
            month=one_line(worst.month),
            name=look_name(named[0], drift.reference.card, lang),
        )
        if named
        else text("still_month", lang)
    )
    return ["", text("months", lang), *table_lines(rows), last]


def render_gate(gate: Gate, lang: str = "en") -> str:
    """Return the lines of a gate as a table for a terminal, those that fail first."""
    order = {"fails": 0, "warning": 1, "holds": 2}
    heads = ("name", "value", "line", "by", "noise", "verdict")
    rows = [[text(f"col_{head}", lang) for head in heads]]
    notes = []
    for check in sorted(gate.checks, key=lambda each: order[each.verdict]):
        bound = text("at_least" if check.least else "at_most", lang, bound=f"{check.bound:.6g}")
        rows.append(
            [
                f"{check.name} ({one_line(check.note)})"
                if check.note and check.name in ("drift.psi", "drift.points")
                else check.name,
                f"{check.value:.4g}" if math.isfinite(check.value) else "",
                bound,
                f"{check.beyond:.3g}" if check.beyond > 0 else "",
                f"{check.noise:.2g}" if check.noise else "",
                text(check.verdict, lang),
            ]
        )
        if check.note and check.name == "drift.verdict":
            notes.append(f"{check.name}: {one_line(check.note)}")
    facts = {"count": len(gate.checks), "warnings": len(gate.warnings), "failed": len(gate.failed)}
    last = text("gate_failed" if gate.failed else "gate_passed", lang, **facts)
    return "\n".join([*table_lines(rows), *notes, last])
