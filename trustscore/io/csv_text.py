"""Columns to lines of CSV, a block at a time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from trustscore.io.arrow import floats, spans, strings
from trustscore.io.csv_lines import LISTED, NUMBER, TEXT, WORD, write_lines

__all__ = [
    "Column",
    "Listed",
    "Numbers",
    "Texts",
    "Words",
    "bare",
    "content",
    "exact",
    "inert",
    "lines",
    "lines_of",
]

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_GUARDED = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
# By byte: may a text that begins with it be a formula, and is a text that holds it quoted?
_FORMULA, _QUOTED = np.zeros((2, 256), dtype=np.bool_)
_FORMULA[list(b"=+-@\t\r\n'")] = True
# The first byte of the full-width signs, which some spreadsheets read as the narrow ones.
_FORMULA["＝".encode()[0]] = True
_QUOTED[list(b'",\r\n')] = True
# From 0 to here numbers are written in the compiled loop, and up to so many decimals.
_MOST = 999.0
_MOST_DECIMALS = 12


class Numbers(NamedTuple):
    """A column of numbers with fixed decimals; NaN is blank."""

    values: NDArray[np.float64]
    decimals: int


class Words(NamedTuple):
    """A column that holds few different texts: which one in each row, and the texts."""

    codes: NDArray[Any]
    words: Sequence[str]


class Texts(NamedTuple):
    """A column of an Arrow string array."""

    texts: Any


class Listed(NamedTuple):
    """A column of lists such as ``late:-3.2;refunds:-1.0``.

    Attributes
    ----------
    codes : ndarray, shape (most, rows)
        Which word; the first ones come first.
    values : ndarray of float64, shape (most, rows)
        The number behind each word; what is not above 0 once rounded is left out.
    words : sequence of str
    decimals : int
    """

    codes: NDArray[Any]
    values: NDArray[np.float64]
    words: Sequence[str]
    decimals: int


Column = Numbers | Words | Texts | Listed


class _Tables:
    """The flat tables that `write_lines` reads."""

    def __init__(self) -> None:
        self.kinds: list[int] = []
        self.places: list[tuple[int, int, int]] = []
        self.numbers: list[NDArray[np.float64]] = []
        self.decimals: list[int] = []
        self.codes: list[NDArray[Any]] = []
        self.words: list[bytes] = []
        self.texts: list[Any] = []
        # Bytes of a line, and of all texts, at most.
        self.widest = 0

    def add(self, column: Column) -> None:
        """Add a column."""
        if isinstance(column, Numbers):
            if not _is_short(column.values, column.decimals):
                self.add(Texts(strings(_spelled(column.values, column.decimals))))
                return
            self._place(NUMBER, len(self.numbers))
            self._add_numbers(column.values, column.decimals)
        elif isinstance(column, Words):
            self._place(WORD, len(self.codes))
            self._add_words([column.codes], column.words)
        elif isinstance(column, Texts):
            self._place(TEXT, len(self.texts))
            self.texts.append(inert(column.texts))
        elif not _is_short(column.values, column.decimals):
            self.add(Texts(strings(_joined(column))))
        else:
            self._place(LISTED, len(self.codes), len(self.numbers), len(column.values))
            for values in column.values:
                self._add_numbers(values, column.decimals)
            self._add_words(list(column.codes), column.words)

    def _place(self, kind: int, *places: int) -> None:
        self.kinds.append(kind)
        self.places.append((*places, 0, 0)[:3])  # type: ignore[arg-type]
        self.widest += 1

    def _add_numbers(self, values: NDArray[np.float64], decimals: int) -> None:
        self.numbers.append(values)
        self.decimals.append(decimals)
        self.widest += len("999.;") + decimals

    def _add_words(self, codes: Sequence[NDArray[Any]], words: Sequence[str]) -> None:
        ready = _ready(tuple(words))
        self.codes += [each.astype(np.int32) + len(self.words) for each in codes]
        self.words += ready
        self.widest += len(codes) * max(map(len, ready), default=0)


# Signals, tiers and statuses are the same in every block.
@lru_cache(maxsize=64)
def _ready(words: tuple[str, ...]) -> list[bytes]:
    """Return words as cells: one with a comma or a quotation mark is quoted like any text."""
    return [word.encode() for word in inert(strings(words)).to_pylist()]


def lines_of(columns: Sequence[Column], rows: int) -> Any:
    r"""Return the string array of the lines of some rows, line breaks included.

    Parameters
    ----------
    columns : sequence of Numbers, Words, Texts or Listed
    rows : int

    Examples
    --------
    >>> columns = [
    ...     Texts(pa.array(["m1", "a,b"])),
    ...     Numbers(np.array([71.25, np.nan]), 4),
    ...     Words(np.array([1, 0]), ["", "formal"]),
    ...     Listed(np.array([[1, 0]]), np.array([[3.21, 0.0]]), ["early:-", "late:-"], 1),
    ... ]
    >>> lines_of(columns, 2).to_pylist()
    ['m1,71.2500,formal,late:-3.2\n', '"a,b",,,\n']
    """
    tables = _Tables()
    for column in columns:
        tables.add(column)
    content, bounds = _joined_texts(tables.texts, rows)
    word_bounds = np.zeros(len(tables.words) + 1, dtype=np.int64)
    np.cumsum([len(word) for word in tables.words], out=word_bounds[1:])
    offsets = np.empty(rows + 1, dtype=np.int32)
    out = np.empty(rows * tables.widest + len(content), dtype=np.uint8)
    write_lines(
        np.array(tables.kinds, dtype=np.int32),
        np.array(tables.places, dtype=np.int32).reshape(-1, 3),
        np.array(tables.numbers, dtype=np.float64).reshape(len(tables.numbers), rows),
        np.array(tables.decimals, dtype=np.int32),
        10 ** np.array(tables.decimals, dtype=np.int64),
        np.array(tables.codes, dtype=np.int32).reshape(len(tables.codes), rows),
        b"".join(tables.words),
        word_bounds,
        content,
        bounds,
        offsets,
        out,
    )
    data = out[: offsets[-1]]
    return pa.Array.from_buffers(
        pa.string(), rows, [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    )


def _joined_texts(columns: Sequence[Any], rows: int) -> tuple[memoryview, NDArray[np.int64]]:
    """Return the bytes of columns one after the other, and where each text begins and ends."""
    contents = []
    bounds = np.empty((len(columns), rows, 2), dtype=np.int64)
    size = 0
    for place, column in enumerate(columns):
        data, starts, ends = spans(column)
        bounds[place, :, 0], bounds[place, :, 1] = starts + size, ends + size
        contents.append(data)
        size += len(data)
    whole = np.concatenate(contents) if contents else np.empty(0, dtype=np.uint8)
    return whole.data, bounds


def _is_short(values: NDArray[np.float64], decimals: int) -> bool:
    outside = (values < 0.0) | (values > _MOST)
    return decimals <= _MOST_DECIMALS and not outside.any()


def _spelled(values: NDArray[np.float64], decimals: int) -> list[str]:
    """Return numbers with fixed decimals, those that the loop could write as it writes them."""
    texts = []
    for value in values.tolist():
        if 0.0 <= value <= _MOST and 0 < decimals <= _MOST_DECIMALS:
            units = f"{round(value * 10.0**decimals):0{decimals + 1}d}"
            texts.append(f"{units[:-decimals]}.{units[-decimals:]}")
        else:
            texts.append("" if value != value else f"{value:.{decimals}f}")
    return texts


def _joined(column: Listed) -> list[str]:
    parts = [
        [
            f"{column.words[code]}{text}" if value > 0.5 / 10**column.decimals else ""
            for code, value, text in zip(codes, values, texts, strict=True)
        ]
        for codes, values, texts in (
            (codes.tolist(), values.tolist(), _spelled(values, column.decimals))
            for codes, values in zip(column.codes, column.values, strict=True)
        )
    ]
    return [";".join(filter(None, row)) for row in zip(*parts, strict=True)]


def exact(values: NDArray[np.float64]) -> Any:
    """Return numbers in the shortest form that reads back as the same; NaN is blank.

    Examples
    --------
    >>> exact(np.array([0.1, 2.0, np.nan])).to_pylist()
    ['0.1', '2', '']
    """
    numbers = floats(values, nulls=True)
    if _counts(values):
        numbers = numbers.cast(pa.int64())
    texts = numbers.cast(pa.string())
    return pc.coalesce(texts, _marks()[1]) if texts.null_count else texts


def _counts(values: NDArray[np.float64]) -> bool:
    """Return whether numbers are whole and small: as integers they are written alike."""
    known = values[~np.isnan(values)]
    return bool(np.all((known == np.floor(known)) & (known < 1e9) & ~np.signbit(known)))


def _inert_text(text: str) -> str:
    if _GUARDED.match(text) and not _NUMBER.fullmatch(text):
        text = "'" + text
    if any(mark in text for mark in '",\r\n'):
        text = '"' + text.replace('"', '""') + '"'
    return text


def bare(text: str) -> str:
    """Return a text as it was before `inert` put an apostrophe before it.

    Examples
    --------
    >>> bare("'=1+1"), bare("''=1"), bare("m1"), bare("'tis")
    ('=1+1', "'=1", 'm1', "'tis")
    """
    return text[1:] if text[:1] == "'" and _GUARDED.match(text) else text


def inert(texts: Any) -> Any:
    """Return texts as cells of CSV that no spreadsheet runs as a formula.

    A text that begins with ``=``, ``+``, ``-``, ``@``, their full-width forms, a tab or a line
    break gets an apostrophe before it, unless it is a number; so does one that looks as if it had
    been given one, so that `bare` undoes it. One with a comma, a quotation mark or a line
    break is quoted.

    Examples
    --------
    >>> inert(pa.array(["m1", "=1+1", "-12", "a,b", None])).to_pylist()
    ['m1', "'=1+1", '-12', '"a,b"', '']
    """
    if not len(texts):
        return texts
    data, starts, ends = spans(texts)
    there = np.flatnonzero(starts < ends)
    begin_formula = there[_FORMULA[data.take(starts[there])]]
    to_quote = np.flatnonzero(_QUOTED[data[starts[0] : ends[-1]]]) + starts[0]
    if not (len(begin_formula) or len(to_quote) or texts.null_count) and texts.type == pa.string():
        return texts
    cells = [text or "" for text in texts.to_pylist()]
    for row in {*begin_formula.tolist(), *np.searchsorted(ends, to_quote, "right").tolist()}:
        cells[row] = _inert_text(cells[row])
    return strings(cells)


def lines(columns: Sequence[Any]) -> Any:
    r"""Join columns of ready cells to the string array of lines, line breaks included.

    Parameters
    ----------
    columns : sequence of pyarrow.StringArray
        The cells as they are to be written; an array may hold several of a line.

    Examples
    --------
    >>> lines([pa.array(["m1", "m2"]), pa.array(["1,2", "3,4"])]).to_pylist()
    ['m1,1,2\n', 'm2,3,4\n']
    """
    comma, nothing, newline = _marks()
    # Ending the last cell is cheaper than copying the whole line to end it.
    ended = pc.binary_join_element_wise(columns[-1], nothing, newline)
    if len(columns) == 1:
        return ended
    return pc.binary_join_element_wise(*columns[:-1], ended, comma)


@cache
def _marks() -> tuple[Any, Any, Any]:
    # pa.scalar would import pandas.
    marks = strings([",", "", "\n"])
    return marks[0], marks[1], marks[2]


def content(texts: Any) -> bytes:
    r"""Return the bytes of a string array, one text after the other.

    Examples
    --------
    >>> content(pa.array(["a\n", "b\n"]).slice(1))
    b'b\n'
    """
    data, starts, ends = spans(texts)
    return data[starts[0] : ends[-1]].tobytes() if len(starts) else b""
