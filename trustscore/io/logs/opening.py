"""Files of logs as batches of raw columns: CSV by the block reader, Parquet by Arrow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from trustscore.errors import InputError
from trustscore.io.csv_reader import find_header, pieces
from trustscore.io.csv_records import Layout, find_records
from trustscore.io.header import fold
from trustscore.io.logs.rows import BadRow
from trustscore.io.parquet_reader import READ_ERRORS, ParquetSource
from trustscore.io.pieces import Piece, too_long
from trustscore.io.rejects import BAD
from trustscore.io.streams import as_stream
from trustscore.io.text_stream import BAD_BYTES, Source
from trustscore.typing import IntArray

__all__ = ["CsvLog", "FrameLog", "ParquetLog", "RawBatch", "open_log"]

_ROWS = 1 << 16


class RawBatch(NamedTuple):
    """Columns by their place in the file, the line of each row, and records that are no rows."""

    columns: dict[int, Any]
    lines: IntArray
    broken: list[BadRow]


@dataclass(frozen=True)
class _Cut:
    """What `pieces` must know of a file."""

    delimiter: str
    file: str
    line: int


class CsvLog:
    """A CSV of a log, its header read.

    Parameters
    ----------
    path : str
    encoding : str, optional
        Instead of finding out.
    """

    def __init__(self, path: str, encoding: str | None = None) -> None:
        self.source = Source(path, encoding)
        try:
            found = find_header(self.source, self.source.chunks())
        except BaseException:
            self.source.close()
            raise
        self.header = found.names
        self._cut = _Cut(found.delimiter, path, found.line)
        self._pieces = pieces(found.chunks, found.rest, self._cut)  # type: ignore[arg-type]

    def batches(self, places: Sequence[int]) -> Iterator[RawBatch]:
        """Yield the rows, with the wanted columns."""
        # A place may be asked for twice: by a column and by the one that stands in for it.
        once = list(dict.fromkeys(places))
        layout = Layout(len(self.header), numbers=[], texts=once, delimiter=self._cut.delimiter)
        header = [fold(name) for name in self.header]
        for piece in self._pieces:
            yield self._read(piece, layout, once, header)

    def _read(self, piece: Piece, layout: Layout, places: list[int], header: list[str]) -> RawBatch:
        found = find_records(piece.data, layout, piece.line)
        broken = [
            BadRow(record.line, "", "", "open_quote" if record.fields is None else "field_count")
            for record in found.broken
        ]
        broken += [BadRow(each.line, "", "", "too_long") for each in too_long(piece, "")]
        columns = {place: found.texts(at) for at, place in enumerate(places)}
        lines = np.ascontiguousarray(found.lines)
        stay = np.ones(len(lines), dtype=np.bool_)
        if BAD_BYTES in piece.data:
            for row in range(len(found)):
                if BAD in found.raw(row):
                    stay[row] = False
                    broken.append(BadRow(int(lines[row]), "", "", "not_utf8"))
        first = columns[places[0]]
        name = header[places[0]]
        for row in np.flatnonzero(np.asarray(_equal(first, self.header[places[0]]))).tolist():
            again = [fold(found.cell(row, at)) for at in range(len(header))] == header
            if again and stay[row] and name:
                stay[row] = False
                broken.append(BadRow(int(lines[row]), "", "", "header_again"))
        if not stay.all():
            mask = pa.array(stay)
            columns = {place: column.filter(mask) for place, column in columns.items()}
            lines = lines[stay]
        return RawBatch(columns, lines, broken)

    def close(self) -> None:
        """Close the file."""
        self.source.close()


def _equal(texts: Any, text: str) -> Any:
    import pyarrow.compute as pc

    return pc.equal(texts, text).to_numpy(zero_copy_only=False)


class ParquetLog:
    """A Parquet file of a log."""

    def __init__(self, path: str) -> None:
        self.source = ParquetSource(path)
        self.header = list(self.source.schema.names)

    def batches(self, places: Sequence[int]) -> Iterator[RawBatch]:
        """Yield the rows, with the wanted columns."""
        once = sorted(set(places))
        names = [self.header[place] for place in once]
        for name, place in zip(names, once, strict=True):
            kind = self.source.schema.field(place).type
            if pa.types.is_nested(kind):
                raise InputError(
                    f"{self.source.name}: column {name} is of type {kind}; cells are one value each"
                )
        line = 1
        try:
            # Row groups may be large: a batch holds so many rows.
            for batch in self.source.file.iter_batches(
                batch_size=_ROWS, columns=names, use_threads=False
            ):
                batch = batch.select(names)
                columns = dict(zip(once, batch.columns, strict=True))
                yield RawBatch(columns, np.arange(line, line + batch.num_rows), [])
                line += batch.num_rows
                self.source.position = (
                    self.source.size * (line - 1) // max(self.source.file.metadata.num_rows, 1)
                )
        except READ_ERRORS as error:
            raise InputError(f"{self.source.name}: damaged Parquet file") from error

    def close(self) -> None:
        """Close the file."""
        self.source.close()


class FrameLog:
    """A frame in memory, read like a file.

    Parameters
    ----------
    name : str
        For messages.
    frame : object
        A pandas DataFrame, or what gives an Arrow stream.
    """

    size, position, sha256, encoding = 1, 1, "", "frame"

    def __init__(self, name: str, frame: Any) -> None:
        self.name = name
        if type(frame).__module__.partition(".")[0] == "pandas":
            frame = pa.Table.from_pandas(frame, preserve_index=False)
        self._stream = as_stream(frame)
        self.header = list(self._stream.schema.names)
        self.source = self

    def batches(self, places: Sequence[int]) -> Iterator[RawBatch]:
        """Yield the rows, with the wanted columns."""
        once, line = sorted(set(places)), 1
        for batch in self._stream:
            for start in range(0, batch.num_rows, _ROWS):
                part = batch.slice(start, _ROWS)
                columns = {place: part.column(place) for place in once}
                yield RawBatch(columns, np.arange(line, line + part.num_rows), [])
                line += part.num_rows


def open_log(path: str, encoding: str | None = None) -> CsvLog | ParquetLog:
    """Open a file of a log by how it begins."""
    with open(path, "rb") as file:
        begin = file.read(4)
    return ParquetLog(path) if begin == b"PAR1" else CsvLog(path, encoding)
