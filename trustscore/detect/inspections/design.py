"""The design of a plan: with which chance each order is in it, and the draw.

An order is a unit. Orders of one merchant and category are alike before anybody has looked, so they
are a cell and have one chance. The chances are worked out first and the draw keeps them exactly, so
what is written as propensity is the chance that there was.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from trustscore.scoring.curves import shrunk
from trustscore.typing import Array, FloatArray

__all__ = ["Design", "Posterior", "design", "draw", "posterior", "value_shares"]

_BETAS_AT_ONCE = 2_000_000


class Posterior(NamedTuple):
    """Beta distributions of the fail rates of cells.

    Attributes
    ----------
    a, b : ndarray
    """

    a: FloatArray
    b: FloatArray

    @property
    def mean(self) -> FloatArray:
        """The expected fail rates."""
        return self.a / (self.a + self.b)

    def above(self, line: float) -> FloatArray:
        """Return the chance of each that it is above a line."""
        from scipy.stats import beta

        found: FloatArray = beta.sf(line, self.a, self.b)
        return found


def posterior(failed: Array, examined: Array, prior: float, strength: float) -> Posterior:
    """Return what is known of fail rates, by the shrinkage of the scorecard.

    Examples
    --------
    >>> found = posterior(np.array([0.0, 3.0]), np.array([0.0, 30.0]), 0.1, 30.0)
    >>> found.mean.round(3).tolist(), (found.a + found.b).tolist()
    ([0.1, 0.1], [30.0, 60.0])
    """
    mean, _ = shrunk("rate", failed, examined, prior, strength)
    size = np.asarray(examined, dtype=np.float64) + strength
    return Posterior(mean * size, (1.0 - mean) * size)


def value_shares(
    known: Posterior,
    orders: Array,
    harm: Array,
    line: float,
    draws: int,
    random: np.random.Generator,
) -> FloatArray:
    """Return the share of targeted inspections that each cell deserves.

    Each Thompson draw says what all fail rates might be. The cells that are above the line in it
    share it, in proportion to their orders times the weight of the harm; so a cell has on average
    what the chance that its rate is above the line, its orders and the harm make it worth.

    Parameters
    ----------
    known : Posterior
    orders, harm : ndarray
        Orders of each cell, and what a defect of one of them weighs.
    line : float
    draws : int
    random : numpy Generator

    Returns
    -------
    ndarray
        Adds up to 1; where no draw has any cell above the line, by orders and harm alone.
    """
    worth = np.asarray(orders, np.float64) * harm
    total = np.zeros(len(worth))
    step = max(1, _BETAS_AT_ONCE // max(len(worth), 1))
    for start in range(0, draws, step):
        rows = min(step, draws - start)
        rates = random.beta(known.a, known.b, (rows, len(worth)))
        value = np.where(rates > line, worth, 0.0)
        of_draw = value.sum(axis=1)
        some = of_draw > 0
        total += (value[some] / of_draw[some, None]).sum(axis=0)
    if not total.any():
        total = worth if worth.any() else np.asarray(orders, np.float64)
    shares: FloatArray = total / total.sum()
    return shares


class Design(NamedTuple):
    """With which chance an order of each cell is in the plan.

    Attributes
    ----------
    orders : ndarray
        Of each cell.
    uniform : float
        The part of the chance that every order of the market has.
    targeted : ndarray
        What an order of each cell has beside it.
    """

    orders: Array
    uniform: float
    targeted: FloatArray

    @property
    def propensity(self) -> FloatArray:
        """The chance of an order of each cell."""
        return np.minimum(self.uniform + self.targeted, 1.0)


def design(
    orders: Array, shares: Array, budget: int, random_share: float, most_of_one: int
) -> Design:
    """Return chances that add up to the budget.

    Parameters
    ----------
    orders, shares : ndarray
        Of each cell.
    budget : int
        At most as many as there are orders.
    random_share : float
        Of the budget that is spread over all orders alike. More is, where the cells that deserve
        it have too few orders, or `most_of_one` leaves some over.
    most_of_one : int
        Targeted orders of one cell.

    Examples
    --------
    >>> found = design(np.array([100, 900]), np.array([0.5, 0.5]), 100, 0.2, 1000)
    >>> found.uniform, found.targeted.round(4).tolist()
    (0.02, [0.4, 0.0444])
    >>> float((found.propensity * found.orders).sum())
    100.0
    """
    sizes = np.asarray(orders, np.float64)
    total = sizes.sum()
    shares = np.asarray(shares, np.float64)
    # A share of next to nothing is nothing: parts of it cannot be told apart.
    shares = np.where(shares > 1e-12 * shares.max(initial=0.0), shares, 0.0)
    wanted = np.where(shares > 0, float(most_of_one), 0.0)

    def room(uniform: float) -> FloatArray:
        return np.minimum(wanted, sizes * (1.0 - uniform))

    low, high = random_share * budget / total, budget / total
    if room(low).sum() < budget - low * total:
        for _ in range(60):
            middle = (low + high) / 2.0
            enough = room(middle).sum() >= budget - middle * total
            low, high = (low, middle) if enough else (middle, high)
        low = high
    targets = _filled(shares, room(low), budget - low * total)
    return Design(np.asarray(orders), float(low), targets / np.maximum(sizes, 1.0))


def _filled(shares: FloatArray, room: FloatArray, amount: float) -> FloatArray:
    """Return an amount laid out by shares, with no more in a cell than it has room for."""
    out = np.zeros(len(shares))
    open_ = shares > 0
    while amount > 1e-9 and open_.any():
        part = amount * np.where(open_, shares, 0.0) / shares[open_].sum()
        given = np.minimum(part, room - out)
        out += given
        amount -= given.sum()
        full = out >= room - 1e-9
        if not (open_ & full).any():
            break
        open_ &= ~full
    return out


def draw(plan: Design, random: np.random.Generator) -> tuple[Array, Array]:
    """Draw how many orders of each cell are in the plan, and how many of those at random.

    Systematic sampling: a comb with teeth one apart is laid over the expected numbers, cell after
    cell in random order. A cell gets the whole number below or above what is expected, which it
    is on average; and so it is for the orders at random among them.

    Returns
    -------
    chosen, at_random : ndarray of int

    Examples
    --------
    >>> found = design(np.array([100, 900]), np.array([0.5, 0.5]), 100, 0.2, 1000)
    >>> chosen, at_random = draw(found, np.random.default_rng(1))
    >>> chosen.tolist(), int(at_random.sum())
    ([42, 58], 20)
    """
    expected = plan.propensity * plan.orders
    chosen = np.minimum(_comb(expected, random), plan.orders.astype(np.int64))
    part = np.divide(
        plan.uniform, plan.propensity, out=np.ones(len(expected)), where=plan.propensity > 0
    )
    return chosen, np.minimum(_comb(chosen * np.minimum(part, 1.0), random), chosen)


def _comb(expected: FloatArray, random: np.random.Generator) -> Array:
    """Return whole numbers that are what is expected on average."""
    order = random.permutation(len(expected))
    ends = np.concatenate([[0.0], np.cumsum(expected[order])])
    # A sum of a whole number of teeth may come out a rounding below it.
    whole = round(float(ends[-1]))
    if abs(ends[-1] - whole) < 1e-6:
        ends *= whole / ends[-1] if ends[-1] else 1.0
    teeth = np.floor(ends - random.random() + 1.0)
    out = np.zeros(len(expected), np.int64)
    out[order] = np.diff(teeth).astype(np.int64)
    return out
