"""The grammar of a cell: what people, spreadsheets and databases write for a number.

Read: blanks and the usual words for nothing, ``1200``, ``1,200.00`` in groups of
three, ``-4.5e-3``, ``97%``, an amount with a currency sign before or after it and,
in a flag column, yes and no. Refused rather than guessed: ``4,7`` unless the
scorecard says ``decimal = ","``, ``1_000``, ``0x1F``, infinity, any other text.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from functools import lru_cache
from typing import NamedTuple

__all__ = ["NOTHING", "Cell", "is_date", "read_cell", "read_flag", "trim"]

# Compared after trimming and case folding.
NOTHING = frozenset(
    ["", "na", "n/a", "#n/a", "n.a.", "<na>", "nan", "+nan", "-nan", "null", "(null)", "#null!"]
    + ["none", "nil", "\\n", "-", "--", "---", "\u2013", "\u2014", "\u2014\u2014"]
    + ["无", "空", "缺失", "暂无"]
)
_YES = frozenset(["t", "true", "y", "yes", "on", "是"])
_NO = frozenset(["f", "false", "n", "no", "off", "否"])
_INFINITE = frozenset(["inf", "infinity", "∞", "1.#inf"])

# str.strip() knows no-break and full-width spaces, but not these marks of width zero.
_WIDTHLESS = "\ufeff\u200b\u200e\u200f\u2060"
# The signs of Unicode's currency category that str methods cannot name, and a few in letters.
_CURRENCY = (
    r"(?:US\$|HK\$|NT\$|R\$|A\$|C\$|[$\u00a2-\u00a5\u058f\u060b\u09f2\u09f3\u0e3f"
    r"\u17db\u20a0-\u20c0\ufdfc\ufe69\uff04\uffe0\uffe1\uffe5\uffe6元])"
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


def trim(text: str) -> str:
    r"""Strip white space of every width.

    Examples
    --------
    >>> trim("\u3000 12\xa0")
    '12'
    """
    return text.strip().strip(_WIDTHLESS).strip()


@lru_cache(maxsize=1 << 14)
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
    digits = number.replace("." if decimal == "," else ",", "").replace(",", ".")
    if percent:
        # Moving the point in the text rounds once, like a reader of 0.973 would.
        mantissa, _, exponent = digits.lower().partition("e")
        digits = f"{mantissa}e{int(exponent or 0) - 2}"
    value = float(digits)
    if math.isinf(value):
        return Cell(math.nan, reason="infinite")
    return Cell(value if (sign or inner) in ("", "+") else -value, percent=bool(percent))


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
