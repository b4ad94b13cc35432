"""Candidate rows scored many at once: how far each figure must move to reach a bound."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from trustscore.explain.statement import figures
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
        The figure itself; for a rate k / n.
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
        value = self.start + (self.end - self.start) * share
        away = np.ceil if self.end > self.start else np.floor
        step = 1.0 if self.whole else 10.0 ** (math.floor(math.log10(self.reach)) - 2)
        value = away(np.round(value / step, 6)) * step
        low, high = sorted((self.start, self.end))
        rounded: Array = np.clip(np.round(value, 12), low, high)
        return np.where(share > 0, rounded, self.start)

    @property
    def reach(self) -> float:
        """Distance from start to end."""
        return abs(self.end - self.start)


class Search:
    """The row, its goal, and the candidates tried for it."""

    def __init__(
        self,
        card: Scorecard,
        block: dict[str, Array],
        missing: frozenset[str],
        tier: Tier,
        z: float,
    ) -> None:
        self.card, self.block, self.missing = card, block, missing
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
    assert scores.applies is not None and scores.reliability is not None
    assert scores.weight is not None and scores.withheld is not None
    samples = {signal.sample for signal in card.signals}
    found: dict[str, Move] = {}
    for i, signal in enumerate(card.signals):
        known = scores.applies[i, 0] and scores.reliability[i, 0] > 0 and scores.weight[i, 0] > 0
        # A figure that is the sample of another signal would move evidence with it.
        if not known or signal.value in samples or signal.value in found:
            continue
        start, end = float(block[signal.value][0]), figures(card, signal, block)["good"]
        whole = signal.kind in ("rate", "events", "count", "flag")
        if signal.kind in ("rate", "events"):
            n = float(block[str(signal.sample)][0])
            end *= n
            if signal.kind == "rate":
                end = min(end, n)
        if whole:
            end = math.ceil(end) if signal.higher_is_better else math.floor(end)
        if signal.range is not None:
            end = min(max(end, signal.range[0]), signal.range[1])
        ahead = end > start if signal.higher_is_better else end < start
        if ahead and math.isfinite(start):
            found[signal.value] = Move(i, signal, start, float(end), whole)
    return list(found.values())


def _change(search: Search, move: Move, after: float, points: float) -> Change:
    signal = move.signal
    sample = before_count = after_count = math.nan
    before = move.start
    if signal.kind in ("rate", "events"):
        sample = float(search.block[str(signal.sample)][0])
        before_count, after_count = before, after
        before, after = before / sample, after / sample
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
