"""Between numpy and Arrow without pandas.

Several pyarrow conveniences import pandas the first time they see an array, half a
second that a batch run does not owe. These do not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

__all__ = [
    "bits",
    "count_lines",
    "floats",
    "int32s",
    "objects",
    "spans",
    "strings",
    "strings_at",
    "take",
    "valid",
]


def count_lines(data: bytes) -> int:
    r"""Return the number of line breaks; several times faster than ``bytes.count``.

    Examples
    --------
    >>> count_lines(b"a\nb\n")
    2
    """
    return int(np.count_nonzero(np.frombuffer(data, dtype=np.uint8) == 10))


def floats(values: NDArray[np.float64], *, nulls: bool = False) -> Any:
    """Return a float64 Arrow array; NaN becomes null when `nulls`."""
    values = np.ascontiguousarray(values, dtype=np.float64)
    valid = None
    if nulls:
        missing = np.isnan(values)
        if missing.any():
            valid = pa.py_buffer(np.packbits(~missing, bitorder="little"))
    return pa.Array.from_buffers(pa.float64(), len(values), [valid, pa.py_buffer(values)])


def bits(mask: NDArray[np.bool_]) -> Any:
    """Return a boolean Arrow array."""
    packed = np.packbits(mask, bitorder="little")
    return pa.Array.from_buffers(pa.bool_(), len(mask), [None, pa.py_buffer(packed)])


def int32s(values: NDArray[Any], there: NDArray[np.bool_] | None = None) -> Any:
    """Return an int32 Arrow array, null where not `there`."""
    values = np.ascontiguousarray(values, dtype=np.int32)
    valid = None if there is None else pa.py_buffer(np.packbits(there, bitorder="little"))
    return pa.Array.from_buffers(pa.int32(), len(values), [valid, pa.py_buffer(values)])


def take(array: Any, rows: NDArray[Any], there: NDArray[np.bool_] | None = None) -> Any:
    """Return the chosen rows of an Arrow array, null where not `there`.

    Examples
    --------
    >>> take(strings(["a", "b"]), np.array([1, 0]), np.array([True, False])).to_pylist()
    ['b', None]
    """
    return array.take(int32s(rows, there))


def strings(texts: Sequence[Any]) -> Any:
    """Return an Arrow string array; None becomes null.

    Examples
    --------
    >>> strings(["a", None, "乐"]).to_pylist()
    ['a', None, '乐']
    """
    count, bitmap = len(texts), None
    if None in texts:
        there = np.array([text is not None for text in texts], dtype=np.bool_)
        bitmap = pa.py_buffer(np.packbits(there, bitorder="little"))
        texts = [text or "" for text in texts]
    joined = "".join(texts)
    data = joined.encode()
    offsets = np.zeros(count + 1, dtype=np.int32)
    # In ASCII a character is a byte; else each text is encoded for its length.
    sizes = map(len, texts if len(data) == len(joined) else [text.encode() for text in texts])
    np.cumsum(np.fromiter(sizes, np.int64, count), out=offsets[1:])
    return pa.Array.from_buffers(
        pa.string(), count, [bitmap, pa.py_buffer(offsets), pa.py_buffer(data)]
    )


def strings_at(
    buffer: NDArray[np.uint8], ends: NDArray[np.int64], lengths: NDArray[np.int64]
) -> Any:
    """Return the Arrow string array of the given stretches of a UTF-8 buffer."""
    count = len(ends)
    offsets = np.zeros(count + 1, dtype=np.int32)
    np.cumsum(lengths, out=offsets[1:])
    places = np.arange(offsets[-1])
    places += np.repeat(ends - lengths - offsets[:-1], lengths)
    data = buffer.take(places)
    return pa.Array.from_buffers(
        pa.string(), count, [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    )


def spans(array: Any) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]:
    """Return the bytes of a string array, and where each string starts and ends.

    Examples
    --------
    >>> data, starts, ends = spans(pa.array(["ab", None, "c"]).slice(1))
    >>> starts, ends, data.tobytes()[2:3]
    (array([2, 2]), array([2, 3]), b'c')
    """
    wide = pa.types.is_large_string(array.type) or pa.types.is_large_binary(array.type)
    _, offsets, data = array.buffers()
    if not len(array):
        none = np.empty(0, dtype=np.int64)
        return np.empty(0, dtype=np.uint8), none, none
    stored = np.frombuffer(offsets, dtype=np.dtype(np.int64 if wide else np.int32))
    places = stored[array.offset : array.offset + len(array) + 1].astype(np.int64)
    content = np.frombuffer(data or b"", dtype=np.uint8)
    return content, places[:-1], places[1:]


def valid(array: Any) -> NDArray[np.bool_]:
    """Return where an Arrow array is not null.

    Examples
    --------
    >>> valid(pa.array(["a", None, "b"]).slice(1))
    array([False,  True])
    """
    if not array.null_count or array.null_count == len(array):
        return np.full(len(array), not array.null_count)
    bitmap = np.frombuffer(array.buffers()[0], dtype=np.uint8)
    flat = np.unpackbits(bitmap, count=array.offset + len(array), bitorder="little")
    return flat[array.offset :].view(np.bool_)


def objects(array: Any, of: Callable[[str], str | None] = str) -> NDArray[np.object_]:
    """Return the object array of `str` or None of a string array with few distinct values.

    Parameters
    ----------
    array : pyarrow.StringArray
    of : callable, optional
        What a text becomes; it is asked once for each distinct one.

    Examples
    --------
    >>> objects(pa.array(["a", None, "", "a"]), lambda text: text.upper() or None)
    array(['A', None, None, 'A'], dtype=object)
    """
    coded = array.dictionary_encode()
    table = np.empty(len(coded.dictionary) + 1, dtype=object)
    table[:-1] = [of(text) for text in coded.dictionary.to_pylist()]
    codes = np.frombuffer(coded.indices.buffers()[1], dtype=np.int32)
    codes = codes[coded.indices.offset : coded.indices.offset + len(array)]
    if coded.indices.null_count:
        codes = np.where(valid(array), codes, len(table) - 1)
    return table.take(codes)
