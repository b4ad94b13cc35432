"""A name as it is looked for, and how honest people write one."""

from __future__ import annotations

import itertools
import re
import unicodedata
from typing import NamedTuple

from trustscore.detect.counterfeit.pieces import Text

__all__ = ["Name", "dressed", "name_of", "plain_form", "without_accents"]

_DROPPED = re.compile(r"[\s\-'’.&·]+")


class Name(NamedTuple):
    """A name that is looked for: folded, with the places of its spaces."""

    brand: str
    key: str
    breaks: frozenset[int]
    plain: frozenset[str]

    @property
    def words(self) -> list[str]:
        """Its words."""
        ends = [0, *sorted(self.breaks), len(self.key)]
        return [self.key[a:b] for a, b in itertools.pairwise(ends)]


def plain_form(text: str) -> str:
    """Return a name without what people leave out of it when they write it honestly."""
    return _DROPPED.sub("", unicodedata.normalize("NFKC", text).casefold())


def dressed(text: str) -> bool:
    """Return whether letters are in circles, raised, or of a mathematical alphabet."""
    return any(
        unicodedata.normalize("NFKC", sign) != sign and not "\uff00" <= sign <= "\uffef"
        for sign in text
        if unicodedata.category(sign) != "So" or sign not in "™℠"
    )


def without_accents(text: str) -> str:
    """Return a text without accents."""
    parts = unicodedata.normalize("NFKD", text)
    return unicodedata.normalize("NFC", "".join(c for c in parts if not unicodedata.combining(c)))


def name_of(brand: str, name: str) -> Name:
    """Return a name of a brand as it is looked for."""
    text = Text(name)
    breaks = frozenset(piece.start for piece in text.pieces[1:] if piece.start)
    plain = plain_form(name)
    return Name(brand, text.squeezed, breaks, frozenset((plain, without_accents(plain))))
