"""CSV: a stream cut into blocks of whole records, and a block turned into rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from trustscore.errors import CellError, InputError
from trustscore.io.checks import Checker
from trustscore.io.clean_rows import Rows, Unchecked, clean
from trustscore.io.csv_cells import last_record
from trustscore.io.csv_records import (
    Broken,
    Layout,
    Records,
    find_records,
    first_record,
    split_record,
)
from trustscore.io.guessed_ids import refuse_guess
from trustscore.io.header import Columns, Wanted, match, sniff
from trustscore.io.header_again import headers_again
from trustscore.io.long_record import skip_record
from trustscore.io.no_header import explain_no_header
from trustscore.io.pieces import Piece, Skipped, cut_pieces, end_of_lines, too_long
from trustscore.io.readers import Options
from trustscore.io.rejects import BAD, REASONS, Fault, Reject, raw_of
from trustscore.io.text_columns import Marks, read_odd
from trustscore.io.text_stream import BAD_BYTES, Source

__all__ = ["CsvPlan", "CsvReader", "Header", "find_header", "open_csv", "pieces", "read_piece"]

_LONGEST_HEADER = 4 << 20

# Blank lines, and Excel's `sep=;`, may stand above the header.
_ABOVE = re.compile(
    rb'(?:[ \t\r]*\n)*+(?:"?sep=([^"\r\n])"?[ \t\r]*\n)?(?:[ \t\r]*\n)*+', re.IGNORECASE
)


@dataclass(frozen=True)
class CsvPlan:
    """How to read the pieces of one file.

    Attributes
    ----------
    delimiter : str
    columns : Columns
    wanted : Wanted
    file : str
    line : int
        On which the first record below the header begins.
    header : tuple of str
    """

    delimiter: str
    columns: Columns
    wanted: Wanted
    file: str
    line: int
    header: tuple[str, ...] = ()

    @cached_property
    def layout(self) -> Layout:
        """What to read of the fields of a record: a column of numbers for each wanted field."""
        columns = self.columns
        return Layout(
            columns.width,
            numbers=[columns.numbers.get(field.name, -1) for field in self.wanted.fields],
            texts=list(dict.fromkeys([*columns.texts.values(), *columns.keep.values()])),
            delimiter=self.delimiter,
            decimal=self.wanted.decimal,
            counts=[
                columns.numbers[field.name]
                for field in self.wanted.fields
                if field.check == "count" and field.name in columns.numbers
            ],
        )

    @cached_property
    def marks(self) -> Marks:
        """What point and comma were seen to mean."""
        return Marks(self.file, self.wanted.decimal, self.delimiter == ";")

    @cached_property
    def checker(self) -> Checker:
        """The checks of the wanted fields."""
        return Checker(self.wanted.fields, self.wanted.pairs)


class CsvReader:
    """A CSV, its header read.

    Parameters
    ----------
    source : Source
    chunks : iterator of bytes
        Its text as UTF-8.
    wanted : Wanted
    options : Options
    """

    rows = None
    spreadsheet = True

    def __init__(
        self, source: Source, chunks: Iterator[bytes], wanted: Wanted, options: Options
    ) -> None:
        self.source = source
        self.plan, self._pieces = open_csv(
            source,
            wanted,
            keep=options.keep,
            allow_missing=options.allow_missing,
            chunks=chunks,
        )
        self.columns = self.plan.columns

    def pieces(self) -> Iterator[Piece]:
        """Yield the input piece by piece, once."""
        return self._pieces

    def read(self, piece: Piece) -> Rows:
        """Turn a piece into rows."""
        return refuse_guess(self.source, read_piece(piece, self.plan))


class Header(NamedTuple):
    """The header of a CSV and what follows it.

    Attributes
    ----------
    names : list of str
    delimiter : str
    begun, line : int
        On which the header begins, and the first record below it.
    text : bytes
        The header and what was read behind it.
    rest : bytes
        What was read behind the header.
    chunks : iterator of bytes
        What was not read yet.
    """

    names: list[str]
    delimiter: str
    begun: int
    line: int
    text: bytes
    rest: bytes
    chunks: Iterator[bytes]


def find_header(source: Source, chunks: Iterator[bytes]) -> Header:
    """Read the header of a file.

    Raises
    ------
    InputError
        When there is none.
    """
    held, line, delimiter, end = b"", 1, ",", 0
    while True:
        data = next(chunks, b"")
        held += data
        if not data and held and not held.endswith(b"\n"):
            held += b"\n"
        above = _ABOVE.match(held)
        assert above is not None
        start = above.end()
        line = 1 + held[:start].count(b"\n")
        first, found, _ = held[start:].partition(b"\n")
        if found:
            delimiter = (above[1] or b"").decode() or sniff(first.decode())
            end = start + first_record(held[start:], delimiter)
        if end > start:
            break
        if not data or len(held) > _LONGEST_HEADER:
            raise InputError(_no_header(source.name, held[start:], line))
    header = [
        name.strip().strip("\ufeff").strip() for name in split_record(held[start:end], delimiter)
    ]
    below = line + held[start:end].count(b"\n")
    return Header(header, delimiter, line, below, held[start:], held[end:], chunks)


def open_csv(
    source: Source,
    wanted: Wanted,
    *,
    keep: Iterable[str] | None = (),
    allow_missing: bool = False,
    chunks: Iterator[bytes] | None = None,
) -> tuple[CsvPlan, Iterator[Piece]]:
    """Read the header of a file and return how to read it, and its pieces.

    Parameters
    ----------
    source : Source
    wanted : Wanted
    keep : iterable of str or None
        Columns to pass through; None for all.
    allow_missing : bool, default=False
    chunks : iterator of bytes, optional
        The text of the source, where somebody has begun to read it.

    Returns
    -------
    plan : CsvPlan
    pieces : iterator of Piece

    Raises
    ------
    InputError
        When there is no header, or columns are missing.
    """
    found = find_header(source, source.chunks() if chunks is None else chunks)
    header, delimiter = found.names, found.delimiter
    try:
        columns = match(header, wanted, source.name, keep=keep, allow_missing=allow_missing)
    except InputError as error:
        told = explain_no_header(
            error, header, wanted, source.name, found.begun, delimiter, found.text
        )
        if told is error:
            raise
        # What was taken for the header may be the row of a merchant.
        raise CellError(
            told.summary,
            f"{source.name}, line {found.begun} was taken for the header, and its names are not"
            f" those of columns, such as {wanted.key}: begin with the names of columns",
            told.faults if told.faults != [told.summary] else (),
        ) from None
    plan = CsvPlan(delimiter, columns, wanted, source.name, found.line, tuple(header))
    return plan, pieces(found.chunks, found.rest, plan)


def _no_header(name: str, held: bytes, line: int) -> str:
    if not held.strip():
        return f"{name}: is empty; a header line with column names is expected"
    if b'"' in held:
        return f"{name}, line {line}: a quotation mark of the header never closes"
    return f"{name}, line {line}: the header is longer than {_LONGEST_HEADER >> 20} MB"


def pieces(chunks: Iterator[bytes], held: bytes, plan: CsvPlan) -> Iterator[Piece]:
    """Cut what follows the header, or another place where a record begins, into pieces.

    Parameters
    ----------
    chunks : iterator of bytes
        UTF-8, of any size.
    held : bytes
        What stands before the first chunk.
    plan : CsvPlan
        Its line is that of the first piece.

    Returns
    -------
    iterator of Piece
    """

    def end_of_records(text: bytes, final: bool) -> int:
        # Only quotes make it a question where a record ends.
        if b'"' not in text:
            return end_of_lines(text, final)
        return last_record(text, ord(plan.delimiter), final)

    def skip(text: bytes, line: int) -> Skipped:
        return skip_record(text, chunks, plan.delimiter, plan.file, line)

    return cut_pieces(chunks, held, plan.line, end_of_records, skip)


def read_piece(piece: Piece, plan: CsvPlan) -> Rows:
    """Turn a piece into rows.

    Parameters
    ----------
    piece : Piece
    plan : CsvPlan

    Returns
    -------
    Rows
    """
    columns, place = plan.columns, plan.layout.texts.index
    found = find_records(piece.data, plan.layout, piece.line)
    faults = _judge_odd_cells(found, plan)
    texts = {name: found.texts(place(field)) for name, field in columns.texts.items()}
    unchecked = Unchecked(
        numbers=found.cells,
        columns=columns.present(plan.wanted),
        faults=faults,
        ids=texts.pop("merchant_id"),
        texts={name: texts[name] for name in plan.wanted.texts if name in texts},
        keep={name: found.texts(place(field)) for name, field in columns.keep.items()},
        lines=found.lines,
        broken=[_broken(record, plan) for record in found.broken] + too_long(piece, plan.file),
        file=plan.file,
        cell=lambda row, name: found.cell(row, columns.numbers[name]),
        raw=found.raw,
        key=plan.wanted.key,
    )
    unchecked.faults += _bad_bytes(found)
    unchecked.faults += headers_again(found, unchecked.ids, faults, plan.header, plan.file)
    return clean(unchecked, plan.checker)


def _judge_odd_cells(found: Records, plan: CsvPlan) -> list[Fault]:
    """Read the odd cells by the full grammar, put in their numbers and return the faults."""
    faults: list[Fault] = []
    if not len(found.odd):
        return faults
    order = np.argsort(found.odd[:, 1], kind="stable")
    columns = found.odd[order, 1]
    for at, field in enumerate(plan.wanted.fields):
        place = plan.columns.numbers.get(field.name)
        if place is None:
            continue
        read_into = plan.layout.number_of[place]
        low, high = np.searchsorted(columns, [read_into, read_into + 1])
        if low == high:
            continue
        odd = found.odd[order[low:high]]
        rows = odd[:, 0]
        values, wrong = read_odd(
            found.odd_texts(odd), field.check, plan.wanted.decimal, field.name, plan.marks
        )
        found.cells[rows, at] = values
        faults += [
            Fault(int(rows[which]), field.name, text, reason, REASONS[reason])
            for which, text, reason in wrong
        ]
    return faults


def _bad_bytes(found: Records) -> list[Fault]:
    """Return the faults of rows that hold bytes that are not UTF-8."""
    # Looking for three bytes costs ten times what it costs to see that all is ASCII.
    if found.data.isascii() or BAD_BYTES not in found.data:
        return []
    return [
        Fault(row, "", "", "not_utf8", REASONS["not_utf8"])
        for row in range(len(found))
        if BAD in found.raw(row)
    ]


def _broken(record: Broken, plan: CsvPlan) -> Reject:
    if record.fields is None:
        reason, message = "open_quote", REASONS["open_quote"]
    else:
        reason, width = "field_count", plan.columns.width
        message = f"{record.fields} field{'s' * (record.fields != 1)}"
        message += f" where the header has {width}"
    return Reject(record.line, "", "", "", reason, message, raw=raw_of(record.raw), file=plan.file)
