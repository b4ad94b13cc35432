"""What a report says of a whole market, added up block by block."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from trustscore.scorecard import Scorecard, Signal
from trustscore.scorecard.curves import CURVES
from trustscore.scorecard.statuses import STATUS_WORDS
from trustscore.scoring import Scores
from trustscore.typing import Array, Block

__all__ = ["BINS", "EDGE", "Figures", "SignalFigures", "place_between_anchors", "raw_figures"]

BINS = 32
"""Bins of a signal's figures, from `EDGE` of the way before poor to `EDGE` behind good."""
EDGE = 0.5
_DIMENSION_BINS = 20


def raw_figures(signal: Signal, block: Block, missing: frozenset[str]) -> Array | None:
    """Return the figures of a signal as they were exported: for a rate, k / n.

    None where they were not collected.
    """
    if any(column in missing or column not in block for column in signal.columns):
        return None
    value = np.asarray(block[signal.value], dtype=np.float64)
    if not signal.counts:
        return value
    sample = np.asarray(block[signal.sample or ""], dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(sample > 0, value / sample, np.nan)


def place_between_anchors(signal: Signal, figures: Any) -> Array:
    """Return where figures stand on the way from poor (0) to good (1), on the curve's scale.

    Examples
    --------
    >>> from trustscore.scorecard import load_scorecard
    >>> signal = load_scorecard("minimal").signal("complaint_rate")
    >>> signal.poor, signal.good
    (0.02, 0.0)
    >>> place_between_anchors(signal, [0.02, 0.005, 0.0]).tolist()
    [0.0, 0.75, 1.0]
    """
    scale = CURVES[signal.curve].scale
    with np.errstate(divide="ignore", invalid="ignore"):
        poor, good = (float(scale.forward(np.float64(x))) for x in (signal.poor, signal.good))
        at = scale.forward(np.asarray(figures, dtype=np.float64))
        return np.asarray((at - poor) / (good - poor) + 0.0)


class SignalFigures:
    """One signal over a market.

    Attributes
    ----------
    bins : ndarray of int, shape (BINS,)
        Merchants by figure, the first and the last bin with all that lies beyond.
    known, unknown, withheld, applies : int
        Merchants whose figure has evidence, has none, is withheld; and all it applies to.
    utility, lost : float
        Sums over the merchants it applies to: utility, and points lost over all.
    """

    def __init__(self, signal: Signal) -> None:
        self.signal = signal
        self.bins = np.zeros(BINS, dtype=np.int64)
        self.known = self.unknown = self.withheld = self.applies = 0
        self.utility = self.lost = 0.0

    def add(self, figures: Array | None, place: int, scores: Scores) -> None:
        """Add the merchants of a block."""
        assert scores.applies is not None and scores.utility is not None
        assert scores.lost is not None and scores.withheld is not None
        applies = scores.applies[place]
        self.applies += int(applies.sum())
        self.unknown += int(scores.unknown[place])
        self.withheld += int((scores.withheld[place] & applies).sum())
        self.utility += float(scores.utility[place][applies].sum())
        self.lost += float(scores.lost[place][np.isfinite(scores.trust_index)].sum())
        if figures is None:
            return
        at = place_between_anchors(self.signal, figures[applies])
        at = at[~np.isnan(at)]
        self.known += len(at)
        bins = np.clip((at + EDGE) * (BINS / (1 + 2 * EDGE)), 0, BINS - 1).astype(np.int64)
        self.bins += np.bincount(bins, minlength=BINS)

    @property
    def mean_utility(self) -> float:
        """Mean utility of the merchants it applies to; NaN where there are none."""
        return self.utility / self.applies if self.applies else float("nan")


@dataclass
class DimensionFigures:
    """One dimension over a market: how many it applies to, the sum of points, and their bins."""

    merchants: int
    total: float
    bins: Array

    @property
    def mean(self) -> float:
        """Mean points; NaN where it applies to nobody."""
        return self.total / self.merchants if self.merchants else float("nan")


class Figures:
    """Adds up a market.

    Parameters
    ----------
    card : Scorecard

    Attributes
    ----------
    merchants, scored : int
    bins : ndarray of int, shape (100,)
        Merchants by index, one bin for a point.
    tiers, statuses : Counter of str
    rules : Counter of str
        Merchants on which each rule fired.
    rule_points : dict of str to float
        Points of each rule, of ``limit`` and ``cap``, over all merchants.
    stages : dict of str to list
        Points gained and lost, over all scored merchants.

    Examples
    --------
    >>> from trustscore.explain import typical_block
    >>> from trustscore.scorecard import load_scorecard
    >>> from trustscore.scoring import score_columns
    >>> card = load_scorecard("minimal")
    >>> block, figures = typical_block(card), Figures(card)
    >>> figures.add(block, score_columns(block, card, "statement"), frozenset())
    >>> figures.merchants, round(figures.mean("index"), 6), dict(figures.tiers)
    (1, 62.0, {'standard': 1})
    """

    def __init__(self, card: Scorecard) -> None:
        self.card = card
        self.merchants = self.scored = 0
        self.index = self.coverage = self.prior = 0.0
        self.bins = np.zeros(100, dtype=np.int64)
        self.tiers: Counter[str] = Counter()
        self.statuses: Counter[str] = Counter()
        self.rules: Counter[str] = Counter()
        self.capped = 0
        self.rule_points: dict[str, float] = {}
        self.signals = [SignalFigures(signal) for signal in card.signals]
        self.dimensions = {
            each.id: DimensionFigures(0, 0.0, np.zeros(_DIMENSION_BINS, dtype=np.int64))
            for each in card.dimensions
        }
        self.stages = {stage: [0.0, 0.0] for stage in card.stages}

    def add(self, block: Block, scores: Scores, missing: frozenset[str]) -> None:
        """Add the merchants of a block that was scored with detail ``statement``."""
        known = np.isfinite(scores.trust_index)
        index = scores.trust_index[known]
        self.merchants += len(known)
        self.scored += len(index)
        self.index += float(index.sum())
        self.prior += float(scores.prior_index[known].sum())
        self.coverage += float(np.nan_to_num(scores.coverage[known]).sum())
        self.bins += np.bincount(_bins(index, 100), minlength=100)
        self.tiers.update(_counted(scores.tier_code, scores.tier_names))
        self.statuses.update(_counted(scores.status_code, STATUS_WORDS))
        for rule, fired in zip(self.card.rules, scores.fired, strict=True):
            self.rules[rule.id] += int(fired.sum())
        for name, points in scores.adjustments.items():
            self.rule_points[name] = self.rule_points.get(name, 0.0) + float(points[known].sum())
        if "cap" in scores.adjustments:
            self.capped += int((scores.adjustments["cap"][known] < 0).sum())
        for name, points in scores.dimensions.items():
            there = points[known & np.isfinite(points)]
            dimension = self.dimensions[name]
            dimension.merchants += len(there)
            dimension.total += float(there.sum())
            dimension.bins += np.bincount(_bins(there, _DIMENSION_BINS), minlength=_DIMENSION_BINS)
        self._add_signals(block, scores, missing, known)

    def _add_signals(
        self, block: Block, scores: Scores, missing: frozenset[str], known: Array
    ) -> None:
        assert scores.gained is not None and scores.lost is not None
        for place, each in enumerate(self.signals):
            each.add(raw_figures(each.signal, block, missing), place, scores)
            sums = self.stages.get(each.signal.stage)
            if sums is not None:
                sums[0] += float(scores.gained[place][known].sum())
                sums[1] += float(scores.lost[place][known].sum())

    def mean(self, what: str) -> float:
        """Return the mean ``index``, ``coverage`` or ``prior`` of the scored merchants."""
        total: float = getattr(self, what)
        return total / self.scored if self.scored else float("nan")

    def quantile(self, share: float) -> float:
        """Return the index below which a share of the scored merchants stands, to half a point."""
        if not self.scored:
            return float("nan")
        place = int(np.searchsorted(np.cumsum(self.bins), share * self.scored))
        return min(place, 99) + 0.5


def _bins(points: Array, bins: int) -> Array:
    return np.clip(points * (bins / 100), 0, bins - 1).astype(np.int64)


def _counted(codes: Array, names: Sequence[str]) -> dict[str, int]:
    counts = np.bincount(codes, minlength=len(names)).tolist()
    return {name: n for name, n in zip(names, counts, strict=True) if n}
