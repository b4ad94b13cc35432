"""Signals from logs in plain loops: the independent witness of the generated SQL.

It follows the definitions in words only, shares no code with the product and reads every
merchant's rows once more for every column. What it and the product both say is likely true.
"""

from __future__ import annotations

from typing import Any

from tests.signals.witness.book import Book, Rows
from tests.signals.witness.cases import cases
from tests.signals.witness.delivery import delivery
from tests.signals.witness.goods import goods
from tests.signals.witness.live import live
from tests.signals.witness.orders import Shop
from tests.signals.witness.reputation import merchants_of, reputation
from tests.signals.witness.reviews import reviews
from tests.signals.witness.tickets import tickets

__all__ = ["reference"]


def reference(logs: dict[str, Rows], cut_date: str, tz: str) -> dict[str, dict[str, Any]]:
    """Return every column of every merchant; a log that is not there counts as empty."""
    book = Book(logs, cut_date, tz)
    shops = {name: Shop(book, name) for name in book.all_merchants()}
    found = {}
    for name in merchants_of(book):
        shop = shops.get(name) or Shop(book, name)
        row: dict[str, Any] = {}
        for part in (delivery, goods, reviews, cases, tickets, live, reputation):
            row |= part(shop, shops)
        found[name] = row
    return found
