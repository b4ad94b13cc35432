"""Notes beside the results, and the messages of the library in the words of the command line."""

from __future__ import annotations

import re

import click

__all__ = ["note", "say", "visible", "with_flags"]

# The library names its arguments, as `as_of`; who types a command knows them as --as-of.
_ARGUMENTS = (
    "allow_missing_columns",
    "allow_short_logs",
    "as_of",
    "brands",
    "budget",
    "counts",
    "encoding",
    "force",
    "jobs",
    "keep",
    "keep_days",
    "logs",
    "max_rejects",
    "memory",
    "policy",
    "populations",
    "previous",
    "queue",
    "reference",
    "scorecard",
    "scored_on",
    "seed",
    "today",
    "truth",
    "work",
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


# What a terminal acts on, what turns the direction of a line, and halves of characters.
_ACTIVE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: str) -> str:
    r"""Return a text that no terminal acts on; as JSON it says the same as before.

    Examples
    --------
    >>> print(visible("\x1b[2Jm1\n\x9b31m"))
    \u001b[2Jm1
    \u009b31m
    """
    return _ACTIVE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def say(text: str = "", *, err: bool = False) -> None:
    """Print a text, which may hold names and texts of other people."""
    click.echo(visible(text), err=err)


def note(text: str) -> None:
    """Print a note on standard error."""
    say(f"trustscore: note: {text}", err=True)
