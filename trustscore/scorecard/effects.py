"""The effects of rules: points, vetoes, and rights or duties that move nothing.

This is the one list. The kernel and exported SQL move points by `sign`, and both take the veto from
here; a rule file names an effect by its key, or a veto by its word.
"""

from __future__ import annotations

from dataclasses import dataclass

from trustscore.scorecard.registry import Registry
from trustscore.scorecard.vetoes import Veto

__all__ = ["EFFECTS", "Effect"]


@dataclass(frozen=True)
class Effect:
    """One effect.

    Attributes
    ----------
    name : str
    sign : float
        1 where a rule adds its points to the index, -1 where it takes them, 0 where none move.
    veto : Veto
        What it forbids.
    grants : bool
        Whether it gives a right or a duty, which the rule names.
    holds : bool
        Whether it holds the index at most so many points above a column.
    """

    name: str
    sign: float = 0.0
    veto: Veto = Veto.NONE
    grants: bool = False
    holds: bool = False


EFFECTS: Registry[Effect] = Registry(
    "effect",
    [
        Effect("bonus", sign=1.0),
        Effect("deduct", sign=-1.0),
        Effect("hold", holds=True),
        *(Effect(veto.word, veto=veto) for veto in Veto if veto),
        Effect("right", grants=True),
        Effect("duty", grants=True),
    ],
)
