"""Tables that have columns already: Parquet files, Arrow tables, and the frames behind them.

A column of numbers is taken as it is, a column of text goes through the grammar of
cells, and both meet the same checks.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from trustscore.errors import InputError
from trustscore.io.arrow import strings, valid
from trustscore.io.checks import Checker, plain
from trustscore.io.clean_rows import Rows, assemble
from trustscore.io.header import Columns, Wanted, match
from trustscore.io.rejects import REASONS, Fault
from trustscore.io.text_columns import TEXT, one_chunk, read_numbers, text_column, tidy_ids

__all__ = [
    "ArrowPiece",
    "ArrowPlan",
    "ParquetSource",
    "floats_of",
    "open_parquet",
    "plan_columns",
    "read_batch",
]

# Rows of a block; its columns together stay near the cache.
BATCH = 4096


class ArrowPiece(NamedTuple):
    """Rows of a table: a record batch or its serialised form, and the number of its first row."""

    data: Any
    line: int


@dataclass(frozen=True)
class ArrowPlan:
    """How to read the batches of one table.

    Attributes
    ----------
    columns : Columns
        Places in the batches.
    wanted : Wanted
    file : str
    """

    columns: Columns
    wanted: Wanted
    file: str

    @cached_property
    def checker(self) -> Checker:
        """The checks for a matrix with one row a field of the table."""
        return Checker(self.wanted.fields, self.wanted.pairs, list(self.columns.numbers))


class ParquetSource:
    """A Parquet file, hashed as a whole before it is read.

    Parameters
    ----------
    path : str or Path

    Attributes
    ----------
    position : int
        Bytes read so far, by the share of the rows.
    """

    encoding = "parquet"

    def __init__(self, path: str | Path) -> None:
        self.name = str(path)
        self.size = 0
        self.position = 0
        digest = hashlib.sha256()
        with open(path, "rb", buffering=0) as file:
            while data := file.read(1 << 20):
                digest.update(data)
                self.size += len(data)
        self.sha256 = digest.hexdigest()
        try:
            # Without the buffer before, a row group need not be in memory as a whole.
            self.file = pq.ParquetFile(path, pre_buffer=False, buffer_size=1 << 16)
        except (pa.ArrowException, OSError) as error:
            raise _damaged(self.name, error) from None

    def __enter__(self) -> ParquetSource:
        return self

    def __exit__(self, *_: Any) -> None:
        self.file.close()


def _damaged(name: str, error: Exception) -> Exception:
    # Arrow says with the same error what the disk refuses, which has a number, and what it cannot
    # make sense of, which has none.
    if isinstance(error, OSError) and error.errno is not None:
        return error
    return InputError(f"{name}: damaged Parquet file ({error})")


def plan_columns(
    names: Sequence[str],
    wanted: Wanted,
    file: str,
    *,
    keep: Iterable[str] | None = (),
    allow_missing: bool = False,
) -> tuple[ArrowPlan, list[int]]:
    """Return how to read batches of the wanted columns of a table, and the places of these.

    Parameters
    ----------
    names : sequence of str
        Of all columns of the table.
    wanted : Wanted
    file : str
        Name of the table.
    keep : iterable of str or None
        Columns to pass through; None for all.
    allow_missing : bool, default=False
    """
    found = match(names, wanted, file, keep=keep, allow_missing=allow_missing)
    used = sorted({*found.numbers.values(), *found.texts.values(), *found.keep.values()})
    narrow = {old: new for new, old in enumerate(used)}
    columns = Columns(
        {name: narrow[at] for name, at in found.numbers.items()},
        {name: narrow[at] for name, at in found.texts.items()},
        {name: narrow[at] for name, at in found.keep.items()},
        found.missing,
        len(used),
    )
    return ArrowPlan(columns, wanted, file), used


def open_parquet(
    source: ParquetSource,
    wanted: Wanted,
    *,
    keep: Iterable[str] | None = (),
    allow_missing: bool = False,
    rows: int = BATCH,
) -> tuple[ArrowPlan, Iterator[ArrowPiece]]:
    """Find the wanted columns of a Parquet file; return how to read it, and its pieces."""
    names = list(source.file.schema_arrow.names)
    plan, used = plan_columns(names, wanted, source.name, keep=keep, allow_missing=allow_missing)
    for place in used:
        kind = source.file.schema_arrow.field(place).type
        if pa.types.is_nested(kind):
            raise InputError(f"{source.name}: column {names[place]} is of type {kind}")

    def pieces() -> Iterator[ArrowPiece]:
        line = 1
        batches = source.file.iter_batches(
            batch_size=rows, columns=[names[at] for at in used], use_threads=False
        )
        try:
            for batch in batches:
                # The order of the answer is that of the file, whatever was asked.
                piece = ArrowPiece(batch.select([names[at] for at in used]), line)
                line += batch.num_rows
                source.position = source.size * (line - 1) // source.file.metadata.num_rows
                yield piece
        except (pa.ArrowException, OSError) as error:
            raise _damaged(source.name, error) from None

    return plan, pieces()


def read_batch(piece: ArrowPiece, plan: ArrowPlan) -> Rows:
    """Turn a piece into rows."""
    batch = piece.data
    if not isinstance(batch, pa.RecordBatch):
        batch = pa.ipc.open_stream(batch).read_next_batch()
    columns = plan.columns

    def text(place: int) -> Any:
        return text_of(batch.column(place), batch.schema.field(place).name, plan.file)

    numbers = {
        name: _number_or_text(batch.column(place), name, plan.file)
        for name, place in columns.numbers.items()
    }

    def raw(row: int) -> str:
        out = io.StringIO()
        values = [batch.column(at)[row].as_py() for at in range(batch.num_columns)]
        csv.writer(out, lineterminator="").writerow(values)
        return out.getvalue()

    return rows_of(
        numbers,
        text(columns.texts["merchant_id"]),
        {name: text(columns.texts[name]) for name in TEXT if name in columns.texts},
        {name: _filled(text(place)) for name, place in columns.keep.items()},
        np.arange(piece.line, piece.line + batch.num_rows),
        plan.wanted,
        plan.checker,
        raw,
        plan.file,
    )


def rows_of(
    numbers: Mapping[str, Any],
    ids: Any,
    texts: Mapping[str, Any],
    keep: dict[str, Any],
    lines: NDArray[np.int64],
    wanted: Wanted,
    checker: Checker,
    raw: Any,
    file: str,
) -> Rows:
    """Turn columns into rows.

    Parameters
    ----------
    numbers : mapping of str to ndarray or pyarrow.StringArray
        In the order of the checker's names; float64 arrays, or text to be read.
    ids : pyarrow.StringArray
    texts : mapping of str to pyarrow.StringArray
    keep : dict of str to pyarrow.StringArray
    lines : ndarray of int64
    wanted : Wanted
    checker : Checker
    raw : callable
    file : str
    """
    matrix = np.empty((len(numbers), len(lines)))
    checks = {field.name: field.check for field in wanted.fields}
    faults: list[Fault] = []
    for place, (name, column) in enumerate(numbers.items()):
        if isinstance(column, np.ndarray):
            matrix[place] = column
            continue
        matrix[place], odd = read_numbers(column, checks[name], wanted.decimal)
        faults += [Fault(row, name, text, reason, REASONS[reason]) for row, text, reason in odd]
    places = {name: place for place, name in enumerate(numbers)}

    def cell(row: int, name: str) -> str:
        column = numbers[name]
        if isinstance(column, np.ndarray):
            return plain(float(column[row]))
        return column[row].as_py() or ""

    tidy, missing = tidy_ids(ids)
    return assemble(
        matrix,
        places,
        checker,
        faults,
        tidy,
        missing,
        {name: text_column(column) for name, column in texts.items()},
        keep,
        lines,
        cell,
        raw,
        [],
        file,
    )


def _is_text(kind: Any) -> bool:
    is_view = getattr(pa.types, "is_string_view", lambda _: False)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or is_view(kind))


def _number_or_text(column: Any, name: str, file: str) -> Any:
    column = one_chunk(column)
    return column if _is_text(column.type) else floats_of(column, name, file)


def floats_of(column: Any, name: str, file: str) -> NDArray[np.float64]:
    """Return an Arrow column of numbers or booleans as float64, NaN for null.

    Examples
    --------
    >>> floats_of(pa.array([1, None]), "orders_paid", "frame")
    array([ 1., nan])
    """
    kind = column.type
    if pa.types.is_null(kind):
        return np.full(len(column), np.nan)
    if pa.types.is_boolean(kind):
        column = column.cast(pa.int8())
    elif not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
        raise InputError(f"{file}: column {name} is of type {kind}; numbers or text are expected")
    found = column.cast(pa.float64(), safe=False)
    values = np.frombuffer(found.buffers()[1], dtype=np.float64)
    values = values[found.offset : found.offset + len(found)]
    return np.where(valid(found), values, np.nan) if found.null_count else values


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


def _filled(column: Any) -> Any:
    return strings([text or "" for text in column.to_pylist()]) if column.null_count else column
