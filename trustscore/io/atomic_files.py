"""Output tables that are complete or absent, in the formats that tables are written in."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from trustscore.atomic_file import AtomicFile, commit_together, is_plain
from trustscore.errors import InputError
from trustscore.io.arrow import floats, strings
from trustscore.io.csv_text import content, inert, lines

__all__ = [
    "CSV_ENCODINGS",
    "SUFFIXES_SAID",
    "AtomicFile",
    "Sink",
    "add_arrays",
    "as_array",
    "commit_together",
    "csv_encoding",
    "is_plain",
    "open_sink",
    "same_file",
    "suffix_fault",
    "suffix_of",
    "takes_batches",
    "write_blocks",
    "write_columns",
    "write_tables",
]

# Rows of a Parquet row group: large enough to compress, small enough to hold.
_GROUP = 1 << 16


SUFFIXES = (".csv.gz", ".csv", ".parquet", ".xlsx")
"""Of the files that tables are written to."""
SUFFIXES_SAID = ".csv, .csv.gz, .parquet or .xlsx"
CSV_ENCODINGS = ("utf-8", "utf-8-sig")
"""What CSV may be written in; the second begins with a mark by which spreadsheets know UTF-8."""
_CSV_ENCODING: ContextVar[str] = ContextVar("encoding of CSV that is written", default="utf-8")


@contextmanager
def csv_encoding(name: str) -> Iterator[None]:
    r"""Write every CSV in an encoding for as long as this lasts.

    Parameters
    ----------
    name : {"utf-8", "utf-8-sig"}

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, csv_encoding("utf-8-sig"):
    ...     path = Path(folder, "table.csv")
    ...     write_columns(path, {"id": ["乐高"]})
    ...     path.read_bytes()[:5]
    b'\xef\xbb\xbfid'
    """
    if name not in CSV_ENCODINGS:
        raise InputError(f"CSV is written as {' or '.join(CSV_ENCODINGS)}. Got {name!r}")
    before = _CSV_ENCODING.set(name)
    try:
        yield
    finally:
        _CSV_ENCODING.reset(before)


class Sink(Protocol):
    """Where blocks of one table go."""

    file: AtomicFile

    def write(self, block: Any) -> None:
        """Write a block: lines of CSV, or a record batch."""

    def finish(self) -> None:
        """Write what is left, without giving the file its name."""


class CsvSink:
    """CSV, plain or compressed: blocks are string arrays of lines."""

    def __init__(self, file: AtomicFile, header: str, *, compressed: bool) -> None:
        self.file = file
        # No name and no time inside: the same scores give the same bytes.
        self._gzip = gzip.GzipFile("", "wb", 6, file.file, mtime=0) if compressed else None
        self._out: Any = self._gzip or file
        self._out.write(header.encode(_CSV_ENCODING.get()))

    def write(self, block: Any) -> None:
        """Write a string array of lines."""
        self._out.write(content(block))

    def finish(self) -> None:
        """Write the end of the compressed stream."""
        if self._gzip is not None:
            self._gzip.close()


class ParquetSink:
    """Parquet: blocks are record batches."""

    def __init__(self, file: AtomicFile, schema: Any) -> None:
        self.file = file
        # It loads file systems; a run that writes CSV starts without them.
        from pyarrow.parquet import ParquetWriter

        self._writer = ParquetWriter(file.file, schema)
        self._schema = schema
        self._held: list[Any] = []
        self._rows = 0
        file.on_discard = self._abandon

    def _abandon(self) -> None:
        # An open writer adds its footer when it is collected, and the file is closed by then.
        self._writer.is_open = False

    def write(self, block: Any) -> None:
        """Write a record batch."""
        self._held.append(block)
        self._rows += block.num_rows
        while self._rows >= _GROUP:
            table = pa.Table.from_batches(self._held, self._schema)
            self._writer.write_table(table.slice(0, _GROUP), row_group_size=_GROUP)
            self._held = table.slice(_GROUP).combine_chunks().to_batches()
            self._rows -= _GROUP

    def finish(self) -> None:
        """Write the last row group and the footer."""
        if self._rows:
            table = pa.Table.from_batches(self._held, self._schema)
            self._writer.write_table(table, row_group_size=_GROUP)
        self._held, self._rows = [], 0
        self._writer.close()


def suffix_of(path: str | Path) -> str:
    """Return which of `SUFFIXES` a path ends in, or an empty string.

    Examples
    --------
    >>> suffix_of("a/scores.CSV.gz"), suffix_of("-"), suffix_of("scores.txt")
    ('.csv.gz', '.csv', '')
    """
    name = str(path).lower()
    if name == "-":
        return ".csv"
    return next((end for end in SUFFIXES if name.endswith(end)), "")


def suffix_fault(path: str | Path) -> str:
    """Return what is wrong with the name of a table to be written, or an empty string.

    Pipes and devices take CSV under any name.

    Examples
    --------
    >>> suffix_fault("scores.txt"), suffix_fault("scores.csv.gz"), suffix_fault("-")
    ('must end in .csv, .csv.gz, .parquet or .xlsx', '', '')
    """
    if suffix_of(path) or not is_plain(path):
        return ""
    return f"must end in {SUFFIXES_SAID}"


def takes_batches(path: str | Path) -> bool:
    """Return whether the sink of a path takes record batches, and no lines of CSV.

    Examples
    --------
    >>> takes_batches("scores.xlsx"), takes_batches("-")
    (True, False)
    """
    return suffix_of(path) in (".parquet", ".xlsx")


def open_sink(path: str | Path, columns: dict[str, Any], *, hold: bool = False) -> Sink:
    """Open an output by its suffix; what has none of them is CSV.

    Parameters
    ----------
    path : str or Path
    columns : dict of str to pyarrow.DataType
        The columns of the table.
    hold : bool, default=False
        See :class:`AtomicFile`.
    """
    suffix = suffix_of(path)
    file = AtomicFile(path, hold=hold)
    try:
        schema = pa.schema(list(columns.items()))
        if suffix == ".parquet":
            return ParquetSink(file, schema)
        if suffix == ".xlsx":
            from trustscore.io.xlsx_writer import XlsxSink

            return XlsxSink(file, schema)
        header = ",".join(inert(strings(list(columns))).to_pylist()) + "\n"
        return CsvSink(file, header, compressed=suffix == ".csv.gz")
    except BaseException:
        file.discard()
        raise


def same_file(one: str | Path, other: str | Path) -> bool:
    """Return whether two paths name one regular file, existing or not.

    Examples
    --------
    >>> same_file("a/../scores.csv", "scores.csv"), same_file("-", "-")
    (True, False)
    """
    if str(one) == "-" or str(other) == "-":
        return False
    one, other = os.path.realpath(one), os.path.realpath(other)
    if one == other:
        return not os.path.exists(one) or os.path.isfile(one)
    try:
        return os.path.isfile(one) and os.path.samefile(one, other)
    except OSError:
        return False


def write_columns(path: str | Path, columns: Mapping[str, Any]) -> None:
    r"""Write a small table: complete or not at all.

    Parameters
    ----------
    path : str or Path
        ``.csv``, ``.csv.gz``, ``.parquet`` or ``.xlsx``; ``-`` is standard output.
    columns : mapping of str to array
        Of one length: numbers (NaN is blank) or texts (None is blank). Numbers are
        written so that they read back as the same.

    Examples
    --------
    >>> import numpy as np, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "table.csv")
    ...     write_columns(path, {"id": ["a", "=b"], "x": np.array([0.1, np.nan])})
    ...     path.read_text()
    "id,x\na,0.1\n'=b,\n"
    """
    write_tables({path: columns})


def write_blocks(path: str | Path, blocks: Iterator[Mapping[str, Any]]) -> None:
    """Write a table block by block: complete or not at all.

    Parameters
    ----------
    path : str or Path
    blocks : iterator of mapping
        Of the same columns each, at least one; see :func:`write_columns`.
    """
    first = {name: as_array(column) for name, column in next(blocks).items()}
    sink = open_sink(path, {name: array.type for name, array in first.items()})
    with sink.file:
        add_arrays(sink, first)
        for block in blocks:
            add_arrays(sink, {name: as_array(block[name]) for name in first})
        sink.finish()
        sink.file.commit()


def write_tables(
    tables: Mapping[str | Path, Mapping[str, Any] | bytes], *, remove: Iterable[str | Path] = ()
) -> None:
    """Write small files that belong together: none takes its name before all are on disk.

    Parameters
    ----------
    tables : mapping of path to columns or bytes
        Columns as for :func:`write_columns`, or the content of a file of another kind.
    remove : iterable of str or Path
        Files of an earlier run that would not belong to these.
    """
    with ExitStack() as stack:
        staged = []
        for path, columns in tables.items():
            if isinstance(columns, bytes):
                file = stack.enter_context(AtomicFile(path))
                file.write(columns)
                staged.append(file)
                continue
            arrays = {name: as_array(column) for name, column in columns.items()}
            sink = open_sink(path, {name: array.type for name, array in arrays.items()})
            stack.enter_context(sink.file)
            _fill(sink, arrays)
            staged.append(sink.file)
        commit_together(staged, remove)


def _fill(sink: Sink, arrays: Mapping[str, Any]) -> None:
    add_arrays(sink, arrays)
    sink.finish()


def add_arrays(sink: Sink, arrays: Mapping[str, Any]) -> None:
    """Add a block of Arrow arrays to a table that is being written."""
    if isinstance(sink, CsvSink):
        texts = [array if array.type == pa.string() else _text(array) for array in arrays.values()]
        sink.write(lines([inert(text) for text in texts]))
    else:
        sink.write(pa.RecordBatch.from_arrays(list(arrays.values()), names=list(arrays)))


def as_array(column: Any) -> Any:
    """Return a column as Arrow array: numbers (NaN is blank) or texts (None is blank)."""
    values = np.asarray(column)
    if values.dtype.kind in "fiub":
        if values.dtype.kind == "f":
            return floats(values, nulls=True)
        values = values.astype(np.int64)
        return pa.Array.from_buffers(pa.int64(), len(values), [None, pa.py_buffer(values)])
    return strings([None if text is None else str(text) for text in values.tolist()])


def _text(array: Any) -> Any:
    texts = array.cast(pa.string())
    return strings([text or "" for text in texts.to_pylist()]) if texts.null_count else texts
