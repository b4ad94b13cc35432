"""Quantiles of beta and gamma laws by numpy alone, from a tabulated density."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.special import ndtr

from trustscore.typing import Array

_POINTS = 2001


def normal_cdf(z: Array) -> Array:
    """Return the standard normal distribution function.

    Examples
    --------
    >>> normal_cdf(np.array([0.0, 1.644854])).round(4).tolist()
    [0.5, 0.95]
    """
    p: Array = ndtr(z)
    return p


@lru_cache(maxsize=1024)
def _table(a: float, b: float | None) -> tuple[Array, Array]:
    # On the logit (of a beta) or the logarithm (of a gamma) the density is smooth and has one
    # peak even where the shape is below 1 and the law itself runs off to infinity at zero.
    if b is None:
        low = np.log(a) - 12 / np.sqrt(a) - 30 / a
        high = np.log(a + 12 * np.sqrt(a) + 40)
        y = np.linspace(low, high, _POINTS)
        height = a * y - np.exp(y)
    else:
        peak = np.log(a) - np.log(b)
        low, high = peak - 12 / np.sqrt(a) - 30 / a, peak + 12 / np.sqrt(b) + 30 / b
        y = np.linspace(low, high, _POINTS)
        height = -a * np.logaddexp(0.0, -y) - b * np.logaddexp(0.0, y)
    density = np.exp(height - height.max())
    cdf = np.concatenate(([0.0], np.cumsum(density[1:] + density[:-1])))
    return cdf / cdf[-1], y


def gamma_quantile(p: Array, shape: float) -> Array:
    """Return the quantile of a gamma law of scale 1.

    Examples
    --------
    A gamma law of shape 1 is the exponential law, whose median is ln 2:

    >>> gamma_quantile(np.array([0.5]), 1.0).round(3).tolist()
    [0.693]
    """
    cdf, y = _table(shape, None)
    x: Array = np.exp(np.interp(p, cdf, y))
    return x


def beta_quantile(p: Array, a: float, b: float) -> Array:
    """Return the quantile of a beta law.

    Examples
    --------
    A beta law of (1, 1) is the uniform law:

    >>> beta_quantile(np.array([0.25, 0.5]), 1.0, 1.0).round(3).tolist()
    [0.25, 0.5]
    """
    cdf, y = _table(a, b)
    x: Array = 1.0 / (1.0 + np.exp(-np.interp(p, cdf, y)))
    return x
