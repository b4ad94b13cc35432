"""Columns that a scorecard derives from those of the export: ``a / b``, ``days_between(a, b)``."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from trustscore.scorecard.dates import read_day
from trustscore.scorecard.formulas import NAME, NUMBER, exact, match_text

__all__ = ["Derived"]

_FORM = re.compile(
    rf"\s*(abs\s*\(\s*)?(?:({NAME})|({NUMBER}))\s*([-+*/])\s*(?:({NAME})|({NUMBER}))\s*(\))?\s*"
)
_MUST = (
    "must join two columns, or a column and a number, by + - * or /, such as 'paid - refunded' or"
    " '100 - x'; abs(a - b) is the distance of the two, days_between(since, until) the days from"
    " one date to another"
)
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_DAYS = re.compile(
    rf"\s*days_between\s*\(\s*(?:({NAME})|({_DATE}))\s*,\s*(?:({NAME})|({_DATE}))\s*\)\s*"
)


@dataclass(frozen=True, slots=True)
class Derived:
    """One column made of two operands, each a column or a number.

    Attributes
    ----------
    left, right : str, float or date
        A column's name, a number, or for ``days`` a date.
    operator : str
        One of ``+ - * /``, or ``days`` for those from the left date to the right one.
    distance : bool
        Whether the sign is dropped.
    """

    left: str | float | dt.date
    operator: str
    right: str | float | dt.date
    distance: bool = False

    @classmethod
    def parse(cls, text: str) -> Derived:
        """Parse the text form.

        Raises
        ------
        ValueError
            When the text is not of the form.

        Examples
        --------
        >>> Derived.parse("replies / questions").columns
        ('replies', 'questions')
        >>> str(Derived.parse("abs( temperature-45 )"))
        'abs(temperature - 45)'
        >>> Derived.parse("days_between(host_since, 2026-03-01)").dates
        ('host_since',)
        """
        days = match_text(_DAYS, text)
        if days is not None:
            return cls._days(days)
        match = match_text(_FORM, text)
        if match is None or (match[1] is None) != (match[7] is None):
            raise ValueError(_MUST)
        left = match[2] or float(match[3])
        right = match[5] or float(match[6])
        found = cls(left, match[4], right, match[1] is not None)
        numbers = [x for x in (left, right) if isinstance(x, float)]
        if not found.columns or any(map(math.isinf, numbers)):
            raise ValueError(_MUST)
        if left == right:
            raise ValueError(f"must join two different columns. Got {left} twice")
        if found.operator in "*/" and 0.0 in numbers:
            raise ValueError("must not multiply or divide by 0")
        return found

    @classmethod
    def _days(cls, match: re.Match[str]) -> Derived:
        ends: list[str | dt.date] = []
        for name, day in ((match[1], match[2]), (match[3], match[4])):
            if day and read_day(day)[1]:
                raise ValueError(f"must name dates of the calendar from 1900 on. Got {day}")
            ends.append(name or dt.date.fromisoformat(day))
        left, right = ends
        if left == right or not (match[1] or match[3]):
            raise ValueError(
                "must count the days between two columns of dates, or a column and a date"
            )
        return cls(left, "days", right)

    @property
    def dates(self) -> tuple[str, ...]:
        """Columns it reads that hold dates."""
        return self.columns if self.operator == "days" else ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns it reads."""
        return tuple(x for x in (self.left, self.right) if isinstance(x, str))

    def of(self, column: Callable[[str], Any]) -> Any:
        """Return the values; NaN where a column is blank, and where the divisor is 0.

        Dates are days since 1970-01-01.

        Parameters
        ----------
        column : callable
            Gives a column, or a figure, by its name.

        Examples
        --------
        >>> data = {"a": np.array([3.0, 1.0, np.nan]), "b": np.array([2.0, 0.0, 1.0])}
        >>> Derived.parse("a / b").of(data.get).tolist()
        [1.5, nan, nan]
        """
        left, right = (
            column(x) if isinstance(x, str) else _number(x) for x in (self.left, self.right)
        )
        with np.errstate(all="ignore"):
            if self.operator == "+":
                found = left + right
            elif self.operator == "-":
                found = left - right
            elif self.operator == "days":
                found = right - left
            elif self.operator == "*":
                found = left * right
            else:
                found = np.where(np.equal(right, 0.0), np.nan, np.divide(left, right))
            return np.abs(found) if self.distance else found

    def undone(self, name: str, value: Any, column: Callable[[str], Any]) -> Any:
        """Return what one of the columns must be for the derived one to have a value.

        Parameters
        ----------
        name : str
            The column sought.
        value : float or ndarray
            What the derived column is to be.
        column : callable
            Gives the other column by its name.

        Examples
        --------
        >>> data = {"b": np.array([2.0, 5.0])}
        >>> Derived.parse("a / b").undone("a", np.array([1.5, 2.0]), data.get).tolist()
        [3.0, 10.0]
        >>> float(Derived.parse("100 - x").undone("x", 98.0, data.get))
        2.0
        """
        first = self.left == name
        other = self.right if first else self.left
        known = column(other) if isinstance(other, str) else _number(other)
        with np.errstate(all="ignore"):
            if self.operator == "+":
                return value - known
            if self.operator == "-":
                return value + known if first else known - value
            if self.operator == "days":
                return known - value if first else known + value
            if self.operator == "*":
                return value / known
            return value * known if first else known / value

    def __str__(self) -> str:
        if self.operator == "days":
            return f"days_between({self.left}, {self.right})"
        left, right = (exact(x) if isinstance(x, float) else x for x in (self.left, self.right))
        text = f"{left} {self.operator} {right}"
        return f"abs({text})" if self.distance else text


def _number(operand: float | dt.date) -> np.float64:
    return np.float64(read_day(operand)[0] if isinstance(operand, dt.date) else operand)
