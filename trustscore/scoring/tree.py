"""One pass up the tree: index, interval, coverage, prior index and the largest losses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from trustscore.aggregate import drop, ends, generator, inverse, lift, slope
from trustscore.scoring.layout import NodeLayout
from trustscore.scoring.plan import NodePlan
from trustscore.scoring.rows import Rows
from trustscore.scoring.utility import Evidence
from trustscore.scratch import SCRATCH

Array = np.ndarray[Any, Any]

REASONS = 3


@dataclass(slots=True)
class Fold:
    """What a node says of its rows; scalars stand for columns in which all rows agree.

    `has` is where it applies, `value` its utility; `single`, `common`, `shared` are the running
    sums of the variance (see `standard_error`); `losses` the largest losses below it, packed
    with the slot of their signal, on the node's own scale of total `lost`.
    """

    has: Any
    value: Any
    doubt: Any
    prior: Any
    single: Any
    common: Any
    shared: Any
    lost: Any
    losses: Array | None


class TopLosses:
    """The few largest of many columns, row by row, without sorting.

    A loss and the slot of its signal share one float: the lowest bits of the mantissa hold the
    slot, so that a maximum carries it along.
    """

    def __init__(self, signals: int) -> None:
        self.bits = np.int64((1 << max(int(signals).bit_length(), 1)) - 1)

    def pack(self, loss: Array, slot: Any) -> Array:
        """Return losses that carry a slot; the losses given are written over."""
        bits = loss.view(np.int64)
        bits &= ~self.bits
        bits |= slot
        return loss

    def unpack(self, packed: Array) -> tuple[Array, Array]:
        """Return losses and slots."""
        whole = packed.view(np.int64)
        return (whole & ~self.bits).view(np.float64), whole & self.bits

    def largest(self, packed: Array, first: int) -> Array:
        """Return the largest of some columns' worth of losses; they are written over.

        The rows of the table are those of the slots from `first` on.
        """
        found = np.zeros((REASONS, packed.shape[1]))
        columns = np.arange(packed.shape[1])
        for place in range(min(REASONS, len(packed))):
            if place:
                beaten = (found[place - 1].view(np.int64) & self.bits) - first
                packed[beaten, columns] = 0.0
            np.maximum.reduce(packed, axis=0, out=found[place])
        return found

    def merge(self, top: Array | None, others: Array) -> Array:
        """Return the largest of both; both are written over."""
        if top is None:
            return others
        for packed in others:
            for best in top[:-1]:
                beaten = np.minimum(best, packed)
                np.maximum(best, packed, out=best)
                packed = beaten
            np.maximum(top[-1], packed, out=top[-1])
        return top


@dataclass(frozen=True, slots=True)
class Notes:
    """What people ask about beside the numbers: the largest losses, and missing evidence.

    `unknown` and `withheld` count the rows of each slot in which its signal applies.
    """

    top: TopLosses
    unknown: Array
    withheld: Array

    def count(self, slots: slice, weight: Array, found: Evidence) -> None:
        """Count the rows of some signals that apply without evidence, or withhold it."""
        applies = weight > 0
        for counts, where in (
            (self.unknown, found.doubt[slots] == 1),
            (self.withheld, found.withheld[slots]),
        ):
            # The places of the few are found several times faster than sums along an axis.
            places = np.flatnonzero(where & applies)
            if places.size:
                signals, size = where.shape
                counts[slots] += np.diff(places.searchsorted(np.arange(signals + 1) * size))


def column_sum(table: Array) -> Array:
    """Return the sum of each column, row after row, whatever the number of columns.

    A single column would be summed in pairs, and end in other last bits.
    """
    if table.shape[1] == 1:
        found: Array = np.add.accumulate(table, axis=0)[-1]
        return found
    return np.add.reduce(table, axis=0)


def column_dot(table: Array, other: Array) -> Array:
    """Return the sum of the products down each column, row after row as `column_sum`.

    Either may have a single column, which then goes with every column of the other.
    """
    if table.shape[1] > other.shape[1]:
        table, other = other, table
    if other.shape[1] == 1:
        return column_dot(table, other.repeat(2, axis=1))[:1]
    if table.shape[1] == 1:
        return np.einsum("i,ij->j", table[:, 0], other)
    return np.einsum("ij,ij->j", table, other)


def own_weights(node: NodeLayout, rows: Rows, out: Array | None = None) -> Array:
    """Return the weights of a node's own signals, 0 where one does not apply."""
    masks = [rows.applies(part.when) for part in node.parts]
    if rows.alike(node.figures.weight) and all(mask is None for mask in masks):
        return rows.pick(node.figures.weight)
    if out is None:
        out = np.empty((node.slots.stop - node.slots.start, rows.rows))
    for part, mask in zip(node.parts, masks, strict=True):
        weight = rows.pick(part.figures.weight)
        np.multiply(weight, 1.0 if mask is None else mask, out=out[part.slots])
    return out


def _times(w: Array, figure: str, node: NodeLayout, rows: Rows, out: Array) -> Array:
    """Return the weights of a node's own signals times another figure of theirs."""
    whole = getattr(node.figures, figure)
    if w.shape[1] == 1 and rows.alike(whole):
        return w * rows.pick(whole)
    for part in node.parts:
        own = rows.pick(getattr(part.figures, figure))
        np.multiply(w[part.slots], own, out=out[part.slots])
    return out


