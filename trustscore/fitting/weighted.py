"""Quantiles of values that stand for several merchants each."""

from __future__ import annotations

from typing import Any

import numpy as np

from trustscore.typing import Array

__all__ = ["quantile"]


def quantile(values: Array, levels: Any, weight: Array | None = None) -> Array:
    """Return quantiles as `numpy.quantile` does, of values with frequency weights.

    A weight of 3 counts as three equal values. Where some weights are below 1, all are scaled up
    until the smallest is 1; values of weight 0 are left out.

    Parameters
    ----------
    values : ndarray
        At least one, without NaN.
    levels : float or sequence of float
    weight : ndarray, optional

    Returns
    -------
    ndarray
        0-dimensional for one level.

    Examples
    --------
    >>> values = np.array([1.0, 2.0, 9.0])
    >>> float(quantile(values, 0.5)), float(quantile(values, 0.5, np.array([1, 1, 2])))
    (2.0, 5.5)
    """
    if weight is None:
        return np.asarray(np.quantile(values, levels))
    part = weight > 0
    order = np.argsort(values[part], kind="stable")
    sorted_values, many = values[part][order], weight[part][order].astype(np.float64)
    many = many / min(1.0, float(many.min()))
    reach = np.cumsum(many)
    # Each value holds the places from its first to its last copy.
    places = np.column_stack((reach - many, reach - 1.0)).reshape(-1)
    copies = np.repeat(sorted_values, 2)
    return np.asarray(np.interp(np.asarray(levels) * (reach[-1] - 1.0), places, copies))
