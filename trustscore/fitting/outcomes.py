"""What happened to merchants after the export was made, ready to learn from."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from trustscore.errors import InputError
from trustscore.fitting.notes import Note

__all__ = ["Outcomes", "collect_outcomes", "join"]

Array = np.ndarray[Any, Any]
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Bad events among orders, one entry a merchant.

    Attributes
    ----------
    merchant_id : ndarray of str objects
    n, events : ndarray of shape (merchants,)
    family : {"binomial", "poisson"}
        ``poisson`` where an order may have more than one event.
    """

    merchant_id: Array
    n: Array
    events: Array
    family: Literal["binomial", "poisson"] = "binomial"


def collect_outcomes(
    merchant_id: Array,
    n: Array,
    events: Array,
    date: Array | None = None,
    *,
    as_of: dt.date | None = None,
    counts: bool = False,
    lines: Array | None = None,
) -> Outcomes:
    """Check the rows of outcomes and add up those of one merchant.

    Parameters
    ----------
    merchant_id : ndarray of str
    n, events : ndarray
        Orders, and the bad events among them; for labels n is 1 and events 0 or 1.
    date : ndarray of str, optional
        Day of each row, or the first one of its period; blank is not known.
    as_of : date, optional
        Day up to which the export knows: a row before it would be learnt from itself.
    counts : bool, default=False
        Whether an order may have more than one event.
    lines : ndarray of int, optional
        Where the rows stand, for messages.

    Returns
    -------
    Outcomes

    Raises
    ------
    InputError
        With every fault.

    Examples
    --------
    >>> ids = np.array(["a", "b", "a"], dtype=object)
    >>> found = collect_outcomes(ids, np.array([10.0, 5.0, 10.0]), np.array([1.0, 0.0, 2.0]))
    >>> found.merchant_id.tolist(), found.n.tolist(), found.events.tolist()
    (['a', 'b'], [20.0, 5.0], [3.0, 0.0])
    """
    if not len(merchant_id):
        raise InputError("outcomes: have no rows")
    where = np.arange(1, len(n) + 1) if lines is None else lines
    faults: list[str] = []

    def fault(wrong: Array, says: str) -> None:
        rows = np.flatnonzero(wrong).tolist()
        faults.extend(f"line {where[r]} ({merchant_id[r]}): {says}" for r in rows[:_SHOWN])
        if len(rows) > _SHOWN:
            faults.append(f"and {len(rows) - _SHOWN} more of these")

    # A figure that is not finite, or not there, is below no limit.
    fault(~np.isfinite(n) | ~np.isfinite(events), "n and events must be finite numbers")
    fault((n < 0) | (events < 0), "n and events must be 0 or more")
    if not counts:
        fault(
            events > n,
            "events must be at most n; where an order may have several, say so (--counts)",
        )
    else:
        fault((events > 0) & (n == 0), "has events and no n to count them against")
    if date is not None and as_of is not None:
        early, wrong = np.zeros(len(n), dtype=bool), np.zeros(len(n), dtype=bool)
        for row, text in enumerate(date.tolist()):
            if not text:
                continue
            try:
                early[row] = dt.date.fromisoformat(str(text)[:10]) < as_of
            except ValueError:
                wrong[row] = True
        fault(wrong, "date must be a date such as 2026-01-31")
        fault(early, f"is dated before {as_of}, the day of the export, which knows it already")
    if faults:
        raise InputError(f"outcomes: {len(faults)} faults", faults)
    # In order of first use, whatever that is: nothing below depends on it.
    place = {name: at for at, name in enumerate(dict.fromkeys(merchant_id.tolist()))}
    at = np.array([place[name] for name in merchant_id.tolist()])
    names = np.empty(len(place), dtype=object)
    names[:] = list(place)
    return Outcomes(
        names,
        np.bincount(at, n, len(place)),
        np.bincount(at, events, len(place)),
        "poisson" if counts else "binomial",
    )


def join(outcomes: Outcomes, merchant_id: Array, notes: list[Note]) -> tuple[Array, Array]:
    """Return orders and events of these merchants, 0 where nothing is known.

    Raises
    ------
    InputError
        When no merchant of the outcomes is among them.

    Examples
    --------
    >>> notes = []
    >>> ids = np.array(["a", "x"], dtype=object)
    >>> found = Outcomes(ids, np.array([4.0, 9.0]), np.array([1.0, 0.0]))
    >>> join(found, np.array(["b", "a"], dtype=object), notes)[0].tolist()
    [0.0, 4.0]
    >>> notes[0].name
    'unknown_merchants'
    """
    place = {name: at for at, name in enumerate(merchant_id.tolist())}
    at = np.array([place.get(name, -1) for name in outcomes.merchant_id.tolist()], dtype=np.int64)
    known = at >= 0
    if not known.any():
        raise InputError(
            "outcomes: no merchant of them is in the export. Got "
            f"{outcomes.merchant_id[0]!r}, where the export has "
            f"{merchant_id[0] if len(merchant_id) else 'nobody'!r}"
        )
    strange = int((~known).sum())
    if strange:
        # No names: the note goes into the scorecard's file.
        text = f"{strange} of {len(known)} merchants are not in the export: left out"
        notes.append(Note("unknown_merchants", "outcomes", text))
    size = len(merchant_id)
    return (
        np.bincount(at[known], outcomes.n[known], size),
        np.bincount(at[known], outcomes.events[known], size),
    )
