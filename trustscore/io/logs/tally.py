"""What is counted while a log is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Tally"]


@dataclass
class Tally:
    """What was counted while a file was read.

    Attributes
    ----------
    read, kept : int
    rejected : Counter of str
        By reason.
    first, last : int or None
        Moments of events.
    naive, zoned : Counter of str
        Cells of times without and with an offset, by column.
    changed, skewed, reversed : int
        Times at a change of the clock; reversals of moments within and beyond ten minutes.
    days : Counter of int
        Rows by local day of their moment.
    late : Counter of int
        Rows by whole days between the event and its recording.
    """

    read: int = 0
    kept: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    first: int | None = None
    last: int | None = None
    naive: Counter[str] = field(default_factory=Counter)
    zoned: Counter[str] = field(default_factory=Counter)
    changed: int = 0
    skewed: int = 0
    reversed: int = 0
    days: Counter[int] = field(default_factory=Counter)
    late: Counter[int] = field(default_factory=Counter)

    def as_dict(self) -> dict[str, Any]:
        """Return the same for JSON."""
        return {
            name: {str(k): n for k, n in sorted(value.items())}
            if isinstance(value, Counter)
            else value
            for name, value in vars(self).items()
        }

    @classmethod
    def from_dict(cls, facts: Mapping[str, Any]) -> Tally:
        """Return what `as_dict` wrote."""
        made = cls()
        for name, value in facts.items():
            if name in ("days", "late"):
                value = Counter({int(key): n for key, n in value.items()})
            elif isinstance(value, dict):
                value = Counter(value)
            setattr(made, name, value)
        return made

    def add(self, other: Tally) -> None:
        """Add what was counted of another file."""
        for name, value in vars(other).items():
            mine = getattr(self, name)
            if name in ("first", "last"):
                both = [moment for moment in (mine, value) if moment is not None]
                if both:
                    setattr(self, name, min(both) if name == "first" else max(both))
            elif isinstance(value, Counter):
                mine.update(value)
            else:
                setattr(self, name, mine + value)
