"""How a text beside the signals is read: ``category``, ``shop_type``, ``previous_tier``.

Peer groups, overlays, neutral points and tiers all ask whether a cell is one of the values that a
file lists. Two spellings of one value must be one value everywhere, in Python and in exported SQL
alike. `trustscore.export.sql.fold` compares in SQL as it is written here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

import numpy as np

from trustscore.scorecard.merchant_ids import WIDTHLESS, WIDTHS
from trustscore.typing import Array

__all__ = ["UNSEEN", "WHITE", "fold_letters", "fold_side_column", "fold_side_value", "twice"]

# What str.strip takes off. All of it lies below U+3001.
WHITE = tuple(c for c in map(chr, range(0x3001)) if c.isspace())
# Marks of width zero and soft hyphens, which web pages leave in copied texts.
UNSEEN = (*WIDTHLESS, "\xad")
_BLANKS = str.maketrans(dict.fromkeys(WHITE, " "))
_UNSEEN = str.maketrans(dict.fromkeys(UNSEEN))
# As programs write a column of whole numbers that has blanks.
_FLOAT = re.compile(r"(-?(?:0|[1-9][0-9]*))\.0")


def fold_letters(text: str) -> str:
    """Return letters as they are compared: of one case, width and Unicode form.

    Case is folded between the two forms, as Unicode's definition of caseless matching has it.

    Examples
    --------
    >>> fold_letters("ＣＡＦÉ") == fold_letters("cafe\u0301") == "café"
    True
    """
    if text.isascii():
        return text.casefold()
    text = WIDTHS.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
    apart = unicodedata.normalize("NFD", text).casefold()
    return unicodedata.normalize("NFC", apart)


def fold_side_value(value: object) -> str:
    r"""Return a cell of a side column as it is compared; blank is empty.

    White space at both ends goes, and inside each kind of it is a blank. Case, full and half width,
    the two spellings of accents and marks that nobody sees do not count. A number reads like the
    text of a file, and the text of a float as the whole number that it is: ``12.0`` is ``"12"``.

    Parameters
    ----------
    value : object
        Text, number, None or NaN.

    Returns
    -------
    str

    Examples
    --------
    >>> fold_side_value(" Apparel\t"), fold_side_value("STRASSE") == fold_side_value("Straße")
    ('apparel', True)
    >>> fold_side_value(None), fold_side_value(float("nan")), fold_side_value(12.0)
    ('', '', '12')
    >>> fold_side_value("12.0"), fold_side_value("12.5")
    ('12', '12.5')
    """
    if value is None or value != value:
        return ""
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        value = int(value)
    folded = fold_letters(str(value).translate(_UNSEEN)).translate(_BLANKS).strip(" ")
    number = _FLOAT.fullmatch(folded)
    return folded if number is None else number[1]


def fold_side_column(values: Array) -> Array:
    """Return a side column as it is compared, each distinct cell read once.

    Examples
    --------
    >>> fold_side_column(np.array(["Toys ", None, "toys"], dtype=object)).tolist()
    ['toys', '', 'toys']
    """
    known: dict[Any, str] = {}
    found = np.empty(len(values), dtype=object)
    for at, value in enumerate(values.tolist()):
        folded = known.get(value)
        if folded is None:
            folded = known[value] = fold_side_value(value)
        found[at] = folded
    return found


def twice(names: Iterable[str]) -> list[tuple[str, str]]:
    """Return the pairs of names that are read as one.

    Examples
    --------
    >>> twice(["Toys", "books", "toys "])
    [('Toys', 'toys ')]
    """
    first: dict[str, str] = {}
    pairs = []
    for name in names:
        met = first.setdefault(fold_side_value(name), name)
        if met != name:
            pairs.append((met, name))
    return pairs
