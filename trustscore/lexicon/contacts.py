"""Ways to get in touch outside the platform: what has the form of a number or an account."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from trustscore.lexicon.fold import with_digits
from trustscore.lexicon.reading import Reading, Span
from trustscore.lexicon.spec import ContactsSpec

__all__ = ["Contacts"]

_DIGITS = "0-9零〇洞一幺壹二两贰三叁四肆五伍六陆七柒拐八捌九玖"
_MANY_DIGITS = re.compile(f"[{_DIGITS}]{{11}}")
_MOBILE = re.compile(r"(?<![0-9])(?:86)?(1[3-9][0-9]{9})(?![0-9])")
_CARD = re.compile(r"(?<![0-9])([0-9]{16,19})(?![0-9])")
_EMAIL = re.compile(r"[a-z0-9._%+-]{1,40}@[a-z0-9-]{1,40}(?:\.[a-z0-9-]{2,20}){1,3}")
_LINK = re.compile(r"(?<![a-z0-9])t\.me/[a-z0-9_]{4,32}")
_ACCOUNT = re.compile(
    r"([^a-z0-9\n。!?@]{0,12}?(?:(?<![a-z])(?:id|is|me|at)[^a-z0-9\n@]{0,3})?)@?"
    r"([a-z][a-z0-9_-]{4,31})(?![a-z0-9_-])"
)
_NUMBER = re.compile(r"([^a-z0-9\n。!?]{0,6})([0-9][0-9 -]{3,13}[0-9])(?![0-9])")
_SAYS_ACCOUNT = re.compile("号|搜|id|是|账|帐")
_AROUND = 12
# Kinds whose form other numbers and addresses have, too.
_MISTAKEN = ("mobile", "card", "email", "qq")
_CARD_WITHIN = 20
# Between the digits of a number: in groups, or by signs that separate no numbers.
_GROUPS = frozenset([(2, 6), (2, 5), (3, 7)])
_LISTS = re.compile(r"[\s,;/、，；。]")


class Contacts:
    """Contacts of a lexicon.

    Parameters
    ----------
    spec : ContactsSpec
    """

    def __init__(self, spec: ContactsSpec) -> None:
        self.severity = spec.severity

    @staticmethod
    def words(spec: ContactsSpec) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield the words that stand before contacts, by kind."""
        for kind in ("wechat", "qq", "telegram", "whatsapp", "phone", "card"):
            yield kind, getattr(spec, kind)

    @staticmethod
    def signs(text: str) -> bool:
        """Return whether a text has a sign that addresses have."""
        return "@" in text or "＠" in text or "t.me/" in text or "T.ME/" in text

    @staticmethod
    def numbers(squeezed: str) -> Iterator[int]:
        """Yield where in a squeezed text digits are as many as of a number to call."""
        return (found.end() for found in _MANY_DIGITS.finditer(squeezed))

    def find(self, reading: Reading, words: Mapping[str, list[Span]]) -> list[tuple[Span, str]]:
        """Return contacts, each with its kind, none within another.

        Parameters
        ----------
        reading : Reading
        words : mapping of str to list of (int, int)
            By kind, where words that announce a contact stand in the squeezed text.
        """
        found: list[tuple[Span, str]] = []
        if _MANY_DIGITS.search(reading.squeezed):
            found += [(span, "mobile") for span in self._mobiles(reading, words)]
            found += [(span, "card") for span in self._cards(reading, words.get("card", []))]
        found += [(span, "email") for span in _spans(reading, _EMAIL)]
        found += [(span, "telegram") for span in _spans(reading, _LINK)]
        for kind in ("wechat", "telegram"):
            found += [(s, kind) for w in words.get(kind, []) for s in _account(reading, w)]
        for kind, least, most in (("wechat", 6, 12), ("qq", 5, 11), ("whatsapp", 8, 15)):
            found += [
                (s, kind) for w in words.get(kind, []) for s in _number(reading, w, least, most)
            ]
        out: list[tuple[Span, str]] = []
        for span, kind in sorted(found, key=lambda one: (one[0][0], -one[0][1], one[1])):
            if kind in _MISTAKEN and reading.near(span, "other", _AROUND):
                continue
            if not out or span[0] >= out[-1][0][1]:
                out.append((span, kind))
        return out

    @staticmethod
    def _mobiles(reading: Reading, words: Mapping[str, list[Span]]) -> Iterator[Span]:
        announced = [span for kind in ("wechat", "phone") for span in words.get(kind, [])]
        seen = set()
        for text in (reading.squeezed, with_digits(reading.squeezed)):
            for found in _MOBILE.finditer(text):
                span = found.span(1)
                if span in seen:
                    continue
                seen.add(span)
                if _one_number(reading, span) or _close(span, announced, _AROUND):
                    yield span

    @staticmethod
    def _cards(reading: Reading, words: list[Span]) -> Iterator[Span]:
        for found in _CARD.finditer(with_digits(reading.squeezed)):
            if _luhn(found[1]) and _close(found.span(1), words, _CARD_WITHIN):
                yield found.span(1)


def _one_number(reading: Reading, span: Span) -> bool:
    """Return whether digits are written as one number, and not as several."""
    gaps = [reading.between(at) for at in range(span[0], span[1] - 1)]
    apart = tuple(at for at, gap in enumerate(gaps) if gap)
    if not apart:
        return True
    if apart in _GROUPS and all(len(gaps[at]) <= 3 for at in apart):
        return True
    if len(apart) == len(gaps) and len({gap.strip() for gap in gaps}) == 1:
        return all(len(gap) <= 3 for gap in gaps)
    return not any(_LISTS.search(gap) or len(gap) > 3 for gap in gaps)


def _close(span: Span, others: list[Span], within: int) -> bool:
    return any(max(first - span[1], span[0] - last) <= within for first, last in others)


def _squeezed(reading: Reading, start: int, end: int) -> Span | None:
    """Return the stretch of the squeezed text for one of the folded text."""
    inside = [at for at, place in enumerate(reading.folded.at) if start <= place < end]
    return (inside[0], inside[-1] + 1) if inside else None


def _spans(reading: Reading, pattern: re.Pattern[str]) -> Iterator[Span]:
    text = reading.folded.text
    if "@" not in text and "/" not in text:
        return
    for found in pattern.finditer(text):
        span = _squeezed(reading, *found.span())
        if span is not None:
            yield span


def _account(reading: Reading, word: Span) -> Iterator[Span]:
    begin = reading.folded.at[word[1] - 1] + 1
    found = _ACCOUNT.match(reading.folded.text, begin, begin + 60)
    if found is None:
        return
    name = found[2]
    marked = any(sign.isdigit() or sign in "_-" for sign in name)
    if len(name) >= 6 and (marked or _SAYS_ACCOUNT.search(found[1]) or "@" in found[0]):
        span = _squeezed(reading, *found.span(2))
        if span is not None:
            yield span


def _number(reading: Reading, word: Span, least: int, most: int) -> Iterator[Span]:
    begin = reading.folded.at[word[1] - 1] + 1
    text = with_digits(reading.folded.text[begin : begin + 40])
    found = _NUMBER.match(text)
    if found and least <= len(re.sub("[^0-9]", "", found[2])) <= most:
        span = _squeezed(reading, begin + found.start(2), begin + found.end(2))
        if span is not None:
            yield span


def _luhn(digits: str) -> bool:
    """Return whether the last digit of a card is what the others ask for.

    Examples
    --------
    >>> _luhn("4539578763621486"), _luhn("4539578763621487")
    (True, False)
    """
    total = 0
    for place, sign in enumerate(reversed(digits)):
        value = int(sign) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
