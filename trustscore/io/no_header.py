"""Why the first line of a CSV is not the header that it was taken for, in one sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence

from trustscore.errors import InputError
from trustscore.io.header import Wanted, fold, names_of

__all__ = ["explain_no_header"]

# What is tried behind the usual separators, and how it is called.
_OTHERS = {
    "^": "'^'",
    "\x01": "Ctrl-A (0x01)",
    "~": "'~'",
    "\x1f": "0x1f",
    ":": "':'",
    " ": "spaces",
}
_OTHERS |= {",": "','", ";": "';'", "\t": "tabs", "|": "'|'"}
_LINES = 20
_SHOWN = 60


def explain_no_header(
    error: InputError,
    header: Sequence[str],
    wanted: Wanted,
    file: str,
    line: int,
    delimiter: str,
    text: bytes,
) -> InputError:
    """Return an error that says what is wrong with the header, or the one that was met.

    Parameters
    ----------
    error : InputError
        The columns that were missed.
    header : sequence of str
    wanted : Wanted
    file : str
    line : int
        Of the header.
    delimiter : str
    text : bytes
        From the header on, as far as it was read.
    """
    known = names_of(wanted)
    if any(fold(name) in known for name in header):
        return error
    lines = text[: 1 << 16].decode(errors="replace").splitlines()[:_LINES]
    first = lines[0] if lines else ""
    taken = f"{file}, line {line} was taken for the header, its names separated by "
    taken += f"{_OTHERS[delimiter]}: {first[:_SHOWN]!r}"
    if any(fold(name.strip("'`")) in known for name in header):
        return InputError(f"{taken}. The names stand in single quotation marks: export without")
    for other, called in _OTHERS.items():
        if other != delimiter and _knows(first, other, known):
            return InputError(
                f"{taken}. They seem to be separated by {called}: export with commas, semicolons,"
                " tabs or '|'"
            )
    for below, other in enumerate(lines[1:], line + 1):
        if any(_knows(other, mark, known) for mark in _OTHERS):
            return InputError(
                f"{taken}. The header seems to be line {below}: remove the lines above it"
            )
    return InputError(error.summary, [*error.faults, f"{taken}. None of the names is known"])


def _knows(line: str, delimiter: str, known: frozenset[str]) -> bool:
    cells = re.split(re.escape(delimiter), line)
    return sum(fold(cell.strip("\"'")) in known for cell in cells) >= min(2, len(known))
