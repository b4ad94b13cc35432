"""Messages that only take leave: they ask for no answer."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

__all__ = ["CLOSING", "Closing"]

CLOSING = "closing"
"""The topic of a message that asks for no answer."""
# Who takes leave does so in few words.
_LONGEST = 60


class Closing:
    """Phrases that such a message is made of.

    Parameters
    ----------
    phrases : iterable of str
    beside : iterable of str
        Words that may stand with a phrase, and say nothing alone.
    """

    def __init__(self, phrases: Iterable[str], beside: Iterable[str]) -> None:
        self._closing = {_letters(phrase) for phrase in phrases} - {""}
        self._beside = {_letters(word) for word in beside} - {""} - self._closing
        words = self._closing | self._beside
        self._parts = tuple(sorted({len(word) for word in words}))
        self._begins = re.compile("|".join(map(re.escape, sorted(words))) or r"(?!)")

    def closes(self, text: str) -> bool:
        """Return whether a text is made of closing words alone, at least one of them a phrase.

        What asks asks, whatever its words.

        Examples
        --------
        >>> closing = Closing(["好的", "谢谢", "ok"], ["亲"])
        >>> [closing.closes(text) for text in ("好的，谢谢亲！", "Ok :)", "亲", "好的?")]
        [True, True, False, False]
        """
        if len(text) > _LONGEST or "?" in text or "\uff1f" in text:
            return False
        letters = _letters(text)
        if not self._begins.match(letters):
            # Nearly all texts.
            return False
        # Which ends are reached by whole words, and whether a phrase is among them.
        reached = {0: False}
        for end in range(1, len(letters) + 1):
            if max(reached) + self._parts[-1] < end:
                return False
            for size in self._parts:
                word = letters[end - size : end] if size <= end else ""
                if end - size in reached and word:
                    if word in self._closing:
                        reached[end] = True
                    elif word in self._beside:
                        reached[end] = reached.get(end, False) or reached[end - size]
        return reached.get(len(letters), False)


def _letters(text: str) -> str:
    """Return the letters and digits of a text, without what stands between them."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(letter for letter in folded if letter.isalnum())
