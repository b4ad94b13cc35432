"""Fit non-negative slopes of the log odds of bad events, held to the expert's weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from trustscore.fitting.bound import Bound
from trustscore.typing import Array

__all__ = ["Compared", "Family", "Slopes", "fit_betas", "losses_of"]

Family = Literal["binomial", "poisson"]

# Parameters before the slopes: the intercept, and the logarithm of the scale of judgements.
_HEAD = 2
# Judges follow utilities between a hundredth of and a hundred times as steeply as outcomes.
_SCALES = (-np.log(100.0), np.log(100.0))


class Compared(NamedTuple):
    """Judgements of which of two merchants is worse.

    Attributes
    ----------
    apart : ndarray of shape (pairs, signals)
        Utilities of the better merchant less those of the worse.
    n : ndarray of shape (pairs,)
        What a judgement counts.
    events : ndarray of shape (pairs,)
        The part of `n` by which the judge said the opposite: half of it for a tie.
    worse, better : ndarray of int of shape (pairs,)
        Which merchants they are.
    """

    apart: Array
    n: Array
    events: Array
    worse: Array
    better: Array

    def take(self, rows: Array, times: Array | None = None) -> Compared:
        """Return some of the judgements, or each as often as said."""
        n, events = self.n[rows], self.events[rows]
        if times is not None:
            n, events = n * times[rows], events * times[rows]
        return Compared(self.apart[rows], n, events, self.worse[rows], self.better[rows])


class Slopes(NamedTuple):
    """What was fitted.

    Attributes
    ----------
    a : float
        Log odds (or logarithm of the rate) of a bad event at utilities of 0.
    beta : ndarray of shape (signals,)
        By how much they fall from utility 0 to 1.
    scale : float
        By how much steeper judgements follow the utilities than outcomes do; 1 where only one of
        the two is there.
    """

    a: float
    beta: Array
    scale: float


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
    compared: Compared | None = None,
) -> Slopes:
    """Fit ``g(rate) = a - sum beta_i u_i`` with beta_i >= 0, shrunk towards the expert's weights.

    Minimises the loss summed over orders plus ``penalty sum (beta_i - b w_i)^2 / w_i`` over a,
    beta and b >= 0: jointly convex. g is the logit, or the logarithm for ``poisson``. For given
    beta the best b is ``sum beta`` (as the w_i add up to 1), which is put in its place.

    Judgements of pairs add the loss of Bradley and Terry: the log odds that a judge names the
    wrong one of two merchants are ``-scale sum beta_i (better_i - worse_i)``. Judges may be surer
    or less sure than orders are, so beside outcomes they have a scale of their own; for a given
    scale the loss is convex.

    Parameters
    ----------
    u : ndarray of shape (merchants, signals)
        Utilities; no row where there are judgements only.
    n, events : ndarray of shape (merchants,)
    expert : ndarray of shape (signals,)
        The w_i: above 0, adding up to 1.
    penalty : float
        Infinity for ``beta = b w``.
    family : {"binomial", "poisson"}
        Of the outcomes.
    bound : Bound, optional
        On the shares of the variance of the index. The expert's own weights are not held to it.
    compared : Compared, optional

    Returns
    -------
    Slopes

    Examples
    --------
    Log odds of 1/2 and 1/10 are ln 9 apart; the second signal, of which outcomes say nothing,
    keeps the share the expert gave it:

    >>> u = np.array([[0.0, 0.5], [1.0, 0.5]])
    >>> n, events = np.full(2, 1000.0), np.array([500.0, 100.0])
    >>> fit_betas(u, n, events, np.full(2, 0.5), 0.01).beta.round(1).tolist()
    [2.2, 2.2]
    >>> fit_betas(u, n, events, np.full(2, 0.5), np.inf).beta.round(1).tolist()
    [2.2, 2.2]

    Nine of ten judges say that the merchant with the lower first signal is worse:

    >>> none = np.empty(0)
    >>> said = Compared(
    ...     np.array([[1.0, 0.0]]), np.array([1000.0]), np.array([100.0]), np.zeros(1), np.ones(1)
    ... )
    >>> fit_betas(none.reshape(0, 2), none, none, np.full(2, 0.5), 0.01, compared=said).beta.round(
    ...     1
    ... ).tolist()
    [2.2, 2.2]
    """
    pooled = (events.sum() + 0.5) / (n.sum() + 1.0)
    first = np.log(pooled / (1 - pooled)) if family == "binomial" else np.log(pooled)
    between = np.empty((0, u.shape[1])) if compared is None else compared.apart
    judged, opposed = (between[:, 0],) * 2 if compared is None else (compared.n, compared.events)
    if np.isinf(penalty):
        u, between, shape = (u @ expert)[:, None], (between @ expert)[:, None], expert
        expert, penalty = np.ones(1), 0.0
    else:
        shape = np.ones(len(expert))
    # Centred, so that the intercept does not have to follow every step of the slopes.
    center = (n @ u) / n.sum() if len(n) else np.zeros(u.shape[1])
    apart = u - center
    scale = 1.0 / (n.sum() + judged.sum())

    def loss(theta: Array) -> tuple[float, Array]:
        a, sharper, beta = theta[0], np.exp(theta[1]), theta[_HEAD:]
        eta = a - apart @ beta
        if family == "binomial":
            rest = n * expit(eta) - events
        else:
            rest = n * np.exp(np.minimum(eta, 500.0)) - events
        off = beta - beta.sum() * expert
        value = losses_of(family, eta, n, events).sum() + penalty * (off * off / expert).sum()
        # The derivative through b is 0, because b = sum beta minimises the penalty.
        slope = -(rest @ apart) + 2 * penalty * off / expert
        eta = -sharper * (between @ beta)
        wrong = judged * expit(eta) - opposed
        value += losses_of("binomial", eta, judged, opposed).sum()
        slope -= sharper * (wrong @ between)
        return scale * float(value), scale * np.r_[rest.sum(), wrong @ eta, slope]

    # What the data say nothing of stays where it is.
    limits: list[tuple[float | None, float | None]] = [(None, None) if len(n) else (0.0, 0.0)]
    limits.append(_SCALES if len(n) and len(judged) else (0.0, 0.0))
    limits += [(0.0, None)] * len(expert)
    found = minimize(
        loss,
        np.r_[first if len(n) else 0.0, 0.0, expert],
        jac=True,
        method="L-BFGS-B",
        bounds=limits,
        options={"maxiter": 2000, "maxfun": 5000, "ftol": 1e-13, "gtol": 1e-9},
    )
    if bound is not None and len(shape) == len(expert) and bound.above(found.x[_HEAD:]):
        spread = np.r_[found.x[:_HEAD], found.x[_HEAD:].sum() * expert]
        found = _held_to(bound, loss, (found.x, spread), limits)
    beta = found.x[_HEAD:]
    a = float(found.x[0] + center @ beta)
    return Slopes(a, beta * shape if len(shape) > len(beta) else beta, float(np.exp(found.x[1])))


def _held_to(bound: Bound, loss: Any, starts: Sequence[Array], limits: Any) -> Any:
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
            bounds=limits,
            constraints={
                "type": "ineq",
                "fun": lambda theta: bound.room(theta[_HEAD:]),
                "jac": lambda theta: np.pad(bound.room_slopes(theta[_HEAD:]), ((0, 0), (_HEAD, 0))),
            },
            options={"maxiter": 100, "ftol": 1e-10},
        )
        for start in starts
    ]
    return min(found, key=lambda each: (bool(bound.above(each.x[_HEAD:])), each.fun))
