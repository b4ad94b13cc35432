"""What happened later: events among orders, joined to the merchants under audit."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np

from trustscore.errors import InputError

__all__ = ["Outcomes", "join_outcomes"]

Array = np.ndarray[Any, Any]
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Orders and bad events of the merchants under audit.

    Attributes
    ----------
    n, events : ndarray of shape (merchants,)
        0 where nothing is known.
    unknown : tuple of str
        Merchants of the outcomes that are not under audit.
    dated : bool
        Whether every row had a date that was checked against the day of the export.
    """

    n: Array
    events: Array
    unknown: tuple[str, ...]
    dated: bool


def join_outcomes(
    ids: Array,
    merchant_id: Array,
    events: Array,
    n: Array | None = None,
    date: Array | None = None,
    *,
    as_of: dt.date | None = None,
    lines: Array | None = None,
) -> Outcomes:
    """Check outcomes and join them to merchants.

    Parameters
    ----------
    ids : ndarray of str
        Merchants under audit.
    merchant_id, events : ndarray
        Of the outcomes; several rows of one merchant need a date and are added up.
    n : ndarray, optional
        Orders; without it each row is one labelled merchant, and `events` is 0 or 1.
    date : ndarray of str, optional
        When it happened, or the first day of a row's period.
    as_of : date, optional
        Day up to which the export knows; what happened before it is in the index already.
    lines : ndarray of int, optional
        Where each row stands, for messages.

    Raises
    ------
    InputError
        When rows are wrong, dated before `as_of`, of one class only, or of no merchant under
        audit: every fault is listed.

    Examples
    --------
    >>> ids = np.array(["a", "b"], dtype=object)
    >>> found = join_outcomes(ids, np.array(["b", "a", "c"]), np.array([0, 1, 1]))
    >>> found.events.tolist(), found.n.tolist(), found.unknown
    ([1.0, 0.0], [1.0, 1.0], ('c',))
    """
    rows = len(merchant_id)
    if rows == 0:
        raise InputError("the outcomes have no rows")
    number = np.arange(1, rows + 1) if lines is None else lines
    total = np.ones(rows) if n is None else np.asarray(n, dtype=np.float64)
    happened = np.asarray(events, dtype=np.float64)
    faults: list[str] = []

    def fault(wrong: Array, says: str) -> None:
        at = np.flatnonzero(wrong).tolist()
        faults.extend(f"line {number[row]} ({merchant_id[row]}): {says}" for row in at[:_SHOWN])
        if len(at) > _SHOWN:
            faults.append(f"and {len(at) - _SHOWN} more: {says}")

    blank = np.isnan(total) | np.isnan(happened)
    fault(blank, "n or events is blank")
    fault(~blank & ((total < 0) | (happened < 0)), "n and events must be 0 or more")
    if n is None:
        fault(~blank & ~np.isin(happened, (0.0, 1.0)), "events must be 0 or 1 as there is no n")
    else:
        fault(~blank & (happened > total), "events must be at most n")
    if date is None:
        _, first = np.unique(merchant_id.astype(str), return_index=True)
        again = np.ones(rows, dtype=bool)
        again[first] = False
        fault(again, "is there twice; rows of one merchant need a date each")
    else:
        faults += _date_faults(date, as_of, fault)
    if faults:
        raise InputError(f"the outcomes have {len(faults)} faults", faults)

    place = {name: at for at, name in enumerate(ids.tolist())}
    at = np.array([place.get(name, -1) for name in merchant_id.tolist()])
    known = at >= 0
    if not known.any():
        raise InputError(
            "no merchant of the outcomes is in the export",
            [f"outcomes: {merchant_id[0]!r}, export: {ids[0]!r}: are these the same ids?"],
        )
    joined = Outcomes(
        np.bincount(at[known], total[known], minlength=len(ids)),
        np.bincount(at[known], happened[known], minlength=len(ids)),
        tuple(dict.fromkeys(merchant_id[~known].tolist())),
        date is not None,
    )
    if joined.n.sum() == 0:
        raise InputError("the outcomes have no orders: n is 0 for every merchant of the export")
    if joined.events.sum() in (0, joined.n.sum()):
        which = "no events" if joined.events.sum() == 0 else "nothing but events"
        raise InputError(
            f"the outcomes have {which} among {joined.n.sum():.0f} orders of the export's "
            "merchants: with one class nothing can be told apart"
        )
    return joined


def _date_faults(date: Array, as_of: dt.date | None, fault: Any) -> list[str]:
    if as_of is None:
        return ["date: give the day of the export (as_of), so that leaks from it can be refused"]
    days = np.full(len(date), np.nan)
    for row, text in enumerate(date.tolist()):
        try:
            days[row] = dt.date.fromisoformat(str(text)[:10]).toordinal()
        except ValueError:
            continue
    fault(np.isnan(days), "date must be a date such as 2026-01-31")
    fault(
        days < as_of.toordinal(),
        f"is dated before {as_of}, when the export was made: the index knows it already",
    )
    return []
