"""How a Spark task reads its share of the files of a run.

Three ways, chosen by file. Plain UTF-8 text comes as lines: Spark cuts the file into
splits at line breaks wherever it likes, and a split is read as if a record began where
it begins. By induction that is true when every split before it ends with a record; so
a split that ends inside a quotation says so, and its file is then read by one task.
Anything else (gzip, another encoding, a quotation across splits) comes as the bytes of
the whole file and is read by the very code that reads it elsewhere. Parquet comes as
columns with the number of each row, unless Spark reads one of its columns otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby, pairwise
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import numpy as np
import pyarrow as pa

from trustscore.errors import TrustscoreError
from trustscore.io.arrow import spans
from trustscore.io.clean_rows import Rows
from trustscore.io.csv_reader import CsvPlan, open_csv, pieces, read_piece
from trustscore.io.guessed_ids import refuse_guess
from trustscore.io.header import Wanted
from trustscore.io.parquet_reader import (
    ArrowPiece,
    ArrowPlan,
    ParquetSource,
    open_parquet,
    read_batch,
)
from trustscore.io.text_stream import BLOCK, Source
from trustscore.spark.work import First, Job, Unit, Writer

__all__ = ["Reading", "address", "read_columns", "read_lines", "read_whole"]

Address = tuple[str, str, str]


def address(uri: str) -> Address:
    """Return the parts of a path that are the same however Hadoop spells it.

    Examples
    --------
    >>> address("file:///a%20b.csv") == address("file:/a%20b.csv")
    True
    """
    parts = urlsplit(uri)
    return parts.scheme, parts.netloc, unquote(parts.path)


@dataclass(frozen=True)
class Reading:
    """What the tasks of a run must know to read.

    Attributes
    ----------
    job : Job
    wanted : Wanted
    names : tuple of str
        The files, as people named them.
    numbers : dict of tuple to int
        Number of each file by its `address`.
    plans : tuple
        The different plans there are; those of split text and of Parquet.
    plan_of : dict of int to int
        Which plan a file is read by.
    allow_missing : bool
    encoding : str or None
    repeats : dict of (int, int) to First
    """

    job: Job
    wanted: Wanted
    names: tuple[str, ...]
    numbers: Mapping[Address, int]
    plans: tuple[CsvPlan | ArrowPlan, ...]
    plan_of: Mapping[int, int]
    allow_missing: bool
    encoding: str | None
    repeats: Mapping[Unit, First] = field(default_factory=dict)

    def writer(self) -> Writer:
        """Return what makes records of rows."""
        return Writer(self.job, self.names, self.repeats)

    def plan(self, file: int) -> Any:
        """Return how to read a file."""
        return replace(self.plans[self.plan_of[file]], file=self.names[file])


class _Run(NamedTuple):
    """Rows of one batch that belong to one split."""

    path: str
    start: int
    rows: Any


def _runs(batches: Iterable[Any]) -> Iterator[_Run]:
    """Cut batches where a split ends; a task gets several, one after the other."""
    for batch in batches:
        count = batch.num_rows
        if not count:
            continue
        paths = batch.column("path")
        starts = batch.column("start").to_numpy()
        edges = np.flatnonzero(np.diff(starts)) + 1
        if paths[0].as_py() != paths[count - 1].as_py():
            codes = paths.dictionary_encode().indices.to_numpy()
            edges = np.union1d(edges, np.flatnonzero(np.diff(codes)) + 1)
        cuts = [0, *edges.tolist(), count]
        for low, high in pairwise(cuts):
            rows = batch.slice(low, high - low)
            yield _Run(paths[low].as_py(), int(starts[low]), rows)


def _splits(batches: Iterable[Any]) -> Iterator[tuple[str, int, Iterator[Any]]]:
    for (path, start), runs in groupby(_runs(batches), key=lambda run: run[:2]):
        yield path, start, (run.rows for run in runs)


class _Text:
    """The chunks of a split; its lines are counted as they pass."""

    def __init__(self, batches: Iterator[Any], skip: int) -> None:
        self._batches, self._skip = batches, skip
        self.lines = 0
        self.ascii = True

    def chunks(self) -> Iterator[bytes]:
        for batch in self._batches:
            column = batch.column("data")
            self.lines += len(column)
            above = min(self._skip, len(column))
            self._skip -= above
            column = column.slice(above)
            if not len(column):
                continue
            content, starts, ends = spans(column)
            data = content[starts[0] : ends[-1]]
            for low in range(0, len(data), BLOCK):
                chunk = data[low : low + BLOCK].tobytes()
                self.ascii = self.ascii and chunk.isascii()
                yield chunk


def _is_utf8(data: bytes) -> bool:
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def read_lines(reading: Reading, batches: Iterable[Any]) -> Iterator[Any]:
    """Yield the records of splits of text.

    Parameters
    ----------
    reading : Reading
    batches : iterable of pyarrow.RecordBatch
        ``path`` and ``start`` of the split, and ``data``: a line with its break.
    """
    writer = reading.writer()
    yield from writer.header()
    for path, start, rest in _splits(batches):
        file = reading.numbers[address(path)]
        unit = (file, start)
        plan = reading.plan(file)
        above = plan.line - 1 if start == 0 else 0
        text = _Text(rest, above)
        # Lines of a later split count from 1; how many stand above it is known at the end.
        plan = replace(plan, line=above + 1)
        clean = True
        try:
            for piece in pieces(text.chunks(), b"", plan):
                clean = _is_utf8(piece.data)
                if not clean:
                    break
                rows = read_piece(piece, plan)
                # The partner of an open mark may stand in the next split.
                clean = all(reject.reason != "open_quote" for reject in rows.rejects)
                if not clean:
                    break
                yield from writer.rows(rows, plan.columns.missing, unit)
        except TrustscoreError:
            # Said again, with the right line, when the file is read as a whole.
            clean = False
        encoding = "ascii" if text.ascii else "utf-8"
        facts = {"path": path, "lines": text.lines, "encoding": encoding, "clean": clean}
        yield writer.note(unit, missing=sorted(plan.columns.missing), **facts)


def read_whole(reading: Reading, batches: Iterable[Any]) -> Iterator[Any]:
    """Yield the records of whole files.

    Parameters
    ----------
    reading : Reading
    batches : iterable of pyarrow.RecordBatch
        ``path`` and ``data``: the bytes of a file.
    """
    writer = reading.writer()
    yield from writer.header()
    for batch in batches:
        for path, data in zip(batch.column("path"), batch.column("data"), strict=True):
            uri = path.as_py()
            file = reading.numbers[address(uri)]
            unit, name = (file, 0), reading.names[file]
            facts: dict[str, Any] = {"path": uri, "lines": 0, "clean": True, "missing": []}
            try:
                source, missing, parts = _open_whole(name, data.as_buffer(), reading)
                facts["missing"] = sorted(missing)
                for rows in parts:
                    yield from writer.rows(rows, missing, unit)
                facts["encoding"] = source.encoding
            except TrustscoreError as error:
                facts["error"] = [error.summary, error.faults]
            yield writer.note(unit, **facts)


def _open_whole(
    name: str, data: Any, reading: Reading
) -> tuple[Source | ParquetSource, frozenset[str], Iterator[Rows]]:
    """Open the bytes of a file; return it, the columns that are missing, and its rows."""
    keep, allow = reading.job.keep, reading.allow_missing
    if data.slice(0, 4).to_pybytes() == b"PAR1":
        table = ParquetSource(name, data)
        columns, batches = open_parquet(table, reading.wanted, keep=keep, allow_missing=allow)
        return table, columns.columns.missing, (read_batch(piece, columns) for piece in batches)
    source = Source(name, reading.encoding, file=pa.BufferReader(data))
    plan, found = open_csv(source, reading.wanted, keep=keep, allow_missing=allow)
    rows = (refuse_guess(source, read_piece(piece, plan)) for piece in found)
    return source, plan.columns.missing, rows


def read_columns(reading: Reading, batches: Iterable[Any]) -> Iterator[Any]:
    """Yield the records of stretches of Parquet.

    Parameters
    ----------
    reading : Reading
    batches : iterable of pyarrow.RecordBatch
        ``path``, ``start`` and ``row`` from 0, then the wanted columns.
    """
    writer = reading.writer()
    yield from writer.header()
    for path, start, rest in _splits(batches):
        file = reading.numbers[address(path)]
        unit, plan = (file, start), reading.plan(file)
        facts: dict[str, Any] = {"path": path, "lines": 0, "clean": True, "encoding": "parquet"}
        try:
            for batch in rest:
                line = batch.column("row")[0].as_py() + 1
                piece = ArrowPiece(batch.select(list(range(3, batch.num_columns))), line)
                yield from writer.rows(read_batch(piece, plan), plan.columns.missing, unit)
        except TrustscoreError as error:
            facts["error"] = [error.summary, error.faults]
        yield writer.note(unit, missing=sorted(plan.columns.missing), **facts)
