"""Parquet: a file read batch by batch, and batches turned into rows."""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from trustscore.errors import InputError, plural
from trustscore.io.checks import Checker
from trustscore.io.clean_rows import LONGEST_KEPT, Rows
from trustscore.io.columns import filled, ids_of, number_or_text, rows_of, sound_text, text_of
from trustscore.io.header import Columns, Wanted, match
from trustscore.io.parquet_texts import cut_long_texts, is_text, parts_of, repeating, rows_at_once
from trustscore.io.readers import Options
from trustscore.io.rejects import REASONS, Fault
from trustscore.io.text_columns import Marks
from trustscore.ordinary_file import require_ordinary

__all__ = [
    "ArrowPiece",
    "ArrowPlan",
    "ParquetReader",
    "ParquetSource",
    "open_parquet",
    "plan_columns",
    "read_batch",
    "refuse_nested",
]

# What Arrow raises for a damaged file, names of columns that are not UTF-8 among it.
READ_ERRORS = (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError, KeyError)

# Rows of a block; its columns together stay near the cache.
BATCH = 4096


# In pieces of so many bytes a row group need not be in memory. pyarrow 17 reads such pieces wrongly
# now and then, or crashes; of those that came later 26 was seen to read them well.
_BUFFER = 1 << 16 if int(pa.__version__.partition(".")[0]) >= 26 else 0


class ArrowPiece(NamedTuple):
    """Rows of a table: a record batch, and the number of its first row."""

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
        """The checks of the wanted fields."""
        return Checker(self.wanted.fields, self.wanted.pairs)

    @cached_property
    def marks(self) -> Marks:
        """What point and comma were seen to mean."""
        return Marks(self.file, self.wanted.decimal)


class ParquetSource:
    """A Parquet file, hashed as a whole before it is read.

    Parameters
    ----------
    path : str or Path
    data : pyarrow.Buffer, optional
        The bytes of the file, where they were read already and hashed elsewhere.

    Attributes
    ----------
    position : int
        Bytes read so far, by the share of the rows.
    """

    encoding = "parquet"
    file: Any
    schema: Any

    def __init__(self, path: str | Path, data: Any = None) -> None:
        self.name = str(path)
        self.size = 0
        self.position = 0
        self.sha256 = ""
        if data is not None:
            self.size = len(data)
            self._open(pa.BufferReader(data))
            return
        require_ordinary(path)
        digest = hashlib.sha256()
        with open(path, "rb", buffering=0) as file:
            hashed = _version(os.fstat(file.fileno()))
            while data := file.read(1 << 20):
                digest.update(data)
                self.size += len(data)
        self.sha256 = digest.hexdigest()
        self._open(path)
        # Opened by its name once more: the hash must be that of the rows.
        if _version(os.stat(path)) != hashed:
            self.file.close()
            raise InputError(f"{path}: was replaced or changed while it was opened; run again")

    def reading(self, used: Sequence[str], rows: int) -> tuple[Any, int]:
        """Return the file as it is to be read, and how many rows at once.

        Texts that a dictionary holds once are read once, where repeating them in every row would
        take more memory than a batch may.
        """
        texts = [name for name in used if is_text(self.schema.field(name).type)]
        rows = rows_at_once(self.file.metadata, used, rows)
        look = self._opened(texts)
        repeated = repeating(look, texts, rows)
        if repeated:
            self.file.close()
            self.file = self._opened(repeated)
        return self.file, rows

    def _opened(self, dictionaries: Sequence[str]) -> Any:
        return pq.ParquetFile(
            self._place, pre_buffer=False, buffer_size=_BUFFER, read_dictionary=[*dictionaries]
        )

    def _open(self, file: Any) -> None:
        self._place: Any = file
        try:
            # Without the buffer before, a row group need not be in memory as a whole.
            self.file = self._opened(())
            self.schema = self.file.schema_arrow
        except READ_ERRORS as error:
            raise _damaged(self.name, error) from None

    def __enter__(self) -> ParquetSource:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self.file.close()


def _version(found: os.stat_result) -> tuple[int, int, int, int]:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


class ParquetReader:
    """A Parquet file.

    Parameters
    ----------
    path : str
    wanted : Wanted
    options : Options
    """

    spreadsheet = False

    def __init__(self, path: str, wanted: Wanted, options: Options) -> None:
        self.source = ParquetSource(path)
        try:
            self.plan, self._pieces = open_parquet(
                self.source,
                wanted,
                keep=options.keep,
                allow_missing=options.allow_missing,
                rows=options.rows,
            )
        except BaseException:
            self.source.close()
            raise
        self.columns = self.plan.columns
        self.rows = self.source.file.metadata.num_rows

    def pieces(self) -> Iterator[ArrowPiece]:
        """Yield the input piece by piece, once."""
        return self._pieces

    def read(self, piece: ArrowPiece) -> Rows:
        """Turn a piece into rows."""
        return read_batch(piece, self.plan)


