"""Text cut into pieces of whole records, each with the number of its first line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from trustscore.io.arrow import count_lines
from trustscore.io.rejects import Reject, raw_of

__all__ = ["LONGEST_RECORD", "Piece", "cut_pieces", "end_of_lines", "skip_line", "too_long"]

LONGEST_RECORD = 64 << 20
# Bytes that are kept of a record that is too long.
_SHOWN = 1000


class Piece(NamedTuple):
    """Complete records of one file, and the line on which they begin.

    Or none, and the beginning of a record that was too long to be read.
    """

    data: bytes
    line: int
    skipped: bytes = b""


def too_long(piece: Piece, file: str) -> list[Reject]:
    """Return the reject of a record that was too long to be read."""
    if not piece.skipped:
        return []
    raw = piece.skipped.decode(errors="ignore")
    message = f"longer than {LONGEST_RECORD >> 20} MB; only its beginning is kept"
    return [Reject(piece.line, "", "", "", "too_long", message, raw=raw_of(raw), file=file)]


class Skipped(NamedTuple):
    """What follows a record that was skipped, and how many line breaks the record held."""

    rest: bytes
    lines: int


def skip_line(chunks: Iterator[bytes]) -> Skipped:
    """Skip the rest of a line, of which only the beginning was read."""
    for data in chunks:
        end = data.find(b"\n") + 1
        if end:
            return Skipped(data[end:], 1)
    return Skipped(b"", 1)


def end_of_lines(text: bytes, final: bool) -> int:
    r"""Return where the last complete line ends, for records of one line each.

    Examples
    --------
    >>> end_of_lines(b"a\nb\nc", False)
    4
    """
    return text.rfind(b"\n") + 1


def cut_pieces(
    chunks: Iterator[bytes],
    held: bytes,
    line: int,
    end_of_records: Callable[[bytes, bool], int],
    skip: Callable[[bytes, int], Skipped],
) -> Iterator[Piece]:
    r"""Cut text into pieces.

    Parameters
    ----------
    chunks : iterator of bytes
        UTF-8, of any size.
    held : bytes
        What stands before the first chunk.
    line : int
        Number of the first line.
    end_of_records : callable
        Where the last complete record ends in a text that begins with one, 0 when there is none;
        it is told whether the text ends the file.
    skip : callable
        Skips the rest of a record of more than 64 MB, given its beginning and its line.

    Yields
    ------
    Piece

    Examples
    --------
    >>> list(cut_pieces(iter([b"b\nc", b"d"]), b"a", 2, end_of_lines, None))
    [Piece(data=b'ab\n', line=2, skipped=b''), Piece(data=b'cd\n', line=3, skipped=b'')]
    """
    least, waiting, size = 0, [held], len(held)
    while True:
        data = next(chunks, b"")
        waiting.append(data)
        size += len(data)
        if data and size < least:
            continue
        held = b"".join(waiting)
        if not data and held and not held.endswith(b"\n"):
            held += b"\n"
        end = end_of_records(held, not data)
        if end:
            piece, held = held[:end], held[end:]
            yield Piece(piece, line)
            line += count_lines(piece)
        if len(held) > LONGEST_RECORD:
            begin = held[:_SHOWN]
            held, lines = skip(held, line)
            yield Piece(b"", line, begin)
            line += lines
        if not data:
            return
        # What is no record yet is looked at again when it is twice as long: linear work.
        least, waiting, size = 2 * len(held), [held], len(held)
