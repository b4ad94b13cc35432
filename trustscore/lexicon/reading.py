"""A text with what stands in it: clauses, words around a phrase, and whether a phrase is whole."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from functools import cached_property

from trustscore.lexicon.fold import Folded, dense

__all__ = ["Reading", "Span"]

Span = tuple[int, int]

_CLAUSE = frozenset(",;:、")
# A point within a word, between two characters, or before a number ends nothing: "no. 1".
_CLAUSE_ENDS = re.compile(r"[,;:、。!?\n]|\.(?!\w|\s?[0-9])")
_MOST_BETWEEN = 3
_NUMBER = re.compile("[0-9零〇一二两三四五六七八九十百千万半]")
_NUMBER_WITHIN = 6
_PRICE = re.compile(
    r"[^0-9零一二两三四五六七八九十百千万,;。!?\n]{0,6}"
    r"(?:([0-9]{1,3}(?:,[0-9]{3}){1,2}|[0-9]{1,7})(\.[0-9]{1,2})?|([零一二两三四五六七八九十百千万]{1,12}))"
    r"(?![0-9.]*\s?[折%件个天分号月日年秒倍人米斤盒瓶])"
)
_ONES = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {"两": 2}
_TENS = {"十": 10, "百": 100, "千": 1000}


class Reading:
    """A folded text and the words of the context that stand in it.

    Parameters
    ----------
    folded : Folded
    context : mapping of str to list of (int, int)
        By role, such as ``negation``, where its words stand in the squeezed text.
    """

    def __init__(self, folded: Folded, context: Mapping[str, list[Span]]) -> None:
        self.folded, self.squeezed = folded, folded.squeezed
        text = folded.text
        ends = [found.start() for found in _CLAUSE_ENDS.finditer(text)]
        self._clauses, self._sentences = ends, [at for at in ends if text[at] not in _CLAUSE]
        self._context = {role: list(filter(self.whole_words, of)) for role, of in context.items()}

    def _clause(self, at: int) -> int:
        """Return the number of the clause that a character of the squeezed text is in."""
        return bisect_right(self._clauses, self.folded.at[at])

    def _sentence(self, at: int) -> int:
        return bisect_right(self._sentences, self.folded.at[at])

    def between(self, at: int) -> str:
        """Return what stands between a character of the squeezed text and the next one."""
        return self.folded.text[self.folded.at[at] + 1 : self.folded.at[at + 1]]

    def whole(self, span: Span, breaks: Iterable[int] = ()) -> bool:
        """Return whether a stretch is a phrase and not a part of other words.

        Parameters
        ----------
        span : (int, int)
        breaks : iterable of int
            Where the phrase has spaces, counted in its letters.
        """
        start, end = span
        if not self.whole_words(span):
            return False
        if self._clause(start) != self._clause(end - 1):
            return False
        parts = set(breaks)
        # Letters of a word may be set apart, but then all of them: "we chat" is not "wechat".
        spaced = joined = False
        for at in range(start, end - 1):
            gap = self.between(at)
            if len(gap.replace(" ", "")) > _MOST_BETWEEN or len(gap) > 2 * _MOST_BETWEEN:
                return False
            if at + 1 - start in parts or not self._letters(at):
                if spaced and joined:
                    return False
                spaced = joined = False
            elif " " in gap:
                spaced = True
            else:
                joined = True
        return not (spaced and joined)

    def whole_words(self, span: Span) -> bool:
        """Return whether no word goes on beyond a stretch."""
        return not (self._goes_on(span[0] - 1) or self._goes_on(span[1] - 1))

    def _letters(self, at: int) -> bool:
        two = self.squeezed[at : at + 2]
        return two.isascii() and two.isalpha()

    def _goes_on(self, at: int) -> bool:
        """Return whether the word of a character goes on with the next one."""
        if not 0 <= at < len(self.squeezed) - 1 or self.between(at):
            return False
        one, two = self.squeezed[at], self.squeezed[at + 1]
        if dense(one) or dense(two):
            return False
        return (one.isalpha() and two.isalpha()) or (one.isdigit() and two.isdigit())

    @cached_property
    def _denials(self) -> list[Span]:
        free = self._context.get("negation_exception", [])
        return [
            span
            for span in self._context.get("negation", [])
            if not _inside(span, free) and self.whole(span)
        ]

    def excepted(self, span: Span) -> bool:
        """Return whether a stretch is part of a longer phrase that means something else."""
        return _inside(span, self._context.get("exception", []))

    def denied(self, span: Span, characters: int, words: int) -> bool:
        """Return whether a negation stands before a stretch in the same clause."""
        start = span[0]
        for first, end in self._denials:
            if end > start or self._clause(end - 1) != self._clause(start):
                continue
            if dense(self.squeezed[end - 1]):
                if start - end < characters:
                    return True
            else:
                between = self.folded.text[self.folded.at[end - 1] + 1 : self.folded.at[start]]
                if len(between.split()) < words and first < start:
                    return True
        return False

    def quoted(self, span: Span, before: int, after: int) -> bool:
        """Return whether words around a stretch say that it is asked, forbidden or of others."""
        start, end = span
        for _, last in self._context.get("quoting_before", []):
            if last <= start <= last + before and self._sentence(last - 1) == self._sentence(start):
                return True
        for first, last in self._context.get("quoting_after", []):
            # A particle of one sign asks for its own clause only.
            part = self._clause if last - first == 1 else self._sentence
            if end <= first <= end + after and part(first) == part(end - 1):
                return True
        return False

    def near(self, span: Span, role: str, within: int) -> bool:
        """Return whether words of a role stand near a stretch, in the same sentence."""
        start, end = span
        for first, last in self._context.get(role, []):
            apart = max(first - end, start - last)
            if apart <= within and self._sentence(first) == self._sentence(start):
                return True
        return False

    def has_number(self, span: Span) -> bool:
        """Return whether a number stands near a stretch."""
        start, end = span
        around = self.squeezed[max(0, start - _NUMBER_WITHIN) : start]
        after = self.squeezed[end : end + _NUMBER_WITHIN]
        return bool(_NUMBER.search(around) or _NUMBER.search(after))

    def price(self, span: Span) -> str:
        """Return the price that follows a stretch, or an empty text."""
        begin = self.folded.at[span[1] - 1] + 1
        found = _PRICE.match(self.folded.text, begin, begin + 24)
        if found is None:
            return ""
        whole, cents, words = found.groups()
        if words:
            number = _number(words)
            return str(number) if number else ""
        return whole.replace(",", "") + (cents or "")


def _inside(span: Span, longer: list[Span]) -> bool:
    return any(first <= span[0] and span[1] <= last for first, last in longer)


def _number(words: str) -> int:
    """Return the value of a Chinese number.

    Examples
    --------
    >>> _number("三百九十九"), _number("一千二"), _number("两万零五"), _number("九九")
    (399, 1200, 20005, 99)
    """
    if not any(sign in _TENS or sign == "万" for sign in words):
        return int("".join(str(_ONES[sign]) for sign in words))
    total = part = digit = 0
    unit, zero = 1, False
    for sign in words:
        if sign == "万":
            total += (part + digit) * 10_000
            part = digit = 0
            unit, zero = 10_000, False
        elif sign in _TENS:
            part += (digit or 1) * _TENS[sign]
            digit, unit, zero = 0, _TENS[sign], False
        else:
            zero = zero or sign == "零"
            digit = _ONES[sign]
    # "One thousand two" is 1,200.
    return total + part + digit * (unit // 10 if digit and unit > 10 and not zero else 1)
