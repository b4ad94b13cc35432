"""The index of a merchant whose every true value is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from trustscore import curves
from trustscore.aggregate import drop, generator, inverse, lift
from trustscore.scoring.plan import NodePlan, SignalPlan
from trustscore.scoring.rows import Rows

Array = np.ndarray[Any, Any]


def true_utility(plan: SignalPlan, rows: Rows, value: Array) -> Array:
    """Return the utility of true values, on the curve that scores the merchant."""
    signal = plan.signal
    if signal.on_log:
        value = np.maximum(value, rows.take(plan.least))
    on_scale = curves.scale(signal.curve, value)
    return curves.utility(
        signal.curve, on_scale, rows.take(plan.poor), rows.take(plan.good), signal.knots
    )


def true_node(
    node: NodePlan, rows: Rows, leaf: Callable[[SignalPlan], Array], seen: dict[str, Array]
) -> Array:
    """Return the true utility of a node, NaN where it does not apply.

    The result of every node below is put into `seen` as well. Weights, overlays and
    applicability are those by which the merchant is scored.
    """
    weight, total = np.zeros(rows.rows), np.zeros(rows.rows)
    for when, plans in node.groups:
        mask = rows.applies(when)
        for plan in plans:
            w = rows.take(plan.weight) * (1.0 if mask is None else mask)
            raised = generator(lift(leaf(plan), node.power, node.floor), node.power)
            weight += w
            total += w * raised
    for child in node.children:
        below = true_node(child, rows, leaf, seen)
        applies = ~np.isnan(below)
        w = rows.take(child.weight) * applies
        share = None if child.weight_by is None else rows.raw(child.weight_by)
        if share is not None:
            w = w * np.where(np.isnan(share), 1.0, share)
        raised = generator(lift(np.where(applies, below, 1.0), node.power, node.floor), node.power)
        weight += w
        total += w * raised
    has = weight > 0
    mean = np.where(has, total, 1.0) / np.where(has, weight, 1.0)
    value = drop(inverse(mean, node.power), node.power, node.floor)
    found = np.where(has, value, np.nan)
    seen[node.id] = found
    return found
