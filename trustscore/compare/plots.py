"""A comparison as a picture."""

from __future__ import annotations

from typing import Any

from trustscore.compare.market import Market
from trustscore.compare.render import part_name
from trustscore.errors import InputError
from trustscore.notebook.bars import Bar
from trustscore.notebook.plots import draw_bars
from trustscore.words import text

__all__ = ["market_bars", "plot_market"]


def market_bars(market: Market, lang: str = "en", *, most: int = 10) -> tuple[Bar, ...]:
    """Return the bars from the old mean index to the new one; those between add up to the way."""
    if not market.scored:
        return ()
    at = market.mean("old")
    bars = [Bar("start", text("mean_old", lang), "start", 0.0, at)]
    parts = [(part, points) for part, points in market.mean_parts().items() if points]
    parts.sort(key=lambda each: -abs(each[1]))
    shown = parts if len(parts) == most + 1 else parts[: max(most, 0)]
    for part, points in shown:
        kind = "gain" if points > 0 else "loss"
        bars.append(Bar(part, part_name(part, market.card, lang), kind, at, at + points))
        at += points
    end = market.mean("new")
    if len(shown) < len(parts):
        name = text("compare_more", lang, count=len(parts) - len(shown))
        bars.append(Bar("others", name, "gain" if end >= at else "loss", at, end))
    return (*bars, Bar("trust_index", text("mean_new", lang), "end", 0.0, end))


def plot_market(market: Market, lang: str = "en", *, most: int = 10) -> Any:
    """Return the way from the old to the new mean index as a matplotlib Figure.

    Raises
    ------
    ImportError
        Without matplotlib, which the extra ``plot`` brings.
    InputError
        When no merchant has an index on both sides.
    """
    bars = market_bars(market, lang, most=most)
    if not bars:
        raise InputError("no merchant has an index on both sides, so there is nothing to draw")
    counted = {"both": f"{market.both:,}", "scored": f"{market.scored:,}"}
    counted |= {"new": f"{market.new_count:,}", "gone": f"{market.gone_count:,}"}
    return draw_bars(bars, text("compare_both", lang, **counted), zoom=True)
