"""What the templates show, made of the figures of a market."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trustscore.compare import Difference, Market, Mover
from trustscore.compare.render import part_name
from trustscore.compare.rows import KINDS_OF_PART, signal_of
from trustscore.drift import Drift
from trustscore.drift.render import look_name
from trustscore.drift.words import text as drift_text
from trustscore.errors import one_line
from trustscore.explain.render import number
from trustscore.report.figures import BINS, EDGE, Figures, SignalFigures
from trustscore.report.merchants import Packed
from trustscore.report.svg import histogram, share_bar, signal_strip, sparkline
from trustscore.report.words import Texts, capital, names, plain_texts, same, texts
from trustscore.scorecard import Scorecard, Signal
from trustscore.scorecard.statuses import STATUS_WORDS
from trustscore.words import LANGUAGES, form, right, unit

__all__ = [
    "drift_facts",
    "market_facts",
    "moved_facts",
    "status_counts",
    "table_facts",
    "tier_names",
]

_SHOWN = 12
_DRIFTED = 20
_LEAST = 5e-4


def anchor(signal: Signal, value: float) -> Texts:
    """Return an anchor of a signal with its unit."""
    if signal.counts:
        return form.all("percent", value=number(100 * value, 3))
    name = signal.words.unit
    return tuple(f"{number(value)} {unit(name, lang)}".rstrip() for lang in LANGUAGES)


def anchors(signal: Signal) -> Texts:
    """Return the poor and the good anchor of a signal in words."""
    return tuple(
        f"{poor} → {good}"
        for poor, good in zip(anchor(signal, signal.poor), anchor(signal, signal.good), strict=True)
    )


def tier_names(card: Scorecard) -> dict[str, Texts]:
    """Return the names of the tiers by id, low to high; that of no tier last."""
    return {tier.id: names(tier) for tier in card.tiers.ladder} | {"": texts("no_tier")}


def status_counts(figures: Figures) -> list[tuple[Texts, int]]:
    """Return merchants by status, the fullest status first."""
    return [(capital(plain_texts(word)), figures.statuses[word]) for word in reversed(STATUS_WORDS)]


def index_chart(figures: Figures) -> str:
    """Return the histogram of the index with the lines of the tiers."""
    words = {
        "n": f"{figures.scored:,}",
        "mean": _points(figures.mean("index")),
        "median": _points(figures.quantile(0.5)),
    }
    lines = [(tier.at, names(tier)) for tier in figures.card.tiers.ladder if tier.at > 0]
    return histogram(
        figures.bins,
        lines,
        texts("index_chart"),
        texts("index_chart_desc", **words),
        mark=(figures.mean("index"), texts("mean")),
    )


def dimension_rows(figures: Figures) -> list[dict[str, Any]]:
    """Return the dimensions with their means and distributions."""
    rows = []
    for dimension in figures.card.dimensions:
        found = figures.dimensions[dimension.id]
        if not found.merchants:
            continue
        name = names(dimension)
        chart = sparkline(found.bins, name, texts("spread_desc", mean=f"{found.mean:.1f}"))
        rows.append({"name": name, "mean": found.mean, "chart": chart})
    return rows


def stage_rows(figures: Figures) -> list[dict[str, Any]]:
    """Return the stages with the mean points gained and lost there."""
    rows = []
    for stage, (all_gained, all_lost) in figures.stages.items():
        gained, lost = (total / max(figures.scored, 1) for total in (all_gained, all_lost))
        if gained + lost <= 0:
            continue
        name = names(figures.card.stages[stage])
        desc = texts("balance_desc", gained=f"{gained:.1f}", lost=f"{lost:.1f}")
        bar = share_bar([("gain", gained), ("loss", lost)], name, desc)
        rows.append({"name": name, "gained": gained, "lost": lost, "chart": bar})
    return rows


def signal_groups(figures: Figures) -> list[dict[str, Any]]:
    """Return the signals that weigh something, by dimension."""
    groups = []
    for dimension in figures.card.dimensions:
        rows = [
            _signal_row(each, figures.scored)
            for each in figures.signals
            if each.signal.dimension == dimension.id and each.applies
        ]
        if rows:
            groups.append({"name": names(dimension), "signals": rows})
    return groups


def _signal_row(each: SignalFigures, scored: int) -> dict[str, Any]:
    signal = each.signal
    name = names(signal.words)
    step = BINS / (1 + 2 * EDGE)
    worse, better = int(EDGE * step), int((1 + EDGE) * step)
    words = {
        "n": f"{each.known:,}",
        "poor": anchor(signal, signal.poor),
        "good": anchor(signal, signal.good),
        "below": f"{int(each.bins[:worse].sum()):,}",
        "above": f"{int(each.bins[better:].sum()):,}",
    }
    return {
        "name": name,
        "chart": signal_strip(each.bins, EDGE, name, texts("strip_desc", **words)),
        "anchors": anchors(signal),
        "applies": each.applies,
        "known": each.applies - each.unknown - each.withheld,
        "withheld": each.withheld,
        "utility": each.mean_utility,
        "lost": each.lost / scored if scored else float("nan"),
    }


def rule_rows(figures: Figures) -> list[dict[str, Any]]:
    """Return the rules, those that fired most first, and what they did to the mean."""
    scored = max(figures.scored, 1)
    rows = []
    for rule in figures.card.rules:
        points = figures.rule_points.get(rule.id)
        moves = not rule.veto and not rule.grants and points is not None
        rows.append(
            {
                "name": names(rule),
                "effect": effect(rule),
                "n": figures.rules[rule.id],
                "points": points / scored if moves and points is not None else None,
            }
        )
    return sorted(rows, key=lambda row: -row["n"])


def effect(rule: Any) -> Texts:
    """Return what a rule does, in words."""
    if rule.grants:
        grants = tuple(right(rule.grants, lang) for lang in LANGUAGES)
        return texts(f"does_{rule.effect}", grants=grants)
    if rule.veto:
        return plain_texts(f"effect_{rule.effect}", cap=f"{rule.points:g}")
    return texts(f"does_{rule.effect}", points=f"{rule.points:g}")


def market_facts(figures: Figures, rejected: int, change: float | None) -> dict[str, Any]:
    """Return the facts of the sections on a market as a whole."""
    low, high = (f"{figures.quantile(share):.0f}" for share in (0.25, 0.75))
    since = None if change is None else texts("since", change=_signed(change))
    scored = _share(figures.scored, figures.merchants)
    formal = _share(figures.statuses["formal"], figures.merchants)
    return {
        "facts": [
            (texts("merchants"), f"{figures.merchants:,}", None),
            (texts("scored"), f"{figures.scored:,}", texts("of_all", share=scored)),
            (texts("mean_index"), _points(figures.mean("index")), since),
            (
                texts("median_index"),
                _points(figures.quantile(0.5)),
                texts("middle_half", low=low, high=high) if figures.scored else None,
            ),
            (texts("formal"), f"{figures.statuses['formal']:,}", texts("of_all", share=formal)),
            (texts("mean_coverage"), _share(figures.mean("coverage"), 1.0), None),
            (texts("rejected"), f"{rejected:,}", None),
        ],
        "histogram": index_chart(figures),
        "merchants": figures.merchants,
        "tiers": [
            (names(tier), f"{tier.at:g}", figures.tiers[tier.id])
            for tier in reversed(figures.card.tiers.ladder)
        ]
        + ([(texts("no_tier"), "–", figures.tiers[""])] if figures.tiers[""] else []),
        "statuses": status_counts(figures),
        "dimensions": dimension_rows(figures),
        "stages": stage_rows(figures),
        "signals": signal_groups(figures),
        "rules": rule_rows(figures),
        "capped": figures.capped,
    }


def table_facts(
    figures: Figures, packed: Packed, panels: Sequence[tuple[int, int]], change: bool
) -> dict[str, Any]:
    """Return what the page's script needs to show the table."""
    card = figures.card
    tiers = ["", *(tier.id for tier in card.tiers.ladder)]
    words = tier_names(card)
    return {
        "rows": packed.rows,
        "change": change,
        "tiers": [words[name] for name in tiers],
        "statuses": [capital(plain_texts(word)) for word in STATUS_WORDS],
        "used": {
            "by-tier": [at for at, name in enumerate(tiers) if figures.tiers[name]],
            "by-status": [at for at, word in enumerate(STATUS_WORDS) if figures.statuses[word]],
        },
        "panels": panels,
        "words": {
            key: texts(key, **{name: f"{{{name}}}" for name in ("from", "to", "count")})
            for key in ("any_tier", "any_status", "found", "none_found", "too_old")
        },
    }


