"""A plan laid out for columns: signals in batches that share calls, nodes that are slices.

A numpy call costs about as much as a thousand additions, and ninety signals make a few
thousand calls. So signals of one kind and curve are computed together, as the rows of one
matrix, and the results stand in the order of the tree: a node's own signals are a slice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Any

import numpy as np

from trustscore.aggregate import generator, lift
from trustscore.scorecard import Condition
from trustscore.scoring.plan import NodePlan, Plan, SignalPlan

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Batch:
    """Signals that are computed together.

    Parameters have one row a signal, and one column a variant or one for all of them.
    """

    kind: str  # count, mean, log_mean, or plain for those without a sample
    curve: str
    knots: tuple[tuple[float, float], ...]
    slots: Array
    values: tuple[str, ...]
    samples: tuple[str, ...]
    prior: Array
    strength: Array
    poor: Array
    good: Array
    least: Array
    unknown: Array  # utility without evidence
    withheld: Array


@dataclass(frozen=True, slots=True)
class Figures:
    """What signals weigh, what a doubt of theirs moves, and their prior on the node's scale.

    Each of shape (signals, 1) or, where variants differ, (signals, variants).
    """

    weight: Array
    kappa: Array
    prior: Array


@dataclass(frozen=True, slots=True)
class Part:
    """Some signals of a node that apply to the same rows."""

    when: tuple[Condition, ...]
    slots: slice  # from the node's first
    figures: Figures


@dataclass(frozen=True, slots=True)
class NodeLayout:
    """One node: the slice of its own signals, whole and in parts, and its children."""

    plan: NodePlan
    slots: slice
    figures: Figures
    parts: tuple[Part, ...]
    children: tuple[NodeLayout, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """Everything one pass over some rows needs; `order` is the position of each slot's signal."""

    batches: tuple[Batch, ...]
    order: Array
    root: NodeLayout


def _table(plans: list[SignalPlan], pick: Callable[[SignalPlan], Any], variants: int) -> Array:
    """Return one parameter of some signals; one column when no variant changes any."""
    figures = [pick(plan) for plan in plans]
    width = 1 if all(type(figure) is float for figure in figures) else variants
    table = np.empty((len(plans), width))
    for row, figure in enumerate(figures):
        table[row] = figure
    return table


_PARAMETERS = (
    "prior",
    "strength",
    "poor",
    "good",
    "least",
    "prior_utility",
    "withheld_utility",
)


def _kind(plan: SignalPlan) -> str:
    if plan.signal.sample is None:
        return "plain"
    if plan.signal.kind in ("rate", "events"):
        return "count"
    return "log_mean" if plan.on_log else "mean"


def _batches(plans: list[SignalPlan], variants: int) -> Iterator[Batch]:
    alike: dict[Any, list[int]] = {}
    for slot, plan in enumerate(plans):
        varied = any(type(getattr(plan, name)) is not float for name in _PARAMETERS)
        key = (_kind(plan), plan.signal.curve, plan.signal.knots, varied)
        alike.setdefault(key, []).append(slot)
    for (kind, curve, knots, _), slots in alike.items():
        own = [plans[slot] for slot in slots]
        tables = [_table(own, attrgetter(name), variants) for name in _PARAMETERS]
        yield Batch(
            kind,
            curve,
            knots,
            np.array(slots),
            tuple(plan.signal.value for plan in own),
            tuple(s for plan in own if (s := plan.signal.sample) is not None),
            *tables,
        )


def _varies(plan: SignalPlan) -> bool:
    return any(
        type(figure) is not float for figure in (plan.weight, plan.kappa, plan.prior_utility)
    )


def _figures(node: NodePlan, plans: list[SignalPlan], variants: int) -> Figures:
    prior = _table(plans, attrgetter("prior_utility"), variants)
    return Figures(
        _table(plans, attrgetter("weight"), variants),
        _table(plans, attrgetter("kappa"), variants),
        generator(lift(prior, node.power, node.floor), node.power),
    )


def _node(
    node: NodePlan, missing: frozenset[str], plans: list[SignalPlan], variants: int
) -> NodeLayout:
    start = len(plans)
    parts = []
    for when, members in node.groups:
        there = [plan for plan in members if not missing.intersection(plan.signal.columns)]
        # Few signals vary; only theirs need a figure for every row.
        for varied in (False, True):
            own = [plan for plan in there if _varies(plan) is varied]
            if own:
                first = len(plans) - start
                plans += own
                slots = slice(first, first + len(own))
                parts.append(Part(when, slots, _figures(node, own, variants)))
    return NodeLayout(
        node,
        slice(start, len(plans)),
        _figures(node, plans[start:], variants),
        tuple(parts),
        tuple(_node(child, missing, plans, variants) for child in node.children),
    )


@lru_cache(maxsize=32)
def layout_of(plan: Plan, missing: frozenset[str]) -> Layout:
    """Return the layout of a plan without the signals whose columns were not collected."""
    variants = len(plan.variants)
    plans: list[SignalPlan] = []
    root = _node(plan.root, missing, plans, variants)
    return Layout(
        tuple(_batches(plans, variants)),
        np.array([each.position for each in plans], dtype=np.int64),
        root,
    )
