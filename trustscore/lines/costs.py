"""What a line costs: harm let through above it, and honest orders held back below it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from trustscore.typing import Array, BoolArray, FloatArray

__all__ = ["Curve", "Judged", "best_line", "cost_curve", "losses"]


class Judged(NamedTuple):
    """Merchants whom one line parts, and what became of them.

    Attributes
    ----------
    figure : ndarray of shape (rows,)
        What is compared with the line.
    holds_from : bool
        Whether a figure from the line on holds a merchant back, as with a cap; with a tier a figure
        below the line does.
    n, events : ndarray of shape (rows,)
        Orders, and those of them that came to harm.
    merchant, period : ndarray of int, shape (rows,)
        A merchant of several periods has a row in each.
    """

    figure: FloatArray
    holds_from: bool
    n: FloatArray
    events: FloatArray
    merchant: Array
    period: Array

    def take(self, rows: Array) -> Judged:
        """Return some of the rows."""
        return self._replace(
            **{
                name: getattr(self, name)[rows]
                for name in ("figure", "n", "events", "merchant", "period")
            }
        )

    def held(self, at: float) -> BoolArray:
        """Return who is held back by a line."""
        found: BoolArray = self.figure >= at if self.holds_from else self.figure < at
        return found


class Curve(NamedTuple):
    """What each line of a grid would let through and hold back.

    Attributes
    ----------
    at : ndarray of shape (lines,)
    harm_through, honest_held : ndarray of shape (lines,)
        Orders with harm of merchants who pass; orders without of those who are held back.
    merchants_held : ndarray of shape (lines,)
        Rows, of which a merchant has one in each period.
    """

    at: FloatArray
    harm_through: FloatArray
    honest_held: FloatArray
    merchants_held: FloatArray

    def cost(self, harm: float) -> FloatArray:
        """Return the cost of each line, where an order with harm costs as much as `harm` honest."""
        return harm * self.harm_through + self.honest_held


def cost_curve(judged: Judged, grid: FloatArray, weight: FloatArray | None = None) -> Curve:
    """Return what each line of a grid lets through and holds back.

    Parameters
    ----------
    judged : Judged
    grid : ndarray of shape (lines,)
        Rising.
    weight : ndarray of shape (rows,), optional
        How often each row counts.

    Examples
    --------
    >>> five = np.arange(5)
    >>> figure, n, events = (
    ...     np.array([10.0, 20, 30, 40, 50]),
    ...     np.full(5, 10.0),
    ...     np.array([6.0, 4, 1, 0, 0]),
    ... )
    >>> judged = Judged(figure, False, n, events, five, five)
    >>> curve = cost_curve(judged, np.array([0.0, 25.0, 60.0]))
    >>> curve.harm_through.tolist(), curve.honest_held.tolist(), curve.merchants_held.tolist()
    ([11.0, 1.0, 0.0], [0.0, 10.0, 39.0], [0.0, 2.0, 5.0])
    """
    counts = np.ones(len(judged.figure)) if weight is None else weight
    order = np.argsort(judged.figure, kind="stable")
    below = np.searchsorted(judged.figure[order], grid, side="left")

    def held(values: FloatArray) -> FloatArray:
        sums = np.concatenate([[0.0], np.cumsum((values * counts)[order])])
        found: FloatArray = sums[-1] - sums[below] if judged.holds_from else sums[below]
        return found

    harm = float((judged.events * counts).sum())
    return Curve(
        grid,
        harm - held(judged.events),
        held(judged.n - judged.events),
        held(np.ones(len(judged.figure))),
    )


def best_line(curve: Curve, harm: float, old: float) -> float:
    """Return the cheapest line; of lines that cost the same, the one nearest to the old line.

    The cheapest line stands where the share of harm, made monotone by pooling neighbours, crosses
    1 / (1 + harm): there one more merchant let through costs as much as one more held back.

    Examples
    --------
    >>> grid = np.array([0.0, 25.0, 30.0, 60.0])
    >>> curve = Curve(grid, np.array([9.0, 1, 1, 0]), np.array([0.0, 10, 10, 39]), np.zeros(4))
    >>> best_line(curve, harm=5, old=50), best_line(curve, harm=5, old=10)
    (30.0, 25.0)
    >>> best_line(curve, harm=0.1, old=50), best_line(curve, harm=100, old=50)
    (0.0, 60.0)
    """
    cost = curve.cost(harm)
    near = cost <= cost.min() * (1 + 1e-12)
    lines = curve.at[near]
    return float(lines[np.argmin(np.abs(lines - old))])


def losses(judged: Judged, at: float, harm: float) -> FloatArray:
    """Return what a line costs at each row.

    Examples
    --------
    >>> one = np.zeros(2)
    >>> judged = Judged(
    ...     np.array([1.0, 9.0]), False, np.full(2, 10.0), np.array([4.0, 1.0]), one, one
    ... )
    >>> losses(judged, 5.0, 3.0).tolist()
    [6.0, 3.0]
    """
    return np.where(judged.held(at), judged.n - judged.events, harm * judged.events)
