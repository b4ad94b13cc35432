"""What every reader hands on: clean rows, and the rows that were rejected."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trustscore.io.arrow import bits, spans
from trustscore.io.checks import Checker
from trustscore.io.ids import BadId, canonical_ids
from trustscore.io.rejects import REASONS, Fault, Reject, raw_of, shown
from trustscore.io.text_columns import date_faults, text_column, tidy_ids
from trustscore.scorecard.dates import read_days
from trustscore.scoring.row_block import RowBlock

__all__ = ["LONGEST_KEPT", "LONGEST_TEXT", "Rows", "Unchecked", "clean"]

# Bytes of UTF-8 of a text that the scorecard reads, and of one that is passed through.
LONGEST_TEXT = 1 << 14
LONGEST_KEPT = 1 << 16
# Bytes of a cell that a reject shows beside the row.
_SHOWN = 1000


@dataclass
class Rows:
    """Rows without fault, and the rejects of the same stretch of input.

    Attributes
    ----------
    numbers : ndarray of float64, shape (rows, columns)
        One column for each field that the reader was told of, in their order; NaN for blank.
    columns : sequence of str or None
        Name of each of them; None for one that the input does not have.
    texts : dict of str to ndarray of object
        None for blank.
    ids : pyarrow.StringArray
    keep : dict of str to pyarrow.StringArray
        Columns to pass through.
    lines : ndarray of int64
        Where each row begins in its input.
    rejects : list of Reject
        Ordered by line.
    read : int
        Rows read, with and without fault.
    file : str
    raw : callable
        Text of a row as it stood in the input.
    """

    numbers: NDArray[np.float64]
    columns: Sequence[str | None]
    texts: dict[str, NDArray[np.object_]]
    ids: Any
    keep: dict[str, Any]
    lines: NDArray[np.int64]
    rejects: list[Reject]
    read: int
    file: str
    raw: Callable[[int], str]

    def __len__(self) -> int:
        return len(self.lines)

    @cached_property
    def block(self) -> RowBlock:
        """What `score_columns` reads."""
        return RowBlock(self.numbers, self.columns, self.texts)

    def names(self) -> NDArray[np.object_]:
        """Return the ids as an object array."""
        out = np.empty(len(self), dtype=object)
        out[:] = self.ids.to_pylist()
        return out

    def drop(self, rows: NDArray[np.int64], rejects: Sequence[Reject]) -> Rows:
        """Return the same without some rows, which are rejected instead."""
        stay = np.ones(len(self), dtype=np.bool_)
        stay[rows] = False
        where = np.flatnonzero(stay)
        mask = bits(stay)
        raw = self.raw
        return Rows(
            numbers=self.numbers[stay],
            columns=self.columns,
            texts={name: column[stay] for name, column in self.texts.items()},
            ids=self.ids.filter(mask),
            keep={name: column.filter(mask) for name, column in self.keep.items()},
            lines=self.lines[stay],
            rejects=sorted([*self.rejects, *rejects], key=lambda reject: reject.line),
            read=self.read,
            file=self.file,
            raw=lambda row: raw(int(where[row])),
        )


@dataclass
class Unchecked:
    """What a reader finds in a stretch of input.

    Attributes
    ----------
    numbers : ndarray of float64, shape (rows, columns)
        One column for each field; NaN for blank and for cells at fault.
    columns : sequence of str or None
        Name of each of them; None for one that the input does not have.
    faults : list of Fault
        Cells that are no numbers.
    ids : pyarrow.StringArray
    texts : mapping of str to pyarrow.StringArray
        Columns that the scorecard reads.
    keep : dict of str to pyarrow.StringArray
        Columns to pass through.
    lines : ndarray of int64
    broken : list of Reject
        Records that are no rows.
    file : str
    cell : callable
        Text of a numeric cell by row and field name.
    raw : callable
        Text of a row.
    key : str
        Name of the column of ids. Only those of merchants have rules of their own.
    """

    numbers: NDArray[np.float64]
    columns: Sequence[str | None]
    faults: list[Fault]
    ids: Any
    texts: Mapping[str, Any]
    keep: dict[str, Any]
    lines: NDArray[np.int64]
    broken: list[Reject]
    file: str
    cell: Callable[[int, str], str]
    raw: Callable[[int], str]
    key: str = "merchant_id"


def clean(found: Unchecked, checker: Checker) -> Rows:
    """Set the rows with faults aside.

    Parameters
    ----------
    found : Unchecked
    checker : Checker
        For the numbers.
    """
    ids, bad = _ids(found)
    texts = {name: text_column(column) for name, column in found.texts.items()}
    faults = found.faults + date_faults(texts) + _read_days(found, texts, checker)
    columns = checker.derive(found.numbers, found.columns)
    rows = Rows(
        numbers=found.numbers,
        columns=columns,
        texts=texts,
        ids=ids,
        keep=found.keep,
        lines=found.lines,
        rejects=found.broken,
        read=len(found.lines) + len(found.broken),
        file=found.file,
        raw=found.raw,
    )
    faults += [Fault(row, found.key, *what) for row, *what in bad]
    faults += _too_long(found.texts, LONGEST_TEXT) + _too_long(found.keep, LONGEST_KEPT)
    for fault in checker.check(found.numbers):
        if fault.column not in checker.derived:
            fault = fault._replace(value=found.cell(fault.row, fault.column))
        faults.append(fault)
    if not faults:
        return rows
    faults.sort(key=checker.order)
    rejects = {row: _reject(rows, list(of_row)) for row, of_row in groupby(faults, lambda f: f.row)}
    return rows.drop(np.array(list(rejects), dtype=np.int64), list(rejects.values()))


def _read_days(
    found: Unchecked, texts: dict[str, NDArray[np.object_]], checker: Checker
) -> list[Fault]:
    """Move the dates that are counted in days from the texts to the numbers."""
    faults = []
    for name, at in checker.dates.items():
        if name in texts:
            found.numbers[:, at], wrong = read_days(texts.pop(name))
            faults += [Fault(row, name, text, why, REASONS[why]) for row, text, why in wrong]
    return faults


def _ids(found: Unchecked) -> tuple[Any, list[BadId]]:
    if found.key == "merchant_id":
        return canonical_ids(found.ids)
    ids, missing = tidy_ids(found.ids)
    message = f"the row has no {found.key}"
    return ids, [BadId(row, "", "missing_id", message) for row in np.flatnonzero(missing).tolist()]


def _too_long(columns: Mapping[str, Any], most: int) -> list[Fault]:
    faults = []
    for name, column in columns.items():
        _, starts, ends = spans(column)
        for row in np.flatnonzero(ends - starts > most).tolist():
            text = column[row].as_py()
            if text is not None:
                message = f"longer than {most:,} bytes"
                faults.append(Fault(row, name, text, "too_long", message))
    return faults


def _reject(rows: Rows, faults: Sequence[Fault]) -> Reject:
    """Return the reject of a row: its first fault, and how many more there are."""
    first = faults[0]
    return Reject(
        line=int(rows.lines[first.row]),
        merchant_id=shown(rows.ids[first.row].as_py()),
        column=first.column,
        value=first.value[:_SHOWN],
        reason=first.reason,
        message=first.message,
        more=len(faults) - 1,
        raw=raw_of(rows.raw(first.row)),
        file=rows.file,
    )
