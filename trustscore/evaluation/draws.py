"""Means over lists with bootstrap intervals; a draw resamples all figures of a list together.

All columns of a matrix use the same draws, so the difference of two columns is a paired one. Two
matrices drawn with the same seed over the same lists are paired as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from trustscore.typing import FloatArray

# Largest number of counts in memory, of 8 bytes each.
_CELLS = 4_000_000
# Lists with a figure, from which on its mean gets an interval: fewer, drawn with replacement, make
# intervals that are too short, and a single list one of no length.
LEAST_LISTS = 20


@dataclass(frozen=True, eq=False)
class Draws:
    """Means of columns, and their means in each bootstrap sample of the lists.

    Attributes
    ----------
    means : array of shape (columns,)
        Mean over the lists where the column is defined.
    drawn : array of shape (draws, columns)
        NaN for columns that fewer than `LEAST_LISTS` lists have.
    """

    means: FloatArray
    drawn: FloatArray

    def interval(self, column: int) -> tuple[float, float]:
        """Return the two-sided 95 % interval of a mean; NaN when any draw is NaN."""
        low, high = self._bounds[:, column]
        return float(low), float(high)

    @cached_property
    def _bounds(self) -> FloatArray:
        return np.quantile(self.drawn, [0.025, 0.975], axis=0)

    def change(self, column: int, base: int) -> tuple[float, float, float]:
        """Return the difference of two means and its paired interval."""
        low, high = between(self.drawn[:, column] - self.drawn[:, base])
        return float(self.means[column] - self.means[base]), low, high


def between(drawn: FloatArray) -> tuple[float, float]:
    """Return the 2.5 % and 97.5 % quantiles; NaN when any draw is NaN.

    Examples
    --------
    >>> between(np.arange(41.0))
    (1.0, 39.0)
    """
    if np.isnan(drawn).any():
        return float("nan"), float("nan")
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)


def bootstrap(values: FloatArray, draws: int = 1000, seed: int = 1) -> Draws:
    """Return the mean of each column and of `draws` samples of its rows, with replacement.

    Parameters
    ----------
    values : array of shape (lists, columns)
        NaN where a list has no such figure; the mean of the column then leaves the list out.
    draws, seed : int
        Number of samples, and the seed by which they are drawn.

    Returns
    -------
    Draws

    Examples
    --------
    >>> found = bootstrap(np.array([[0.0, 1.0], [2.0, np.nan]] * 12), draws=200)
    >>> found.means.tolist(), found.drawn.shape
    ([1.0, 1.0], (200, 2))
    >>> found.change(0, 0), found.interval(1)
    ((0.0, 0.0, 0.0), (nan, nan))
    """
    lists = len(values)
    known = ~np.isnan(values)
    filled = np.where(known, values, 0.0)
    # Only columns with gaps need a count of their own lists.
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
    drawn[:, known.sum(axis=0) < LEAST_LISTS] = np.nan
    return Draws(means, drawn)
