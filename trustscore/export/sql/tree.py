"""The tree of power means in SQL: index, interval, doubt and prior of every node."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from trustscore.export.sql.columns import Card
from trustscore.export.sql.signals import evidence
from trustscore.export.sql.text import choose, clip, number, total
from trustscore.scorecard import Condition
from trustscore.scoring.codes import LEAST_SLOPE, LEAST_UTILITY
from trustscore.scoring.curves import raised
from trustscore.scoring.kernel import phi
from trustscore.scoring.program import Node as ProgramNode
from trustscore.scoring.program import SignalFigures

# What stands for a 0 that sinks a node where SQL takes its logarithm or divides by it.
_LEAST = 1e-100


@dataclass(frozen=True, slots=True)
class Node:
    """The columns of one node; `single`, `common`, `shared` as in scoring's fold."""

    has: str
    value: str
    doubt: str
    prior: str
    single: str
    common: str
    shared: str


@dataclass(slots=True)
class _Sums:
    weight: list[str] = field(default_factory=list)
    mean: list[str] = field(default_factory=list)
    prior: list[str] = field(default_factory=list)
    doubt: list[str] = field(default_factory=list)
    single: list[str] = field(default_factory=list)
    common: list[str] = field(default_factory=list)
    shared: list[str] = field(default_factory=list)
    # Weight of the parts that are 0, and of those whose priors are: without a floor they sink it.
    sunk: list[str] = field(default_factory=list)
    prior_sunk: list[str] = field(default_factory=list)

    def add(self, group: _Sums, mask: str | None) -> None:
        for key in self.__slots__:
            terms = getattr(group, key)
            if terms:
                # In brackets, so that the sum has the order of scoring's, to the last bit.
                part = f"({total(terms)})" if len(terms) > 1 else terms[0]
                getattr(self, key).append(part if mask is None else f"{mask} * {part}")


def lift(u: str, power: float, floor: float) -> str:
    """Return ``eps + (1 - eps) u`` where the exponent needs a floor."""
    if floor == 0 and power < 1:
        return f"({choose(f'{u} < {number(LEAST_UTILITY)}', '0e0', u)})"
    return u if power == 1 else f"({number(floor)} + {number(1.0 - floor)} * {u})"


def generator(v: str, power: float) -> str:
    """Return phi(v)."""
    if power == 1:
        return v
    if power == 0:
        return f"LN({v})"
    return f"1e0 / {v}" if power == -1 else f"POWER({v}, {number(power)})"


def inverse(mean: str, power: float) -> str:
    """Undo `generator`."""
    if power == 1:
        return mean
    if power == 0:
        return f"EXP({mean})"
    return f"1e0 / {mean}" if power == -1 else f"POWER({mean}, {number(1.0 / power)})"


def slope(v: str, power: float, floor: float) -> str:
    """Return ``v ** (p - 1)``, at `LEAST_SLOPE` or above."""
    if power == 1:
        return "1e0"
    if floor < LEAST_SLOPE:
        v = f"GREATEST({v}, {number(LEAST_SLOPE)})"
    return f"1e0 / {v}" if power == 0 else f"POWER({v}, {number(power - 1.0)})"


def sinks(power: float, floor: float) -> bool:
    """Return whether a single 0 makes a node 0."""
    return floor == 0 and power <= 0


def _above_zero(v: str, power: float, floor: float) -> str:
    """Return what the generator takes: LN(0) and 1 / 0 are errors, and `sunk` decides there."""
    return f"GREATEST({v}, {number(_LEAST)})" if sinks(power, floor) else v


def fold(card: Card, node: ProgramNode, seen: dict[str, Node]) -> Node:
    """Add a node and all below it to the query; every node also goes into `seen`."""
    power, floor, define = node.power, node.floor, card.query.define
    sums = _Sums()
    for when, plans in _masked_alike(node):
        group, weight, prior, doubt = _Sums(), 0.0, 0.0, ""
        for plan in plans:
            if card.missing.intersection(plan.signal.columns) or not np.any(plan.weight):
                continue
            weight = weight + plan.weight
            before = plan.prior_utility
            if sinks(power, floor):
                sunk = plan.weight * (np.asarray(before) < LEAST_UTILITY)
                if np.any(sunk):
                    group.prior_sunk.append(card.take(sunk if np.ndim(sunk) else float(sunk)))
                # Where the zero counts `prior_sunk` decides; the sum only has to be finite.
                before = np.where(np.asarray(before) < LEAST_UTILITY, 1.0, before)[()]
            prior = prior + plan.weight * raised(before, power, floor)
            doubt = _signal(card, node, plan, group)
        if not np.any(weight):
            continue
        group.weight.append(card.take(weight))
        group.prior.append(card.take(prior))
        masks = [mask for mask in (card.applies(when), _known(card, plans[0], doubt)) if mask]
        sums.add(group, " * ".join(masks) or None)
    for child in node.children:
        below = fold(card, child, seen)
        if np.any(child.weight):
            _child(card, node, child, below, sums)
    weight_sum = define(f"w_{node.id}", total(sums.weight))
    some = f"{weight_sum} > 0e0"
    share = define(f"whole_{node.id}", choose(some, weight_sum, "1e0"))
    full = number(phi(1.0, power))
    mean = define(f"mean_{node.id}", choose(some, f"({total(sums.mean)}) / {share}", full))
    before = define(f"before_{node.id}", choose(some, f"({total(sums.prior)}) / {share}", full))
    v = define(f"v_{node.id}", _unsunk(sums.sunk, inverse(mean, power)))
    step = define(f"step_{node.id}", f"1e0 / ({share} * {slope(v, power, floor)})")
    result = Node(
        has=define(f"has_{node.id}", choose(some, "1e0", "0e0")),
        value=define(f"value_{node.id}", drop(v, power, floor)),
        doubt=define(f"doubt_{node.id}", f"({total(sums.doubt)}) / {share}"),
        prior=define(
            f"prior_{node.id}",
            drop(_unsunk(sums.prior_sunk, inverse(before, power)), power, floor),
        ),
        single=define(f"single_{node.id}", f"{step} * {step} * ({total(sums.single)})"),
        common=define(f"common_{node.id}", f"{step} * ({total(sums.common)})"),
        shared=define(f"shared_{node.id}", f"{step} * ({total(sums.shared)})"),
    )
    seen[node.id] = result
    return result


