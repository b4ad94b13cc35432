"""TOML and JSON documents that people give, read within limits.

A scorecard or a policy may come from somebody who wants to do harm. What would take time or memory
out of all proportion is refused before it is parsed, and what a terminal or a query could act on
before it is used.
"""

from __future__ import annotations

import json
import re
import stat
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from trustscore.errors import TrustscoreError, at_most, plural

__all__ = ["MOST_BYTES", "MOST_DEPTH", "has_control", "parse_document", "read_document"]

MOST_BYTES = 8 << 20
"""Bytes of a document."""
MOST_DEPTH = 32
"""Tables and lists inside one another, and names in a dotted key."""
# What 64 bits hold, as TOML says.
_INTEGERS = range(-(2**63), 2**63)

# Keys whose texts people write over several lines; those of notes may do so as well.
_SPANNING = frozenset(["why", "when", "applies_when"])
_NOTES = "provenance"
# What a terminal acts on or what ends a line somewhere; and halves of characters.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_CONTROL_IN_LINES = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")

# tomllib needs memory for the square of the names in a dotted key, so long keys are found first.
# Strings and comments are passed over as TOML has them; what is not closed is for tomllib to say.
_PART = r"""(?:[A-Za-z0-9_-]++|"(?:\\.|[^"\\\n])*+"|'[^'\n]*+')"""
_LONG_KEY = re.compile(
    rf"({_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{{MOST_DEPTH},}}+)"
    r'|"""(?:\\.|[^\\])*?(?:"{3,5}|\Z)'
    r"|'''.*?(?:'{3,5}|\Z)"
    r'|"(?:\\.|[^"\\\n])*+"?'
    r"|'[^'\n]*+'?"
    r"|\#[^\n]*+"
    r"|[A-Za-z0-9_-]++",
    re.DOTALL,
)


def read_document(path: Path) -> bytes:
    """Return the bytes of a document.

    Raises
    ------
    OSError
        When it cannot be read, is no ordinary file, or is too large.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        # A pipe would wait for somebody to write, and a device may never end.
        raise OSError("must be an ordinary file, not a folder, pipe, socket or device")
    with path.open("rb") as file:
        raw = file.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise OSError(f"must have at most {MOST_BYTES >> 20} MiB")
    return raw


def parse_document(
    raw: bytes,
    source: str,
    *,
    as_json: bool,
    error: type[TrustscoreError],
    spanning: frozenset[str] = frozenset(),
) -> dict[str, Any]:
    r"""Return what a document says.

    Parameters
    ----------
    raw : bytes
    source : str
        Named in errors, such as ``scorecard shop.toml``.
    as_json : bool
        Whether it is JSON rather than TOML.
    error : type of TrustscoreError
        Raised when it is neither, or goes beyond a limit.
    spanning : frozenset of str
        Other keys of which a text may have several lines, such as a SELECT.

    Examples
    --------
    >>> from trustscore.errors import ScorecardError
    >>> given = b'{"version": "1\\n2", "a": 1, "a": 2}'
    >>> try:
    ...     parse_document(given, "scorecard x.json", as_json=True, error=ScorecardError)
    ... except ScorecardError as error:
    ...     print(error)
    scorecard x.json has 2 faults
      a: is given twice; keep one of them
      version: must be without control characters. Got '1\n2'
    """
    form = "JSON" if as_json else "TOML"
    twice: list[str] = []
    try:
        text = raw.decode("utf-8-sig")
        data = _json(text, twice) if as_json else _toml(text)
    except RecursionError:
        raise error(f"{source}: is nested too deeply: at most {MOST_DEPTH} levels") from None
    except ValueError as wrong:
        said = str(wrong)
        if "integer string conversion" in said:
            said = "a whole number has thousands of digits"
        raise error(f"{source}: is not {form}: {_visible(said)}") from None
    faults = [f"{_visible(name)}: is given twice; keep one of them" for name in twice]
    faults += _faults(data, _SPANNING | spanning)
    if faults:
        # Somebody may have made them by the million.
        listed = at_most(faults, most=100, what="faults")
        raise error(f"{source} has {plural(len(faults), 'fault')}", listed)
    return data  # type: ignore[no-any-return]


def _toml(text: str) -> Any:
    for found in _LONG_KEY.finditer(text):
        if found[1] is not None:
            line = text.count("\n", 0, found.start()) + 1
            raise ValueError(f"line {line}: a key of more than {MOST_DEPTH} names joined by points")
    return tomllib.loads(text)


def _json(text: str, twice: list[str]) -> Any:
    def table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        held = dict(pairs)
        if len(held) < len(pairs):
            seen: set[str] = set()
            for name, _ in pairs:
                if name in seen:
                    twice.append(name)
                seen.add(name)
        return held

    return json.loads(text, object_pairs_hook=table)


def has_control(text: str) -> bool:
    r"""Return whether a text holds a character that no line of a document may hold.

    Examples
    --------
    >>> has_control("orders\x1b[31m"), has_control("订单")
    (True, False)
    """
    return _CONTROL.search(text) is not None


def _faults(data: Any, spanning: frozenset[str]) -> list[str]:
    """Return the values that no document may hold, each with its address."""
    faults = []
    for address, value in _values(data):
        at = ".".join(map(_visible, address)) or "the document"
        if isinstance(value, str):
            lines = address[:1] == (_NOTES,) or not spanning.isdisjoint(address)
            if (_CONTROL_IN_LINES if lines else _CONTROL).search(value):
                faults.append(f"{at}: must be without control characters. Got {_short(value)}")
        elif isinstance(value, int):
            if value not in _INTEGERS:
                faults.append(f"{at}: must be a whole number of at most 64 bits")
        else:
            faults.append(f"{at}: is nested too deeply: at most {MOST_DEPTH} levels")
    return faults


def _values(data: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield texts and whole numbers with their addresses, and what stands too deep."""
    waiting: list[tuple[tuple[str, ...], Any]] = [((), data)]
    while waiting:
        address, value = waiting.pop()
        if isinstance(value, (dict, list)):
            if len(address) > MOST_DEPTH:
                yield address, value
                continue
            items = value.items() if isinstance(value, dict) else enumerate(value)
            waiting += [((*address, str(key)), part) for key, part in items]
        elif isinstance(value, (str, int)):
            yield address, value


def _short(value: str) -> str:
    text = ascii(value) if not value.isprintable() else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _visible(text: str) -> str:
    """Return a text that no terminal acts on."""
    short = text if len(text) <= 200 else text[:197] + "..."
    return short if short.isprintable() else ascii(short)[1:-1]
