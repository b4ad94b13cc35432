"""A piece of CSV as records: numbers in a table, texts as Arrow columns, and what is no row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from trustscore.io.csv_cells import copy_texts, field_end, read_records

__all__ = ["Broken", "Layout", "Records", "find_records", "first_record", "split_record"]

_NEWLINE = ord("\n")


class Broken(NamedTuple):
    """A record that is no row: its text, its line, how many fields it has.

    The number of fields is None if a quotation mark never closes.
    """

    raw: str
    line: int
    fields: int | None


@dataclass(frozen=True)
class Layout:
    """What to read of the fields of a record.

    Attributes
    ----------
    width : int
        Number of fields a row must have.
    numbers : sequence of int
        For each column of the table of numbers the field to read; -1 for a column of blanks.
    texts : sequence of int
        Places of the fields to read as texts, each at most once.
    delimiter, decimal : str
    counts : sequence of int
        Places of the fields that hold counts.

    Examples
    --------
    >>> layout = Layout(3, numbers=[2, -1], texts=[0])
    >>> layout.number_of.tolist(), layout.text_of.tolist()
    ([-1, -1, 0], [0, -1, -1])
    """

    width: int
    numbers: Sequence[int]
    texts: Sequence[int]
    delimiter: str = ","
    decimal: str = "."
    counts: Sequence[int] = ()

    @cached_property
    def number_of(self) -> NDArray[np.int32]:
        """For each field the first column of numbers that it is read into, or -1."""
        return self._places(self.numbers)

    @cached_property
    def text_of(self) -> NDArray[np.int32]:
        """For each field its place among the texts, or -1."""
        return self._places(self.texts)

    @cached_property
    def count_of(self) -> NDArray[np.int32]:
        """For each field whether it holds a count."""
        found = np.zeros(self.width, dtype=np.int32)
        found[list(self.counts)] = 1
        return found

    @cached_property
    def copies(self) -> list[tuple[int, int]]:
        """Columns of numbers that the records do not fill, each with the one it is a copy of.

        A column of blanks is a copy of -1.
        """
        found = [
            (at, int(self.number_of[f]) if f >= 0 else -1) for at, f in enumerate(self.numbers)
        ]
        return [(at, first) for at, first in found if at != first]

    def _places(self, fields: Sequence[int]) -> NDArray[np.int32]:
        places = np.full(self.width, -1, dtype=np.int32)
        for at, field in reversed(list(enumerate(fields))):
            if field >= 0:
                places[field] = at
        return places


@dataclass(frozen=True)
class Records:
    r"""The rows of a piece, and the records that are no rows.

    Attributes
    ----------
    data : bytes
    layout : Layout
    cells : ndarray of float64, shape (rows, numbers)
        NaN where a cell is blank, or odd.
    odd : ndarray of int64, shape (odd cells, 4)
        Cells that are neither blank nor plain numbers: row, column in `cells`, begin, end.
    spans : ndarray of int64, shape (texts, rows, 2)
        Where each text begins and ends.
    bounds : ndarray of int64, shape (rows, 2)
        Where each row begins, and where its line break stands.
    lines : ndarray of int64
        Physical line, from 1, on which each row begins.
    broken : list of Broken

    Examples
    --------
    >>> layout = Layout(2, numbers=[1], texts=[0])
    >>> found = find_records(b"m1,3\nm2\nm3,97%\n", layout, first_line=2)
    >>> found.cells.tolist(), found.texts(0).to_pylist(), found.lines.tolist()
    ([[3.0], [nan]], ['m1', 'm3'], [2, 4])
    >>> found.odd_texts(found.odd).to_pylist(), [(b.line, b.fields) for b in found.broken]
    (['97%'], [(3, 1)])
    """

    data: bytes
    layout: Layout
    cells: NDArray[np.float64]
    odd: NDArray[np.int64]
    spans: NDArray[np.int64]
    bounds: NDArray[np.int64]
    lines: NDArray[np.int64]
    broken: list[Broken]

    def __len__(self) -> int:
        return len(self.lines)

    def texts(self, place: int) -> Any:
        """Return one of the layout's text fields as an Arrow string array."""
        return _strings(self.data, self.spans[place, : len(self)], undouble=True)

    def odd_texts(self, odd: NDArray[np.int64]) -> Any:
        """Return the texts of odd cells, doubled marks as they stand in the file."""
        return _strings(self.data, np.ascontiguousarray(odd[:, 2:]), undouble=False)

    def raw(self, row: int) -> str:
        """Return a row as it stands in the file, without its line break."""
        begin, end = self.bounds[row].tolist()
        return self.data[begin:end].decode().removesuffix("\r")

    def cell(self, row: int, field: int) -> str:
        """Return the text of any field of a row."""
        begin, end = self.bounds[row].tolist()
        return split_record(self.data[begin:end], self.layout.delimiter)[field].removesuffix("\r")


