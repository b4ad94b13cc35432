"""For many merchants at once: which single change of a figure reaches the next tier.

`next_tier_plan` makes the full plan of one merchant in about a second. Here thousands of merchants
are treated at once: what each lacks is named, and every signal whose change alone suffices is
found. Changes are not combined, and no larger volume is assumed.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from trustscore.explain.headroom import Headroom, headroom_of, value_at
from trustscore.explain.search import index_without_caps
from trustscore.scorecard import Scorecard
from trustscore.scorecard.statuses import Status
from trustscore.scorecard.vetoes import Veto
from trustscore.scoring import Scores, score_columns, with_derived
from trustscore.scoring.program import program_of
from trustscore.typing import Array, Block

__all__ = ["LACKS", "Reach", "next_tier_reach"]

# Rows that are scored together, once for each signal at full marks.
_CHUNK = 2048
_COVERAGE_SLACK = 1e-12
# Sums of points in another order differ by less.
_ROUNDING = 1e-9
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
        self.block, self.card, self.missing = block, card, missing
        self.target = np.asarray(target, dtype=np.int64)
        ladder = card.tiers.ladder
        known = np.clip(self.target, 0, None)
        self.at = np.array([tier.at for tier in ladder] or [0.0])[known]
        self.coverage = np.array([tier.coverage for tier in ladder] or [0.0])[known]
        self.higher = self.target > card.tiers.entry
        self.z = np.where(self.higher, card.tiers.z, 0.0)

    def bound(self, block: Block, rows: Array) -> Array:
        """Return the bounds of a block whose row i stands for row `rows[i]` of the chunk."""
        scores = score_columns(block, self.card, missing=self.missing)
        found: Array = index_without_caps(scores) - self.z[rows] * scores.index_se
        return found

    def reach(self, first: int) -> Reach:
        rows = np.arange(len(self.target))
        scores = score_columns(self.block, self.card, "statement", missing=self.missing)
        bound = index_without_caps(scores) - self.z * scores.index_se
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
        all_suffice = np.zeros(len(rows), dtype=bool)
        asked = np.flatnonzero(lacks[3] & ~lacks[1] & ~lacks[2])
        if len(asked):
            best = self.bound(self._all_improved(asked, headroom), asked)
            all_suffice[asked] = best >= self.at[asked]
        all_suffice |= wanted & ~lacks[3]
        hopeful = headroom.open & self._hopeful(scores)
        row, signal = self._sufficient(np.flatnonzero(all_suffice & lacks[3]), headroom, hopeful)
        share, after = self._smallest_changes(row, signal, headroom)
        order = np.lexsort((share, row))
        row, signal, after = row[order], signal[order], after[order]
        sample = np.full(len(row), np.nan)
        for i in np.unique(signal).tolist():
            one = self.card.signals[i]
            if one.counts:
                mine = signal == i
                sample[mine] = self.block[str(one.sample)][row[mine]]
        gap = np.where(wanted, np.maximum(self.at - bound, 0.0), np.nan)
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

    def _at(self, rows: Array) -> dict[str, Array]:
        return {name: values[rows] for name, values in self.block.items()}

    def _all_improved(self, rows: Array, headroom: Headroom) -> dict[str, Array]:
        """Return the rows with every signal at its good anchor."""
        block = self._at(rows)
        for i in np.flatnonzero(headroom.open[:, rows].any(axis=1)).tolist():
            name = self.card.signals[i].value
            block[name] = np.where(headroom.open[i, rows], headroom.end[i, rows], block[name])
        return block

    def _hopeful(self, scores: Scores) -> Array:
        """Return which signals may suffice alone, of shape (signals, rows).

        In a weighted mean a signal at full marks gains what it lost, and the standard error
        stays. Where an exponent is not 1, or something else reads the column too, it must be
        tried.
        """
        assert scores.lost is not None
        program, signals = program_of(self.card), self.card.signals
        means = [program.root.power, *(each.power for each in self.card.dimensions)]
        if any(power != 1.0 for power in means):
            return np.ones(scores.lost.shape, dtype=bool)
        others = Counter(column for signal in signals for column in signal.columns)
        others.update(c for rule in self.card.rules for c in rule.columns)
        others.update(c for f in self.card.fields if f.derived for c in f.derived.columns)
        others.update(d.weight_by for d in self.card.dimensions if d.weight_by is not None)
        for signal in signals:
            for condition in signal.applies_when:
                others.update(c for c in (condition.column, condition.over) if c is not None)
        shared = np.array([others[signal.value] > 1 for signal in signals])
        before = scores.uncapped_index - scores.adjustments["limit"] - self.z * scores.index_se
        found: Array = (before + scores.lost >= self.at - _ROUNDING) | shared[:, None]
        return found

    def _sufficient(self, rows: Array, headroom: Headroom, hopeful: Array) -> tuple[Array, Array]:
        """Return the pairs of row and signal where the signal alone suffices at its good anchor."""
        tried = np.argwhere(hopeful[:, rows])
        row, signal = rows[tried[:, 1]], tried[:, 0]
        block = self._with(row, signal, headroom.end[signal, row])
        enough = self.bound(block, row) >= self.at[row]
        return row[enough], signal[enough]

    def _with(self, rows: Array, signals: Array, values: Array) -> dict[str, Array]:
        """Return rows of the chunk, each with one value in the column of one signal."""
        block = self._at(rows)
        for i in np.unique(signals).tolist():
            name = self.card.signals[i].value
            block[name] = np.where(signals == i, values, block[name])
        return block

    def _smallest_changes(
        self, rows: Array, signals: Array, headroom: Headroom
    ) -> tuple[Array, Array]:
        """Return the smallest share of the distance that suffices for each pair, and the value."""
        start, end = headroom.start[signals, rows], headroom.end[signals, rows]
        whole = np.array([signal.whole for signal in self.card.signals])[signals]
        low, high = np.zeros(len(rows)), np.ones(len(rows))
        # Bisect down to a thousandth of the distance, and counts down to one unit.
        units = np.where(whole, np.maximum(np.abs(end - start), 1000.0), 1000.0)
        steps = np.ceil(np.log2(units)) + 2
        for step in range(int(steps.max(initial=0.0))):
            on = np.flatnonzero(step < steps)
            middle = (low[on] + high[on]) / 2
            value = value_at(start[on], end[on], whole[on], middle)
            block = self._with(rows[on], signals[on], value)
            reached = self.bound(block, rows[on]) >= self.at[rows[on]]
            high[on] = np.where(reached, middle, high[on])
            low[on] = np.where(reached, low[on], middle)
        return high, value_at(start, end, whole, high)
