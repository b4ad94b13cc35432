"""What a run did, in numbers that do not depend on how it was cut into blocks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trustscore.scorecard import Scorecard
from trustscore.scorecard.statuses import STATUS_WORDS

__all__ = ["BY_SIGNAL", "Summary", "Tally"]

# Sums are kept in whole billionths: integers add up alike in every order.
_UNIT = 10**9
_BINS = 1000
BY_SIGNAL = ("blanks", "withheld", "without_whole")
"""Counts of rows by signal in a `Tally`."""


@dataclass
class Summary:
    """Mean, extremes and quantiles of a column of numbers within 0 and `top`.

    Examples
    --------
    >>> summary = Summary(1.0)
    >>> summary.add(np.array([0.25, 0.75, np.nan]))
    >>> summary.as_dict()["mean"], summary.as_dict()["rows"]
    (0.5, 2)
    """

    top: float
    rows: int = 0
    total: int = 0
    bins: NDArray[np.int64] = field(default_factory=lambda: np.zeros(_BINS + 1, dtype=np.int64))

    def add(self, values: NDArray[np.float64]) -> None:
        """Count some values; NaN is left out."""
        values = values[~np.isnan(values)]
        self.rows += len(values)
        self.total += int(np.rint(values * _UNIT).astype(np.int64).sum())
        places = np.clip(values * (_BINS / self.top), 0, _BINS).astype(np.int64)
        self.bins += np.bincount(places, minlength=_BINS + 1)

    def merge(self, other: Summary) -> None:
        """Add what another one counted."""
        self.rows += other.rows
        self.total += other.total
        self.bins += other.bins

    def as_dict(self) -> dict[str, Any]:
        """Return the summary; extremes and quantiles are rounded down to a thousandth of `top`."""
        if not self.rows:
            return {"rows": 0}
        passed = np.cumsum(self.bins)
        places = {"least": 1.0, "most": float(self.rows)}
        places |= {f"p{percent}": self.rows * percent / 100 for percent in (10, 50, 90)}
        return {"rows": self.rows, "mean": round(self.total / self.rows / _UNIT, 6)} | {
            name: round(float(np.searchsorted(passed, place)) * self.top / _BINS, 6)
            for name, place in places.items()
        }


@dataclass
class Tally:
    """Counts over the rows of a run, or of a block of it.

    Examples
    --------
    >>> tally = Tally(read=3)
    >>> tally.reject(["not_a_number"])
    >>> tally.read, tally.rejected
    (3, Counter({'not_a_number': 1}))
    """

    read: int = 0
    scored: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    status: Counter[str] = field(default_factory=Counter)
    tier: Counter[str] = field(default_factory=Counter)
    veto: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    blanks: NDArray[np.int64] | None = None
    withheld: NDArray[np.int64] | None = None
    without_whole: NDArray[np.int64] | None = None
    unknown_tier: int = 0
    coverage: Summary = field(default_factory=lambda: Summary(1.0))
    index: Summary = field(default_factory=lambda: Summary(100.0))

    def reject(self, reasons: Sequence[str]) -> None:
        """Count rejected rows by reason."""
        self.rejected.update(reasons)

    def score(self, scores: Any) -> None:
        """Count scored rows."""
        self.coverage.add(scores.coverage)
        self.index.add(scores.trust_index)
        self.scored += len(scores.trust_index)
        self.unknown_tier += scores.unknown_tier
        for mine, names, codes in (
            (self.status, scores.status_names, scores.status_code),
            (self.tier, scores.tier_names, scores.tier_code),
            (self.veto, scores.veto_names, scores.veto_code),
        ):
            for name, count in zip(names, np.bincount(codes).tolist(), strict=False):
                if count:
                    mine[name] += count
        for rule, count in zip(
            scores.scorecard.rules, scores.fired.sum(axis=1).tolist(), strict=True
        ):
            if count:
                self.rules[rule.id] += count
        counted = (scores.unknown, scores.withheld_count, scores.without_whole)
        for name, counts in zip(BY_SIGNAL, counted, strict=True):
            self._add(name, counts)

    def _add(self, name: str, counts: NDArray[np.int64]) -> None:
        mine = getattr(self, name)
        setattr(self, name, counts.copy() if mine is None else mine + counts)

    def merge(self, other: Tally) -> None:
        """Add what another one counted."""
        self.read += other.read
        self.scored += other.scored
        self.unknown_tier += other.unknown_tier
        for name in ("rejected", "status", "tier", "veto", "rules"):
            getattr(self, name).update(getattr(other, name))
        for name in BY_SIGNAL:
            if getattr(other, name) is not None:
                self._add(name, getattr(other, name))
        self.coverage.merge(other.coverage)
        self.index.merge(other.index)

    def as_dict(self, scorecard: Scorecard) -> dict[str, Any]:
        """Return the counts of a manifest."""
        signals = [signal.id for signal in scorecard.signals]
        ladder = [tier.id for tier in scorecard.tiers.ladder]
        return {
            "rows": {
                "read": self.read,
                "scored": self.scored,
                "rejected": sum(self.rejected.values()),
            },
            "rejected": _counts(self.rejected),
            "status": self._shares(self.status, STATUS_WORDS[::-1]),
            "tier": self._shares(self.tier, ladder),
            "unknown_previous_tier": self.unknown_tier,
            "veto": _counts(self.veto, drop=""),
            "rules": _counts(self.rules),
            "trust_index": self.index.as_dict(),
            "coverage": self.coverage.as_dict(),
            "blanks": _by_name(signals, self.blanks),
            "withheld": _by_name(signals, self.withheld),
            "without_whole": _by_name(signals, self.without_whole),
        }

    def _shares(self, counts: Mapping[str, int], names: Sequence[str]) -> dict[str, Any]:
        whole = max(self.scored, 1)
        return {
            name: {"rows": counts.get(name, 0), "share": round(counts.get(name, 0) / whole, 6)}
            for name in names
        }


def _counts(counts: Mapping[str, int], drop: str | None = None) -> dict[str, int]:
    return {name: n for name, n in sorted(counts.items()) if n and name != drop}


def _by_name(names: Sequence[str], counts: NDArray[np.int64] | None) -> dict[str, int]:
    if counts is None:
        return {}
    return {name: int(n) for name, n in zip(names, counts, strict=True) if n}
