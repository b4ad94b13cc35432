"""Marginal likelihoods of merchants' figures under a prior, and how to maximise them.

Each function returns minus the logarithm, up to a constant, and its slope; parameters are on scales
without ends (log odds, logarithms). A weight is how many merchants a row stands for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import betaln, digamma, expit, gammaln

from trustscore.typing import Array

__all__ = ["Peak", "beta_binomial", "find_peak", "gamma_poisson", "normal"]

Loss = Callable[[Array], tuple[float, Array]]

_STEP = 1e-3
# A slope below this, for each merchant, counts as flat.
_FLAT = 1e-6


class Peak(NamedTuple):
    """Where a likelihood is highest.

    Attributes
    ----------
    at : ndarray
    loss : float
    covariance : ndarray
        Inverse of the curvature; infinite variances where the likelihood is flat.
    found : bool
        Whether the search ended.
    """

    at: Array
    loss: float
    covariance: Array
    found: bool


def beta_binomial(k: Array, n: Array, weight: Array, offset: Any = 0.0) -> Loss:
    """Return the loss of k of n events in (log odds of the prior, log strength).

    `offset` is added to the log odds, one for each row where groups have priors of their own.
    """

    def loss(theta: Array) -> tuple[float, Array]:
        p, s = expit(theta[0] + offset), np.exp(theta[1])
        a, b = s * p, s * (1 - p)
        value = -(weight * (_log_beta(k + a, n - k + b) - _log_beta(a, b))).sum()
        da = weight * (
            digamma(k + a)
            - digamma(a)
            - _digamma_ahead(n - k + b, k + a)
            + _digamma_ahead(b, a)
            - digamma(n - k + b)
            + digamma(b)
        )
        db = weight * (_digamma_ahead(b, a) - _digamma_ahead(n - k + b, k + a))
        slope = (s * p * (1 - p) * (da - db)).sum(), (a * da + b * db).sum()
        return float(value), -np.array(slope)

    return loss


def gamma_poisson(k: Array, n: Array, weight: Array, offset: Any = 0.0) -> Loss:
    """Return the loss of k events over n orders in (log prior, log strength).

    Up to the same constant as `beta_binomial`: both leave out ``log (n choose k)`` of the binomial.
    """
    # Of n^k / k! the part that the binomial coefficient does not hold.
    apart = k * np.log(n) - gammaln(k + 1) - _log_choose(k, n)
    constant = float((weight * apart).sum())

    def loss(theta: Array) -> tuple[float, Array]:
        m, s = np.exp(theta[0] + offset), np.exp(theta[1])
        a = s * m
        share = np.log(s / (s + n))
        value = gammaln(k + a) - gammaln(a) + a * share - k * np.log(s + n)
        da = a * weight * (digamma(k + a) - digamma(a) + share)
        ds = s * weight * (a * (1 / s - 1 / (s + n)) - k / (s + n))
        slope = -np.array([da.sum(), (da + ds).sum()])
        return -float((weight * value).sum()) - constant, slope

    return loss


# From here on Stirling's series, cut off after three terms, is exact to the last bit.
_FAR = 1000.0


def _log_beta(a: Array, b: Array) -> Array:
    """Return the logarithm of the beta function.

    A difference of two log gammas would lose seven digits where one argument is a million times
    the other, as with one event in a million views, and no search would end.
    """
    small, large = np.minimum(a, b), np.maximum(a, b)
    x = np.maximum(large, _FAR)
    more = (
        small * np.log(x)
        + (x + small - 0.5) * np.log1p(small / x)
        - small
        + _stirling(x + small)
        - _stirling(x)
    )
    found: Array = np.where(large < _FAR, betaln(a, b), gammaln(small) - more)
    return found


def _stirling(x: Array) -> Array:
    found: Array = 1 / (12 * x) - 1 / (360 * x**3) + 1 / (1260 * x**5)
    return found


def _digamma_ahead(x: Array, more: Array) -> Array:
    """Return ``digamma(x + more) - digamma(x)`` with all its digits."""
    at = np.maximum(x, _FAR)
    to = at + more
    far = np.log1p(more / at) + more / (2 * at * to) + (1 / at**2 - 1 / to**2) / 12
    found: Array = np.where(x < _FAR, digamma(x + more) - digamma(x), far)
    return found


def _log_choose(k: Array, n: Array) -> Array:
    """Return ``log (n choose k)``; 0 where there are more events than orders."""
    inside = np.minimum(k, n)
    found: Array = gammaln(n + 1) - gammaln(inside + 1) - gammaln(n - inside + 1)
    return np.where(k > n, 0.0, found)


def normal(y: Array, n: Array, weight: Array) -> Loss:
    """Return the loss of means y of n observations in (log t^2, log sd^2).

    ``y_i ~ N(m, t^2 + sd^2 / n_i)``; m is where the loss is lowest for each pair.
    """

    def loss(theta: Array) -> tuple[float, Array]:
        t2, s2 = np.exp(theta)
        v = t2 + s2 / n
        m = (weight * y / v).sum() / (weight / v).sum()
        rest = (y - m) ** 2 / v
        # The loss is flat in m at its optimum, so the other two slopes may hold m fixed.
        dv = weight * (1 - rest) / v
        value = 0.5 * (weight * (np.log(v) + rest)).sum()
        return float(value), 0.5 * np.array([t2 * dv.sum(), s2 * (dv / n).sum()])

    return loss


def find_peak(loss: Loss, start: Array, bounds: list[tuple[float, float]], size: float) -> Peak:
    """Minimise a loss inside bounds; return the minimum and its curvature.

    Parameters
    ----------
    loss : callable
    start : ndarray
    bounds : list of (float, float)
        A parameter with equal bounds is fixed, and its variance is 0.
    size : float
        Number of merchants. The loss is divided by it, so that the search ends at the same
        precision.

    Returns
    -------
    Peak
    """

    def scaled(theta: Array) -> tuple[float, Array]:
        value, slope = loss(theta)
        return value / size, slope / size

    first = np.clip(start, *np.array(bounds).T)
    found = minimize(
        scaled,
        first,
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"ftol": 1e-14, "gtol": 1e-9, "maxiter": 500},
    )
    at = np.asarray(found.x, dtype=np.float64)
    value, slope = loss(at)
    low, high = np.array(bounds).T
    inward = np.where(at <= low, np.minimum(slope, 0.0), slope)
    inward = np.where(at >= high, np.maximum(inward, 0.0), inward)
    # Rounding may stop a line search although the slope is flat.
    settled = bool(found.success) or bool(np.abs(inward).max() <= _FLAT * size)
    free = low < high
    ended = settled and bool(np.isfinite(value))
    return Peak(at, value, _covariance(loss, at, free), ended)


def _covariance(loss: Loss, at: Array, free: Array) -> Array:
    """Return the inverse curvature of free parameters, by differences of the slope."""
    size = len(at)
    found = np.zeros((size, size))
    which = np.flatnonzero(free)
    if not len(which):
        return found
    curve = np.empty((len(which), len(which)))
    for row, place in enumerate(which):
        step = np.zeros(size)
        step[place] = _STEP
        up, down = loss(at + step)[1], loss(at - step)[1]
        curve[row] = (up - down)[which] / (2 * _STEP)
    curve = (curve + curve.T) / 2
    values, vectors = np.linalg.eigh(np.where(np.isfinite(curve), curve, 0.0))
    # Without curvature the data do not determine this direction, and its variance is infinite.
    spread = np.where(values > 1e-9, 1.0 / np.maximum(values, 1e-9), np.inf)
    with np.errstate(invalid="ignore"):
        parts = [
            np.where((vector[:, None] * vector) == 0, 0.0, vector[:, None] * vector * width)
            for vector, width in zip(vectors.T, spread, strict=True)
        ]
    found[np.ix_(which, which)] = np.sum(parts, axis=0)
    return found