def _masked_alike(
    node: ProgramNode,
) -> Iterator[tuple[tuple[Condition, ...], tuple[SignalFigures, ...]]]:
    """Yield signals that have weight in the same rows, with their conditions."""
    for when, plans in node.groups:
        together = tuple(plan for plan in plans if plan.signal.blank != "left_out")
        if together:
            yield when, together
        yield from ((when, (plan,)) for plan in plans if plan.signal.blank == "left_out")


def _known(card: Card, plan: SignalFigures, doubt: str) -> str | None:
    """Return a column that is 1 where a signal that may be left out has evidence, else None."""
    signal = plan.signal
    if signal.blank != "left_out":
        return None
    alone = ""
    if signal.counts:
        # Events of nothing count.
        value, sample = card.column(signal.value), card.column(str(signal.sample))
        alone = f"WHEN {value} > 0e0 AND {sample} = 0e0 THEN 1e0 "
    known = f"CASE {alone}WHEN {doubt} >= 1e0 THEN 0e0 ELSE 1e0 END"
    return card.query.define(f"known_{signal.id}", known)


def _unsunk(sunk: list[str], v: str) -> str:
    return choose(f"{total(sunk)} > 0e0", "0e0", v) if sunk else v


def drop(mean: str, power: float, floor: float) -> str:
    """Undo `lift`, clipped to [0, 1]."""
    if power != 1:
        mean = f"({mean} - {number(floor)}) / {number(1.0 - floor)}"
    return clip(mean, 0, 1)


def _times(weight: Any, card: Card, expression: str) -> str:
    return f"{card.take(weight)} * {expression}"


def _signal(card: Card, node: ProgramNode, plan: SignalFigures, group: _Sums) -> str:
    """Add a signal to a group of its node; return the column of its doubt."""
    power = node.power
    signal, define = plan.signal.id, card.query.define
    u, q = evidence(card, plan)
    v = lift(u, power, node.floor)
    if sinks(power, node.floor):
        group.sunk.append(_times(plan.weight, card, choose(f"{v} <= 0e0", "1e0", "0e0")))
    above = _above_zero(v, power, node.floor)
    group.mean.append(_times(plan.weight, card, generator(above, power)))
    group.doubt.append(_times(plan.weight, card, q))
    b = card.take(plan.weight_kappa)
    if power != 1:
        b = define(f"b_{signal}", f"{b} * {slope(v, power, node.floor)}")
    index = card.scorecard.file.index
    rho, rho_evidence = index.rho, index.rho_evidence
    bq = define(f"bq_{signal}", f"{b} * {q}")
    both = define(f"both_{signal}", f"({b} - {bq}) * {bq}")
    group.single.append(
        f"({number(1.0 - rho)} * {bq} * {bq} + {number(1.0 - rho_evidence)} * {both})"
    )
    group.common.append(bq)
    group.shared.append(f"SQRT({both})")
    return q


def _child(card: Card, node: ProgramNode, child: ProgramNode, below: Node, sums: _Sums) -> None:
    power, define = node.power, card.query.define
    weight = _times(child.weight, card, below.has)
    share = None if child.weight_by is None else card.column(child.weight_by)
    if share is not None:
        weight += f" * COALESCE({share}, 1e0)"
    w = define(f"weight_{child.id}", weight)
    v = lift(below.value, power, node.floor)
    before = lift(below.prior, power, node.floor)
    step = define(f"part_{child.id}", f"{w} * {slope(v, power, node.floor)}")
    sums.weight.append(w)
    if sinks(power, node.floor):
        sums.sunk.append(f"{w} * {choose(f'{v} <= 0e0', '1e0', '0e0')}")
        sums.prior_sunk.append(f"{w} * {choose(f'{before} <= 0e0', '1e0', '0e0')}")
        v, before = (_above_zero(x, power, node.floor) for x in (v, before))
    sums.mean.append(f"{w} * {generator(v, power)}")
    sums.prior.append(f"{w} * {generator(before, power)}")
    sums.doubt.append(f"{w} * {below.doubt}")
    sums.single.append(f"{step} * {step} * {below.single}")
    sums.common.append(f"{step} * {below.common}")
    sums.shared.append(f"{step} * {below.shared}")
