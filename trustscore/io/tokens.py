"""Records and cells of delimited text, found for a whole block at once.

The rules are those of RFC 4180 as spreadsheets and databases read it: a quotation
mark opens a quoted field only where a field begins, two of them inside stand for
one, line breaks inside are text, and a mark elsewhere is a character like any
other. A mark whose partner stands behind a line break, but not at the end of a
field, is a slip of the pen: read as a quotation it would swallow the lines between.
Every record is accounted for: it has the right number of fields and becomes a row,
or it is listed with its line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from trustscore.io.arrow import strings, strings_at
from trustscore.io.digits import PAD, pad

__all__ = ["Broken", "Grid", "cells_of", "cut", "first_record", "tokenise"]

# A quotation of more bytes than this is taken for a slip of the pen.
LONGEST_QUOTE = 4 << 20

Ints = NDArray[np.int64]
_NEWLINE, _RETURN, _QUOTE = ord("\n"), ord("\r"), ord('"')


class Spans(NamedTuple):
    """Quoted stretches: positions of the marks that open and close them."""

    opens: Ints
    closes: Ints
    unclosed: int  # position of a mark that opens and does not close as it should, or -1


class Broken(NamedTuple):
    """A record with the wrong number of fields: its bytes, its line, how many it has."""

    start: int
    end: int
    line: int
    fields: int


def quoted(buffer: NDArray[np.uint8], start: int, delimiter: int) -> Spans:
    """Find the quoted stretches of a buffer from `start`, where a record begins.

    Examples
    --------
    >>> quoted(pad(b'a,"b,c",5" pipe'), PAD, ord(",")).closes - PAD
    array([6])
    """
    marks = np.flatnonzero(buffer[start:] == _QUOTE) + start
    opens, closes = marks[::2], marks[1::2]
    if len(opens) == len(closes) and len(buffer) - start <= LONGEST_QUOTE:
        # When each first mark begins a field and each second one ends it, counting is enough.
        before, after = buffer[opens - 1], buffer[np.minimum(closes + 1, len(buffer) - 1)]
        begins = (before == delimiter) | (before == _NEWLINE) | (before == _QUOTE)
        begins |= opens == start
        ends = (after == delimiter) | (after == _NEWLINE) | (after == _RETURN) | (after == 0)
        ends |= after == _QUOTE
        if begins.all() and ends.all():
            return Spans(opens, closes, -1)
    return _quoted_one_by_one(buffer, start, delimiter, marks)


def _quoted_one_by_one(buffer: NDArray[np.uint8], start: int, delimiter: int, marks: Ints) -> Spans:
    opens: list[int] = []
    closes: list[int] = []
    before, after = buffer[marks - 1].tolist(), buffer[marks + 1].tolist()
    places = marks.tolist()
    openers, enders = (delimiter, _NEWLINE), (delimiter, _NEWLINE, _RETURN, 0)
    i, count = 0, len(places)
    while i < count:
        at = places[i]
        if before[i] not in openers and at != start:
            i += 1
            continue
        i += 1
        while i < count and i + 1 < count and places[i + 1] == places[i] + 1:
            i += 2  # two marks stand for one
        if (
            i >= count
            or places[i] - at >= LONGEST_QUOTE
            or (after[i] not in enders and bool((buffer[at : places[i]] == _NEWLINE).any()))
        ):
            return Spans(np.array(opens, np.int64), np.array(closes, np.int64), at)
        opens.append(at)
        closes.append(places[i])
        i += 1
    return Spans(np.array(opens, np.int64), np.array(closes, np.int64), -1)


def _outside(places: Ints, spans: Spans) -> Ints:
    """Return the places that are not inside a quoted stretch."""
    low, high = np.searchsorted(places, spans.opens), np.searchsorted(places, spans.closes)
    hit = low < high
    if not hit.any():
        return places
    steps = np.zeros(len(places) + 1, dtype=np.int64)
    np.add.at(steps, low[hit], 1)
    np.add.at(steps, high[hit], -1)
    return places[np.cumsum(steps[:-1]) == 0]


class Cut(NamedTuple):
    """Where to cut a buffer that begins with a record."""

    end: int  # complete records end here; 0 when there is none
    unclosed: int  # place of a quotation mark that does not close in the buffer, or -1


def cut(data: bytes, delimiter: int) -> Cut:
    r"""Find the end of the last complete record.

    Examples
    --------
    >>> cut(b'a,b\n1,"x\ny"\n2,"z\n', ord(",")).end
    12
    """
    if b'"' not in data:
        return Cut(data.rfind(b"\n") + 1, -1)
    buffer = pad(data)
    spans = quoted(buffer, PAD, delimiter)
    unclosed = spans.unclosed - PAD if spans.unclosed >= 0 else -1
    stop = spans.unclosed if spans.unclosed >= 0 else len(buffer) - PAD
    # The last line break outside quotes is near the end: look at the tail first.
    low = stop
    while low > PAD:
        low = max(PAD, low - (1 << 16))
        breaks = np.flatnonzero(buffer[low:stop] == _NEWLINE) + low
        breaks = _outside(breaks, spans)
        if len(breaks):
            return Cut(int(breaks[-1]) - PAD + 1, unclosed)
    return Cut(0, unclosed)


def first_record(data: bytes, delimiter: int) -> int:
    r"""Find the end of the first record; 0 when it is not complete.

    Examples
    --------
    >>> first_record(b'a,"b\nc"\n1,2\n', ord(",")), first_record(b'a,"b\n', ord(","))
    (8, 0)
    """
    buffer = pad(data)
    spans = quoted(buffer, PAD, delimiter)
    breaks = _outside(np.flatnonzero(buffer == _NEWLINE), spans)
    if not len(breaks) or 0 <= spans.unclosed < breaks[0]:
        return 0
    return int(breaks[0]) - PAD + 1


def cells_of(record: bytes, delimiter: int) -> list[str]:
    r"""Return the cells of one record, whatever their number.

    Examples
    --------
    >>> cells_of(b'a,"b, ""c"" d",5" pipe\r\n', ord(","))
    ['a', 'b, "c" d', '5" pipe']
    """
    data = record.removesuffix(b"\n").removesuffix(b"\r")
    buffer = pad(data)
    places = np.flatnonzero(buffer[PAD:-PAD] == delimiter) + PAD
    places = _outside(places, quoted(buffer, PAD, delimiter)) - PAD
    starts, ends = [0, *(places + 1).tolist()], [*places.tolist(), len(data)]
    return [_unquoted(data[start:end]) for start, end in zip(starts, ends, strict=True)]


def _unquoted(cell: bytes) -> str:
    if len(cell) > 1 and cell[:1] == b'"' == cell[-1:]:
        cell = cell[1:-1].replace(b'""', b'"')
    return cell.decode()


@dataclass(frozen=True)
class Grid:
    r"""The cells of the complete rows of a block.

    Attributes
    ----------
    buffer : ndarray of uint8
        The bytes, padded.
    ends, lengths : ndarray of int64, shape (rows, width)
        Where each cell ends in the buffer, and its length, without its quotes.
    starts_of_rows, ends_of_rows : ndarray of int64
        Where each row begins and where its line break stands.
    lines : ndarray of int64
        Physical line, from 1, on which each row begins.
    broken : list of Broken
        Records with another number of fields.
    doubled : bool
        Whether some cell may hold a doubled quotation mark.

    Examples
    --------
    >>> grid = tokenise(b"m1,3\nm2\nm3,5\n", ord(","), 2, first_line=2)
    >>> grid.lines, [b.line for b in grid.broken], grid.cell(1, 0)
    (array([2, 4]), [3], 'm3')
    """

    buffer: NDArray[np.uint8]
    ends: Ints
    lengths: Ints
    starts_of_rows: Ints
    ends_of_rows: Ints
    lines: Ints
    broken: list[Broken]
    doubled: bool

    def cell(self, row: int, column: int) -> str:
        """Return the text of one cell."""
        end = int(self.ends[row, column])
        start = end - int(self.lengths[row, column])
        text = self.text(start, end)
        return text.replace('""', '"') if self.buffer[start - 1] == _QUOTE else text

    def column(self, column: int) -> Any:
        """Return a column as an Arrow string array."""
        ends, lengths = self.ends[:, column], self.lengths[:, column]
        found = strings_at(self.buffer, ends, lengths)
        if self.doubled:
            inside = self.buffer.take(ends - lengths - 1) == _QUOTE
            if inside.any():
                texts = [
                    text.replace('""', '"') if quoted else text
                    for text, quoted in zip(found.to_pylist(), inside.tolist(), strict=True)
                ]
                found = strings(texts)
        return found

    def raw(self, row: int) -> str:
        """Return a row as it stands in the file, without its line break."""
        return self.text(int(self.starts_of_rows[row]), int(self.ends_of_rows[row]))

    def text(self, start: int, end: int) -> str:
        """Return a stretch of the buffer, without a carriage return at its end."""
        return self.buffer[start:end].tobytes().decode().removesuffix("\r")


def tokenise(data: bytes, delimiter: int, width: int, first_line: int = 1) -> Grid:
    """Find the cells of a block of complete records.

    Parameters
    ----------
    data : bytes
        UTF-8; the last record ends with a line break. Lines may end with CR LF.
    delimiter : int
    width : int
        Number of fields a row must have.
    first_line : int, default=1
        Physical line number of the first byte.

    Returns
    -------
    Grid
    """
    buffer = pad(data)
    body = buffer[PAD:-PAD]
    breaks = body == _NEWLINE
    seps = body == delimiter
    seps |= breaks
    places = np.flatnonzero(seps)
    places += PAD
    has_quotes = b'"' in data
    if has_quotes:
        outside = _outside(places, quoted(buffer, PAD, delimiter))
        inner_breaks = len(outside) < len(places)
        places = outside
    else:
        inner_breaks = False

    # A block of whole rows and nothing else is the rule: every `width`-th separator ends a line.
    count = len(places) // width
    last = places[width - 1 :: width]
    regular = (
        count * width == len(places)
        and bool((buffer.take(last) == _NEWLINE).all())
        and width > 1
        # Line breaks inside quotes are not among the places; that block takes the long way.
        and np.count_nonzero(breaks) == count
    )
    broken: list[Broken] = []
    if regular:
        ends = places.reshape(count, width)
        ends_of_rows = last
        starts_of_rows = np.empty_like(last)
        starts_of_rows[:1] = PAD
        starts_of_rows[1:] = last[:-1] + 1
        gaps = np.empty_like(places)
        gaps[:1] = places[:1] - PAD
        np.subtract(places[1:], places[:-1], out=gaps[1:])
        gaps[1:] -= 1
        lengths = gaps.reshape(count, width)
        blank_lines = False
    else:
        is_break = buffer.take(places) == _NEWLINE
        closing = np.flatnonzero(is_break)
        opening = np.empty_like(closing)
        opening[:1] = 0
        opening[1:] = closing[:-1] + 1
        fields = closing - opening + 1
        stops = places.take(closing)
        begins = np.empty_like(stops)
        begins[:1] = PAD
        begins[1:] = stops[:-1] + 1
        sizes = stops - begins
        blank = sizes == 0
        blank |= (sizes == 1) & (buffer.take(begins) == _RETURN)
        blank_lines = bool(blank.any())
        good = (fields == width) & ~blank
        wrong = np.flatnonzero((fields != width) & ~blank)
        at = opening[good][:, None] + np.arange(width)
        ends = places[at] if len(at) else np.empty((0, width), dtype=np.int64)
        lengths = np.empty_like(ends)
        lengths[:, 1:] = ends[:, 1:] - ends[:, :-1] - 1
        starts_of_rows, ends_of_rows = begins[good], stops[good]
        lengths[:, 0] = ends[:, 0] - starts_of_rows
        if len(wrong):
            lines = _lines(body, breaks, begins[wrong], first_line)
            broken = [
                Broken(*map(int, found))
                for found in zip(begins[wrong], stops[wrong], lines, fields[wrong], strict=True)
            ]
    if broken or blank_lines or inner_breaks:
        lines = _lines(body, breaks, starts_of_rows, first_line)
    else:
        lines = np.arange(first_line, first_line + len(ends_of_rows))

    if b"\r" in data and len(ends):
        returns = buffer.take(ends[:, -1] - 1) == _RETURN
        returns &= lengths[:, -1] > 0
        ends[:, -1] -= returns
        lengths[:, -1] -= returns
    if has_quotes and len(ends):
        marked = buffer.take(ends - lengths) == _QUOTE
        marked &= buffer.take(ends - 1) == _QUOTE
        marked &= lengths > 1
        ends = ends - marked
        lengths = lengths - 2 * marked
    doubled = has_quotes and b'""' in data
    return Grid(buffer, ends, lengths, starts_of_rows, ends_of_rows, lines, broken, doubled)


def _lines(
    body: NDArray[np.uint8], breaks: NDArray[np.bool_], starts: Ints, first_line: int
) -> Ints:
    return np.searchsorted(np.flatnonzero(breaks), starts - PAD) + first_line
