"""A change of the index shared out among signals: which utility moved it by how many points.

Between two states with the same weights a node's mean of phi(v) changes by the sum over its parts
of w (phi(v') - phi(v)). Each part gets that share of what the node's change is worth, from the
index down. So the parts add up to the change exactly for every power and depth, a part that did
not move gets nothing, and at power 1 a signal gets 100 w (u' - u).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from trustscore.scoring.curves import raised
from trustscore.scoring.program import Node, Program
from trustscore.typing import Array

__all__ = ["State", "share_out"]

# A sum of moves below this is rounding: parts moved against each other, and the node stood still.
_STILL = 1e-13
_STEP = 1e-6


@dataclass(frozen=True)
class State:
    """Utilities of all signals and nodes, before rules.

    Attributes
    ----------
    index : ndarray of shape (rows,)
        Points 0..100.
    utility : ndarray of shape (signals, rows)
    dimensions : dict of str to ndarray
        Utilities 0..1.
    """

    index: Array
    utility: Array
    dimensions: Mapping[str, Array]


# Where nothing applies the means are unknown, and so is every step on the way to them.
@np.errstate(all="ignore")
def share_out(program: Program, weight: Array, before: State, after: State) -> Array:
    """Return by how many points each signal moved the index.

    Parameters
    ----------
    program : Program
    weight : ndarray of shape (signals, rows)
        Share of each signal in the index, the same in both states.
    before, after : State

    Returns
    -------
    ndarray of shape (signals, rows)
    """
    points = np.zeros_like(weight)
    change = after.index - before.index
    known = np.isfinite(change)
    change = np.where(known, change, 0.0)
    ends = (before.index / 100.0, after.index / 100.0)
    _down(program.root, weight, before, after, ends, change, np.full(len(change), 100.0), points)
    return points


def _parts(node: Node, weight: Array) -> Iterator[tuple[int | Node, Array]]:
    """Yield the signals of a node by position, and its nodes, each with its share of the index."""
    for _, signals in node.groups:
        for figures in signals:
            yield figures.position, weight[figures.position]
    for child in node.children:
        yield child, weight[_below(child)].sum(axis=0)


def _below(node: Node) -> list[int]:
    own = [figures.position for _, signals in node.groups for figures in signals]
    return own + [at for child in node.children for at in _below(child)]


def _lifted(node: Node, utility: Array) -> Array:
    """Return phi(v) of the parts of a node."""
    if node.power == 1.0:
        return utility
    found: Array = raised(utility, node.power, node.floor)
    return found


def _slope(node: Node, utility: Array) -> Array:
    """Return how fast phi(v) grows with the utility."""
    if node.power == 1.0:
        return np.ones(len(utility))
    low = np.clip(utility - _STEP, 0.01, 1.0)
    high = np.clip(utility + _STEP, 0.01 + _STEP, 1.0)
    slope: Array = (_lifted(node, high) - _lifted(node, low)) / (high - low)
    return slope


def _down(
    node: Node,
    weight: Array,
    before: State,
    after: State,
    ends: tuple[Array, Array],
    change: Array,
    worth: Array,
    points: Array,
) -> None:
    """Share what a node's change is worth among its parts.

    `worth` is what a unit of the node's utility is worth where it moved by nothing, in points.
    """
    parts = list(_parts(node, weight))
    whole = sum((share for _, share in parts), start=np.zeros(len(change)))
    moves, steps, pairs = [], [], []
    for part, share in parts:
        relative = np.divide(share, whole, out=np.zeros_like(share), where=whole > 0)
        if isinstance(part, Node):
            old, new = before.dimensions[part.id], after.dimensions[part.id]
        else:
            old, new = before.utility[part], after.utility[part]
        old, new = np.where(relative > 0, old, 1.0), np.where(relative > 0, new, 1.0)
        move = relative * (_lifted(node, new) - _lifted(node, old))
        # A zero that sinks the node has an infinite phi: plain differences share that out.
        moves.append(np.where(np.isfinite(move), move, relative * (new - old)))
        steps.append(relative * _slope(node, old))
        pairs.append((old, new))
    total = np.sum(moves, axis=0) if moves else np.zeros(len(change))
    still = np.abs(total) < _STILL
    each = np.divide(change, total, out=worth / _slope(node, ends[0]), where=~still)
    for (part, _), move, step, pair in zip(parts, moves, steps, pairs, strict=True):
        own = each * move
        if isinstance(part, Node):
            _down(part, weight, before, after, pair, own, each * step, points)
        else:
            points[part] = own
