"""Pieces of HTML for notebooks; names of others are inert in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from trustscore.errors import one_line

__all__ = ["table_html", "text_html"]


def text_html(text: str, kind: str) -> str:
    r"""Return text for people as HTML that holds no markup but its own.

    Examples
    --------
    >>> text_html("a <b>\nc", "plan")
    '<pre class="trustscore-plan">a &lt;b&gt;\nc</pre>'
    """
    lines = [escape(one_line(line)) for line in text.split("\n")]
    return f'<pre class="trustscore-{kind}">' + "\n".join(lines) + "</pre>"


def table_html(heads: Sequence[str], rows: Iterable[Sequence[str]], kind: str) -> str:
    """Return cells as an HTML table that holds no markup but its own.

    Examples
    --------
    >>> table_html(["item"], [["<b>"]], "ranking")
    '<table class="trustscore-ranking"><thead><tr><th>item</th></tr></thead>\
<tbody><tr><td>&lt;b&gt;</td></tr></tbody></table>'
    """

    def row(cells: Sequence[str], tag: str) -> str:
        inner = "".join(f"<{tag}>{escape(one_line(cell))}</{tag}>" for cell in cells)
        return f"<tr>{inner}</tr>"

    body = "".join(row(cells, "td") for cells in rows)
    head = row(heads, "th")
    return f'<table class="trustscore-{kind}"><thead>{head}</thead><tbody>{body}</tbody></table>'
