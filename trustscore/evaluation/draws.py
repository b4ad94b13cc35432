"""Means over lists with intervals: lists are drawn again, all figures of a draw together.

Every column of one matrix sees the same draws, so a difference of two columns is a paired one,
and a matrix drawn with the same seed over the same lists is paired with it as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from trustscore.evaluation.panel import Floats

# Counts held at once, of 8 bytes each.
_CELLS = 4_000_000


@dataclass(frozen=True, eq=False)
class Draws:
    """Means of columns, and of the same columns over lists drawn again.

    Attributes
    ----------
    means : array of shape (columns,)
        Over lists where the column is defined.
    drawn : array of shape (draws, columns)
    """

    means: Floats
    drawn: Floats

    def interval(self, column: int) -> tuple[float, float]:
        """Return the two-sided 95 % interval of a mean, NaN when any draw is."""
        low, high = self._bounds[:, column]
        return float(low), float(high)

    @cached_property
    def _bounds(self) -> Floats:
        return np.quantile(self.drawn, [0.025, 0.975], axis=0)

    def change(self, column: int, base: int) -> tuple[float, float, float]:
        """Return the difference of two means and its paired interval."""
        low, high = between(self.drawn[:, column] - self.drawn[:, base])
        return float(self.means[column] - self.means[base]), low, high


def between(drawn: Floats) -> tuple[float, float]:
    """Return the 2.5 % and 97.5 % quantiles, NaN when any draw is.

    Examples
    --------
    >>> between(np.arange(41.0))
    (1.0, 39.0)
    """
    if np.isnan(drawn).any():
        return float("nan"), float("nan")
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)


def bootstrap(values: Floats, draws: int = 1000, seed: int = 1) -> Draws:
    """Return the mean of each column and of `draws` samples of its rows, with replacement.

    Parameters
    ----------
    values : array of shape (lists, columns)
        NaN where a list has no such figure; it then counts in no mean of that column.
    draws, seed : int

    Examples
    --------
    >>> found = bootstrap(np.array([[0.0, 1.0], [1.0, 2.0], [2.0, np.nan]]), draws=200)
    >>> found.means.tolist(), found.drawn.shape
    ([1.0, 1.5], (200, 2))
    >>> found.change(0, 0)
    (0.0, 0.0, 0.0)
    """
    lists = len(values)
    known = ~np.isnan(values)
    filled = np.where(known, values, 0.0)
    # Most columns are defined everywhere and need no count of their own.
    gaps = np.flatnonzero(~known.all(axis=0))
    presence = known[:, gaps].astype(np.float64)
    with np.errstate(invalid="ignore"):
        means = filled.sum(axis=0) / known.sum(axis=0)
    drawn = np.empty((draws, values.shape[1]))
    rng = np.random.default_rng(seed)
    step = max(1, min(draws, _CELLS // max(lists, 1)))
    for start in range(0, draws, step):
        size = min(step, draws - start)
        picks = rng.integers(0, lists, size=(size, lists))
        picks += np.arange(size)[:, None] * lists
        counts = np.bincount(picks.reshape(-1), minlength=size * lists).reshape(size, lists)
        weights = counts.astype(np.float64)
        part = weights @ filled / lists
        with np.errstate(invalid="ignore", divide="ignore"):
            part[:, gaps] *= lists / (weights @ presence)
        drawn[start : start + size] = part
    return Draws(means, drawn)
