"""Priors by maximum likelihood: what merchants are like before anything is known of one.

A prior is where a merchant without evidence stands and how many observations that is worth. Both
follow from how much merchants differ beyond what chance alone would make them differ, so they are
fitted over merchants, and never from a merchant's own figures. What these merchants cannot
determine is not fitted: one order each does not show how much merchants differ. Then the
scorecard's figure stays.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from trustscore.fitting.weighted import quantile
from trustscore.scorecard.kinds import KINDS
from trustscore.scoring.program import prior_spread
from trustscore.typing import Array

__all__ = [
    "CONTRADICTED",
    "CONVENTION",
    "LEAST_MERCHANTS",
    "LOG_STRENGTHS",
    "NOTHING_STATED",
    "STRENGTHS",
    "TOLD",
    "Prior",
    "Stated",
    "at_limit",
    "clip_strength",
    "fit_values",
    "most_strength",
    "unit_variance",
]


# With fewer merchants their spread cannot be distinguished from chance.
LEAST_MERCHANTS = 10
# A prior worth less would let one order decide; one worth more would never give way.
STRENGTHS = (1.0, 5000.0)
# Strength of a prior that neither data nor scorecard determine.
CONVENTION = float(LEAST_MERCHANTS)
# Data determine a figure when its standard error is at most this on its logarithm (log odds for a
# rate), a factor of about seven either way. Beyond that a fit would report chance.
TOLD = 1.0
# Twice the logarithm of a likelihood ratio that contradicts a stated figure: 5 %.
CONTRADICTED = 3.84
# A prior of a rare event may be worth as many observations as hold this many events. Merchants of
# whom one view in a million ends in a complaint may differ by half, and be worth millions of views.
_MOST_EVENTS = 50.0
_MOST = 1e9
LOG_STRENGTHS = (float(np.log(STRENGTHS[0])), float(np.log(STRENGTHS[1])))


class Stated(NamedTuple):
    """Figures to keep where data cannot determine them; None where the scorecard has none."""

    prior: float | None = None
    strength: float | None = None
    sd: float | None = None


NOTHING_STATED = Stated()
"""The scorecard states no figure."""


class Prior(NamedTuple):
    """A fitted prior.

    Attributes
    ----------
    prior, strength : float
        Mean and the observations it is worth; strength is NaN for a value without a sample.
    sd : float
        Standard deviation of one observation, for means and durations (there in log units).
    merchants : int
        With evidence.
    observations : float
    method : str
    flaw : str or None
        Name of what is wrong with the fit: ``too_few``, ``all_zero``, ``all_events``,
        ``constant``, ``no_overdispersion``, ``no_convergence``, ``strength_at_limit``.
    untold : tuple of str
        Those of ``prior``, ``strength``, ``sd`` that data cannot determine. They have the stated
        figures; a strength that the scorecard does not state is 10, by convention.
    """

    prior: float
    strength: float
    sd: float
    merchants: int
    observations: float
    method: str
    flaw: str | None = None
    untold: tuple[str, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether data determined the prior."""
        return self.flaw not in ("too_few", "all_zero", "all_events", "constant") and (
            "prior" not in self.untold
        )


def unit_variance(kind: str, n: Array, prior: Any, strength: Any, sd: Any) -> Array:
    """Return the variance of a merchant's raw figure around the prior.

    Spread between merchants plus chance within one: ``p (1 - p) (1/n + (1 - 1/n)/(s + 1))`` for a
    `rate`, ``p/n + p/s`` for `events`, ``sd^2 (1/n + 1/s)`` for the others.

    Examples
    --------
    >>> unit_variance("rate", np.array([1.0]), 0.5, 9.0, None).tolist()
    [0.25]
    """
    tau = prior_spread(kind if KINDS[kind].counts else "mean", prior, strength, sd)
    if kind == "rate":
        return prior * (1 - prior) / n + tau**2 * (1 - 1 / n)
    within = prior if kind == "events" else sd**2
    return within / n + tau**2


def at_limit(strength: float, most: float = STRENGTHS[1]) -> str | None:
    """Return the flaw of a strength at an end of its range; None inside."""
    if strength > 0.99 * most:
        return "no_overdispersion"
    return "strength_at_limit" if strength < 1.01 * STRENGTHS[0] else None


def clip_strength(strength: float, most: float = STRENGTHS[1]) -> float:
    """Return the nearest strength that a prior may have."""
    return float(min(max(strength, STRENGTHS[0]), most))


def most_strength(kind: str, prior: float) -> float:
    """Return the largest strength of a prior of counts that merchants' differences may tell.

    Examples
    --------
    >>> most_strength("rate", 0.2), most_strength("rate", 0.99999) > 4e6
    (5000.0, True)
    >>> most_strength("events", 1e-5)
    5000000.0
    """
    rare = min(prior, 1 - prior) if kind == "rate" else prior
    return float(round(min(max(_MOST_EVENTS / max(rare, 1e-300), STRENGTHS[1]), _MOST), 6))


def fit_values(kind: str, values: Array, *, weight: Array | None = None) -> Prior:
    """Fit the prior of a value without a sample: the share of a flag, else the median.

    Examples
    --------
    >>> fit_values("count", np.arange(21.0)).prior
    10.0
    """
    told = ~np.isnan(values)
    if weight is not None:
        told &= weight > 0
        weight = weight[told]
    known = values[told]
    method = "share" if kind == "flag" else "median"
    size = float(len(known) if weight is None else weight.sum())
    facts = (np.nan, np.nan, len(known), size, method)
    if len(known) < LEAST_MERCHANTS:
        return Prior(np.nan, *facts, "too_few")
    if kind == "flag":
        middle = float(np.average(known, weights=weight))
        ends = {0.0: "all_zero", 1.0: "all_events"}
        flaw = ends.get(middle)
    else:
        middle = float(quantile(known, 0.5, weight))
        flaw = "constant" if known.min() == known.max() else None
    return Prior(middle, *facts, flaw, ("prior",) if flaw else ())
