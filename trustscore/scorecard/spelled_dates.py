"""Which texts are days or times of day, in the spellings of programs and spreadsheets.

A column of ids that holds them is a column of something else, or a spreadsheet has made days of
ids: it reads ``1-2`` as the first of February. A day needs a month from 1 to 12 and a day from 1 to
31, and, unless it is written as ISO 8601 writes it, a year from 1900 to 2100. So ``12-34-5678`` is
no day, nor is ``2026-13``.
"""

from __future__ import annotations

import re

__all__ = ["spells_a_day", "spells_a_time"]

_MONTH = (
    "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    "|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_CLOCK = r"[0-2]?\d[:.][0-5]\d(?:[:.][0-5]\d(?:[.,]\d+)?)?(?: ?[ap]\.?m\.?)?"
_ZONE = r"(?: ?(?:z|utc|gmt|[a-z]{3,4})?(?:[+-]\d\d:?\d\d)?(?: \([^()]*\))?)"
# What may stand around a day.
_WEEKDAY = re.compile(
    r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?[,.]? )",
    re.IGNORECASE | re.ASCII,
)
_TIME_BEHIND = re.compile(rf"(?:t| ?, ?| +){_CLOCK}{_ZONE}", re.IGNORECASE | re.ASCII)

_ISO = re.compile(r"\d{4}-(?P<m>\d\d)-(?P<d>\d\d)", re.ASCII)
_ISO_BASIC = re.compile(
    r"(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)t[0-2]\d[0-5]\d(?:[0-5]\d(?:\.\d+)?)?z?",
    re.IGNORECASE | re.ASCII,
)
# Year, month and day as numbers; either of two short numbers may be the month.
_NUMBERS = (
    re.compile(r"(?P<y>\d{4})(?P<s>[-/.])(?P<m>\d\d?)(?P=s)(?P<d>\d\d?)", re.ASCII),
    re.compile(r"(?P<m>\d\d?)(?P<s>[-/.])(?P<d>\d\d?)(?P=s)(?P<y>\d{4})", re.ASCII),
    re.compile(r"(?P<m>\d\d?)/(?P<d>\d\d?)/\d\d", re.ASCII),
    re.compile(r"(?P<m>\d\d)\.(?P<d>\d\d)\.\d\d", re.ASCII),
    re.compile(r"(?P<y>\d{4})년 ?(?P<m>\d\d?)월(?: ?(?P<d>\d\d?)일)?", re.ASCII),
    re.compile(r"(?P<y>\d{4}) ?年 ?(?P<m>\d\d?) ?月(?: ?(?P<d>\d\d?) ?[日号號])?", re.ASCII),
    re.compile(r"\d\d年(?P<m>\d\d?)月(?P<d>\d\d?)[日号號]", re.ASCII),
    re.compile(r"(?P<m>\d\d?)月(?P<d>\d\d?)[日号號]", re.ASCII),
)
_NAMED = tuple(
    re.compile(pattern, re.IGNORECASE | re.ASCII)
    for pattern in (
        rf"(?P<d>\d\d?)(?:st|nd|rd|th)?[-/ .]? ?{_MONTH}[-/ .,]{{0,2}}(?P<y>\d{{4}})",
        rf"(?P<d>\d\d?)[-/ ]{_MONTH}[-/ ]\d\d",
        rf"{_MONTH}\.? (?P<d>\d\d?)(?:st|nd|rd|th)?,? (?P<y>\d{{4}})",
        rf"{_MONTH} +(?P<d>\d\d?) {_CLOCK}{_ZONE} (?P<y>\d{{4}})",
        rf"(?P<y>\d{{4}})[-/ ]{_MONTH}[-/ ](?P<d>\d\d?)",
        rf"{_MONTH}[-/ ](?P<y>\d{{4}})",
    )
)
# As spreadsheets show what they took for a day without a year, or for a month.
_SHORTENED = re.compile(
    r"(?P<d>\d\d?)-(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
    r"|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)-\d\d",
    re.ASCII,
)
_TIME = re.compile(
    r"[0-2]?\d:[0-5]\d:[0-5]\d(?:[.,]\d+)?(?: ?[ap]\.?m\.?)?|[01]?\d:[0-5]\d ?[ap]\.?m\.?"
    r"|-?\d+ days?,? [+-]?[0-2]?\d:[0-5]\d:[0-5]\d(?:\.\d+)?",
    re.IGNORECASE | re.ASCII,
)
# No day with its time and zone is longer: "Wednesday, 30 September 2026 10:15:00 GMT+0100 (...)".
_LONGEST = 96


def spells_a_day(text: str) -> bool:
    """Return whether a text is a day, with or without a time of day behind it.

    Examples
    --------
    >>> [
    ...     spells_a_day(text)
    ...     for text in ("1/2/2026", "2-Jan-26", "2026年1月2日", "02.01.2026 10:15")
    ... ]
    [True, True, True, True]
    >>> [spells_a_day(text) for text in ("12-34-5678", "2026-13", "20260102", "1/2", "may-12")]
    [False, False, False, False, False]
    """
    if len(text) > _LONGEST:
        return False
    behind_weekday = _WEEKDAY.match(text)
    if behind_weekday is not None:
        text = text[behind_weekday.end() :]
    if any(_is_day(found) for found in _found(text)):
        return True
    time = _TIME_BEHIND.search(text)
    if time is None or time.end() != len(text):
        return False
    text = text[: time.start()]
    return any(_is_day(found) for found in _found(text))


def _found(text: str) -> list[re.Match[str]]:
    forms = (_ISO, _ISO_BASIC, *_NUMBERS, *_NAMED, _SHORTENED)
    return [found for form in forms if (found := form.fullmatch(text)) is not None]


def _is_day(found: re.Match[str]) -> bool:
    groups = {name: int(number) for name, number in found.groupdict().items() if _digits(number)}
    if found.re is not _ISO and not 1900 <= groups.get("y", 2000) <= 2100:
        return False
    month, day = groups.get("m", 1), groups.get("d", 1)
    if found.re in _NUMBERS[1:4] and month > 12:
        month, day = day, month
    return 1 <= month <= 12 and 1 <= day <= 31


def _digits(text: str | None) -> bool:
    return text is not None and text.isdigit()


def spells_a_time(text: str) -> bool:
    """Return whether a text is a time of day with seconds, or a length of time.

    Examples
    --------
    >>> spells_a_time("10:15:00"), spells_a_time("2 days 00:00:00"), spells_a_time("10:15")
    (True, True, False)
    """
    return len(text) <= _LONGEST and _TIME.fullmatch(text) is not None
