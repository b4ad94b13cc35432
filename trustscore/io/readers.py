"""The formats that exports come in, told apart by how they begin.

A format is one `Format`, with a function that opens an input as a `Reader`. Whoever reads needs to
know no more than `Reader`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from trustscore.errors import InputError
from trustscore.io.clean_rows import Rows
from trustscore.io.first_bytes import BINARY_TABLES
from trustscore.io.header import Columns, Wanted
from trustscore.io.text_stream import BLOCK, Source

__all__ = [
    "BINARY",
    "FORMATS",
    "SUFFIXES",
    "TEXT",
    "Format",
    "Options",
    "Reader",
    "open_reader",
    "text_format",
]


class Opened(Protocol):
    """What is known of an input, apart from what it says."""

    @property
    def name(self) -> str:
        """The path as given."""

    @property
    def encoding(self) -> str:
        """As decided so far, or the name of the format."""

    @property
    def size(self) -> int:
        """Bytes as stored; of a stream, those read so far."""

    @property
    def position(self) -> int:
        """Bytes read so far, as stored."""

    @property
    def sha256(self) -> str:
        """Hash of the bytes as stored; of a stream, of those read so far."""

    def close(self) -> None:
        """Close the file."""


class Reader(Protocol):
    """An input whose columns are known."""

    @property
    def source(self) -> Opened:
        """The file."""

    @property
    def columns(self) -> Columns:
        """Where the wanted columns stand."""

    @property
    def rows(self) -> int | None:
        """How many rows it has, where that is known beforehand."""

    @property
    def spreadsheet(self) -> bool:
        """Whether people open such files in spreadsheets.

        This package then writes an apostrophe before texts that would be formulas there.
        """

    def pieces(self) -> Iterator[Any]:
        """Yield the input piece by piece, once; each has ``data`` and ``line``."""

    def read(self, piece: Any) -> Rows:
        """Turn a piece into rows; several threads may do so at once."""


class Options(NamedTuple):
    """How to read an input.

    Attributes
    ----------
    keep : tuple of str or None
        Columns to pass through; None for every column.
    allow_missing : bool
        Whether columns may be missing.
    encoding : str or None
        Of text, instead of finding out.
    block : int
        Bytes of text to read at a time.
    rows : int
        Rows of a block of columns.
    unless_utf8 : bool
        Whether `encoding` is for text only that is not UTF-8.
    """

    keep: tuple[str, ...] | None = ()
    allow_missing: bool = False
    encoding: str | None = None
    block: int = BLOCK
    rows: int = 4096
    unless_utf8: bool = False


@dataclass(frozen=True)
class Format:
    """A format of files.

    Attributes
    ----------
    name : str
    begins : re.Pattern of bytes
        What its files begin with.
    suffixes : tuple of str
        Of its files in a folder; a pipe that must not be looked into is told by them as well.
    open : callable
        Of a binary format: path, wanted columns and options to a reader. Of a text format: a
        source, its chunks of UTF-8, wanted columns and options.
    """

    name: str
    begins: re.Pattern[bytes]
    suffixes: tuple[str, ...]
    open: Callable[..., Reader]


def _parquet(path: str, wanted: Wanted, options: Options) -> Reader:
    from trustscore.io.parquet_reader import ParquetReader

    return ParquetReader(path, wanted, options)


def _excel(path: str, wanted: Wanted, options: Options) -> Reader:
    from trustscore.io.xlsx_reader import XlsxReader

    return XlsxReader(path, wanted, options)


def _json_lines(
    source: Source, chunks: Iterator[bytes], wanted: Wanted, options: Options
) -> Reader:
    from trustscore.io.json_lines_reader import JsonLinesReader

    return JsonLinesReader(source, chunks, wanted, options)


def _csv(source: Source, chunks: Iterator[bytes], wanted: Wanted, options: Options) -> Reader:
    from trustscore.io.csv_reader import CsvReader

    return CsvReader(source, chunks, wanted, options)


JSON_LINES = Format(
    "JSON Lines",
    re.compile(rb'\s*\{\s*["}]'),
    (".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz"),
    _json_lines,
)
# Told by their first bytes as stored.
BINARY = tuple(
    Format(name, re.compile(re.escape(BINARY_TABLES[name])), suffixes, open_it)
    for name, suffixes, open_it in (
        ("Parquet", (".parquet",), _parquet),
        ("Excel", (".xlsx", ".xlsm"), _excel),
    )
)
# Told by the beginning of their text, uncompressed and decoded; whatever is nothing else is CSV.
TEXT = (
    JSON_LINES,
    Format("CSV", re.compile(b""), (".csv", ".csv.gz", ".tsv", ".tsv.gz"), _csv),
)
FORMATS = (*BINARY, *TEXT)
SUFFIXES = tuple(suffix for form in FORMATS for suffix in form.suffixes)


def open_reader(path: str, wanted: Wanted, options: Options = Options()) -> Reader:  # noqa: B008
    r"""Open an input, whatever its format.

    Parameters
    ----------
    path : str
        ``-`` is text on standard input.
    wanted : Wanted
    options : Options, optional

    Raises
    ------
    InputError
        When it is none of the formats, or columns are missing.

    Examples
    --------
    >>> import tempfile
    >>> from trustscore.io.header import SideField
    >>> wanted = Wanted((SideField("stars", "number"),), (), ".", {})
    >>> for name, text in {
    ...     "a.csv": "merchant_id,stars\nm1,4.5\n",
    ...     "a.jsonl": '{"merchant_id": "m1", "stars": 4.5}\n',
    ... }.items():
    ...     with tempfile.TemporaryDirectory() as folder:
    ...         path = Path(folder, name)
    ...         _ = path.write_text(text)
    ...         reader = open_reader(str(path), wanted)
    ...         [rows] = [reader.read(piece) for piece in reader.pieces()]
    ...         reader.source.close()
    ...     print(rows.ids.to_pylist(), rows.block["stars"])
    ['m1'] [4.5]
    ['m1'] [4.5]
    """
    for form in BINARY:
        if _begins(path, form):
            return form.open(path, wanted, options)
    source = Source(path, options.encoding, options.block, unless_utf8=options.unless_utf8)
    try:
        form, chunks = text_format(source)
        return form.open(source, chunks, wanted, options)
    except BaseException:
        source.close()
        raise


def text_format(source: Source) -> tuple[Format, Iterator[bytes]]:
    """Return the format of a text, told by its beginning, and all its chunks.

    Parameters
    ----------
    source : Source
        Not read so far.

    Returns
    -------
    format : Format
        One of `TEXT`.
    chunks : iterator of bytes
        The text as UTF-8, its beginning included.

    Raises
    ------
    InputError
        When it is a JSON array, or cannot be read as text.

    Examples
    --------
    >>> from io import BytesIO
    >>> form, chunks = text_format(Source("a", file=BytesIO(b'{"merchant_id": "m1"}')))
    >>> form.name, b"".join(chunks)
    ('JSON Lines', b'{"merchant_id": "m1"}')
    """
    chunks = source.chunks()
    head = b""
    # Blank lines may stand above.
    while not head.strip() and (chunk := next(chunks, b"")):
        head += chunk
    if re.match(rb"\s*\[\s*\{", head):
        raise InputError(
            f"{source.name}: is a JSON array; write one object a line, as jq -c '.[]' does"
        )
    form = next(form for form in TEXT if form.begins.match(head))
    return form, chain([head] if head else [], chunks)


def _begins(path: str, form: Format) -> bool:
    if path == "-":
        return False
    if not Path(path).is_file():
        # A pipe must not lose its first bytes to a look.
        return path.lower().endswith(form.suffixes)
    with open(path, "rb") as file:
        return form.begins.match(file.read(16)) is not None
