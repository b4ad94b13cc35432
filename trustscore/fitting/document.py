"""Write numbers into a scorecard file; its comments, order and alignment stay."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from typing import Any

import tomlkit

from trustscore.errors import TrustscoreError
from trustscore.scorecard import Scorecard, parse_scorecard
from trustscore.scorecard.documents import read_document
from trustscore.scorecard.presets import find

__all__ = ["Change", "open_document", "significant", "write_document"]

# A key added to a line of `x = { ... }` leaves no space before the brace.
_TIGHT = re.compile(r"^([\w-]+ *= \{ [^#\n]*\S)\}([ \t]*(?:#.*)?)$", re.MULTILINE)

Change = tuple[tuple[str, ...], Any]
"""An address, and the value to put there; None takes the key away."""


def significant(value: float, digits: int = 4) -> float:
    """Return a number rounded to a few significant digits, as a person would write it.

    Examples
    --------
    >>> significant(0.0172345678), significant(12345.678)
    (0.01723, 12350.0)
    """
    return float(f"{value:.{digits}g}")


def open_document(card: Scorecard) -> Any:
    """Return the file a scorecard came from, or one written anew when there is none.

    A file that has changed since it was loaded, or that is JSON, is not used.
    """
    try:
        raw = read_document(find(card.source)).decode("utf-8-sig")
        if parse_scorecard(tomllib.loads(raw)) == card:
            return tomlkit.parse(raw)
    except (OSError, ValueError, TrustscoreError):
        pass
    return tomlkit.parse(tomlkit.dumps(card.file.model_dump(mode="json", exclude_defaults=True)))


def write_document(
    document: Any, changes: Iterable[Change], provenance: dict[str, Any], *, note: str = ""
) -> str:
    r"""Return the text of a document after changes, with its provenance at the end.

    Examples
    --------
    >>> text = "# Why.\n[signals.a]\nx = { poor = 'q95',  prior = 1 } # kept\n"
    >>> changes = [(("signals", "a", "x", "poor"), 0.5), (("signals", "a", "x", "strength"), 9.0)]
    >>> print(write_document(tomlkit.parse(text), changes, {"rows": 3}), end="")
    # Why.
    [signals.a]
    x = { poor = 0.5,  prior = 1, strength = 9.0 } # kept
    <BLANKLINE>
    [provenance]
    rows = 3
    """
    for path, value in changes:
        table = document
        for key in path[:-1]:
            if key not in table:
                table[key] = tomlkit.table(is_super_table=True)
            table = table[key]
        if value is None:
            table.pop(path[-1], None)
        else:
            table[path[-1]] = _item(value)
    if "provenance" in document:
        document.remove("provenance")
    text = _TIGHT.sub(r"\1 }\2", tomlkit.dumps(document).rstrip("\n")) + "\n"
    tail = tomlkit.document()
    if note:
        for line in note.splitlines():
            tail.add(tomlkit.comment(line))
    tail["provenance"] = _table(provenance)
    return text + "\n" + tomlkit.dumps(tail)


def _item(value: Any) -> Any:
    if isinstance(value, dict):
        table = tomlkit.inline_table()
        for key, each in value.items():
            table[key] = _item(each)
        return table
    return value


def _table(content: dict[str, Any]) -> Any:
    """Return a table whose tables of plain values are one line each."""
    table = tomlkit.table()
    for key, value in content.items():
        if isinstance(value, dict) and any(isinstance(v, dict) for v in value.values()):
            table[key] = _table(value)
        elif isinstance(value, list) and value and isinstance(value[0], str):
            array = tomlkit.array()
            array.extend(value)
            table[key] = array.multiline(len(value) > 1)
        else:
            table[key] = _item(value)
    return table
