"""What the logs cover, and what in them makes a figure doubtful: warnings in words."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["day_of", "gaps", "late_days", "share_warnings"]

_EPOCH = dt.date(1970, 1, 1)
# A day without events is a gap in a log whose usual day has so many.
_BUSY = 100
_RARE = 0.01


def day_of(number: int) -> str:
    """Return the day of a number of days since 1970-01-01.

    Examples
    --------
    >>> day_of(20484)
    '2026-01-31'
    """
    return (_EPOCH + dt.timedelta(days=number)).isoformat()


def gaps(days: Mapping[int, int]) -> list[str]:
    """Return the days inside a log that have no event.

    Examples
    --------
    >>> gaps({20484: 3, 20486: 1})
    ['2026-02-01']
    """
    if not days:
        return []
    first, last = min(days), max(days)
    # A log that spans centuries by one wrong date would list them all.
    return [day_of(day) for day in range(first, last + 1) if day not in days][:1000]


def late_days(late: Mapping[int, int], share: float = 0.95) -> int | None:
    """Return within how many whole days that share of the events was recorded.

    Examples
    --------
    >>> late_days({0: 90, 3: 8, 40: 2}), late_days({})
    (3, None)
    """
    total = sum(late.values())
    seen = 0
    for days in sorted(late):
        seen += late[days]
        if seen >= share * total:
            return days
    return None


def share_warnings(table: str, facts: Mapping[str, Any], days: Counter[int]) -> Iterator[str]:
    """Yield what is to be said of one log, given its entry of the manifest."""
    read, rejected = facts["read"], sum(facts["rejected"].values())
    if rejected > _RARE * read:
        most = max(facts["rejected"], key=facts["rejected"].get)
        yield (
            f"{table}: {rejected:,} of {read:,} rows were rejected ({rejected / read:.1%}), most"
            f" often {most}"
        )
    if facts.get("orphans", 0) > _RARE * read:
        yield f"{table}: {facts['orphans']:,} of {read:,} rows name an order that is in no log"
    if facts.get("unknown_merchant", 0) > _RARE * read:
        yield (
            f"{table}: {facts['unknown_merchant']:,} of {read:,} rows name a merchant that is not"
            " in merchants"
        )
    if left := facts.get("too_many"):
        rows = sum(each["rows"] for each in left)
        some = "; ".join(" ".join(f"{k} {v}" for k, v in each.items()) for each in left[:3])
        yield f"{table}: {rows:,} rows are left out as too many of one thing ({some})"
    for column in facts["mixed_offsets"]:
        yield f"{table}.{column}: some times have an offset and some have none"
    usual = sorted(days.values())[len(days) // 2] if days else 0
    if facts["gaps"] and usual >= _BUSY:
        yield (f"{table}: {len(facts['gaps'])} days without an event, the first {facts['gaps'][0]}")
