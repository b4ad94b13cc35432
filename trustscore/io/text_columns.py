"""Text cells to numbers: the one place where that happens, whatever the text came in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from trustscore.errors import CellError
from trustscore.io.arrow import objects, spans, strings, strings_at, valid
from trustscore.io.cells import NOTHING, is_date, other_reading, read_cell, read_flag, trim
from trustscore.io.csv_cells import read_numbers as read_plain
from trustscore.io.rejects import REASONS, Fault
from trustscore.scorecard.side_columns import SIDE_COLUMNS, SIDE_TEXT

__all__ = [
    "TEXT",
    "Marks",
    "date_faults",
    "one_chunk",
    "read_numbers",
    "read_odd",
    "text_column",
    "tidy_ids",
]

TEXT = SIDE_TEXT
DATES = tuple(name for name in SIDE_TEXT if SIDE_COLUMNS[name].type == "date")

# A count of 1.400 may be 1400.
_THREE_DECIMALS = {
    ".": re.compile(r"[+-]?[1-9][0-9]{0,2}\.[0-9]{3}"),
    ",": re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}"),
}

Oddities = list[tuple[int, str, str]]  # place among the cells, text, reason


class Marks:
    """What point and comma were seen to mean in the columns of a file.

    A number such as ``3,125`` is read in groups of three, unless its column shows that the comma
    is its decimal point: then nobody can tell, and the file is refused.

    Parameters
    ----------
    file : str
    decimal : {".", ","}
    semicolons : bool, default=False
        Whether the file is separated by semicolons, as where the comma is the decimal point.

    Examples
    --------
    >>> marks = Marks("export.csv", ".")
    >>> marks.see("hours", ["3,125"])
    >>> marks.see("hours", ["3,1"])
    Traceback (most recent call last):
    trustscore.errors.CellError: export.csv, column hours: '3,125' is 3125 or 3.125...
    """

    def __init__(self, file: str, decimal: str, semicolons: bool = False) -> None:
        self._file, self.decimal = file, decimal
        self._seen: dict[tuple[str, str], str] = {}
        self._why = "the file is separated by semicolons" if semicolons and decimal == "." else ""

    def see(self, column: str, texts: Iterable[str]) -> None:
        """Note the odd cells of a column; several threads may do so at once."""
        for text in texts:
            kind = other_reading(text, self.decimal)
            if kind:
                self._seen.setdefault((column, kind), text)
        found, sure = (self._seen.get((column, kind)) for kind in ("maybe", "surely"))
        if found is None or not (sure or self._why):
            return
        other = "," if self.decimal == "." else "."
        number = trim(found)
        whole, part = number.replace(other, ""), number.replace(other, ".")
        why = self._why or f"the column also holds {sure!r}"
        where = f"{self._file}, column {column}"
        advice = f"give the scorecard `decimal = {other!r}`, or export numbers without groups of"
        raise CellError(
            f"{where}: {found!r} is {whole} or {part}, as {why}: {advice} three",
            f"{where}: a {other!r} parts groups of three or is the decimal point: {advice} three",
        )


def read_odd(
    cells: Any, check: str, decimal: str = ".", name: str = "", marks: Marks | None = None
) -> tuple[NDArray[np.float64], Oddities]:
    """Read cells that are not plain numbers.

    Parameters
    ----------
    cells : pyarrow.StringArray
        Without nulls.
    check : str
        The check of the field: only a flag may say yes, and a count or a flag
        is never a percentage.
    decimal : {".", ","}, default="."
    name : str, optional
    marks : Marks, optional
        Takes note of the cells, as those of the column `name`.

    Returns
    -------
    values : ndarray of float64
    faults : list of (place, text, reason)

    Examples
    --------
    >>> values, faults = read_odd(pa.array(["97%", "n/a", "many"]), "share")
    >>> values, faults
    (array([0.97,  nan,  nan]), [(2, 'many', 'not_a_number')])
    """
    if decimal == "." and check != "count":
        # Long fractions are common and only too long for the fast reader: Arrow rounds them right.
        try:
            found = cells.cast(pa.float64())
        except pa.ArrowInvalid:
            pass
        else:
            values = np.frombuffer(found.buffers()[1], dtype=np.float64)
            values = values[found.offset : found.offset + len(found)]
            # What Arrow calls nan or inf is for the grammar to judge.
            if np.isfinite(values).all():
                return values.copy(), []
    values = np.empty(len(cells))
    faults: Oddities = []
    known: dict[str, tuple[float, str]] = {}
    for place, text in enumerate(cells.to_pylist()):
        found = known.get(text)
        if found is None:
            found = known[text] = _read_one(text, check, decimal)
        values[place], reason = found
        if reason:
            faults.append((place, text, reason))
    if marks is not None:
        marks.see(name, known)
    return values, faults


def _read_one(text: str, check: str, decimal: str) -> tuple[float, str]:
    if check == "flag":
        said = read_flag(text)
        if said is not None:
            return said, ""
    cell = read_cell(text, decimal)
    reason = cell.reason
    if reason == "not_a_number" and check == "flag":
        reason = "not_a_flag"
    elif cell.percent and check in ("count", "flag"):
        reason = "not_a_flag" if check == "flag" else "not_a_count"
    elif not reason and check == "count" and _THREE_DECIMALS[decimal].fullmatch(trim(text)):
        reason = "maybe_thousands"
    return (np.nan if reason else cell.value), reason


def text_column(strings: Any) -> NDArray[np.object_]:
    """Return a text column: trimmed, None for blanks and the usual words for nothing.

    Examples
    --------
    >>> text_column(pa.array([" books ", "N/A", None]))
    array(['books', None, None], dtype=object)
    """
    return objects(strings, _tidy)


def _tidy(text: str) -> str | None:
    short = trim(text)
    return None if short.casefold() in NOTHING else short


def date_faults(texts: Mapping[str, NDArray[Any]]) -> list[Fault]:
    """Return the faults of the text columns that hold dates.

    Examples
    --------
    >>> since = np.array(["2026-02-01", None, "soon"], dtype=object)
    >>> [(fault.row, fault.value) for fault in date_faults({"tier_since": since})]
    [(2, 'soon')]
    """
    faults: list[Fault] = []
    for name in DATES:
        column = texts.get(name)
        if column is None:
            continue
        # Many rows share few days: each is looked at once.
        wrong = {text for text in set(column.tolist()) - {None} if not is_date(text)}
        if wrong:
            faults += [
                Fault(row, name, text, "not_a_date", REASONS["not_a_date"])
                for row, text in enumerate(column.tolist())
                if text in wrong
            ]
    return faults


def tidy_ids(ids: Any) -> tuple[Any, NDArray[np.bool_]]:
    """Return ids without white space around them, and where there is none at all.

    Parameters
    ----------
    ids : pyarrow.StringArray

    Returns
    -------
    ids : pyarrow.StringArray
        Without nulls.
    missing : ndarray of bool
        Blank ids.

    Examples
    --------
    >>> ids, missing = tidy_ids(pa.array([" m1", "m2", "", None]))
    >>> ids.to_pylist(), missing.tolist()
    (['m1', 'm2', '', ''], [False, False, True, True])
    """
    data, starts, ends = spans(ids)
    lengths = ends - starts
    if len(data):
        # Outside ASCII a byte alone does not tell a space from a letter: look at those closely.
        top = len(data) - 1
        first = data.take(np.minimum(starts, top))
        last = data.take(np.maximum(ends - 1, 0))
        loose = (first <= 32) | (first >= 127) | (last <= 32) | (last >= 127)
        loose &= lengths > 0
        if not loose.any() and not ids.null_count and ids.type == pa.string():
            return ids, lengths == 0
    tidy = strings([trim(text or "") for text in ids.to_pylist()])
    _, starts, ends = spans(tidy)
    return tidy, starts == ends


def one_chunk(column: Any) -> Any:
    """Return a column as one plain array: no chunks, no dictionary, no string views."""
    if isinstance(column, pa.ChunkedArray):
        column = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    if pa.types.is_dictionary(column.type):
        # Arrow's cast knows no dictionary of string views, as Polars makes of its categories.
        column = one_chunk(column.dictionary).take(column.indices)
    is_view = getattr(pa.types, "is_string_view", None)  # since pyarrow 16
    if is_view is not None and is_view(column.type):
        try:
            column = column.cast(pa.string())
        except pa.ArrowNotImplementedError:  # before pyarrow 18
            column = strings(column.to_pylist())
    return column


def read_numbers(
    column: Any, check: str, decimal: str, name: str = "", marks: Marks | None = None
) -> tuple[NDArray[np.float64], Oddities]:
    """Read a column of text; null is blank.

    Examples
    --------
    >>> read_numbers(pa.array(["1", None, "$2", "x"]), "number", ".")
    (array([ 1., nan,  2., nan]), [(3, 'x', 'not_a_number')])
    """
    content, starts, ends = spans(column)
    if column.null_count:
        # A null may stand over any bytes; it is blank.
        ends = np.where(valid(column), ends, starts)
    values, odd = np.empty((len(starts), 1)), np.empty(len(starts), dtype=np.int64)
    places = np.stack([starts, ends], axis=1)
    odd = odd[: read_plain(content.data, places, ord(decimal), values, odd, check == "count")]
    faults: Oddities = []
    if len(odd):
        cells = strings_at(content, ends[odd], ends[odd] - starts[odd])
        values[odd, 0], found = read_odd(cells, check, decimal, name, marks)
        faults = [(int(odd[place]), text, reason) for place, text, reason in found]
    return values[:, 0], faults
