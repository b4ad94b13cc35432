"""One side of a comparison, added up block by block: what its merchants are like."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from trustscore.drift.bins import Bins, bins_of
from trustscore.scorecard import Scorecard
from trustscore.scorecard.side_values import fold_side_column
from trustscore.scoring import Scores, score_columns, with_derived
from trustscore.typing import Array, Block, FloatArray

__all__ = ["CELLS", "Moments", "Side"]

# The utility of 0..1 is counted to a thousandth.
CELLS = 1000


@dataclass
class Moments:
    """Number, mean and spread of numbers, added up block by block.

    Sums are taken about a number in their middle, so that squares lose no digits.
    """

    about: float = 0.0
    n: int = 0
    first: float = 0.0
    second: float = 0.0

    def add(self, values: Array) -> None:
        """Add some numbers; NaN is left out."""
        own = values[~np.isnan(values)] - self.about
        self.n += len(own)
        self.first += float(own.sum())
        self.second += float(np.dot(own, own))

    def merge(self, other: Moments) -> None:
        """Add the numbers of another one about the same."""
        self.n += other.n
        self.first += other.first
        self.second += other.second

    @property
    def mean(self) -> float:
        """NaN for no numbers."""
        return self.about + self.first / self.n if self.n else float("nan")

    @property
    def error(self) -> float:
        """Standard error of the mean; NaN for fewer than two numbers."""
        if self.n < 2:
            return float("nan")
        square = max(self.second - self.first**2 / self.n, 0.0)
        return float(np.sqrt(square / (self.n - 1) / self.n))


@dataclass
class Side:
    """The merchants of one side.

    Attributes
    ----------
    card : Scorecard
    bins : dict of str to Bins or None
        By signal. None for the reference: its figures are held until `own_bins` is called.
    columns : tuple of str
        Columns of text whose mix is counted.
    rows, rejected : int
        Merchants without and with faults.
    index, coverage : Moments
    points : dict of str to Moments
        By signal and rule, what each gave the merchants that have an index; their means add up to
        the mean index.
    counts : dict of str to ndarray
        By signal, merchants in each bin.
    utility : dict of str to ndarray
        By signal, merchants in each thousandth of the utility.
    mixes : dict of str to Counter
        By column, and by ``tier`` and ``status``.
    missing : set of str
        Columns that some file did not have.
    """

    card: Scorecard
    bins: Mapping[str, Bins] | None = None
    columns: tuple[str, ...] = ()
    rows: int = 0
    rejected: int = 0
    index: Moments = field(default_factory=lambda: Moments(50.0))
    coverage: Moments = field(default_factory=Moments)
    points: dict[str, Moments] = field(default_factory=dict)
    counts: dict[str, Array] = field(default_factory=dict)
    utility: dict[str, Array] = field(default_factory=dict)
    mixes: dict[str, Counter[str]] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)
    _held: dict[str, list[tuple[Array, Array]]] = field(default_factory=dict)

    def add(
        self,
        block: Block,
        missing: frozenset[str] = frozenset(),
        *,
        as_of: dt.date | None = None,
        texts: Mapping[str, Array] | None = None,
    ) -> None:
        """Add merchants.

        Parameters
        ----------
        block : mapping of str to ndarray
            As for `score_columns`.
        missing : frozenset of str
            Columns that were not collected.
        as_of : date, optional
            Day of the review, for the minimum stay in a tier.
        texts : mapping of str to ndarray, optional
            Further columns to count, of those in `columns`.
        """
        scores = score_columns(block, self.card, "all", missing=missing, as_of=as_of)
        self.missing |= missing
        self.rows += len(scores.trust_index)
        self.index.add(scores.trust_index)
        self.coverage.add(scores.coverage)
        self._add_points(scores)
        self._add_figures(scores, with_derived(block, self.card, self.card.without(missing)))
        mixes = {"tier": scores.tier, "status": scores.status}
        given = {**block, **(texts or {})}
        mixes |= {name: fold_side_column(given[name]) for name in self.columns if name in given}
        for name, values in mixes.items():
            self.mixes.setdefault(name, Counter()).update(values.tolist())

    def _add_points(self, scores: Scores) -> None:
        assert scores.gained is not None
        known = np.isfinite(scores.trust_index)
        names = [signal.id for signal in self.card.signals]
        gained = dict(zip(names, scores.gained, strict=True)) | scores.adjustments
        for name, points in gained.items():
            self.points.setdefault(name, Moments()).add(points[known])

    def _add_figures(self, scores: Scores, block: Block) -> None:
        assert scores.applies is not None and scores.reliability is not None
        assert scores.utility is not None
        for at, signal in enumerate(self.card.signals):
            applies = scores.applies[at]
            known = applies & (scores.reliability[at] > 0)
            figure = np.full(len(applies), np.nan)
            if known.any():
                figure[known] = block[signal.value][known]
                if signal.counts and signal.sample is not None:
                    # Events of nothing have no rate.
                    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                        figure[known] /= block[signal.sample][known]
                figure[~np.isfinite(figure)] = np.nan
            if self.bins is None:
                self._held.setdefault(signal.id, []).append((figure, applies.copy()))
            else:
                self._count(signal.id, self.bins[signal.id], figure, applies)
            cells = np.rint(scores.utility[at][applies] * CELLS).astype(np.int64)
            found = np.bincount(cells, minlength=CELLS + 1)
            self.utility[signal.id] = self.utility.get(signal.id, 0) + found

    def _count(self, name: str, bins: Bins, figure: Array, applies: Array) -> None:
        found = np.bincount(bins.place(figure, applies), minlength=bins.count)
        self.counts[name] = self.counts.get(name, 0) + found

    def merge(self, other: Side) -> None:
        """Add the merchants of another side with the same bins."""
        self.rows += other.rows
        self.rejected += other.rejected
        self.index.merge(other.index)
        self.coverage.merge(other.coverage)
        self.missing |= other.missing
        for name, points in other.points.items():
            self.points.setdefault(name, Moments()).merge(points)
        for mine, its in ((self.counts, other.counts), (self.utility, other.utility)):
            for name, counts in its.items():
                mine[name] = mine.get(name, 0) + counts
        for name, mix in other.mixes.items():
            self.mixes.setdefault(name, Counter()).update(mix)

    def own_bins(self) -> Mapping[str, Bins]:
        """Return the bins of these merchants, and count them in them."""
        if self.bins is None:
            found = {}
            for signal in self.card.signals:
                held = self._held.pop(signal.id, [])
                figure = np.concatenate([each for each, _ in held]) if held else np.empty(0)
                bins = found[signal.id] = bins_of(figure[~np.isnan(figure)])
                for each, applies in held:
                    self._count(signal.id, bins, each, applies)
            self.bins = found
        return self.bins

    def shares(self, name: str) -> FloatArray:
        """Return the shares of the bins of a signal."""
        counts = self.counts[name]
        return np.asarray(counts / max(self.rows, 1), dtype=np.float64)

    @property
    def not_collected(self) -> frozenset[str]:
        """Signals whose columns some file did not have."""
        absent = self.card.without(frozenset(self.missing))
        return frozenset(s.id for s in self.card.signals if absent.intersection(s.columns))
