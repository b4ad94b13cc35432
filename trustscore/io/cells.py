"""The grammar of a cell: what people, spreadsheets and databases write for a number.

Read: blanks and the usual words for nothing, ``1200``, ``1,200.00`` in groups of
three, ``-4.5e-3``, ``97%``, an amount with a currency sign before or after it and,
in a flag column, yes and no. Refused rather than guessed: ``4,7`` unless the
scorecard says ``decimal = ","``, ``3,125%``, ``300¢``, ``1_000``, ``0x1F``, infinity, any other
text. ``3,125`` in a column that also says ``3,1`` is not guessed either: see `other_reading`.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from functools import lru_cache
from typing import NamedTuple

from trustscore.scorecard.merchant_ids import NOTHING, trim

__all__ = ["NOTHING", "Cell", "is_date", "other_reading", "read_cell", "read_flag", "trim"]

_YES = frozenset(["t", "true", "y", "yes", "on", "是"])
_NO = frozenset(["f", "false", "n", "no", "off", "否"])
_INFINITE = frozenset(["inf", "infinity", "∞", "1.#inf"])

# The signs of Unicode's currency category that str methods cannot name, and a few in letters.
_CURRENCY = (
    r"(?:US\$|HK\$|NT\$|R\$|A\$|C\$|[$\u00a3-\u00a5\u058f\u060b\u09f2\u09f3\u0e3f"
    r"\u17db\u20a0-\u20c0\ufdfc\ufe69\uff04\uffe1\uffe5\uffe6元])"
)


def _pattern(point: str, group: str) -> re.Pattern[str]:
    point, group = re.escape(point), re.escape(group)
    # A group must be led by 1 to 9: 0,250 is a quarter in half of the world.
    whole = rf"(?:[1-9][0-9]{{0,2}}(?:{group}[0-9]{{3}})+|[0-9]+)"
    number = rf"(?:{whole}(?:{point}[0-9]*)?|{point}[0-9]+)(?:[eE][+-]?[0-9]+)?"
    return re.compile(
        rf"(?P<sign>[+\-\u2212]?)\s*(?:(?P<before>{_CURRENCY})\s*)?(?P<inner>[+\-\u2212]?)"
        rf"(?P<number>{number})\s*(?:(?P<percent>[%\uff05])|(?P<after>{_CURRENCY}))?"
    )


_PATTERNS = {".": _pattern(".", ","), ",": _pattern(",", ".")}
# More characters than any number needs.
LONGEST_NUMBER = 1 << 16
# Python refuses to make an integer of some thousands of digits.
_FAR = 1000
# What is remembered must be short.
_REMEMBERED = 64


class Cell(NamedTuple):
    """What a cell says.

    Attributes
    ----------
    value : float
        NaN when blank or at fault.
    percent : bool
        Whether it was written as a percentage.
    reason : str
        Empty, or the code of the fault.

    Examples
    --------
    >>> read_cell("97%").percent
    True
    """

    value: float
    percent: bool = False
    reason: str = ""


_BLANK = Cell(math.nan)


def read_cell(text: str, decimal: str = ".") -> Cell:
    """Read one cell as a number.

    Parameters
    ----------
    text : str
    decimal : {".", ","}, default="."
        The decimal point; the other one then separates groups of three.

    Returns
    -------
    Cell

    Examples
    --------
    >>> read_cell("1,200.00").value, read_cell("97.3%").value, read_cell("-$5").value
    (1200.0, 0.973, -5.0)
    >>> read_cell("N/A").value, read_cell("4,7").reason, read_cell("4,7", ",").value
    (nan, 'not_a_number', 4.7)
    """
    if len(text) <= _REMEMBERED:
        return _remembered(text, decimal)
    text = trim(text)
    if len(text) > LONGEST_NUMBER:
        return Cell(math.nan, reason="not_a_number")
    return _read_cell(text, decimal)


@lru_cache(maxsize=1 << 14)
def _remembered(text: str, decimal: str) -> Cell:
    return _read_cell(text, decimal)


def _read_cell(text: str, decimal: str) -> Cell:
    text = trim(text)
    folded = text.casefold()
    if folded in NOTHING:
        return _BLANK
    match = _PATTERNS[decimal].fullmatch(text)
    if match is None:
        infinite = folded.lstrip("+-\u2212") in _INFINITE
        return Cell(math.nan, reason="infinite" if infinite else "not_a_number")
    sign, before, inner, number, percent, after = match.groups()
    if (sign and inner) or (before and (percent or after)):
        return Cell(math.nan, reason="not_a_number")
    group = "." if decimal == "," else ","
    # Nobody groups the digits of a percentage, or of a number with an exponent.
    if group in number and (percent or "e" in number.lower()):
        return Cell(math.nan, reason="not_a_number")
    digits = number.replace(group, "").replace(",", ".")
    if percent:
        # Moving the point in the text rounds once, like a reader of 0.973 would.
        mantissa, _, exponent = digits.lower().partition("e")
        # An exponent of many digits is beyond all numbers, with or without two places.
        if len(exponent) < _FAR:
            digits = f"{mantissa}e{int(exponent or 0) - 2}"
    value = float(digits)
    if math.isinf(value):
        return Cell(math.nan, reason="infinite")
    return Cell(value if (sign or inner) in ("", "+") else -value, percent=bool(percent))


def other_reading(text: str, decimal: str = ".") -> str:
    """Return what a text says of the decimal point of its column.

    Returns
    -------
    str
        ``maybe`` if the text is read as a number in groups of three, but may be one with three
        decimals behind the other mark; ``surely`` if it is a number by the other mark only; empty
        for all others.

    Examples
    --------
    >>> other_reading("3,125"), other_reading("3,1"), other_reading("1,200.5"), other_reading("x")
    ('maybe', 'surely', '', '')
    """
    text = trim(text)
    other = "," if decimal == "." else "."
    if len(text) > LONGEST_NUMBER or other not in text:
        return ""
    match = _PATTERNS[decimal].fullmatch(text)
    if match is not None:
        number = match["number"]
        return "maybe" if number.count(other) == 1 and decimal not in number else ""
    match = _PATTERNS[other].fullmatch(text)
    return "surely" if match is not None and other in match["number"] else ""


def read_flag(text: str) -> float | None:
    """Return 1.0 or 0.0 for a word that says yes or no, None for any other.

    Examples
    --------
    >>> read_flag("Yes"), read_flag("f"), read_flag("maybe")
    (1.0, 0.0, None)
    """
    folded = trim(text).casefold()
    return 1.0 if folded in _YES else 0.0 if folded in _NO else None


def is_date(text: str) -> bool:
    """Return whether a text is a date, or begins with one and goes on with a time of day.

    Examples
    --------
    >>> is_date("2026-02-01"), is_date("2026-02-01 08:00:00"), is_date("2026-02-30")
    (True, True, False)
    """
    try:
        dt.date.fromisoformat(text[:10])
    except ValueError:
        return False
    return text[10:11] in ("", " ", "T")
