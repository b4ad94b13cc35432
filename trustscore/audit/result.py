"""What an audit says: figures, tables, and findings that may need a decision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

__all__ = ["Finding", "Section", "as_json", "table_of"]

Level = Literal["decide", "note", "fine"]
Table = Mapping[str, Sequence[Any] | np.ndarray[Any, Any]]


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

    def decide(self, code: str, text: str) -> None:
        """Add a finding that needs a decision."""
        self.findings.append(Finding("decide", f"{self.name}.{code}", text))

    def note(self, code: str, text: str) -> None:
        """Add a finding to know of."""
        self.findings.append(Finding("note", f"{self.name}.{code}", text))

    def fine(self, code: str, text: str) -> None:
        """Add a finding that all is well."""
        self.findings.append(Finding("fine", f"{self.name}.{code}", text))


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
