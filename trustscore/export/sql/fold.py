"""Category and shop type, compared in SQL as Python compares them.

Python strips white space of every kind and folds case by Unicode. No two engines do: TRIM takes
off blanks only, LOWER depends on the engine, its locale and its version of Unicode. So neither is
asked. The words of the scorecard are known when the query is written, and only letters that occur
in them can make a row equal to one of them: each capital or variant of such a letter is replaced
by name, and so is each kind of white space.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from trustscore.export.sql.query import Query
from trustscore.export.sql.text import text

__all__ = ["FoldedText", "folded_text"]

# What str.strip takes off, without the blank itself. All of it lies below U+3001.
WHITE = tuple(c for c in map(chr, range(0x3001)) if c.isspace() and c != " ")
# So many REPLACE in one another; some parsers fail at a few hundred levels.
_NESTED = 30


class FoldedText:
    """A text column of the query, stripped and case-folded, for comparison with given words.

    Attributes
    ----------
    whole : str
        The column, case-folded.
    bare : str
        The same with every kind of white space as a blank, and none around it.
    """

    def __init__(self, whole: str, bare: str) -> None:
        self.whole, self.bare = whole, bare

    def is_one_of(self, words: Iterable[str]) -> str:
        """Return the condition that the column is one of some words, which are folded already."""
        plain, tests = [], []
        for word in words:
            if not any(c.isspace() for c in word):
                plain.append(text(word))
                continue
            # A blank between two words must be that blank, and not a tab of the row.
            blanks = text("".join(" " if c.isspace() else c for c in word))
            held = f"REPLACE({self.whole}, {text(word)}, '') <> {self.whole}"
            tests.append(f"({self.bare} = {blanks} AND {held})")
        if plain:
            tests.insert(0, f"{self.bare} IN ({', '.join(plain)})")
        return tests[0] if len(tests) == 1 else f"({' OR '.join(tests)})"


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
    whole = _replaced(query, column, folds(words), f"{name}_folded")
    blanked = _replaced(query, whole, [(c, " ") for c in WHITE], f"{name}_blanked")
    return FoldedText(whole, query.define(f"{name}_bare", f"TRIM({blanked})"))


def folds(words: Iterable[str]) -> list[tuple[str, str]]:
    """Return the characters that case folding turns into a part of some words, with that part.

    Examples
    --------
    >>> folds(["as"])
    [('A', 'a'), ('S', 's'), ('ſ', 's')]
    """
    words = list(words)
    return [(c, folded) for c, folded in _foldings() if any(folded in word for word in words)]


@cache
def _foldings() -> tuple[tuple[str, str], ...]:
    """Return every character that case folding changes, with what it becomes."""
    # No character beyond the second plane has a case, nor have the surrogates.
    scripts = [*range(0xD800), *range(0xE000, 0x20000)]
    return tuple((chr(c), f) for c in scripts if (f := chr(c).casefold()) != chr(c))


def _replaced(query: Query, column: str, pairs: list[tuple[str, str]], name: str) -> str:
    """Return a column with characters replaced, in steps of a bearable depth."""
    for start in range(0, len(pairs), _NESTED):
        expression = column
        for old, new in pairs[start : start + _NESTED]:
            expression = f"REPLACE({expression}, {text(old)}, {text(new)})"
        column = query.define(name, expression)
    return column
