"""What an expression is made of: its type, its SQL, and what of the logs it needs."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "ANY",
    "BOOL",
    "DAY",
    "DURATION",
    "HOUR",
    "INTEGER",
    "LOCAL_DAY",
    "REAL",
    "SECOND",
    "TEXT",
    "TIME",
    "NotCollected",
    "Term",
    "Type",
    "number",
    "of_log",
]

SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR


@dataclass(frozen=True)
class Type:
    """The type of an expression.

    Attributes
    ----------
    base : str
        ``time`` (microseconds UTC), ``day`` (microseconds of the local midnight), ``duration``
        (microseconds), ``number`` (whole `scale` parts), ``real`` (a double), ``text``, ``bool``,
        or ``any`` (blank, or what had a fault).
    scale : int
        Of a number: the integer that stands for 1.
    """

    base: str
    scale: int = 1

    @property
    def words(self) -> str:
        """How a message calls it."""
        return _WORDS[self.base]


_WORDS = {
    "time": "a time",
    "day": "a day",
    "duration": "a duration",
    "number": "a number",
    "real": "a number",
    "text": "a text",
    "bool": "yes or no",
    "any": "anything",
}

TIME = Type("time")
LOCAL_DAY = Type("day")
DURATION = Type("duration")
TEXT = Type("text")
BOOL = Type("bool")
REAL = Type("real")
ANY = Type("any")
INTEGER = Type("number")


def number(scale: int) -> Type:
    """Return the type of numbers kept in whole parts."""
    return Type("number", scale)


_LOG = {
    "id": TEXT,
    "class": TEXT,
    "time": TIME,
    "day": LOCAL_DAY,
    "bool": BOOL,
    "int": INTEGER,
    "num": number(1_000_000),
    "money": number(10_000),
}


def of_log(type_: str) -> Type:
    """Return the type of a column of a log."""
    return _LOG[type_]


@dataclass(frozen=True)
class Term:
    """SQL text and its type; `words` are those that a class may be."""

    sql: str
    type: Type = ANY
    words: tuple[str, ...] = ()


class NotCollected(Exception):
    """A column needs something that the logs do not hold."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what
