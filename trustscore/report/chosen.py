"""The merchants of a report that get a panel."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from trustscore.errors import InputError
from trustscore.explain.below import rows_below, tier_place
from trustscore.scorecard import Scorecard
from trustscore.scoring import Scores
from trustscore.typing import Block

__all__ = ["MOST_PANELS", "Chosen", "choose"]

MOST_PANELS = 100
"""Merchants with a panel: each takes some 12 KB of the page."""


@dataclass
class Chosen:
    """The merchants that get a panel: those of some ids, or the lowest below a tier."""

    ids: frozenset[str] | None
    below: int
    rows: list[tuple[float, str, Block, frozenset[str]]] = field(default_factory=list)
    count: int = 0

    def add(self, block: Block, scores: Scores, missing: frozenset[str]) -> None:
        """Keep the rows of chosen merchants."""
        names = block["merchant_id"]
        if self.ids is not None:
            found = [row for row, name in enumerate(names.tolist()) if name in self.ids]
        elif self.below > 0:
            rows = np.flatnonzero(rows_below(scores, self.below - 1))
            self.count += len(rows)
            order = np.argsort(scores.trust_index[rows], kind="stable")[:MOST_PANELS]
            found = rows[order].tolist()
        else:
            return
        for row in found:
            # A copy: the block itself would stay in memory with it.
            single = {name: np.array(values[row : row + 1]) for name, values in block.items()}
            index = float(scores.trust_index[row])
            self.rows.append((index, str(names[row]), single, missing))
        if self.ids is None:
            self.rows = sorted(self.rows, key=lambda each: each[0])[:MOST_PANELS]
        else:
            self.count = len(self.rows)

    def sorted(self) -> list[tuple[float, str, Block, frozenset[str]]]:
        """Return them, the lowest index first, those without one last."""
        return sorted(self.rows, key=lambda each: (math.isnan(each[0]), each[0], each[1]))


def choose(card: Scorecard, merchants: Sequence[str], all_below: str | None) -> Chosen:
    """Return the merchants of some ids, or those below a tier, before any row is read.

    Raises
    ------
    InputError
        When both are given, a tier is not there, or there are more than `MOST_PANELS` ids.
    """
    if merchants and all_below is not None:
        raise InputError("choose merchants by id or by tier, not both")
    if len(merchants) > MOST_PANELS:
        raise InputError(f"a page has at most {MOST_PANELS} panels. Got {len(merchants)} merchants")
    if all_below is None:
        return Chosen(frozenset(merchants) if merchants else None, 0)
    # Code 0 is no tier.
    return Chosen(None, tier_place(card, all_below) + 1)
