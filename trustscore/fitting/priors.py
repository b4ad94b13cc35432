"""Priors by maximum likelihood: what merchants are like before anything is known of one.

A prior is where a merchant without evidence stands and how many observations that is worth.
Both follow from how much merchants differ beyond what chance alone would make them differ, so
they are fitted over merchants, and never from a merchant's own figures.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import betaln, digamma, gammaln

from trustscore.scorecard.kinds import KINDS
from trustscore.scoring.program import prior_spread

__all__ = [
    "LEAST_MERCHANTS",
    "STRENGTHS",
    "Prior",
    "fit_counts",
    "fit_means",
    "fit_values",
    "group_priors",
    "unit_variance",
]

Array = np.ndarray[Any, Any]

# Below this a spread between merchants cannot be told from chance.
LEAST_MERCHANTS = 10
# A prior worth less would let one order decide; one worth more would never give way.
STRENGTHS = (1.0, 5000.0)
_LEAST_PRIOR = 1e-9
# Events that are shares in all but name: hardly a merchant has more of them than orders, and they
# are common. There the spread of a Poisson count is wider than what is seen, and a strength by it
# would be without limit, however much merchants differ.
_SHARE_ROWS, _SHARE_RATE = 0.99, 0.1


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
    """

    prior: float
    strength: float
    sd: float
    merchants: int
    observations: float
    method: str
    flaw: str | None = None

    @property
    def usable(self) -> bool:
        """Whether it is better than what the scorecard says."""
        return self.flaw not in ("too_few", "all_zero", "all_events", "constant")


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


def _clip(strength: float) -> float:
    return float(min(max(strength, STRENGTHS[0]), STRENGTHS[1]))


def _moments(kind: str, k: Array, n: Array) -> tuple[float, float]:
    """Return the pooled rate, and the strength for which the spread is what was seen."""
    p = float(k.sum() / n.sum())
    y = k / n
    # The expected sum of n (y - p)^2 is linear in the variance between merchants.
    within = p * (1 - p) if kind == "rate" else p
    seen = float((n * (y - p) ** 2).sum())
    chance = within * (len(n) - 1)
    spare = float(n.sum() - (n**2).sum() / n.sum())
    if kind == "rate":
        spare -= len(n) - 1
    between = (seen - chance) / spare if spare > 0 else 0.0
    if between <= 0:
        return p, np.inf
    strength = within / between - (1 if kind == "rate" else 0)
    return p, max(strength, 1e-3)


def _beta_binomial(theta: Array, k: Array, n: Array) -> tuple[float, Array]:
    p, s = 1 / (1 + np.exp(-theta[0])), np.exp(theta[1])
    a, b = s * p, s * (1 - p)
    loss = -(betaln(k + a, n - k + b) - betaln(a, b)).sum()
    every = digamma(n + s) - digamma(s)
    da = (digamma(k + a) - digamma(a) - every).sum()
    db = (digamma(n - k + b) - digamma(b) - every).sum()
    return loss, -np.array([s * p * (1 - p) * (da - db), a * da + b * db])


def _gamma_poisson(theta: Array, k: Array, n: Array) -> tuple[float, Array]:
    m, s = np.exp(theta)
    a = s * m
    share = np.log(s / (s + n))
    loss = -(gammaln(k + a) - gammaln(a) + a * share - k * np.log(s + n)).sum()
    da = (digamma(k + a) - digamma(a) + share).sum()
    ds = (a * (1 / s - 1 / (s + n)) - k / (s + n)).sum()
    return loss, -np.array([a * da, a * da + s * ds])


