"""CSV: a stream cut into blocks of whole records, and a block turned into rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from trustscore.errors import InputError
from trustscore.io.arrow import count_lines, strings_at
from trustscore.io.checks import Checker
from trustscore.io.clean_rows import Rows, assemble
from trustscore.io.digits import parse
from trustscore.io.header import Columns, Wanted, match, sniff
from trustscore.io.rejects import REASONS, Fault, Reject
from trustscore.io.text_columns import TEXT, read_odd, text_column, tidy_ids
from trustscore.io.text_stream import Source
from trustscore.io.tokens import LONGEST_QUOTE, cells_of, cut, first_record, tokenise

__all__ = ["CsvPlan", "Piece", "open_csv", "pieces", "read_piece"]

LONGEST_LINE = 64 << 20

# Blank lines, and Excel's `sep=;`, may stand above the header.
_ABOVE = re.compile(
    rb'(?:[ \t\r]*\n)*+(?:"?sep=([^"\r\n])"?[ \t\r]*\n)?(?:[ \t\r]*\n)*+', re.IGNORECASE
)


class Piece(NamedTuple):
    """Complete records of one file.

    `broken` marks a single record whose quotation mark never closes.
    """

    data: bytes
    line: int
    broken: bool = False


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
    """

    delimiter: str
    columns: Columns
    wanted: Wanted
    file: str
    line: int

    @cached_property
    def checker(self) -> Checker:
        """The checks for a matrix with one row a column of the file."""
        names: list[str | None] = [None] * self.columns.width
        for name, place in self.columns.numbers.items():
            names[place] = name
        return Checker(self.wanted.fields, self.wanted.pairs, names)


def open_csv(
    source: Source, wanted: Wanted, *, keep: Iterable[str] | None = (), allow_missing: bool = False
) -> tuple[CsvPlan, Iterator[Piece]]:
    """Read the header of a file and return how to read it, and its pieces.

    Parameters
    ----------
    source : Source
    wanted : Wanted
    keep : iterable of str or None
        Columns to pass through; None for all.
    allow_missing : bool, default=False

    Returns
    -------
    plan : CsvPlan
    pieces : iterator of Piece

    Raises
    ------
    InputError
        When there is no header, or columns are missing.
    """
    chunks = source.chunks()
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
            end = start + first_record(held[start:], ord(delimiter))
        if end > start:
            break
        if not data or len(held) > LONGEST_QUOTE:
            raise InputError(_no_header(source.name, held[start:], line))
    header = [
        name.strip().strip("\ufeff").strip() for name in cells_of(held[start:end], ord(delimiter))
    ]
    columns = match(header, wanted, source.name, keep=keep, allow_missing=allow_missing)
    line += held[start:end].count(b"\n")
    plan = CsvPlan(delimiter, columns, wanted, source.name, line)
    return plan, pieces(chunks, held[end:], plan)


def _no_header(name: str, held: bytes, line: int) -> str:
    if not held.strip():
        return f"{name}: is empty; a header line with column names is expected"
    if b'"' in held:
        return f"{name}, line {line}: a quotation mark of the header never closes"
    return f"{name}, line {line}: the header is longer than {LONGEST_QUOTE >> 20} MB"


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

    Yields
    ------
    Piece
    """
    delimiter, line, name = ord(plan.delimiter), plan.line, plan.file
    while True:
        data = next(chunks, b"")
        if data and b'"' not in held and b'"' not in data:
            # One copy instead of two where quotes need no thought.
            end = data.rfind(b"\n") + 1
            if end:
                piece, held = held + data[:end], data[end:]
                yield Piece(piece, line)
                line += count_lines(piece)
                continue
        held += data
        if not data and held and not held.endswith(b"\n"):
            held += b"\n"
        while held:
            found = cut(held, delimiter)
            if found.end:
                piece, held = held[: found.end], held[found.end :]
                yield Piece(piece, line)
                line += count_lines(piece)
            open_at = found.unclosed - found.end
            if found.unclosed < 0 or (data and len(held) - open_at < LONGEST_QUOTE):
                break
            # The line on which the mark opens is set aside; the next one begins a record.
            end = held.find(b"\n", open_at) + 1
            if not end:
                break
            piece, held = held[:end], held[end:]
            yield Piece(piece, line, broken=True)
            line += count_lines(piece)
        if len(held) > LONGEST_LINE:
            raise InputError(f"{name}, line {line}: longer than {LONGEST_LINE >> 20} MB")
        if not data:
            return


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
    width, columns = plan.columns.width, plan.columns
    grid = tokenise(b"" if piece.broken else piece.data, ord(plan.delimiter), width, piece.line)
    numbers, decimal = columns.numbers, plan.wanted.decimal
    count = len(grid.lines)
    # Cells in the order of the file keep the cache warm, so all columns are read, wanted or not,
    # unless most are not.
    places = sorted(set(numbers.values()))
    whole = len(places) * 2 > width
    ends, lengths = grid.ends, grid.lengths
    if not whole:
        ends, lengths = ends[:, places], lengths[:, places]
    values, odd = parse(grid.buffer, ends.reshape(-1), lengths.reshape(-1), point=ord(decimal))
    across = ends.shape[1]
    matrix = values.reshape(count, across).T.copy()
    if not whole:
        spread = np.full((width, count), np.nan)
        spread[places] = matrix
        matrix = spread
    faults: list[Fault] = []
    if len(odd):
        odd_rows, odd_places = np.divmod(odd, max(across, 1))
        if not whole:
            odd_places = np.asarray(places, dtype=np.int64)[odd_places]
        strange = np.bincount(odd_places, minlength=width)
        for field in plan.wanted.fields:
            place = numbers.get(field.name)
            if place is None or not strange[place]:
                continue
            rows = odd_rows[odd_places == place]
            cells = strings_at(grid.buffer, grid.ends[rows, place], grid.lengths[rows, place])
            matrix[place, rows], found = read_odd(cells, field.check, decimal)
            faults += [
                Fault(int(rows[at]), field.name, text, reason, REASONS[reason])
                for at, text, reason in found
            ]
    ids, missing = tidy_ids(grid.column(columns.texts["merchant_id"]))
    return assemble(
        matrix,
        numbers,
        plan.checker,
        faults,
        ids,
        missing,
        {
            name: text_column(grid.column(columns.texts[name]))
            for name in TEXT
            if name in columns.texts
        },
        {name: grid.column(place) for name, place in columns.keep.items()},
        grid.lines,
        lambda row, name: grid.cell(row, numbers[name]),
        grid.raw,
        _broken(piece, grid, plan),
        plan.file,
    )


def _broken(piece: Piece, grid: Any, plan: CsvPlan) -> list[Reject]:
    if piece.broken:
        raw = piece.data.decode().rstrip("\r\n")
        reason = "open_quote"
        return [Reject(piece.line, "", "", "", reason, REASONS[reason], 0, raw, plan.file)]
    width = plan.columns.width
    return [
        Reject(
            broken.line,
            "",
            "",
            "",
            "field_count",
            f"{broken.fields} field{'s' * (broken.fields != 1)} where the header has {width}",
            0,
            grid.text(broken.start, broken.end),
            plan.file,
        )
        for broken in grid.broken
    ]
