"""Names and addresses in the form in which they are compared."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from trustscore.lexicon.fold import dense, folded
from trustscore.lexicon.libraries import TextsNotInstalled

__all__ = ["Address", "Forms", "name_words", "street_keys"]

_WORD = re.compile(r"[^\W_]+")
# What a Chinese address is cut after.
_PLACES = "省市区县镇乡街道路巷弄号栋幢座楼层室村"
_PIECE = re.compile(rf"[0-9]+|[^0-9{_PLACES}]+[{_PLACES}]*|[{_PLACES}]+")
_NUMBER = re.compile(r"[0-9]+[a-z]?")
_FOLDED_LETTERS = 4


class Address(NamedTuple):
    """An address as it is compared.

    Attributes
    ----------
    words : str
        Its words in order of the alphabet, numbers first.
    numbers : str
        The numbers alone.
    house : str
        Its words and first number.
    """

    words: str
    numbers: str
    house: str


def _plain(text: str) -> str:
    """Fold a text: width, case, accents, traditional characters if the library for them is there.

    Examples
    --------
    >>> _plain("Ｃafé №5")
    'cafe no5'
    """
    try:
        return folded(text)
    except TextsNotInstalled:
        parts = unicodedata.normalize("NFKD", text)
        return "".join(c for c in parts if unicodedata.category(c)[0] not in "MC").casefold()


class Forms:
    """Makes forms.

    Parameters
    ----------
    legal_forms, regions : iterable of str
    letters : int
        Letters that are read.
    """

    def __init__(self, legal_forms: Iterable[str], regions: Iterable[str], letters: int) -> None:
        self._letters = letters
        forms, places = {_plain(w) for w in legal_forms}, {_plain(w) for w in regions}
        self._dropped = frozenset(forms | places)
        self._places = frozenset(places)
        self._form = self._pattern(forms, "(?:{})+$")
        self._place = self._pattern(places, "^(?:(?:{})[省市区县]?)+")
        self.name = lru_cache(maxsize=65_536)(self._name)
        self.address = lru_cache(maxsize=65_536)(self._address)

    @staticmethod
    def _pattern(words: set[str], form: str) -> re.Pattern[str]:
        solid = sorted((w for w in words if w and dense(w[0])), key=lambda w: (-len(w), w))
        # Without any word it matches nowhere.
        return re.compile(form.format("|".join(map(re.escape, solid)) or "(?!)"))

    def _words(self, text: str) -> list[str]:
        return _WORD.findall(_plain(text[: _FOLDED_LETTERS * self._letters]))

    def _name(self, text: str) -> str:
        """Return a name without legal form and region, or an empty text if nothing is in it.

        Examples
        --------
        >>> forms = Forms(["有限公司", "ltd"], ["广州", "london"], 40)
        >>> forms.name("广州市好货贸易有限公司"), forms.name("ACME  Trading, Ltd. (London)")
        ('好货贸易', 'acme trading')
        >>> forms.name("广州市"), forms.name("!!"), forms.name("London Ltd")
        ('广州市', '', 'london ltd')
        """
        words = self._words(text)
        kept = []
        for word in words:
            if dense(word[0]):
                word = self._form.sub("", self._place.sub("", word))
            if word and word not in self._dropped:
                kept.append(word)
        return " ".join(kept or words)[: self._letters].strip()

    def _address(self, text: str) -> Address:
        """Return an address in sorted words.

        Examples
        --------
        >>> forms = Forms([], ["广州"], 40)
        >>> forms.address("广州市天河区体育东路100号1203室").words
        '100 1203 体育东路 天河区'
        >>> forms.address("435 S. La Cienega Blv.")
        Address(words='435 blv cienega la s', numbers='435', house='435 blv cienega la s')
        """
        found = []
        for word in self._words(text):
            pieces = _PIECE.findall(word) if any(map(dense, word)) else [word]
            found += [piece for piece in pieces if not set(piece) <= set(_PLACES)]
        found = [w for w in found if w.rstrip("省市区县") not in self._places]
        numbers = [w for w in found if _NUMBER.fullmatch(w)]
        words = sorted(w for w in found if not _NUMBER.fullmatch(w))
        whole = " ".join([*sorted(numbers), *words])[: self._letters].strip()
        house = " ".join([*numbers[:1], *words])[: self._letters].strip()
        return Address(whole, " ".join(sorted(numbers))[: self._letters].strip(), house)


def name_words(name: str) -> Iterator[str]:
    """Yield the words of a name that may be rare; of a solid script pairs of characters.

    Examples
    --------
    >>> list(name_words("acme of 好货贸易"))
    ['acme', '好货', '货贸', '贸易']
    """
    for word in name.split():
        if dense(word[0]):
            yield from (word[at : at + 2] for at in range(max(len(word) - 1, 1)))
        elif len(word) > 2:
            yield word


def street_keys(address: Address) -> Iterator[str]:
    """Yield a number with a word of the street, for each of the first ones.

    Examples
    --------
    >>> list(street_keys(Address("435 blv cienega la s", "435", "")))
    ['435 cienega']
    """
    numbers = address.numbers.split()[:3]
    words = [w for w in address.words.split() if not _NUMBER.fullmatch(w)]
    for word in [w for w in words if len(w) > 3 or (dense(w[0]) and len(w) > 1)][:6]:
        yield from (f"{number} {word}" for number in numbers)
