"""A place for the tables that a detector makes of the logs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from trustscore.detect.findings import Cut, Relations

__all__ = ["DAY", "HOUR", "Room"]

HOUR = 3_600_000_000
DAY = 24 * HOUR
# Rows of one INSERT.
_BATCH = 500


class Room:
    """Makes tables, and removes them at the end.

    Parameters
    ----------
    relations : Relations
    cut : Cut
    """

    def __init__(self, relations: Relations, cut: Cut) -> None:
        self.relations = relations
        self.cut = cut
        self.rows = relations.rows
        self._made: list[str] = []
        self._filled: dict[str, bool] = {}

    def __enter__(self) -> Room:
        return self

    def __exit__(self, *_: object) -> None:
        for name in reversed(self._made):
            self.relations.run(f"DROP TABLE IF EXISTS {name}")
        self._made.clear()

    def make(self, name: str, sql: str) -> None:
        """Make a table of a SELECT."""
        self.relations.run(f"CREATE TEMP TABLE {name} AS {sql}")
        self._made.append(name)

    def open(self, name: str, columns: str) -> None:
        """Make an empty table; its columns are given with their SQL types."""
        self.relations.run(f"CREATE TEMP TABLE {name} ({columns})")
        self._made.append(name)

    def fill(self, name: str, columns: Mapping[str, str], rows: Sequence[Sequence[Any]]) -> None:
        """Make a table of rows; its columns are given with their SQL types."""
        self.open(name, ", ".join(f"{column} {kind}" for column, kind in columns.items()))
        mark = f"({', '.join('?' for _ in columns)})"
        for start in range(0, len(rows), _BATCH):
            some = rows[start : start + _BATCH]
            marks = ", ".join(mark for _ in some)
            self.relations.run(
                f"INSERT INTO {name} VALUES {marks}", [cell for row in some for cell in row]
            )

    def has(self, need: str) -> bool:
        """Return whether some row of ``table.column`` says anything."""
        if need not in self._filled:
            table, _, column = need.partition(".")
            sql = f"SELECT EXISTS (SELECT 1 FROM {table} WHERE {column} IS NOT NULL)"
            self._filled[need] = bool(self.rows(sql)[0][0])
        return self._filled[need]

    def missing(self, needs: Iterable[str]) -> list[str]:
        """Return which of ``table.column``, or ``this or that``, say nothing."""
        return [need for need in needs if not any(map(self.has, need.split(" or ")))]
