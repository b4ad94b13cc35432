"""Power means over a tree, and the shares that add up to them."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def lift(u: Any, power: float, floor: float) -> Any:
    """Return ``v = eps + (1 - eps) u`` where the exponent needs a floor, else `u` itself."""
    return u if power == 1 else floor + (1.0 - floor) * u


def generator(v: Any, power: float) -> Any:
    """Return phi(v): ``v``, ``ln v`` or ``v ** p``, which falls as `v` rises when p < 0."""
    if power == 1:
        return v
    if power == 0:
        return np.log(v)
    if power == -1:
        return 1.0 / v
    return np.power(v, power)


def inverse(mean: Any, power: float) -> Any:
    """Undo `generator`."""
    if power == 1:
        return mean
    if power == 0:
        return np.exp(mean)
    if power == -1:
        return 1.0 / mean
    return np.power(mean, 1.0 / power)


def slope(v: Any, power: float) -> Any:
    """Return ``v ** (p - 1)``, the derivative of the generator up to a constant."""
    if power == 1:
        return 1.0
    if power == 0:
        return 1.0 / v
    return np.power(v, power - 1.0)


def ends(power: float, floor: float) -> tuple[Any, Any]:
    """Return phi of nothing and phi of full marks.

    Examples
    --------
    >>> ends(1.0, 0.1)
    (array([0.]), array([1.]))
    """
    low = np.array([0.0 if power == 1 else floor])
    return generator(low, power), generator(np.ones(1), power)


def power_mean(u: Array, weights: Array, power: float = 1.0, floor: float = 0.1) -> Array:
    """Return the floored weighted power mean of utilities.

    ``M = (phi^-1(sum w phi(v)) - eps) / (1 - eps)`` with ``v = eps + (1 - eps) u``; all 0 gives
    0 and all 1 gives 1. Source: the weighted power mean, floored so that one zero does not make
    the rest worthless.

    Parameters
    ----------
    u : ndarray of shape (parts, rows)
        In [0, 1].
    weights : ndarray of shape (parts,)
        Any positive scale.

    Returns
    -------
    ndarray of shape (rows,)

    Examples
    --------
    >>> power_mean(np.array([[0.0], [1.0]]), np.array([1.0, 1.0])).tolist()
    [0.5]
    >>> power_mean(np.array([[0.0], [1.0]]), np.array([1.0, 1.0]), power=0).round(3).tolist()
    [0.24]
    """
    total = 0.0
    for part, weight in zip(u, weights, strict=True):
        total = total + weight * generator(lift(part, power, floor), power)
    mean = inverse(total / weights.sum(), power)
    return drop(mean, power, floor)


def drop(mean: Any, power: float, floor: float) -> Any:
    """Undo `lift`, clipped to [0, 1]."""
    if power != 1:
        mean = (mean - floor) / (1.0 - floor)
    return np.minimum(np.maximum(mean, 0.0), 1.0)
