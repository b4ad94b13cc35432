"""Weights learnt from outcomes, shrunk towards the expert's by a cross-validated penalty."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from trustscore.errors import InputError
from trustscore.typing import Array

__all__ = ["LAMBDAS", "LEAST_EVENTS", "Learned", "fit_betas", "learn_weights", "rarer_class_count"]

Family = Literal["binomial", "poisson"]

# At infinity the weights are the expert's, with one slope for all signals.
LAMBDAS = (*np.geomspace(0.1, 1e5, 13).tolist(), np.inf)
# Keep the expert's weights unless the cross-validated gain exceeds two standard errors and there
# are enough events: the best of many penalties gains something by chance, and on a few events its
# standard error is chance as well. With one standard error, up to a third of small simulated
# markets left weights that were right.
LEAST_EVENTS = 50
_SURE = 2.0
# A weight below this share of the expert's counts as 0.
WRONG = 1e-6


class Learned(NamedTuple):
    """Learnt weights, and how they were found.

    Attributes
    ----------
    weights : ndarray of shape (signals,)
        Shares that add up to 1.
    slope : float
        ``sum beta``: by how much the log odds of an event fall from index 0 to index 100.
    intercept : float
    penalty : float
        The lambda that was chosen.
    losses : ndarray of shape (lambdas,)
        Held-out loss per order, in nats, by lambda.
    gain, gain_se : float
        By how much less the best lambda loses per order than the expert does, and its standard
        error over merchants.
    wrong : ndarray of bool of shape (signals,)
        Signals whose weight is 0 because outcomes are worse where they are better, all else equal.
    """

    weights: Array
    slope: float
    intercept: float
    penalty: float
    losses: Array
    gain: float
    gain_se: float
    wrong: Array


def rarer_class_count(family: Family, n: Array, events: Array) -> float:
    """Return the number of outcomes of the rarer class; for ``poisson`` that of events.

    Examples
    --------
    >>> rarer_class_count("binomial", np.array([9.0, 9.0]), np.array([8.0, 8.0]))
    2.0
    """
    total = float(events.sum())
    return total if family == "poisson" else min(total, float(n.sum()) - total)


def _losses(family: Family, eta: Array, n: Array, events: Array) -> Array:
    """Return each merchant's negative log likelihood, up to what does not depend on eta."""
    mean = np.logaddexp(0.0, eta) if family == "binomial" else np.exp(np.minimum(eta, 500.0))
    found: Array = n * mean - events * eta
    return found


def fit_betas(
    u: Array, n: Array, events: Array, expert: Array, penalty: float, family: Family = "binomial"
) -> tuple[float, Array]:
    """Fit ``g(rate) = a - sum beta_i u_i`` with beta_i >= 0, shrunk towards the expert's weights.

    Minimises the loss summed over orders plus ``penalty sum (beta_i - b w_i)^2 / w_i`` over a,
    beta and b >= 0: jointly convex. g is the logit, or the logarithm for ``poisson``. For given
    beta the best b is ``sum beta`` (as the w_i add up to 1), which is put in its place.

    Parameters
    ----------
    u : ndarray of shape (merchants, signals)
        Utilities.
    n, events : ndarray of shape (merchants,)
    expert : ndarray of shape (signals,)
        The w_i: above 0, adding up to 1.
    penalty : float
        Infinity for ``beta = b w``.
    family : {"binomial", "poisson"}

    Returns
    -------
    a : float
    beta : ndarray of shape (signals,)

    Examples
    --------
    Log odds of 1/2 and 1/10 are ln 9 apart; the second signal, of which outcomes say nothing,
    keeps the share the expert gave it:

    >>> u = np.array([[0.0, 0.5], [1.0, 0.5]])
    >>> n, events = np.full(2, 1000.0), np.array([500.0, 100.0])
    >>> fit_betas(u, n, events, np.full(2, 0.5), 0.01)[1].round(1).tolist()
    [2.2, 2.2]
    >>> fit_betas(u, n, events, np.full(2, 0.5), np.inf)[1].round(1).tolist()
    [2.2, 2.2]
    """
    pooled = (events.sum() + 0.5) / (n.sum() + 1.0)
    first = np.log(pooled / (1 - pooled)) if family == "binomial" else np.log(pooled)
    if np.isinf(penalty):
        u, shape = (u @ expert)[:, None], expert
        expert, penalty = np.ones(1), 0.0
    else:
        shape = np.ones(len(expert))
    # Centred, so that the intercept does not have to follow every step of the slopes.
    center = (n @ u) / n.sum()
    apart = u - center
    scale = 1.0 / n.sum()

    def loss(theta: Array) -> tuple[float, Array]:
        a, beta = theta[0], theta[1:]
        eta = a - apart @ beta
        if family == "binomial":
            rest = n * expit(eta) - events
        else:
            rest = n * np.exp(np.minimum(eta, 500.0)) - events
        off = beta - beta.sum() * expert
        value = _losses(family, eta, n, events).sum() + penalty * (off * off / expert).sum()
        # The derivative through b is 0, because b = sum beta minimises the penalty.
        slope = -(rest @ apart) + 2 * penalty * off / expert
        return scale * float(value), scale * np.r_[rest.sum(), slope]

    found = minimize(
        loss,
        np.r_[first, expert],
        jac=True,
        method="L-BFGS-B",
        bounds=[(None, None)] + [(0.0, None)] * len(expert),
        options={"maxiter": 2000, "maxfun": 5000, "ftol": 1e-13, "gtol": 1e-9},
    )
    beta = found.x[1:]
    return float(found.x[0] + center @ beta), beta * shape if len(shape) > len(beta) else beta