def fit_counts(kind: str, k: Array, n: Array) -> Prior:
    """Fit the prior of a `rate` (beta-binomial) or of `events` (gamma-Poisson).

    Maximum likelihood over merchants, from the moments as a start; the moments stand where the
    search does not end. Common `events` of which hardly a merchant has more than orders are fitted
    as a `rate`, those beyond their orders cut to them.

    Parameters
    ----------
    kind : {"rate", "events"}
    k, n : ndarray of shape (merchants,)
        Blank or n = 0 is no evidence and has no part.

    Returns
    -------
    Prior

    Examples
    --------
    Half of the merchants never fail, half fail in two orders of ten:

    >>> k, n = np.array([0.0, 20.0] * 20), np.full(40, 100.0)
    >>> found = fit_counts("rate", k, n)
    >>> round(found.prior, 2), 2 < found.strength < 3
    (0.09, True)
    >>> fit_counts("rate", np.zeros(40), n).flaw
    'all_zero'
    """
    known = ~np.isnan(k) & (n > 0)
    k, n = k[known], n[known]
    if kind == "events" and _like_a_share(k, n):
        kind, k = "rate", np.minimum(k, n)
    method = "beta-binomial" if kind == "rate" else "gamma-Poisson"
    facts = (np.nan, len(n), float(n.sum()))
    if len(n) < LEAST_MERCHANTS:
        return Prior(np.nan, np.nan, *facts, method, "too_few")
    if k.sum() == 0:
        return Prior(0.0, STRENGTHS[1], *facts, method, "all_zero")
    p, start = _moments(kind, k, n)
    if kind == "rate" and p >= 1:
        return Prior(1.0, STRENGTHS[1], *facts, method, "all_events")
    first = np.log(p / (1 - p)) if kind == "rate" else np.log(p)
    loss = _beta_binomial if kind == "rate" else _gamma_poisson
    limits = [(first - 5, first + 5), tuple(np.log(STRENGTHS))]
    found = minimize(
        loss,
        np.array([first, np.log(_clip(start))]),
        args=(k, n),
        jac=True,
        method="L-BFGS-B",
        bounds=limits,
    )
    if not found.success or not np.isfinite(found.fun):
        return Prior(p, _clip(start), *facts, f"{method}, moments", "no_convergence")
    at, strength = float(found.x[0]), float(np.exp(found.x[1]))
    prior = 1 / (1 + np.exp(-at)) if kind == "rate" else float(np.exp(at))
    return Prior(float(prior), _clip(strength), *facts, f"{method}, ML", _at_limit(strength))


def _like_a_share(k: Array, n: Array) -> bool:
    return bool(len(n) and (k <= n).mean() >= _SHARE_ROWS and k.sum() > _SHARE_RATE * n.sum())


def _at_limit(strength: float) -> str | None:
    if strength > 0.99 * STRENGTHS[1]:
        return "no_overdispersion"
    return "strength_at_limit" if strength < 1.01 * STRENGTHS[0] else None


def fit_means(mean: Array, n: Array) -> Prior:
    """Fit the prior of a mean of n observations: normal between merchants and within them.

    ``mean_i ~ N(m, t^2 + sd^2 / n_i)``, maximum likelihood in m, t and sd; strength is
    ``sd^2 / t^2``. For a duration give its logarithm.

    Parameters
    ----------
    mean, n : ndarray of shape (merchants,)
        Blank or n = 0 is no evidence and has no part.

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
    """
    known = ~np.isnan(mean) & (n > 0)
    y, n = mean[known], n[known]
    facts = (len(n), float(n.sum()))
    method = "normal hierarchical"
    if len(n) < LEAST_MERCHANTS:
        return Prior(np.nan, np.nan, np.nan, *facts, method, "too_few")
    total = float(np.var(y))
    if total <= (1e-9 * max(1.0, float(np.abs(y).max()))) ** 2:
        return Prior(float(y[0]), STRENGTHS[1], np.nan, *facts, method, "constant")

    def loss(theta: Array) -> tuple[float, Array]:
        t2, s2 = np.exp(theta)
        v = t2 + s2 / n
        m = (y / v).sum() / (1 / v).sum()
        rest = (y - m) ** 2 / v
        # m is where the loss is flat in it, so the other two slopes are as if it stood still.
        dv = (1 - rest) / v
        return float((np.log(v) + rest).sum()), np.array([t2 * dv.sum(), s2 * (dv / n).sum()])

    many = n >= np.median(n)
    t2 = max(float(np.var(y[many])), total / 100)
    start = np.log([t2, max(total - t2, total / 10) * float(np.median(n))])
    wide = np.log(total) + np.array([-18.0, 12.0])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(wide[0], wide[1])] * 2)
    if not found.success or not np.isfinite(found.fun):
        return Prior(
            float(np.median(y)),
            LEAST_MERCHANTS,
            float(np.sqrt(total)),
            *facts,
            f"{method}, moments",
            "no_convergence",
        )
    t2, s2 = (float(x) for x in np.exp(found.x))
    v = t2 + s2 / n
    strength = s2 / t2
    return Prior(
        float((y / v).sum() / (1 / v).sum()),
        _clip(strength),
        float(np.sqrt(s2)),
        *facts,
        f"{method}, ML",
        _at_limit(strength),
    )


