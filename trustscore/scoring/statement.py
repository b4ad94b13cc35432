"""One pass down the tree: points gained and lost by every signal."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from trustscore.aggregate import ends, generator, lift
from trustscore.scoring.layout import NodeLayout
from trustscore.scoring.rows import Rows
from trustscore.scoring.tree import Fold, child_weight, column_sum, own_weights

Array = np.ndarray[Any, Any]


class Points(NamedTuple):
    """What is shared out: of a node each of shape (rows,), of signals (slots, rows)."""

    gained: Array
    lost: Array
    weight: Array


def shares(
    node: NodeLayout,
    rows: Rows,
    seen: dict[str, Fold],
    utility: Array,
    given: Points,
    filled: Points,
) -> None:
    """Share a node's points out by generator differences, and on down the tree.

    Parameters
    ----------
    utility : ndarray of shape (slots, rows)
    given : Points
        Of the node itself.
    filled : Points
        Of all signals, filled in place.
    """
    power, floor = node.plan.power, node.plan.floor
    nothing, full = ends(power, floor)

    def claims(u: Any, w: Any) -> Points:
        raised = generator(lift(u, power, floor), power)
        each = (w * np.abs(raised - nothing), w * np.abs(full - raised), w)
        return Points(*(np.atleast_2d(np.broadcast_to(x, np.shape(each[0]))) for x in each))

    parts: list[tuple[NodeLayout | None, Points]] = []
    if node.slots.stop > node.slots.start:
        parts.append((None, claims(utility[node.slots], own_weights(node, rows))))
    for child in node.children:
        below = seen[child.plan.id]
        w = child_weight(child.plan, below, rows) * np.ones(rows.rows)
        parts.append((child, claims(below.value, w)))
    units = []
    for kind, points in enumerate(given):
        total = np.zeros(rows.rows)
        for _, claim in parts:
            total += column_sum(claim[kind])
        units.append(np.divide(points, total, out=np.zeros(rows.rows), where=total > 0))
    for child_or_own, claim in parts:
        own = Points(*(table * unit for table, unit in zip(claim, units, strict=True)))
        if child_or_own is None:
            for table, values in zip(filled, own, strict=True):
                table[node.slots] = values
        else:
            down = Points(*(values[0] for values in own))
            shares(child_or_own, rows, seen, utility, down, filled)
