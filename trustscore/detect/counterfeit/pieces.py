"""A title in pieces: words, and what stands between their letters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from trustscore.detect.counterfeit.alike import as_letters
from trustscore.lexicon.fold import dense, fold

__all__ = ["MASK", "Piece", "Stretch", "Text"]

MASK = re.compile(r"[*#●○•■□※×✱✳_~^＊＃]+")
"""Signs that are written in place of a letter."""
_BEGINS = re.compile(r"(?<=[^\W\d_])(?=\d\d)|(?<=\d\d)(?=[^\W\d_])|(?<=[a-zà-ÿа-я])(?=[A-ZÀ-ÞА-Я])")
_DENSE = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003134f"
_HAN = re.compile(f"[{_DENSE}]+")
_LETTERS = re.compile(f"[^{_DENSE}%]+")
_MASKED = re.compile(rf"(?<![^\W_])[^\W_]++(?:{MASK.pattern}+[^\W_]++){{1,3}}+")
_MOST_BETWEEN = 6
_MOST_SPELLED = 24
_LONGEST_WORD = 40
# Ends a clause: what stands before and behind is no name.
_ENDS = re.compile("[,;:、。!?\n|()【】\\[\\]]")
# What is written inside a name of Han characters when it is hidden; spaces are looked at apart.
_INSIDE = re.compile(r"[^\w\s,;:、。!?()【】\[\]|/+&\-—'\"“”]+|_+")


class Piece(NamedTuple):
    """A run of letters and digits without anything between them.

    Attributes
    ----------
    start, end : int
        In the squeezed text.
    """

    start: int
    end: int


class Stretch(NamedTuple):
    """Some pieces that follow each other, and how they hang together.

    Attributes
    ----------
    form : str
        Their letters and digits, folded.
    source : (int, int)
        Where in the title.
    breaks : frozenset of int
        Where in `form` something stands between two letters.
    spelled : bool
        Whether every letter stands alone.
    spaced : bool
        Whether nothing but spaces stands between.
    masked : bool
        Whether signs do that are written in place of letters.
    shortest : int
        Letters of the shortest piece.
    """

    form: str
    source: tuple[int, int]
    breaks: frozenset[int]
    spelled: bool
    spaced: bool
    masked: bool
    shortest: int


class Text:
    """A title, folded.

    Parameters
    ----------
    title : str
    """

    def __init__(self, title: str) -> None:
        self.title = title
        self._fold = fold(as_letters(title))
        self.folded, self.squeezed = self._fold.text, self._fold.squeezed

    def source(self, start: int, end: int) -> tuple[int, int]:
        """Return where a stretch of the squeezed text stands in the title."""
        return self._fold.source(start, end)

    def places(self, start: int, end: int) -> tuple[int, int]:
        """Return where a stretch of the folded text stands in the title."""
        start, end = max(start, 0), min(end, len(self.folded))
        return self._fold.places[start], self._fold.places[end - 1] + 1

    def _gap(self, at: int) -> str:
        """Return what stands before a character of the squeezed text."""
        return self.folded[self._fold.at[at - 1] + 1 : self._fold.at[at]]

    @cached_property
    def pieces(self) -> list[Piece]:
        """Runs of letters; a new one begins at a capital after a small letter, and at a number."""
        found: list[Piece] = []
        at, places, title = self._fold.at, self._fold.places, self.title
        gaps = {here for here, (a, b) in enumerate(pairwise(at), 1) if b - a > 1}
        # As it is written, letter by letter.
        cased = "".join([title[places[place]] for place in at])
        gaps.update(new.start() for new in _BEGINS.finditer(cased))
        for run in _LETTERS.finditer(self.squeezed):
            start, end = run.span()
            ends = [start, *sorted(here for here in gaps if start < here < end), end]
            found += map(Piece, ends[:-1], ends[1:])
        return found

    @cached_property
    def _joins(self) -> list[str | None]:
        """Before each piece: what stands between it and the last, None if they are no name."""
        out: list[str | None] = []
        for last, piece in zip([None, *self.pieces], self.pieces, strict=False):
            if last is None or last.end < piece.start:
                out.append(None)
                continue
            gap = self._gap(piece.start)
            out.append(None if len(gap) > _MOST_BETWEEN or _ENDS.search(gap) else gap)
        return out

    def words(self) -> Iterator[tuple[int, int]]:
        """Yield the pieces that have nothing between them: first and behind the last."""
        first = 0
        for number in range(1, len(self.pieces) + 1):
            if number == len(self.pieces) or self._joins[number] != "":
                yield first, number
                first = number

    def runs(self, first: int, most: int) -> Iterator[tuple[int, str]]:
        """Yield from a piece on each run of so many pieces, or of letters that stand alone.

        Yields the number behind its last piece, and its form.
        """
        pieces = self.pieces
        begin, spelled = pieces[first].start, True
        for last in range(first, min(len(pieces), first + _MOST_SPELLED)):
            if last > first and self._joins[last] is None:
                return
            spelled = spelled and pieces[last].end - pieces[last].start == 1
            if last - first >= most and not spelled:
                return
            yield last + 1, self.squeezed[begin : pieces[last].end]

    def stretch(self, first: int, behind: int) -> Stretch:
        """Return how some pieces hang together."""
        pieces = self.pieces[first:behind]
        start, end = pieces[0].start, pieces[-1].end
        gaps = [(piece.start - start, self._gap(piece.start)) for piece in pieces[1:]]
        between = "".join(gap for _, gap in gaps)
        return Stretch(
            self.squeezed[start:end],
            self.source(start, end),
            frozenset(at for at, gap in gaps if gap),
            len(pieces) > 1 and len(pieces) == end - start and all(gap for _, gap in gaps),
            bool(between) and not between.strip(" "),
            MASK.search(between) is not None,
            min(piece.end - piece.start for piece in pieces),
        )

    # ---- Han characters

    @cached_property
    def han(self) -> list[tuple[int, int]]:
        """Runs of Han characters in the squeezed text, whatever stands between them."""
        return [found.span() for found in _HAN.finditer(self.squeezed)]

    def between_han(self, start: int, end: int) -> str | None:
        """Return how a stretch is broken: not at all, by signs, or so that it is no name."""
        gaps = [self._gap(at) for at in range(start + 1, end)]
        if not any(gaps):
            return ""
        signs = [gap for gap in gaps if gap.strip(" ")]
        if signs:
            inside = all(_INSIDE.fullmatch(gap.replace(" ", "")) for gap in signs)
            short = all(len(gap) <= _MOST_BETWEEN for gap in gaps)
            return "inserted_signs" if inside and short else None
        # A space between words happens to stand between two characters; in long names it does not.
        if max(map(len, gaps)) > 1:
            return None
        whole = all(gaps) and end - start >= 3
        return "inserted_signs" if whole or end - start >= 4 else None

    # ---- signs in place of letters

    def masked_words(self) -> Iterator[tuple[int, int]]:
        """Yield where in the folded text words of letters stand with such signs inside."""
        if MASK.search(self.folded):
            for found in _MASKED.finditer(self.folded):
                start, end = found.span()
                if end - start <= _LONGEST_WORD and not any(map(dense, found[0])):
                    yield start, end

    def masked_han(self) -> Iterator[tuple[str, str, int, int]]:
        """Yield what stands before and behind such a sign between Han characters."""
        for found in MASK.finditer(self.folded):
            start, end = found.span()
            before, after = self.folded[max(0, start - 7) : start], self.folded[end : end + 7]
            if end - start == 1 and before and dense(before[-1]) and after and dense(after[0]):
                yield before, after, start, end
