"""Long texts of Parquet: a dictionary holds them once, and a batch would repeat them by row."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from trustscore.io.arrow import valid
from trustscore.io.clean_rows import LONGEST_KEPT

__all__ = ["cut_long_texts", "is_text", "parts_of", "repeating", "rows_at_once"]

# Bytes that the texts of a batch may take.
_MOST = 1 << 26
# Bytes of a longer text that are kept, to be shown beside the row.
_SHOWN = 1000


def repeating(file: pq.ParquetFile, used: Collection[str], rows: int) -> list[str]:
    """Return the columns whose dictionaries hold texts too long to be repeated in every row.

    Parameters
    ----------
    file : pyarrow.parquet.ParquetFile
        Opened so that all of `used` are read as dictionaries.
    used : collection of str
    rows : int
        Rows of a batch.
    """
    found: dict[str, None] = {}
    for number in range(file.metadata.num_row_groups):
        group = file.metadata.row_group(number)
        for at in range(group.num_columns):
            chunk = group.column(at)
            name = chunk.path_in_schema
            # No text is longer than all of them.
            most = chunk.total_uncompressed_size * min(rows, chunk.num_values)
            if name not in used or name in found or most <= _MOST or not chunk.has_dictionary_page:
                continue
            one = next(file.iter_batches(batch_size=1, row_groups=[number], columns=[name]), None)
            if one is None or not _holds_texts_once(one.column(0).type):
                continue
            longest = int(_lengths(one.column(0).dictionary).max(initial=0))
            if longest * min(rows, chunk.num_values) > _MOST:
                found[name] = None
    return list(found)


def rows_at_once(metadata: Any, used: Collection[str], rows: int) -> int:
    """Return how many rows of texts that stand one by one may be read at once."""
    widest = 0.0
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        chunks = map(group.column, range(group.num_columns))
        size = sum(c.total_uncompressed_size for c in chunks if c.path_in_schema in used)
        widest = max(widest, size / max(group.num_rows, 1))
    return int(max(1, min(rows, _MOST // max(widest, 1.0))))


def cut_long_texts(column: Any) -> tuple[Any, list[int]]:
    """Return a dictionary column whose texts are short enough, and the rows that were cut.

    Columns of other types come back as they are.

    Examples
    --------
    >>> column = pa.array(["m1", "x" * 100_000, None]).dictionary_encode()
    >>> cut, rows = cut_long_texts(column)
    >>> len(cut[1].as_py()), rows
    (1000, [1])
    """
    if not _holds_texts_once(column.type):
        return column, []
    long = np.flatnonzero(_lengths(column.dictionary) > LONGEST_KEPT)
    if not len(long):
        return column, []
    cut = set(long.tolist())
    # Texts may hold bytes that are no text; they are judged later.
    texts = column.dictionary.cast(pa.binary()).to_pylist()
    shown = [text[:_SHOWN] if at in cut else text for at, text in enumerate(texts)]
    dictionary = pa.array(shown, pa.binary())
    codes = _whole(column.indices, -1)
    rows = np.flatnonzero(np.isin(codes, long)).tolist()
    return pa.DictionaryArray.from_arrays(column.indices, dictionary), rows


def parts_of(batch: Any) -> Iterator[Any]:
    """Yield a batch in parts whose texts are no longer together than a batch may be."""
    sizes = np.zeros(batch.num_rows, dtype=np.int64)
    for column in batch.columns:
        if _holds_texts_once(column.type):
            # What is longer is cut before it is repeated.
            lengths = np.minimum(_lengths(column.dictionary), LONGEST_KEPT)
            codes = _whole(column.indices, -1)
            sizes += np.where(codes >= 0, np.append(lengths, 0)[codes], 0)
    start = 0
    for end in _ends(np.cumsum(sizes)):
        yield batch.slice(start, end - start)
        start = end


def _ends(sums: Any) -> Sequence[int]:
    ends, start, before = [], 0, 0
    while start < len(sums):
        end = max(int(np.searchsorted(sums, before + _MOST, side="right")), start + 1)
        ends.append(end)
        start, before = end, int(sums[end - 1])
    return ends


def is_text(kind: Any) -> bool:
    """Return whether a type of Arrow is that of texts or bytes."""
    tests = (pa.types.is_string, pa.types.is_large_string)
    return any(test(kind) for test in (*tests, pa.types.is_binary, pa.types.is_large_binary))


def _holds_texts_once(kind: Any) -> bool:
    return bool(pa.types.is_dictionary(kind)) and is_text(kind.value_type)


def _lengths(texts: Any) -> Any:
    """Return the bytes of each text."""
    return _whole(pc.binary_length(texts), 0)


def _whole(numbers: Any, nothing: int) -> Any:
    """Return whole numbers of Arrow, without what would import pandas."""
    numbers = numbers.cast(pa.int64())
    if not len(numbers):
        return np.empty(0, dtype=np.int64)
    values = np.frombuffer(numbers.buffers()[1], dtype=np.int64)
    values = values[numbers.offset : numbers.offset + len(numbers)]
    return np.where(valid(numbers), values, nothing) if numbers.null_count else values