def learn_weights(
    u: Array,
    n: Array,
    events: Array,
    expert: Array,
    *,
    family: Family = "binomial",
    lambdas: tuple[float, ...] = LAMBDAS,
    folds: int = 5,
    seed: int = 0,
) -> Learned:
    """Learn the weights of signals from outcomes.

    Lambda is chosen by cross-validation over merchants. The expert's weights stay unless the best
    lambda gains more than two standard errors over them and the rarer outcome occurs at least
    `LEAST_EVENTS` times; then the largest lambda within one standard error of the best is chosen.
    The standard error is taken over merchants and not over orders, because orders of one merchant
    are alike.

    Parameters
    ----------
    u : ndarray of shape (merchants, signals)
        Utilities in 0..1, no NaN.
    n, events : ndarray of shape (merchants,)
        Orders (or exposure), and the bad events among them.
    expert : ndarray of shape (signals,)
        Weights, on any scale; a signal of weight 0 stays at 0.
    family : {"binomial", "poisson"}
    lambdas : tuple of float
        Rising, the last one infinity.
    folds, seed : int

    Returns
    -------
    Learned

    Raises
    ------
    InputError
        When there is one class only, too few merchants, or outcomes get worse as the index rises.

    Examples
    --------
    >>> draw = np.random.default_rng(0)
    >>> u = draw.random((2000, 2))
    >>> n = np.full(2000, 50.0)
    >>> events = draw.binomial(50, 1 / (1 + np.exp(1 + 4 * u[:, 0]))).astype(float)
    >>> learn_weights(u, n, events, np.array([1.0, 1.0])).weights.round(1).tolist()
    [1.0, 0.0]
    """
    seen = n > 0
    u, n, events = u[seen], n[seen], events[seen]
    if len(n) < 2 * folds:
        raise InputError(
            f"outcomes: {len(n)} merchants with outcomes are too few to learn weights from; "
            f"at least {2 * folds} are needed"
        )
    total = float(events.sum())
    if total == 0 or (family == "binomial" and total == n.sum()):
        raise InputError(
            f"outcomes: have a single class, {total:g} events among {n.sum():g} orders: weights "
            "cannot be learnt from them"
        )
    free = expert > 0
    share = expert[free] / expert[free].sum()
    u = u[:, free]
    fold = np.random.default_rng(seed).permutation(len(n)) % folds
    held = np.zeros((len(lambdas), len(n)))
    for number in range(folds):
        out = fold == number
        train = ~out
        for at, penalty in enumerate(lambdas):
            a, beta = fit_betas(u[train], n[train], events[train], share, penalty, family)
            held[at, out] = _losses(family, a - u[out] @ beta, n[out], events[out])
    losses = held.sum(axis=1) / n.sum()
    best = int(losses.argmin())
    gains = held[-1] - held[best]
    error = float(np.sqrt(((gains - gains.mean()) ** 2).sum()) / n.sum())
    chosen = len(lambdas) - 1
    if (
        losses[-1] - losses[best] > _SURE * error
        and rarer_class_count(family, n, events) >= LEAST_EVENTS
    ):
        chosen = int(np.flatnonzero(losses - losses[best] <= error)[-1])
    a, beta = fit_betas(u, n, events, share, lambdas[chosen], family)
    slope = float(beta.sum())
    if slope <= 1e-8:
        raise InputError(
            "outcomes contradict the scorecard: no weighting of its signals goes with fewer bad "
            "events; check the direction of the signals and what counts as an event"
        )
    weights, wrong = np.zeros(len(expert)), np.zeros(len(expert), dtype=bool)
    weights[free] = beta / slope
    # The penalty pulls weights towards the expert's, so outcomes have pushed those that end at 0.
    wrong[free] = beta / slope < WRONG * share
    return Learned(
        weights,
        slope,
        a,
        lambdas[chosen],
        losses,
        float(losses[-1] - losses[best]),
        error,
        wrong,
    )
