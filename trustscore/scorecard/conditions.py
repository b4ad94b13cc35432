"""Conditions on raw columns: ``COLUMN OP NUMBER`` or ``COLUMN / COLUMN OP NUMBER``."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

_FORM = re.compile(
    r"\s*([A-Za-z_]\w*)\s*(?:/\s*([A-Za-z_]\w*)\s*)?(>=|<=|==|!=|>|<)\s*"
    r"([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*"
)


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
        match = _FORM.fullmatch(text) if isinstance(text, str) else None
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

    def __str__(self) -> str:
        over = f" / {self.over}" if self.over else ""
        return f"{self.column}{over} {self.op} {_exact(self.number)}"


def _exact(number: float) -> str:
    """Return the shortest text that reads back as the same number: the hash is made of it."""
    short = f"{number:g}"
    return short if float(short) == number else repr(number).removesuffix(".0")
