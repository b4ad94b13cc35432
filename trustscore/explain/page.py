"""A statement and a plan as pieces of HTML, for notebooks."""

from __future__ import annotations

from trustscore.explain.next_tier import TierPlan
from trustscore.explain.render import render_plan, render_text
from trustscore.explain.statement import Statement
from trustscore.notebook.page import text_html

__all__ = ["plan_html", "statement_html"]


def statement_html(statement: Statement, lang: str = "en") -> str:
    """Return a statement as HTML that holds no markup but its own.

    Examples
    --------
    >>> from trustscore.explain import explain, typical_block
    >>> from trustscore.scorecard import load_scorecard
    >>> card = load_scorecard("minimal")
    >>> statement_html(explain(typical_block(card), card)).startswith("<pre")
    True
    """
    return text_html(render_text(statement, lang), "statement")


def plan_html(plan: TierPlan, lang: str = "en") -> str:
    """Return a plan as HTML that holds no markup but its own."""
    return text_html(render_plan(plan, lang), "plan")
