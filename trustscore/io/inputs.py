"""The inputs of a run, one after the other, as pieces with the reader of each."""

from __future__ import annotations

import glob
import logging
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from trustscore.errors import InputError
from trustscore.io.clean_rows import Rows
from trustscore.io.header import Wanted
from trustscore.io.pseudonyms import Pseudonyms, hidden_cells
from trustscore.io.readers import SUFFIXES, Options, Reader, open_reader
from trustscore.io.text_stream import BLOCK
from trustscore.typing import Progress, silent

__all__ = ["Inputs", "Part", "as_paths", "expand", "read_part"]


# Where nobody listens to it, its warnings go to standard error.
_LOG = logging.getLogger("trustscore")


class Part(NamedTuple):
    """A piece, which file it is from, its reader, and the pseudonyms that its ids are to get."""

    piece: Any
    file: int
    reader: Reader
    pseudonyms: Pseudonyms | None = None

    @property
    def missing(self) -> frozenset[str]:
        """Columns that the file does not have."""
        return self.reader.columns.missing


def read_part(part: Part) -> Rows:
    """Turn a part into rows."""
    if part.pseudonyms is None:
        return part.reader.read(part.piece)
    with hidden_cells(part.pseudonyms):
        rows = part.reader.read(part.piece)
    columns = part.reader.columns
    return part.pseudonyms.rows(rows, columns.texts, columns.keep)


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


def expand(paths: Iterable[str]) -> list[str]:
    """Return the files that paths, folders and patterns name.

    A folder stands for the files in it whose names end like tables (``.csv``, ``.csv.gz``,
    ``.parquet``, ``.jsonl`` and so on) and begin with neither a dot nor an underscore. A path with
    ``*``, ``?`` or ``[`` that is no file stands for the files it matches. Both in the order of
    their names.

    Raises
    ------
    InputError
        When a folder or pattern stands for no file.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("b.csv", "a.parquet", "_SUCCESS", "notes.txt"):
    ...         Path(folder, name).touch()
    ...     [Path(path).name for path in expand([folder, folder + "/*.csv", "-"])]
    ['a.parquet', 'b.csv', 'b.csv', '-']
    """
    files: list[str] = []
    for path in paths:
        if Path(path).is_dir():
            found = sorted(str(file) for file in Path(path).iterdir() if _is_table(file))
            if not found:
                raise InputError(
                    f"{path}: no file in this folder ends like a table ({', '.join(SUFFIXES)})"
                )
        elif glob.has_magic(path) and not Path(path).exists():
            found = sorted(file for file in glob.glob(path, recursive=True) if Path(file).is_file())
            if not found:
                raise InputError(f"{path}: no file matches this pattern")
        else:
            found = [path]
        files += found
    return files


def _is_table(path: Path) -> bool:
    hidden = path.name.startswith((".", "_"))
    return not hidden and path.name.lower().endswith(SUFFIXES) and path.is_file()


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
    unless_utf8 : bool
        Whether `encoding` is for text only that is not UTF-8.
    pseudonyms : Pseudonyms or None
        What merchants are called instead of by their ids.
    done : list of dict
        One description a file already read.
    missing : set of str
        Columns that some file did not have.
    """

    paths: Sequence[str]
    wanted: Wanted
    keep: tuple[str, ...] | None = ()
    allow_missing: bool = False
    encoding: str | None = None
    block: int = BLOCK
    rows: int = 4096
    unless_utf8: bool = False
    pseudonyms: Pseudonyms | None = None
    done: list[dict[str, Any]] = field(default_factory=list)
    missing: set[str] = field(default_factory=set)
    progress: Progress = silent
    _open: Reader | None = None

    @property
    def position(self) -> int:
        """Bytes of all files read so far, as stored."""
        before = sum(file["size"] for file in self.done)
        return before + (self._open.source.position if self._open is not None else 0)

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
        options = Options(
            self.keep,
            self.allow_missing,
            self.encoding,
            self.block,
            self.rows,
            self.unless_utf8,
        )
        for number, path in enumerate(self.paths):
            with hidden_cells(self.pseudonyms):
                reader = open_reader(path, self.wanted, options)
            source = reader.source
            try:
                self._open = reader
                self.missing |= reader.columns.missing
                for piece in reader.pieces():
                    yield Part(piece, number, reader, self.pseudonyms)
                    self.progress(f"reading {Path(path).name}", self.share)
            finally:
                source.close()
            self._open = None
            if getattr(source, "guessed", False):
                _LOG.warning(
                    "%s: is not UTF-8 and was read as %s; `encoding` says otherwise",
                    path,
                    source.encoding,
                )
            self.done.append(
                {
                    "path": path,
                    "size": source.size,
                    "sha256": source.sha256,
                    "encoding": source.encoding,
                }
            )
