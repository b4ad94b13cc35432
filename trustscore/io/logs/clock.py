"""Many wall-clock times of a zone to instants and back, as arrays of integer microseconds."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from trustscore.typing import BoolArray, IntArray

__all__ = ["DAY", "EPOCH_DAY", "MINUTE", "to_instants", "to_local"]

MINUTE = 60_000_000
DAY = 1440 * MINUTE
EPOCH_DAY = dt.date(1970, 1, 1).toordinal()
_EPOCH = dt.datetime(1970, 1, 1)
_MICROSECOND = dt.timedelta(microseconds=1)


def to_instants(local: IntArray, zone: ZoneInfo) -> tuple[IntArray, BoolArray]:
    """Return the instants of local times, and which of these exist twice or not at all.

    Both kinds take the offset that holds after the change of the clock.

    Examples
    --------
    >>> noon = np.array([12 * 60 * MINUTE])
    >>> instants, odd = to_instants(noon, ZoneInfo("Asia/Shanghai"))
    >>> int(instants[0]) // MINUTE // 60, odd.tolist()
    (4, [False])
    """
    offsets, odd = _offsets(local, zone, of_local=True)
    return local - offsets, odd


def to_local(instants: IntArray, zone: ZoneInfo) -> IntArray:
    """Return the wall clock of instants, as microseconds since midnight of 1970-01-01 local."""
    return instants + _offsets(instants, zone, of_local=False)[0]


def _offsets(times: IntArray, zone: ZoneInfo, *, of_local: bool) -> tuple[IntArray, BoolArray]:
    days, which = np.unique(times // DAY, return_inverse=True)
    of_day = np.array([_day_offset(zone, day, of_local) for day in days.tolist()], dtype=np.float64)
    found = of_day[which.reshape(-1)]
    odd = np.zeros(len(times), dtype=np.bool_)
    rows = np.flatnonzero(np.isnan(found))
    if len(rows):
        # The clock changes on such a day: every minute is looked at by itself.
        minutes, which = np.unique(times[rows] // MINUTE, return_inverse=True)
        each = [_offset_at(zone, minute, of_local) for minute in minutes.tolist()]
        found[rows] = np.array([offset for offset, _ in each])[which.reshape(-1)]
        odd[rows] = np.array([twice for _, twice in each])[which.reshape(-1)]
    return found.astype(np.int64), odd


@lru_cache(maxsize=1 << 16)
def _day_offset(zone: ZoneInfo, day: int, of_local: bool) -> float:
    """Return the offset of a whole day; NaN if it changes."""
    if day + EPOCH_DAY >= dt.date.max.toordinal() - 1:
        return float(_offset_at(zone, day * 1440, of_local)[0])
    offsets = {_offset_at(zone, day * 1440 + hour * 60, of_local) for hour in range(25)}
    offset, odd = next(iter(offsets))
    return float(offset) if len(offsets) == 1 and not odd else float("nan")


def _offset_at(zone: ZoneInfo, minute: int, of_local: bool) -> tuple[int, bool]:
    moment = _EPOCH + dt.timedelta(minutes=minute)
    if not of_local:
        there = moment.replace(tzinfo=dt.UTC).astimezone(zone)
        return _microseconds(there.utcoffset()), False
    first, second = (
        _microseconds(moment.replace(tzinfo=zone, fold=fold).utcoffset()) for fold in (0, 1)
    )
    return second, first != second


def _microseconds(offset: dt.timedelta | None) -> int:
    assert offset is not None
    return offset // _MICROSECOND
