"""Notes beside the results, and the messages of the library in the words of the command line."""

from __future__ import annotations

import re

import click

__all__ = ["note", "with_flags"]

# The library names its arguments, as `as_of`; who types a command knows them as --as-of.
_ARGUMENTS = (
    "allow_missing_columns",
    "as_of",
    "counts",
    "encoding",
    "jobs",
    "keep",
    "policy",
    "scorecard",
    "scored_on",
    "today",
)
_FLAGS = {name: f"--{name.replace('_', '-')}" for name in _ARGUMENTS}


def with_flags(text: str) -> str:
    """Return a message of the library with options where it names arguments in backquotes.

    Examples
    --------
    >>> with_flags("date: give the day of the export (`as_of`)")
    'date: give the day of the export (--as-of)'
    """
    return re.sub(r"`([a-z_]+)`", lambda found: _FLAGS.get(found[1], found[0]), text)


def note(text: str) -> None:
    """Print a note on standard error."""
    click.echo(f"trustscore: note: {text}", err=True)
