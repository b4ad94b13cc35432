"""A bound on how much of the index's variance one signal, or one dimension, may make up."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from trustscore.scorecard import Scorecard
from trustscore.scoring.realised import MOST_OF_A_DIMENSION, MOST_OF_A_SIGNAL, parts_of_index
from trustscore.typing import Array

__all__ = ["Bound", "bound_of"]


class Bound(NamedTuple):
    """The bound as constraints on the slopes of the signals that a fit may move.

    Attributes
    ----------
    covariance : ndarray of shape (signals, signals)
        Of the utilities over the market.
    spread : ndarray of shape (signals, free)
        What the slope of a free signal gives to the slope of each signal of the scorecard; signals
        that keep their share get it from all.
    parts : ndarray of shape (parts, signals)
        1 where a signal belongs to the part: every signal alone, then every dimension.
    limits : ndarray of shape (parts,)
        Greatest share of each part.
    names : tuple of str
        Of the parts.
    """

    covariance: Array
    spread: Array
    parts: Array
    limits: Array
    names: tuple[str, ...]

    def shares(self, slopes: Array) -> Array:
        """Return the share of the variance of the index that each part makes up."""
        x = self.spread @ slopes
        with_all = self.covariance @ x
        total = float(x @ with_all)
        if total <= 0:
            return np.zeros(len(self.limits))
        return np.asarray(self.parts @ (x * with_all) / total)

    def room(self, slopes: Array) -> Array:
        """Return how far each part is under its limit; negative where it is above."""
        return np.asarray(self.limits - self.shares(slopes))

    def room_slopes(self, slopes: Array) -> Array:
        """Return the derivatives of `room` by the slopes, of shape (parts, free)."""
        x = self.spread @ slopes
        with_all = self.covariance @ x
        total = float(x @ with_all)
        if total <= 0:
            return np.zeros((len(self.limits), len(slopes)))
        own = self.parts @ (x * with_all)
        moved = self.parts * with_all + (self.parts * x) @ self.covariance
        quotient = (moved * total - np.outer(own, 2 * with_all)) / total**2
        return np.asarray(-quotient @ self.spread)

    def can_be_kept(self, expert: Array, seed: int = 0) -> bool:
        """Return whether any slopes keep to the bound, as far as a search from ten starts finds.

        The bound asks nothing of outcomes, so that this is known before any fit.

        Parameters
        ----------
        expert : ndarray of shape (free,)
            Shares of the expert, the first start; the second are equal shares.
        seed : int
            Of the other starts.
        """

        def over(slopes: Array) -> tuple[float, Array]:
            beyond = np.maximum(-self.room(slopes), 0.0)
            return float(beyond @ beyond), -2.0 * beyond @ self.room_slopes(slopes)

        size = len(expert)
        starts = [expert, np.full(size, 1.0 / size)]
        starts += list(np.random.default_rng(seed).dirichlet(np.ones(size), 8))
        for start in starts:
            found = minimize(over, start, jac=True, method="L-BFGS-B", bounds=[(0.0, None)] * size)
            if not self.above(found.x):
                return True
        return False

    def above(self, slopes: Array) -> list[tuple[str, float, float]]:
        """Return name, share and limit of every part that is above its limit."""
        shares = self.shares(slopes)
        return [
            (self.names[at], float(shares[at]), float(self.limits[at]))
            for at in np.flatnonzero(shares > self.limits + 1e-3).tolist()
        ]


def bound_of(
    card: Scorecard,
    utility: Array,
    before: Array,
    free: Array,
    most: tuple[float, float] = (MOST_OF_A_SIGNAL, MOST_OF_A_DIMENSION),
) -> Bound:
    """Return the bound for a market.

    Parameters
    ----------
    card : Scorecard
    utility : ndarray of shape (merchants, signals)
        As they enter the index.
    before : ndarray of shape (signals,)
        Shares of the index that the scorecard gives.
    free : ndarray of bool of shape (signals,)
        Signals that the fit may move.
    most : (float, float)
        Greatest share of a signal and of a dimension. 1 is no bound.
    """
    held = float(before[~free].sum())
    spread = np.zeros((len(before), int(free.sum())))
    spread[np.flatnonzero(free), np.arange(spread.shape[1])] = 1.0
    spread[~free] = before[~free, None] / (1.0 - held)
    covariance = np.atleast_2d(np.cov(utility.T, bias=True))
    parts = parts_of_index(card, most)
    return Bound(covariance, spread, parts.inside, parts.limits, parts.names)
