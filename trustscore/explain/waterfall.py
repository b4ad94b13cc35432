"""The bars of a statement: how full marks become the index, signal by signal and rule by rule."""

from __future__ import annotations

import math

from trustscore.explain.statement import RuleLine, Statement
from trustscore.notebook.bars import Bar
from trustscore.words import named, text

__all__ = ["Bar", "waterfall"]


def waterfall(
    statement: Statement, lang: str = "en", *, most: int = 10, base: str = "full"
) -> tuple[Bar, ...]:
    """Return the bars that lead from full marks, or from nothing, to the index.

    Parameters
    ----------
    statement : Statement
    lang : str, default="en"
        Language of the names.
    most : int, default=10
        Signals with a bar of their own, those that move the index most; the others share one.
    base : {"full", "zero"}, default="full"
        Begin at 100 and go down by what each signal lost, or at 0 and go up by what it gained.

    Returns
    -------
    tuple of Bar
        The first is of kind ``start`` and the last ``end``, at `trust_index`; those between add up
        to the way from one to the other. Empty for a merchant that is not scored.

    Raises
    ------
    ValueError
        When `base` is neither.

    Examples
    --------
    >>> from trustscore.explain import explain, typical_block
    >>> from trustscore.scorecard import load_scorecard
    >>> card = load_scorecard("minimal")
    >>> bars = waterfall(explain(typical_block(card), card), most=2)
    >>> [(bar.kind, round(bar.before, 2), round(bar.after, 2)) for bar in bars]
    [('start', 0.0, 100.0), ('loss', 100.0, 90.0), ('loss', 90.0, 80.0), \
('loss', 80.0, 62.0), ('end', 0.0, 62.0)]
    """
    if base not in ("full", "zero"):
        raise ValueError(f"base must be full or zero. Got {base!r}")
    if not math.isfinite(statement.trust_index):
        return ()
    full = base == "full"
    at = 100.0 if full else 0.0
    bars = [Bar("start", text("start" if full else "start_zero", lang), "start", 0.0, at)]
    kind = "loss" if full else "gain"
    moves = [(-line.lost if full else line.gained, line) for line in statement.signals]
    moves = sorted((move for move in moves if move[0] != 0), key=lambda move: -abs(move[0]))
    most = max(most, 0)
    # A bar for the others takes as much room as the one signal that it would stand for.
    shown = moves if len(moves) == most + 1 else moves[:most]
    for points, line in shown:
        bars.append(Bar(line.id, named(line, lang), kind, at, at + points))
        at += points
    if len(shown) < len(moves):
        after = statement.raw_index
        name = text("others", lang, count=len(moves) - len(shown))
        bars.append(Bar("others", name, kind, at, after))
        at = after
    for rule in statement.adjustments:
        bars.append(Bar(rule.id, _rule_name(rule, lang), "rule", at, at + rule.points))
        at += rule.points
    end = statement.trust_index
    return (*bars, Bar("trust_index", text("trust_index", lang), "end", 0.0, end))


def _rule_name(rule: RuleLine, lang: str) -> str:
    """Return the name of a rule, or of the lines that no rule of the scorecard makes."""
    return text(rule.id, lang) if rule.id in ("limit", "cap") else named(rule, lang)
