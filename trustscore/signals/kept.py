"""A store that has forgotten old rows: which figures it can still make, and from which firsts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trustscore.logs import LOG_TABLES
from trustscore.signals.spec import DefinitionsFile, RankSpec
from trustscore.signals.types import DAY

if TYPE_CHECKING:
    from trustscore.signals.resolve import Column
    from trustscore.signals.rows import Rows

__all__ = ["Kept", "earlier", "reach"]


@dataclass(frozen=True)
class Kept:
    """From when on the rows of passing logs are there.

    Attributes
    ----------
    day : str
        The first day, such as ``2025-01-01``.
    instant : int
        Its beginning, in microseconds UTC.
    local : int
        The same by the clock of the market.
    reach : int
        So many days before a window a row may still matter, as `reach` returns it.
    firsts : frozenset of str
        Columns that read the first event ever: the table ``firsts`` holds what is known of it from
        rows that are there no more.
    """

    day: str
    instant: int
    local: int
    reach: int = 0
    firsts: frozenset[str] = frozenset()

    def lost(self, column: Column, rows: Rows) -> str:
        """Return what a column would read and is there no more; empty if nothing."""
        table = rows.relation.table
        if table in LOG_TABLES and not LOG_TABLES[table].passing:
            return ""
        start = rows.window.start
        if start is None and column.how == "first":
            return "" if column.name in self.firsts else "reads the first event, which is not kept"
        if start is None:
            return f"reads {column.of} from the beginning"
        by_day = rows.at is not None and rows.at.type.base == "day"
        since = self.local if by_day else self.instant
        if start - self.reach * DAY >= since:
            return ""
        more = f", and rows up to {self.reach} days older" if self.reach else ""
        return f"reads {column.of} of {column.window} days, {column.lag} days ago{more}"


def reach(file: DefinitionsFile) -> int:
    """Return how many days before its window a row may decide on another one."""
    return max(_days(file), default=0)


def _days(file: DefinitionsFile) -> Iterator[int]:
    for spec in file.facts.values():
        for held in spec.fields.values():
            if isinstance(held, RankSpec):
                yield held.days or 0
    for column in file.columns.values():
        if column.most is not None:
            yield column.most.days or 0


def earlier(live: str, kept: str) -> str:
    """Return the earlier of two values, either of which may be blank, as every engine has it.

    Examples
    --------
    >>> earlier("a", "b")
    'CASE WHEN a IS NULL OR b < a THEN b ELSE a END'
    """
    # Where `kept` is blank the comparison is, and the other one stands.
    return f"CASE WHEN {live} IS NULL OR {kept} < {live} THEN {kept} ELSE {live} END"
