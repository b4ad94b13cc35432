"""How a text beside the signals is read: ``category``, ``shop_type``, ``previous_tier``.

Peer groups, overlays, neutral points and tiers all ask whether a cell is one of the values that a
file lists. Two spellings of one value must be one value everywhere, in Python and in exported SQL
alike, so the reading is made of steps that every SQL engine has: replace, trim and lower.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

__all__ = ["BLANKS", "SAME_LETTERS", "fold_side_column", "fold_side_value", "twice"]

Array = np.ndarray[Any, Any]

BLANKS = "\t\n\v\f\r\xa0\u3000"
"""Characters that read as a space: tab, line ends, no-break and ideographic space."""

SAME_LETTERS = (("ß", "ss"), ("ς", "σ"), ("i\u0307", "i"))
"""What is left of a letter in lower case, and what it reads as: engines lower these unlike."""


def fold_side_value(value: object) -> str:
    r"""Return a cell of a side column as it is compared; blank is empty.

    Blanks at both ends go, and case does not count. A number reads like the text of a file:
    ``12.0`` is ``"12"``.

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
    """
    if value is None or value != value:
        return ""
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        value = int(value)
    text = str(value)
    for blank in BLANKS:
        text = text.replace(blank, " ")
    # One letter at a time: the last sigma of a word would be lowered unlike the others.
    text = "".join(letter.lower() for letter in text.strip(" "))
    for given, same in SAME_LETTERS:
        text = text.replace(given, same)
    return text


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
