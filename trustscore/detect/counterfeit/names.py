"""The names of brands in a title, as they are written and as they are hidden."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from trustscore.detect.counterfeit.alike import skeleton, with_signs
from trustscore.detect.counterfeit.brands import BrandSpec
from trustscore.detect.counterfeit.edits import at_most_one_edit, without_one
from trustscore.detect.counterfeit.pieces import MASK, Stretch, Text
from trustscore.detect.counterfeit.settings import CounterfeitSpec
from trustscore.detect.counterfeit.spelling import (
    Name,
    dressed,
    name_of,
    plain_form,
)
from trustscore.lexicon.fold import dense, sounds, squeeze

__all__ = ["LIKE", "Names", "Seen"]

LIKE = (
    "confusable_letters",
    "inserted_signs",
    "masked_letters",
    "one_edit",
    "equal_sound",
)
"""The rules of names that are not written as the brand writes them."""
_LONGEST_TITLE = 1_000
_MOST_KNOWN = 500_000
# A name of so many letters or fewer is known as it is written only, and with a sign inside.
_SHORT = 3
_BESIDE = re.compile(r"[\s,/&+、，|()（）\[\]【】:：-]*(?:(?:and|or|the|all|和|与|及|或)\s*)?")


class Seen(NamedTuple):
    """A name in a title.

    Attributes
    ----------
    brand, rule : str
    start, end : int
        Where in the title.
    form : str
        As it is written there, folded.
    """

    brand: str
    rule: str
    start: int
    end: int
    form: str


class Names:
    """Every name of every brand, ready to look for.

    Parameters
    ----------
    brands : mapping of str to BrandSpec
    spec : CounterfeitSpec
    """

    def __init__(self, brands: Mapping[str, BrandSpec], spec: CounterfeitSpec) -> None:
        self._spec = spec
        names = [
            found
            for key, brand in brands.items()
            for found in dict.fromkeys(name_of(key, name) for name in brand.names)
        ]
        han = [name for name in names if all(map(dense, name.key))]
        letters = [name for name in names if not all(map(dense, name.key))]
        self._ordinary = {
            key: re.compile("|".join(map(re.escape, brand.ordinary)), re.IGNORECASE)
            for key, brand in brands.items()
            if brand.ordinary
        }
        self._written = _by((name.key, name) for name in letters)
        self._alike = _by(
            (skeleton(name.key), name) for name in letters if len(name.key) >= spec.alike_letters
        )
        self._near = _by(
            (part, name)
            for name in letters
            if len(name.key) >= spec.edit_letters
            for part in {name.key, *without_one(name.key)}
        )
        # A word more than in the longest name, as one of them may be broken.
        self._most_pieces = max((len(name.breaks) + 2 for name in letters), default=1)
        words = {word for name in letters for word in name.words if len(name.words) > 1}
        self._parts = words | {
            part
            for word in words
            for part in (skeleton(word), *(without_one(word) if len(word) > 2 else ()))
        }
        self._known: dict[str, list[tuple[str, Name]]] = {}
        self._parts_known: dict[str, bool] = {}
        self._han = _by((name.key, name) for name in han)
        self._sound = _by(
            (sounds(name.key), name) for name in han if len(name.key) >= spec.sound_han
        )
        long = [name for name in han if len(name.key) >= spec.edit_han]
        self._holes = _by((hole, name) for name in long for hole in _holes(name.key))
        self._fewer = _by((part, name) for name in long for part in without_one(name.key))
        self._lengths = sorted({len(name.key) for name in han})
        self._short_lengths = sorted({len(name.key) - 1 for name in long})
        self._names, self._all_han = letters, han
        fits = sorted(map(_plain_words, spec.compatible), key=len, reverse=True)
        joined = "|".join(re.escape(word) for word in fits if word)
        # Between letters a word must begin; between Han characters there are no such places.
        self._fits = re.compile(rf"(?:(?<![a-z0-9])|(?<=\W))(?:{joined})$") if joined else None

    def find(self, title: str) -> list[Seen]:
        """Return each name in a title, in its order, by the rule that shows it best."""
        title = title[:_LONGEST_TITLE]
        found: set[Seen] = set()
        texts = [title]
        if (signed := with_signs(title)) != title:
            texts.append(signed)
        for read in texts:
            text = Text(read)
            found.update(self._of_letters(text, title))
            found.update(self._of_han(text))
            found.update(self._masked(text))
        kept = (seen for seen in sorted(found) if not self._means_otherwise(title, seen))
        return self._meant(title, _apart(kept))

    # ---- letters

    def _of_letters(self, text: Text, title: str) -> Iterator[Seen]:
        if not self._names:
            return
        whole = dict(text.words())
        near = {
            number
            for first, behind in whole.items()
            if self._part_of_one(
                text.squeezed[text.pieces[first].start : text.pieces[behind - 1].end]
            )
            for number in range(first, behind)
        }
        for first in range(len(text.pieces)):
            for behind, form in text.runs(first, self._most_pieces):
                # Most words are like no part of a name, and then what begins with them is none.
                alike = behind == first + 1 or whole.get(first) == behind
                alike = alike or not near.isdisjoint(range(first, behind))
                if not alike and form not in self._written:
                    continue
                likes = self._like(form)
                if not likes:
                    continue
                stretch = text.stretch(first, behind)
                for rule, name in likes:
                    if rule == "written":
                        start, end = stretch.source
                        rule = self._how(title[start:end], stretch, name)
                    elif len(stretch.breaks) > len(name.breaks) and not stretch.spelled:
                        # "he rmes": two words, of which neither is like a name.
                        rule = ""
                    if rule:
                        yield Seen(name.brand, rule, *stretch.source, form)

    def _part_of_one(self, word: str) -> bool:
        """Return whether a word is, or is like, one of the words of a name of several."""
        known = self._parts_known.get(word)
        if known is None:
            parts = self._parts
            known = word in parts or skeleton(word) in parts
            known = known or (len(word) > 2 and not parts.isdisjoint(without_one(word)))
            if len(self._parts_known) >= _MOST_KNOWN:
                self._parts_known.clear()
            self._parts_known[word] = known
        return known

    def _like(self, form: str) -> list[tuple[str, Name]]:
        """Return the names that a word is, or is like."""
        known = self._known.get(form)
        if known is None:
            known = list(self._compare(form))
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[form] = known
        return known

    def _compare(self, form: str) -> Iterator[tuple[str, Name]]:
        written = self._written.get(form, ())
        for name in written:
            yield "written", name
        brands = {name.brand for name in written}
        if 2 * sum(map(str.isalpha, form)) < len(form):
            return
        for name in self._alike.get(skeleton(form), ()):
            if name.brand not in brands:
                brands.add(name.brand)
                yield "confusable_letters", name
        if len(form) < self._spec.edit_letters - 1 or not any(map(str.isalpha, form)):
            return
        for part in (form, *without_one(form)):
            for name in self._near.get(part, ()):
                if name.brand not in brands and at_most_one_edit(form, name.key):
                    brands.add(name.brand)
                    yield "one_edit", name

    def _how(self, source: str, stretch: Stretch, name: Name) -> str:
        """Return how a name is written whose letters are all there."""
        plain = plain_form(source)
        if dressed(source):
            return "confusable_letters" if len(name.key) > _SHORT else ""
        unexpected = stretch.breaks - name.breaks
        if plain in name.plain:
            if not unexpected:
                return "named"
            if stretch.spelled:
                return "inserted_signs" if len(name.key) > _SHORT else ""
            if not stretch.spaced:
                return "inserted_signs" if len(name.key) > _SHORT else ""
            long = len(name.key) >= self._spec.spaced_letters
            return "inserted_signs" if long and stretch.shortest > 1 else ""
        kept = "".join(filter(str.isalnum, plain))
        if kept in name.plain:
            if len(name.key) <= _SHORT and not stretch.masked:
                return ""
            # "Nike, Adidas" has a sign behind a name; one inside breaks a word.
            return "inserted_signs" if unexpected or stretch.masked else "named"
        return "confusable_letters" if len(name.key) > _SHORT else ""

    # ---- Han characters

    def _of_han(self, text: Text) -> Iterator[Seen]:
        if not self._all_han:
            return
        squeezed = text.squeezed
        heard = sounds(squeezed)
        for start, end in text.han:
            for length in self._lengths:
                for at in range(start, end - length + 1):
                    form = squeezed[at : at + length]
                    for rule, name in self._han_like(form, heard[at : at + length]):
                        how = text.between_han(at, at + length)
                        if how is not None:
                            # What is written as it should be, and what is broken.
                            yield self._seen(text, name, how or rule, at, length, form)
            for length in self._short_lengths:
                for at in range(start, end - length + 1):
                    form = squeezed[at : at + length]
                    for name in self._fewer.get(form, ()):
                        whole = squeezed[max(0, at - 1) : at + length + 1]
                        if name.key not in whole and text.between_han(at, at + length) == "":
                            yield self._seen(text, name, "one_edit", at, length, form)

    def _han_like(self, form: str, heard: str) -> Iterator[tuple[str, Name]]:
        written = self._han.get(form, ())
        for name in written:
            yield "named", name
        brands = {name.brand for name in written}
        for name in self._sound.get(heard, ()):
            if name.brand not in brands:
                brands.add(name.brand)
                yield "equal_sound", name
        if len(form) >= self._spec.edit_han:
            for hole in _holes(form):
                for name in self._holes.get(hole, ()):
                    if name.brand not in brands:
                        brands.add(name.brand)
                        yield "one_edit", name

    @staticmethod
    def _seen(text: Text, name: Name, rule: str, at: int, length: int, form: str) -> Seen:
        return Seen(name.brand, rule, *text.source(at, at + length), form)

    # ---- signs in place of letters

    def _masked(self, text: Text) -> Iterator[Seen]:
        for start, end in text.masked_words():
            word = text.folded[start:end]
            if sum(map(str.isalnum, word)) < 2:
                continue
            parts = [re.escape(squeeze(part)) for part in MASK.split(word)]
            pattern = re.compile(".{0,1}".join(parts))
            for name in self._names:
                hidden = len(name.key) - sum(map(str.isalnum, word))
                if 0 <= hidden <= 2 and pattern.fullmatch(name.key):
                    rule = "masked_letters" if hidden else "inserted_signs"
                    yield Seen(name.brand, rule, *text.places(start, end), squeeze(word))
        for before, after, start, end in text.masked_han():
            for name in self._all_han:
                yield from _hidden_han(text, name, before, after, start, end)

    # ---- what is meant

    def _means_otherwise(self, title: str, seen: Seen) -> bool:
        """Return whether a name is an ordinary word, or stands in a phrase that means otherwise."""
        ordinary = self._ordinary.get(seen.brand)
        return ordinary is not None and any(
            found.start() <= seen.start and seen.end <= found.end()
            for found in ordinary.finditer(title)
        )

    def _meant(self, title: str, found: list[Seen]) -> list[Seen]:
        """Leave out names of what the goods fit: "case for Samsung and Huawei"."""
        if self._fits is None:
            return found
        out, fitting = [], -1
        for seen in found:
            if seen.rule == "named":
                before = unicodedata.normalize("NFKC", title[: seen.start]).casefold()
                follows = fitting >= 0 and _BESIDE.fullmatch(title[fitting : seen.start].casefold())
                if follows or self._fits.search(_before(before)):
                    fitting = seen.end
                    continue
            out.append(seen)
        return out


def _before(text: str) -> str:
    """Return what stands before a name, without what stands between."""
    return text.rstrip(" \t/:：-([（【")


def _plain_words(word: str) -> str:
    return unicodedata.normalize("NFKC", word).casefold().strip()


def _by(pairs: Iterable[tuple[str, Name]]) -> dict[str, list[Name]]:
    out: dict[str, list[Name]] = defaultdict(list)
    for key, name in pairs:
        out[key].append(name)
    return dict(out)


def _holes(key: str) -> list[str]:
    """Return a name with each of its characters left open."""
    return [f"{key[:at]}\0{key[at + 1 :]}" for at in range(len(key))]


def _hidden_han(
    text: Text, name: Name, before: str, after: str, start: int, end: int
) -> Iterator[Seen]:
    """Yield a name around a sign that stands for one of its characters."""
    for at in range(1, len(name.key)):
        head, tail = name.key[:at], name.key[at + 1 :]
        if len(name.key) > _SHORT and before.endswith(head) and after.startswith(tail):
            yield Seen(
                name.brand,
                "masked_letters",
                *text.places(start - len(head), end + len(tail)),
                head + tail,
            )


def _rank(rule: str) -> int:
    return ("named", *LIKE).index(rule)


def _apart(found: Iterable[Seen]) -> list[Seen]:
    """Return of names that overlap the longest, and of those the one that is surest."""
    out: list[Seen] = []

    def order(seen: Seen) -> tuple[int, int, int]:
        # A letter more is no better than the name itself.
        own = seen.rule == "named"
        return -(seen.end - seen.start + own), _rank(seen.rule), seen.start

    for seen in sorted(found, key=order):
        if all(seen.end <= other.start or other.end <= seen.start for other in out):
            out.append(seen)
    return sorted(out, key=lambda seen: seen.start)
