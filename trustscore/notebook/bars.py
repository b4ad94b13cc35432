"""One bar of a waterfall; every waterfall is a list of them."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Bar"]


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a waterfall: it begins where the bar before it stopped.

    Attributes
    ----------
    id : str
        Of the signal or rule; ``start``, ``others``, ``limit``, ``cap`` or ``trust_index``.
    name : str
        What to write beside it.
    kind : str
        ``start``, ``loss`` or ``gain`` (a signal), ``rule`` or ``end``.
    before, after : float
        Where it begins and stops, in points of the index. `start` and `end` begin at 0.
    """

    id: str
    name: str
    kind: str
    before: float
    after: float

    @property
    def points(self) -> float:
        """By how much it moves the index; the height of `start` and `end`."""
        return self.after - self.before
