"""The normal form of texts: those that differ in case, width and signs alone are the same."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

__all__ = ["BETWEEN_WORDS", "letters_of", "normalised"]

BETWEEN_WORDS = re.compile(r"[\W_]+")
"""All that is no letter and no digit."""


@lru_cache(maxsize=1 << 12)
def normalised(text: str) -> str:
    """Return the letters and digits of a text, case and width folded, one space between words.

    Examples
    --------
    >>> normalised("  ＡＢ, c!  好评 ")
    'ab c 好评'
    """
    return BETWEEN_WORDS.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


def letters_of(text: str) -> int:
    """Return how many letters, signs and digits a text has.

    Examples
    --------
    >>> letters_of("好！"), letters_of("…"), letters_of("ok 1")
    (1, 0, 3)
    """
    return len(normalised(text).replace(" ", ""))
