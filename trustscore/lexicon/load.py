"""Lexicons from files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from trustscore.errors import InputError, at_most, plural
from trustscore.lexicon.closing import CLOSING, Closing
from trustscore.lexicon.fold import BETWEEN
from trustscore.lexicon.hits import Hit
from trustscore.lexicon.match import Matcher
from trustscore.lexicon.spec import LexiconSpec
from trustscore.scorecard.documents import parse_document, read_document
from trustscore.scorecard.faults import collect, shown
from trustscore.scorecard.presets import find, preset_folder

__all__ = ["Lexicon", "lexicon_schema", "load_lexicon", "parse_lexicon"]

_MOST_FAULTS = 50
# A longer text is read in pieces, so that no text takes long, whatever stands in it. They overlap:
# no hit with what stands around it is torn.
_PIECE = 4_000
_OVERLAP = 100
_MOST_HITS = 50
# So many texts are looked through together.
_TOGETHER = 1_000


class Lexicon:
    """Phrases by topic, and what denies or quotes them.

    Parameters
    ----------
    spec : LexiconSpec
    """

    def __init__(self, spec: LexiconSpec) -> None:
        self.spec = spec
        digest = hashlib.sha256(spec.model_dump_json().encode()).hexdigest()
        self._closing = Closing(spec.closing.phrases, spec.closing.beside)
        self.stamp = f"{spec.name}@{spec.version}:{digest[:12]}"

    @cached_property
    def _matcher(self) -> Matcher:
        return Matcher(self.spec)

    def hits(self, text: str) -> list[Hit]:
        """Return what a text says, in the order of the text; at most 50 hits.

        Examples
        --------
        >>> [(hit.topic, hit.how) for hit in load_lexicon().hits("质 量 差，一洗就掉色")]
        [('quality_defect', 'said'), ('negative', 'said'), ('quality_defect', 'said')]
        >>> [(hit.topic, hit.how) for hit in load_lexicon().hits("不会掉色")]
        [('negative', 'negated'), ('quality_defect', 'negated')]
        """
        if len(text) <= _PIECE:
            return self._matcher.hits(text)[:_MOST_HITS]
        found: dict[tuple[str, str, int], Hit] = {}
        for start in range(0, len(text), _PIECE - _OVERLAP):
            for hit in self._matcher.hits(text[start : start + _PIECE]):
                moved = hit._replace(start=hit.start + start, end=hit.end + start)
                found.setdefault((hit.topic, hit.entry, moved.start), moved)
            if len(found) >= _MOST_HITS:
                break
        return sorted(found.values(), key=lambda hit: hit.start)[:_MOST_HITS]

    def hits_of(self, texts: Sequence[str]) -> list[list[Hit]]:
        """Return the hits of many texts, faster than one by one.

        Examples
        --------
        >>> [len(hits) for hits in load_lexicon().hits_of(["很好", "一洗就掉色", ""])]
        [0, 2, 0]
        """
        out: list[list[Hit]] = [[] for _ in texts]
        short = [at for at, text in enumerate(texts) if len(text) <= _PIECE and BETWEEN not in text]
        seen = set(short)
        rest = [at for at in range(len(texts)) if at not in seen]
        for begin in range(0, len(short), _TOGETHER):
            part = short[begin : begin + _TOGETHER]
            rest += [part[at] for at in self._matcher.may([texts[at] for at in part])]
        for at in rest:
            out[at] = self.hits(texts[at])
        return out

    def closes(self, text: str) -> bool:
        """Return whether a text only takes leave, so that it asks for no answer.

        Examples
        --------
        >>> [load_lexicon().closes(text) for text in ("好的，谢谢亲！", "好的?")]
        [True, False]
        """
        return self._closing.closes(text)

    def topics(self, text: str) -> frozenset[str]:
        """Return the topics that a text speaks of, without what it denies or quotes.

        A text that only takes leave is of the topic ``closing``.

        Examples
        --------
        >>> sorted(load_lexicon().topics("质 量 差，一洗就掉色"))
        ['negative', 'quality_defect']
        >>> sorted(load_lexicon().topics("It is NOT broken"))
        []
        """
        said = (hit.topic for hit in self.hits(text) if hit.how == "said")
        return frozenset([*said, *([CLOSING] if self.closes(text) else [])])


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
    as_json = path.endswith(".json")
    return parse_lexicon(
        parse_document(raw, f"lexicon {path}", as_json=as_json, error=InputError), path
    )


def parse_lexicon(data: Mapping[str, Any], source: str = "<data>") -> Lexicon:
    """Return the lexicon of parsed TOML or JSON.

    Raises
    ------
    InputError
        With every fault, each as ``address: sentence``.
    """
    if not isinstance(data, Mapping):
        raise InputError(f"lexicon {source} must be a table. Got {shown(data)}")
    spec, faults = collect(LexiconSpec, json.loads(json.dumps(data, default=str)))
    if spec is None:
        listed = at_most(faults, most=_MOST_FAULTS, what="faults")
        raise InputError(f"lexicon {source} has {plural(len(faults), 'fault')}", listed)
    return Lexicon(spec)


def lexicon_schema() -> dict[str, Any]:
    """Return the JSON Schema of a lexicon, for editors.

    Examples
    --------
    >>> lexicon_schema()["title"]
    'trustscore lexicon'
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **LexiconSpec.model_json_schema(),
        "title": "trustscore lexicon",
    }
