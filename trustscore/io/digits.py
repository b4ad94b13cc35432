"""Plain decimal numbers from bytes, many at a time.

An export has a hundred cells a row and nearly all of them are short plain numbers,
so this is where a batch run spends its time. Eight characters fit one 64-bit word;
a handful of multiplications turn such a word into the number it spells, for
thousands of cells in one numpy call. Whatever is not ``123``, ``-4.25``, ``.5`` or
blank is left alone and reported, for the full grammar to read.

The values are exactly those of a correctly rounding parser: up to fifteen digits
are an exact integer, and dividing it by an exact power of ten rounds once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trustscore.scratch import SCRATCH

__all__ = ["PAD", "pad", "parse"]

# A word may begin before the first cell and end after the last one.
PAD = 16
# Working sets of this many cells stay in the second-level cache.
CHUNK = 16384

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
Words = NDArray[np.uint64]

_U = np.uint64
_ZEROS = _U(0x3030303030303030)
_TOP_BITS = _U(0x8080808080808080)
_LOW_BITS = _U(0x7F7F7F7F7F7F7F7F)
_NOT_A_DIGIT = _U(0x7676767676767676)  # lifts 10..127 to the top bit and leaves 0..9 below it
_PAIR = _U(0x000000FF000000FF)
_EACH_BYTE = 0x0101010101010101
# By length of a cell: which bytes of the word that ends with it are its own.
_OWN = np.array([0] + [(2**64 - 1) ^ (2 ** (64 - 8 * k) - 1) for k in range(1, 9)], dtype=_U)
# (1 << 8 i) * _PLACE has i + 1 in its top four bits.
_PLACE = _U(sum((i + 1) << (60 - 8 * i) for i in range(8)))
_SHIFT = [_U(k) for k in (7, 8, 16, 32, 60)]
_FRACTION = np.array([0, 7, 6, 5, 4, 3, 2, 1, 0] + [0] * 7, dtype=np.int64)
_POWERS = 10.0 ** np.arange(8)


def pad(data: bytes | bytearray | memoryview) -> Bytes:
    """Return the bytes between two margins of `PAD` zero bytes."""
    out = np.empty(PAD + len(data) + PAD, dtype=np.uint8)
    out[:PAD] = out[-PAD:] = 0
    out[PAD:-PAD] = np.frombuffer(data, dtype=np.uint8)
    return out


def _windows(buffer: Bytes) -> Words:
    """Return the view whose element ``i`` is the word made of bytes ``i`` to ``i + 7``."""
    return np.ndarray((len(buffer) - 7,), dtype="<u8", buffer=buffer.data, strides=(1,))


def _spell(words: Words, lengths: Ints) -> tuple[Words, NDArray[np.bool_]]:
    """Return what the last `lengths` digits, 8 at most, spell, and where they are not digits."""
    own = _OWN.take(lengths, mode="clip")
    value = words ^ _ZEROS
    value &= own
    check = value + _NOT_A_DIGIT
    check |= value
    check &= _TOP_BITS
    odd = check != 0
    # Pairs of digits, pairs of pairs, both halves: 1 2 3 4 5 6 7 8 -> 12 34 56 78 -> 12345678.
    part = np.right_shift(value, _SHIFT[1], out=check)
    value *= _U(10)
    value += part
    np.right_shift(value, _SHIFT[2], out=part)
    part &= _PAIR
    part *= _U(1 + (10000 << 32))
    value &= _PAIR
    value *= _U(100 + (1000000 << 32))
    value += part
    value >>= _SHIFT[3]
    return value, odd


def _parse_signed(
    buffer: Bytes, last: Words, ends: Ints, lengths: Ints, point: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Numbers with a sign or a decimal point: two spells, one on each side of the point."""
    minus = buffer.take(ends - lengths) == ord("-")
    lengths = lengths - minus
    odd = lengths > 16
    # The exact test for a zero byte finds the point among the cell's own bytes.
    marks = last ^ _U(point * _EACH_BYTE)
    marks |= ~_OWN.take(lengths, mode="clip")
    found = marks & _LOW_BITS
    found += _LOW_BITS
    found |= marks
    found |= _LOW_BITS
    np.invert(found, out=found)
    odd |= (found & (found - _U(1))) != 0  # two points
    has_point = found != 0
    found >>= _SHIFT[0]
    found *= _PLACE
    found >>= _SHIFT[4]
    decimals = _FRACTION.take(found.view(np.int64))
    fraction, bad = _spell(last, decimals)
    odd |= bad
    behind = decimals + has_point
    wholes = lengths - behind
    odd |= (wholes > 8) | (wholes + decimals < 1) | (wholes + decimals > 15)
    # What stands before the point moves to the top of the same word, unless the cell is longer.
    words = last << (behind << 3).view(_U)
    np.copyto(words, _U(0), where=behind == 8)
    far = np.flatnonzero(lengths > 8)
    if len(far):
        words[far] = _windows(buffer)[(ends - behind)[far] - 8]
    whole, bad = _spell(words, wholes)
    odd |= bad
    powers = _POWERS.take(decimals)
    values = whole.astype(np.float64)
    values *= powers
    values += fraction.astype(np.float64)
    values /= powers
    np.negative(values, out=values, where=minus)
    return values, odd


