"""A statement and a plan as pictures."""

from __future__ import annotations

from typing import Any

from trustscore.errors import InputError
from trustscore.explain.next_tier import TierPlan
from trustscore.explain.render import render_plan
from trustscore.explain.statement import Statement
from trustscore.explain.waterfall import waterfall
from trustscore.notebook.bars import Bar
from trustscore.notebook.plots import draw_bars
from trustscore.words import named

__all__ = ["plot_plan", "plot_waterfall"]


def plot_waterfall(
    statement: Statement, lang: str = "en", *, most: int = 10, base: str = "full"
) -> Any:
    """Return the waterfall of a statement as a matplotlib Figure; arguments as `waterfall`'s.

    Raises
    ------
    ImportError
        Without matplotlib, which the extra ``plot`` brings.
    InputError
        When the merchant is not scored.
    """
    bars = waterfall(statement, lang, most=most, base=base)
    if not bars:
        raise InputError("a merchant that is not scored has no index to draw")
    return draw_bars(bars, statement.merchant_id)


def plot_plan(plan: TierPlan, lang: str = "en") -> Any:
    """Return the changes of a plan as a matplotlib Figure.

    A bar is the points that the change alone adds to the index. What the changes add together is
    another number, so the bars all begin at 0.

    Raises
    ------
    ImportError
        Without matplotlib, which the extra ``plot`` brings.
    InputError
        When there is nothing to change.
    """
    changes = plan.alone or plan.changes
    if not changes:
        raise InputError(
            f"this plan has no changes to draw: {render_plan(plan, lang).splitlines()[0]}"
        )
    bars = []
    for each in changes:
        name = f"{named(each, lang)}  {each.before:.4g} -> {each.after:.4g}"
        bars.append(Bar(each.signal, name, "gain", 0.0, each.points))
    return draw_bars(bars, render_plan(plan, lang).splitlines()[0])
