"""The inputs of a run, one after the other, as pieces with the plan to read each."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from trustscore.errors import InputError
from trustscore.io.clean_rows import Rows
from trustscore.io.csv_reader import CsvPlan, open_csv, read_piece
from trustscore.io.header import Wanted
from trustscore.io.parquet_reader import ArrowPlan, ParquetSource, open_parquet, read_batch
from trustscore.io.text_stream import BLOCK, Source
from trustscore.typing import Progress, silent

__all__ = ["Inputs", "Part", "as_paths", "read_part"]

Plan = CsvPlan | ArrowPlan


class Part(NamedTuple):
    """A piece, which file it is from, and how to read it."""

    piece: Any
    file: int
    plan: Any


def as_paths(paths: str | Path | Iterable[str | Path]) -> list[str]:
    """Return one path or many as a list.

    Examples
    --------
    >>> as_paths("export.csv"), as_paths([Path("a.csv"), "b.csv"])
    (['export.csv'], ['a.csv', 'b.csv'])
    """
    if isinstance(paths, (str, Path)):
        return [str(paths)]
    return [str(path) for path in paths]


def is_parquet(path: str) -> bool:
    """Return whether a file begins like Parquet; standard input is CSV."""
    if path == "-":
        return False
    if not Path(path).is_file():
        # A pipe must not lose its first bytes to a look.
        return path.lower().endswith(".parquet")
    with open(path, "rb") as file:
        return file.read(4) == b"PAR1"


@dataclass
class Inputs:
    """Files to read in order.

    Attributes
    ----------
    paths : list of str
    wanted : Wanted
    keep : tuple of str or None
        None for every column of each file.
    allow_missing : bool
    encoding : str or None
    block : int
        Bytes of a block of text.
    rows : int
        Rows of a block of Parquet.
    done : list of dict
        One description a file already read.
    missing : set of str
        Columns that some file did not have.
    progress : Progress
        Told after each piece what share of the bytes is read.
    """

    paths: Sequence[str]
    wanted: Wanted
    keep: tuple[str, ...] | None = ()
    allow_missing: bool = False
    encoding: str | None = None
    block: int = BLOCK
    rows: int = 4096
    done: list[dict[str, Any]] = field(default_factory=list)
    missing: set[str] = field(default_factory=set)
    progress: Progress = silent
    _open: Source | ParquetSource | None = None

    @property
    def position(self) -> int:
        """Bytes of all files read so far, as stored."""
        before = sum(file["size"] for file in self.done)
        return before + (self._open.position if self._open is not None else 0)

    @cached_property
    def size(self) -> int | None:
        """Bytes of all files, as stored; None when one of them is a pipe."""
        if not all(Path(path).is_file() for path in self.paths):
            return None
        return sum(Path(path).stat().st_size for path in self.paths)

    @property
    def share(self) -> float:
        """Share of the bytes that is read; NaN when one of the files is a pipe."""
        if self.size is None:
            return math.nan
        return self.position / self.size if self.size else 1.0

    def parts(self) -> Iterator[Part]:
        """Yield the parts of all files."""
        if self.paths.count("-") > 1:
            raise InputError("standard input (-) can be read only once")
        for number, path in enumerate(self.paths):
            parquet = is_parquet(path)
            source = ParquetSource(path) if parquet else Source(path, self.encoding, self.block)
            with source:
                self._open = source
                plan: Plan
                pieces: Iterator[Any]
                options: dict[str, Any] = {"keep": self.keep, "allow_missing": self.allow_missing}
                if isinstance(source, ParquetSource):
                    plan, pieces = open_parquet(source, self.wanted, rows=self.rows, **options)
                else:
                    plan, pieces = open_csv(source, self.wanted, **options)
                self.missing |= plan.columns.missing
                for piece in pieces:
                    yield Part(piece, number, plan)
                    self.progress(f"reading {Path(path).name}", self.share)
            self._open = None
            self.done.append(
                {
                    "path": path,
                    "size": source.size,
                    "sha256": source.sha256,
                    "encoding": source.encoding,
                }
            )


def read_part(part: Part) -> Rows:
    """Turn a part into rows."""
    if isinstance(part.plan, CsvPlan):
        return read_piece(part.piece, part.plan)
    return read_batch(part.piece, part.plan)
