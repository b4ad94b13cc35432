"""Checks on numbers: counts below nothing, parts above their whole, flags, ranges, infinity."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trustscore.io.bounds import rows_out_of_bounds
from trustscore.io.rejects import REASONS, Fault

__all__ = ["Checker"]

_MOST = np.finfo(np.float64).max
_LIMITS = {
    "count": (0.0, _MOST),
    "nonnegative": (0.0, _MOST),
    "share": (0.0, 1.0),
    "flag": (0.0, 1.0),
    "number": (-_MOST, _MOST),
    "date": (-_MOST, _MOST),
}


def plain(number: float) -> str:
    """Return the shortest text of a number, whole numbers without a point.

    Examples
    --------
    >>> plain(12.0), plain(0.25), plain(-np.inf)
    ('12', '0.25', '-inf')
    """
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(float(number))


class Checker:
    """The checks of a list of fields, made ready for many blocks.

    Parameters
    ----------
    fields : sequence of Field
        With ``name``, ``check`` and optionally ``lo`` and ``hi``.
    pairs : iterable of (str, str)
        Parts and their wholes.

    Examples
    --------
    >>> from types import SimpleNamespace as Field
    >>> fields = [Field(name="paid", check="count", lo=None, hi=None)]
    >>> faults = Checker(fields).check(np.array([[3.0], [-1.0], [np.nan]]))
    >>> [(fault.row, fault.reason) for fault in faults]
    [(1, 'negative_count')]
    """

    def __init__(
        self,
        fields: Sequence[Any],
        pairs: Iterable[tuple[str, str]] = (),
    ) -> None:
        self._fields = list(fields)
        # The order of the scorecard, not of the file, decides which fault of a row comes first.
        self._place = {field.name: place for place, field in enumerate(fields)}
        low, high = np.empty(len(fields)), np.empty(len(fields))
        for at, field in enumerate(fields):
            least, most = _LIMITS[field.check]
            if getattr(field, "lo", None) is not None:
                least = max(least, float(field.lo))
            if getattr(field, "hi", None) is not None:
                most = min(most, float(field.hi))
            low[at], high[at] = least, most
        self._low, self._high = low, high
        self.derived = {
            field.name: field.derived for field in fields if getattr(field, "derived", None)
        }
        self.dates = {field.name: at for at, field in enumerate(fields) if field.check == "date"}
        self._flags = [at for at, field in enumerate(fields) if field.check == "flag"]
        place = self._place
        self._pairs = [(place[k], place[n]) for k, n in pairs if k in place and n in place]
        self._places_of_flags = np.array(self._flags, dtype=np.int32)
        self._parts, self._wholes = np.array(self._pairs, dtype=np.int32).reshape(-1, 2).T.copy()

    def derive(
        self, matrix: NDArray[np.float64], columns: Sequence[str | None]
    ) -> Sequence[str | None]:
        """Fill the derived columns of a matrix; return the names of all columns that are there."""
        if not self.derived:
            return columns
        names = list(columns)
        for name, derived in self.derived.items():
            if all(names[self._place[column]] for column in derived.columns):
                at = self._place[name]
                matrix[:, at] = derived.of(lambda column: matrix[:, self._place[column]])
                names[at] = name
        return names

    def check(self, matrix: NDArray[np.float64]) -> list[Fault]:
        """Return the faults of a matrix of shape (rows, columns), ordered by row and field."""
        rows = np.empty(len(matrix), dtype=np.int64)
        count = rows_out_of_bounds(
            np.ascontiguousarray(matrix),
            self._low,
            self._high,
            self._places_of_flags,
            self._parts,
            self._wholes,
            rows,
        )
        # Nearly all rows are without fault; the others are looked at again to say what it is.
        faults = self._faults(matrix[rows[:count]]) if count else []
        return [fault._replace(row=int(rows[fault.row])) for fault in faults]

    def _faults(self, matrix: NDArray[np.float64]) -> list[Fault]:
        bad = matrix < self._low
        bad |= matrix > self._high
        faults = []
        if bad.any():
            faults += [
                self._limit(int(at), int(row), float(matrix[row, at]))
                for row, at in np.argwhere(bad)
            ]
        for at in self._flags:
            value = matrix[:, at]
            between = (value > 0.0) & (value < 1.0)
            if between.any():
                faults += [
                    self._fault(at, int(row), float(value[row]), "not_a_flag")
                    for row in np.flatnonzero(between)
                ]
        for part, whole in self._pairs:
            above = matrix[:, part] > matrix[:, whole]
            if above.any():
                for row in np.flatnonzero(above):
                    number, limit = float(matrix[row, part]), float(matrix[row, whole])
                    if bad[row, part] or bad[row, whole]:
                        continue  # one mistake, one fault
                    name = self._fields[whole].name
                    message = f"more than its whole, {name} = {plain(limit)}"
                    faults.append(
                        self._fault(part, int(row), number, "numerator_above_denominator", message)
                    )
        faults.sort(key=self.order)
        return faults

    def order(self, fault: Fault) -> tuple[int, int]:
        """Sort key: the row, then the place of the field in the scorecard."""
        return fault.row, self._place.get(fault.column, -1)

    def _limit(self, at: int, row: int, value: float) -> Fault:
        check = self._fields[at].check
        if np.isinf(value):
            return self._fault(at, row, value, "infinite")
        if check == "flag":
            return self._fault(at, row, value, "not_a_flag")
        if check in ("count", "nonnegative") and value < 0.0:
            return self._fault(at, row, value, "negative_count")
        least, most = plain(float(self._low[at])), plain(float(self._high[at]))
        message = f"must be between {least} and {most}"
        if self._low[at] == -_MOST:
            message = f"must be at most {most}"
        elif self._high[at] == _MOST:
            message = f"must be at least {least}"
        return self._fault(at, row, value, "out_of_range", message)

    def _fault(self, at: int, row: int, value: float, reason: str, message: str = "") -> Fault:
        name = self._fields[at].name
        return Fault(row, name, plain(value), reason, message or REASONS[reason])
