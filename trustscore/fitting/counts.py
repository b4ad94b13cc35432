"""Priors of counts: k events among n orders, as a share of them or beyond them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import betainc, expit

from trustscore.fitting.likelihoods import Loss, Peak, beta_binomial, climb, gamma_poisson
from trustscore.fitting.priors import (
    CONTRADICTED,
    CONVENTION,
    LEAST_MERCHANTS,
    LOG_STRENGTHS,
    NOBODY,
    TOLD,
    Prior,
    Stated,
    at_limit,
    clip_strength,
)
from trustscore.typing import Array

__all__ = ["fit_counts"]


# Of merchants one in a hundred may have more events than orders, where an order has at most one:
# events of a window are of orders before it, too.
_MORE = 0.01
# Before counts are seen, an order with at most one event is so many times likelier than one with
# several: nearly all events that markets count are of that kind, and few orders a merchant hardly
# tell the two laws apart.
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


def _bounds(first: float) -> list[tuple[float, float]]:
    return [(first - 5, first + 5), LOG_STRENGTHS]


def _fit_law(kind: str, k: Array, n: Array, weight: Array) -> _Counts:
    p, strength = _moments(kind, k, n, weight)
    odds = p / (1 - p) if kind == "rate" else p
    first = float(np.log(odds))
    loss = (beta_binomial if kind == "rate" else gamma_poisson)(k, n, weight)
    start = np.array([first, np.log(clip_strength(strength))])
    size = float(weight.sum())
    return _Counts(kind, loss, climb(loss, start, _bounds(first), size), (p, strength), size)


def _contradicts(law: _Counts, place: int, value: float) -> bool:
    """Return whether data speak against a figure, whatever the other one is."""
    bounds = _bounds(float(law.peak.at[0]))
    bounds[place] = (value, value)
    start = law.peak.at.copy()
    start[place] = value
    other = climb(law.loss, start, bounds, law.size)
    return bool(2 * (other.loss - law.peak.loss) > CONTRADICTED)


def fit_counts(
    kind: str, k: Array, n: Array, *, stated: Stated = NOBODY, weight: Array | None = None
) -> Prior:
    """Fit the prior of a `rate` (beta-binomial) or of `events` (gamma-Poisson).

    Maximum likelihood over merchants, from the moments as a start. Where an order hardly ever has
    more than one event, `events` vary less than Poisson counts do, and by those no merchant would
    be told apart. So both laws are fitted to `events`, and each counts as much as these merchants
    are likely by it; to the beta-binomial belong odds of ten to one beforehand, and one merchant in
    a hundred with more events than orders.

    Parameters
    ----------
    kind : {"rate", "events"}
    k, n : ndarray of shape (merchants,)
        Blank or n = 0 is no evidence and has no part.
    stated : Stated
        What stands where data cannot tell.
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

    Of one order a merchant nobody sees how much merchants differ:

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
    if kind == "rate" and (k == n).all():
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
    flaw = at_limit(strength)
    untold: list[str] = []
    given = stated.prior if stated.prior is not None and stated.prior > 0 else None
    if given is not None and not (main.kind == "rate" and given >= 1) and not error[0] <= TOLD:
        odds = given / (1 - given) if main.kind == "rate" else given
        if not _contradicts(main, 0, float(np.log(odds))):
            return Prior(given, default, *facts, f"{method}, ML", None, ("prior", "strength"))
    # At its upper end the likelihood is flat in the logarithm, however much data there are.
    if (flaw == "no_overdispersion" or not error[1] <= TOLD) and not _contradicts(
        main, 1, float(np.log(clip_strength(default)))
    ):
        strength, flaw, untold = default, None, ["strength"]
    return Prior(
        prior,
        clip_strength(strength) if not untold else strength,
        *facts,
        f"{method}, ML",
        flaw,
        tuple(untold),
    )


def _distinct(k: Array, n: Array, weight: Array) -> tuple[Array, Array, Array]:
    """Return each pair of counts once, with the merchants it stands for: their laws are one."""
    pairs, place = np.unique(np.column_stack((k, n)), axis=0, return_inverse=True)
    return pairs[:, 0], pairs[:, 1], np.bincount(place.reshape(-1), weight, len(pairs))


def _as_share(k: Array, n: Array, weight: Array, poisson: _Counts) -> tuple[_Counts | None, float]:
    """Return events fitted as a share of orders, and how much that law counts.

    Both likelihoods are of all merchants; of those with more events than orders they tell that
    they are, and not how many events they have. Nothing here jumps.
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
