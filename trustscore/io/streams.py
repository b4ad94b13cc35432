"""Arrow streams in memory: tables, readers and frames of other libraries, batch by batch.

Each batch goes through the code that reads Parquet, so a column means the same in both.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from trustscore.errors import InputError
from trustscore.io.clean_rows import Rows
from trustscore.io.header import Wanted
from trustscore.io.parquet_reader import ArrowPiece, plan_columns, read_batch, refuse_nested

__all__ = ["as_stream", "join_rows", "like", "read_stream", "stream_parts"]

# Rows that are read at once: their numbers stand in memory beside the batch, which may be large.
ROWS = 1 << 15

_KINDS = (
    "a pandas DataFrame, columns by name, or what gives an Arrow stream: a pyarrow Table,"
    " RecordBatch or RecordBatchReader, a Polars DataFrame, a DuckDB relation"
)


def as_stream(frame: Any) -> Any:
    """Return a frame as a pyarrow RecordBatchReader.

    Raises
    ------
    InputError
        When it is no frame, or one that is only planned.
    """
    if isinstance(frame, pa.RecordBatch):
        return pa.RecordBatchReader.from_batches(frame.schema, [frame])
    if hasattr(frame, "collect") and not hasattr(frame, "to_arrow"):
        raise InputError(
            f"a frame must be there and not only planned. Got {type(frame).__name__}; collect it"
        )
    if isinstance(frame, pa.RecordBatchReader):
        return frame
    if hasattr(frame, "__arrow_c_stream__"):
        try:
            return pa.RecordBatchReader.from_stream(frame)
        except Exception as error:
            # A query may fail when its stream is opened, with an error of its own library.
            raise InputError(f"the stream has no rows of columns ({error})") from error
    if hasattr(frame, "to_arrow"):
        return as_stream(frame.to_arrow())
    raise InputError(f"a frame must be {_KINDS}. Got {type(frame).__name__}")


def read_stream(stream: Any, wanted: Wanted, allow_missing: bool) -> tuple[Rows, frozenset[str]]:
    """Turn a stream into rows; return them with the columns that are not there."""
    parts, missing = stream_parts(stream, wanted, allow_missing)
    return join_rows(list(parts)), missing


def stream_parts(
    stream: Any, wanted: Wanted, allow_missing: bool
) -> tuple[Iterator[Rows], frozenset[str]]:
    """Turn a stream into stretches of rows, of which there is at least one.

    A stretch that is no longer needed leaves nothing of the stream in memory. Ids are not compared.

    Returns
    -------
    parts : iterator of Rows
    missing : frozenset of str
        Columns that are not there.
    """
    what = "the frame"
    plan, used = plan_columns(list(stream.schema.names), wanted, what, allow_missing=allow_missing)
    refuse_nested(stream.schema, used, what)

    def read() -> Iterator[Rows]:
        line = 1
        for batch in _batches(stream, what):
            for start in range(0, batch.num_rows, ROWS):
                part = batch.slice(start, ROWS).select(used)
                yield read_batch(ArrowPiece(part, line), plan)
                line += part.num_rows
        if line == 1:
            nothing = stream.schema.empty_table()
            yield read_batch(ArrowPiece(nothing.select(used), line), plan)

    return read(), plan.columns.missing


def _batches(stream: Any, what: str) -> Iterator[Any]:
    rows = 0
    while True:
        try:
            batch = stream.read_next_batch()
        except StopIteration:
            return
        except Exception as error:
            # Whoever makes a stream says in errors of their own why there is no more of it.
            raise InputError(f"{what}: the stream broke off after row {rows}: {error}") from error
        rows += batch.num_rows
        yield batch


def join_rows(parts: list[Rows]) -> Rows:
    """Return stretches of one input, of which there is at least one, as one."""
    if len(parts) == 1:
        return parts[0]
    ends = np.cumsum([len(part) for part in parts]).tolist()

    def raw(row: int) -> str:
        at = bisect_right(ends, row)
        return parts[at].raw(row - (ends[at - 1] if at else 0))

    first = parts[0]
    return Rows(
        numbers=np.concatenate([part.numbers for part in parts]),
        columns=first.columns,
        texts={n: np.concatenate([part.texts[n] for part in parts]) for n in first.texts},
        ids=pa.concat_arrays([part.ids for part in parts]),
        keep={n: pa.concat_arrays([part.keep[n] for part in parts]) for n in first.keep},
        lines=np.concatenate([part.lines for part in parts]),
        rejects=[reject for part in parts for reject in part.rejects],
        read=sum(part.read for part in parts),
        file=first.file,
        raw=raw,
    )


def like(frame: Any, columns: Mapping[str, Any]) -> Any:
    """Return columns as the kind of frame that was given: of its library, else a pyarrow Table.

    Parameters
    ----------
    frame : object
        As `as_stream` takes it.
    columns : mapping of str to array
    """
    import narwhals as nw

    table = pa.table({name: _array(values) for name, values in columns.items()})
    given = nw.from_native(frame, eager_only=True, pass_through=True)
    if isinstance(given, nw.DataFrame):
        made = nw.from_arrow(table, backend=given.implementation)
        return made if isinstance(frame, nw.DataFrame) else made.to_native()
    return table


def _array(values: Any) -> Any:
    """Return an Arrow array with null for NaN and None; texts where there is no value at all."""
    array = pa.array(values, from_pandas=True)
    return array.cast(pa.string()) if pa.types.is_null(array.type) else array
