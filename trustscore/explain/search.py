"""The search for the smallest changes that reach a bound, by scoring many candidates at once."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from trustscore.explain.headroom import headroom_of, value_at
from trustscore.scorecard import Scorecard, Signal, Tier
from trustscore.scoring import Scores, score_columns
from trustscore.typing import Array, Block

__all__ = [
    "Change",
    "Move",
    "Search",
    "index_without_caps",
    "possible_moves",
    "smallest_plan",
]

# Bisections: a share is then exact to 1e-12.
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
        Counts of a rate, at the volume of the plan; NaN for other kinds.
    points : float
        Points that this change alone adds to the index, with rules and without caps.
    advice_en, advice_zh : str
        Advice of the scorecard.
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
    """A signal that can be improved: its column can go from `start` to `end`."""

    position: int
    signal: Signal
    start: float
    end: float
    # Counts and flags change by whole numbers.
    whole: bool

    def value_at(self, share: Array) -> Array:
        """Return the column's value at `share` of the distance, rounded towards `end`."""
        return value_at(np.asarray(self.start), np.asarray(self.end), self.whole, share)


def index_without_caps(scores: Scores) -> Array:
    """Return the index as if no cap had fired; without evidence, the index of the priors."""
    found: Array = np.where(scores.coverage > 0, scores.uncapped_index, scores.raw_index)
    return found


class Search:
    """A row, the tier to reach, and the scoring of candidates, that is, changed rows."""

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

    def scores(self, changed: Block) -> Scores:
        """Score one candidate for each value of the changed columns."""
        rows = len(next(iter(changed.values()))) if changed else 1
        block = {
            name: changed[name] if name in changed else np.repeat(values, rows)
            for name, values in self.block.items()
        }
        return score_columns(block, self.card, "statement", missing=self.missing)

    def bound(self, scores: Scores) -> Array:
        """Return the index without caps, less z standard errors."""
        found: Array = index_without_caps(scores) - self.z * scores.index_se
        return found

    def bounds(self, moves: list[Move], shares: Array) -> Array:
        """Return the bound of each candidate; `shares` has shape (candidates, moves)."""
        start = np.array([move.start for move in moves])
        end = np.array([move.end for move in moves])
        whole = np.array([move.whole for move in moves])
        # All moves at once: one by one they cost most of a plan.
        values = value_at(start, end, whole, shares)
        columns = {move.signal.value: values[:, i] for i, move in enumerate(moves)}
        return self.bound(self.scores(columns))

    def smallest_share(
        self, moves: list[Move], shares_at: Callable[[Array], Array], rows: int
    ) -> Array:
        """Return the smallest share of each candidate that reaches the tier; share 1 must do so."""
        low, high = np.zeros(rows), np.ones(rows)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            reached = self.bounds(moves, shares_at(middle)) >= self.tier.at
            high, low = np.where(reached, middle, high), np.where(reached, low, middle)
        return high


def possible_moves(card: Scorecard, block: Block, scores: Scores) -> list[Move]:
    """Return the signals that have evidence and can still be improved."""
    found = headroom_of(card, block, scores)
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


def smallest_plan(
    search: Search, moves: list[Move], now: float
) -> tuple[list[Change], list[Change], dict[str, Array]]:
    """Return the changes of the plan, the single changes that suffice, and the changed columns.

    If single signals suffice, the plan is the one that needs the smallest share of its distance.
    Otherwise the plan combines the signals with most points available, the last one only as far
    as needed.
    """
    goal, count = search.tier.at, len(moves)
    each = search.bounds(moves, np.eye(count))
    enough = np.flatnonzero(each >= goal)
    if len(enough):
        chosen = np.eye(count)[enough]
        share = search.smallest_share(moves, lambda s: chosen * s[:, None], len(enough))
        ranked = enough[np.argsort(share, kind="stable")].tolist()
        parts = dict(zip(enough.tolist(), share.tolist(), strict=True))
    else:
        order = np.argsort(-np.round(each - now, 9), kind="stable")
        # Row i improves the first i + 1 signals fully.
        cumulative = np.zeros((count, count))
        for step, place in enumerate(order):
            cumulative[step:, place] = 1.0
        last = int(np.flatnonzero(search.bounds(moves, cumulative) >= goal)[0])
        final = int(order[last])
        base = cumulative[last].copy()

        def up_to(share: Array) -> Array:
            rows = np.repeat(base[None, :], len(share), axis=0)
            rows[:, final] = share
            return rows

        parts = {int(place): 1.0 for place in order[:last]}
        parts[final] = float(search.smallest_share(moves, up_to, 1)[0])
        ranked = list(parts)
    ends = {place: moves[place].value_at(np.array([share])) for place, share in parts.items()}
    before = search.scores({})
    changes = []
    for place in ranked:
        single = search.scores({moves[place].signal.value: ends[place]})
        points = float((index_without_caps(single) - index_without_caps(before))[0])
        changes.append(_change(search, moves[place], float(ends[place][0]), points))
    if len(enough):
        first = ranked[0]
        return changes[:1], changes, {moves[first].signal.value: ends[first]}
    return changes, [], {moves[place].signal.value: ends[place] for place in ranked}
