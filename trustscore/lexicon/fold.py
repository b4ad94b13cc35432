"""Texts in one form, each character with the place that it comes from.

Folded are width, case, accents, traditional characters, letters in circles and look-alikes of
other scripts; what cannot be seen is left out. A squeezed text has letters and digits only, so that
a phrase is found whatever stands between its letters; whether that may stand there is looked at
afterwards, with the places.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import compress
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trustscore.lexicon.libraries import library

__all__ = [
    "BETWEEN",
    "Folded",
    "dense",
    "fold",
    "folded",
    "sounds",
    "squeeze",
    "squeeze_together",
    "with_digits",
]

# Characters that are written without spaces between words: kana and Han.
_DENSE = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003134f]")
_HAN = (*range(0x3400, 0x4DC0), *range(0x4E00, 0xA000))
# Signs that are part of a phrase: "100%".
_SIGNS = frozenset("%")
# A sign that people write for a word.
_WORDS = {"\u2795": "加"}
# Letters of other scripts that look like Latin ones, in their small form.
_ALIKE = dict(
    zip(
        "\u0430\u0435\u043e\u0440\u0441\u0445\u0443\u0456\u0455\u0458\u04bb\u0501\u051b\u0442\u0432"
        "\u043a\u043c\u043d\u03b1\u03b5\u03bf\u03c1\u03c7\u03bd\u03b9\u03ba\u03c4\u0131\u0261\u0251",
        "aeopcxyisjhdqtbkmnaeopxviktiga",
        strict=True,
    )
)
_CIRCLED = re.compile(r"(?:CIRCLED|SQUARED|PARENTHESIZED|REGIONAL INDICATOR).* LETTER ([A-Z])$")
_CIRCLED_SYMBOL = re.compile(r"REGIONAL INDICATOR SYMBOL LETTER ([A-Z])$")
BETWEEN = "\ue8ff"
"""A private sign that stands between texts that are looked through together."""
_DIGITS = str.maketrans(
    "零〇洞一幺壹二两贰三叁四肆五伍六陆七柒拐八捌九玖", "000111222334455667778899"
)


def dense(character: str) -> bool:
    """Return whether a character is of a script without spaces between words."""
    return _DENSE.match(character) is not None


@lru_cache(maxsize=1)
def _simplified() -> dict[str, str]:
    """Return each traditional character with its simplified form, one by one."""
    characters = [chr(code) for code in _HAN]
    found = library("opencc").OpenCC("t2s").convert("\n".join(characters)).split("\n")
    return {a: b for a, b in zip(characters, found, strict=True) if a != b and len(b) == 1}


def _folded(character: str) -> str:
    """Return what a character is folded to: nothing, itself, or several characters."""
    if character in _WORDS:
        return _WORDS[character]
    out = []
    for each in unicodedata.normalize("NFKD", character):
        if unicodedata.category(each) in ("Mn", "Me", "Mc", "Cf", "Cs", "Cn"):
            continue
        if each.isspace():
            out.append("\n" if each in "\n\r\x0b\x0c\x85\u2028\u2029" else " ")
            continue
        if unicodedata.category(each) in ("So", "No"):
            name = unicodedata.name(each, "")
            letter = _CIRCLED.search(name) or _CIRCLED_SYMBOL.search(name)
            number = unicodedata.numeric(each, None)
            if letter:
                out.append(letter[1].lower())
                continue
            if number is not None and number == int(number) and 0 <= number <= 20:
                out.append(str(int(number)))
                continue
        small = each.casefold()
        out.append(_simplified().get(small, _ALIKE.get(small, small)))
    return "".join(out)


class _Fold(dict[int, str]):
    """Folded characters, each looked up once."""

    def __missing__(self, code: int) -> str:
        found = self[code] = _folded(chr(code))
        return found


class _Squeeze(dict[int, str]):
    """Folded letters and digits."""

    def __missing__(self, code: int) -> str:
        kept = (c for c in _FOLD[code] if c.isalnum() or c in _SIGNS or c == BETWEEN)
        found = self[code] = "".join(kept)
        return found


_FOLD, _SQUEEZE = _Fold(), _Squeeze()


def squeeze(text: str) -> str:
    r"""Return the letters and digits of a text, folded.

    Examples
    --------
    >>> squeeze("Ｖ\u200b❤信, 1️⃣3⑧ 證"), squeeze("100％ Café")
    ('v信138证', '100%cafe')
    """
    return text.translate(_SQUEEZE)


# The same for whole stretches of texts: what one character becomes, if that is one or none.
_UNSEEN, _SEVERAL = 0xFFFFFFFF, 0xFFFFFFFE
_CODES = np.full(0x110000, _UNSEEN, dtype=np.uint32)


def _decoded(codes: NDArray[np.uint32]) -> str:
    return codes.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")


def _encoded(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")


def squeeze_together(texts: Sequence[str]) -> str:
    """Return many texts squeezed, with `BETWEEN` between them.

    Examples
    --------
    >>> squeeze_together(["Ａ b", "", "证!"]).split(BETWEEN)
    ['ab', '', '证']
    """
    whole = BETWEEN.join(texts)
    codes = _encoded(whole)
    found = _CODES[codes]
    unseen = np.unique(codes[found == _UNSEEN]).tolist()
    if unseen:
        for code in unseen:
            kept = _SQUEEZE[code]
            _CODES[code] = _SEVERAL if len(kept) > 1 else ord(kept) if kept else 0
        found = _CODES[codes]
    if (found == _SEVERAL).any():
        return squeeze(whole)
    return _decoded(found[found != 0])


class Folded(NamedTuple):
    """A folded text with places.

    Attributes
    ----------
    text : str
        Folded, with everything that can be seen.
    places : sequence of int
        Of each of its characters, the place in the source.
    squeezed : str
    at : list of int
        Of each character of `squeezed`, its place in `text`.
    """

    text: str
    places: Sequence[int]
    squeezed: str
    at: list[int]

    def source(self, start: int, end: int) -> tuple[int, int]:
        """Return where in the source a stretch of the squeezed text stands."""
        return self.places[self.at[start]], self.places[self.at[end - 1]] + 1


def folded(text: str) -> str:
    """Return a text folded, without the places.

    Examples
    --------
    >>> folded("加 ⓋX")
    '加 vx'
    """
    return text.translate(_FOLD)


def fold(text: str) -> Folded:
    """Return a text folded, with the place of each character.

    Examples
    --------
    >>> found = fold("加 ⓋX")
    >>> found.text, found.squeezed, found.source(1, 3)
    ('加 vx', '加vx', (2, 4))
    """
    parts = [_FOLD[code] for code in map(ord, text)]
    whole = "".join(parts)
    # Most texts have one character for each.
    places: Sequence[int] = range(len(text))
    if len(whole) != len(text) or "" in parts:
        places = [place for place, part in enumerate(parts) for _ in part]
    # What is folded folds to itself.
    at = list(compress(range(len(whole)), map(_SQUEEZE.__getitem__, map(ord, whole))))
    return Folded(whole, places, whole.translate(_SQUEEZE), at)


def with_digits(text: str) -> str:
    """Return a text with Chinese digits as digits, character by character.

    Examples
    --------
    >>> with_digits("幺三八00")
    '13800'
    """
    return text.translate(_DIGITS)


@lru_cache(maxsize=1)
def _syllables() -> NDArray[np.uint32]:
    """Return by character a sign for its syllable, without the tone; others stay themselves."""
    readings = library("pypinyin.pinyin_dict").pinyin_dict
    signs: dict[str, int] = {}
    found = np.arange(0x110000, dtype=np.uint32)
    for code in _HAN:
        reading = readings.get(code)
        if reading is None:
            continue
        first = unicodedata.normalize("NFD", reading.split(",")[0])
        plain = "".join(c for c in first if not unicodedata.combining(c) or c == "\u0308")
        # Private characters, which no squeezed text has.
        found[code] = signs.setdefault(plain, 0xE000 + len(signs))
    return found


def sounds(squeezed: str) -> str:
    """Return a squeezed text with a sign for each syllable, one for one character.

    Examples
    --------
    >>> sounds("薇信") == sounds("威信") == sounds("微信"), sounds("徽信") == sounds("微信")
    (True, False)
    """
    return _decoded(_syllables()[_encoded(squeezed)])
