"""One column of a log, and one log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["ColumnType", "LogColumn", "LogTable"]

ColumnType: TypeAlias = Literal["id", "time", "day", "bool", "int", "num", "money", "class", "text"]


@dataclass(frozen=True)
class LogColumn:
    """One column of a log.

    Attributes
    ----------
    name : str
    type : {"id", "time", "day", "bool", "int", "num", "money", "class", "text"}
        `text` is personal or free text: it is read and never stored.
    meaning : str
    required : bool
        Whether the log is of no use without the column, and a row without its cell.
    classes : tuple of str
        The words a `class` may be; any word where none are listed.
    private : bool
        Whether the id stands for a person: only its pseudonym is stored.
    identifies : str
        The kind of identity that the id is, as the log `identities` calls it: both are stored in
        one form, so that they are equal where they mean the same.
    low, high : float or None
        Bounds of a number, both allowed.
    fallback : str
        The column of the same row that stands in where this one is blank or absent.
    topics : tuple of str
        What a lexicon looks for in a text: `text` gives ``text_quality_defect`` and so on.
    claims : tuple of str
        What a lexicon looks for in a text and keeps with its place, in ``text_hits``.
    planned : bool
        Whether the moment may lie ahead of the day on which the log was written: a deadline.
    """

    name: str
    type: ColumnType
    meaning: str
    required: bool = False
    classes: tuple[str, ...] = ()
    private: bool = False
    identifies: str = ""
    low: float | None = None
    high: float | None = None
    fallback: str = ""
    planned: bool = False
    topics: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()

    @property
    def flags(self) -> tuple[str, ...]:
        """The names of the flags of a text, one a topic."""
        return tuple(f"{self.name}_{topic}" for topic in self.topics)


@dataclass(frozen=True)
class LogTable:
    """One log: what a row is and which columns it may have.

    Attributes
    ----------
    name : str
    meaning : str
        What one row is.
    key : tuple of str
        Rows of one merchant with the same key are versions of one thing.
    moment : str
        The event time that decides whether a row is visible at a cut; empty where no single
        time does, and each time of the row is blanked for itself.
    columns : tuple of LogColumn
        `recorded_at` among them, which every log may have.
    course : tuple of tuple of str
        Moments that follow one another in every row.
    guarded : bool
        Whether its CSV files are written by this program, which puts an apostrophe before what a
        spreadsheet would run as a formula.
    bounded : str
        The column that names what has many rows, and never as many as a flood: a chat, an item.
        Rows are compared within it.
    passing : bool
        Whether its rows tell of what is over, so that a store may forget the old ones. Rows of
        other logs hold until something changes: a state, a verdict, a case that is open.
    """

    name: str
    meaning: str
    key: tuple[str, ...]
    moment: str
    columns: tuple[LogColumn, ...]
    course: tuple[tuple[str, ...], ...] = ()
    guarded: bool = False
    passing: bool = False
    bounded: str = ""

    @property
    def required(self) -> tuple[str, ...]:
        """The names of the columns that must be there."""
        return tuple(column.name for column in self.columns if column.required)

    @property
    def row_key(self) -> tuple[str, ...]:
        """The columns that versions of one row have in common: its merchant, and its key.

        A key that two merchants have in common makes no versions: whether one hid the other would
        hang on how merchants are divided among buckets.
        """
        return self.key if "merchant_id" in self.key else ("merchant_id", *self.key)

    def __getitem__(self, name: str) -> LogColumn:
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return any(column.name == name for column in self.columns)

    def of_type(self, *types: ColumnType) -> Iterator[LogColumn]:
        """Yield the columns of these types."""
        return (column for column in self.columns if column.type in types)
