"""Excel workbooks (.xlsx): one sheet, its cells read like those of a CSV.

A number is the number that is stored, not its rounded picture. A day is a day, an error such as
``#DIV/0!`` is a text, and of a formula there is the value that was stored with it. What a workbook
can hide is refused or set aside: merged cells, and formulas that nobody calculated.
"""

from __future__ import annotations

import csv
import hashlib
import io
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import chain, islice
from typing import Any, NamedTuple

import numpy as np

from trustscore.errors import InputError, at_most
from trustscore.io.arrow import strings
from trustscore.io.checks import Checker
from trustscore.io.clean_rows import Rows
from trustscore.io.columns import filled, rows_of
from trustscore.io.header import Wanted, match
from trustscore.io.readers import Options
from trustscore.io.rejects import REASONS, Fault
from trustscore.io.text_columns import Marks
from trustscore.io.xlsx_parts import Workbook
from trustscore.io.xlsx_sheet import (
    MOST_COLUMNS,
    Formula,
    Number,
    SheetRow,
    place_of,
    rows,
    survey,
)
from trustscore.ordinary_file import require_ordinary

__all__ = ["XlsxReader", "heading", "sheet_named"]

_LOG = logging.getLogger("trustscore")
_SHEET: ContextVar[str | None] = ContextVar("sheet of workbooks", default=None)
# A count of 1.125 may not be taken for 1125 that has lost its comma: the number is stored as one.
_THREE = re.compile(r"-?[0-9]+\.[0-9]{3}")


@contextmanager
def sheet_named(name: str | None) -> Iterator[None]:
    """Read the sheet of a name in every workbook for as long as this lasts."""
    before = _SHEET.set(name)
    try:
        yield
    finally:
        _SHEET.reset(before)


class _Source:
    """A workbook, hashed as a whole before it is read.

    Attributes
    ----------
    position : int
        Bytes read so far, by the share of the sheet.
    """

    encoding = "excel"

    def __init__(self, path: str) -> None:
        self.name, self.size, self.position = path, 0, 0
        require_ordinary(path)
        digest = hashlib.sha256()
        self._file = open(path, "rb")  # noqa: SIM115
        try:
            while data := self._file.read(1 << 20):
                digest.update(data)
                self.size += len(data)
            self.sha256 = digest.hexdigest()
            self.book = Workbook(path, self._file)
        except BaseException:
            self._file.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self.book.close()
        self._file.close()


def heading(path: str) -> list[str]:
    """Return the names of the columns of the sheet that would be read."""
    source = _Source(path)
    try:
        book = source.book
        sheet = book.choose(_SHEET.get())
        first = next(iter(rows(book, sheet, book.texts(), book.days())), None)
        if first is None:
            raise InputError(
                f"{path}, sheet {sheet.name}: is empty; a row of column names is expected"
            )
        return [first.cells.get(at, "").strip() for at in range(max(first.cells) + 1)]
    finally:
        source.close()


class SheetPiece(NamedTuple):
    """Some rows of a sheet."""

    data: list[SheetRow]
    line: int


class XlsxReader:
    """A sheet of a workbook, its columns known.

    Parameters
    ----------
    path : str
    wanted : Wanted
    options : Options
    """

    spreadsheet = False

    def __init__(self, path: str, wanted: Wanted, options: Options) -> None:
        self.source = _Source(path)
        try:
            self._open(path, wanted, options)
        except BaseException:
            self.source.close()
            raise

    def _open(self, path: str, wanted: Wanted, options: Options) -> None:
        book = self.source.book
        asked = _SHEET.get()
        sheet = book.choose(asked)
        self.name = f"{path}, sheet {sheet.name}"
        found = survey(book, sheet)
        self._rows = rows(book, sheet, book.texts(), book.days())
        self._bytes = max(book.size_of(sheet), 1)
        each = iter(self._rows)
        first = next(each, None)
        if first is None:
            raise InputError(f"{self.name}: is empty; a row of column names is expected")
        width = max(first.cells) + 1
        self.names = [first.cells.get(at, "").strip() for at in range(width)]
        _refuse_merged(self.name, found.merged, first.line, width)
        self.wanted, self._at_once = wanted, options.rows
        self.columns = match(
            self.names, wanted, self.name, keep=options.keep, allow_missing=options.allow_missing
        )
        self._each = each
        self.rows: int | None = max(found.rows - first.line, 0)
        self.checker = Checker(wanted.fields, wanted.pairs)
        self._marks = Marks(self.name, wanted.decimal)
        others = [one.name for one in book.sheets if one.shown and one != sheet]
        if asked is None and others:
            _LOG.warning(
                "%s: reads sheet %s, the first of %s; `sheet` names another",
                path,
                sheet.name,
                len(others) + 1,
            )

    def pieces(self) -> Iterator[SheetPiece]:
        """Yield the rows, so many at a time, once."""
        while part := list(islice(self._each, self._at_once)):
            share = min(self._rows.read / self._bytes, 1.0)
            self.source.position = int(share * self.source.size)
            yield SheetPiece(part, part[0].line)
        self.source.position = self.source.size

    def read(self, piece: SheetPiece) -> Rows:
        """Turn a piece into rows."""
        records = [row.cells for row in piece.data]
        # A row of notes beside the table is no row of it.
        columns, width = self.columns, len(self.names)
        lines = np.array([row.line for row in piece.data], dtype=np.int64)

        def column(place: int) -> Any:
            return strings([record.get(place) for record in records])

        def figures(place: int) -> Any:
            mark = self.wanted.decimal
            return strings([_figure(record.get(place), mark) for record in records])

        def raw(row: int) -> str:
            out = io.StringIO()
            cells = [records[row].get(at, "") for at in range(width)]
            csv.writer(out, lineterminator="").writerow(cells)
            return out.getvalue()

        texts = {field: column(place) for field, place in columns.texts.items()}
        faults = [
            Fault(row, field, str(cell), "not_calculated", REASONS["not_calculated"])
            for field, place in chain(columns.numbers.items(), columns.texts.items())
            for row, record in enumerate(records)
            if type(cell := record.get(place)) is Formula
        ]
        return rows_of(
            {field: figures(place) for field, place in columns.numbers.items()},
            ids=texts.pop("merchant_id"),
            texts={field: texts[field] for field in self.wanted.texts if field in texts},
            keep={field: filled(column(place)) for field, place in columns.keep.items()},
            lines=lines,
            wanted=self.wanted,
            checker=self.checker,
            raw=raw,
            file=self.source.name,
            faults=faults,
            marks=self._marks,
        )


def _figure(cell: str | None, mark: str) -> str | None:
    """Return a cell of a column of numbers as the text that means the same in this scorecard."""
    if type(cell) is Number:
        if _THREE.fullmatch(cell):
            cell = f"{cell}0"
        return cell.replace(".", mark)
    # A formula has its own fault, and is blank beside it.
    return None if type(cell) is Formula else cell


def _refuse_merged(name: str, merged: Any, header: int, width: int) -> None:
    """Refuse merged cells in the table: only the first of them holds what all of them show."""
    faults = []
    for ref in merged:
        first, _, last = ref.replace("$", "").partition(":")
        column = place_of(first.rstrip("0123456789")[:3] or "A")
        below = last.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
        if int(below[:8] or 0) >= header and column < min(width, MOST_COLUMNS):
            faults.append(f"{ref}: unmerge these cells, and write into each what it says")
    if faults:
        raise InputError(f"{name}: has merged cells in the table", at_most(faults))
