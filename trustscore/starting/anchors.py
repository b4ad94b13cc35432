"""Where poor and good stand, and what else a signal needs, by the figures of a column."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from trustscore.scorecard.kinds import KINDS
from trustscore.starting.columns import Column
from trustscore.typing import FloatArray

__all__ = ["FAR", "NEAR", "Anchors", "anchors", "curve_of", "figures_of", "rounded", "values_of"]

# Figures beyond have no anchors that a scorecard could hold.
FAR = 1e15
NEAR = 1e-100
# Merchants with fewer cases say little of where good and poor are.
_ENOUGH = 10
_STRENGTHS = (10.0, 5000.0)
# How far merchants differ by themselves, in utility.
_SPREAD = 0.25


@dataclass
class Anchors:
    """Anchors, what they rest on, and what is doubtful about them."""

    poor: float
    good: float
    because: str
    doubts: list[str] = field(default_factory=list)


def values_of(column: Column, sample: Column | None, kind: str) -> tuple[FloatArray, float]:
    """Return the values of the merchants that were drawn, and what they have in common."""
    if kind in ("rate", "events"):
        assert sample is not None
        with np.errstate(over="ignore"):
            there = (sample.sample > 0) & ~np.isnan(column.sample)
            k, n = column.sample[there], sample.sample[there]
            common = float(k.sum() / n.sum()) if len(n) else 0.0
            enough = n >= _ENOUGH
            if np.count_nonzero(enough) >= _ENOUGH:
                k, n = k[enough], n[enough]
            return k / n, common
    drawn = column.drawn
    return drawn, float(np.median(drawn)) if len(drawn) else 0.0


def anchors(values: FloatArray, lower: bool) -> Anchors | None:
    """Return anchors that differ, from quantiles; None where there are none."""
    if len(values) < 2:
        return None

    def way(share: float) -> float:
        return 1.0 - share if lower else share

    for poor_at, good_at in ((0.05, 0.9), (0.01, 0.9), (0.01, 0.99), (0.0, 1.0)):
        poor, good = (float(np.quantile(values, way(q))) for q in (poor_at, good_at))
        if not abs(poor - good) > max(NEAR, 1e-9 * max(abs(poor), abs(good))):
            continue
        short = rounded(poor), rounded(good)
        if short[0] != short[1] and (short[0] > short[1]) == (poor > good):
            poor, good = short
        named = f"poor is {_quantile(way(poor_at))}, good {_quantile(way(good_at))}"
        few = len(values) < 30
        extreme = poor_at == 0.0
        doubts = ["few merchants" if few else "most are alike"] if few or extreme else []
        return Anchors(poor, good, named, doubts)
    return None


def _quantile(share: float) -> str:
    named = {0.0: "the least", 1.0: "the most"}
    return named.get(round(share, 6), f"q{100 * share:.0f}")


def rounded(value: float, digits: int = 3) -> float:
    """Return a number as a person would write it."""
    return float(f"{value:.{digits}g}")


def curve_of(kind: str, found: Anchors, values: FloatArray) -> str:
    """Return the curve where that of the kind would leave nearly all merchants at one end."""
    if kind not in ("count", "score") or min(found.poor, found.good, float(values.min())) < 0:
        return ""
    most = max(found.poor, found.good)
    return "log1p" if most > 20 * max(float(np.median(values)), 1.0) else ""


def figures_of(
    kind: str,
    sample: Column | None,
    found: Anchors,
    prior: float,
    values: FloatArray,
) -> dict[str, float]:
    """Return the numbers of the line of a signal."""
    form = KINDS[kind]
    poor, good = found.poor, found.good
    low, high = max(form.low, -FAR), min(form.high, FAR)
    prior = rounded(min(max(prior, low), high), 4)
    if form.low_is_open and prior <= form.low:
        prior = max(min(poor, good), NEAR)
    figures = {"poor": poor, "good": good, "prior": prior}
    if sample is None:
        return figures
    tau = _SPREAD * abs(poor - good)
    share = max(prior, 1e-6)
    if kind == "rate":
        strength = share * (1 - min(share, 1 - 1e-6)) / tau**2
    elif kind == "events":
        strength = share / tau**2
    elif kind == "mean":
        width = float(np.quantile(values, 0.95) - np.quantile(values, 0.05))
        sd = rounded(max(width / 2, abs(poor - good) / 4), 2)
        figures["sd"] = sd
        strength = (sd / tau) ** 2
    elif kind == "duration":
        figures["sd"] = 1.0
        strength = (1.0 / (_SPREAD * abs(math.log(poor / good)))) ** 2
    else:
        strength = 50.0
    if not math.isfinite(strength):
        strength = _STRENGTHS[1]
    figures["strength"] = rounded(min(max(strength, _STRENGTHS[0]), _STRENGTHS[1]))
    return figures
