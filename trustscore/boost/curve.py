"""From index and uncertainty to a bounded, monotone lean.

::

    lean
      1 |                         ______    promotion saturates
        |                       /
      0 |-----------+==========+--------   t = neutral point; ===: not settled by evidence
        |         /
   -rho |________/
        +-----------|----t-----|--------> index
                 t - z se    t + z se
"""

from __future__ import annotations

import numpy as np

from trustscore.boost.policy_tables import Curve
from trustscore.typing import FloatArray


def neutral_point(
    point: FloatArray | float, prior_index: FloatArray, coverage: FloatArray
) -> FloatArray:
    """Return the index a merchant is compared with: ``coverage * point + (1 - coverage) * prior``.

    A merchant about which nothing is known (coverage 0) is compared with the index of an
    unknown merchant, which is its own: so it is exactly neutral.

    Examples
    --------
    >>> neutral_point(70.0, np.array([74.0, 74.0]), np.array([0.0, 0.5])).tolist()
    [74.0, 72.0]
    """
    return coverage * point + (1.0 - coverage) * prior_index


def settled_excess(
    index: FloatArray, index_se: FloatArray, neutral: FloatArray, z_promote: float, z_demote: float
) -> FloatArray:
    """Return the part of ``index - neutral`` beyond z standard errors.

    For a promotion it is the lower bound minus neutral, for a demotion the upper bound minus
    neutral, and 0 in between. It is continuous, and monotone in the index.

    Examples
    --------
    >>> index, se = np.array([80.0, 72.0, 60.0]), np.array([5.0, 5.0, 5.0])
    >>> settled_excess(index, se, np.full(3, 70.0), 1.0, 2.0).tolist()
    [5.0, 0.0, 0.0]
    """
    distance = index - neutral
    up = np.maximum(distance - z_promote * index_se, 0.0)
    down = np.minimum(distance + z_demote * index_se, 0.0)
    return up + down


def logistic_gate(point: FloatArray, middle: float, width: float) -> FloatArray:
    """Return a logistic step: 0 well below `middle`, 0.5 at it, 1 well above.

    Examples
    --------
    >>> logistic_gate(np.array([65.0, 5.0, 95.0]), 65.0, 3.0).round(3).tolist()
    [0.5, 0.0, 1.0]
    """
    # tanh gives the same value as 1 / (1 + exp(-x)) and cannot overflow.
    return 0.5 + 0.5 * np.tanh(0.5 * (point - middle) / width)


def lean_curve(settled: FloatArray, curve: Curve) -> FloatArray:
    """Return the lean that the curve of a policy gives to a settled excess in index points.

    For every shape the lean is non-decreasing, 0 at 0, and between ``-rho`` and 1.

    Examples
    --------
    >>> from trustscore.boost.policy import Curve
    >>> lean_curve(np.array([-30.0, 0.0, 7.5]), Curve(shape="linear", rho=0.5)).tolist()
    [-0.5, 0.0, 0.5]
    >>> tiers = Curve(shape="tiers", steps=((-10, -0.5), (5, 0.25), (12, 1)))
    >>> lean_curve(np.array([-10.0, -9.0, 4.0, 5.0, 50.0]), tiers).tolist()
    [-0.5, 0.0, 0.0, 0.25, 1.0]
    """
    if curve.shape == "knots":
        points = np.asarray(curve.knots, dtype=np.float64)
        return _monotone_cubic(settled, points[:, 0], points[:, 1])
    if curve.shape == "tiers":
        return _steps(settled, np.asarray(curve.steps, dtype=np.float64))
    up, down = np.maximum(settled, 0.0) / curve.up, np.minimum(settled, 0.0) / curve.down
    if curve.shape == "linear":
        return np.minimum(up, 1.0) + curve.rho * np.maximum(down, -1.0)
    if curve.shape == "saturation":
        return up / (1.0 + up) + curve.rho * (down / (1.0 - down))
    return np.tanh(up) + curve.rho * np.tanh(down)


def _steps(x: FloatArray, steps: FloatArray) -> FloatArray:
    """Return a step function that rises and is 0 around 0; an edge belongs to the outer step."""
    edges, values = steps[:, 0], steps[:, 1]
    below = edges < 0
    up = np.concatenate([[0.0], values[~below]])[np.searchsorted(edges[~below], x, side="right")]
    down = np.concatenate([values[below], [0.0]])[np.searchsorted(edges[below], x, side="left")]
    found: FloatArray = up + down
    return found


def _monotone_cubic(x: FloatArray, xs: FloatArray, ys: FloatArray) -> FloatArray:
    """Return the monotone cubic (Fritsch and Carlson 1980) of the knots, constant beyond them."""
    if len(xs) == 1:
        return np.zeros_like(x)
    step = np.diff(xs)
    rise = np.diff(ys) / step
    slope = np.zeros_like(xs)
    # The weighted harmonic mean of the neighbours' slopes keeps each piece monotone. The slope at
    # the ends and beside a flat piece stays 0, so the curve joins its constant parts smoothly.
    left, right = rise[:-1], rise[1:]
    wide_left, wide_right = 2 * step[1:] + step[:-1], step[1:] + 2 * step[:-1]
    inner = (left > 0) & (right > 0)
    slope[1:-1][inner] = (wide_left + wide_right)[inner] / (
        wide_left[inner] / left[inner] + wide_right[inner] / right[inner]
    )
    at = np.clip(x, xs[0], xs[-1])
    piece = np.clip(np.searchsorted(xs, at, side="right") - 1, 0, len(step) - 1)
    h, t = step[piece], (at - xs[piece]) / step[piece]
    cubic = (
        (1 + 2 * t) * (1 - t) ** 2 * ys[piece]
        + t * (1 - t) ** 2 * h * slope[piece]
        + t**2 * (3 - 2 * t) * ys[piece + 1]
        + t**2 * (t - 1) * h * slope[piece + 1]
    )
    # Clip, because rounding may carry the cubic a last bit beyond its knots.
    return np.clip(cubic, ys[piece], ys[piece + 1])
