"""What an id is: one text for one merchant, whatever file, frame or option it comes in.

`canonical_id` is the rule; `trustscore.io.ids` applies it to columns. An id is taken as it is
written, but for

- white space and invisible characters around it, which go;
- ``1001.0``, which is how floats spell the id 1001;
- ``="1001"``, which is how exports keep a spreadsheet from changing 1001;
- the two spellings of accents in Unicode, and letters and digits of full or half width, which are
  brought to one: composed accents (NFC), ASCII of usual width, spaces of usual width.

No id at all are a blank, the words for nothing (``NULL``, ``#N/A``), truth values, infinity, days
and times as `trustscore.scorecard.spelled_dates` knows them, numbers that a spreadsheet has rounded
(``1.23457E+10``), ``b'm1'``, lists, texts with NUL or a replacement character, and what is longer
than `LONGEST_ID` bytes. An invisible character inside, such as a soft hyphen, would make two
merchants of what looks like one, so a text with one is no id either, but for joiners between
letters that change by them and between parts of an emoji. A row named ``Total``, ``合计`` or
``平均`` is about merchants and is none.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from decimal import Decimal
from typing import Any

import numpy as np

from trustscore.scorecard.spelled_dates import spells_a_day, spells_a_time

__all__ = [
    "LONGEST_ID",
    "NOTHING",
    "WIDTHLESS",
    "WIDTHS",
    "canonical_id",
    "id_text",
    "trim",
    "whole_text",
]

LONGEST_ID = 256  # bytes of UTF-8: tables of boosts hold every id at the width of the longest

# The usual words for nothing, in any cell. Compared after trimming and case folding.
NOTHING = frozenset(
    ["", "na", "n/a", "#n/a", "n.a.", "<na>", "nan", "+nan", "-nan", "null", "(null)", "#null!"]
    + ["none", "nil", "\\n", "-", "--", "---", "\u2013", "\u2014", "\u2014\u2014"]
    + ["无", "空", "缺失", "暂无"]
)
# Compared after trimming and case folding, without a colon at the end.
_TOTALS = frozenset(
    ["total", "totals", "grand total", "subtotal", "sub total", "sub-total", "sum", "overall"]
    + ["average", "averages", "avg", "mean", "median", "all merchants", "total general"]
    + ["gesamt", "gesamtsumme", "summe", "insgesamt", "durchschnitt", "mittelwert", "zwischensumme"]
    + ["total général", "sous-total", "somme", "moyenne", "promedio", "totale", "média"]
    + ["итого", "всего", "среднее", "합계", "총계", "평균", "Σ".casefold(), "∑"]
    + [
        "合计",
        "合計",
        "总计",
        "總計",
        "总和",
        "總和",
        "小计",
        "小計",
        "汇总",
        "彙總",
        "总数",
        "共计",
    ]
    + ["平均", "平均值", "均值", "平均数", "中位数", "全部合计", "本页合计", "累计"]
)
_NO_ID_WORDS = NOTHING | frozenset(
    ["#ref!", "#value!", "#div/0!", "#name?", "#num!", "#spill!", "#calc!", "nat", "undefined"]
)
_TRUTH = frozenset(["true", "false"])
_INFINITE = frozenset(["inf", "+inf", "-inf", "infinity", "+infinity", "-infinity", "∞", "-∞"])
_SPREADSHEET = re.compile(r'="([^"]*)"')
_WHOLE = re.compile(r"(-?)(0|[1-9][0-9]*)(?:\.0+)?")
_ROUNDED = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]*)?[eE][+-][0-9]+")
_BYTES = re.compile(r"b(?:'.*'|\".*\")", re.DOTALL)
_OBJECT = re.compile(r"\(.*,.*\)|<.* object at 0x[0-9a-f]+>", re.DOTALL)
WIDTHS = re.compile("[\uff01-\uffef]+")
_SPACES = re.compile("[\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]")
# What Unicode calls default ignorable, and marks of direction; not the variation selectors.
_UNSEEN = (
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff"
)
_AROUND = re.compile(rf"^[\s{_UNSEEN}]+|[\s{_UNSEEN}]+$")
_INSIDE = re.compile(rf"[{_UNSEEN}\ufe00-\ufe0f]")
_JOINERS = "\u200c\u200d"
_SELECTORS = "\ufe0e\ufe0f"
# From Arabic to Myanmar, Khmer and Mongolian: letters that join, or change their form.
_JOINING = re.compile("[\u0600-\u109f\u1780-\u18af\ufb50-\ufdff\ufe70-\ufefc]")


# str.strip() knows no-break and full-width spaces, but not these marks of width zero.
WIDTHLESS = "\ufeff\u200b\u200e\u200f\u2060"


def trim(text: str) -> str:
    r"""Strip white space of every width.

    Examples
    --------
    >>> trim("\u3000 12\xa0")
    '12'
    """
    return text.strip().strip(WIDTHLESS).strip()


def canonical_id(text: str) -> tuple[str, str, str]:
    """Return the id that a text stands for, or why it is none.

    Returns
    -------
    id : str
    reason : str
        Empty, or a key of `trustscore.io.rejects.REASONS`.
    message : str

    Examples
    --------
    >>> canonical_id(" 1001.0 ")[0], canonical_id('="0012"')[0], canonical_id("１００１")[0]
    ('1001', '0012', '1001')
    >>> canonical_id("NULL")[1:], canonical_id("1.23457E+10")[1]
    (('missing_id', 'NULL stands for no merchant_id'), 'not_an_id')
    >>> canonical_id("合计")[1]
    'summary_row'
    """
    short = trim(text)
    if not short.isascii():
        short = _AROUND.sub("", _SPACES.sub(" ", short))
        short = WIDTHS.sub(lambda found: unicodedata.normalize("NFKC", found[0]), short)
        short = _AROUND.sub("", unicodedata.normalize("NFC", short))
    quoted = _SPREADSHEET.fullmatch(short)
    if quoted is not None:
        short = _AROUND.sub("", quoted[1])
    if not short:
        return "", "missing_id", "the row has no merchant_id"
    if len(short) > LONGEST_ID or len(short.encode()) > LONGEST_ID:
        return short, "not_an_id", f"an id has at most {LONGEST_ID} bytes of UTF-8"
    whole = _WHOLE.fullmatch(short)
    if whole is not None:
        sign, digits = whole.groups()
        if short.startswith("-0"):
            # As a text it may be a name; only floats are minus zero.
            return (short, "not_an_id", "minus zero is no id") if "." in short else (short, "", "")
        return sign + digits, "", ""
    folded = short.casefold()
    # Programs write None; people call somebody none.
    if folded in _NO_ID_WORDS and short != "none":
        return short, "missing_id", f"{short} stands for no merchant_id"
    if folded.rstrip(":：") in _TOTALS:
        return short, "summary_row", "a total or an average is no merchant"
    message = _fault(short, folded)
    return short, "not_an_id" if message else "", message


def _fault(short: str, folded: str) -> str:
    if folded in _TRUTH:
        return "a truth value is no id"
    if folded in _INFINITE:
        return "infinity is no id"
    if _ROUNDED.fullmatch(short):
        return "a rounded number is no id: export the column as text"
    if spells_a_day(short):
        return "a date is no id"
    if spells_a_time(short):
        return "a time is no id"
    if _BYTES.fullmatch(short):
        return "bytes are no id: decode them before the export"
    if short[0] + short[-1] in ("[]", "{}") or _OBJECT.fullmatch(short):
        return "a list or an object is no id"
    if "\0" in short:
        return "an id may not hold NUL"
    if "\ufffd" in short:
        return "an id may not hold a replacement character: its text was damaged before"
    return "" if short.isascii() else _unseen(short)


def _unseen(short: str) -> str:
    """Say which character of an id nobody sees."""
    for found in _INSIDE.finditer(short):
        mark, before = found[0], short[found.start() - 1]
        if mark in _JOINERS and _JOINING.match(before):
            continue
        # A family is three persons, joined; a selector says that a sign is meant as a picture.
        if (
            mark in _JOINERS + _SELECTORS
            and (
                unicodedata.category(before) in ("So", "Sk")
                or before in "#*0123456789" + _SELECTORS
            )
            and mark != "\u200c"
        ):
            continue
        return f"an id may not hold the invisible character U+{ord(mark):04X}: take it out"
    return ""


# Bits of whole numbers that Python spells out: it refuses more than 4,300 digits.
_SPELLED_BITS = 14_000


def whole_text(value: int) -> str:
    """Return a whole number as text: rounded where Python does not spell it out.

    Examples
    --------
    >>> whole_text(1001), whole_text(10**5000)
    ('1001', '1.00E+5000')
    """
    return str(value) if value.bit_length() < _SPELLED_BITS else f"{Decimal(value):.2E}"


# Whole numbers below are told apart, by the bytes of a float.
_MOST_OF_BYTES = {2: 2**11, 4: 2**24, 8: 2**53, 16: 2**53}


def id_text(value: Any) -> str | None:
    """Return a value of a frame as the text that `canonical_id` reads; None for nothing.

    Examples
    --------
    >>> id_text(1001.0), id_text(b"m1"), id_text(float("nan")), id_text("1001.0")
    ('1001', 'm1', None, '1001.0')
    >>> id_text(0.5), canonical_id(id_text(2.0**53))[1], canonical_id(id_text(True))[1]
    ('0.5', 'not_an_id', 'not_an_id')
    """
    if isinstance(value, str):
        return value
    if type(value) is int:
        return whole_text(value)
    # pandas.NA is neither equal to itself nor different.
    if value is None or str(value) in ("nan", "NaN", "NaT", "<NA>"):
        return None
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return repr(value)
    if isinstance(value, (float, np.floating)):
        return _of_float(value)
    if isinstance(value, Decimal):
        return f"{value.normalize():f}" if value.is_finite() and value else _spelled(value)
    if isinstance(value, (dt.date, np.datetime64)):
        return str(value).replace("T", " ")
    if hasattr(value, "start_time"):
        # A period of pandas, which may spell itself as a year alone.
        return str(value.start_time)
    return str(value)


def _of_float(value: Any) -> str:
    size = value.dtype.itemsize if isinstance(value, np.floating) else 8
    if np.isfinite(value) and value and abs(value) < _MOST_OF_BYTES[size]:
        return str(np.format_float_positional(value, trim="-"))
    # Infinity, minus zero, or a number whose last digits are lost: spelled so that it is refused.
    return _spelled(value)


def _spelled(value: float | Decimal) -> str:
    if not value:
        return "-0.0" if str(value)[0] == "-" else "0"
    found = Decimal(str(value))
    return f"{found:E}" if found.is_finite() else str(value)
