"""Conditions on raw columns, and what fires."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from trustscore.scorecard import Condition

Array = np.ndarray[Any, Any]
Columns = Callable[[str], Array | None]

Z95 = 1.6448536269514722
_OPS: dict[str, Callable[[Any, Any], Any]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}


def holds(condition: Condition, column: Columns, unknown: bool = False) -> Array | bool:
    """Return where a condition holds; `unknown` where a column is blank or absent.

    Parameters
    ----------
    condition : Condition
    column : callable
        Gives a column with NaN for blanks, or None when it was not collected.
    unknown : bool
        What a blank means.

    Examples
    --------
    >>> data = {"n": np.array([50.0, 10.0, np.nan])}
    >>> holds(Condition.parse("n >= 30"), data.get).tolist()
    [True, False, False]
    """
    value = column(condition.column)
    if value is None:
        return unknown
    over = None
    if condition.over is not None:
        over = column(condition.over)
        if over is None:
            return unknown
        with np.errstate(divide="ignore", invalid="ignore"):
            value = value / over
    # No comparison but != holds for NaN.
    result: Array = _OPS[condition.op](value, condition.number)
    if unknown or condition.op == "!=" or over is not None:
        blank = np.isnan(value)
        if over is not None:
            blank |= over == 0
        result = result | blank if unknown else result & ~blank
    return result


def significantly_above(k: Array, n: Array, line: Any, min_count: float) -> Array:
    """Return where `k` of `n` is above a line by count and beyond chance.

    ``k >= min_count and k >= line n + 1.645 sqrt(line n)``: a one-sided 95 % normal bound on a
    Poisson count; false where a count is blank.

    Examples
    --------
    >>> k, n = np.array([1.0, 2.0, 2.0]), np.array([300.0, 300.0, 90000.0])
    >>> significantly_above(k, n, 0.0005, 2).tolist()
    [False, True, False]
    """
    expected = line * n
    result: Array = (k >= min_count) & (k >= expected + Z95 * np.sqrt(expected))
    return result