def fit_values(kind: str, values: Array) -> Prior:
    """Fit the prior of a value without a sample: the share of a flag, else the median.

    Examples
    --------
    >>> fit_values("count", np.arange(21.0)).prior
    10.0
    """
    known = values[~np.isnan(values)]
    method = "share" if kind == "flag" else "median"
    facts = (np.nan, np.nan, len(known), float(len(known)), method)
    if len(known) < LEAST_MERCHANTS:
        return Prior(np.nan, *facts, "too_few")
    flaw = "constant" if known.min() == known.max() else None
    middle = known.mean() if kind == "flag" else np.median(known)
    return Prior(float(middle), *facts, flaw)


def group_priors(
    kind: str, y: Array, n: Array, group: Array, groups: int, parent: Prior
) -> tuple[Array, Array, float]:
    """Shrink the means of groups to their parent, by how far groups truly differ.

    A group's mean weighs its merchants by the inverse of `unit_variance`; the variance between
    groups is that of DerSimonian and Laird; what is left of a group's distance to the parent is
    ``w2 / (w2 + se^2)``, so that a group of one stands near the parent.

    Parameters
    ----------
    kind : str
    y, n : ndarray of shape (merchants,)
        Raw figure (k / n, mean, or log of a duration) and observations, all known.
    group : ndarray of int
        Group of each merchant, 0 to groups - 1.
    groups : int
    parent : Prior

    Returns
    -------
    prior : ndarray of shape (groups,)
        NaN for a group without merchants.
    merchants : ndarray of shape (groups,)
    between : float
        Standard deviation between groups.

    Examples
    --------
    >>> parent = Prior(0.1, 50.0, np.nan, 300, 30000.0, "")
    >>> y = np.r_[np.full(100, 0.05), np.full(100, 0.15), 0.9]
    >>> group = np.r_[np.zeros(100, int), np.ones(100, int), 2]
    >>> n = np.r_[np.full(200, 100.0), 1.0]
    >>> prior, _, _ = group_priors("rate", y, n, group, 3, parent)
    >>> prior.round(2).tolist()
    [0.05, 0.15, 0.14]
    """
    precision = 1 / unit_variance(kind, n, parent.prior, parent.strength, parent.sd)
    total = np.bincount(group, precision, groups)
    merchants = np.bincount(group, minlength=groups)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(group, precision * y, groups) / total
        se2 = 1 / total
    has = merchants > 0
    between = 0.0
    if has.sum() > 1:
        w, m = total[has], mean[has]
        center = (w * m).sum() / w.sum()
        spare = w.sum() - (w**2).sum() / w.sum()
        if spare > 0:
            between = max(0.0, float(((w * (m - center) ** 2).sum() - (has.sum() - 1)) / spare))
    with np.errstate(invalid="ignore"):
        keep = between / (between + se2) if between else np.zeros(groups)
        prior = parent.prior + keep * (mean - parent.prior)
    return np.where(has, prior, np.nan), merchants, float(np.sqrt(between))
