# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Lines of CSV, one after the other (compiled where possible).

What a column holds is told by numbers: its kind, and where its values stand.
`trustscore.io.csv_text` makes these from a description that people can read.
"""

from __future__ import annotations

try:
    import cython
except ModuleNotFoundError:
    from trustscore import uncompiled as cython

if cython.compiled:
    from cython.cimports.libc.math import llrint
    from cython.cimports.libc.string import memcpy
else:
    llrint = round

__all__ = ["LISTED", "NUMBER", "TEXT", "WORD", "write_lines"]

# Kinds of columns.
NUMBER, WORD, TEXT, LISTED = range(4)
_NUMBER: cython.int = cython.declare(cython.int, 0)
_WORD: cython.int = cython.declare(cython.int, 1)
_TEXT: cython.int = cython.declare(cython.int, 2)

_BLANK: cython.longlong = cython.declare(cython.longlong, -1)
_COMMA: cython.uchar = cython.declare(cython.uchar, 44)
_SEMICOLON: cython.uchar = cython.declare(cython.uchar, 59)
_NEWLINE: cython.uchar = cython.declare(cython.uchar, 10)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _units(value: cython.double, scale: cython.longlong) -> cython.longlong:
    """Return a number in whole units of its last decimal, halves to the even one."""
    return llrint(value * scale) if value == value else _BLANK


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _put_number(
    out: cython.uchar[::1],
    at: cython.Py_ssize_t,
    units: cython.longlong,
    scale: cython.longlong,
    decimals: cython.Py_ssize_t,
) -> cython.Py_ssize_t:
    """Write a number given in units of its last decimal; return where it ends."""
    POINT: cython.uchar = 46
    ZERO: cython.uchar = 48
    whole: cython.uint = cython.cast(cython.uint, units // scale)
    rest: cython.ulonglong = cython.cast(cython.ulonglong, units % scale)
    place: cython.Py_ssize_t
    if whole >= 100:
        out[at] = ZERO + whole // 100
        at += 1
    if whole >= 10:
        out[at] = ZERO + whole // 10 % 10
        at += 1
    out[at] = ZERO + whole % 10
    at += 1
    if decimals > 0:
        out[at] = POINT
        for place in range(at + decimals, at, -1):
            out[place] = ZERO + rest % 10
            rest //= 10
        at += 1 + decimals
    return at


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _put_bytes(
    out: cython.uchar[::1],
    at: cython.Py_ssize_t,
    data: cython.const[cython.uchar][::1],
    begin: cython.longlong,
    end: cython.longlong,
) -> cython.Py_ssize_t:
    """Copy a stretch of bytes; return where it ends."""
    place: cython.Py_ssize_t
    if cython.compiled:
        if begin < end:
            memcpy(cython.address(out[at]), cython.address(data[begin]), end - begin)
    else:
        for place in range(end - begin):
            out[at + place] = data[begin + place]
    return at + (end - begin)


def write_lines(
    kinds: cython.const[cython.int][::1],
    places: cython.const[cython.int][:, ::1],
    numbers: cython.const[cython.double][:, ::1],
    decimals: cython.const[cython.int][::1],
    scales: cython.const[cython.longlong][::1],
    codes: cython.const[cython.int][:, ::1],
    words: cython.const[cython.uchar][::1],
    word_bounds: cython.const[cython.longlong][::1],
    texts: cython.const[cython.uchar][::1],
    spans: cython.const[cython.longlong][:, :, ::1],
    offsets: cython.int[::1],
    out: cython.uchar[::1],
) -> None:
    """Write the lines of some rows.

    Parameters
    ----------
    kinds : ndarray of int32, shape (columns,)
        ``NUMBER``, ``WORD``, ``TEXT`` or ``LISTED``.
    places : ndarray of int32, shape (columns, 3)
        The row of `numbers`, `codes` or `spans` that holds the column. Of a list the first of its
        rows of `codes`, the first of its rows of `numbers`, and how many there are of each.
    numbers : ndarray of float64, shape (columns of numbers, rows)
        NaN for blank, else from 0 to 999.
    decimals, scales : ndarray of int32 and int64, shape (columns of numbers,)
        How many decimals, and 10 to the power of that.
    codes : ndarray of int32, shape (columns of words, rows)
        Which word.
    words, word_bounds : bytes and ndarray of int64
        All words one after the other, and where each begins and the last one ends.
    texts, spans : bytes and ndarray of int64, shape (columns of texts, rows, 2)
        Where each text begins and ends.
    offsets : ndarray of int32, shape (rows + 1,)
        Takes where each line begins, and where the last one ends.
    out : ndarray of uint8
        Has room for all.

    Notes
    -----
    A list reads ``word number;word number``; what is not above 0 once rounded is left out.
    """
    at: cython.Py_ssize_t = 0
    row: cython.Py_ssize_t
    column: cython.Py_ssize_t
    first: cython.Py_ssize_t
    place: cython.Py_ssize_t
    number: cython.Py_ssize_t
    step: cython.Py_ssize_t
    code: cython.Py_ssize_t
    units: cython.longlong
    with cython.nogil:
        offsets[0] = 0
        for row in range(len(offsets) - 1):
            for column in range(len(kinds)):
                if column > 0:
                    out[at] = _COMMA
                    at += 1
                place = places[column, 0]
                if kinds[column] == _NUMBER:
                    units = _units(numbers[place, row], scales[place])
                    if units != _BLANK:
                        at = _put_number(out, at, units, scales[place], decimals[place])
                elif kinds[column] == _WORD:
                    code = codes[place, row]
                    at = _put_bytes(out, at, words, word_bounds[code], word_bounds[code + 1])
                elif kinds[column] == _TEXT:
                    at = _put_bytes(out, at, texts, spans[place, row, 0], spans[place, row, 1])
                else:
                    first = at
                    for step in range(places[column, 2]):
                        number = places[column, 1] + step
                        units = _units(numbers[number, row], scales[number])
                        if units > 0:
                            if at > first:
                                out[at] = _SEMICOLON
                                at += 1
                            code = codes[place + step, row]
                            at = _put_bytes(
                                out, at, words, word_bounds[code], word_bounds[code + 1]
                            )
                            at = _put_number(out, at, units, scales[number], decimals[number])
            out[at] = _NEWLINE
            at += 1
            offsets[row + 1] = cython.cast(cython.int, at)
