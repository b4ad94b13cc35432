"""Finding the phrases of a lexicon in a text."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from trustscore.lexicon.contacts import Contacts
from trustscore.lexicon.fold import BETWEEN, dense, fold, sounds, squeeze, squeeze_together
from trustscore.lexicon.hits import Hit
from trustscore.lexicon.libraries import library
from trustscore.lexicon.patterns import LONGEST, words_of
from trustscore.lexicon.reading import Reading, Span
from trustscore.lexicon.spec import EntrySpec, LexiconSpec

__all__ = ["Matcher"]


# Words that say no more than that a number near them is one to call or to pay to.
_NUMBERS = frozenset(["@phone", "@card"])
# What an account or number has that is announced by a word, and how far behind it.
_ACCOUNT = re.compile("[0-9a-z零〇洞一幺二两三四五六七拐八九]{4}")
_BEHIND = 45


class _Sought(NamedTuple):
    """A phrase of an entry, a word before a contact, or one that a pattern always has."""

    entry: str
    breaks: tuple[int, ...] = ()
    pattern: re.Pattern[str] | None = None

    def near(self, squeezed: str, span: Span) -> Iterator[re.Match[str]]:
        """Yield where the pattern matches around a word of it."""
        if self.pattern is not None:
            begin = max(0, span[0] - LONGEST)
            yield from self.pattern.finditer(squeezed, begin, span[1] + LONGEST)

    def idle(self, squeezed: str, span: Span) -> bool:
        """Return whether what a word announces is not there."""
        if self.pattern is not None:
            return not any(self.near(squeezed, span))
        if self.entry[0] != "@" or self.entry in _NUMBERS:
            return False
        return not _ACCOUNT.search(squeezed, span[1], span[1] + _BEHIND)


class _Phrases:
    """All places of many phrases in a text, by Aho and Corasick.

    Parameters
    ----------
    of : dict of str to list
        What each phrase stands for.
    """

    def __init__(self, of: dict[str, list[Any]]) -> None:
        self._of, self._automaton = list(of.values()), None
        if of:
            self._automaton = library("ahocorasick_rs").AhoCorasick(list(of))

    def places(self, text: str) -> Iterator[tuple[Span, Any]]:
        """Yield each place with each thing that the phrase stands for."""
        if self._automaton is None:
            return
        for which, start, end in self._automaton.find_matches_as_indexes(text, overlapping=True):
            for value in self._of[which]:
                yield (start, end), value


class Matcher:
    """A lexicon, ready to look through texts.

    Parameters
    ----------
    spec : LexiconSpec
    """

    def __init__(self, spec: LexiconSpec) -> None:
        self._spec = spec
        self._contacts = Contacts(spec.contacts) if spec.contacts is not None else None
        letters: dict[str, list[_Sought]] = {}
        sounded: dict[str, list[_Sought]] = {}
        for name, entry in spec.entries.items():
            for phrase in entry.phrases:
                self._take(phrase, name, entry.sound, letters, sounded)
        if spec.contacts is not None:
            for kind, phrases in Contacts.words(spec.contacts):
                for phrase in phrases:
                    sound = spec.contacts.sound and sum(map(dense, squeeze(phrase))) > 1
                    self._take(phrase, f"@{kind}", sound, letters, sounded)
        for name, entry in spec.entries.items():
            for pattern in map(squeeze_pattern, entry.patterns):
                for word in words_of(pattern):
                    letters.setdefault(word, []).append(_Sought(name, (), re.compile(pattern)))
        self._letters, self._sounds = _Phrases(letters), _Phrases(sounded)
        self._sounds_at_all = bool(sounded)
        self._context = _Phrases(self._roles())

    @staticmethod
    def _take(
        phrase: str,
        name: str,
        sound: bool,
        letters: dict[str, list[_Sought]],
        sounded: dict[str, list[_Sought]],
    ) -> None:
        kept = squeeze(phrase)
        breaks, at = [], 0
        for word in phrase.split():
            at += len(squeeze(word))
            breaks.append(at)
        found = _Sought(name, tuple(breaks))
        into, key = (sounded, sounds(kept)) if sound else (letters, kept)
        into.setdefault(key, []).append(found)

    def _roles(self) -> dict[str, list[str]]:
        spec, out = self._spec, {}
        roles: list[tuple[str, Iterable[str]]] = [
            ("negation", spec.negation.phrases),
            ("negation_exception", spec.negation.exceptions),
            ("quoting_before", spec.quoting.phrases_before),
            ("quoting_after", spec.quoting.phrases_after),
            ("exception", spec.exceptions),
        ]
        if spec.contacts is not None:
            roles.append(("other", spec.contacts.other))
        for name, entry in spec.entries.items():
            roles.append((f"near {name}", spec.listed(entry.near)))
            roles.append((f"not_near {name}", spec.listed(entry.not_near)))
        words: dict[str, list[str]] = {}
        for role, phrases in roles:
            for phrase in phrases:
                words.setdefault(squeeze(phrase), []).append(role)
        for phrase, of in words.items():
            if phrase:
                out[phrase] = sorted(set(of))
        return out

    def _places(self, squeezed: str) -> Iterator[tuple[Span, _Sought]]:
        """Yield where something stands that is sought."""
        for span, sought in self._letters.places(squeezed):
            if not sought.idle(squeezed, span):
                yield span, sought
        if self._sounds_at_all:
            for span, sought in self._sounds.places(sounds(squeezed)):
                if not sought.idle(squeezed, span):
                    yield span, sought

    def may(self, texts: Sequence[str]) -> set[int]:
        """Return the places of the texts that may have a hit: the others have none.

        Texts are looked through together, as most of them are short.
        """
        squeezed = squeeze_together(texts)
        ends: list[int] = []
        at = -1
        for _ in texts:
            at = squeezed.find(BETWEEN, at + 1)
            ends.append(len(squeezed) if at < 0 else at)
        found = {
            bisect_left(ends, span[1])
            for span, sought in self._places(squeezed)
            if sought.entry not in _NUMBERS
        }
        if self._contacts is not None:
            found |= {bisect_left(ends, at) for at in self._contacts.numbers(squeezed)}
            found |= {at for at, text in enumerate(texts) if self._contacts.signs(text)}
        return found

    def hits(self, text: str) -> list[Hit]:
        """Return what a text says, in its order."""
        squeezed = squeeze(text)
        raw = list(self._places(squeezed))
        numbers = self._contacts is not None and (
            self._contacts.signs(text) or any(self._contacts.numbers(squeezed))
        )
        if not numbers and all(sought.entry in _NUMBERS for _, sought in raw):
            return []
        folded = fold(text)
        # A sign for a syllable is of the stand-in text: what was found must be there in this one.
        context: dict[str, list[Span]] = {}
        for span, role in self._context.places(folded.squeezed):
            context.setdefault(role, []).append(span)
        reading = Reading(folded, context)
        found: list[tuple[Span, str]] = []
        matched: set[tuple[Span, str]] = set()
        words: dict[str, list[Span]] = {}
        for span, sought in raw:
            if reading.excepted(span):
                continue
            if sought.pattern is not None:
                matched.update((each.span(), sought.entry) for each in sought.near(squeezed, span))
            elif not reading.whole(span, sought.breaks):
                continue
            elif sought.entry.startswith("@"):
                words.setdefault(sought.entry[1:], []).append(span)
            else:
                found.append((span, sought.entry))
        for span, name in matched:
            if not reading.excepted(span) and reading.whole(span, _all(span)):
                found.append((span, name))
        hits = self._of_entries(reading, found)
        if self._contacts is not None:
            contacts = self._contacts.find(reading, words) if words or numbers else []
            for span, kind in contacts:
                hits.append(
                    self._hit(
                        reading, span, "private_deal", f"contact_{kind}", self._contacts.severity
                    )
                )
        return sorted(hits, key=lambda hit: (hit.start, hit.end, hit.topic))

    def _of_entries(self, reading: Reading, found: list[tuple[Span, str]]) -> list[Hit]:
        """Return hits whose entries are content with what stands around; the longest of a topic."""
        hits: list[Hit] = []
        ends: dict[str, int] = {}
        for span, name in sorted(found, key=lambda one: (one[0][0], -one[0][1], one[1])):
            entry = self._spec.entries[name]
            if span[0] < ends.get(entry.topic, 0) or not self._holds(reading, span, name, entry):
                continue
            ends[entry.topic] = span[1]
            value = reading.price(span) if entry.price else ""
            hit = self._hit(reading, span, entry.topic, name, entry.severity, entry.negation)
            hits.append(hit._replace(value=value))
        return hits

    @staticmethod
    def _holds(reading: Reading, span: Span, name: str, entry: EntrySpec) -> bool:
        if entry.near and not reading.near(span, f"near {name}", entry.within):
            return False
        if entry.not_near and reading.near(span, f"not_near {name}", entry.within):
            return False
        return not entry.number or reading.has_number(span)

    def _hit(
        self,
        reading: Reading,
        span: Span,
        topic: str,
        name: str,
        severity: int,
        window: int | None = None,
    ) -> Hit:
        negation, quoting = self._spec.negation, self._spec.quoting
        how = "said"
        characters = negation.characters if window is None else window
        if reading.denied(span, characters, negation.words):
            how = "negated"
        elif reading.quoted(span, quoting.before, quoting.after):
            how = "quoted"
        start, end = reading.folded.source(*span)
        return Hit(topic, name, severity, start, end, how)


def _all(span: Span) -> range:
    return range(1, span[1] - span[0])


def squeeze_pattern(pattern: str) -> str:
    """Return a pattern in small letters; escapes stay as they are."""
    return re.sub(r"\\.|.", lambda m: m[0] if m[0][0] == "\\" else m[0].casefold(), pattern)
