"""Short constructors of log columns, so that a table reads as a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trustscore.logs.columns import ColumnType, LogColumn, LogTable

__all__ = [
    "CURRENCY",
    "MERCHANT",
    "boolean",
    "choice",
    "day",
    "deadline",
    "ident",
    "integer",
    "money",
    "number",
    "private",
    "table",
    "text",
    "time",
]


def _column(type_: ColumnType, name: str, meaning: str, **more: Any) -> LogColumn:
    """Return a column; a name that ends with ``!`` is required."""
    return LogColumn(name.removesuffix("!"), type_, meaning, name.endswith("!"), **more)


def ident(name: str, meaning: str, fallback: str = "") -> LogColumn:
    """Return an id that names a thing."""
    return _column("id", name, meaning, fallback=fallback)


def private(name: str, meaning: str, identifies: str = "") -> LogColumn:
    """Return an id that stands for a person; `identifies` is its kind in `identities`, if any."""
    return _column("id", name, meaning, private=True, identifies=identifies)


def time(name: str, meaning: str) -> LogColumn:
    """Return a moment."""
    return _column("time", name, meaning)


def deadline(name: str, meaning: str) -> LogColumn:
    """Return a moment that may lie ahead."""
    return _column("time", name, meaning, planned=True)


def day(name: str, meaning: str) -> LogColumn:
    """Return a calendar day of the market."""
    return _column("day", name, meaning)


def boolean(name: str, meaning: str) -> LogColumn:
    """Return a yes or no."""
    return _column("bool", name, meaning)


def integer(name: str, meaning: str, low: float | None = 0, high: float | None = None) -> LogColumn:
    """Return a whole number."""
    return _column("int", name, meaning, low=low, high=high)


def number(name: str, meaning: str, low: float | None = 0, high: float | None = None) -> LogColumn:
    """Return a number, kept to a millionth."""
    return _column("num", name, meaning, low=low, high=high)


def money(name: str, meaning: str) -> LogColumn:
    """Return an amount in the currency of the market."""
    return _column("money", name, meaning, low=0)


def choice(name: str, meaning: str, words: str = "") -> LogColumn:
    """Return a class: one of the words, or any word where none are given."""
    return _column("class", name, meaning, classes=tuple(words.split()))


def text(name: str, meaning: str, topics: str = "", claims: str = "") -> LogColumn:
    """Return personal or free text, which is never stored, and what is looked for in it."""
    found = {"topics": tuple(topics.split()), "claims": tuple(claims.split())}
    return _column("text", name, meaning, **found)


MERCHANT = ident("merchant_id!", "the merchant it concerns")
_RECORDED_AT = time("recorded_at", "when the platform knew this version of the row")


CURRENCY = choice("currency", "currency of the amounts, where it may be another than the market's")


def table(
    name: str,
    meaning: str,
    key: str,
    moment: str,
    *columns: LogColumn,
    course: Sequence[str] = (),
    guarded: bool = False,
    passing: bool = False,
    bounded: str = "",
) -> LogTable:
    """Return a table; `recorded_at`, and `currency` beside amounts, are added to its columns."""
    amounts = any(column.type == "money" for column in columns)
    more = (CURRENCY, _RECORDED_AT) if amounts else (_RECORDED_AT,)
    courses = tuple(tuple(each.split()) for each in course)
    keys = tuple(key.split())
    return LogTable(
        name, meaning, keys, moment, (*columns, *more), courses, guarded, passing, bounded
    )
