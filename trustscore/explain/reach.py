"""For many merchants at once: which single change of a figure reaches the next tier.

`next_tier_plan` makes the full plan of one merchant in about a second. Here thousands of merchants
are treated at once: what each lacks is named, and every signal whose change alone suffices is
found. Changes are not combined, and no larger volume is assumed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trustscore.explain.headroom import Headroom, headroom_of
from trustscore.explain.search import index_without_caps
from trustscore.explain.single_change import most_gained, smallest_values
from trustscore.scorecard import Scorecard
from trustscore.scorecard.statuses import Status
from trustscore.scorecard.vetoes import Veto
from trustscore.scoring import Scores, score_columns, with_derived
from trustscore.scoring.program import program_of
from trustscore.scoring.row_block import RowBlock
from trustscore.typing import Array, Block

__all__ = ["LACKS", "Reach", "next_tier_reach"]

# Rows that are scored together; it bounds the memory, and no result depends on it.
_CHUNK = 8192
# Points by which a gain may be rounded: what is this close is scored.
_ROUNDED = 1e-6
_COVERAGE_SLACK = 1e-12
LACKS = ("veto", "orders", "coverage", "figures")
"""What a merchant may lack for the next tier."""


@dataclass(frozen=True, eq=False)
class Reach:
    """What each row lacks for its target, and the single changes that suffice.

    Attributes
    ----------
    target : int array
        Step of the ladder that was asked for; -1 for none, and then nothing else is said.
    index : array
        The trust index, NaN where a row is not scored.
    gap : array
        Points by which the bound (index without caps, less z standard errors) misses the target;
        0 where it does not, NaN without a target.
    lacks : bool array of shape (4, rows)
        In the order of `LACKS`: a veto fired, or a cap below the line (even one that lowers
        nothing at the present index); orders are too few for a formal index; coverage is too low;
        the bound is too low.
    all_suffice : bool array
        Whether the bound reaches the target with every known signal at its good anchor.
    row, signal : int array
        Row and signal of each change, ordered by row, and in a row by the smallest share of the
        distance to the good anchor.
    before, after : array
        Value of the signal's column before and after the change; for rates and events a count.
    sample : array
        Sample of a count; NaN for other kinds.
    """

    target: Array
    index: Array
    gap: Array
    lacks: Array
    all_suffice: Array
    row: Array
    signal: Array
    before: Array
    after: Array
    sample: Array


def next_tier_reach(
    block: Block,
    scorecard: Scorecard,
    target: Array,
    *,
    missing: frozenset[str] = frozenset(),
) -> Reach:
    """Find for each row the single changes that reach a tier.

    Caps and vetoes are assumed lifted, as in `next_tier_plan`. Changes are sought only where
    evidence suffices, because without evidence no figure reaches a higher tier.

    Parameters
    ----------
    block : mapping of str to ndarray
    scorecard : Scorecard
    target : int array
        Step of the ladder wanted for each row; -1 for none.
    missing : frozenset of str
        Columns that were not collected.

    Examples
    --------
    >>> from trustscore.explain import typical_block
    >>> from trustscore.scorecard import load_scorecard
    >>> card = load_scorecard("minimal")
    >>> block = typical_block(card)
    >>> block["complaints"] *= 0.4
    >>> found = next_tier_reach(block, card, np.array([2]))
    >>> [card.signals[at].id for at in found.signal], found.gap.round(2).tolist()
    (['product_negative_review_rate', 'product_rating_mean', 'aftersales_review_hours_mean'],
     [9.68])
    >>> found.before.tolist(), found.after.tolist()
    ([158.4, 4.6, 4.0], [3.0, 4.991, 1.03])
    """
    rows = len(target)
    missing = scorecard.without(missing)
    block = with_derived(block, scorecard, missing)
    parts = []
    for start in range(0, rows, _CHUNK):
        chunk = slice(start, min(start + _CHUNK, rows))
        piece = {name: np.asarray(values)[chunk] for name, values in block.items()}
        parts.append(_Chunk(piece, scorecard, target[chunk], missing).reach(start))
    if not parts:
        parts = [_empty()]
    lacks = np.concatenate([part.lacks for part in parts], axis=1)
    names = ("target", "index", "gap", "all_suffice", "row", "signal", "before", "after", "sample")
    whole = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    return Reach(lacks=lacks, **whole)


def _empty() -> Reach:
    none = np.empty(0)
    places, flags = none.astype(np.int64), none.astype(bool)
    lacks = np.empty((len(LACKS), 0), dtype=bool)
    return Reach(places, none, none, lacks, flags, places, places, none, none, none)


class _Chunk:
    """Some rows, and the scoring of candidates for them."""

    def __init__(
        self, block: dict[str, Array], card: Scorecard, target: Array, missing: frozenset[str]
    ) -> None:
        self.block, self.card, self.missing = _by_rows(block, card, missing), card, missing
        self.target = np.asarray(target, dtype=np.int64)
        ladder = card.tiers.ladder
        known = np.clip(self.target, 0, None)
        self.at = np.array([tier.at for tier in ladder] or [0.0])[known]
        self.coverage = np.array([tier.coverage for tier in ladder] or [0.0])[known]
        self.higher = self.target > card.tiers.entry
        self.z = np.where(self.higher, card.tiers.z, 0.0)

    def scores(self, block: Block) -> Scores:
        """Score a block, with its statement."""
        return score_columns(block, self.card, "statement", missing=self.missing)

    def bound(self, scores: Scores, rows: Array) -> Array:
        """Return the bounds of scores whose row i stands for row `rows[i]` of the chunk."""
        found: Array = index_without_caps(scores) - self.z[rows] * scores.index_se
        return found

    def changed(self, rows: Array, signals: Array, values: Array) -> Array:
        """Return the bound of each row with another value of one signal's column."""
        found = np.empty(len(rows))
        for start in range(0, len(rows), _CHUNK):
            part = slice(start, start + _CHUNK)
            block = self._at(rows[part])
            for i in np.unique(signals[part]).tolist():
                mine = signals[part] == i
                block[self.card.signals[i].value][mine] = values[part][mine]
            scores = score_columns(block, self.card, missing=self.missing)
            found[part] = self.bound(scores, rows[part])
        return found

    def reach(self, first: int) -> Reach:
        rows = np.arange(len(self.target))
        scores = self.scores(self.block)
        bound = self.bound(scores, rows)
        wanted = (self.target >= 0) & (scores.coverage > 0)
        program = program_of(self.card)
        variant = program.variant_rows(self.block, len(rows))
        share = program.collected_share(self.missing)[0 if variant is None else variant]
        with np.errstate(divide="ignore", invalid="ignore"):
            low = np.nan_to_num(self.card.status.low_coverage / share)
        need = np.where(self.higher, np.maximum(self.coverage, low), 0.0) - _COVERAGE_SLACK
        lacks = np.stack(
            [
                (scores.veto_code > Veto.NONE) & self.higher | (self._lowest_cap(scores) < self.at),
                (scores.status_code == Status.NEW) & self.higher,
                scores.coverage < need,
                bound < self.at,
            ]
        )
        lacks &= wanted
        headroom = headroom_of(self.card, self.block, scores)
        all_suffice = wanted & ~lacks[3]
        asked = np.flatnonzero(lacks[3] & ~lacks[1] & ~lacks[2])
        best = self.scores(self._all_improved(asked, headroom))
        enough = self.bound(best, asked) >= self.at[asked]
        all_suffice[asked] = enough
        # A single change is sought where all of them together suffice.
        most = most_gained(self.card, scores, best, asked)
        gap = np.where(wanted, np.maximum(self.at - bound, 0.0), np.nan)
        may = headroom.open[:, asked] & enough & (most >= gap[asked] - _ROUNDED)
        signal, place = np.nonzero(may)
        row = asked[place]
        reached = self.changed(row, signal, headroom.end[signal, row])
        alone = reached >= self.at[row]
        row, signal, reached = row[alone], signal[alone], reached[alone]
        share, after = smallest_values(
            lambda some, values: self.changed(row[some], signal[some], values),
            (headroom.start[signal, row], headroom.end[signal, row]),
            (bound[row], reached),
            self.at[row],
            np.array([one.whole for one in self.card.signals])[signal],
        )
        order = np.lexsort((share, row))
        row, signal, after = row[order], signal[order], after[order]
        sample = np.full(len(row), np.nan)
        for i in np.unique(signal).tolist():
            one = self.card.signals[i]
            if one.counts:
                mine = signal == i
                sample[mine] = self.block[str(one.sample)][row[mine]]
        return Reach(
            np.where(wanted, self.target, -1),
            scores.trust_index,
            gap,
            lacks,
            all_suffice,
            row + first,
            signal,
            headroom.start[signal, row],
            after,
            sample,
        )

    def _lowest_cap(self, scores: Scores) -> Array:
        """Return the lowest cap that fired for each row, infinite where none did.

        A cap that lowers nothing today may do so once the figures have improved.
        """
        plan = program_of(self.card)
        variant = plan.variant_rows(self.block, len(self.target))
        lowest = np.full(len(self.target), np.inf)
        for fired, one in zip(scores.fired, plan.rules, strict=True):
            if one.rule.veto == Veto.CAP:
                points = np.asarray(one.points)
                # An overlay may set another height.
                height = points if points.ndim == 0 else points[0 if variant is None else variant]
                lowest = np.where(fired, np.minimum(lowest, height), lowest)
        return lowest

    def _at(self, rows: Array) -> RowBlock:
        """Return copies of some rows."""
        block = self.block
        texts = {name: block[name][rows] for name in block if name not in block.names}
        return RowBlock(block.table[rows], block.names, texts)

    def _all_improved(self, rows: Array, headroom: Headroom) -> RowBlock:
        """Return the rows with every signal at its good anchor."""
        block = self._at(rows)
        for i in np.flatnonzero(headroom.open[:, rows].any(axis=1)).tolist():
            mine = headroom.open[i, rows]
            block[self.card.signals[i].value][mine] = headroom.end[i, rows[mine]]
        return block


def _by_rows(block: Block, card: Scorecard, missing: frozenset[str]) -> RowBlock:
    """Return what a scorecard reads of a block, row by row, so that rows are copied in one go."""
    names = [None if field.name in missing else field.name for field in card.fields]
    rows = len(next(iter(block.values())))
    table = np.full((rows, len(names)), np.nan)
    for at, name in enumerate(names):
        if name is not None:
            table[:, at] = block[name]
    sides = {name for overlay in card.overlays for name, _ in overlay.match} | {*card.peers.by}
    return RowBlock(table, names, {name: block[name] for name in sorted(sides) if name in block})
