"""A comparison as plain text, in English or Chinese."""

from __future__ import annotations

from collections.abc import Sequence

from trustscore.compare.market import Market, Mover
from trustscore.compare.rows import KINDS_OF_PART, part_kind, signal_of
from trustscore.compare.scorecards import Difference
from trustscore.errors import one_line
from trustscore.scorecard import Scorecard
from trustscore.text_table import table_lines
from trustscore.words import form, named, text

__all__ = ["part_name", "render_comparison"]

_SHOWN = 10


def part_name(part: str, card: Scorecard, lang: str = "en") -> str:
    """Return the name of a part for people.

    Examples
    --------
    >>> from trustscore.scorecard import load_scorecard
    >>> part_name("evidence.complaint_rate", load_scorecard("minimal"))
    'Complaints per paid order (evidence)'
    """
    kind, name = part_kind(part)
    signal = signal_of(part, card)
    if signal is not None:
        words = named(signal.words, lang) or signal.id
        if kind in ("figure", "points"):
            return words
        return text("part_of_signal", lang, signal=words, part=text(f"part_{kind}", lang))
    rule = name.removeprefix("rule.")
    known = next((each for each in card.rules if each.id == rule), None)
    if known is not None:
        return named(known, lang)
    if rule in ("limit", "cap"):
        return text(rule, lang)
    return name or text(f"part_{kind}", lang)


def render_comparison(
    market: Market,
    scorecards: tuple[Scorecard, Scorecard],
    differences: Sequence[Difference] = (),
    lang: str = "en",
) -> str:
    """Return a comparison as text for a terminal.

    Parameters
    ----------
    market : Market
    scorecards : pair of Scorecard
    differences : sequence of Difference
    lang : str, default="en"
    """
    facts = {"both": market.both, "scored": market.scored}
    facts |= {"new": market.new_count, "gone": market.gone_count}
    lines = [text("compare_both", lang, **{name: f"{n:,}" for name, n in facts.items()})]
    if market.began or market.ceased:
        began, ceased = f"{market.began:,}", f"{market.ceased:,}"
        lines.append(text("compare_began", lang, began=began, ceased=ceased))
    if market.scored:
        means = {name: market.mean(name) for name in ("old", "new", "change")}
        lines.append(text("compare_mean", lang, moved=f"{market.moved:,}", **means))
    lines += _scorecards(scorecards, differences, lang)
    kinds = market.by("kind")
    still = not (market.moved or market.began or market.ceased or any(market.tier_moves()))
    if still and not any(abs(points) >= 5e-3 for points in kinds.values()):
        return "\n".join([*lines, text("compare_no_change", lang)])
    shown = [kind for kind in KINDS_OF_PART if abs(kinds.get(kind, 0.0)) >= 5e-4]
    lines += _means("compare_parts", {text(f"part_{k}", lang): kinds[k] for k in shown}, lang)
    lines += _signals(market, lang)
    for what in ("dimension", "stage"):
        lines += _groups(market, what, lang)
    lines += _rules(market, lang)
    lines += _tiers(market, lang)
    for key, movers in zip(("compare_fell", "compare_rose"), market.movers, strict=True):
        lines += _movers(key, movers, market.card, lang)
    return "\n".join(lines)


def _step(old: str, new: str, lang: str) -> str:
    return form("move", lang, old=old, new=new)


def _scorecards(
    cards: tuple[Scorecard, Scorecard], found: Sequence[Difference], lang: str
) -> list[str]:
    if not found:
        return []
    old, new = (card.stamp for card in cards)
    lines = ["", text("compare_scorecards", lang, old=old, new=new)]
    lines += [f"  {one_line(each.told(lang))}" for each in found[: 2 * _SHOWN]]
    if len(found) > 2 * _SHOWN:
        lines.append(f"  {text('compare_more', lang, count=len(found) - 2 * _SHOWN)}")
    return lines


def _means(heading: str, points: dict[str, float], lang: str) -> list[str]:
    if not points:
        return []
    rows = [[one_line(name), f"{mean:+.3f}"] for name, mean in points.items()]
    return ["", text(heading, lang), *table_lines(rows)]


def _signals(market: Market, lang: str) -> list[str]:
    parts = [
        (part, points)
        for part, points in market.mean_parts().items()
        if signal_of(part, market.card) is not None and abs(points) >= 5e-4
    ]
    parts.sort(key=lambda each: -abs(each[1]))
    names = {f"{part_name(part, market.card, lang)}": points for part, points in parts[:_SHOWN]}
    return _means("compare_signals", names, lang)


def _groups(market: Market, what: str, lang: str) -> list[str]:
    by = market.by(what)
    card = market.card
    words = (
        {each.id: named(each, lang) for each in card.dimensions}
        if what == "dimension"
        else {name: named(each, lang) or name for name, each in card.stages.items()}
    )
    points = {words.get(name, name): by[name] for name in words if abs(by.get(name, 0)) >= 5e-4}
    return _means(f"{what}s", points, lang)


def _rules(market: Market, lang: str) -> list[str]:
    rows = [
        [
            one_line(part_name(part, market.card, lang)),
            f"{points:+.3f}",
            text("compare_touched", lang, count=f"{market.touched[part]:,}"),
        ]
        for part, points in market.mean_parts().items()
        if part_kind(part)[0] == "rule" and market.touched[part]
    ]
    return ["", text("compare_rules", lang), *table_lines(rows)] if rows else []


def _tiers(market: Market, lang: str) -> list[str]:
    names = {tier.id: named(tier, lang) for tier in market.card.tiers.ladder}
    names[""] = text("none", lang)
    moved = {pair: n for pair, n in market.tiers.items() if pair[0] != pair[1]}
    if not moved:
        return []
    won, lost = (f"{n:,}" for n in market.tier_moves())
    lines = ["", text("compare_tiers", lang, won=won, lost=lost)]
    order = sorted(moved.items(), key=lambda each: (-each[1], each[0]))
    rows = [
        [_step(names.get(old, old), names.get(new, new), lang), f"{n:,}"] for (old, new), n in order
    ]
    return lines + table_lines(rows[: 2 * _SHOWN])


def _movers(key: str, movers: Sequence[Mover], card: Scorecard, lang: str) -> list[str]:
    if not movers:
        return []
    names = {tier.id: named(tier, lang) for tier in card.tiers.ladder} | {"": text("none", lang)}
    lines = ["", text(key, lang)]
    for mover in movers:
        why = form("comma", lang).join(
            f"{part_name(part, card, lang)} {points:+.1f}" for part, points in mover.reasons
        )
        move = _step(f"{mover.old:.1f}", f"{mover.new:.1f}", lang)
        said = form("bracket", lang, text=move, note=f"{mover.change:+.1f}")
        if mover.old_tier != mover.new_tier:
            old, new = (names.get(tier, tier) for tier in (mover.old_tier, mover.new_tier))
            said += " " + one_line(_step(old, new, lang))
        lines.append(f"  {one_line(mover.merchant_id)}  {said}  {one_line(why)}")
    return lines
