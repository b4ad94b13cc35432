"""Results as text on standard output, with colours where a terminal shows them."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping

import click

from trustscore.commands.messages import visible
from trustscore.commands.progress import is_terminal

__all__ = ["colours", "painted", "show"]

# A change: a number with its sign, behind a blank or a bracket.
_CHANGE = re.compile(r"(?<=[ (（])[+-]\d[\d,]*(?:\.\d+)?(?![\w-])")


def colours(*, err: bool) -> bool:
    """Return whether a stream is a terminal that shows colours, and nobody forbade them."""
    stream = sys.stderr if err else sys.stdout
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM", "dumb") == "dumb"
    return is_terminal(stream) and not plain


def painted(text: str, marks: Mapping[str, str] | None = None) -> str:
    r"""Return a text with its headings bold, rises green and falls red.

    Parameters
    ----------
    text : str
        A line without indentation above an indented one is a heading. What a terminal would act
        on is made visible first.
    marks : dict of str to str, optional
        Words with colours of their own.

    Examples
    --------
    >>> painted("Moved\n  m1  -2.5")
    '\x1b[1mMoved\x1b[0m\n  m1  \x1b[31m-2.5\x1b[0m'
    """
    lines = visible(text).split("\n")
    words = "|".join(map(re.escape, marks or ()))
    marked = re.compile(rf"(?<!\S)(?:{words})(?!\S)") if words else None
    found = []
    for at, line in enumerate(lines):
        below = lines[at + 1] if at + 1 < len(lines) else ""
        if line and line[0] != " " and below.startswith("  "):
            found.append(click.style(line, bold=True))
            continue
        if marks and marked is not None:
            line = marked.sub(lambda word: click.style(word[0], fg=marks[word[0]]), line)
        found.append(
            _CHANGE.sub(
                lambda change: click.style(change[0], fg="green" if change[0][0] == "+" else "red"),
                line,
            )
        )
    return "\n".join(found)


def show(text: str, *, err: bool = False, marks: Mapping[str, str] | None = None) -> None:
    """Print the text of a result, which may hold names of other people."""
    if colours(err=err):
        click.echo(painted(text, marks), err=err, color=True)
    else:
        click.echo(visible(text), err=err)
