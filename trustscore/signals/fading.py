"""What a row still weighs after so many days, where a sum has a half-life."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from functools import lru_cache

from trustscore.signals.types import DAY

__all__ = ["MOST_DAYS", "WEIGHT_SCALE", "weight_sql", "weights"]

WEIGHT_SCALE = 1_000_000
"""Weights are whole millionths, so that sums of weighted values stay whole numbers."""
MOST_DAYS = 1100
"""Days that a window may reach back: the SQL names the weight of each."""


@lru_cache(maxsize=256)
def weights(half_life: float, days: int) -> tuple[int, ...]:
    """Return the weight of a row of age 0, 1, ... `days` - 1 days, in millionths.

    A power in decimal digits is rounded alike on every machine, which `exp` is not.

    Examples
    --------
    >>> weights(2, 5)
    (1000000, 707107, 500000, 353553, 250000)
    """
    with localcontext() as context:
        context.prec = 40
        rate = Decimal(str(half_life))
        exact = (Decimal(2) ** (-age / rate) * WEIGHT_SCALE for age in range(days))
        return tuple(int(each.to_integral_value(ROUND_HALF_EVEN)) for each in exact)


def weight_sql(local: str, cut: str, half_life: float, days: int) -> str:
    """Return the weight of a row by the local clock of its time, in millionths.

    Age is counted in whole days that have passed on the clock of the market. The weights stand in a
    tree of comparisons, so that a row meets ten of them rather than all.

    Examples
    --------
    >>> weight_sql("at", "cut", 1, 2)
    '(CASE WHEN at > cut - 86400000000 THEN 1000000 ELSE 500000 END)'
    """

    def tree(low: int, high: int) -> str:
        # Days of equal weight need no comparison, such as those long past.
        if known[low] == known[high - 1]:
            return str(known[low])
        middle = (low + high) // 2
        return (
            f"(CASE WHEN {local} > {cut} - {middle * DAY} "
            f"THEN {tree(low, middle)} ELSE {tree(middle, high)} END)"
        )

    known = weights(half_life, days)
    return tree(0, days)
