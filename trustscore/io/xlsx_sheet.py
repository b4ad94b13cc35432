"""The rows of a sheet of a workbook, one after the other, each cell as the text that it shows."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from trustscore.errors import InputError
from trustscore.io.xlsx_parts import LARGEST_SHEET, Sheet, Workbook, document, unescaped

__all__ = ["MOST_COLUMNS", "MOST_ROWS", "Formula", "Number", "SheetRow", "Survey", "rows", "survey"]

MOST_ROWS, MOST_COLUMNS = 1 << 20, 1 << 14
"""What a sheet may have."""
# Characters of a cell; Excel itself holds 32,767.
_LONGEST = 1 << 20
_MERGE = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref\s*=\s*["\']([A-Za-z0-9:$]+)["\']')
_ROW = re.compile(rb"<(?:\w+:)?row[\s>/]")
# Longer than what the two expressions match, so that a chunk's end does not cut a match apart.
_OVERLAP = 256
_CELL = re.compile(r"([A-Za-z]{1,3})([0-9]{1,7})")


class Number(str):
    """A number as it is stored: its point is a point, and it has no groups of three."""

    __slots__ = ()


class Formula(str):
    """A formula of which nobody stored the value."""

    __slots__ = ()


class SheetRow(NamedTuple):
    """A row: its number, and its cells by their column, from 0."""

    line: int
    cells: dict[int, str]


class Survey(NamedTuple):
    """What is known of a sheet before it is read: how many rows, and which cells are merged."""

    rows: int
    merged: Sequence[str]


def survey(book: Workbook, sheet: Sheet) -> Survey:
    """Count the rows of a sheet and find merged cells, which stand behind all rows."""
    count, merged, held = 0, [], b""
    for chunk in book.chunks(sheet.part, LARGEST_SHEET):
        data = held + chunk
        # What begins in the overlap is found when the next chunk has come.
        end = len(data) - _OVERLAP
        count += sum(found.start() < end for found in _ROW.finditer(data))
        merged += [f[1].decode() for f in _MERGE.finditer(data) if f.start() < end]
        held = data[max(end, 0) :]
    count += len(_ROW.findall(held))
    merged += [found.decode() for found in _MERGE.findall(held)]
    return Survey(count, [ref for ref in merged if ":" in ref])


def place_of(letters: str) -> int:
    """Return the number of a column, from 0.

    Examples
    --------
    >>> place_of("A"), place_of("aa"), place_of("XFD")
    (0, 26, 16383)
    """
    place = 0
    for letter in letters.upper():
        place = place * 26 + ord(letter) - 64
    return place - 1


def rows(book: Workbook, sheet: Sheet, texts: Sequence[str], days: Mapping[str, bool]) -> _Rows:
    """Return the rows of a sheet that hold anything.

    Parameters
    ----------
    book : Workbook
    sheet : Sheet
    texts : sequence of str
        That cells share.
    days : mapping of str to bool
        Of `Workbook.days`.
    """
    return _Rows(book, sheet, texts, days)


class _Rows:
    """Rows of a sheet; `read` says how many bytes of it were read."""

    def __init__(
        self, book: Workbook, sheet: Sheet, texts: Sequence[str], days: Mapping[str, bool]
    ) -> None:
        self._book, self._sheet, self._texts, self._days = book, sheet, texts, days
        self.read = 0
        self._what = f"{book.path}, sheet {sheet.name}"
        self._done: list[SheetRow] = []
        self._line, self._place = 0, -1
        self._cells: dict[int, str] = {}
        self._kind, self._style = "n", ""
        self._value: list[str] = []
        self._formula: list[str] | None = None
        self._into: list[str] | None = None
        self._has_value, self._length = False, 0
        self._aid = False
        self._columns: dict[str, int] = {}

    def __iter__(self) -> Iterator[SheetRow]:
        parsed = document(self._chunks(), self._start, self._end, self._text, self._what)
        for _ in parsed:
            yield from self._done
            self._done.clear()

    def _chunks(self) -> Iterator[bytes]:
        for chunk in self._book.chunks(self._sheet.part, LARGEST_SHEET):
            self.read += len(chunk)
            yield chunk

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            self._begin_cell(attributes)
        elif name == "v":
            self._into, self._has_value = self._value, True
        elif name == "t":
            if not self._aid:
                self._into, self._has_value = self._value, True
        elif name == "f":
            self._into = self._formula = []
        elif name == "rPh":
            self._aid = True
        elif name == "row":
            said = attributes.get("r", "")
            line = int(said) if said.isascii() and said.isdigit() else self._line + 1
            if not self._line < line <= MOST_ROWS:
                raise InputError(
                    f"{self._what}: damaged workbook: row {line} behind row {self._line} of at most"
                    f" {MOST_ROWS:,}"
                )
            self._line, self._place, self._cells = line, -1, {}

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        ref = attributes.get("r")
        if ref is None:
            self._place += 1
        else:
            letters = ref.rstrip("0123456789")
            place = self._columns.get(letters)
            if place is None:
                if not _CELL.fullmatch(ref) or place_of(letters) >= MOST_COLUMNS:
                    raise InputError(f"{self._what}: damaged workbook: no cell is {ref[:20]!r}")
                place = self._columns[letters] = place_of(letters)
            self._place = place
        self._kind, self._style = attributes.get("t", "n"), attributes.get("s", "")
        self._value, self._formula, self._has_value, self._length = [], None, False, 0

    def _text(self, said: str) -> None:
        if self._into is not None:
            self._into.append(said)
            self._length += len(said)
            if self._length > _LONGEST:
                raise InputError(
                    f"{self._what}, row {self._line}: a cell has more than {_LONGEST:,} characters"
                )

    def _end(self, name: str) -> None:
        if name in ("v", "t", "f"):
            self._into = None
        elif name == "c":
            self._end_cell()
        elif name == "row" and self._cells:
            self._done.append(SheetRow(self._line, self._cells))
        elif name == "rPh":
            self._aid = False

    def _end_cell(self) -> None:
        value, kind = "".join(self._value), self._kind
        if self._formula is not None and not value and kind != "str":
            self._cells[self._place] = Formula("=" + "".join(self._formula)[:1000])
            return
        if not self._has_value or not value:
            return
        if kind == "n":
            day = self._days.get(self._style)
            self._cells[self._place] = Number(value) if day is None else self._day(value, day)
        elif kind == "s":
            at = int(value) if value.isascii() and value.isdigit() else -1
            if not 0 <= at < len(self._texts):
                raise InputError(f"{self._what}: damaged workbook: it has no text {value[:20]!r}")
            text = self._texts[at]
            if text:
                self._cells[self._place] = text
        elif kind == "b":
            self._cells[self._place] = {"1": "true", "0": "false"}.get(value, value)
        else:
            # Texts, errors such as #DIV/0!, and days as ISO 8601 writes them.
            self._cells[self._place] = unescaped(value)

    def _day(self, value: str, shows_day: bool) -> str:
        """Return a number that is shown as a day or a time as such."""
        try:
            number = float(value)
        except ValueError:
            return value
        if not math.isfinite(number) or number < 0:
            return Number(value)
        seconds = round((number % 1) * 86_400)
        if not shows_day:
            whole = round(number * 86_400)
            return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
        first = dt.datetime(1904, 1, 1) if self._book.since_1904 else dt.datetime(1899, 12, 30)
        days = int(number)
        if not self._book.since_1904 and days <= 60:
            # Day 60 is 29 February 1900, which never was; the days before are one later.
            if days == 60 or days == 0:
                return Number(value)
            days += 1
        try:
            moment = first + dt.timedelta(days=days, seconds=seconds)
        except OverflowError:
            return Number(value)
        return moment.strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d")