def _strings(data: bytes, spans: NDArray[np.int64], *, undouble: bool) -> Any:
    count = spans.shape[0]
    offsets = np.empty(count + 1, dtype=np.int32)
    out = np.empty(int((spans[:, 1] - spans[:, 0]).sum()), dtype=np.uint8)
    copy_texts(data, spans, offsets, out, undouble)
    return pa.Array.from_buffers(
        pa.string(), count, [None, pa.py_buffer(offsets), pa.py_buffer(out)]
    )


def find_records(data: bytes, layout: Layout, first_line: int = 1) -> Records:
    """Read a piece of complete records.

    Parameters
    ----------
    data : bytes
        UTF-8; the last record ends with a line break. Lines may end with CR LF.
    layout : Layout
    first_line : int, default=1
        Physical line number of the first byte.
    """
    most = int(np.count_nonzero(np.frombuffer(data, dtype=np.uint8) == _NEWLINE))
    across = len(layout.numbers)
    # What is not written costs no memory: the pages of these tables are given out at first use.
    cells = np.empty((most, across))
    spans = np.empty((len(layout.texts), most, 2), dtype=np.int64)
    records = np.empty((most, 4), dtype=np.int64)
    odd = np.empty((most * across, 4), dtype=np.int64)
    rows, count, odds = read_records(
        data,
        ord(layout.delimiter),
        ord(layout.decimal),
        first_line,
        layout.number_of,
        layout.text_of,
        cells,
        spans,
        records,
        odd,
        layout.count_of,
    )
    records = records[:count]
    good = records[:, 3] == layout.width
    broken = [_broken(data, *record) for record in records[~good].tolist()] if rows < count else []
    kept = records[good] if broken else records
    cells = cells[:rows]
    for at, first in layout.copies:
        cells[:, at] = cells[:, first] if first >= 0 else np.nan
    return Records(data, layout, cells, odd[:odds], spans, kept[:, :2], kept[:, 2], broken)


def _broken(data: bytes, begin: int, end: int, line: int, fields: int) -> Broken:
    raw = data[begin:end].decode()
    if fields < 0:
        return Broken(raw.rstrip("\r\n"), line, None)
    return Broken(raw.removesuffix("\r"), line, fields)


def first_record(data: bytes, delimiter: str) -> int:
    r"""Return where the first record ends; 0 when it is not complete.

    Examples
    --------
    >>> first_record(b'a,"b\nc"\n1,2\n', ","), first_record(b'a,"b\n', ",")
    (8, 0)
    """
    begin = 0
    while (end := field_end(data, begin, ord(delimiter))) >= 0:
        begin = end + 1
        if data[end] == _NEWLINE:
            return begin
    return 0


def split_record(record: bytes, delimiter: str) -> list[str]:
    r"""Return the cells of one record, whatever their number.

    Examples
    --------
    >>> split_record(b'a,"b, ""c"" d",5" pipe\r\n', ",")
    ['a', 'b, "c" d', '5" pipe']
    """
    data = record.removesuffix(b"\n").removesuffix(b"\r") + b"\n"
    cells: list[str] = []
    begin = 0
    while begin < len(data):
        end = field_end(data, begin, ord(delimiter))
        if end < 0:
            end = len(data) - 1
        cells.append(_unquoted(data[begin:end]))
        begin = end + 1
    return cells


def _unquoted(cell: bytes) -> str:
    if len(cell) > 1 and cell[:1] == b'"' == cell[-1:]:
        cell = cell[1:-1].replace(b'""', b'"')
    return cell.decode()
