"""Columns that are there already, of numbers or of text, to rows.

A column of numbers is taken as it is, a column of text goes through the grammar of cells, and both
meet the same checks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from trustscore.errors import InputError
from trustscore.io.arrow import spans, strings, valid
from trustscore.io.checks import Checker, plain
from trustscore.io.clean_rows import Rows, Unchecked, clean
from trustscore.io.header import Wanted
from trustscore.io.ids import id_column
from trustscore.io.rejects import REASONS, Fault, Reject
from trustscore.io.text_columns import Marks, one_chunk, read_numbers

__all__ = ["filled", "floats_of", "ids_of", "number_or_text", "rows_of", "sound_text", "text_of"]


def rows_of(
    numbers: Mapping[str, Any],
    *,
    ids: Any,
    texts: Mapping[str, Any],
    keep: dict[str, Any],
    lines: NDArray[np.int64],
    wanted: Wanted,
    checker: Checker,
    raw: Callable[[int], str],
    file: str,
    broken: list[Reject] | None = None,
    faults: Iterable[Fault] = (),
    marks: Marks | None = None,
) -> Rows:
    """Turn columns into rows.

    Parameters
    ----------
    numbers : mapping of str to ndarray or pyarrow.StringArray
        Some of the wanted fields: float64 arrays, or text to be read.
    ids : pyarrow.StringArray
    texts : mapping of str to pyarrow.StringArray
    keep : dict of str to pyarrow.StringArray
    lines : ndarray of int64
    wanted : Wanted
    checker : Checker
    raw : callable
    file : str
    broken : list of Reject, optional
        Records that are no rows.
    faults : iterable of Fault, optional
        What is known to be wrong with rows.
    marks : Marks, optional
        Of the file; without it the columns are looked at by themselves.
    """
    marks = marks or Marks(file or "the frame", wanted.decimal)
    matrix = np.empty((len(lines), len(wanted.fields)))
    faults = list(faults)
    for place, field in enumerate(wanted.fields):
        column = numbers.get(field.name, np.nan)
        if isinstance(column, (np.ndarray, float)):
            matrix[:, place] = column
            continue
        matrix[:, place], odd = read_numbers(column, field.check, wanted.decimal, field.name, marks)
        faults += [
            Fault(row, field.name, text, reason, REASONS[reason]) for row, text, reason in odd
        ]

    there = numbers.keys() | texts.keys()

    def cell(row: int, name: str) -> str:
        column = numbers[name]
        if isinstance(column, np.ndarray):
            return plain(float(column[row]))
        return column[row].as_py() or ""

    found = Unchecked(
        numbers=matrix,
        columns=[field.name if field.name in there else None for field in wanted.fields],
        faults=faults,
        ids=ids,
        texts=texts,
        keep=keep,
        lines=lines,
        broken=broken or [],
        file=file,
        cell=cell,
        raw=raw,
        key=wanted.key,
    )
    return clean(found, checker)


def _is_text(kind: Any) -> bool:
    is_view = getattr(pa.types, "is_string_view", lambda _: False)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or is_view(kind))


def number_or_text(column: Any, name: str, file: str, check: str = "flag") -> Any:
    """Return an Arrow column as float64 array, or as it is where it is text.

    Truth values are the words for them: only a flag may be one, as in a file of text.
    """
    column = one_chunk(column)
    if pa.types.is_boolean(column.type) and check != "flag":
        return column.cast(pa.string())
    return column if _is_text(column.type) else floats_of(column, name, file)


def ids_of(column: Any, name: str, file: str) -> Any:
    """Return an Arrow column of ids as text, for `canonical_ids` to read.

    Examples
    --------
    >>> ids_of(pa.array([1001.0, None]), "merchant_id", "frame").to_pylist()
    ['1001', None]
    """
    column = sound_text(column)[0]
    return column if _is_text(column.type) else id_column(column, name, file)


def sound_text(column: Any) -> tuple[Any, list[int]]:
    r"""Return a column of text or bytes as valid text, and the rows that held other bytes.

    Columns of other types come back as they are.

    Examples
    --------
    >>> column, bad = sound_text(pa.array([b"m1", b"\xff", None]))
    >>> column.to_pylist(), bad
    (['m1', '\ufffd', None], [1])
    """
    column = one_chunk(column)
    kind = column.type
    if pa.types.is_fixed_size_binary(kind):
        column = column.cast(pa.binary())
    elif not (_is_text(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind)):
        return column, []
    try:
        if _is_text(kind):
            content, starts, ends = spans(column)
            if not len(starts) or (content[starts[0] : ends[-1]] < 128).all():
                return column, []
            column.validate(full=True)
            return column, []
        return column.cast(pa.string()), []
    except pa.ArrowInvalid:
        pass
    wide = pa.types.is_large_string(kind) or pa.types.is_large_binary(kind)
    texts: list[str | None] = []
    bad = []
    for row, data in enumerate(column.cast(pa.large_binary() if wide else pa.binary()).to_pylist()):
        try:
            texts.append(None if data is None else data.decode())
        except UnicodeDecodeError:
            texts.append(data.decode(errors="replace"))
            bad.append(row)
    return strings(texts), bad


def floats_of(column: Any, name: str, file: str) -> NDArray[np.float64]:
    """Return an Arrow column of numbers or booleans as float64, NaN for null.

    Examples
    --------
    >>> floats_of(pa.array([1, None]), "orders_paid", "frame")
    array([ 1., nan])
    """
    kind = column.type
    if pa.types.is_boolean(kind):
        column = column.cast(pa.int8())
    elif pa.types.is_decimal(kind):
        # By their digits: Arrow's own cast comes out at a float beside the nearest one.
        column = column.cast(pa.string()).cast(pa.float64())
    elif not (pa.types.is_null(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        raise InputError(f"{file}: column {name} is of type {kind}; numbers or text are expected")
    if column.null_count == len(column):
        return np.full(len(column), np.nan)
    # By numpy: less than half the time of Arrow's cast. The type's name is put together here,
    # because Arrow's own way to a numpy type imports pandas.
    kind = column.type
    is_float, is_unsigned = pa.types.is_floating(kind), pa.types.is_unsigned_integer(kind)
    letter = "f" if is_float else "u" if is_unsigned else "i"
    stored = np.frombuffer(column.buffers()[1], dtype=f"{letter}{kind.bit_width // 8}")
    stored = stored[column.offset : column.offset + len(column)]
    values = stored.astype(np.float64, copy=False)
    # Assigning to values[~valid] takes ten times as long: it jumps at every other row.
    return np.where(valid(column), values, np.nan) if column.null_count else values


def text_of(column: Any, name: str, file: str) -> Any:
    """Return an Arrow column as text: numbers and dates in their usual form, null for NaN.

    Examples
    --------
    >>> text_of(pa.array([12.0, float("nan")]), "merchant_id", "frame").to_pylist()
    ['12', None]
    """
    column = one_chunk(column)
    if column.type == pa.string():
        return column
    if pa.types.is_null(column.type):
        return strings([None] * len(column))
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), None, column)
    try:
        return column.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise InputError(
            f"{file}: column {name} is of type {column.type}; text is expected"
        ) from None


def filled(column: Any) -> Any:
    """Return an Arrow column of text with empty texts for nulls."""
    return strings([text or "" for text in column.to_pylist()]) if column.null_count else column
