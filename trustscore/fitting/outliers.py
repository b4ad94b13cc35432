"""Outliers: figures that are all but impossible under the law fitted to the other merchants.

A typing error in one row in a hundred must not move a prior, and a heavy tail is no error. So a
figure is set aside when the fitted law makes it improbable, and not for its distance from the
others: where all merchants follow the law, the chance that any figure is set aside is one in a
hundred. The law is first fitted to figures inside wide fences, so that errors do not hide each
other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.special import betainc, betaincinv, gammainc, gammaincc, gammaincinv, ndtri

from trustscore.fitting.priors import LEAST_MERCHANTS, Prior
from trustscore.scorecard.kinds import KINDS
from trustscore.typing import Array

__all__ = ["MOST_OUTLIERS", "RobustPrior", "fit_without_outliers", "is_outlier"]


# Chance that a market without an error has any figure set aside.
_FALSE = 0.01
# A larger share of the merchants is another kind of merchant and no error.
MOST_OUTLIERS = 0.2
_ROUNDS = 10


class RobustPrior(NamedTuple):
    """A prior and the figures it was fitted to.

    Attributes
    ----------
    prior : Prior
    inside : ndarray of bool
        Merchants whose figures are no outliers.
    whole : Prior or None
        The prior of all figures, where some were set aside.
    """

    prior: Prior
    inside: Array
    whole: Prior | None


def is_outlier(kind: str, value: Array, n: Array, prior: Prior) -> Array:
    """Return which figures are improbable under a fitted prior.

    A count is improbable when it is so even for the merchant at the extreme quantile of the prior;
    a mean when it lies beyond that quantile of prior and chance together.

    Parameters
    ----------
    kind : str
    value : ndarray of shape (merchants,)
        k for counts, the mean on its scale otherwise.
    n : ndarray of shape (merchants,)
    prior : Prior

    Examples
    --------
    >>> known = Prior(0.05, 40.0, np.nan, 100, 1e4, "beta-binomial, ML")
    >>> is_outlier("rate", np.array([5.0, 30.0, 100.0]), np.full(3, 100.0), known).tolist()
    [False, False, True]
    """
    tail = _FALSE / max(len(n), 1) / 2
    if not KINDS[kind].counts:
        apart = np.abs(value - prior.prior)
        spread = prior.sd**2 / n + prior.sd**2 / prior.strength
        found: Array = apart > -ndtri(tail) * np.sqrt(spread)
        return found
    s = prior.strength
    if kind == "rate" or prior.method.startswith("beta-binomial"):
        p = min(max(prior.prior, 1e-12), 1 - 1e-12)
        low, high = betaincinv(s * p, s * (1 - p), [tail, 1 - tail])
        k = np.minimum(value, n)
        above = np.where(k > 0, betainc(np.maximum(k, 1e-9), n - k + 1, high), 1.0)
        below = np.where(k < n, betainc(np.maximum(n - k, 1e-9), k + 1, 1 - low), 1.0)
        return (above < tail) | (below < tail)
    low, high = gammaincinv(s * prior.prior, [tail, 1 - tail]) / s
    above = np.where(value > 0, gammainc(np.maximum(value, 1e-9), n * high), 1.0)
    below = gammaincc(value + 1, n * low)
    return (above < tail) | (below < tail)


def fit_without_outliers(
    kind: str,
    value: Array,
    n: Array,
    inside: Array,
    fit: Callable[[Array], Prior],
    group: Array | None = None,
) -> RobustPrior:
    """Fit a prior to the figures that are no outliers under it, in rounds.

    Parameters
    ----------
    kind : str
    value, n : ndarray of shape (merchants,)
        All known.
    inside : ndarray of bool of shape (merchants,)
        Figures within wide fences, used for the first fit.
    fit : callable
        Takes which merchants to use, and returns their prior.
    group : ndarray of int, optional
        Peer group of each merchant, -1 for none. A group that lies apart as a whole is no error.

    Returns
    -------
    RobustPrior
    """

    def real(inside: Array) -> Array:
        """Keep everyone where outliers are too many to be errors, overall or in a group."""
        if (~inside).mean() > MOST_OUTLIERS:
            return np.ones(len(inside), dtype=bool)
        if group is None or inside.all():
            return inside
        size = np.bincount(group + 1)
        out = np.bincount(group + 1, ~inside)
        apart = (size >= LEAST_MERCHANTS) & (out > MOST_OUTLIERS * size)
        apart[0] = False
        found: Array = inside | apart[group + 1]
        return found

    everyone = np.ones(len(n), dtype=bool)
    if not len(n):
        return RobustPrior(fit(everyone), everyone, None)
    inside = real(inside)
    prior = fit(inside)
    for _ in range(_ROUNDS):
        if not prior.usable or not np.isfinite([prior.prior, prior.strength]).all():
            break
        if not KINDS[kind].counts and not prior.sd > 0:
            break
        now = real(~is_outlier(kind, value, n, prior))
        if (now == inside).all():
            break
        inside, prior = now, fit(now)
    if inside.all():
        return RobustPrior(prior, inside, None)
    return RobustPrior(prior, inside, fit(everyone))
