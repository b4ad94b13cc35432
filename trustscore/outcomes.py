"""What happened to merchants after an export was made: one check for fits and audits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from trustscore.errors import InputError, at_most, plural
from trustscore.joins import check_join
from trustscore.typing import Array

__all__ = ["Outcomes", "RowFaults", "added_up", "check_dates", "collect_outcomes"]

_MOST_SHOWN = 10
# Above it not every whole number is a number.
_MOST_COUNTED = 2.0**53


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Bad events among orders, one entry a merchant.

    Attributes
    ----------
    merchant_id : ndarray of str objects
    n, events : ndarray of shape (merchants,)
    family : {"binomial", "poisson"}
        ``poisson`` where an order may have more than one event.
    dated : bool
        Whether every row had a day that was checked against that of the export.
    repeated : int
        Merchants with more than one row, whose rows were added up.
    unknown : tuple of str
        Merchants of the outcomes that are not among those they were joined to.
    harms : mapping of str to ndarray of shape (merchants,)
        Events of each kind, where they were told apart; an order may have several.
    """

    merchant_id: Array
    n: Array
    events: Array
    family: Literal["binomial", "poisson"] = "binomial"
    dated: bool = False
    repeated: int = 0
    unknown: tuple[str, ...] = ()
    harms: Mapping[str, Array] = field(default_factory=dict)

    def join(self, merchant_id: Array, source: str = "the outcomes") -> Outcomes:
        """Return the outcomes of these merchants, in their order; n is 0 where none is known.

        Less than half of the merchants of the outcomes among them is a warning.

        Parameters
        ----------
        merchant_id : ndarray of str objects
            The merchants of the export.
        source : str
            Name of the table of outcomes, for messages.

        Raises
        ------
        InputError
            When no merchant of the outcomes is among them.

        Examples
        --------
        >>> ids = np.array(["a", "x"], dtype=object)
        >>> found = Outcomes(ids, np.array([4.0, 9.0]), np.array([1.0, 0.0]))
        >>> joined = found.join(np.array(["b", "a"], dtype=object))
        >>> joined.n.tolist(), joined.events.tolist(), joined.unknown
        ([0.0, 4.0], [0.0, 1.0], ('x',))
        """
        place = {name: at for at, name in enumerate(merchant_id.tolist())}
        at = np.array([place.get(name, -1) for name in self.merchant_id.tolist()], dtype=np.int64)
        known = at >= 0
        check_join(self.merchant_id.tolist(), place, asked_in=source, known_in="the export")
        size = len(merchant_id)
        return replace(
            self,
            merchant_id=merchant_id,
            n=np.bincount(at[known], self.n[known], size),
            events=np.bincount(at[known], self.events[known], size),
            unknown=tuple(self.merchant_id[~known].tolist()),
            harms={
                name: np.bincount(at[known], values[known], size)
                for name, values in self.harms.items()
            },
        )

    def take(self, rows: Array) -> Outcomes:
        """Return the outcomes of some of the merchants."""
        return replace(
            self,
            merchant_id=self.merchant_id[rows],
            n=self.n[rows],
            events=self.events[rows],
            harms={name: values[rows] for name, values in self.harms.items()},
        )


def added_up(parts: Sequence[Outcomes]) -> Outcomes:
    """Return outcomes of several times, none of which is joined yet, as those of one.

    Examples
    --------
    >>> one = Outcomes(np.array(["a", "b"], dtype=object), np.ones(2), np.zeros(2))
    >>> two = Outcomes(np.array(["b"], dtype=object), np.ones(1), np.ones(1))
    >>> both = added_up([one, two])
    >>> both.merchant_id.tolist(), both.n.tolist(), both.events.tolist(), both.repeated
    (['a', 'b'], [1.0, 2.0], [0.0, 1.0], 1)
    """
    if len(parts) == 1:
        return parts[0]
    names = [name for part in parts for name in part.merchant_id.tolist()]
    # In order of first use, whatever that is: nothing below depends on it.
    place = {name: at for at, name in enumerate(dict.fromkeys(names))}
    at = np.array([place[name] for name in names])
    merchants = np.empty(len(place), dtype=object)
    merchants[:] = list(place)

    def total(values: Sequence[Array]) -> Array:
        return np.bincount(at, np.concatenate(values), len(place))

    return replace(
        parts[0],
        merchant_id=merchants,
        n=total([part.n for part in parts]),
        events=total([part.events for part in parts]),
        dated=all(part.dated for part in parts),
        repeated=int((np.bincount(at) > 1).sum()),
        harms={name: total([part.harms[name] for part in parts]) for name in parts[0].harms},
    )


