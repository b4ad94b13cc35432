"""Checks on numbers: counts below nothing, parts above their whole, flags, ranges, infinity."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trustscore.io.rejects import REASONS, Fault

__all__ = ["Checker", "check_block"]

_MOST = np.finfo(np.float64).max
_LIMITS = {
    "count": (0.0, _MOST),
    "nonnegative": (0.0, _MOST),
    "share": (0.0, 1.0),
    "flag": (0.0, 1.0),
    "number": (-_MOST, _MOST),
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
    """The checks of a list of columns, made ready for many blocks.

    Parameters
    ----------
    fields : sequence of Field
        With ``name``, ``check`` and optionally ``lo`` and ``hi``.
    pairs : iterable of (str, str)
        Parts and their wholes.
    names : sequence of str or None, optional
        The columns of the matrices to come, in order; None for one to leave alone.
        The names of `fields` by default.

    Examples
    --------
    >>> from types import SimpleNamespace as Field
    >>> fields = [Field(name="paid", check="count", lo=None, hi=None)]
    >>> faults = Checker(fields).check(np.array([[3.0, -1.0, np.nan]]))
    >>> [(fault.row, fault.reason) for fault in faults]
    [(1, 'negative_count')]
    """

    def __init__(
        self,
        fields: Sequence[Any],
        pairs: Iterable[tuple[str, str]] = (),
        names: Sequence[str | None] | None = None,
    ) -> None:
        by_name = {field.name: field for field in fields}
        self.names = list(by_name) if names is None else list(names)
        # The order of the scorecard, not of the file, decides which fault of a row comes first.
        self._rank = {name: rank for rank, name in enumerate(by_name)}
        place = {name: at for at, name in enumerate(self.names) if name in by_name}
        self._fields = {at: by_name[name] for name, at in place.items()}
        low = np.full((len(self.names), 1), -np.inf)
        high = np.full((len(self.names), 1), np.inf)
        for at, field in self._fields.items():
            least, most = _LIMITS[field.check]
            if getattr(field, "lo", None) is not None:
                least = max(least, float(field.lo))
            if getattr(field, "hi", None) is not None:
                most = min(most, float(field.hi))
            low[at], high[at] = least, most
        self._low, self._high = low, high
        flags = [at for at, field in self._fields.items() if field.check == "flag"]
        self._flags = np.array(flags, dtype=np.intp)
        known = [(place[k], place[n]) for k, n in pairs if k in place and n in place]
        self._parts, self._wholes = np.array(known, dtype=np.intp).reshape(-1, 2).T

    def check(self, matrix: NDArray[np.float64]) -> list[Fault]:
        """Return the faults of a matrix of one row a column, ordered by row and field."""
        bad = matrix < self._low
        bad |= matrix > self._high
        faults = []
        if bad.any():
            faults += [
                self._limit(int(at), int(row), float(matrix[at, row]))
                for at, row in np.argwhere(bad)
            ]
        values = matrix[self._flags]
        between = (values > 0.0) & (values < 1.0)
        if between.any():
            faults += [
                self._fault(int(self._flags[at]), row, float(values[at, row]), "not_a_flag")
                for at, row in np.argwhere(between).tolist()
            ]
        above = matrix[self._parts] > matrix[self._wholes]
        if above.any():
            for pair, row in np.argwhere(above).tolist():
                part, whole = int(self._parts[pair]), int(self._wholes[pair])
                if bad[part, row] or bad[whole, row]:
                    continue  # one mistake, one fault
                name = self._fields[whole].name
                message = f"more than its whole, {name} = {plain(float(matrix[whole, row]))}"
                number = float(matrix[part, row])
                faults.append(
                    self._fault(part, row, number, "numerator_above_denominator", message)
                )
        faults.sort(key=self.order)
        return faults

    def order(self, fault: Fault) -> tuple[int, int]:
        """Sort key: the row, then the place of the field in the scorecard."""
        return fault.row, self._rank.get(fault.column, -1)

    def _limit(self, at: int, row: int, value: float) -> Fault:
        check = self._fields[at].check
        if np.isinf(value):
            return self._fault(at, row, value, "infinite")
        if check == "flag":
            return self._fault(at, row, value, "not_a_flag")
        if check in ("count", "nonnegative") and value < 0.0:
            return self._fault(at, row, value, "negative_count")
        least, most = plain(float(self._low[at, 0])), plain(float(self._high[at, 0]))
        message = f"must be between {least} and {most}"
        if self._low[at, 0] == -_MOST:
            message = f"must be at most {most}"
        elif self._high[at, 0] == _MOST:
            message = f"must be at least {least}"
        return self._fault(at, row, value, "out_of_range", message)

    def _fault(self, at: int, row: int, value: float, reason: str, message: str = "") -> Fault:
        name = self._fields[at].name
        return Fault(row, name, plain(value), reason, message or REASONS[reason])


def check_block(
    block: Mapping[str, NDArray[np.float64]],
    fields: Sequence[Any],
    pairs: Iterable[tuple[str, str]] = (),
) -> list[Fault]:
    """Check columns that are numbers already.

    Parameters
    ----------
    block : mapping of str to ndarray
        Columns without a field, and fields without a column, are left alone.
    fields : sequence of Field
    pairs : iterable of (str, str), optional
        Parts and their wholes.

    Returns
    -------
    list of Fault
        Ordered by row, then by the order of `fields`.

    Examples
    --------
    >>> from types import SimpleNamespace as Field
    >>> fields = [Field(name=n, check="count", lo=None, hi=None) for n in ("good", "paid")]
    >>> block = {"good": np.array([1.0, 5.0]), "paid": np.array([2.0, 4.0])}
    >>> for fault in check_block(block, fields, [("good", "paid")]):
    ...     print(fault.row, fault.column, fault.reason, "-", fault.message)
    1 good numerator_above_denominator - more than its whole, paid = 4
    """
    present = [field for field in fields if field.name in block]
    if not present:
        return []
    checker = Checker(present, pairs)
    return checker.check(np.stack([np.asarray(block[f.name], np.float64) for f in present]))