def child_weight(child: NodePlan, below: Fold, rows: Rows) -> Any:
    """Return the weight of a child in its parent: 0 where it does not apply."""
    weight = rows.take(child.weight) * below.has
    share = None if child.weight_by is None else rows.raw(child.weight_by)
    if share is not None:
        weight = weight * np.where(np.isnan(share), 1.0, share)
    return weight


@dataclass(slots=True)
class _Sums:
    """Running sums of a node, each of shape (rows,), or (1,) where all rows agree."""

    weight: Any = 0.0
    mean: Any = 0.0
    prior: Any = 0.0
    doubt: Any = 0.0
    single: Any = 0.0
    common: Any = 0.0
    shared: Any = 0.0


def fold(
    node: NodeLayout,
    rows: Rows,
    found: Evidence,
    rho: float,
    rho_evidence: float,
    notes: Notes | None,
    seen: dict[str, Fold],
) -> Fold:
    """Fold a node and all below it; every node's result is also put into `seen`.

    With doubt `q` and `b` a signal's weight times kappa times the slope of its generator, the
    node sums ``(1 - rho) (b q)^2 + (1 - rho_e) b^2 q (1 - q)``, ``b q`` and
    ``b sqrt(q (1 - q))``; it scales them by the slope of its own inverse when it hands them up.
    """
    power, floor = node.plan.power, node.plan.floor
    _, full = ends(power, floor)
    sums = _Sums()
    losses: Array | None = None
    if node.slots.stop > node.slots.start:
        losses = _own(node, rows, found, rho, rho_evidence, notes, sums)
    for child in node.children:
        below = fold(child, rows, found, rho, rho_evidence, notes, seen)
        w = child_weight(child.plan, below, rows)
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
        if notes is None:
            continue
        loss = w * np.abs(full - raised)
        unit = np.divide(loss, below.lost, out=np.zeros(rows.rows), where=below.lost > 0)
        if below.losses is not None:
            part, slot = notes.top.unpack(below.losses)
            losses = notes.top.merge(losses, notes.top.pack(part * unit, slot))
    result = _close(sums, power, floor, full, losses)
    seen[node.plan.id] = result
    return result


def _own(
    node: NodeLayout,
    rows: Rows,
    found: Evidence,
    rho: float,
    rho_evidence: float,
    notes: Notes | None,
    sums: _Sums,
) -> Array | None:
    """Sum a node's own signals; return their largest losses."""
    power, floor = node.plan.power, node.plan.floor
    _, full = ends(power, floor)
    v = lift(found.utility[node.slots], power, floor)
    q = found.doubt[node.slots]
    one, two, three = (SCRATCH.table(name, *q.shape) for name in ("one", "two", "three"))
    w = own_weights(node, rows, three)
    raised = generator(v, power)
    sums.weight = column_sum(w)
    sums.prior = column_sum(_times(w, "prior", node, rows, one))
    sums.mean = column_dot(w, raised)
    sums.doubt = column_dot(w, q)
    losses = None
    if notes is not None:
        notes.count(node.slots, w, found)
        # Raising turns the order round where the exponent is negative.
        more, less = (full, raised) if power >= 0 else (raised, full)
        loss = np.subtract(more, less, out=one)
        loss *= w
        slots = np.arange(node.slots.start, node.slots.stop)
        losses = notes.top.largest(notes.top.pack(loss, slots[:, None]), node.slots.start)
    b = _times(w, "kappa", node, rows, three)
    if power != 1:
        b = b * slope(v, power)
    common = np.multiply(b, q, out=one)
    sums.common = column_sum(common)
    spread = np.subtract(b, common, out=two)
    spread *= common
    single = (1.0 - rho) * column_dot(common, common)
    sums.single = single + (1.0 - rho_evidence) * column_sum(spread)
    sums.shared = column_sum(np.sqrt(spread, out=spread))
    return losses


def _close(sums: _Sums, power: float, floor: float, full: Any, losses: Array | None) -> Fold:
    """Return what the sums of a node come to."""
    applies = np.greater(sums.weight, 0)
    has = np.asarray(applies, dtype=np.float64)
    total, mean, before = sums.weight, sums.mean, sums.prior
    if not applies.all():
        total = np.where(applies, total, 1.0)
        mean, before = np.where(applies, mean, full), np.where(applies, before, full)
    v = inverse(mean / total, power)
    step = 1.0 / (total * slope(v, power))
    return Fold(
        has=has,
        value=drop(v, power, floor),
        doubt=sums.doubt / total,
        prior=drop(inverse(before / total, power), power, floor),
        single=step * step * sums.single,
        common=step * sums.common,
        shared=step * sums.shared,
        lost=np.abs(sums.weight * full - sums.mean),
        losses=losses,
    )


def standard_error(root: Fold, rho: float, rho_evidence: float) -> Any:
    """Return the standard error of the index in points, before adjustments."""
    variance = root.single + rho * root.common**2 + rho_evidence * root.shared**2
    return 100.0 * np.sqrt(np.maximum(variance, 0.0))
