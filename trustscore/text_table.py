"""Tables of text for a terminal, where a Chinese character takes two columns."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

__all__ = ["padded", "table_lines", "width"]


def width(string: str) -> int:
    """Return how many columns of a terminal a text takes.

    Examples
    --------
    >>> width("tier"), width("等级")
    (4, 4)
    """
    if string.isascii():
        return len(string)
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in string)


def padded(string: str, columns: int) -> str:
    """Return a text with spaces after it."""
    return string + " " * max(columns - width(string), 0)


def table_lines(rows: Sequence[Sequence[str]]) -> list[str]:
    r"""Return lines of cells, the first column aligned left and the others right.

    Examples
    --------
    >>> print("\n".join(table_lines([["buy", "1.5"], ["service", "-10.25"]])))
      buy         1.5
      service  -10.25
    """
    widths = [max(width(row[i]) for row in rows) for i in range(len(rows[0]))] if rows else []
    lines = []
    for row in rows:
        cells = [padded(row[0], widths[0])]
        cells += [" " * (w - width(c)) + c for c, w in zip(row[1:], widths[1:], strict=True)]
        lines.append("  " + "  ".join(cells).rstrip())
    return lines
