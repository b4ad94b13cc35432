"""Columns of log tables as arrays of numbers, until they are written.

Ids and words are whole numbers, of which -1 is blank: an id is its number after the prefix of its
column, a word its place among the words of its column. Moments are microseconds since 1970-01-01
UTC, of which `MISSING` is blank. What is text already stays text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from trustscore.logs import LOG_TABLES
from trustscore.simulate.market import CATEGORIES, SHOP_TYPES
from trustscore.typing import Array

__all__ = [
    "MISSING",
    "OWN",
    "PREFIX",
    "Table",
    "code",
    "concat",
    "random_codes",
    "take",
    "words_of",
]

MISSING = np.iinfo(np.int64).min
Table = dict[str, Array]

# Ids of people and things by column; `subject_id` and `value` are written as text.
PREFIX = {
    "order_id": "o",
    "buyer_id": "b",
    "device_id": "d",
    "ip": "n",
    "address_id": "a",
    "pay_account_id": "p",
    "session_id": "s",
    "item_id": "i",
    "sku_id": "k",
    "line": "",
    "shipment_id": "parcel",
    "waybill_id": "w",
    "case_id": "c",
    "ticket_id": "t",
    "claim_id": "g",
    "review_id": "r",
    "follows": "r",
    "chat_id": "chat",
    "message_id": "",
    "voter_id": "v",
    "reporter_id": "v",
    "report_id": "report",
    "warning_id": "warning",
    "host_id": "h",
    "image_hash": "image",
    "inspection_id": "q",
    "finding_id": "f",
    "violation_id": "x",
    "response_id": "e",
    "mention_id": "u",
}
# Added to the place of a merchant: the number of its own device, account, address and network.
OWN = 5_000_000_000
REGIONS = ("east", "north", "south", "west", "centre")
# Words of classes that may be any word.
_OPEN: dict[str, tuple[str, ...]] = {
    "category": tuple(CATEGORIES),
    "shop_type": tuple(SHOP_TYPES),
    "carrier": ("scans_apart", "swift", "postal", "river", "mountain"),
    "to_region": REGIONS,
    "signed_region": REGIONS,
    "region": REGIONS,
    "removal_reason": ("fraud", "counterfeit"),
    "right": ("genuine", "returns", "freight", "spoilage"),
    "brand": ("plain", "northwind", "meadow", "lantern"),
    "defect": ("material", "weight", "label", "finish", "function"),
    "lab": ("lab_one", "lab_two"),
    "severity": ("mild", "grave"),
    "rule": ("listing", "delivery", "conduct"),
    "source": ("desk", "press", "forum"),
    "currency": ("CNY",),
}


def words_of(table: str, column: str) -> Sequence[str]:
    """Return the words of a class.

    Examples
    --------
    >>> words_of("orders", "cancel_party")
    ('buyer', 'merchant', 'platform', 'carrier')
    """
    return LOG_TABLES[table][column].classes or _OPEN[column]


def code(table: str, column: str, word: str) -> int:
    """Return the number of a word.

    Examples
    --------
    >>> code("orders", "cancel_party", "platform")
    2
    """
    return list(words_of(table, column)).index(word)


def random_codes(
    draw: np.random.Generator, table: str, column: str, shares: dict[str, float], rows: int
) -> Array:
    """Draw words of a class by their shares."""
    ends = np.cumsum(list(shares.values()))
    codes = np.array([code(table, column, word) for word in shares], np.int64)
    return codes[np.searchsorted(ends[:-1] / ends[-1], draw.random(rows), side="right")]


def take(table: Table, rows: Array) -> Table:
    """Return some rows of a table."""
    return {name: values[rows] for name, values in table.items()}


def concat(parts: Sequence[Table]) -> Table:
    """Return the rows of all parts, which need not have the same columns."""
    parts = [part for part in parts if part]
    names = dict.fromkeys(name for part in parts for name in part)
    out: Table = {}
    for name in names:
        like = next(part[name] for part in parts if name in part)
        cells = []
        for part in parts:
            rows = len(next(iter(part.values())))
            cells.append(part[name] if name in part else blanks(like.dtype, rows, name))
        out[name] = np.concatenate(cells)
    return out


def blanks(kind: np.dtype[Any], rows: int, name: str) -> Array:
    """Return blank cells of a column."""
    if kind.kind == "O":
        return np.full(rows, None, dtype=object)
    if kind.kind == "f":
        return np.full(rows, np.nan)
    timely = name.endswith(("_at", "_by", "_from", "_to", "_until", "_seen")) or name == "at"
    return np.full(rows, MISSING if timely else -1, dtype=np.int64)
