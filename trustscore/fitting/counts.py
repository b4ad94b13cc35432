"""Priors of counts: k events among n orders, as a share of them or beyond them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import betainc, expit

from trustscore.fitting.likelihoods import Loss, Peak, beta_binomial, find_peak, gamma_poisson
from trustscore.fitting.priors import (
    CONTRADICTED,
    CONVENTION,
    LEAST_MERCHANTS,
    LOG_STRENGTHS,
    NOTHING_STATED,
    STRENGTHS,
    TOLD,
    Prior,
    Stated,
    at_limit,
    clip_strength,
    most_strength,
)
from trustscore.typing import Array

__all__ = ["fit_counts"]


# Share of merchants that may have more events than orders where an order has at most one: some
# events of a window belong to orders before it.
_MORE = 0.01
# Prior odds that an order has at most one event. Nearly all events that marketplaces count are of
# that kind, and merchants with few orders hardly distinguish the two laws.
_ODDS = 10.0


def _moments(kind: str, k: Array, n: Array, weight: Array) -> tuple[float, float]:
    """Return the pooled rate, and the strength for which the spread is what was seen."""
    orders, merchants = float((weight * n).sum()), float(weight.sum())
    p = float((weight * k).sum() / orders)
    y = k / n
    # The expected sum of n (y - p)^2 is linear in the variance between merchants.
    within = p * (1 - p) if kind == "rate" else p
    seen = float((weight * n * (y - p) ** 2).sum())
    chance = within * (merchants - 1)
    spare = orders - float((weight * n**2).sum() / orders)
    if kind == "rate":
        spare -= merchants - 1
    between = (seen - chance) / spare if spare > 0 else 0.0
    if between <= 0:
        return p, np.inf
    strength = within / between - (1 if kind == "rate" else 0)
    return p, max(strength, 1e-3)


class _Counts(NamedTuple):
    """One law of counts, fitted."""

    kind: str
    loss: Loss
    peak: Peak
    start: tuple[float, float]  # by moments: prior and strength
    size: float  # merchants

    @property
    def prior(self) -> float:
        at = float(self.peak.at[0])
        return float(expit(at)) if self.kind == "rate" else float(np.exp(at))

    @property
    def strength(self) -> float:
        return float(np.exp(self.peak.at[1]))

    @property
    def most(self) -> float:
        return most_strength(self.kind, self.start[0])


def _bounds(first: float, most: float) -> list[tuple[float, float]]:
    return [(first - 5, first + 5), (LOG_STRENGTHS[0], float(np.log(most)))]


def _fit_law(kind: str, k: Array, n: Array, weight: Array) -> _Counts:
    p, strength = _moments(kind, k, n, weight)
    odds = p / (1 - p) if kind == "rate" else p
    first = float(np.log(odds))
    loss = (beta_binomial if kind == "rate" else gamma_poisson)(k, n, weight)
    most = most_strength(kind, p)
    start = np.array([first, np.log(clip_strength(strength, most))])
    size = float(weight.sum())
    peak = find_peak(loss, start, _bounds(first, most), size)
    return _Counts(kind, loss, peak, (p, strength), size)


def _contradicts(law: _Counts, place: int, value: float) -> bool:
    """Return whether a likelihood-ratio test rejects a figure, with the other one fitted."""
    bounds = _bounds(float(law.peak.at[0]), law.most)
    bounds[place] = (value, value)
    start = law.peak.at.copy()
    start[place] = value
    other = find_peak(law.loss, start, bounds, law.size)
    return bool(2 * (other.loss - law.peak.loss) > CONTRADICTED)


def fit_counts(
    kind: str, k: Array, n: Array, *, stated: Stated = NOTHING_STATED, weight: Array | None = None
) -> Prior:
    """Fit the prior of a `rate` (beta-binomial) or of `events` (gamma-Poisson).

    Maximum likelihood over merchants, started at the moments. Where an order hardly ever has more
    than one event, `events` vary less than Poisson counts do, and a gamma-Poisson fit would find no
    difference between merchants. So both laws are fitted to `events` and averaged by their
    posterior probability. The prior odds are ten to one for the beta-binomial, which allows one
    merchant in a hundred to have more events than orders.

    Parameters
    ----------
    kind : {"rate", "events"}
    k, n : ndarray of shape (merchants,)
        Rows where k is blank, or n is blank or 0, are left out.
    stated : Stated
        Figures to keep where data cannot determine them.
    weight : ndarray of shape (merchants,), optional
        How many merchants each row stands for.

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

    One order a merchant does not show how much merchants differ:

    >>> k, n = np.arange(40.0) % 2, np.ones(40)
    >>> found = fit_counts("rate", k, n, stated=Stated(strength=20.0))
    >>> found.prior, found.strength, found.untold
    (0.5, 20.0, ('strength',))
    """
    known = ~np.isnan(k) & (n > 0)
    many = np.ones(len(n)) if weight is None else weight
    known &= many > 0
    k, n, many = k[known], n[known], many[known]
    rows = len(n)
    k, n, many = _distinct(k, n, many)
    facts = (np.nan, rows, float((many * n).sum()))
    method = "beta-binomial" if kind == "rate" else "gamma-Poisson"
    default = CONVENTION if stated.strength is None else stated.strength
    if rows < LEAST_MERCHANTS:
        return Prior(np.nan, np.nan, *facts, method, "too_few")
    if k.sum() == 0:
        return Prior(0.0, default, *facts, method, "all_zero", ("prior", "strength"))
    if (k == n).all():
        return Prior(1.0, default, *facts, method, "all_events", ("prior", "strength"))
    laws = [_fit_law(kind, k, n, many)]
    share = 0.0
    if kind == "events":
        share_law, share = _as_share(k, n, many, laws[0])
        if share_law is not None:
            laws.append(share_law)
    main = laws[-1] if share > 0.5 else laws[0]
    method = "beta-binomial" if main.kind == "rate" else "gamma-Poisson"
    if not main.peak.found:
        p = main.start[0]
        return Prior(p, default, *facts, f"{method}, moments", "no_convergence", ("strength",))
    parts = [1.0 - share, share] if len(laws) > 1 else [1.0]
    prior = float(np.dot(parts, [law.prior for law in laws]))
    strength = float(np.exp(np.dot(parts, [np.log(law.strength) for law in laws])))
    error = np.sqrt(np.diag(main.peak.covariance))
    flaw = at_limit(strength, main.most)
    if strength > STRENGTHS[1] and (flaw or not error[1] <= TOLD):
        # No differences were seen, which is no reason to let rare events count for nothing.
        strength, flaw = STRENGTHS[1], "no_overdispersion"
    untold: list[str] = []
    given = stated.prior if stated.prior is not None and stated.prior > 0 else None
    if given is not None and not (main.kind == "rate" and given >= 1) and not error[0] <= TOLD:
        odds = given / (1 - given) if main.kind == "rate" else given
        if not _contradicts(main, 0, float(np.log(odds))):
            return Prior(given, default, *facts, f"{method}, ML", None, ("prior", "strength"))
    # At its upper end the likelihood is flat in the logarithm, however much data there are.
    if (flaw == "no_overdispersion" or not error[1] <= TOLD) and not _contradicts(
        main, 1, float(np.log(clip_strength(default, main.most)))
    ):
        strength, flaw, untold = default, None, ["strength"]
    return Prior(
        prior,
        clip_strength(strength, main.most) if not untold else strength,
        *facts,
        f"{method}, ML",
        flaw,
        tuple(untold),
    )


def _distinct(k: Array, n: Array, weight: Array) -> tuple[Array, Array, Array]:
    """Return each distinct pair of counts with its number of merchants, to compute it once."""
    pairs, place = np.unique(np.column_stack((k, n)), axis=0, return_inverse=True)
    return pairs[:, 0], pairs[:, 1], np.bincount(place.reshape(-1), weight, len(pairs))


def _as_share(k: Array, n: Array, weight: Array, poisson: _Counts) -> tuple[_Counts | None, float]:
    """Fit events as a share of orders; return the law and its posterior probability.

    Both likelihoods cover all merchants. A merchant with more events than orders enters by the
    probability of that, and not by the number of its events.
    """
    more = k > n
    cut = np.minimum(k, n)
    if (cut == n).all() or more.all():
        return None, 0.0
    law = _fit_law("rate", cut, n, weight)
    inside = ~more
    own = (k[inside], n[inside], weight[inside])
    gain = gamma_poisson(*own)(poisson.peak.at)[0] - beta_binomial(*own)(law.peak.at)[0]
    if more.any():
        few = min(float(weight[more].sum() / weight.sum()), _MORE)
        a, s = poisson.strength * poisson.prior, poisson.strength
        # The chance of more events than orders, by the negative binomial.
        beyond = betainc(n[more] + 1, a, n[more] / (s + n[more]))
        gain += float((weight[more] * (np.log(few) - np.log(np.maximum(beyond, 1e-300)))).sum())
        gain += float(weight[inside].sum() * np.log1p(-few))
    return law, float(expit(np.clip(gain + np.log(_ODDS), -700, 700)))
