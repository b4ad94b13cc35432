"""Fit non-negative slopes of the log odds of bad events, held to the expert's weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from trustscore.fitting.bound import Bound
from trustscore.typing import Array

__all__ = ["Family", "fit_betas", "losses_of"]

Family = Literal["binomial", "poisson"]


def losses_of(family: Family, eta: Array, n: Array, events: Array) -> Array:
    """Return each merchant's negative log likelihood, up to what does not depend on eta."""
    mean = np.logaddexp(0.0, eta) if family == "binomial" else np.exp(np.minimum(eta, 500.0))
    found: Array = n * mean - events * eta
    return found


def fit_betas(
    u: Array,
    n: Array,
    events: Array,
    expert: Array,
    penalty: float,
    family: Family = "binomial",
    bound: Bound | None = None,
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
    bound : Bound, optional
        On the shares of the variance of the index. The expert's own weights are not held to it.

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
        value = losses_of(family, eta, n, events).sum() + penalty * (off * off / expert).sum()
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
    if bound is not None and len(shape) == len(expert) and bound.above(found.x[1:]):
        spread = np.r_[found.x[0], found.x[1:].sum() * expert]
        found = _held_to(bound, loss, (found.x, spread))
    beta = found.x[1:]
    return float(found.x[0] + center @ beta), beta * shape if len(shape) > len(beta) else beta


def _held_to(bound: Bound, loss: Any, starts: Sequence[Array]) -> Any:
    """Return the least loss under the bound, by sequential quadratic programming.

    The bound is not convex: from each start the search ends at the least nearby, and the best of
    those that keep to the bound is taken.
    """
    found = [
        minimize(
            loss,
            start,
            jac=True,
            method="SLSQP",
            bounds=[(None, None)] + [(0.0, None)] * (len(start) - 1),
            constraints={
                "type": "ineq",
                "fun": lambda theta: bound.room(theta[1:]),
                "jac": lambda theta: np.pad(bound.room_slopes(theta[1:]), ((0, 0), (1, 0))),
            },
            options={"maxiter": 300, "ftol": 1e-10},
        )
        for start in starts
    ]
    return min(found, key=lambda each: (bool(bound.above(each.x[1:])), each.fun))
