"""Priors of means of n observations, normal between merchants and within them."""

from __future__ import annotations

import numpy as np

from trustscore.fitting.likelihoods import Loss, Peak, find_peak, normal
from trustscore.fitting.priors import (
    CONTRADICTED,
    CONVENTION,
    LEAST_MERCHANTS,
    LOG_STRENGTHS,
    NOTHING_STATED,
    TOLD,
    Prior,
    Stated,
    at_limit,
    clip_strength,
)
from trustscore.fitting.weighted import quantile
from trustscore.typing import Array

__all__ = ["fit_means"]


def fit_means(
    mean: Array, n: Array, *, stated: Stated = NOTHING_STATED, weight: Array | None = None
) -> Prior:
    """Fit the prior of a mean of n observations: normal between merchants and within them.

    ``mean_i ~ N(m, t^2 + sd^2 / n_i)``, maximum likelihood in m, t and sd; strength is ``sd^2 /
    t^2``. For a duration give its logarithm. Where all merchants have about equally many
    observations, t and sd cannot be separated: then sd stays as stated and t is fitted.

    Parameters
    ----------
    mean, n : ndarray of shape (merchants,)
        Rows where the mean is blank, or n is blank or 0, are left out.
    stated : Stated
        Figures to keep where data cannot determine them.
    weight : ndarray of shape (merchants,), optional
        How many merchants each row stands for.

    Returns
    -------
    Prior

    Examples
    --------
    >>> draw = np.random.default_rng(1)
    >>> n = draw.integers(1, 60, 2000).astype(float)
    >>> mean = draw.normal(4.5, 0.2, 2000) + draw.normal(0, 1, 2000) / np.sqrt(n)
    >>> found = fit_means(mean, n)
    >>> round(found.prior, 1), 0.9 < found.sd < 1.1, 18 < found.strength < 32
    (4.5, True, True)
    >>> fit_means(mean, np.full(2000, 9.0), stated=Stated(sd=0.9, strength=20.0)).untold
    ('sd',)
    """
    known = ~np.isnan(mean) & (n > 0)
    many = np.ones(len(n)) if weight is None else weight
    known &= many > 0
    y, n, many = mean[known], n[known], many[known]
    facts = (len(n), float((many * n).sum()))
    method = "normal hierarchical"
    if len(n) < LEAST_MERCHANTS:
        return Prior(np.nan, np.nan, np.nan, *facts, method, "too_few")
    default = CONVENTION if stated.strength is None else stated.strength
    sd = np.nan if stated.sd is None else stated.sd
    with np.errstate(over="ignore", invalid="ignore"):
        total = float(np.average((y - np.average(y, weights=many)) ** 2, weights=many))
    if not np.isfinite(total):
        middle = float(quantile(y, 0.5, weight=many))
        how = f"{method}, moments"
        return Prior(middle, default, sd, *facts, how, "no_convergence", ("strength", "sd"))
    if np.sqrt(total) <= 1e-9 * max(1.0, float(np.abs(y).max())):
        every = ("prior", "strength", "sd")
        return Prior(float(y[0]), default, sd, *facts, method, "constant", every)
    loss = normal(y, n, many)
    well = n >= np.median(n)
    t2 = max(float(np.var(y[well])), total / 100)
    start = np.log([t2, max(total - t2, total / 10) * float(np.median(n))])
    wide = (np.log(total) - 18.0, np.log(total) + 12.0)
    peak = find_peak(loss, start, [wide, wide], many.sum())

    def result(
        peak: Peak, strength: float, flaw: str | None, untold: tuple[str, ...], sd: float
    ) -> Prior:
        t2, s2 = np.exp(peak.at)
        precision = many / (t2 + s2 / n)
        middle = float((precision * y).sum() / precision.sum())
        how = f"{method}, ML" if peak.found else f"{method}, moments"
        return Prior(middle, strength, sd, *facts, how, flaw, untold)

    if not peak.found:
        at = Peak(np.log([total, total]), np.inf, np.zeros((2, 2)), False)
        return result(at, default, "no_convergence", ("strength", "sd"), sd)
    untold: tuple[str, ...] = ()
    if not np.sqrt(peak.covariance[1, 1]) <= TOLD:
        if np.isnan(sd):
            return result(peak, default, None, ("strength", "sd"), np.nan)
        untold = ("sd",)
        fixed = float(np.log(sd**2))
        least = min(wide[0], fixed - LOG_STRENGTHS[1] - 1.0)
        peak = find_peak(
            loss, np.array([start[0], fixed]), [(least, wide[1]), (fixed, fixed)], many.sum()
        )
    log_t2, log_s2 = (float(x) for x in peak.at)
    apart = peak.covariance[0, 0] + peak.covariance[1, 1] - 2 * peak.covariance[0, 1]
    strength = float(np.exp(min(max(log_s2 - log_t2, LOG_STRENGTHS[0]), LOG_STRENGTHS[1])))
    flaw = at_limit(strength)
    own = float(np.exp(log_s2 / 2))
    if flaw == "no_overdispersion" or not np.sqrt(apart) <= TOLD:
        # Test the stated strength, which fixes the variance between merchants at this sd.
        asked = log_s2 - float(np.log(clip_strength(default)))
        low, high = (log_s2, log_s2) if untold else wide
        other = find_peak(
            _tied(loss, float(np.log(clip_strength(default)))),
            np.array([log_s2]),
            [(low, high)],
            many.sum(),
        )
        if 2 * (other.loss - peak.loss) <= CONTRADICTED:
            tied = Peak(np.array([asked, log_s2]), other.loss, peak.covariance, True)
            return result(tied, default, None, ("strength", *untold), own)
    return result(peak, strength, flaw, untold, own)


def _tied(loss: Loss, log_strength: float) -> Loss:
    """Return a loss in log sd^2 alone, where t^2 is sd^2 over a given strength."""

    def tied(theta: Array) -> tuple[float, Array]:
        value, slope = loss(np.array([theta[0] - log_strength, theta[0]]))
        return value, np.array([slope.sum()])

    return tied
