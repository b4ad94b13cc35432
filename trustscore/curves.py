"""Curves: from a value to a utility between 0 (poor) and 1 (good)."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

# Lognormal: utility .5 at poor and .9 at good, so the slope is the inverse erf of .8.
ERF_POINT_EIGHT = 0.9061938024368232
# Logistic: utility .1 at poor and .9 at good.
LOGIT_POINT_NINE = 2.1972245773362196
SMALLEST = 1e-300
# Abramowitz and Stegun, formula 7.1.26: at most 1.5e-7 from erf. SQL uses the same figures.
ERF_P = 0.3275911
ERF_A = (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)


def erf(z: Array) -> Array:
    """Return the error function by the polynomial that exported SQL uses too.

    Examples
    --------
    >>> erf(np.array([0.0, 1.0])).round(6).tolist()
    [0.0, 0.842701]
    """
    size = np.abs(z)
    t = 1.0 / (1.0 + ERF_P * size)
    a1, a2, a3, a4, a5 = ERF_A
    tail = ((((a5 * t + a4) * t + a3) * t + a2) * t + a1) * t
    tail *= np.exp(-np.minimum(size * size, 700.0))
    return np.sign(z) * (1.0 - tail)


def scale(curve: str, value: Any) -> Any:
    """Return a value or an anchor on the scale in which the curve is straight."""
    if curve in ("log", "lognormal"):
        return np.log(np.maximum(value, SMALLEST))
    if curve == "log1p":
        return np.log1p(np.maximum(value, -1 + 1e-15))
    return value


def utility(
    curve: str,
    x: Array,
    poor: Any,
    good: Any,
    knots: tuple[tuple[float, float], ...] = (),
    out: Array | None = None,
) -> Array:
    """Return the utility of values; NaN gives NaN.

    Parameters
    ----------
    curve : str
        One of ``linear log log1p lognormal logistic knots percentile``.
    x : ndarray
        Values on the scale of `scale`.
    poor, good : float or ndarray
        Anchors on the same scale; their order is the direction.
    knots : tuple of (value, utility)
        For ``knots`` and ``percentile``.
    out : ndarray, optional
        Where the straight curves put the result.

    Returns
    -------
    ndarray
        In [0, 1]; exactly 0 and 1 beyond the anchors, but for lognormal and logistic, which
        approach them.

    Examples
    --------
    >>> utility("linear", np.array([0.05, 0.02, 0.0]), 0.04, 0.0).tolist()
    [0.0, 0.5, 1.0]
    """
    if knots:
        xs, us = zip(*knots, strict=True)
        return np.interp(x, xs, us)
    u = np.subtract(x, poor, out=out)
    u /= good - poor
    if curve == "lognormal":
        u *= ERF_POINT_EIGHT
        return 0.5 * (1.0 + erf(u))
    if curve == "logistic":
        u -= 0.5
        u *= -2.0 * LOGIT_POINT_NINE
        return 1.0 / (1.0 + np.exp(np.minimum(u, 700.0)))
    return np.clip(u, 0.0, 1.0, out=u)
