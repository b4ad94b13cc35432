"""Days of the market's zone as instants: integer microseconds since 1970-01-01 UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from trustscore.errors import InputError, suggest

__all__ = ["clock_changes", "day_start", "load_zone", "window_bounds"]

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


_YEARS_BACK, _YEARS_AHEAD = 5, 1
_HOUR = 3_600_000_000


@lru_cache(maxsize=256)
def clock_changes(cut: date, zone: ZoneInfo) -> tuple[tuple[int, int, int], ...]:
    """Return when the clock was changed, from five years before a day to one year after it.

    Returns
    -------
    tuple of (int, int, int)
        The instant, by how much the clock was put forward, and how far it had been ahead of UTC
        till then, in microseconds.

    Examples
    --------
    >>> hours = [shift / _HOUR for _, shift, _ in clock_changes(date(2026, 1, 1), load_zone("UTC"))]
    >>> hours
    []
    >>> changes = clock_changes(date(2026, 1, 1), load_zone("Europe/Berlin"))
    >>> len(changes), [shift / _HOUR for _, shift, _ in changes[:2]]
    (12, [1.0, -1.0])
    """
    found = []
    day = day_start(cut - timedelta(days=365 * _YEARS_BACK), zone)
    last = day_start(cut + timedelta(days=365 * _YEARS_AHEAD), zone)
    while day < last:
        low, high = day, day + 24 * _HOUR
        before, after = _ahead(low, zone), _ahead(high, zone)
        if before != after:
            while high - low > 1_000_000:
                middle = (low + high) // 2_000_000 * 1_000_000
                low, high = (middle, high) if _ahead(middle, zone) == before else (low, middle)
            found.append((high, after - before, before))
        day += 24 * _HOUR
    return tuple(found)


def _ahead(instant: int, zone: ZoneInfo) -> int:
    """Return how far the local clock is ahead of UTC."""
    ahead = (_EPOCH + instant * _MICROSECOND).astimezone(zone).utcoffset()
    return 0 if ahead is None else ahead // _MICROSECOND
