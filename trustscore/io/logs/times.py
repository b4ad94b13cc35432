"""Cells of moments and days: ISO 8601, Unix time, a pattern, or typed columns of Parquet."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from trustscore.errors import InputError
from trustscore.io.arrow import bits, valid
from trustscore.io.cells import NOTHING, trim
from trustscore.io.logs.clock import DAY, to_instants, to_local
from trustscore.io.text_columns import one_chunk
from trustscore.typing import BoolArray, IntArray

__all__ = ["Moments", "blank_texts", "read_days", "read_moments"]

_CLOCK = r"[ T]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?"
_NAIVE = rf"^\d{{4}}-\d{{2}}-\d{{2}}({_CLOCK})?$"
_OFFSET = rf"^\d{{4}}-\d{{2}}-\d{{2}}{_CLOCK} ?([Zz]|[+-]\d{{2}}(:?\d{{2}})?)$"
_UNIX = r"^(\d{9,10}|\d{12,13}|\d{15,16})$"
_EPOCH = dt.datetime(1970, 1, 1)
_MICROSECOND = dt.timedelta(microseconds=1)
# From so many digits on a whole number is milliseconds, and microseconds.
_MILLI, _MICRO = 10**11, 10**14


@dataclass
class Moments:
    """A column of moments.

    Attributes
    ----------
    values : ndarray of int64
        Microseconds since 1970-01-01 UTC; 0 where there is none.
    there, bad : ndarray of bool
        Where a cell is a moment, and where it is neither that nor blank.
    naive, zoned, changed : int
        Cells without and with an offset, and those at a change of the clock.
    """

    values: IntArray
    there: BoolArray
    bad: BoolArray
    naive: int = 0
    zoned: int = 0
    changed: int = 0

    def put(self, rows: Any, values: IntArray) -> None:
        """Set instants."""
        self.values[rows] = values
        self.there[rows] = True

    def put_local(self, rows: Any, local: IntArray, zone: ZoneInfo) -> None:
        """Set times of the market's wall clock."""
        instants, odd = to_instants(local, zone)
        self.put(rows, instants)
        self.naive += len(local)
        self.changed += int(odd.sum())


def blank_texts(texts: Any) -> Any:
    """Return texts without white space around them, null where they say nothing."""
    texts = pc.utf8_trim_whitespace(texts)
    nothing = pc.is_in(pc.utf8_lower(texts), pa.array(sorted(NOTHING)))
    return pc.if_else(nothing, pa.scalar(None, pa.string()), texts)


def read_moments(column: Any, zone: ZoneInfo, pattern: str = "", name: str = "") -> Moments:
    """Read a column of moments.

    Parameters
    ----------
    column : pyarrow.Array
        Text, whole numbers, timestamps or dates.
    zone : ZoneInfo
        Of times without an offset.
    pattern : str, optional
        As `datetime.strptime` reads it, instead of ISO 8601 and Unix time.
    name : str, optional
        For messages.

    Examples
    --------
    >>> cells = pa.array(["2026-01-31T08:00:00+08:00", "2026-01-31 08:00", "1769817600", "soon"])
    >>> found = read_moments(cells, ZoneInfo("Asia/Shanghai"))
    >>> sorted(set(found.values.tolist())), found.bad.tolist()
    ([0, 1769817600000000], [False, False, False, True])
    """
    column = one_chunk(column)
    kind, size = column.type, len(column)
    found = Moments(np.zeros(size, np.int64), np.zeros(size, np.bool_), np.zeros(size, np.bool_))
    if pa.types.is_null(kind):
        return found
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        rows = np.flatnonzero(valid(column))
        there = column.drop_null().cast(pa.timestamp("us", getattr(kind, "tz", None)), safe=False)
        values = np.asarray(there.cast(pa.int64()))
        if getattr(kind, "tz", None):
            found.put(rows, values)
            found.zoned += len(rows)
        else:
            found.put_local(rows, values, zone)
        return found
    if pa.types.is_floating(kind):
        values = np.asarray(column.cast(pa.float64()).fill_null(np.nan))
        found.bad = ~np.isnan(values) & ~((values == np.floor(values)) & (abs(values) < 2**53))
        rows = np.flatnonzero(~np.isnan(values) & ~found.bad)
        _put_unix(found, rows, values[rows].astype(np.int64))
        return found
    if pa.types.is_integer(kind):
        rows = np.flatnonzero(valid(column))
        _put_unix(found, rows, np.asarray(column.drop_null().cast(pa.int64(), safe=False)))
        return found
    if not pa.types.is_string(kind):
        raise InputError(f"column {name} is of type {kind}; times are text, numbers or timestamps")
    texts = blank_texts(column)
    found.bad = valid(texts)
    if pattern:
        _read_pattern(found, texts, zone, pattern)
    else:
        _read_iso(found, texts, zone)
    found.bad &= ~found.there
    return found


