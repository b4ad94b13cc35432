"""Evidence of one signal, as priors and anchors are fitted to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from trustscore.evidence import shrink_count, shrink_mean
from trustscore.fitting.anchors import clean, steady
from trustscore.fitting.notes import Note
from trustscore.fitting.priors import Prior, fit_counts, fit_means, fit_values
from trustscore.rules import holds
from trustscore.scorecard import Signal
from trustscore.scorecard.side_values import fold_side_column

__all__ = ["Block", "Evidence", "evidence_of", "folded", "prior_of", "scored", "set_aside"]

Array = np.ndarray[Any, Any]
Block = Mapping[str, Array]

_COUNTS = ("rate", "events")
_OUTLIERS = 0.01


@dataclass(frozen=True)
class Evidence:
    """Evidence of one signal: figures with NaN where there is none, on the scale they shrink."""

    kind: str
    value: Array  # k for counts, the figure otherwise
    n: Array | None
    known: Array

    @property
    def y(self) -> Array:
        """Raw figure of the merchants with evidence."""
        if self.kind in _COUNTS:
            assert self.n is not None
            return self.value[self.known] / self.n[self.known]
        return self.value[self.known]


def evidence_of(signal: Signal, block: Block, rows: Array) -> Evidence:
    """Return the evidence that some rows have of a signal.

    A row has none where the signal does not apply, where there is nothing to count, and where
    the figure is withheld: what a merchant hides must not look like what merchants are like.
    """
    value = block[signal.value].astype(np.float64)
    known = rows & ~np.isnan(value)
    for condition in signal.applies_when:
        known &= holds(condition, block.get, unknown=True)
    n = None
    if signal.sample is not None:
        n = block[signal.sample]
        with np.errstate(invalid="ignore"):
            known &= n > 0
    if signal.kind == "duration":
        anchors = [a for a in (signal.poor, signal.good) if a > 0]
        # Scoring floors a duration at a hundredth of its good end; an open end is not known yet.
        least = min(anchors) / 100 if len(anchors) == 2 else 1e-3 * _middle(value[known])
        value = np.log(np.maximum(value, max(least, 1e-300)))
    return Evidence(signal.kind, value, n, known)


def _middle(values: Array) -> float:
    positive = values[values > 0]
    return float(np.median(positive)) if len(positive) else 1.0


def set_aside(raw: Evidence, where: str, notes: list[Note]) -> Evidence:
    """Return evidence without the figures beyond the fences."""
    if raw.kind == "flag" or not raw.known.any():
        return raw
    scale = "mean" if raw.kind == "duration" else raw.kind  # durations are logarithms already
    inside = clean(steady(scale, raw.y), None if raw.n is None else raw.n[raw.known])
    out = int((~inside).sum())
    if not out:
        return raw
    if out > _OUTLIERS * len(inside):
        text = f"{out} of {len(inside)} merchants lie far beyond the others and were set aside"
        notes.append(Note("outliers", where, text))
    known = raw.known.copy()
    known[np.flatnonzero(raw.known)[~inside]] = False
    return Evidence(raw.kind, raw.value, raw.n, known)


def prior_of(raw: Evidence) -> Prior:
    """Fit the prior that suits the kind."""
    value = np.where(raw.known, raw.value, np.nan)
    if raw.n is None:
        return fit_values(raw.kind, value)
    if raw.kind in _COUNTS:
        return fit_counts(raw.kind, value, raw.n)
    return fit_means(value, raw.n)


def scored(raw: Evidence, prior: float, strength: float, kind: str) -> tuple[Array, Array]:
    """Return shrunk figures of the merchants with evidence, and how reliable they are."""
    if raw.n is None:
        return raw.y, np.ones(len(raw.y))
    value, n = raw.value[raw.known], raw.n[raw.known]
    shrink = shrink_count if kind in _COUNTS else shrink_mean
    x, doubt = shrink(value.copy(), n.copy(), prior, strength)
    return x, 1.0 - doubt


def folded(block: Block, column: str, rows: int) -> Array:
    """Return a text column as overlays and peer groups compare it; blank is empty."""
    if column not in block:
        return np.full(rows, "", dtype=object)
    return fold_side_column(block[column])
