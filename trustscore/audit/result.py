"""What an audit says: figures, tables, and findings that may need a decision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from trustscore.typing import Array

__all__ = ["Finding", "Level", "Section", "as_json", "level_within", "table_of"]

Level = Literal["decide", "note", "fine"]
Table = Mapping[str, Sequence[Any] | Array]


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence with its figures.

    Attributes
    ----------
    level : {"decide", "note", "fine"}
        Whether somebody must decide, should know, or may rest.
    code : str
        For filters; does not change when the sentence does.
    text : str
    """

    level: Level
    code: str
    text: str


@dataclass(slots=True)
class Section:
    """One part of an audit.

    Attributes
    ----------
    name : str
    facts : dict
        Single figures, and what was done to get them.
    tables : dict of str to table
        A table is columns of one length.
    findings : list of Finding
    """

    name: str
    facts: dict[str, Any] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def add(self, level: Level, code: str, text: str) -> None:
        """Add a finding; its code begins with the name of the section."""
        self.findings.append(Finding(level, f"{self.name}.{code}", text))

    def decide(self, code: str, text: str) -> None:
        """Add a finding that needs a decision."""
        self.add("decide", code, text)

    def note(self, code: str, text: str) -> None:
        """Add a finding to know of."""
        self.add("note", code, text)

    def fine(self, code: str, text: str) -> None:
        """Add a finding that all is well."""
        self.add("fine", code, text)

    def judge(self, code: str, text: str, *, bad: bool, otherwise: Level = "note") -> None:
        """Add a finding that needs a decision if it is bad."""
        self.add("decide" if bad else otherwise, code, text)


def level_within(figure: float, low: float, high: float, least: float, most: float) -> Level:
    """Return what to make of a figure that should lie between two others, by its interval.

    Returns
    -------
    {"decide", "fine", "note"}
        ``decide`` when the whole interval lies outside; ``note`` when the figure does, or is
        unknown, and the interval does not exclude that it should not.

    Examples
    --------
    >>> level_within(3.0, 2.0, 4.0, -1.0, 1.0), level_within(3.0, 0.0, 6.0, -1.0, 1.0)
    ('decide', 'note')
    """
    if low > most or high < least:
        return "decide"
    return "fine" if least <= figure <= most else "note"


def table_of(names: str, rows: Iterable[Sequence[Any]]) -> dict[str, list[Any]]:
    """Return rows as named columns.

    Examples
    --------
    >>> table_of("signal weight", [("a", 1.0), ("b", 2.0)])
    {'signal': ['a', 'b'], 'weight': [1.0, 2.0]}
    """
    listed = list(rows)
    return {name: [row[i] for row in listed] for i, name in enumerate(names.split())}


def as_json(value: Any) -> Any:
    """Return sections, tables and numpy values as what JSON can hold; NaN becomes null.

    Examples
    --------
    >>> as_json({"a": np.array([1.0, np.nan]), "b": Finding("note", "x.y", "z")})
    {'a': [1.0, None], 'b': {'level': 'note', 'code': 'x.y', 'text': 'z'}}
    """
    if isinstance(value, (Finding, Section)):
        return {name: as_json(getattr(value, name)) for name in value.__slots__}
    if isinstance(value, Mapping):
        return {str(key): as_json(each) for key, each in value.items()}
    if isinstance(value, np.ndarray):
        return as_json(value.tolist())
    if isinstance(value, (list, tuple)):
        return [as_json(each) for each in value]
    if isinstance(value, np.generic):
        return as_json(value.item())
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value
