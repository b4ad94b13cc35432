"""Choose the strength of the boost: by a bound, by measured loss, or by the exposure wanted.

Log relevance plus beta times lean is linear in beta, so as beta grows each pair of
candidates changes places at most once, and always in favour of the one with more lean and
less relevance. Hence the relevance at the top of the list only falls, and the exposure of
all merchants above a given lean only rises: bisection finds the strength exactly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from trustscore.boost.lists import Lists
from trustscore.boost.policy import BoostPolicy
from trustscore.boost.serving import TableSource
from trustscore.errors import InputError, PolicyError
from trustscore.scorecard.vetoes import Veto
from trustscore.typing import BoolArray, FloatArray, IntArray

STEPS = 22
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


class OutOfReach(PolicyError):
    """The exposure wanted needs more strength than the policy allows.

    Attributes
    ----------
    attainable : Strength
        The largest exposure within reach, and its cost.
    """

    def __init__(self, summary: str, attainable: Strength | list[str]) -> None:
        super().__init__(summary)
        self.attainable = attainable
        # Pickling calls __init__ with `args`, so they must be its arguments.
        self.args = (summary, attainable)


@dataclass(frozen=True, eq=False)
class Front:
    """The trade-off between relevance and exposure, one point for each strength.

    Attributes
    ----------
    beta, loss, loss_lower, loss_upper, loss_worst, share, share_lower, share_upper : array
        Bounds are 95 %, by bootstrap over lists.
    knee : int
        The point farthest from the line between the ends: beyond it, exposure gets expensive.
    """

    beta: FloatArray
    loss: FloatArray
    loss_lower: FloatArray
    loss_upper: FloatArray
    loss_worst: FloatArray
    share: FloatArray
    share_lower: FloatArray
    share_upper: FloatArray
    knee: int


def guaranteed_beta(eps: float, policy: BoostPolicy) -> float:
    """Return the largest strength at which no list can lose more than `eps`, whatever the data.

    Examples
    --------
    >>> round(guaranteed_beta(0.1, BoostPolicy()), 4)
    0.0527
    """
    _require_share("eps", eps)
    if policy.form == "additive":
        raise PolicyError("form 'additive' has no bound in ratio: calibrate it on lists")
    return min(-math.log1p(-eps) / (1 + policy.curve.rho), policy.most_beta)


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
            loss_worst=float(np.quantile(loss, _WORST)),
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

    def upper(self, per_list: FloatArray) -> float:
        """Return the upper 95 % bound of a mean over lists."""
        return float(np.quantile(self._weights @ per_list, 0.95))

    def interval(self, per_list: FloatArray) -> tuple[float, float]:
        """Return the two-sided 95 % interval of a mean over lists."""
        low, high = np.quantile(self._weights @ per_list, [0.025, 0.975])
        return float(low), float(high)


def calibrate(
    eps: float, trial: Trial, *, worst: float | None = None, most_beta: float = 2.0
) -> Strength:
    """Return the largest strength whose measured loss stays within `eps`.

    Parameters
    ----------
    eps : float
        Limit on the upper 95 % bound of the mean loss, exploration included.
    trial : Trial
    worst : float, optional
        Limit on the 99th percentile of the loss of one list, ``5 * eps`` by default.
    most_beta : float, default=2.0
        Never more than this, nor than the ratio guard of the policy allows.

    Notes
    -----
    Guards are left out, because with them the loss is not monotone in beta; measure again with
    them. The merchant cap moves items for a reason other than trust, and has its own cost.
    """
    _require_share("eps", eps)
    worst = min(5 * eps, 0.999) if worst is None else worst
    _require_share("worst", worst)

    def stopped(beta: float) -> str:
        loss, _ = trial.measure(beta)
        if trial.upper(loss) + trial.reserve(beta) > eps:
            return "eps"
        return "worst list" if float(np.quantile(loss, _WORST)) > worst else ""

    high = min(most_beta, trial.policy.most_beta)
    binding = stopped(high)
    if not binding:
        return trial.strength(high, "most beta")
    low = 0.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        if why := stopped(middle):
            high, binding = middle, why
        else:
            low = middle
    return trial.strength(low, binding)


def reach_exposure(target: float, trial: Trial, *, most_beta: float = 2.0) -> Strength:
    """Return the least strength that gives the group of `trial` the share `target` of exposure.

    Raises
    ------
    OutOfReach
        When the largest strength allowed does not reach the target. The error carries the
        largest attainable exposure and its cost.

    Notes
    -----
    The share of "all merchants above a lean" only rises with strength, so bisection is exact.
    The share of another group may fall, so a grid finds the first strength that reaches the
    target, and the bisection runs inside that cell only.
    """
    _require_share("target", target)

    def share(beta: float) -> float:
        return float(trial.measure(beta)[1].mean())

    high = min(most_beta, trial.policy.most_beta)
    if share(0.0) >= target:
        return trial.strength(0.0, "target")
    points = [high] if trial.upper_set else np.linspace(0.0, high, 41)[1:].tolist()
    reached = next((at for at in points if share(at) >= target), None)
    if reached is None:
        best = max(points, key=share)
        most = trial.strength(float(best), "most beta")
        raise OutOfReach(
            f"exposure {target:.4g} is out of reach: at the largest strength allowed, "
            f"{high:.4g}, it is {most.share:.4g} (from {most.share_before:.4g}) "
            f"at a mean loss of {most.loss:.2%}",
            most,
        )
    low = 0.0 if trial.upper_set else max([0.0, *(at for at in points if at < reached)])
    high = reached
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if share(middle) >= target else (middle, high)
    return trial.strength(high, "target")


def pareto(trial: Trial, n: int = 41, *, most_beta: float = 2.0) -> Front:
    """Return the trade-off at `n` strengths from 0 to the largest allowed, and its knee."""
    if n < 3:
        raise InputError(f"n must be at least 3. Got {n}")
    beta = np.linspace(0.0, min(most_beta, trial.policy.most_beta), n)
    measured = [trial.measure(at) for at in beta.tolist()]
    loss = np.asarray([x.mean() for x, _ in measured])
    share = np.asarray([y.mean() for _, y in measured])
    losses = np.asarray([trial.interval(x) for x, _ in measured])
    shares = np.asarray([trial.interval(y) for _, y in measured])
    return Front(
        beta=beta,
        loss=loss,
        loss_lower=losses[:, 0],
        loss_upper=losses[:, 1],
        loss_worst=np.asarray([np.quantile(x, _WORST) for x, _ in measured]),
        share=share,
        share_lower=shares[:, 0],
        share_upper=shares[:, 1],
        knee=knee(loss, share),
    )


def knee(loss: FloatArray, share: FloatArray) -> int:
    """Return the point farthest above the line between the first and the last.

    Examples
    --------
    >>> knee(np.array([0.0, 0.1, 0.5, 1.0]), np.array([0.0, 0.6, 0.9, 1.0]))
    1
    """

    def scaled(values: FloatArray) -> FloatArray:
        whole = float(values[-1] - values[0]) or 1.0
        return np.asarray((values - values[0]) / whole)

    return int(np.argmax(scaled(share) - scaled(loss)))


def _require_share(name: str, value: float) -> None:
    if not 0 < value < 1:
        raise InputError(f"{name} must be between 0 and 1. Got {value!r}")


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
    for which, cells, real in lists.grids():
        score = np.append(lists.relevance, 1.0).take(cells)
        if policy.form == "multiplicative":
            gain = np.where(real, score, 0.0)
            base, pull = np.log(score), np.append(lean, 0.0).take(cells)
        else:
            low = np.where(real, score, np.inf).min(axis=1, keepdims=True)
            gain = np.where(real, score - low, 0.0)
            base, pull = score, np.append(lean, 0.0).take(cells) * spread[which, None]
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
