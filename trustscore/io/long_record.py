"""Past a record of CSV that is too long to be held."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from trustscore.errors import InputError
from trustscore.io.arrow import count_lines
from trustscore.io.pieces import LONGEST_RECORD, Skipped

__all__ = ["skip_record"]

_MARKS = re.compile(rb'"+')


def skip_record(
    held: bytes, chunks: Iterator[bytes], delimiter: str, file: str, line: int
) -> Skipped:
    r"""Skip a record by the rules of `trustscore.io.csv_cells`, holding one chunk at a time.

    Parameters
    ----------
    held : bytes
        The record as far as it was read.
    chunks : iterator of bytes
        What follows.
    delimiter, file : str
    line : int
        On which the record begins.

    Raises
    ------
    InputError
        When a quotation mark opens that never closes, or not at the end of a field: the lines
        behind it cannot be told from text inside a quotation.

    Examples
    --------
    >>> skip_record(b'm1,"a ""b""\n', iter([b'evil,1\n",2', b"\nm2,3\n"]), ",", "e.csv", 7)
    Skipped(rest=b'm2,3\n', lines=3)
    """
    end_of_field = re.compile(b"[%s\n]" % re.escape(delimiter.encode()))
    behind = (b"", delimiter.encode(), b"\n", b"\r")
    lines = 0
    # A field begins; or its quotation is open, or closed, or there is none.
    state = "begin"
    over_lines = False
    left = b""
    for chunk in chain([held], chunks, [None]):
        data = left + (chunk or b"")
        left, place = b"", 0
        while place < len(data):
            if state == "begin":
                quoted = data[place : place + 1] == b'"'
                state, over_lines = ("open" if quoted else "plain"), False
                place += quoted
            elif state == "open":
                marks = _MARKS.search(data, place)
                end = len(data) if marks is None else marks.start()
                over_lines = over_lines or b"\n" in data[place:end]
                if marks is None:
                    break
                if marks.end() == len(data) and chunk is not None:
                    # The run of marks may go on.
                    left = marks[0]
                    break
                place = marks.end()
                if len(marks[0]) % 2:
                    state = "plain"
                    if over_lines and data[place : place + 1] not in behind:
                        raise _never_closes(file, line)
            else:
                found = end_of_field.search(data, place)
                if found is None:
                    break
                place, state = found.end(), "begin"
                if found[0] == b"\n":
                    return Skipped(data[place:], lines + count_lines(data[:place]))
        lines += count_lines(data[: len(data) - len(left)])
    if state == "open":
        raise _never_closes(file, line)
    return Skipped(b"", lines + 1)


def _never_closes(file: str, line: int) -> InputError:
    return InputError(
        f"{file}: a quotation mark in the record that begins on line {line} does not close within"
        f" {LONGEST_RECORD >> 20} MB; mend that line"
    )