def moved_facts(market: Market, differences: Sequence[Difference]) -> dict[str, Any]:
    """Return the facts of a comparison."""
    card = market.card
    kinds = market.by("kind")
    parts = market.mean_parts()
    signals = sorted(
        (part for part in parts if signal_of(part, card) and abs(parts[part]) >= _LEAST),
        key=lambda part: -abs(parts[part]),
    )
    climbed, fell = market.tier_moves()
    down, up = market.movers
    change = market.mean("change")
    return {
        "facts": [
            (
                texts("mean_index"),
                _points(market.mean("new")),
                texts("since", change=_signed(change)),
            ),
            (texts("moved"), f"{market.moved:,}", texts("moved_of", n=f"{market.scored:,}")),
            (texts("tiers_won"), f"{climbed:,}", None),
            (texts("tiers_lost"), f"{fell:,}", None),
            (texts("new"), f"{market.new_count:,}", None),
            (texts("gone"), f"{market.gone_count:,}", None),
        ],
        "both": market.both,
        "parts_title": plain_texts("compare_parts"),
        "signals_title": plain_texts("compare_signals"),
        "parts": [
            (capital(plain_texts(f"part_{kind}")), kinds[kind])
            for kind in KINDS_OF_PART
            if abs(kinds.get(kind, 0.0)) >= _LEAST
        ],
        "signals": [(part_names(part, card), parts[part]) for part in signals[:_SHOWN]],
        "dimensions": _groups(market, "dimension", {d.id: names(d) for d in card.dimensions}),
        "stages": _groups(market, "stage", {k: names(v) for k, v in card.stages.items()}),
        "tiers": _tier_moves(market),
        "fell_title": plain_texts("compare_fell"),
        "rose_title": plain_texts("compare_rose"),
        "fell": [_mover(each, card) for each in down],
        "rose": [_mover(each, card) for each in up],
        "differences": [
            tuple(one_line(each.told(lang)) for lang in LANGUAGES) for each in differences
        ],
    }


