"""A statement as a piece of HTML, for notebooks; names of others are inert in it."""

from __future__ import annotations

from html import escape

from trustscore.errors import one_line
from trustscore.explain.render import render_text
from trustscore.explain.statement import Statement

__all__ = ["statement_html"]


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
    lines = [escape(one_line(line)) for line in render_text(statement, lang).split("\n")]
    return '<pre class="trustscore-statement">' + "\n".join(lines) + "</pre>"
