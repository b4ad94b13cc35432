"""Text cut into pieces of whole records, each with the number of its first line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from trustscore.errors import InputError
from trustscore.io.arrow import count_lines

__all__ = ["Piece", "cut_pieces", "end_of_lines"]

LONGEST_RECORD = 64 << 20


class Piece(NamedTuple):
    """Complete records of one file, and the line on which they begin."""

    data: bytes
    line: int


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
    name: str,
    end_of_records: Callable[[bytes, bool], int],
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
    name : str
        Of the file, for messages.
    end_of_records : callable
        Where the last complete record ends in a text that begins with one, 0 when there is none;
        it is told whether the text ends the file.

    Yields
    ------
    Piece

    Raises
    ------
    InputError
        When a record is too long.

    Examples
    --------
    >>> list(cut_pieces(iter([b"b\nc", b"d"]), b"a", 2, "e.csv", end_of_lines))
    [Piece(data=b'ab\n', line=2), Piece(data=b'cd\n', line=3)]
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
            raise InputError(f"{name}, line {line}: longer than {LONGEST_RECORD >> 20} MB")
        if not data:
            return
        # What is no record yet is looked at again when it is twice as long: linear work.
        least, waiting, size = 2 * len(held), [held], len(held)