def drift_facts(drift: Drift) -> dict[str, Any]:
    """Return what drifted beyond chance, the worst first."""
    card = drift.reference.card
    found = drift.drifted("slight")
    rows = [
        {
            "name": tuple(look_name(look, card, lang) for lang in LANGUAGES),
            "verdict": capital(drift_text.all(look.verdict)),
            "psi": look.psi,
            "by_chance": look.psi_by_chance,
            "unknown": look.unknown,
            "points": look.points,
        }
        for look in found[:_DRIFTED]
    ]
    return {
        "rows": rows,
        "more": len(found) - len(rows),
        "looks": len(drift.looks),
        "nothing": drift_text.all("nothing"),
        "heads": [
            capital(drift_text.all(f"col_{name}"))
            for name in ("psi", "by_chance", "unknown", "points")
        ],
        "verdict": capital(drift_text.all("col_verdict")),
    }


def part_names(part: str, card: Scorecard) -> Texts:
    """Return the name of a part of a change."""
    return tuple(part_name(part, card, lang) for lang in LANGUAGES)


def _groups(market: Market, what: str, words: Mapping[str, Texts]) -> list[tuple[Texts, float]]:
    by = market.by(what)
    return [(words[name], by[name]) for name in words if abs(by.get(name, 0.0)) >= _LEAST]


def _tier_moves(market: Market) -> list[tuple[Texts, int]]:
    words = tier_names(market.card)

    def name(tier: str) -> Texts:
        return words.get(tier) or same(one_line(tier))

    moves = sorted(
        ((n, old, new) for (old, new), n in market.tiers.items() if old != new),
        key=lambda each: (-each[0], each[1], each[2]),
    )
    return [
        (tuple(f"{was} → {now}" for was, now in zip(name(old), name(new), strict=True)), n)
        for n, old, new in moves[:_SHOWN]
    ]


def _mover(mover: Mover, card: Scorecard) -> dict[str, Any]:
    words = tier_names(card)
    return {
        "id": one_line(mover.merchant_id),
        "old": mover.old,
        "new": mover.new,
        "change": mover.change,
        "tiers": [
            words.get(tier) or same(one_line(tier)) for tier in (mover.old_tier, mover.new_tier)
        ],
        "reasons": [(part_names(part, card), points) for part, points in mover.reasons],
    }


def _points(value: float) -> str:
    return f"{value:.1f}" if value == value else "–"


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "\u2212") if value == value else "–"


def _share(part: float, whole: float) -> str:
    return f"{100 * part / whole:.1f} %" if whole and part == part else "–"