def _put_unix(found: Moments, rows: IntArray, values: IntArray) -> None:
    size = abs(values)
    scale = np.where(size < _MILLI, 1_000_000, np.where(size < _MICRO, 1000, 1))
    # More digits than microseconds of the calendar have, or fewer than seconds since 1973.
    bad = (size >= 10**16) | (size < 10**8)
    found.bad[rows[bad]] = True
    good = ~bad
    found.put(rows[good], values[good] * scale[good])
    found.zoned += int(good.sum())


def _where(texts: Any, pattern: str) -> IntArray:
    hit = pc.match_substring_regex(texts, pattern).fill_null(False)
    return np.flatnonzero(np.asarray(hit.to_numpy(zero_copy_only=False), dtype=np.bool_))


def _read_iso(found: Moments, texts: Any, zone: ZoneInfo) -> None:
    rows = _where(texts, _NAIVE)
    if len(rows):
        good, values = _cast(_some(texts, rows), None)
        found.put_local(rows[good], values, zone)
    if len(rows) == found.bad.sum():
        return
    rows = _where(texts, _UNIX)
    if len(rows):
        _put_unix(found, rows, np.asarray(_some(texts, rows).cast(pa.int64())))
    rows = _where(texts, _OFFSET)
    if len(rows):
        good, values = _cast(_some(texts, rows), "UTC")
        found.put(rows[good], values)
        found.zoned += len(values)


def _some(texts: Any, rows: IntArray) -> Any:
    if len(rows) == len(texts):
        return texts
    mask = np.zeros(len(texts), dtype=np.bool_)
    mask[rows] = True
    return texts.filter(bits(mask))


def _cast(texts: Any, zone: str | None) -> tuple[BoolArray, IntArray]:
    """Return which texts of the right form are times of the calendar, and their microseconds."""
    try:
        values = np.asarray(texts.cast(pa.timestamp("us", zone)).cast(pa.int64()))
        return np.ones(len(values), dtype=np.bool_), values
    except pa.ArrowInvalid:
        pass
    good, out = np.zeros(len(texts), dtype=np.bool_), []
    for row, text in enumerate(texts.to_pylist()):
        try:
            moment = dt.datetime.fromisoformat(text.replace(",", ".").replace(" +", "+"))
            value = _since_epoch(moment)
        except (ValueError, OverflowError):
            continue
        good[row] = True
        out.append(value)
    return good, np.array(out, dtype=np.int64)


def _since_epoch(moment: dt.datetime) -> int:
    """Return microseconds: of the instant where there is an offset, else of the wall clock."""
    offset = moment.utcoffset() or dt.timedelta()
    return (moment.replace(tzinfo=None) - _EPOCH - offset) // _MICROSECOND


def _read_pattern(found: Moments, texts: Any, zone: ZoneInfo, pattern: str) -> None:
    known: dict[str, tuple[int, bool] | None] = {}
    naive: list[tuple[int, int]] = []
    zoned: list[tuple[int, int]] = []
    for row, text in enumerate(texts.to_pylist()):
        if text is None:
            continue
        if text not in known:
            try:
                moment = dt.datetime.strptime(trim(text), pattern)
                known[text] = (_since_epoch(moment), moment.tzinfo is not None)
            except (ValueError, OverflowError):
                known[text] = None
        read = known[text]
        if read is not None:
            (zoned if read[1] else naive).append((row, read[0]))
    if zoned:
        rows, values = np.array(zoned, dtype=np.int64).T
        found.put(rows, values)
        found.zoned += len(rows)
    if naive:
        rows, values = np.array(naive, dtype=np.int64).T
        found.put_local(rows, values, zone)


def read_days(column: Any, zone: ZoneInfo, pattern: str = "", name: str = "") -> Moments:
    """Read a column of calendar days; the values are days since 1970-01-01.

    Examples
    --------
    >>> read_days(pa.array(["1970-01-02", "x"]), ZoneInfo("Asia/Shanghai")).values.tolist()
    [1, 0]
    """
    column = one_chunk(column)
    found = read_moments(column, zone, pattern, name)
    found.values = np.where(found.there, to_local(found.values, zone) // DAY, 0)
    return found
