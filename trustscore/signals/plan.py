"""The plan of an export: statements in order, its columns, and what it lacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Plan", "PlannedColumn", "Statement"]


@dataclass(frozen=True)
class Statement:
    """One SELECT and the table it becomes, or the view if its rows cost next to nothing."""

    name: str
    sql: str
    view: bool = False


@dataclass(frozen=True)
class PlannedColumn:
    """A column of the export: ``int``, ``real``, ``text`` or ``bool``."""

    name: str
    type: str


@dataclass(frozen=True)
class Plan:
    """What is run to make an export.

    Attributes
    ----------
    market : tuple of Statement
        Run once, over relations `all_<table>` that hold all merchants.
    statements : tuple of Statement
        Run once a bucket of merchants; the last one is named ``export``.
    columns : tuple of PlannedColumn
    missing : dict of str to str
        Columns that cannot be made, each with the reason.
    unchecked : dict of str to str
        Exclusions of orders that could not be looked at, each with the reason.
    windows : dict of str to tuple of int
        First and last instant of each column's window, in microseconds UTC.
    """

    market: tuple[Statement, ...]
    statements: tuple[Statement, ...]
    columns: tuple[PlannedColumn, ...]
    missing: Mapping[str, str] = field(default_factory=dict)
    unchecked: Mapping[str, str] = field(default_factory=dict)
    windows: Mapping[str, tuple[int | None, int | None]] = field(default_factory=dict)
