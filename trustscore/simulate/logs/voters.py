"""Viewers who vote on broadcasts: careful ones, careless ones, fans, and brigades."""

from __future__ import annotations

import numpy as np

from trustscore.simulate.logs.columns import Table
from trustscore.simulate.logs.market import Market
from trustscore.typing import Array

__all__ = ["KINDS", "Voters"]

# Share of the votes, and how often a vote of the kind is right.
KINDS = {
    "careful": (0.55, (0.85, 0.97)),
    "careless": (0.25, (0.50, 0.70)),
    "fan": (0.14, (0.50, 0.60)),
    "brigade": (0.06, (0.10, 0.30)),
}
CAREFUL, CARELESS, FAN, BRIGADE = range(4)
# Voters of a kind; those who vote for one host only are so many for each host.
MANY, FANS = 1500, 25
BRIGADES, IN_BRIGADE = 12, 15
# A brigade attacks few rooms, and then with many votes.
ATTACKED = 0.15


class Voters:
    """The voters of a market; the same people vote in many rooms."""

    def __init__(self, market: Market) -> None:
        self.market = market
        draw = market.stream("voters")
        self.many = int(np.clip(market.count * 15, 60, MANY))
        sizes = (self.many, self.many // 2, market.count * FANS, BRIGADES * IN_BRIGADE)
        self.base = np.cumsum([0, *sizes])
        self.kind = np.repeat(np.arange(4), sizes)
        spans = np.array([span for _, span in KINDS.values()])
        low, high = spans[self.kind].T
        self.accuracy = low + (high - low) * draw.random(len(self.kind))

    def vote(
        self, draw: np.random.Generator, session: Array, merchant: Array, false: Array
    ) -> Table:
        """Draw one vote for each place in a room: nobody votes twice in one room."""
        rows = len(session)
        ends = np.cumsum([share for share, _ in KINDS.values()])
        kind = np.searchsorted(ends[:-1], draw.random(rows), side="right")
        rooms, place = np.unique(session, return_inverse=True)
        attacked = draw.random(len(rooms)) < ATTACKED
        brigade = draw.integers(0, BRIGADES, len(rooms))[place]
        # Where there is no attack, those seats are taken by careful voters.
        seats = attacked[place] & (draw.random(rows) < 0.3)
        kind = np.where(kind == BRIGADE, CAREFUL, kind)
        kind = np.where(seats, BRIGADE, kind)
        voter = np.select(
            [kind == CAREFUL, kind == CARELESS, kind == FAN],
            [
                draw.integers(0, self.many, rows),
                self.base[1] + draw.integers(0, max(self.many // 2, 1), rows),
                self.base[2] + merchant * FANS + draw.integers(0, FANS, rows),
            ],
            self.base[3] + brigade * IN_BRIGADE + draw.integers(0, IN_BRIGADE, rows),
        )
        voter = self._apart(session, voter)
        kind = self.kind[voter]
        right = draw.random(rows) < self.accuracy[voter]
        # Fans see nothing wrong, brigades everything; careful and careless ones judge.
        answer = np.where(right, false, ~false).astype(np.float64)
        firm = draw.random(rows) < 0.9
        answer = np.where(
            (kind == FAN) & firm, 0.0, np.where((kind == BRIGADE) & firm, 1.0, answer)
        )
        table: Table = {
            "voter_id": voter + 1,
            "answer": answer,
            "device_id": 800_000_000 + voter,
            "ip": 800_000_000 + np.where(kind == BRIGADE, voter // 3, voter),
            "follower": (kind == FAN).astype(np.int64),
        }
        return table

    def _apart(self, session: Array, voter: Array) -> Array:
        """Give the second vote of a person in a room to somebody else of the same kind."""
        voter = voter.copy()
        for _ in range(60):
            order = np.lexsort((voter, session))
            same = (np.diff(session[order]) == 0) & (np.diff(voter[order]) == 0)
            again = order[1:][same]
            if len(again) == 0:
                break
            kind = self.kind[voter[again]]
            low, high = self.base[kind], self.base[kind + 1]
            voter[again] = low + (voter[again] - low + 1) % (high - low)
        return voter

    def truth(self) -> Table:
        """Return the kind of each voter, and how often it is right if it judges at all."""
        return {
            "voter_id": np.arange(1, len(self.kind) + 1),
            "kind": np.array(list(KINDS), dtype=object)[self.kind],
            "accuracy": np.where(self.kind < FAN, np.round(self.accuracy, 4), np.nan),
        }
