"""Columns to lines of CSV, a block at a time.

Numbers are written with a fixed number of decimals from two tables, one of whole
parts and one of four-digit groups; `PAD` fills the places a shorter number leaves
free and is squeezed out at the end. It is a byte that UTF-8 never contains.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from trustscore.io.arrow import floats, int32s, spans, strings

__all__ = ["bare", "content", "exact", "fixed", "inert", "lines", "repeated", "segment"]

PAD = 0xFF
_BLANK_WHOLE, _BLANK_GROUP = 1000, 10000
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_FORMULA = b"=+-@\t\r'"
_GUARDED = re.compile(r"'*[=+\-@\t\r]")
_QUOTED = b'",\r\n'


@cache
def _tables() -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    wholes = b"".join((b"%d." % n).rjust(4, b"\xff") for n in range(1000)) + b"\xff" * 4
    groups = b"".join(b"%04d" % n for n in range(10000)) + b"\xff" * 4
    return np.frombuffer(wholes, dtype=np.uint32), np.frombuffer(groups, dtype=np.uint32)


def fixed(values: NDArray[np.float64], decimals: int) -> NDArray[np.uint8]:
    r"""Return numbers with 4 or 8 decimals as rows of bytes, `PAD`-ded; NaN is all `PAD`.

    Parameters
    ----------
    values : ndarray of float64
    decimals : {4, 8}

    Returns
    -------
    ndarray of uint8, shape (n, 4 + decimals or more)

    Examples
    --------
    >>> rows = fixed(np.array([71.25, 100.0, np.nan, 0.00004]), 4)
    >>> [row.tobytes().replace(b"\xff", b"").decode() for row in rows]
    ['71.2500', '100.0000', '', '0.0000']
    """
    wholes, groups = _tables()
    scale = 10**decimals
    blank = np.isnan(values)
    has_blank = bool(blank.any())
    scaled = np.where(blank, 0.0, values) if has_blank else values
    scaled = np.rint(scaled * scale)
    if len(scaled) and (scaled.min() < 0 or scaled.max() >= 1000 * scale):
        return _fixed_any(values, decimals)
    number = scaled.astype(np.int64)
    out = np.empty((len(values), 1 + decimals // 4), dtype=np.uint32)
    for place in range(decimals // 4, 0, -1):
        rest = number // 10000
        group = number - rest * 10000
        if has_blank:
            group[blank] = _BLANK_GROUP
        out[:, place] = groups.take(group)
        number = rest
    if has_blank:
        number[blank] = _BLANK_WHOLE
    out[:, 0] = wholes.take(number)
    return out.view(np.uint8)


def _fixed_any(values: NDArray[np.float64], decimals: int) -> NDArray[np.uint8]:
    texts = [b"" if v != v else f"{v:.{decimals}f}".encode() for v in values.tolist()]
    width = max(map(len, texts), default=0)
    flat = b"".join(text.rjust(width, b"\xff") for text in texts)
    return np.frombuffer(flat, dtype=np.uint8).reshape(len(values), width)


def segment(columns: Sequence[NDArray[np.uint8]]) -> Any:
    """Join columns of `fixed` bytes with commas to an Arrow string array.

    Examples
    --------
    >>> segment([fixed(np.array([1.5, np.nan]), 4), fixed(np.array([2.0, 3.0]), 4)]).to_pylist()
    ['1.5000,2.0000', ',3.0000']
    """
    count = len(columns[0])
    width = sum(column.shape[1] for column in columns) + len(columns) - 1
    table = np.empty((count, width), dtype=np.uint8)
    at = 0
    for place, column in enumerate(columns):
        if place:
            table[:, at] = ord(",")
            at += 1
        table[:, at : at + column.shape[1]] = column
        at += column.shape[1]
    used = table != PAD
    offsets = np.zeros(count + 1, dtype=np.int32)
    np.cumsum(np.count_nonzero(used, axis=1), out=offsets[1:])
    data = np.compress(used.reshape(-1), table.reshape(-1))
    return pa.Array.from_buffers(
        pa.string(), count, [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    )


def exact(values: NDArray[np.float64]) -> Any:
    """Return numbers in the shortest form that reads back as the same; NaN is blank.

    Examples
    --------
    >>> exact(np.array([0.1, 2.0, np.nan])).to_pylist()
    ['0.1', '2', '']
    """
    texts = floats(values, nulls=True).cast(pa.string())
    return pc.coalesce(texts, _marks()[1]) if texts.null_count else texts


def repeated(text: str, count: int) -> Any:
    """Return an array of one text, safe for CSV.

    Examples
    --------
    >>> repeated("a", 2).to_pylist()
    ['a', 'a']
    """
    return inert(strings([text])).take(int32s(np.zeros(count, dtype=np.int32)))


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

    A text that begins with ``=``, ``+``, ``-``, ``@``, a tab or a carriage return gets
    an apostrophe before it, unless it is a number; so does one that looks as if it had
    been given one, so that `bare` undoes it. One with a comma, a quotation mark or a line
    break is quoted.

    Examples
    --------
    >>> inert(pa.array(["m1", "=1+1", "-12", "a,b", None])).to_pylist()
    ['m1', "'=1+1", '-12', '"a,b"', '']
    """
    data, starts, ends = spans(texts)
    if not texts.null_count and texts.type == pa.string():
        used = data[starts[0] : ends[-1]] if len(starts) else data
        special = used == _QUOTED[0]
        for mark in _QUOTED[1:]:
            special |= used == mark
        first = data.take(starts[starts < ends]) if len(data) else data
        if not special.any() and not np.isin(first, list(_FORMULA)).any():
            return texts
    return strings([_inert_text(text or "") for text in texts.to_pylist()])


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
