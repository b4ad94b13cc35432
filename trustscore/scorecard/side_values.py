"""How a text beside the signals is read: ``category``, ``shop_type``, ``previous_tier``.

Peer groups, overlays, neutral points and tiers all ask whether a cell is one of the values that a
file lists. Two spellings of one value must be one value everywhere, in Python and in exported SQL
alike. `trustscore.export.sql.fold` compares in SQL as it is written here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from trustscore.typing import Array

__all__ = ["fold_side_column", "fold_side_value", "twice"]


def fold_side_value(value: object) -> str:
    r"""Return a cell of a side column as it is compared; blank is empty.

    White space at both ends goes, and case does not count. A number reads like the text of a file:
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
    return str(value).strip().casefold()


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
