"""What a text says by its words: phrases of a file, each with the topic that it stands for.

A phrase after a negation in the same clause is no hit, unless the phrase itself begins with one
("not received"). Nothing here understands a language: a flag is a share of many buyers' words, and
no accusation.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection, Sequence
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from trustscore.errors import InputError, at_most, suggest
from trustscore.scorecard.documents import parse_document, read_document
from trustscore.scorecard.presets import find, preset_folder

__all__ = ["CLOSING", "Lexicon", "load_lexicon"]

# A longer text is read so far: no text takes long, whatever stands in it.
_MOST_LETTERS = 4_000
# Who takes leave does so in few words.
_LONGEST_CLOSING = 60
CLOSING = "closing"
"""The topic of a message that asks for no answer."""
# Characters that are written without spaces between words: Han, kana.
_DENSE = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_CLAUSES = re.compile(r"[,.;:!?\n\u3001\u3002\uff0c\uff1b\u2026~]+")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff\u20e3]")
_BETWEEN_DENSE = re.compile(rf"(?<=[{_DENSE}])[^\w,.;:!?\u3001\u3002]+(?=[{_DENSE}])")


class _Negation(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    characters: int = Field(ge=0, le=50)
    words: int = Field(ge=0, le=20)
    phrases: tuple[str, ...] = ()


class _Closing(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    phrases: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    version: str
    negation: _Negation
    closing: _Closing = _Closing()
    topics: dict[str, tuple[str, ...]]


class Lexicon:
    """Phrases by topic.

    Parameters
    ----------
    file : object
        The validated file.
    """

    def __init__(self, file: _File) -> None:
        self.topics = tuple(file.topics)
        digest = hashlib.sha256(file.model_dump_json().encode()).hexdigest()
        self.stamp = f"{file.name}@{file.version}:{digest[:12]}"
        self._patterns = {topic: _pattern(phrases) for topic, phrases in file.topics.items()}
        self._window = (file.negation.characters, file.negation.words)
        self._negation = _pattern(file.negation.phrases)
        self._closing = {_letters(phrase) for phrase in file.closing.phrases} - {""}
        self._beside = {_letters(word) for word in file.closing.beside} - {""} - self._closing
        words = self._closing | self._beside
        self._parts = tuple(sorted({len(word) for word in words}))
        self._begins = re.compile("|".join(map(re.escape, sorted(words))) or r"(?!)")

    def hits(self, text: str, wanted: Collection[str] | None = None) -> frozenset[str]:
        """Return the topics that a text speaks of, all or of those that are wanted.

        A text that only takes leave is of the topic ``closing``, see `closes`.

        Examples
        --------
        >>> sorted(load_lexicon().hits("质 量 差，一洗就掉色"))
        ['negative', 'quality_defect']
        >>> sorted(load_lexicon().hits("不会掉色")), sorted(load_lexicon().hits("It is NOT broken"))
        ([], [])
        """
        found = set()
        if wanted is None or CLOSING in wanted:
            found |= {CLOSING} if self.closes(text) else set()
        patterns = self._patterns.items()
        if wanted is not None:
            patterns = {topic: p for topic, p in patterns if topic in wanted}.items()
        if not patterns:
            return frozenset(found)
        for clause in _CLAUSES.split(_folded(text[:_MOST_LETTERS])):
            for topic, pattern in patterns:
                if topic not in found and any(
                    not self._denied(clause, hit) for hit in pattern.finditer(clause)
                ):
                    found.add(topic)
        return frozenset(found)

    def closes(self, text: str) -> bool:
        """Return whether a text is made of closing words alone, so that it asks for no answer.

        At least one must be a phrase: words that may stand beside one say nothing alone. What asks
        asks, whatever its words.

        Examples
        --------
        >>> [
        ...     load_lexicon().closes(text)
        ...     for text in ("好的，谢谢亲！", "Ok, thank you :)", "亲", "好的?")
        ... ]
        [True, True, False, False]
        """
        if len(text) > _LONGEST_CLOSING or "?" in text or "\uff1f" in text:
            return False
        letters = _letters(text)
        if not self._begins.match(letters):
            # Nearly all texts.
            return False
        # Which ends are reached by whole words, and whether a phrase is among them.
        reached = {0: False}
        for end in range(1, len(letters) + 1):
            for size in self._parts:
                word = letters[end - size : end] if size <= end else ""
                if end - size in reached and word:
                    if word in self._closing:
                        reached[end] = True
                    elif word in self._beside:
                        reached[end] = reached.get(end, False) or reached[end - size]
        return reached.get(len(letters), False)

    def _denied(self, clause: str, hit: re.Match[str]) -> bool:
        """Return whether a negation stands before a phrase that does not begin with one."""
        if self._negation.match(hit[0]):
            return False
        characters, words = self._window
        start = hit.start()
        before = clause[:start]
        spaced = before.split()[-words:] if words else []
        near = before[max(0, start - characters) :] if characters else ""
        dense = re.sub(rf"[^{_DENSE}]", " ", near)
        return bool(self._negation.search(dense) or self._negation.search(" ".join(spaced)))


def _letters(text: str) -> str:
    """Return the letters and digits of a text, without what stands between them."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(letter for letter in folded if letter.isalnum())


def _folded(text: str) -> str:
    folded = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text).casefold().replace("’", "'"))
    folded = _CLAUSES.sub(",", folded)
    return _BETWEEN_DENSE.sub("", folded)


def _pattern(phrases: Sequence[str]) -> re.Pattern[str]:
    """Return one pattern of phrases: whole words where words are spaced, longest first."""
    parts = []
    for phrase in sorted({_folded(each).strip() for each in phrases} - {""}, key=len, reverse=True):
        text = r"\s+".join(map(re.escape, phrase.split()))
        begin = "" if re.match(f"[{_DENSE}]", phrase[0]) else r"(?<!\w)"
        end = "" if re.match(f"[{_DENSE}]", phrase[-1]) else r"(?!\w)"
        parts.append(f"{begin}{text}{end}")
    return re.compile("|".join(parts) or r"(?!)")


def load_lexicon(path: str | Path | None = None) -> Lexicon:
    """Return the lexicon of a file, or the one that comes with the package.

    Raises
    ------
    InputError
        With everything that is wrong with the file.
    """
    return _load(str(preset_folder() / "lexicon.toml") if path is None else str(find(path)))


@lru_cache(maxsize=8)
def _load(path: str) -> Lexicon:
    try:
        raw = read_document(Path(path))
    except OSError as error:
        raise InputError(f"lexicon {path}: {error}") from error
    data = parse_document(raw, f"lexicon {path}", as_json=path.endswith(".json"), error=InputError)
    try:
        file = _File.model_validate(data)
    except ValidationError as error:
        faults = [
            f"{'.'.join(map(str, fault['loc']))}: {fault['msg'].lower()}{_near(fault)}"
            for fault in error.errors()
        ]
        raise InputError(f"lexicon {path} cannot be used", at_most(faults)) from None
    return Lexicon(file)


def _near(fault: object) -> str:
    loc = fault["loc"] if isinstance(fault, dict) else ()
    known = (*_File.model_fields, *_Negation.model_fields, *_Closing.model_fields)
    return suggest(str(loc[-1]), known) if loc else ""