def _damaged(name: str, error: Exception) -> Exception:
    # Arrow says with the same error what the disk refuses, which has a number, and what it cannot
    # make sense of, which has none.
    if isinstance(error, OSError) and error.errno is not None:
        return error
    if "more than 64 bits" in str(error):
        return InputError(f"{name}: holds integers of 128 bits (Int128); cast them to 64 bits")
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


def refuse_nested(schema: Any, used: Iterable[int], file: str) -> None:
    """Raise for columns to be read that are lists or structures."""
    faults = [
        f"{schema.field(place).name}: must be numbers or text. Got {schema.field(place).type}"
        for place in used
        if pa.types.is_nested(schema.field(place).type)
    ]
    if faults:
        raise InputError(f"{file}: {plural(len(faults), 'column')} cannot be read", faults)


def open_parquet(
    source: ParquetSource,
    wanted: Wanted,
    *,
    keep: Iterable[str] | None = (),
    allow_missing: bool = False,
    rows: int = BATCH,
) -> tuple[ArrowPlan, Iterator[ArrowPiece]]:
    """Find the wanted columns of a Parquet file; return how to read it, and its pieces."""
    names = list(source.schema.names)
    plan, used = plan_columns(names, wanted, source.name, keep=keep, allow_missing=allow_missing)
    refuse_nested(source.schema, used, source.name)
    wanted_names = [names[at] for at in used]

    def pieces() -> Iterator[ArrowPiece]:
        line = 1
        try:
            file, at_once = source.reading(wanted_names, rows)
            batches = file.iter_batches(batch_size=at_once, columns=wanted_names, use_threads=False)
            for batch in batches:
                # The order of the answer is that of the file, whatever was asked.
                for part in parts_of(batch.select(wanted_names)):
                    yield ArrowPiece(part, line)
                    line += part.num_rows
                    source.position = source.size * (line - 1) // file.metadata.num_rows
        except READ_ERRORS as error:
            raise _damaged(source.name, error) from None

    return plan, pieces()


def read_batch(piece: ArrowPiece, plan: ArrowPlan) -> Rows:
    """Turn a piece into rows."""
    batch = piece.data
    columns = plan.columns
    shorter = [cut_long_texts(batch.column(at)) for at in range(batch.num_columns)]
    found = [sound_text(column) for column, _ in shorter]
    stored = [column for column, _ in found]
    faults = [
        Fault(row, "", "", "too_long", f"longer than {LONGEST_KEPT:,} bytes, in the column {name}")
        for name, (_, cut) in zip(batch.schema.names, shorter, strict=True)
        for row in cut
    ]
    faults += [
        Fault(row, "", "", "not_utf8", f"{REASONS['not_utf8']}, in the column {name}")
        for name, (_, bad) in zip(batch.schema.names, found, strict=True)
        for row in bad
    ]

    def text(place: int) -> Any:
        return text_of(stored[place], batch.schema.field(place).name, plan.file)

    checks = {field.name: field.check for field in plan.wanted.fields}
    numbers = {
        name: number_or_text(stored[place], name, plan.file, checks[name])
        for name, place in columns.numbers.items()
    }

    def raw(row: int) -> str:
        out = io.StringIO()
        values = [_cell(column[row]) for column in stored]
        csv.writer(out, lineterminator="").writerow(values)
        return out.getvalue()

    return rows_of(
        numbers,
        ids=ids_of(stored[columns.texts["merchant_id"]], plan.wanted.key, plan.file),
        texts={
            name: text(columns.texts[name]) for name in plan.wanted.texts if name in columns.texts
        },
        keep={name: filled(text(place)) for name, place in columns.keep.items()},
        lines=np.arange(piece.line, piece.line + batch.num_rows),
        wanted=plan.wanted,
        checker=plan.checker,
        raw=raw,
        file=plan.file,
        faults=faults,
        marks=plan.marks,
    )


def _cell(value: Any) -> Any:
    try:
        return value.as_py()
    except (ValueError, OverflowError):
        # A date beyond the calendar.
        return str(value.cast(pa.int64()).as_py()) if pa.types.is_temporal(value.type) else "?"