def parse(
    buffer: Bytes, ends: Ints, lengths: Ints, *, point: int = ord(".")
) -> tuple[NDArray[np.float64], Ints]:
    """Read the cells that are plain numbers or blank.

    Parameters
    ----------
    buffer : ndarray of uint8
        The bytes, `pad`-ded.
    ends, lengths : ndarray of int64
        Where each cell ends in the buffer, in ascending order, and its number of bytes.
    point : int, default=ord(".")
        The decimal point.

    Returns
    -------
    values : ndarray of float64
        NaN for a blank cell; meaningless for an odd one. The thread's own, until its next call.
    odd : ndarray of int64
        The cells this function does not read, in ascending order.

    Examples
    --------
    >>> import numpy as np
    >>> buffer = pad(b"12,-4.25,,97%")
    >>> ends = np.array([2, 8, 9, 13]) + PAD
    >>> values, odd = parse(buffer, ends, np.array([2, 5, 0, 3]))
    >>> values[:3], odd
    (array([12.  , -4.25,   nan]), array([3]))
    """
    view = _windows(buffer)
    values = SCRATCH.table("cells", 1, len(ends))[0]
    odd, words = [], []
    for low in range(0, len(ends), CHUNK):
        part = slice(low, low + CHUNK)
        end, length = ends[part], lengths[part]
        # Taking from an unaligned view is slow; where cells are dense, a copy of the stretch pays.
        first = int(end[0]) - 8
        stretch = int(end[-1]) - 8 - first + 1
        if stretch <= 8 * len(end) + 1024:
            last = np.ascontiguousarray(view[first : first + stretch]).take(end - (first + 8))
        else:
            last = view[end - 8]
        digits, bad = _spell(last, length)
        bad |= length > 8
        value = values[part]
        value[:] = digits.view(np.int64)  # below 10 ** 8; signed numbers convert faster
        value[length == 0] = np.nan
        at = np.flatnonzero(bad)
        if len(at):
            odd.append(at + low)
            words.append(last.take(at))
    if not odd:
        return values, np.empty(0, dtype=np.int64)
    rest, last = np.concatenate(odd), np.concatenate(words)
    left = []
    for low in range(0, len(rest), CHUNK):
        at = rest[low : low + CHUNK]
        found, bad = _parse_signed(
            buffer, last[low : low + CHUNK], ends.take(at), lengths.take(at), point
        )
        values[at] = found
        left.append(at[bad])
    return values, np.concatenate(left)
