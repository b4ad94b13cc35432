"""A letter as plain text."""

from __future__ import annotations

from trustscore.letters.letter import Block, Letter
from trustscore.letters.words import text
from trustscore.text_table import padded, width
from trustscore.words import form

__all__ = ["render_letter"]


def render_letter(letter: Letter) -> str:
    """Return a letter as plain text, which ends with a line feed.

    Parameters
    ----------
    letter : Letter
    """
    colon = form("colon", letter.lang)
    lines = [
        letter.platform,
        "",
        f"{text('to', letter.lang)}{colon}{letter.merchant_id}",
        f"{text('dated', letter.lang)}{colon}{letter.dated.isoformat()}",
        "",
        letter.title,
    ]
    for at, section in enumerate(letter.sections, start=1):
        lines += ["", f"{at}. {section.heading}"]
        for place, block in enumerate(section.blocks):
            if place:
                lines.append("")
            lines += _lines(block, colon)
    return "\n".join([*lines, "", letter.footer]) + "\n"


def _lines(block: Block, colon: str) -> list[str]:
    lines = [f"   {block.title}"] if block.title else []
    indent = "     " if block.title else "   "
    if block.kind == "text":
        return lines + [indent + row[0] for row in block.rows]
    if block.kind == "list":
        return lines + [f"{indent}{'  ' * int(depth)}{line}" for depth, line in block.rows]
    if block.kind == "facts":
        # What goes on in a next line has no name of its own.
        return lines + [
            f"{indent}{name}{colon}{value}" if name else f"{indent}  {value}"
            for name, value in block.rows
        ]
    return lines + [indent + line for line in _table(block)]


def _table(block: Block) -> list[str]:
    """Return names with points and notes, or the rows of a table below their heads."""
    notes = block.kind == "points"
    widths = [max(width(row[at]) for row in block.rows) for at in range(len(block.rows[0]))]
    lines = []
    for row in block.rows:
        cells = [padded(row[0], widths[0])]
        for at, cell in enumerate(row[1:], start=1):
            is_note = notes and at == 2
            cells.append(cell if is_note else " " * (widths[at] - width(cell)) + cell)
        lines.append("  ".join(cells).rstrip())
    return lines
