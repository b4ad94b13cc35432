"""What a command did, at a glance: the data, which a terminal shows and a job reads as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Breakdown", "RunSummary", "most_first"]


@dataclass(frozen=True)
class Breakdown:
    """Counts by name, such as merchants by tier.

    Attributes
    ----------
    what : str
        What is told apart: ``tier``, ``status``, ``rule`` and so on.
    counts : dict of str to int
        In the order in which they are shown.
    whole : int
        What a count is a share of; 0 where it is no share of anything.
    """

    what: str
    counts: Mapping[str, int]
    whole: int = 0


@dataclass(frozen=True)
class RunSummary:
    """What a command did.

    Attributes
    ----------
    command : str
        Such as ``score`` or ``export boost``.
    counts : dict of str to int
        In the order in which they are shown. Where there is `read`, it is the sum of `rejected`
        and of what became of the other rows.
    tables : tuple of Breakdown
    files : tuple of str
        What was written.
    rejects : str or None
        The file of rejected rows, if there is one.
    day : str
        Of a review, else empty.
    seconds : float or None
        How long it took, where that is known.

    Examples
    --------
    >>> tiers = Breakdown("tier", {"standard": 6, "none": 2}, whole=8)
    >>> RunSummary("score", {"read": 9, "scored": 8, "rejected": 1}, (tiers,)).facts()
    {'command': 'score', 'counts': {'read': 9, 'scored': 8, 'rejected': 1}, \
'tier': {'standard': 6, 'none': 2}}
    """

    command: str
    counts: Mapping[str, int]
    tables: tuple[Breakdown, ...] = ()
    files: tuple[str, ...] = ()
    rejects: str | None = None
    day: str = ""
    seconds: float | None = None

    def facts(self) -> dict[str, Any]:
        """Return everything, ready for JSON."""
        found: dict[str, Any] = {"command": self.command, "counts": dict(self.counts)}
        if self.day:
            found["day"] = self.day
        found |= {table.what: dict(table.counts) for table in self.tables}
        if self.files:
            found["files"] = list(self.files)
        if self.rejects:
            found["rejects"] = self.rejects
        if self.seconds is not None:
            found["seconds"] = self.seconds
        return found


def most_first(counts: Mapping[str, int]) -> dict[str, int]:
    """Return counts without the zeros, the largest first, equal ones by name.

    Examples
    --------
    >>> most_first({"b": 1, "c": 0, "a": 1, "d": 5})
    {'d': 5, 'a': 1, 'b': 1}
    """
    order = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    return {name: count for name, count in order if count}
