"""Ranked lists prepared to be sorted at many strengths of the boost, and what each costs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from trustscore.boost.lists import Lists
from trustscore.boost.policy import BoostPolicy
from trustscore.boost.serving import TableSource
from trustscore.errors import InputError
from trustscore.scorecard.vetoes import Veto
from trustscore.typing import BoolArray, FloatArray, IntArray

__all__ = ["Strength", "Trial"]

# Of the losses of single lists, the quantile that stands for the worst.
_WORST = 0.99


@dataclass(frozen=True)
class Strength:
    """A strength and what it costs on the lists it was measured on.

    Attributes
    ----------
    beta : float
    loss : float
        Mean loss of score-DCG at `k` against the lists without boost.
    loss_upper : float
        Upper 95 % bound of the mean, by bootstrap over lists.
    loss_worst : float
        99th percentile of the loss of a single list.
    reserve : float
        What exploration may cost at worst; it counts inside eps.
    bound : float
        ``1 - exp(-beta (1 + rho))``: no list ever loses more. 1 in the additive form, which
        has no bound in ratio.
    share_before, share : float
        Exposure share of the promoted merchants (or of the group asked for), without and with
        boost.
    binding : str
        The limit that stopped the strength: ``eps``, ``worst list``, ``target`` or ``most beta``.
    """

    beta: float
    loss: float
    loss_upper: float
    loss_worst: float
    reserve: float
    bound: float
    share_before: float
    share: float
    binding: str

    @property
    def price(self) -> float:
        """Mean loss for each point (1 %) of exposure gained; NaN when none was."""
        gained = 100 * (self.share - self.share_before)
        return self.loss / gained if gained > 0 else math.nan


@dataclass(frozen=True, eq=False)
class _Grid:
    which: IntArray
    base: FloatArray
    lean: FloatArray
    gain: FloatArray
    group: FloatArray
    discount: FloatArray
    best: FloatArray
    seen: FloatArray
    spread: FloatArray


class Trial:
    """Lists prepared to be sorted at many strengths.

    Vetoed candidates are left out, because no promise on relevance covers vetoes.
    Lists that the policy excludes count as they are, unboosted.

    Parameters
    ----------
    lists : Lists
    table : TrustTable or LiveTable
    policy : BoostPolicy
    k : int, default=10
        Places that count, with discount ``1 / log2(1 + place)``.
    group : bool array, optional
        Candidates (input rows of the lists) whose exposure is measured. By default those with a
        lean of at least `above`.
    above : float, default=0.25
    draws, seed : int
        Bootstrap.

    Examples
    --------
    >>> from trustscore.boost.serving import TrustTable
    >>> table = TrustTable.build(
    ...     {
    ...         "merchant_id": ["a", "b"],
    ...         "trust_index": [50.0, 90.0],
    ...         "index_se": [3.0, 3.0],
    ...         "prior_index": [71.0, 71.0],
    ...         "coverage": [0.9, 0.9],
    ...     }
    ... )
    >>> lists = Lists.from_columns(["q"] * 3, [0.50, 0.48, 0.47], ["a", "new", "b"])
    >>> trial = Trial(lists, table, BoostPolicy.load(), k=2)
    >>> loss, share = trial.measure(0.1)
    >>> loss.round(4).tolist(), share.round(4).tolist()
    ([0.0374], [0.6131])
    """

    def __init__(
        self,
        lists: Lists,
        table: TableSource,
        policy: BoostPolicy,
        *,
        k: int = 10,
        group: Any = None,
        above: float = 0.25,
        draws: int = 200,
        seed: int = 1,
    ) -> None:
        held = table.snapshot()
        held.require(policy)
        lists.check(policy)
        if not len(lists):
            raise InputError("there is no list to calibrate on")
        if k < 1:
            raise InputError(f"k must be at least 1. Got {k}")
        self.policy = policy
        rows = held.rows(lists.merchant_ids)
        lean = held.columns["lean"].take(rows)
        member = lean >= above
        if group is not None:
            member = np.asarray(group, dtype=bool)
            if member.shape != lean.shape:
                raise InputError(f"group has shape {member.shape}, the lists have {len(lean)} rows")
            member = member[lists.source]
        # With this group the exposure only rises with beta: in a list the higher leans rise, and
        # where the boost is off nothing moves.
        self.upper_set = group is None
        lean = np.where(np.repeat(lists.off(policy), lists.lengths), 0.0, lean)
        # Ranking measures the range of a list over all its candidates, vetoed ones included.
        spread = lists.spread()
        keep = held.columns["veto"].take(rows) < Veto.FLOOR
        lists, lean, member = _without_vetoed(lists, lean, member, keep)
        self._lists = len(lists)
        self._grids = list(_grids(lists, lean, member, policy, k, spread))
        if not self._grids:
            raise InputError("every candidate of the lists is vetoed, or the lists are empty")
        self._used = np.sort(np.concatenate([grid.which for grid in self._grids]))
        # Every strength uses the same bootstrap samples, so the bounds are monotone as well.
        self._weights = _bootstrap(len(self._used), draws, seed)

    def measure(self, beta: float) -> tuple[FloatArray, FloatArray]:
        """Return loss and exposure share of each list at a strength."""
        loss, share = np.zeros(self._lists), np.zeros(self._lists)
        for grid in self._grids:
            loss[grid.which], share[grid.which] = _measure(grid, beta)
        return loss[self._used], share[self._used]

    def strength(self, beta: float, binding: str) -> Strength:
        """Return the costs and gains at a strength."""
        loss, share = self.measure(beta)
        _, before = self.measure(0.0)
        return Strength(
            beta=beta,
            loss=float(loss.mean()),
            loss_upper=self.upper(loss),
            loss_worst=self.worst(loss),
            reserve=self.reserve(beta),
            bound=self._bound(beta),
            share_before=float(before.mean()),
            share=float(share.mean()),
            binding=binding,
        )

    def reserve(self, beta: float) -> float:
        """Return the worst cost of exploration: its share of lists times the most one can lose."""
        share = self.policy.exploration.share
        if not share:
            return 0.0
        if self.policy.form == "multiplicative":
            return share * self._bound(beta)
        # The item shown at a place has at most beta (1 + rho) ranges less relevance than the item
        # that stood there before.
        steep = np.zeros(self._lists)
        for grid in self._grids:
            most = grid.spread * grid.seen
            steep[grid.which] = most / np.where(grid.best > 0, grid.best, np.inf)
        lost = np.minimum(1.0, beta * (1 + self.policy.curve.rho) * steep[self._used])
        return float(share * lost.mean())

    def _bound(self, beta: float) -> float:
        if self.policy.form == "additive":
            return 1.0
        return 1 - math.exp(-beta * (1 + self.policy.curve.rho))

    def worst(self, loss: FloatArray) -> float:
        """Return the 99th percentile of the losses of single lists."""
        return float(np.quantile(loss, _WORST))

    def upper(self, per_list: FloatArray) -> float:
        """Return the upper 95 % bound of a mean over lists."""
        return float(np.quantile(self._weights @ per_list, 0.95))

    def interval(self, per_list: FloatArray) -> tuple[float, float]:
        """Return the two-sided 95 % interval of a mean over lists."""
        low, high = np.quantile(self._weights @ per_list, [0.025, 0.975])
        return float(low), float(high)


def _bootstrap(count: int, draws: int, seed: int) -> FloatArray:
    picks = np.random.default_rng(seed).integers(0, count, size=(draws, count))
    offset = np.arange(draws)[:, None] * count
    counts = np.bincount((picks + offset).reshape(-1), minlength=draws * count)
    return counts.reshape(draws, count) / count


def _without_vetoed(
    lists: Lists, lean: FloatArray, member: BoolArray, keep: BoolArray
) -> tuple[Lists, FloatArray, BoolArray]:
    """Return the lists of the kept rows, their leans, and which of them are members."""
    if keep.all():
        return lists, lean, member
    held = np.add.reduceat(np.append(keep, False).astype(np.int64), lists.offsets[:-1])
    held[lists.lengths == 0] = 0
    thinned = Lists(
        queries=lists.queries,
        offsets=np.concatenate([[0], np.cumsum(held)]),
        relevance=lists.relevance[keep],
        merchant_ids=lists.merchant_ids[keep],
        item_ids=None if lists.item_ids is None else lists.item_ids[keep],
        source=lists.source[keep],
    )
    return thinned, lean[keep], member[keep]


def _grids(
    lists: Lists,
    lean: FloatArray,
    member: BoolArray,
    policy: BoostPolicy,
    k: int,
    spread: FloatArray,
) -> list[_Grid]:
    found = []
    multiplies = policy.form == "multiplicative"
    gains = lists.relevance if multiplies else lists.above_least()
    for which, cells, real in lists.grids():
        score = np.append(lists.relevance, 1.0).take(cells)
        gain = np.append(gains, 0.0).take(cells)
        pull = np.append(lean, 0.0).take(cells)
        if multiplies:
            base = np.log(score)
        else:
            base, pull = score, pull * spread[which, None]
        # A padded cell sorts last at every strength.
        base = np.where(real, base, -np.inf)
        places = min(k, cells.shape[1])
        discount = 1.0 / np.log2(np.arange(2, places + 2))
        group = np.append(member, False).take(cells).astype(np.float64)
        seen = np.ascontiguousarray(real[:, :places], dtype=np.float64) @ discount
        best = np.ascontiguousarray(gain[:, :places]) @ discount
        found.append(_Grid(which, base, pull, gain, group, discount, best, seen, spread[which]))
    return found


def _measure(grid: _Grid, beta: float) -> tuple[FloatArray, FloatArray]:
    places = len(grid.discount)
    key = -(grid.base + beta * grid.lean)
    order = np.argsort(key, axis=1)
    shown = np.take_along_axis(key, order[:, : places + 1], axis=1)
    # A tie goes to the base order, which is the order of the cells.
    tied = np.flatnonzero((shown[:, 1:] == shown[:, :-1]).any(axis=1))
    order[tied] = np.argsort(key[tied], axis=1, kind="stable")
    order = order[:, :places]
    dcg = np.take_along_axis(grid.gain, order, axis=1) @ grid.discount
    share = np.take_along_axis(grid.group, order, axis=1) @ grid.discount
    loss = np.where(grid.best > 0, 1.0 - dcg / np.where(grid.best > 0, grid.best, 1.0), 0.0)
    return loss, share / grid.seen
