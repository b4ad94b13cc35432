"""The panel of one merchant: statement, waterfall, stages, what changed, and the plan."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trustscore.compare.render import part_name
from trustscore.errors import one_line
from trustscore.explain import Statement, explain, next_tier_plan, render_plan
from trustscore.explain.waterfall import waterfall
from trustscore.report.svg import share_bar, waterfall_chart
from trustscore.report.words import Texts, capital, names, plain_texts, rights, texts
from trustscore.scorecard import Scorecard
from trustscore.typing import Block
from trustscore.words import LANGUAGES

__all__ = ["Moved", "panel"]

_PARTS = 8
_LEAST = 0.05


@dataclass(frozen=True)
class Moved:
    """How a merchant's index came from the old one: the parts add up to the change."""

    old: float
    new: float
    old_tier: str
    parts: Mapping[str, float]


def panel(
    block: Block,
    card: Scorecard,
    *,
    missing: frozenset[str] = frozenset(),
    as_of: dt.date | None = None,
    moved: Moved | None = None,
) -> dict[str, Any]:
    """Return what a template shows of the merchant of a block of one row."""
    statement = explain(block, card, missing=missing, as_of=as_of)
    plan = next_tier_plan(block, card, missing=missing, as_of=as_of)
    name = one_line(statement.merchant_id)
    drawn = (waterfall(statement, lang, most=12) for lang in LANGUAGES)
    bars = list(zip(*drawn, strict=True))
    index = f"{statement.trust_index:.1f}"
    chart = waterfall_chart(
        bars, texts("waterfall"), texts("waterfall_desc", name=name, index=index)
    )
    return {
        "id": name,
        "index": statement.trust_index,
        "low": statement.trust_index_lower,
        "high": statement.trust_index_upper,
        "coverage": statement.coverage,
        "status": capital(plain_texts(statement.status)),
        "tier": names(statement, "tier"),
        "rights": rights(statement.rights),
        "chart": chart,
        "vetoes": [_veto(rule) for rule in statement.vetoes],
        "stages": _stages(statement),
        "dimensions": [
            (names(part), part.index) for part in statement.dimensions if part.weight > 0
        ],
        "plan": _lines(tuple(render_plan(plan, lang) for lang in LANGUAGES)),
        "moved": None if moved is None else _moved(moved, card),
    }


def _veto(rule: Any) -> tuple[Texts, Texts]:
    height = f"{rule.points:g}" if math.isfinite(rule.points) else ""
    return names(rule), plain_texts(f"effect_{rule.effect}", cap=height)


def _stages(statement: Statement) -> list[dict[str, Any]]:
    return [
        {
            "name": names(part),
            "gained": part.gained,
            "lost": part.lost,
            "bar": share_bar(
                [("gain", part.gained), ("loss", part.lost)],
                names(part),
                texts("balance_desc", gained=f"{part.gained:.1f}", lost=f"{part.lost:.1f}"),
            ),
        }
        for part in statement.stages
        if part.weight > 0
    ]


def _moved(moved: Moved, card: Scorecard) -> dict[str, Any]:
    order = sorted(moved.parts.items(), key=lambda each: -abs(each[1]))
    shown = [(part, points) for part, points in order if abs(points) >= _LEAST][:_PARTS]
    rest = math.fsum(moved.parts.values()) - math.fsum(points for _, points in shown)
    parts = [
        (tuple(part_name(part, card, lang) for lang in LANGUAGES), points) for part, points in shown
    ]
    if abs(rest) >= _LEAST:
        parts.append((texts("others"), rest))
    return {
        "old": moved.old,
        "new": moved.new,
        "change": moved.new - moved.old,
        "parts": parts,
    }


def _lines(of: Texts) -> list[dict[str, Any]]:
    """Return the lines of a text in each language, with the depth to which they are indented."""
    return [
        {
            "lang": lang,
            "lines": [
                ((len(line) - len(line.lstrip())) // 2, line.strip())
                for line in each.splitlines()
                if line.strip()
            ],
        }
        for lang, each in zip(LANGUAGES, of, strict=True)
    ]
