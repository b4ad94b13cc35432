"""Orders of a merchant that must be shipped soon."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["MOST_ORDERS", "Due"]

MOST_ORDERS = 20
"""Orders that a letter names."""


@dataclass(frozen=True, slots=True)
class Due:
    """Orders that were not shipped at a moment and must be before another.

    Attributes
    ----------
    at, until : str
        The moment, and how far was looked ahead, by the market's clock.
    count : int
    orders : tuple of tuple of str and str
        Ids with deadlines, the earliest first; at most `MOST_ORDERS`.
    """

    at: str
    until: str
    count: int
    orders: tuple[tuple[str, str], ...]
