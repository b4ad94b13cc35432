"""Days of the market's zone as instants: integer microseconds since 1970-01-01 UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from trustscore.errors import InputError, suggest

__all__ = ["day_start", "load_zone", "window_bounds"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def load_zone(name: str) -> ZoneInfo:
    """Return a zone by its IANA name.

    Examples
    --------
    >>> load_zone("Asia/Shanghai").key
    'Asia/Shanghai'
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        hint = suggest(name, available_timezones())
        raise InputError(
            f"unknown time zone {name!r}{hint or ': give an IANA name such as Asia/Shanghai'}"
        ) from None


def day_start(day: date, zone: ZoneInfo) -> int:
    """Return the first instant of a local day.

    Where the clock skips midnight that is the instant of the jump; where midnight comes twice
    it is the first of the two.

    Examples
    --------
    >>> day_start(date(1970, 1, 2), load_zone("UTC"))
    86400000000
    >>> day_start(date(1970, 1, 2), load_zone("Asia/Shanghai"))
    57600000000
    """
    local = datetime.combine(day, time(), zone)
    return (local.astimezone(UTC) - _EPOCH) // _MICROSECOND


def window_bounds(cut: date, window: int, lag: int, zone: ZoneInfo) -> tuple[int, int]:
    """Return the instants [from, to) of a window of local days that ended `lag` days ago.

    Examples
    --------
    A day of 23 hours lies inside this window of two days.

    >>> start, end = window_bounds(date(2026, 3, 30), 2, 0, load_zone("Europe/Berlin"))
    >>> (end - start) / 3_600_000_000
    47.0
    """
    to = cut - timedelta(days=lag)
    return day_start(to - timedelta(days=window), zone), day_start(to, zone)
