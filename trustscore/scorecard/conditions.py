"""Conditions on raw columns: ``COLUMN OP NUMBER`` or ``COLUMN / COLUMN OP NUMBER``."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from trustscore.scorecard.formulas import NAME, NUMBER, exact, match_text
from trustscore.typing import Array

_FORM = re.compile(rf"\s*({NAME})\s*(?:/\s*({NAME})\s*)?(>=|<=|==|!=|>|<)\s*([-+]?{NUMBER})\s*")

_COMPARE: dict[str, Callable[[Array, float], Array]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison of a raw column, or of a ratio of two, with a number.

    Attributes
    ----------
    column : str
    over : str or None
        Denominator column of a ratio.
    op : str
        One of ``> >= < <= == !=``.
    number : float
    """

    column: str
    over: str | None
    op: str
    number: float

    @classmethod
    def parse(cls, text: str) -> Condition:
        """Parse the text form.

        Raises
        ------
        ValueError
            When the text is not of the form.

        Examples
        --------
        >>> Condition.parse("orders_guaranteed / orders_paid >= 0.6").over
        'orders_paid'
        >>> str(Condition.parse("tenure_days>=90"))
        'tenure_days >= 90'
        >>> str(Condition.parse("gmv_cny > 1234567.25"))
        'gmv_cny > 1234567.25'
        """
        match = match_text(_FORM, text)
        if match is None or math.isinf(float(match[4])):
            raise ValueError(
                "must be a condition such as 'tenure_days >= 365' or "
                "'orders_guaranteed / orders_paid >= 0.6'"
            )
        column, over, op, number = match.groups()
        return cls(column, over, op, float(number))

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns the condition reads."""
        return (self.column,) if self.over is None else (self.column, self.over)

    @property
    def rises(self) -> bool | None:
        """True when a larger column makes it true, False when a smaller one does, else None."""
        return {">": True, ">=": True, "<": False, "<=": False}.get(self.op)

    def holds(self, column: Callable[[str], Array | None], unknown: bool = False) -> Array | bool:
        """Return where the condition holds; `unknown` where a column is blank or absent.

        Parameters
        ----------
        column : callable
            Gives a column with NaN for blanks, or None when it was not collected.
        unknown : bool
            What a blank, or a ratio with nothing below, means.

        Examples
        --------
        >>> data = {"n": np.array([50.0, 10.0, np.nan])}
        >>> Condition.parse("n >= 30").holds(data.get).tolist()
        [True, False, False]
        """
        value = column(self.column)
        if value is None:
            return unknown
        blank = np.isnan(value)
        if self.over is not None:
            over = column(self.over)
            if over is None:
                return unknown
            with np.errstate(divide="ignore", invalid="ignore"):
                value = value / over
            blank = blank | np.isnan(over) | (over == 0)
        found: Array = np.where(blank, unknown, _COMPARE[self.op](value, self.number))
        return found

    def __str__(self) -> str:
        over = f" / {self.over}" if self.over else ""
        return f"{self.column}{over} {self.op} {exact(self.number)}"
