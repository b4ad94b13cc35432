"""Files that this package wrote or reads for other ends, told by their columns."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["own_file"]

# The first whose columns are all there says what a file is.
_FILES = (
    (("trust_index", "coverage", "status", "scorecard"), "a file of scores"),
    (("line", "reason", "raw"), "a file of rejected rows"),
    (("limit", "cap", "trust_index"), "a file of contributions"),
    (("query_id", "item_id"), "a list of candidates"),
    (("merchant_id", "events"), "a file of outcomes"),
    (("merchant_id", "label"), "a file of outcomes"),
    (("merchant_id", "trust_boost"), "a table of boosts"),
)


def own_file(header: Iterable[str]) -> str:
    """Return what a file is that is no export of merchants; empty where nothing is known of it.

    Examples
    --------
    >>> own_file(["line", "merchant_id", "column", "value", "reason", "more", "raw"])
    'a file of rejected rows'
    >>> own_file(["merchant_id", "orders_paid"])
    ''
    """
    names = {name.strip().casefold() for name in header}
    return next((what for columns, what in _FILES if names.issuperset(columns)), "")
