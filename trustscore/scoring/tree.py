"""One pass up the tree: index, interval, coverage, prior index and the largest losses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from trustscore.aggregate import drop, ends, generator, inverse, lift, slope
from trustscore.scoring.plan import NodePlan, SignalPlan
from trustscore.scoring.rows import Rows

Array = np.ndarray[Any, Any]
# Utility and doubt of a signal; None stands for no doubt in any row.
Leaf = Callable[[SignalPlan], tuple[Array, Array | None]]

REASONS = 3


@dataclass(slots=True)
class Fold:
    """What a node says of its rows; scalars stand for columns in which all rows agree.

    `has` is where it applies, `value` its utility; `single`, `common`, `shared` are the running
    sums of the variance (see `standard_error`); `losses` the largest losses below it, packed
    with the position of their signal, on the node's own scale of total `lost`.
    """

    has: Any
    value: Any
    doubt: Any
    prior: Any
    single: Any
    common: Any
    shared: Any
    lost: Any
    losses: list[Array] | None


class TopLosses:
    """The few largest of many columns, row by row, without sorting.

    A loss and the position of its signal share one float: the lowest bits of the mantissa hold
    the position, so that a maximum carries it along.
    """

    def __init__(self, signals: int) -> None:
        self.bits = np.int64((1 << max(int(signals).bit_length(), 1)) - 1)

    def pack(self, loss: Array, position: Any) -> Array:
        """Return losses that carry a position; the losses given are written over."""
        bits = loss.view(np.int64)
        bits &= ~self.bits
        bits |= position
        return loss

    def unpack(self, packed: Array) -> tuple[Array, Array]:
        """Return losses and positions."""
        whole = packed.view(np.int64)
        return (whole & ~self.bits).view(np.float64), whole & self.bits

    def insert(self, top: list[Array] | None, packed: Array) -> list[Array]:
        """Return the largest after one more column; both are written over."""
        if top is None:
            return [packed, *(np.zeros_like(packed) for _ in range(REASONS - 1))]
        for best in top[:-1]:
            beaten = np.minimum(best, packed)
            np.maximum(best, packed, out=best)
            packed = beaten
        np.maximum(top[-1], packed, out=top[-1])
        return top


@dataclass(slots=True)
class _Sums:
    """Running sums of a node; a sum stays a scalar until a column is added to it."""

    weight: Any = 0.0
    mean: Any = 0.0
    prior: Any = 0.0
    doubt: Any = 0.0
    single: Any = 0.0
    common: Any = 0.0
    shared: Any = 0.0

    def add(self, other: _Sums, mask: Array | None) -> None:
        """Add the sums of a group, where its mask lets it count."""
        for name in _Sums.__slots__:
            part = getattr(other, name)
            setattr(self, name, getattr(self, name) + (part if mask is None else part * mask))


def child_weight(child: NodePlan, below: Fold, rows: Rows) -> Any:
    """Return the weight of a child in its parent: 0 where it does not apply."""
    weight = rows.take(child.weight) * below.has
    share = None if child.weight_by is None else rows.raw(child.weight_by)
    if share is not None:
        weight = weight * np.where(np.isnan(share), 1.0, share)
    return weight


def fold(
    node: NodePlan,
    rows: Rows,
    leaf: Leaf,
    rho: float,
    rho_evidence: float,
    top: TopLosses | None,
    seen: dict[str, Fold],
) -> Fold:
    """Fold a node and all below it; every node's result is also put into `seen`.

    With doubt `q` and `b` a signal's weight times kappa times the slope of its generator, the
    node sums ``b^2 q (1 - rho_e + (rho_e - rho) q)``, ``b q`` and ``b sqrt(q (1 - q))``; a node
    scales them by the slope of its own inverse when it hands them up.
    """
    power, floor = node.power, node.floor
    _, full = ends(power, floor)
    sums = _Sums()
    losses: list[Array] | None = None
    for when, plans in node.groups:
        mask = rows.applies(when)
        group = _Sums()
        for plan in plans:
            w = rows.take(plan.weight)
            if not rows.collected(plan.signal) or not np.any(w):
                continue
            u, q = leaf(plan)
            raised = generator(lift(u, power, floor), power)
            before = lift(np.atleast_1d(rows.take(plan.prior_utility)), power, floor)
            group.weight = group.weight + w
            group.prior = group.prior + w * generator(before, power)
            part = w * raised
            group.mean = _plus(group.mean, part)
            if q is not None:
                b = rows.take(plan.weight_kappa)
                if power != 1:
                    b = b * slope(lift(u, power, floor), power)
                _spread(group, w, b, q, rho, rho_evidence)
            if top is None:
                continue
            loss = np.subtract(w * full, part, out=raised if raised is not part else None)
            if power < 0:
                np.negative(loss, out=loss)
            if mask is not None:
                loss *= mask
            losses = top.insert(losses, top.pack(loss, plan.position))
        sums.add(group, mask)
    for child in node.children:
        below = fold(child, rows, leaf, rho, rho_evidence, top, seen)
        w = child_weight(child, below, rows)
        if not np.any(w):
            continue
        v = lift(below.value, power, floor)
        raised = generator(v, power)
        step = w * slope(v, power)
        sums.weight = sums.weight + w
        sums.mean = sums.mean + w * raised
        sums.prior = sums.prior + w * generator(lift(below.prior, power, floor), power)
        sums.doubt = sums.doubt + w * below.doubt
        sums.single = sums.single + step * step * below.single
        sums.common = sums.common + step * below.common
        sums.shared = sums.shared + step * below.shared
        if top is None:
            continue
        loss = w * np.abs(full - raised)
        unit = np.divide(loss, below.lost, out=np.zeros(rows.rows), where=below.lost > 0)
        for packed in below.losses or []:
            part, position = top.unpack(packed)
            losses = top.insert(losses, top.pack(part * unit, position))
    result = _close(sums, power, floor, full, rows.rows, losses)
    seen[node.id] = result
    return result


def _plus(total: Any, part: Array) -> Any:
    """Add a column to a running sum, in place once the sum is a column of its own."""
    if isinstance(total, float):
        return total + part
    total += part
    return total


def _spread(group: _Sums, w: Any, b: Any, q: Array, rho: float, rho_evidence: float) -> None:
    """Add one signal's doubt and its three terms of the variance."""
    group.doubt = _plus(group.doubt, w * q)
    bq = np.multiply(b, q, out=q)
    group.common = _plus(group.common, bq)
    part = (rho_evidence - rho) * bq
    part += (1.0 - rho_evidence) * b
    part *= bq
    group.single = _plus(group.single, part)
    np.subtract(b, bq, out=part)
    part *= bq
    np.sqrt(part, out=part)
    group.shared = _plus(group.shared, part)


def _close(
    sums: _Sums, power: float, floor: float, full: Any, size: int, losses: list[Array] | None
) -> Fold:
    """Return what the sums of a node come to."""
    has = np.asarray(np.greater(sums.weight, 0), dtype=np.float64)
    total = np.where(has > 0, sums.weight, 1.0)
    average = np.where(has > 0, sums.mean / total, full)
    before = np.where(has > 0, sums.prior / total, full)
    v = inverse(average, power)
    step = 1.0 / (total * slope(v, power))
    return Fold(
        has=has,
        value=drop(v, power, floor),
        doubt=sums.doubt / total,
        prior=drop(inverse(before, power), power, floor),
        single=step * step * sums.single,
        common=step * sums.common,
        shared=step * sums.shared,
        lost=np.broadcast_to(np.abs(sums.weight * full - sums.mean), (size,)),
        losses=losses,
    )


def standard_error(root: Fold, rho: float, rho_evidence: float) -> Any:
    """Return the standard error of the index in points, before adjustments."""
    variance = root.single + rho * root.common**2 + rho_evidence * root.shared**2
    return 100.0 * np.sqrt(np.maximum(variance, 0.0))
