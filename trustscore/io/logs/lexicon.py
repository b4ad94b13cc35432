"""What a text says by its words: phrases of a file, each with the topic that it stands for.

A phrase after a negation in the same clause is no hit, unless the phrase itself begins with one
("not received"). Nothing here understands a language: a flag is a share of many buyers' words, and
no accusation.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from trustscore.errors import InputError, at_most, suggest
from trustscore.scorecard.documents import parse_document, read_document
from trustscore.scorecard.presets import find, preset_folder

__all__ = ["Lexicon", "load_lexicon"]

# A longer text is read so far: no text takes long, whatever stands in it.
_MOST_LETTERS = 4_000
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


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    version: str
    negation: _Negation
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

    def hits(self, text: str) -> frozenset[str]:
        """Return the topics that a text speaks of.

        Examples
        --------
        >>> sorted(load_lexicon().hits("质 量 差，一洗就掉色"))
        ['negative', 'quality_defect']
        >>> sorted(load_lexicon().hits("不会掉色")), sorted(load_lexicon().hits("It is NOT broken"))
        ([], [])
        """
        found = set()
        for clause in _CLAUSES.split(_folded(text[:_MOST_LETTERS])):
            for topic, pattern in self._patterns.items():
                if topic not in found and any(
                    not self._denied(clause, hit) for hit in pattern.finditer(clause)
                ):
                    found.add(topic)
        return frozenset(found)

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
    known = (*_File.model_fields, *_Negation.model_fields)
    return suggest(str(loc[-1]), known) if loc else ""
