"""A market held in memory: scored by a scorecard, and what moves when it is scored by another.

Scores come from `score_columns` and nowhere else; here they are only counted.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, fields
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.stats import rankdata

from trustscore.errors import InputError
from trustscore.scorecard import Scorecard
from trustscore.scoring import score_columns, with_derived
from trustscore.scoring.row_block import RowBlock
from trustscore.typing import Array, Block
from trustscore.web.words import names_of

__all__ = ["MOVED", "SAMPLE", "Market", "Results", "Superseded", "movement"]

SAMPLE = 20_000
"""Merchants of the sample that is scored while a slider moves."""
MOVED = 0.05
"""Points from which on an index counts as moved."""
_AT_ONCE = 16_384
_BIN = 2.0
_EDGES = np.arange(0.0, 100.0 + _BIN, _BIN)
_MOST = 10


class Superseded(Exception):
    """A later change came, so nobody waits for this one."""


@dataclass(frozen=True, eq=False)
class Results:
    """What is kept of the scores of some merchants."""

    index: Array
    tier: Array
    status: Array
    veto: Array

    # What is asked of the same merchants at every move of a slider is counted once.
    @cached_property
    def bars(self) -> Array:
        """Merchants by index, a bar for each of `_EDGES` but the last."""
        known = self.index[np.isfinite(self.index)]
        place = np.minimum((known / _BIN).astype(np.int64), len(_EDGES) - 2)
        return np.bincount(place, minlength=len(_EDGES) - 1).astype(np.float64)

    @cached_property
    def mean(self) -> float:
        """Mean index; NaN where nobody has one."""
        known = np.isfinite(self.index)
        return float(np.nanmean(self.index)) if known.any() else float("nan")

    @cached_property
    def by_tier(self) -> Array:
        """Merchants by tier, as far as there is one."""
        return np.bincount(self.tier)

    def take(self, rows: Array) -> Results:
        """Return those of some rows."""
        return Results(*(getattr(self, each.name)[rows] for each in fields(self)))


@dataclass
class Market:
    """Merchants in pieces that threads share, and a sample of them.

    Attributes
    ----------
    parts : list of RowBlock
    ids : ndarray of str
    missing : frozenset of str
        Columns that were not collected.
    as_of : date, optional
    rows : ndarray of int, or None
        The rows of the sample; None when it is everybody.
    """

    parts: list[RowBlock]
    ids: Array
    missing: frozenset[str] = field(default_factory=frozenset)
    as_of: dt.date | None = None
    seed: int = 0
    sample_size: int = SAMPLE

    def __post_init__(self) -> None:
        if not len(self.ids):
            raise InputError("no merchant can be scored: see `trustscore check`")
        self.starts = np.cumsum([0, *(len(part.table) for part in self.parts)])
        self.rows: Array | None = None
        if self.size > self.sample_size:
            chosen = np.random.default_rng(self.seed).choice(
                self.size, self.sample_size, replace=False
            )
            self.rows = np.sort(chosen)
        self.sample = self.taken(self.rows) if self.rows is not None else None
        cores = os.cpu_count() or 1
        self.threads = ThreadPoolExecutor(cores, thread_name_prefix="workbench")
        self.sample_parts = [] if self.sample is None else _split(self.sample, cores)

    @classmethod
    def of(
        cls,
        blocks: Sequence[Block],
        card: Scorecard,
        missing: frozenset[str] = frozenset(),
        **settings: Any,
    ) -> Market:
        """Return the market of some blocks, whose columns are copied once, row by row."""
        parts: list[RowBlock] = []
        ids: list[Array] = []
        for block in blocks:
            parts += pieces_of(block, card, missing)
            ids.append(block["merchant_id"])
        names = np.concatenate(ids) if ids else np.empty(0, dtype=object)
        return cls(parts, names, missing, **settings)

    @property
    def size(self) -> int:
        """Number of merchants."""
        return len(self.ids)

    def taken(self, rows: Array) -> RowBlock:
        """Return some merchants, by ascending row, as one block."""
        tables, texts = [], []
        for at, part in enumerate(self.parts):
            low, high = np.searchsorted(rows, (self.starts[at], self.starts[at + 1]))
            own = rows[low:high] - self.starts[at]
            tables.append(part.table[own])
            texts.append({name: part[name][own] for name in _texts(part)})
        joined = {name: np.concatenate([text[name] for text in texts]) for name in texts[0]}
        return RowBlock(np.concatenate(tables), self.parts[0].names, joined)

    def scored(self, card: Scorecard, alive: Callable[[], bool] = lambda: True) -> Results:
        """Return the results of everybody, scored by all cores.

        Raises
        ------
        Superseded
            When `alive` says no before the end.
        """

        def one(part: RowBlock) -> Results:
            if not alive():
                raise Superseded
            return self._score(part, card)

        return _joined(list(self.threads.map(one, self.parts)))

    def scored_sample(self, card: Scorecard) -> Results:
        """Return the results of the sample."""
        found = list(self.threads.map(lambda part: self._score(part, card), self.sample_parts))
        return _joined(found)

    def _score(self, block: Block, card: Scorecard) -> Results:
        scores = score_columns(block, card, missing=self.missing, as_of=self.as_of)
        return Results(scores.trust_index, scores.tier_code, scores.status_code, scores.veto_code)

    def find(self, merchant_id: str) -> int | None:
        """Return the row of a merchant."""
        rows = np.flatnonzero(self.ids == merchant_id)
        return int(rows[0]) if len(rows) else None

    def near(self, text: str, most: int = 8) -> list[str]:
        """Return some ids that contain a text."""
        found = []
        for name in self.ids.tolist():
            if text in name:
                found.append(name)
                if len(found) == most:
                    break
        return found


def _joined(found: Sequence[Results]) -> Results:
    return Results(
        *(np.concatenate([getattr(each, f.name) for each in found]) for f in fields(Results))
    )


def _split(block: RowBlock, pieces: int) -> list[RowBlock]:
    """Return a block as so many stretches of rows, of nearly the same length."""
    bounds = np.linspace(0, len(block.table), pieces + 1).astype(np.int64).tolist()
    return [
        RowBlock(block.table[a:b], block.names, {n: block[n][a:b] for n in _texts(block)})
        for a, b in pairwise(bounds)
        if b > a
    ]


def pieces_of(block: Block, card: Scorecard, missing: frozenset[str]) -> list[RowBlock]:
    """Return a block as pieces of rows whose numbers stand in one table, as the loop reads them."""
    absent = card.without(missing)
    whole = with_derived(block, card, absent)
    names = [None if each.name in absent else each.name for each in card.fields]
    texts = {n: v for n, v in whole.items() if n not in names and n != "merchant_id"}
    texts["merchant_id"] = block["merchant_id"]
    size = len(block["merchant_id"])
    found = []
    for start in range(0, size, _AT_ONCE):
        rows = slice(start, min(start + _AT_ONCE, size))
        table = np.full((rows.stop - start, len(names)), np.nan)
        for at, name in enumerate(names):
            if name is not None:
                table[:, at] = whole[name][rows]
        found.append(RowBlock(table, names, {name: v[rows] for name, v in texts.items()}))
    return found


def _texts(part: RowBlock) -> list[str]:
    return [name for name in part if name not in part.names]


def movement(
    market: Market,
    base: Results,
    after: Results,
    card: Scorecard,
    *,
    whole: bool,
) -> dict[str, Any]:
    """Return how the market moves.

    Of a sample, what it moves is taken for the whole and added to what the whole was before, which
    is known exactly; so nothing moves where no merchant of the sample does. `se` is the standard
    error by the sample, 0 for the whole market.

    Parameters
    ----------
    market : Market
    base : Results
        Of everybody, before.
    after : Results
        Of everybody, or of the sample.
    card : Scorecard
        The new one, of the same tiers.
    whole : bool
        Which of the two `after` is.
    """
    rows = None if whole else market.rows
    was = base if rows is None else base.take(rows)
    size, n = market.size, len(after.index)
    scale = size / n
    # Of a sample without replacement; Agresti and Coull's two and two keep it off 0.
    rest = 0.0 if rows is None else (1.0 - n / size)

    def error(hits: Any, squares: Any) -> Any:
        if rows is None:
            return np.zeros_like(np.asarray(hits, dtype=np.float64))
        variance = (squares + 4.0) / (n + 4.0) - (hits / n) ** 2
        return size * np.sqrt(np.maximum(variance, 0.0) * rest / n)

    tiers = len(card.tiers.ladder) + 1
    pairs = np.bincount(was.tier.astype(np.int64) * tiers + after.tier, minlength=tiers * tiers)
    pairs = pairs.reshape(tiers, tiers)
    gone, come = pairs.sum(axis=1), pairs.sum(axis=0)
    stay = np.diag(pairs)
    net = come - gone
    before = np.zeros(tiers, dtype=np.int64)
    before[: len(base.by_tier)] = base.by_tier
    tier_error = error(net, come + gone - 2 * stay)
    change = after.index - was.index
    both = np.isfinite(change)
    moves = change[both]
    held = base.bars
    bars = held + scale * (after.bars - was.bars)
    moved = int((np.abs(moves) >= MOVED).sum())
    before_mean = base.mean
    mean = float(moves.mean()) if len(moves) else 0.0
    spread = float(moves.std(ddof=1)) if len(moves) > 1 else 0.0
    after_mean = before_mean + mean
    if rows is None and np.isfinite(after.mean):
        after_mean = after.mean
    ladder = card.tiers.ladder
    names = [{"id": "", "names": {}}, *({"id": t.id, "names": names_of(t)} for t in ladder)]
    return {
        "size": size,
        "rows": n,
        "whole": rows is None,
        "tiers": [
            {
                **names[k],
                "before": int(before[k]),
                "after": float(before[k] + scale * net[k]),
                "se": float(tier_error[k]),
            }
            for k in range(tiers)
        ],
        "moves": (scale * pairs).tolist(),
        "moves_se": error(pairs, pairs).tolist(),
        "histogram": {
            "edges": _EDGES.tolist(),
            "before": held.tolist(),
            "after": np.maximum(bars, 0.0).tolist(),
        },
        "mean": {
            "before": before_mean,
            "after": after_mean,
            "change": mean,
            "se": spread * float(np.sqrt(rest / n)),
        },
        "moved": {"merchants": scale * moved, "se": float(error(moved, moved))},
        "ranks": _ranks(was.index[both], after.index[both]),
        "vetoes": _vetoes(was, after, scale),
        **_movers(market, rows, was, after, change, card),
    }


def _ranks(was: Array, now: Array) -> dict[str, float]:
    """Return how the order moves, ranks in percent of the merchants that are scored."""
    if len(was) < 2 or np.array_equal(was, now):
        return {"correlation": 1.0, "mean": 0.0, "most": 0.0, "over_one": 0.0}
    a, b = rankdata(was), rankdata(now)
    moved = np.abs(a - b) * (100.0 / len(was))
    flat = not (a.std() and b.std())
    return {
        "correlation": float("nan") if flat else float(np.corrcoef(a, b)[0, 1]),
        "mean": float(moved.mean()),
        "most": float(moved.max()),
        "over_one": float(100.0 * (moved > 1.0).mean()),
    }


def _vetoes(was: Results, now: Results, scale: float) -> dict[str, float]:
    return {
        "before": scale * float((was.veto > 0).sum()),
        "after": scale * float((now.veto > 0).sum()),
    }


def _movers(
    market: Market,
    rows: Array | None,
    was: Results,
    now: Results,
    change: Array,
    card: Scorecard,
) -> dict[str, list[dict[str, Any]]]:
    """Return who fell and who rose most; of equal changes the earlier row goes first."""
    names = ["", *(tier.id for tier in card.tiers.ladder)]
    known = np.nan_to_num(change)

    def told(row: int) -> dict[str, Any]:
        return {
            "id": str(market.ids[row if rows is None else rows[row]]),
            "before": float(was.index[row]),
            "after": float(now.index[row]),
            "change": float(change[row]),
            "old_tier": names[int(was.tier[row])],
            "new_tier": names[int(now.tier[row])],
        }

    found: dict[str, list[dict[str, Any]]] = {}
    for name, values in (("fell", known), ("rose", -known)):
        most = min(_MOST, len(values))
        bound = np.partition(values, most - 1)[most - 1]
        places = np.flatnonzero(values <= min(bound, -MOVED))
        order = places[np.lexsort((places, values[places]))][:most]
        found[name] = [told(int(row)) for row in order]
    return found
