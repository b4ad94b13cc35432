"""Priors of peer groups: the mean of each group, and the spread of merchants inside groups."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.stats import chi2

from trustscore.fitting.likelihoods import Loss, beta_binomial, find_peak, gamma_poisson
from trustscore.fitting.priors import (
    CONTRADICTED,
    LEAST_MERCHANTS,
    LOG_STRENGTHS,
    STRENGTHS,
    TOLD,
    Prior,
    at_limit,
    clip_strength,
    most_strength,
    unit_variance,
)
from trustscore.scorecard.kinds import KINDS
from trustscore.typing import Array

__all__ = ["Groups", "fit_groups"]


# Level of Cochran's test: means of groups that chance alone may explain count as equal.
_CHANCE = 0.05
# The second round weighs merchants by their spread inside groups; a third changes nothing.
_ROUNDS = 2


class Groups(NamedTuple):
    """Priors of groups.

    Attributes
    ----------
    prior : ndarray of shape (groups,)
        NaN for a group without merchants.
    merchants : ndarray of shape (groups,)
    between : float
        Standard deviation between groups; 0 where they differ no more than chance makes them.
    strength : float
        What a prior is worth inside a group.
    sd : float
        Standard deviation of one observation, seen inside groups; NaN for counts.
    flaw : str or None
        ``no_overdispersion`` or ``strength_at_limit``; ``strength_untold`` where the strength is
        that of all merchants, as groups cannot tell their own.
    """

    prior: Array
    merchants: Array
    between: float
    strength: float
    sd: float
    flaw: str | None = None


def fit_groups(
    kind: str,
    y: Array,
    n: Array,
    group: Array,
    groups: int,
    parent: Prior,
    weight: Array | None = None,
) -> Groups:
    """Fit the priors of groups, shrunk to that of all merchants by the variance between groups.

    A group's mean weighs its merchants by the inverse of `unit_variance`; the variance between
    groups is that of DerSimonian and Laird, or 0 where Cochran's test sees no difference; what is
    left of a group's distance to the parent is ``w2 / (w2 + se^2)``, so that a group of one stands
    near the parent. The strength is fitted by maximum likelihood, with the prior of each merchant
    at that of its group. So a group counts by its number of merchants, and a small distant group
    does not make merchants of the others look alike.

    Parameters
    ----------
    kind : str
    y, n : ndarray of shape (merchants,)
        Raw figure (k / n, mean, or log of a duration) and observations, all known.
    group : ndarray of int
        Group of each merchant, 0 to groups - 1.
    groups : int
    parent : Prior
    weight : ndarray of shape (merchants,), optional
        How many merchants each row stands for.

    Returns
    -------
    Groups

    Examples
    --------
    >>> parent = Prior(0.1, 50.0, np.nan, 300, 30000.0, "")
    >>> draw = np.random.default_rng(0)
    >>> group = np.arange(400) % 2
    >>> y = draw.binomial(100, np.where(group, 0.15, 0.05)) / 100
    >>> found = fit_groups("rate", y, np.full(400, 100.0), group, 2, parent)
    >>> found.prior.round(2).tolist(), found.strength > parent.strength
    ([0.05, 0.15], True)
    """
    merchants = np.bincount(group, minlength=groups)
    many = np.ones(len(n)) if weight is None else weight
    has = merchants > 0
    inside = _Inside(parent.strength, parent.sd, None)
    prior, between = np.where(has, parent.prior, np.nan), 0.0
    center = np.full(groups, parent.prior)
    for _ in range(_ROUNDS):
        variance = unit_variance(kind, n, center[group], inside.strength, inside.sd)
        precision = many / np.maximum(variance, 1e-300)
        total = np.bincount(group, precision, groups)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.bincount(group, precision * y, groups) / total
            se2 = 1 / total
        between = _between(total[has], mean[has])
        if not between:
            alone = np.where(has, parent.prior, np.nan)
            return Groups(alone, merchants, 0.0, parent.strength, parent.sd)
        with np.errstate(invalid="ignore"):
            prior = parent.prior + between / (between + se2) * (mean - parent.prior)
        # A group too small for a prior of its own gets that of all merchants.
        own = merchants >= LEAST_MERCHANTS
        center = np.where(own, _inside_support(kind, prior, parent), parent.prior)
        inside = _within(kind, y, n, center[group], many * own[group], parent)
    whole = np.where(has, prior, np.nan)
    return Groups(whole, merchants, float(np.sqrt(between)), *inside)


def _between(weight: Array, mean: Array) -> float:
    """Return the variance between groups; 0 where chance alone may explain it."""
    if len(mean) < 2:
        return 0.0
    center = (weight * mean).sum() / weight.sum()
    apart = float((weight * (mean - center) ** 2).sum())
    spare = float(weight.sum() - (weight**2).sum() / weight.sum())
    if spare <= 0 or chi2.sf(apart, len(mean) - 1) > _CHANCE:
        return 0.0
    return max(0.0, (apart - (len(mean) - 1)) / spare)


def _inside_support(kind: str, prior: Array, parent: Prior) -> Array:
    """Move priors inside the support: a rate of 0 or 1 would make some counts impossible."""
    if kind == "rate":
        return np.clip(prior, 1e-9, 1 - 1e-9)
    return np.maximum(prior, 1e-9 * parent.prior) if kind == "events" else prior


class _Inside(NamedTuple):
    """The spread of merchants inside groups."""

    strength: float
    sd: float
    flaw: str | None


def _within(kind: str, y: Array, n: Array, center: Array, many: Array, parent: Prior) -> _Inside:
    """Return the strength inside groups by maximum likelihood, and what is wrong with it."""
    own = many > 0
    y, n, center, many = y[own], n[own], center[own], many[own]
    untold = _Inside(parent.strength, parent.sd, "strength_untold")
    if len(y) < LEAST_MERCHANTS:
        return untold
    counts = KINDS[kind].counts
    most = most_strength(kind, parent.prior) if counts else STRENGTHS[1]
    limits = (LOG_STRENGTHS[0], float(np.log(most)))
    size, first = float(many.sum()), float(np.log(clip_strength(parent.strength, most)))
    if counts:
        loss = _count_loss(kind, y * n, n, center, many, parent)
        start = np.array([0.0, first])
        peak = find_peak(loss, start, [(0.0, 0.0), limits], size)
        log_strength, error, sd = float(peak.at[1]), peak.covariance[1, 1], np.nan
    else:
        # In (log sd^2, log strength): differences between groups distorted the sd of all merchants.
        loss = _mean_loss(y - center, n, many)
        start = np.array([2 * np.log(parent.sd), first])
        fixed = "sd" in parent.untold
        wide = (start[0], start[0]) if fixed else (start[0] - 8.0, start[0] + 8.0)
        peak = find_peak(loss, start, [wide, limits], size)
        log_strength, error = float(peak.at[1]), peak.covariance[1, 1]
        sd = float(np.exp(peak.at[0] / 2))
    strength = clip_strength(float(np.exp(log_strength)), most)
    flaw = at_limit(strength, most)
    if strength > STRENGTHS[1] and (flaw or not np.sqrt(error) <= TOLD):
        strength, flaw = STRENGTHS[1], "no_overdispersion"
    told = bool(np.sqrt(error) <= TOLD) and flaw != "no_overdispersion"
    contradicted = 2 * (loss(start)[0] - peak.loss) > CONTRADICTED
    if not peak.found or not (told or contradicted):
        return untold
    return _Inside(strength, sd, flaw)


def _count_loss(kind: str, k: Array, n: Array, center: Array, many: Array, parent: Prior) -> Loss:
    """Return the loss in (0, log strength), where each merchant's prior is known."""
    if kind == "rate" or parent.method.startswith("beta-binomial"):
        center = np.minimum(center, 1 - 1e-9)
        return beta_binomial(np.minimum(k, n), n, many, np.log(center / (1 - center)))
    return gamma_poisson(k, n, many, np.log(center))


def _mean_loss(apart: Array, n: Array, many: Array) -> Loss:
    """Return the loss in (log sd^2, log strength) of distances to the priors of groups."""

    def loss(theta: Array) -> tuple[float, Array]:
        s2, spread = np.exp(theta[0]), np.exp(-theta[1]) + 1 / n
        rest = apart**2 / (s2 * spread)
        value = 0.5 * float((many * (theta[0] + np.log(spread) + rest)).sum())
        slope = many * (1 - rest)
        strength = -np.exp(-theta[1]) * float((slope / spread).sum())
        return value, 0.5 * np.array([float(slope.sum()), strength])

    return loss
