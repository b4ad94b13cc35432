"""Shrinkage: a raw figure moves from its prior as evidence comes in."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def shrink_count(
    k: Array,
    n: Array,
    prior: Any,
    strength: Any,
    x: Array | None = None,
    q: Array | None = None,
) -> tuple[Array, Array]:
    """Shrink `k` events of `n` towards a prior rate.

    ``x = (k + s p0) / (n + s)`` and ``q = s / (n + s)``, the posterior mean under a beta
    (subset) or gamma (events) prior worth `s` observations, and the prior's part in it.

    Parameters
    ----------
    k, n : ndarray of shape (rows,)
        Counts; NaN gives NaN.
    prior, strength : float or ndarray of shape (rows,)
    x, q : ndarray of shape (rows,), optional
        Where the results go; `x` may be `k`.

    Returns
    -------
    x, q : ndarray of shape (rows,)
        Shrunk rate, and doubt in (0, 1]: one minus the reliability ``n / (n + s)``.

    Examples
    --------
    >>> x, q = shrink_count(np.array([0.0, 3.0]), np.array([0.0, 30.0]), 0.1, 30.0)
    >>> x.round(3).tolist(), q.tolist()
    ([0.1, 0.1], [1.0, 0.5])
    """
    total = np.add(n, strength, out=q)
    x = np.add(k, strength * prior, out=x)
    x /= total
    return x, np.divide(strength, total, out=total)


def shrink_mean(
    mean: Array,
    n: Array,
    prior: Any,
    strength: Any,
    x: Array | None = None,
    q: Array | None = None,
) -> tuple[Array, Array]:
    """Shrink a mean of `n` observations towards a prior mean.

    ``x = (n mean + s m0) / (n + s)`` and ``q = s / (n + s)``.

    Parameters
    ----------
    mean, n : ndarray of shape (rows,)
        NaN gives NaN.
    prior, strength : float or ndarray of shape (rows,)
    x, q : ndarray of shape (rows,), optional
        Where the results go; `x` may be `mean`.

    Returns
    -------
    x, q : ndarray of shape (rows,)
        As in `shrink_count`.

    Examples
    --------
    >>> x, q = shrink_mean(np.array([5.0]), np.array([10.0]), 4.0, 10.0)
    >>> x.tolist(), q.tolist()
    ([4.5], [0.5])
    """
    # As a mix of the two: the counts cannot overflow, and no evidence is the prior exactly.
    total = np.add(n, strength, out=q)
    q = np.divide(strength, total, out=total)
    x = np.multiply(1.0 - q, mean, out=x)
    x += prior * q
    return x, q


def prior_spread(kind: str, prior: Any, strength: Any, sd: Any) -> Any:
    """Return tau, the standard deviation of the prior on the scale that is shrunk.

    Beta for a `rate`, gamma for `events`, normal for `mean` and (in log units) `duration`.
    NaN where a signal has no such prior.

    Examples
    --------
    >>> round(float(prior_spread("events", 0.0172, 190.6, None)), 4)
    0.0095
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        if kind == "rate":
            return np.sqrt(prior * (1 - prior) / (strength + 1))
        if kind == "events":
            return np.sqrt(prior / strength)
        if kind in ("mean", "duration"):
            return sd / np.sqrt(strength)
    return np.full(np.shape(prior), np.nan)
