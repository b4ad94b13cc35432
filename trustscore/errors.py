"""Errors with every fault in one message.

Someone who edits a scorecard or cleans an export wants the whole list, not the
first line of it, so each error carries all faults found and prints them one per
line below a summary.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

__all__ = [
    "ROWS_SHOWN",
    "SHOWN",
    "CellError",
    "InputError",
    "PolicyError",
    "ScorecardError",
    "TrustscoreError",
    "at_most",
    "near",
    "one_line",
    "plural",
    "suggest",
]

Thing = TypeVar("Thing")

SHOWN = 5
"""So many faults of one kind are listed unless there is a reason for more."""
ROWS_SHOWN = 20
"""So many rows of a table that people will mend cell by cell."""


class TrustscoreError(Exception):
    """Base of all errors that trustscore raises on purpose.

    Parameters
    ----------
    summary : str
        What is wrong, in one line.
    faults : iterable of str, optional
        The single faults, each with its address.

    Attributes
    ----------
    summary : str
        As given.
    faults : list of str
        As given; the summary alone when no faults are listed, so that a caller
        can always report them one by one.

    Examples
    --------
    >>> from trustscore.errors import ScorecardError
    >>> error = ScorecardError(
    ...     "scorecard shop.toml has 2 faults",
    ...     ["index.rho: must be at most 1. Got 3.0", "name: missing"],
    ... )
    >>> print(error)
    scorecard shop.toml has 2 faults
      index.rho: must be at most 1. Got 3.0
      name: missing
    >>> error.faults[1]
    'name: missing'
    """

    def __init__(self, summary: str, faults: Iterable[str] = ()) -> None:
        listed = list(faults)
        # Both go to args, so that the error survives the pickling between worker processes.
        super().__init__(summary, listed)
        self.summary = summary
        self.faults = listed or [summary]
        self._listed = bool(listed)

    def __str__(self) -> str:
        if not self._listed:
            return self.summary
        return "\n".join([self.summary, *(f"  {fault}" for fault in self.faults)])


class ScorecardError(TrustscoreError):
    """A scorecard cannot be loaded, or cannot be used as asked."""


class PolicyError(TrustscoreError):
    """A boost policy cannot be loaded, or cannot be used as asked."""


class InputError(TrustscoreError):
    """An export, a frame or an argument cannot be used as it is."""


class CellError(InputError):
    """An input that cannot be used, told by showing what stands in its cells.

    Parameters
    ----------
    summary : str
    without_cells : str
        The same for a reader who must not see the cells.
    faults : iterable of str, optional
    """

    def __init__(self, summary: str, without_cells: str = "", faults: Iterable[str] = ()) -> None:
        super().__init__(summary, faults)
        self.args = (summary, without_cells, self.args[1])
        self.without_cells = without_cells


# Line breaks, what else a terminal acts on, and what turns the direction of a line.
_ACTIVE = (*range(0x20), *range(0x7F, 0xA0), *range(0x2028, 0x202F), *range(0x2066, 0x206A))
_SPELLED = {code: ascii(chr(code))[1:-1] for code in _ACTIVE}


def one_line(text: str) -> str:
    r"""Return a name with its control characters spelled out, so that it makes no line of its own.

    Examples
    --------
    >>> print(one_line("north\n  Trust index 100"))
    north\n  Trust index 100
    """
    return text.translate(_SPELLED)


def plural(count: int, thing: str) -> str:
    """Return a number of things.

    Examples
    --------
    >>> plural(1, "fault"), plural(2, "fault")
    ('1 fault', '2 faults')
    """
    return f"{count} {thing}{'s' * (count != 1)}"


def at_most(
    things: Sequence[Thing] | Any,
    say: Callable[[Thing], str] = str,
    *,
    most: int = SHOWN,
    what: str = "",
) -> list[str]:
    """Return what is to be said of the first things, and how many more there are.

    Parameters
    ----------
    things : sequence or ndarray
    say : callable, default=str
        Makes the sentence of one.
    most : int, default=SHOWN
    what : str, default=""
        What the others are.

    Examples
    --------
    >>> at_most([4, 7, 9], lambda row: f"row {row}: is blank", most=1, what="rows")
    ['row 4: is blank', 'and 2 more rows']
    >>> at_most(["name: missing"])
    ['name: missing']
    """
    said = [say(thing) for thing in things[:most]]
    rest = len(things) - most
    return [*said, f"and {rest} more {what}".rstrip()] if rest > 0 else said


def near(name: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate most like `name`, or None when none is close.

    Examples
    --------
    >>> near("wieght", ["weight", "prior"])
    'weight'
    >>> near("zzz", ["weight", "prior"]) is None
    True
    """
    by_fold = {str(c).casefold(): str(c) for c in candidates}
    hit = difflib.get_close_matches(str(name).casefold(), by_fold, n=1, cutoff=0.6)
    return by_fold[hit[0]] if hit else None


def suggest(name: str, candidates: Iterable[str]) -> str:
    """Return ``", did you mean x?"`` for the nearest candidate, or an empty string."""
    hit = near(name, candidates)
    return f", did you mean {one_line(hit)}?" if hit else ""
