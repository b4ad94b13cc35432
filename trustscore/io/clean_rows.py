"""What every reader hands on: clean rows as a block, and the rows it rejected."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trustscore.io.arrow import bits
from trustscore.io.checks import Checker
from trustscore.io.rejects import REASONS, Fault, Reject
from trustscore.io.text_columns import date_faults

__all__ = ["Rows", "assemble"]


@dataclass
class Rows:
    """A block of rows without fault, and the rejects of the same stretch of input.

    Attributes
    ----------
    block : dict of str to ndarray
        What `score_columns` reads.
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

    block: dict[str, NDArray[Any]]
    ids: Any
    keep: dict[str, Any]
    lines: NDArray[np.int64]
    rejects: list[Reject]
    read: int
    file: str
    raw: Callable[[int], str]

    def __len__(self) -> int:
        return len(self.lines)

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
            {name: column[stay] for name, column in self.block.items()},
            self.ids.filter(mask),
            {name: column.filter(mask) for name, column in self.keep.items()},
            self.lines[stay],
            sorted([*self.rejects, *rejects], key=lambda reject: reject.line),
            self.read,
            self.file,
            lambda row: raw(int(where[row])),
        )


def assemble(
    matrix: NDArray[np.float64],
    names: Mapping[str, int],
    checker: Checker,
    faults: list[Fault],
    ids: Any,
    missing: NDArray[np.bool_],
    texts: dict[str, NDArray[np.object_]],
    keep: dict[str, Any],
    lines: NDArray[np.int64],
    cell: Callable[[int, str], str],
    raw: Callable[[int], str],
    broken: list[Reject],
    file: str,
) -> Rows:
    """Put the parts of a stretch of input together and set the rows with faults aside.

    Parameters
    ----------
    matrix : ndarray of float64, shape (columns, rows)
    names : mapping of str to int
        Which row of the matrix holds which field.
    checker : Checker
        For the matrix.
    faults : list of Fault
        Found on the way from text to numbers.
    ids : pyarrow.StringArray
    missing : ndarray of bool
        Rows without an id.
    texts : dict of str to ndarray
    keep : dict of str to pyarrow.StringArray
    lines : ndarray of int64
    cell : callable
        Text of a cell by row and field name.
    raw : callable
        Text of a row.
    broken : list of Reject
        Records that are no rows.
    file : str
    """
    found = [f._replace(value=cell(f.row, f.column)) for f in checker.check(matrix)]
    faults = faults + found + date_faults(texts)
    for row in np.flatnonzero(missing):
        faults.append(Fault(int(row), "merchant_id", "", "missing_id", REASONS["missing_id"]))
    block = {name: matrix[at] for name, at in names.items()} | texts
    # A table of nothing but ids has rows all the same, and a block says how many by its columns.
    block = block or {"category": np.full(len(lines), None, dtype=object)}
    rows = Rows(
        block,
        ids,
        keep,
        lines,
        broken,
        len(lines) + len(broken),
        file,
        raw,
    )
    if not faults:
        return rows
    faults.sort(key=checker.order)
    bad: list[int] = []
    rejects: list[Reject] = []
    for row, group in groupby(faults, key=lambda fault: fault.row):
        first, *others = group
        bad.append(row)
        rejects.append(
            Reject(
                int(lines[row]),
                ids[row].as_py(),
                first.column,
                first.value,
                first.reason,
                first.message,
                len(others),
                raw(row),
                file,
            )
        )
    return rows.drop(np.array(bad, dtype=np.int64), rejects)
