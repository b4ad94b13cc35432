"""A comparison as a piece of HTML, for notebooks."""

from __future__ import annotations

from collections.abc import Sequence

from trustscore.compare.market import Market
from trustscore.compare.render import render_comparison
from trustscore.compare.scorecards import Difference
from trustscore.notebook.page import text_html
from trustscore.scorecard import Scorecard

__all__ = ["comparison_html"]


def comparison_html(
    market: Market,
    scorecards: tuple[Scorecard, Scorecard] | None = None,
    differences: Sequence[Difference] = (),
) -> str:
    """Return a comparison as HTML that holds no markup but its own."""
    cards = scorecards or (market.card, market.card)
    return text_html(render_comparison(market, cards, differences), "comparison")
