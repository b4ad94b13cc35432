"""What a look at two sides found: distances, chances, verdicts and points of the index."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from trustscore.drift.side import Moments, Side
from trustscore.run_summary import Breakdown, RunSummary

__all__ = ["VERDICTS", "Drift", "Look", "Month", "joint_error"]

VERDICTS = ("none", "not_collected", "noise", "slight", "moderate", "large")
"""From nothing to worst; from ``slight`` on chance does not explain it."""


@dataclass(frozen=True)
class Look:
    """One distribution on both sides.

    Attributes
    ----------
    name : str
        Of a signal, or of a column of text; ``tier`` and ``status`` among these.
    kind : {"signal", "mix"}
    psi, psi_by_chance : float
        Population stability index with unknown figures as a bin of their own, and its mean if
        both sides were samples of one distribution.
    chance, chance_corrected : float
        Of a difference as large as this without drift (G-test), before and after the correction
        for all looks (Benjamini-Hochberg).
    jensen_shannon : float
        Distance of the two distributions, 0..1.
    utility_distance : float
        Wasserstein-1 distance of the utilities, in points of 0..100; NaN for a mix.
    unknown, not_applicable : pair of float
        Shares of the merchants of each side; NaN for a mix.
    points, points_error : float
        By how many points the signal moves the mean index, and the standard error; NaN for a mix.
    verdict : str
        One of `VERDICTS`.
    labels : tuple of str
        Of the bins.
    counts : pair of tuple of int
        Merchants in each bin.
    """

    name: str
    kind: str
    psi: float
    psi_by_chance: float
    chance: float
    jensen_shannon: float
    utility_distance: float
    unknown: tuple[float, float]
    not_applicable: tuple[float, float]
    points: float
    points_error: float
    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], tuple[int, ...]]
    chance_corrected: float = float("nan")
    verdict: str = "none"

    @property
    def beyond_chance(self) -> float:
        """PSI less what it is by chance."""
        return self.psi - self.psi_by_chance

    @property
    def psi_error(self) -> float:
        """Standard deviation of the PSI of two samples of one distribution."""
        freedom = sum(a + b > 0 for a, b in zip(*self.counts, strict=True)) - 1
        return self.psi_by_chance * float(np.sqrt(2 / freedom)) if freedom > 0 else 0.0

    def facts(self) -> dict[str, Any]:
        """Return everything, ready for JSON."""
        found = {
            "name": self.name,
            "kind": self.kind,
            "verdict": self.verdict,
            "psi": self.psi,
            "psi_by_chance": self.psi_by_chance,
            "p": self.chance,
            "p_corrected": self.chance_corrected,
            "jensen_shannon": self.jensen_shannon,
        }
        if self.kind == "signal":
            found |= {
                "utility_distance": self.utility_distance,
                "unknown": dict(zip(("reference", "current"), self.unknown, strict=True)),
                "not_applicable": dict(
                    zip(("reference", "current"), self.not_applicable, strict=True)
                ),
                "points": self.points,
                "points_error": self.points_error,
            }
        found["bins"] = [
            {"bin": label, "reference": a, "current": b}
            for label, a, b in zip(self.labels, *self.counts, strict=True)
        ]
        return _for_json(found)


def _for_json(found: dict[str, Any]) -> dict[str, Any]:
    """Return facts without NaN, which JSON does not have."""
    return {
        name: _for_json(value)
        if isinstance(value, dict)
        else None
        if isinstance(value, float) and not np.isfinite(value)
        else value
        for name, value in found.items()
    }


@dataclass(frozen=True)
class Drift:
    """What drifted from a reference to the merchants of now.

    Attributes
    ----------
    reference, current : Side
    looks : tuple of Look
        Signals in the order of the scorecard, then mixes.
    rules : dict of str to float
        By how many points each rule, ``limit`` and ``cap`` moves the mean index. With the points
        of the signals they add up to the change of the mean index.
    months : tuple of Month
        Where the current side has months.
    """

    reference: Side
    current: Side
    looks: tuple[Look, ...]
    rules: Mapping[str, float]
    months: tuple[Month, ...] = ()

    @property
    def signals(self) -> tuple[Look, ...]:
        """Looks at signals."""
        return tuple(look for look in self.looks if look.kind == "signal")

    @property
    def mixes(self) -> tuple[Look, ...]:
        """Looks at columns of text, and at tiers and statuses."""
        return tuple(look for look in self.looks if look.kind == "mix")

    @property
    def worst(self) -> Look | None:
        """The signal or mix that drifted most."""
        return max(self.looks, key=_severity, default=None)

    @property
    def change(self) -> float:
        """Change of the mean index."""
        return self.current.index.mean - self.reference.index.mean

    @property
    def change_error(self) -> float:
        """Standard error of the change, for two independent samples."""
        return joint_error(self.reference.index, self.current.index)

    def drifted(self, least: str = "moderate") -> list[Look]:
        """Return the looks from a verdict on, the worst first."""
        found = [each for each in self.looks if _rank(each.verdict) >= _rank(least)]
        return sorted(found, key=_severity, reverse=True)

    @property
    def worst_month(self) -> Month | None:
        """The month with the most drift."""
        return max(self.months, key=lambda month: month.severity, default=None)

    @property
    def by_verdict(self) -> dict[str, int]:
        """Looks by verdict."""
        return {v: sum(look.verdict == v for look in self.looks) for v in VERDICTS}

    @property
    def summary(self) -> RunSummary:
        """What was looked at, at a glance."""
        counts = {"reference": self.reference.rows, "current": self.current.rows}
        counts |= {"rejected_old": self.reference.rejected, "rejected_new": self.current.rejected}
        counts["looks"] = len(self.looks)
        verdicts = Breakdown("verdict", self.by_verdict, len(self.looks))
        return RunSummary("drift", counts, (verdicts,))

    def facts(self) -> dict[str, Any]:
        """Return everything, ready for JSON."""
        sides = {"reference": self.reference, "current": self.current}
        worst = self.worst_month
        return {
            "scorecard": self.reference.card.stamp,
            "rows": {name: side.rows for name, side in sides.items()},
            "rejected": {name: side.rejected for name, side in sides.items()},
            "mean_index": _for_json(
                {name: side.index.mean for name, side in sides.items()}
                | {"change": self.change, "change_error": self.change_error}
            ),
            "verdicts": self.by_verdict,
            "points_by_signal": _for_json({look.name: look.points for look in self.signals}),
            "points_by_rule": _for_json(dict(self.rules)),
            "looks": [look.facts() for look in self.looks],
            "months": [month.facts() for month in self.months],
            "worst_month": None if worst is None else worst.month,
        }


@dataclass(frozen=True)
class Month:
    """The merchants of one month against the reference.

    Attributes
    ----------
    month : str
        Such as ``2026-01``.
    drift : Drift
    """

    month: str
    drift: Drift

    @property
    def severity(self) -> tuple[float, ...]:
        """How much drifted, for comparisons."""
        verdicts = [look.verdict for look in self.drift.looks]
        most = max((look.beyond_chance for look in self.drift.drifted("slight")), default=0.0)
        return (*(verdicts.count(each) for each in ("large", "moderate", "slight")), most)

    def facts(self) -> dict[str, Any]:
        """Return the row of a month, ready for JSON."""
        drifted = self.drift.drifted("slight")
        return _for_json(
            {
                "month": self.month,
                "rows": self.drift.current.rows,
                "mean_index": self.drift.current.index.mean,
                "change": self.drift.change,
                "change_error": self.drift.change_error,
                "slight": sum(look.verdict == "slight" for look in drifted),
                "moderate": sum(look.verdict == "moderate" for look in drifted),
                "large": sum(look.verdict == "large" for look in drifted),
                "worst": drifted[0].name if drifted else None,
                "worst_psi": drifted[0].psi if drifted else None,
            }
        )


def _rank(verdict: str) -> int:
    return VERDICTS.index(verdict)


def _severity(look: Look) -> tuple[int, float]:
    return _rank(look.verdict), float(np.nan_to_num(look.beyond_chance))


def joint_error(one: Moments, other: Moments) -> float:
    """Return the standard error of the difference of two independent means."""
    return float(np.hypot(one.error, other.error))
