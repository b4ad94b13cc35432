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
    "\xa0": "no-break spaces",
    "，": "full-width commas",
    "；": "full-width semicolons",
}
_OTHERS |= {",": "','", ";": "';'", "\t": "tabs", "|": "'|'"}
# What ends lines for some programs, but none in CSV.
_BREAKS = {
    "\x85": "U+0085",
    "\u2028": "U+2028",
    "\u2029": "U+2029",
    "\x1e": "0x1E",
    "\x0b": "0x0B",
    "\x0c": "0x0C",
}
_NEAR = "did you mean"
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
    lines = text[: 1 << 16].decode(errors="replace").split("\n")[:_LINES]
    first = lines[0].rstrip("\r")
    taken = f"{file}, line {line} was taken for the header, its names separated by "
    taken += f"{_OTHERS[delimiter]}: {first[:_SHOWN]!r}"
    for mark, called in _BREAKS.items():
        if first.count(mark) and any(_knows(part, delimiter, known) for part in first.split(mark)):
            return InputError(f"{taken}. Its lines seem to end in {called}: end them in line feeds")
    if any(fold(name) in known for name in header):
        return error
    if any(fold(name.strip("'`")) in known for name in header):
        return InputError(f"{taken}. The names stand in single quotation marks: export without")
    for other, called in _OTHERS.items():
        if first.startswith('"') and _knows(header[0], other, known):
            return InputError(
                f"{taken}. Quotation marks stand around the whole line and make it one name: export"
                " without them"
            )
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
    if any(_NEAR in fault for fault in error.faults):
        return InputError(error.summary, [*error.faults, f"{taken}. None of the names is known"])
    if sum(_is_figure(name) for name in header) * 2 >= len(header) > 1:
        return InputError(
            f"{taken}. It looks like a row of figures: begin with the names of columns"
        )
    wants = [wanted.key, *wanted.needed, *(f.name for f in wanted.fields if f.required)]
    return InputError(
        f"{taken}. None of the names is known; expected are {', '.join(wants[:3])}"
        f"{f' and {len(wants) - 3} more' * (len(wants) > 3)}"
        + "; map other names in the scorecard's [columns]"
        * bool(wanted.cure)
    )


def _is_figure(cell: str) -> bool:
    return bool(re.fullmatch(r"[-+]?[0-9][0-9.,:%eE+-]*|", cell.strip()))


def _knows(line: str, delimiter: str, known: frozenset[str]) -> bool:
    cells = re.split(re.escape(delimiter), line)
    found = sum(fold(cell.strip("\"'")) in known for cell in cells)
    return len(cells) > 1 and found >= min(2, len(known))
