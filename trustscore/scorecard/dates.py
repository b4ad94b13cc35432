"""Dates as scorecards count them: days since 1970-01-01, from 1900-01-01 on."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import numpy as np

from trustscore.errors import InputError, at_most

__all__ = ["FIRST_DAY", "LAST_DAY", "days_of", "read_day", "read_days", "texts_of_days"]

_EPOCH = dt.date(1970, 1, 1).toordinal()
# Exports write 1899-12-30 or 0001-01-01 where they know no date.
_FIRST_YEAR = 1900
FIRST_DAY = float(dt.date(_FIRST_YEAR, 1, 1).toordinal() - _EPOCH)
LAST_DAY = float(dt.date.max.toordinal() - _EPOCH)
_FORM = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)?"
    r"( ?(?:Z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?))?",
    re.IGNORECASE,
)


def read_day(value: Any) -> tuple[float, str]:
    """Return the day of a date, and what is wrong with it; blank is NaN.

    Parameters
    ----------
    value : str, date, datetime or None
        An ISO date, of which a time of day may follow.

    Returns
    -------
    day : float
        Days since 1970-01-01; NaN where blank or wrong.
    reason : {"", "not_a_date", "early_date", "zoned_time"}

    Examples
    --------
    >>> read_day("1970-01-02"), read_day("1970-01-02 23:59:59"), read_day(None)
    ((1.0, ''), (1.0, ''), (nan, ''))
    >>> [read_day(x)[1] for x in ("2/3/2014", "0001-01-01", "2014-03-02T08:00:00Z")]
    ['not_a_date', 'early_date', 'zoned_time']
    """
    if value is None or value == "" or value != value:
        return np.nan, ""
    if isinstance(value, (dt.date, dt.datetime)):
        value = value.isoformat()
    match = _FORM.fullmatch(value.strip()) if isinstance(value, str) else None
    try:
        day = dt.date.fromisoformat(match[1]) if match else None
    except ValueError:
        day = None
    if match is None or day is None:
        return np.nan, "not_a_date"
    if match[2]:
        # Which day it is depends on where one stands.
        return np.nan, "zoned_time"
    if day.year < _FIRST_YEAR:
        return np.nan, "early_date"
    return float(day.toordinal() - _EPOCH), ""


def read_days(column: Any) -> tuple[Any, list[tuple[int, str, str]]]:
    """Return the days of a column of texts, and its faults: row, text and reason.

    Examples
    --------
    >>> read_days(np.array(["1970-01-03", None, "soon"], dtype=object))
    (array([ 2., nan, nan]), [(2, 'soon', 'not_a_date')])
    """
    cells = column.tolist()
    # Many rows share few days: each is looked at once.
    known = {cell: read_day(cell) for cell in set(cells)}
    days = np.array([known[cell][0] for cell in cells], dtype=np.float64)
    wrong = {cell for cell, (_, reason) in known.items() if reason}
    if not wrong:
        return days, []
    return days, [(row, x, known[x][1]) for row, x in enumerate(cells) if x in wrong]


def days_of(column: Any, name: str) -> Any:
    """Return a column of a block as days: datetime64, texts, or days already.

    Raises
    ------
    InputError
        Naming the first texts that are no dates.

    Examples
    --------
    >>> days_of(np.array(["1970-01-03", "NaT"], dtype="datetime64[s]"), "host_since")
    array([ 2., nan])
    """
    kind = column.dtype.kind
    if kind in "fiu":
        return column
    if kind == "M":
        days = column.astype("datetime64[D]")
        return np.where(np.isnat(days), np.nan, days.astype(np.int64).astype(np.float64))
    days, faults = read_days(column)
    if faults:
        raise InputError(
            f"column {name} of the block must hold dates, such as 2014-03-02",
            at_most(faults, lambda fault: f"row {fault[0]}: got {fault[1]!r}", what="cells"),
        )
    return days


def texts_of_days(days: Any) -> Any:
    """Return days as texts of dates, moved into the calendar; None for NaN.

    Examples
    --------
    >>> texts_of_days(np.array([0.4, np.nan, -1e9]))
    array(['1970-01-01', None, '1900-01-01'], dtype=object)
    """
    found = np.full(len(days), None, dtype=object)
    known = np.flatnonzero(~np.isnan(days))
    whole = np.rint(np.clip(days[known], FIRST_DAY, LAST_DAY)).astype(np.int64)
    found[known] = np.datetime_as_string(whole.astype("datetime64[D]"))
    return found
