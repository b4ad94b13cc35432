"""Candidate rows scored many at once: how far each figure must move to reach a bound."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from trustscore.explain.ways import stops, ways
from trustscore.scorecard import Scorecard, Signal, Tier
from trustscore.scoring import Scores, score_columns

__all__ = ["Change", "Move", "Search", "moves_of", "value_plan"]

Array = np.ndarray[Any, Any]
_HALVINGS = 40


@dataclass(frozen=True, slots=True)
class Change:
    """One figure to improve.

    Attributes
    ----------
    signal, en, zh, unit, kind : str
    before, after : float
        The figure itself, as it is today and as it must be; for a rate k / n.
    count_before, count_after, sample : float
        Of a rate, at the volume of the plan; NaN otherwise.
    points : float
        What this change alone adds to the index, rules included and caps lifted.
    advice_en, advice_zh : str
        From the scorecard.
    """

    signal: str
    en: str
    zh: str
    unit: str
    kind: str
    before: float
    after: float
    count_before: float
    count_after: float
    sample: float
    points: float
    advice_en: str
    advice_zh: str


@dataclass(frozen=True, slots=True)
class Move:
    """A signal that can be moved: its column from `start` to `end`."""

    position: int
    signal: Signal
    start: float
    end: float
    whole: bool  # counts and flags move by whole numbers

    def at(self, share: Array) -> Array:
        """Return the column's value `share` of the way, rounded towards good."""
        return stops(np.asarray(self.start), np.asarray(self.end), self.whole, share)


class Search:
    """The row, its goal, and the candidates tried for it."""

    def __init__(
        self,
        card: Scorecard,
        block: dict[str, Array],
        missing: frozenset[str],
        tier: Tier,
        z: float,
        today: dict[str, Array] | None = None,
    ) -> None:
        self.card, self.block, self.missing = card, block, missing
        self.today = block if today is None else today
        self.tier, self.z = tier, z

    def scores(self, changed: Mapping[str, Array]) -> Scores:
        """Score the row with some columns changed, one candidate per value."""
        rows = len(next(iter(changed.values()))) if changed else 1
        block = {
            name: changed[name] if name in changed else np.repeat(values, rows)
            for name, values in self.block.items()
        }
        return score_columns(block, self.card, "statement", missing=self.missing)

    @staticmethod
    def lifted(scores: Scores) -> Array:
        """Return the index as if no cap had fired."""
        lifted = scores.trust_index - scores.adjustments["cap"]
        found: Array = np.where(scores.coverage > 0, lifted, scores.raw_index)
        return found

    def bound(self, scores: Scores) -> Array:
        """Return that index less z standard errors."""
        found: Array = self.lifted(scores) - self.z * scores.index_se
        return found

    def bounds(self, moves: list[Move], shares: Array) -> Array:
        """Return the bound of each candidate; `shares` has shape (candidates, moves)."""
        columns = {m.signal.value: m.at(shares[:, i]) for i, m in enumerate(moves)}
        return self.bound(self.scores(columns))

    def least(self, moves: list[Move], shares_at: Callable[[Array], Array], rows: int) -> Array:
        """Return per candidate the least share that reaches the goal; it does at 1."""
        low, high = np.zeros(rows), np.ones(rows)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            reached = self.bounds(moves, shares_at(middle)) >= self.tier.at
            high, low = np.where(reached, middle, high), np.where(reached, low, middle)
        return high


def moves_of(card: Scorecard, block: Mapping[str, Array], scores: Scores) -> list[Move]:
    """Return the signals with evidence whose figure can still be raised."""
    found = ways(card, block, scores)
    return [
        Move(i, signal, float(start), float(end), signal.whole)
        for i, (signal, start, end, is_open) in enumerate(
            zip(card.signals, found.start[:, 0], found.end[:, 0], found.open[:, 0], strict=True)
        )
        if is_open
    ]


def _change(search: Search, move: Move, after: float, points: float) -> Change:
    signal = move.signal
    sample = before_count = after_count = math.nan
    before = move.start
    if signal.counts:
        sample = float(search.block[str(signal.sample)][0])
        before_count, after_count = before, after
        before = float((search.today[signal.value] / search.today[str(signal.sample)])[0])
        after = after / sample
    advice = signal.words.advice
    return Change(
        signal.id,
        signal.words.en,
        signal.words.zh,
        signal.words.unit,
        signal.kind,
        before,
        after,
        before_count,
        after_count,
        sample,
        points,
        advice.en if advice else "",
        advice.zh if advice else "",
    )


def value_plan(
    search: Search, moves: list[Move], now: float
) -> tuple[list[Change], list[Change], dict[str, Array]]:
    """Return the changes of the plan, the single ones that suffice, and the changed columns.

    One signal alone if one suffices, the smallest part of its way first; else the ones with most
    points available, the last only as far as needed.
    """
    goal, count = search.tier.at, len(moves)
    each = search.bounds(moves, np.eye(count))
    enough = np.flatnonzero(each >= goal)
    if len(enough):
        chosen = np.eye(count)[enough]
        share = search.least(moves, lambda s: chosen * s[:, None], len(enough))
        ranked = enough[np.argsort(share, kind="stable")].tolist()
        parts = dict(zip(enough.tolist(), share.tolist(), strict=True))
    else:
        order = np.argsort(-np.round(each - now, 9), kind="stable")
        stairs = np.zeros((count, count))
        for step, place in enumerate(order):
            stairs[step:, place] = 1.0
        last = int(np.flatnonzero(search.bounds(moves, stairs) >= goal)[0])
        final = int(order[last])
        base = stairs[last].copy()

        def up_to(share: Array) -> Array:
            rows = np.repeat(base[None, :], len(share), axis=0)
            rows[:, final] = share
            return rows

        parts = {int(place): 1.0 for place in order[:last]}
        parts[final] = float(search.least(moves, up_to, 1)[0])
        ranked = list(parts)
    ends = {place: moves[place].at(np.array([share])) for place, share in parts.items()}
    before = search.scores({})
    changes = []
    for place in ranked:
        single = search.scores({moves[place].signal.value: ends[place]})
        points = float((search.lifted(single) - search.lifted(before))[0])
        changes.append(_change(search, moves[place], float(ends[place][0]), points))
    if len(enough):
        first = ranked[0]
        return changes[:1], changes, {moves[first].signal.value: ends[first]}
    return changes, [], {moves[place].signal.value: ends[place] for place in ranked}
