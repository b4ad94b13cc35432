"""Category and shop type, compared in SQL as Python compares them.

Python strips white space of every kind, and folds case, width and Unicode form. No two engines do:
TRIM takes off blanks only, LOWER depends on the engine, its locale and its version of Unicode, and
few know how to compose an accent. So none of them is asked. The words of the scorecard are known
when the query is written, and only letters that occur in them can make a row equal to one of them:
each capital or variant of such a letter is replaced by name, and so is each kind of white space.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache

from trustscore.export.sql.query import Query
from trustscore.export.sql.text import text
from trustscore.scorecard.side_values import UNSEEN, WHITE, fold_letters

__all__ = ["FoldedText", "folded_text"]

# So many REPLACE in one another; some parsers fail at a few hundred levels.
_NESTED = 30
_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]*)")


class FoldedText:
    """A text column of the query as `fold_side_value` reads it, for comparison with given words.

    Attributes
    ----------
    bare : str
        The column, folded.
    """

    def __init__(self, bare: str) -> None:
        self.bare = bare

    def is_one_of(self, words: Iterable[str]) -> str:
        """Return the condition that the column is one of some words, which are folded already."""
        said = []
        for word in words:
            said.append(text(word))
            if _WHOLE.fullmatch(word):
                said.append(text(word + ".0"))
        return f"{self.bare} IN ({', '.join(said)})"


def folded_text(query: Query, column: str, words: Iterable[str], name: str) -> FoldedText:
    """Add a text column, stripped and folded, to a query.

    Parameters
    ----------
    query : Query
    column : str
        The column as the query knows it.
    words : iterable of str
        Every word the column will be compared with.
    name : str
        What the new columns are called.

    Examples
    --------
    >>> query = Query()
    >>> column = query.source("city_text", "city")
    >>> folded_text(query, column, ["ulm"], "city").is_one_of(["ulm"])
    "city_bare IN ('ulm')"
    """
    hidden = [(c, "") for c in UNSEEN]
    whole = _replaced(query, column, [*hidden, *folds(words)], f"{name}_folded")
    blanks = [(c, " ") for c in WHITE if c != " "]
    blanked = _replaced(query, whole, blanks, f"{name}_blanked")
    return FoldedText(query.define(f"{name}_bare", f"TRIM({blanked})"))


def folds(words: Iterable[str]) -> list[tuple[str, str]]:
    """Return what folding turns into a part of some words, with that part.

    First come single letters, then those in several parts, the longest first.

    Examples
    --------
    >>> folds(["as"])
    [('A', 'a'), ('S', 's'), ('ſ', 's'), ('Ａ', 'a'), ('Ｓ', 's'), ('ａ', 'a'), ('ｓ', 's')]
    >>> [len(old) for old, new in folds(["é"]) if new == "é"]
    [1, 2]
    """
    words = list(words)
    composed = [(apart, c) for c in sorted({*"".join(words)}) for apart in _spellings(c)]
    composed.sort(key=lambda pair: -len(pair[0]))
    pieces = [*words, *(unicodedata.normalize("NFD", w) for w in words), *(a for a, _ in composed)]
    single = [(c, f) for c, f in _foldings() if any(f in piece for piece in pieces)]
    return single + composed


def _spellings(letter: str) -> Iterator[str]:
    """Yield the spellings of a letter in several parts, in any order that means the same."""
    base, *marks = list(unicodedata.normalize("NFD", letter))
    found = set()
    for order in itertools.permutations(marks):
        for joined in range(len(marks)):
            start = unicodedata.normalize("NFC", base + "".join(order[:joined]))
            spelling = start + "".join(order[joined:])
            if len(start) == 1 and unicodedata.normalize("NFC", spelling) == letter:
                found.add(spelling)
    yield from sorted(found)


@cache
def _foldings() -> tuple[tuple[str, str], ...]:
    """Return every character that folding changes, with what it becomes."""
    # No character beyond the second plane has a case, nor have the surrogates.
    scripts = [*range(0xD800), *range(0xE000, 0x30000)]
    return tuple(
        (c, folded)
        for c in map(chr, scripts)
        if not c.isspace() and (folded := fold_letters(c)) != c
    )


def _replaced(query: Query, column: str, pairs: list[tuple[str, str]], name: str) -> str:
    """Return a column with characters replaced, in steps of a bearable depth."""
    for start in range(0, len(pairs), _NESTED):
        expression = column
        for old, new in pairs[start : start + _NESTED]:
            expression = f"REPLACE({expression}, {text(old)}, {text(new)})"
        column = query.define(name, expression)
    return column
