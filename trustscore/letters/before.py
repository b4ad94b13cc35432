"""What a merchant had at the last review."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Before"]


@dataclass(frozen=True, slots=True)
class Before:
    """What a merchant had at the last review, and what moved since.

    Attributes
    ----------
    index : float
        NaN when there was none.
    tier, veto : str
        Empty when there was none.
    rules : frozenset of str
        Rules that fired.
    parts : tuple of tuple of str and float
        Names and points of what moved the index most; the rest of the change is everything else.
    """

    index: float
    tier: str
    veto: str = ""
    rules: frozenset[str] = frozenset()
    parts: tuple[tuple[str, float], ...] = ()
