"""Evidence of one signal, as priors and anchors are fitted to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from trustscore.fitting.anchors import stabilise_variance, within_fences
from trustscore.fitting.counts import fit_counts
from trustscore.fitting.document import significant
from trustscore.fitting.means import fit_means
from trustscore.fitting.notes import Note
from trustscore.fitting.outliers import fit_without_outliers
from trustscore.fitting.priors import NOTHING_STATED, Prior, Stated, fit_values
from trustscore.scorecard import Signal
from trustscore.scorecard.kinds import KINDS
from trustscore.scorecard.side_values import fold_side_column
from trustscore.scoring.curves import shrunk
from trustscore.typing import Array

__all__ = ["Block", "SignalEvidence", "evidence_of", "fit_evidence", "folded", "shrunk_evidence"]

Block = Mapping[str, Array]

# Figures without a sample have no fitted law. They are set aside only where more than this share of
# them lies beyond the fences: fewer cannot move a 5th or 95th percentile.
_OUTLIERS = 0.01


@dataclass(frozen=True)
class SignalEvidence:
    """Evidence of one signal on the scale on which it is shrunk; NaN where there is none.

    Attributes
    ----------
    kind : str
    value : ndarray of shape (rows,)
        k for counts, the figure otherwise.
    n : ndarray or None
    known : ndarray of bool
    weight : ndarray or None
        How many merchants each row stands for.
    group : ndarray of int or None
        Peer group of each row, -1 for none.
    """

    kind: str
    value: Array
    n: Array | None
    known: Array
    weight: Array | None = None
    group: Array | None = None

    @property
    def y(self) -> Array:
        """Raw figure of the merchants with evidence."""
        if KINDS[self.kind].counts:
            assert self.n is not None
            return self.value[self.known] / self.n[self.known]
        return self.value[self.known]

    def only(self, rows: Array) -> SignalEvidence:
        """Return the evidence of some of the merchants."""
        return replace(self, known=self.known & rows)


def evidence_of(
    signal: Signal,
    block: Block,
    rows: Array,
    weight: Array | None = None,
    group: Array | None = None,
) -> SignalEvidence:
    """Return the evidence that some rows have of a signal.

    A row has none where the signal does not apply, where the sample is 0, and where the figure is
    blank or withheld: hidden figures must not enter a prior as if merchants had shown them.
    """
    value = block[signal.value].astype(np.float64)
    known = rows & ~np.isnan(value)
    if weight is not None:
        known &= weight > 0
    for condition in signal.applies_when:
        known &= condition.holds(block.get, unknown=True)
    n = None
    if signal.sample is not None:
        n = block[signal.sample]
        with np.errstate(invalid="ignore"):
            known &= n > 0
    if signal.on_log:
        anchors = [a for a in (signal.poor, signal.good) if not a <= 0]
        # Scoring floors a duration at a hundredth of its lower end; an open end is not known yet.
        closed = anchors and not np.isnan(anchors).any()
        least = min(anchors) / 100 if closed else 1e-3 * _median_above_zero(value[known])
        value = np.log(np.maximum(value, max(least, 1e-300)))
    return SignalEvidence(signal.kind, value, n, known, weight, group)


def _median_above_zero(values: Array) -> float:
    positive = values[values > 0]
    return float(np.median(positive)) if len(positive) else 1.0


def fit_evidence(
    raw: SignalEvidence, where: str, notes: list[Note], stated: Stated = NOTHING_STATED
) -> tuple[Prior, SignalEvidence]:
    """Fit the prior of a signal by its kind; return it with the evidence without outliers.

    Parameters
    ----------
    raw : SignalEvidence
    where : str
        Address for the note on outliers.
    notes : list of Note
    stated : Stated
        Figures to keep where these merchants cannot determine them.
    """
    if raw.n is None:
        weight = None if raw.weight is None else raw.weight[raw.known]
        return fit_values(raw.kind, raw.value[raw.known], weight=weight), _fenced(raw, where, notes)
    rows = np.flatnonzero(raw.known)
    value, n = raw.value[rows], raw.n[rows]
    weight = None if raw.weight is None else raw.weight[rows]

    def fit(use: Array) -> Prior:
        own = None if weight is None else weight[use]
        if KINDS[raw.kind].counts:
            return fit_counts(raw.kind, value[use], n[use], stated=stated, weight=own)
        return fit_means(value[use], n[use], stated=stated, weight=own)

    group = None if raw.group is None else raw.group[rows]
    found = fit_without_outliers(raw.kind, value, n, _inside(raw), fit, group)
    if found.whole is None:
        return found.prior, raw
    kept = np.zeros(len(raw.known), dtype=bool)
    kept[rows[found.inside]] = True
    notes.append(Note("outliers", where, _outlier_text(raw.kind, found.inside, found)))
    return found.prior, raw.only(kept)


def _outlier_text(kind: str, inside: Array, found: Any) -> str:
    out = int((~inside).sum())
    text = (
        f"{out} of {len(inside)} merchants have figures that the others make all but impossible, "
        "and were set aside"
    )
    if not found.whole.usable:
        return text
    ends = [np.exp(p.prior) if KINDS[kind].on_log else p.prior for p in (found.whole, found.prior)]
    return (
        f"{text}: with them the prior would be {significant(float(ends[0])):g} and worth "
        f"{significant(found.whole.strength, 3):g} observations, without them it is "
        f"{significant(float(ends[1])):g} and {significant(found.prior.strength, 3):g}"
    )


def _inside(raw: SignalEvidence) -> Array:
    """Return which of the known figures are within wide fences."""
    if raw.kind == "flag":
        return np.ones(int(raw.known.sum()), dtype=bool)
    scale = "mean" if KINDS[raw.kind].on_log else raw.kind  # durations are logarithms already
    n = None if raw.n is None else raw.n[raw.known]
    weight = None if raw.weight is None else raw.weight[raw.known]
    y = raw.y
    inside = within_fences(stabilise_variance(scale, y), n, weight)
    if n is None and not inside.all():
        # A long tail lies within the fences on the logarithm; an error lies beyond them on both
        # scales.
        above = y > 0
        inside[above] |= within_fences(
            np.log(y[above]), None, None if weight is None else weight[above]
        )
    return inside


def _fenced(raw: SignalEvidence, where: str, notes: list[Note]) -> SignalEvidence:
    """Drop figures without a sample beyond the fences, where there are many of them."""
    inside = _inside(raw)
    out = int((~inside).sum())
    if not out > _OUTLIERS * len(inside):
        return raw
    text = (
        f"{out} of {len(inside)} merchants lie far beyond the others and have no part in its "
        "anchors; its prior is the median of all"
    )
    notes.append(Note("outliers", where, text))
    kept = np.zeros(len(raw.known), dtype=bool)
    kept[np.flatnonzero(raw.known)[inside]] = True
    return raw.only(kept)


def shrunk_evidence(
    raw: SignalEvidence, prior: float, strength: float, kind: str
) -> tuple[Array, Array]:
    """Return the shrunk figures of the merchants with evidence, and their reliability."""
    if raw.n is None:
        return raw.y, np.ones(len(raw.y))
    value, n = raw.value[raw.known], raw.n[raw.known]
    x, doubt = shrunk(kind, value, n, prior, strength)
    return x, 1.0 - doubt


def folded(block: Block, column: str, rows: int) -> Array:
    """Return a text column as overlays and peer groups compare it; blank is empty."""
    if column not in block:
        return np.full(rows, "", dtype=object)
    return fold_side_column(block[column])