class RowFaults:
    """Faults by row: the first of each kind are shown, all of them are counted."""

    def __init__(self, merchant_id: Array, lines: Array) -> None:
        self.listed: list[str] = []
        self.count = 0
        self._names, self._lines = merchant_id, lines

    def add(self, wrong: Array, says: str) -> None:
        """Add a fault of the rows that are wrong."""
        rows = np.flatnonzero(wrong).tolist()
        self.count += len(rows)
        self.listed += at_most(
            rows,
            lambda row: f"line {self._lines[row]} ({self._names[row]}): {says}",
            most=_MOST_SHOWN,
            what=f"rows: {says}",
        )


def collect_outcomes(
    merchant_id: Array,
    n: Array | None,
    events: Array,
    date: Array | None = None,
    *,
    as_of: dt.date | None = None,
    counts: bool = False,
    lines: Array | None = None,
    source: str = "outcomes",
    harms: Mapping[str, Array] | None = None,
) -> Outcomes:
    """Check the rows of outcomes and add up those of one merchant.

    Parameters
    ----------
    merchant_id : ndarray of str
    n : ndarray or None
        Orders; None where each row is one labelled case.
    events : ndarray
        The bad events among them; 0 or 1 for labels.
    date : ndarray of str, optional
        Day of each row, or the first one of its period.
    as_of : date, optional
        Day up to which the export knows; needed when there are dates. A row before it would be
        learnt from itself, and tested against itself.
    counts : bool, default=False
        Whether an order may have more than one event.
    lines : ndarray of int, optional
        Where the rows stand, for messages.
    source : str
        Name of the table, for messages.
    harms : mapping of str to ndarray, optional
        Events of each kind that `events` is made of: at most `events` each, as an order counts once
        in each.

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
    >>> found.merchant_id.tolist(), found.n.tolist(), found.events.tolist(), found.repeated
    (['a', 'b'], [20.0, 5.0], [3.0, 0.0], 1)
    """
    rows = len(merchant_id)
    if not rows:
        raise InputError(f"{source}: has no rows")
    faults = RowFaults(merchant_id, np.arange(1, rows + 1) if lines is None else lines)
    if n is None:
        n = np.ones(rows)
        faults.add(~np.isin(events, (0.0, 1.0)), "a label must be 0 or 1, as there is no n")
    else:
        _check_counts(n, events, counts, faults)
    if date is not None:
        check_dates(date, as_of, faults)
    for name, values in (harms or {}).items():
        # What is no number is beyond no limit.
        sound = (values >= 0) & (values <= events) & (np.floor(values) == values)
        faults.add(
            np.isfinite(events) & ~sound,
            f"events_{name} must be a whole number from 0 to events",
        )
    if faults.count:
        many = plural(faults.count, "fault")
        raise InputError(f"{source}: {many} in the outcomes", faults.listed)
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
        date is not None,
        int((np.bincount(at) > 1).sum()),
        harms={name: np.bincount(at, values, len(place)) for name, values in (harms or {}).items()},
    )


def _check_counts(n: Array, events: Array, counts: bool, faults: RowFaults) -> None:
    # A figure that is not finite, or not there, is below no limit.
    there = np.isfinite(n) & np.isfinite(events)
    faults.add(~there, "n and events must be finite numbers")
    whole = there & (np.floor(n) == n) & (np.floor(events) == events)
    faults.add(there & ~whole, "n and events must be whole numbers")
    negative = whole & ((n < 0) | (events < 0))
    faults.add(negative, "n and events must be 0 or more")
    huge = whole & ((n > _MOST_COUNTED) | (events > _MOST_COUNTED))
    faults.add(
        huge, f"n and events must be at most {_MOST_COUNTED:.0f}: beyond it they are no counts"
    )
    sound = whole & ~negative & ~huge
    if counts:
        faults.add(sound & (events > 0) & (n == 0), "has events and no n to count them against")
        return
    faults.add(
        sound & (events > n),
        "events must be at most n: count each order once, or where an order may have several "
        "events fit with `counts` (an audit tells orders with an event from those without)",
    )


def check_dates(date: Array, as_of: dt.date | None, faults: RowFaults) -> None:
    """Add the faults of days that are none, or are before that of the export."""
    texts = [str(text).strip() if text else "" for text in date.tolist()]
    day = np.array([_day(text) for text in texts])
    blank = np.array([not text for text in texts])
    faults.add(blank, "date is blank, so nobody can tell whether the export knows it already")
    faults.add(np.isnan(day) & ~blank, "date must be a date such as 2026-01-31")
    if as_of is None:
        faults.count += 1
        faults.listed.append(
            "date: give the day of the export (`as_of`), so that what it knows is refused"
        )
        return
    faults.add(
        day < as_of.toordinal(),
        f"is dated before {as_of}, the day of the export, which knows it already",
    )


def _day(text: str) -> float:
    """Return the number of a day, of which a time may follow; NaN for what is none."""
    try:
        return float(dt.datetime.fromisoformat(text).toordinal())
    except ValueError:
        return float("nan")
