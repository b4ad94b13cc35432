"""The end of every command: what it did, as a line, as tables or as JSON, on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from trustscore.commands.messages import say, visible
from trustscore.commands.progress import is_terminal
from trustscore.commands.shown import colours
from trustscore.errors import one_line
from trustscore.text_table import table_lines
from trustscore.words import Room, form

if TYPE_CHECKING:
    from trustscore.run_summary import Breakdown, RunSummary

__all__ = ["close", "summary_lines"]

text = Room("run")
_MOST = 10
_FEW = 3
# Counts that are good news nowhere; a terminal shows them in red, when there are any.
_BAD = frozenset({"rejected", "rejected_old", "rejected_new", "fails", "not_held"})


def close(
    summary: RunSummary,
    quiet: bool,
    how: str | None,
    *,
    lang: str = "en",
    always: bool = True,
    told: bool = False,
) -> None:
    """Say what a command did.

    Parameters
    ----------
    summary : RunSummary
    quiet : bool
        Say nothing.
    how : {"text", "json"}, optional
        Unless given, a terminal gets the line and the tables, and anything else the line.
    lang : str, default="en"
    always : bool, default=True
        Whether a run whose every row was accepted leaves its line where no terminal is.
    told : bool, default=False
        Whether the command has told what the tables hold, so that the line is enough.
    """
    if quiet:
        return
    if how == "json":
        say(json.dumps(summary.facts(), ensure_ascii=False), err=True)
        return
    terminal = is_terminal(sys.stderr)
    if not (terminal or how or always or (summary.counts.get("rejected") and not told)):
        return
    whole = how == "text" or (terminal and not told)
    if colours(err=True):
        _draw(summary, lang, whole)
        return
    say("\n".join(summary_lines(summary, lang, tables=whole)), err=True)


def summary_lines(summary: RunSummary, lang: str = "en", *, tables: bool = True) -> Iterator[str]:
    r"""Yield a summary as lines of plain text.

    Examples
    --------
    >>> from trustscore.run_summary import Breakdown, RunSummary
    >>> tiers = Breakdown("tier", {"standard": 6, "none": 2}, whole=8)
    >>> counts = {"read": 9, "scored": 8, "rejected": 1}
    >>> print("\n".join(summary_lines(RunSummary("score", counts, (tiers,)))))
    9 rows read, 8 scored, 1 rejected
    tiers
      standard  6  75.0 %
      none      2  25.0 %
    """
    counted = form("comma", lang).join(f"{n:,} {label}" for n, label in _labels(summary, lang))
    why = "" if tables else _most_often(summary, lang)
    yield _before(summary, lang) + counted + why + _after(summary, lang)
    for table in summary.tables if tables else ():
        rows = list(_rows(table, lang))
        if rows:
            yield text(f"by_{table.what}", lang)
            yield from table_lines(rows)


def _labels(summary: RunSummary, lang: str) -> Iterator[tuple[int, str]]:
    for name, count in summary.counts.items():
        label = text(f"n_{name}", lang)
        if name == "rejected" and count and summary.rejects:
            label += text("see", lang, file=one_line(summary.rejects))
        yield count, label


def _before(summary: RunSummary, lang: str) -> str:
    return summary.day + form("colon", lang) if summary.day else ""


def _after(summary: RunSummary, lang: str) -> str:
    """Return the few files, and how long it took."""
    few = form("comma", lang).join(map(one_line, summary.files[:_FEW]))
    if len(summary.files) > _FEW:
        few += form("comma", lang) + text("more", lang, count=len(summary.files) - _FEW)
    found = text("files", lang, files=few) if few else ""
    if summary.seconds is not None:
        found += text("seconds", lang, seconds=f"{summary.seconds:.1f}")
    return found


def _most_often(summary: RunSummary, lang: str) -> str:
    """Return the reason of most rejects."""
    table = next((each for each in summary.tables if each.what == "rejected"), None)
    if table is None or not table.counts:
        return ""
    key = "all_for" if len(table.counts) == 1 else "most_often"
    return text(key, lang, reason=one_line(max(table.counts, key=table.counts.__getitem__)))


def _rows(table: Breakdown, lang: str) -> Iterator[list[str]]:
    """Yield name, count and share; what is beyond the first ten is one row."""
    names = list(table.counts)
    # A row for the others takes as much room as the one that it would stand for.
    shown = names if len(names) == _MOST + 1 else names[:_MOST]
    share = bool(table.whole)
    for name in shown:
        count = table.counts[name]
        cells = [one_line(name) or "-", f"{count:,}"]
        if share:
            cells.append(form("percent", lang, value=f"{100 * count / table.whole:.1f}"))
        yield cells
    if len(shown) < len(names):
        yield [text("more", lang, count=len(names) - len(shown)), "", *[""] * share]


def _draw(summary: RunSummary, lang: str, whole: bool) -> None:
    """Draw a summary with colours, its tables beside each other. No name is read as markup."""
    from rich import box
    from rich.columns import Columns
    from rich.console import Console
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    console = Console(stderr=True, highlight=False)
    line = Text(_before(summary, lang))
    for at, (name, (count, label)) in enumerate(
        zip(summary.counts, _labels(summary, lang), strict=True)
    ):
        line.append(form("comma", lang) if at else "")
        bad = name in _BAD and count
        line.append(f"{count:,} ", style="bold red" if bad else "bold")
        line.append(visible(label), style="red" if bad else "")
    line.append(visible(_after(summary, lang)), style="dim")
    console.print(line, soft_wrap=True)
    drawn = []
    for table in summary.tables if whole else ():
        rows = list(_rows(table, lang))
        if not rows:
            continue
        grid = Table(
            title=text(f"by_{table.what}", lang),
            title_style="bold",
            title_justify="left",
            box=box.SIMPLE_HEAD,
            show_header=False,
            pad_edge=False,
        )
        grid.add_column(overflow="fold", style="red" if table.what == "rejected" else "")
        for _ in rows[0][1:]:
            grid.add_column(justify="right", style="cyan")
        for row in rows:
            grid.add_row(*(Text(visible(cell)) for cell in row))
        drawn.append(Padding(grid, (0, 3, 0, 0)))
    if drawn:
        console.print(Columns(drawn))
