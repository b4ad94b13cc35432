"""One pass down the tree: points gained and lost by every signal."""

from __future__ import annotations

from typing import Any

import numpy as np

from trustscore.aggregate import ends, generator, lift
from trustscore.scoring.plan import NodePlan, SignalPlan
from trustscore.scoring.rows import Rows
from trustscore.scoring.tree import Fold, child_weight

Array = np.ndarray[Any, Any]


def _part(share: Array, total: Array) -> Array:
    return np.divide(share, total, out=np.zeros_like(total), where=total > 0)


def shares(
    node: NodePlan,
    rows: Rows,
    seen: dict[str, Fold],
    utility: Array,
    gained: Array,
    lost: Array,
    weight: Array,
    points: tuple[Array, Array, Array],
) -> None:
    """Share a node's points out by generator differences, and on down the tree.

    Parameters
    ----------
    points : (gained, lost, weight) of the node itself, each of shape (rows,)
    gained, lost, weight : ndarray of shape (signals, rows)
        Filled in place.
    """
    nothing, full = ends(node.power, node.floor)
    parts: list[tuple[SignalPlan | NodePlan, Array, Array]] = []
    every = np.ones(rows.rows)
    for when, plans in node.groups:
        mask = rows.applies(when)
        for plan in plans:
            if not rows.collected(plan.signal):
                continue
            w = rows.take(plan.weight) * every
            w = w if mask is None else w * mask
            raised = generator(lift(utility[plan.position], node.power, node.floor), node.power)
            parts.append((plan, w, raised))
    for child in node.children:
        below = seen[child.id]
        raised = generator(lift(below.value, node.power, node.floor), node.power)
        parts.append((child, child_weight(child, below, rows) * every, raised * every))
    if not parts:
        return
    ups = [w * np.abs(raised - nothing) for _, w, raised in parts]
    downs = [w * np.abs(full - raised) for _, w, raised in parts]
    totals = [np.sum(each, axis=0) for each in (ups, downs, [w for _, w, _ in parts])]
    for (part, w, _), up, down in zip(parts, ups, downs, strict=True):
        own_points = (
            points[0] * _part(up, totals[0]),
            points[1] * _part(down, totals[1]),
            points[2] * _part(w, totals[2]),
        )
        if isinstance(part, NodePlan):
            shares(part, rows, seen, utility, gained, lost, weight, own_points)
        else:
            at = part.position
            gained[at], lost[at], weight[at] = own_points
