"""Identifiers in one form, before they become pseudonyms: of two spellings one must come."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from trustscore.io.arrow import strings
from trustscore.lexicon.normal import BETWEEN_WORDS, normalised
from trustscore.logs import LogTable
from trustscore.typing import BoolArray

__all__ = ["RULES", "in_one_form", "normal_identity", "normal_of_kind"]

RULES = 1
"""Goes up with every change of a rule: what an older one read is read again."""

# With fewer digits it is a short number, or what a spreadsheet left of one.
_LEAST_DIGITS = 7
# Of a number with its country code; mobile numbers of China lose the 1 that all of them have.
_LAST_DIGITS = 10
_DOTS_MEAN_NOTHING = ("gmail.com", "googlemail.com")
_MASKED = re.compile(r"[*•●]")
_MASKED_NUMBER = re.compile(r"x{3,}|#{2,}", re.IGNORECASE)
_NUMBERS = ("legal_id", "licence", "phone")
# A spreadsheet has rounded it.
_ROUNDED = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]*)?[eE][+-]?[0-9]{1,2}")
_LEGAL_FORMS = re.compile(
    r"(?:股份有限公司|有限责任公司|有限公司|分公司|个体工商户|公司|co ltd|company limited"
    r"|ltd|limited|llc|inc|gmbh|ltda|s a)$"
)


_NO_DIGIT = re.compile(r"[^0-9]+")


def _code(text: str) -> str:
    """Return a number of a register: capitals and digits, whatever stood between them."""
    return BETWEEN_WORDS.sub("", text.upper())


def _account(text: str) -> str:
    joined = "".join(text.split())
    digits = joined.replace("-", "")
    return digits if digits.isdigit() else joined.casefold()


def _phone(text: str) -> str:
    digits = _NO_DIGIT.sub("", text)
    return digits[-_LAST_DIGITS:] if len(digits) >= _LEAST_DIGITS else ""


def _email(text: str) -> str:
    name, at, domain = text.casefold().replace(" ", "").rpartition("@")
    name = name.partition("+")[0]
    if domain in _DOTS_MEAN_NOTHING:
        name, domain = name.replace(".", ""), _DOTS_MEAN_NOTHING[0]
    return f"{name}{at}{domain}" if name and domain else ""


def _name(text: str) -> str:
    return _LEGAL_FORMS.sub("", normalised(text)).replace(" ", "")


def _same(text: str) -> str:
    return text


_FORMS: dict[str, Callable[[str], str]] = {
    "legal_id": _code,
    "licence": _code,
    "legal_name": _name,
    "person_name": _name,
    "phone": _phone,
    "email": _email,
    # A device or network is named by a machine, always in one way, and capitals may matter.
    "device": _same,
    "pay_account": _account,
    "address": normalised,
    "ip": _same,
}


def _hidden(kind: str, text: str) -> bool:
    """Whether a text is masked, or a number that a spreadsheet has rounded."""
    if kind not in ("device", "ip", "address") and _MASKED.search(text):
        return True
    if kind in _NUMBERS and _MASKED_NUMBER.search(text):
        return True
    return kind in (*_NUMBERS, "pay_account") and _ROUNDED.fullmatch(text) is not None


def normal_identity(kind: str, text: str) -> str:
    """Return an identifier in its one form, or an empty text if it identifies nobody.

    Nobody is identified by what is masked, by one sign repeated six times or more, by a phone
    number of fewer than seven digits, and by a number that a spreadsheet has rounded.

    Parameters
    ----------
    kind : str
        As in the log `identities`.
    text : str

    Examples
    --------
    >>> normal_identity("phone", "+86 138-0013-8001"), normal_identity("phone", "13800138001")
    ('3800138001', '3800138001')
    >>> normal_identity("email", "A.Li+shop@Gmail.com"), normal_identity("email", "a.li@qq.com")
    ('ali@gmail.com', 'a.li@qq.com')
    >>> normal_identity("legal_id", "440106 19900101 123x"), normal_identity("phone", "138****8001")
    ('44010619900101123X', '')
    >>> (
    ...     normal_identity("legal_name", "好货（广州）有限公司"),
    ...     normal_identity("licence", "00000000"),
    ... )
    ('好货广州', '')
    """
    plain = (text if text.isascii() else unicodedata.normalize("NFKC", text)).strip()
    if not plain.isdecimal() and _hidden(kind, plain):
        return ""
    found = _FORMS[kind](plain)
    signs = found if found.isalnum() else BETWEEN_WORDS.sub("", found)
    alike = len(found) >= 6 and signs.count(signs[:1]) == len(signs)
    return "" if not signs or alike else found


def normal_of_kind(kind: str, texts: pa.Array) -> pa.Array:
    """Return a column of one kind in normal form; what identifies nobody stays as it is.

    Examples
    --------
    >>> normal_of_kind("pay_account", pa.array(["6222 0001", None, "***"])).to_pylist()
    ['62220001', None, '***']
    """
    coded = texts.dictionary_encode()
    forms = [normal_identity(kind, text) or text for text in coded.dictionary.to_pylist()]
    return strings(forms).take(coded.indices)


def in_one_form(out: dict[str, Any], table: LogTable, rows: int) -> BoolArray:
    """Bring the identifiers of a log to one form; return the rows whose identity is nobody's.

    A value that a platform has hashed stays as it is.

    Parameters
    ----------
    out : dict of str to pyarrow.Array
        Columns by name; is changed.
    table : LogTable
    rows : int
    """
    nobody = np.zeros(rows, dtype=np.bool_)
    for column in table.columns:
        if column.identifies and column.name in out:
            out[column.name] = normal_of_kind(column.identifies, out[column.name])
    if table.name != "identities" or not {"kind", "value"} <= set(out):
        return nobody
    done = out["hashed"].to_pylist() if "hashed" in out else [False] * rows
    values = out["value"].to_pylist()
    for row, (kind, text) in enumerate(zip(out["kind"].to_pylist(), values, strict=True)):
        if kind is None or text is None or done[row]:
            continue
        form = normal_identity(kind, text)
        if form:
            values[row] = form
        else:
            nobody[row] = True
    out["value"] = strings(values)
    return nobody
