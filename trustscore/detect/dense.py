"""The densest blocks of a graph of people and things: FRAUDAR (Hooi et al., KDD 2016).

Accounts for hire stand together at the things they were hired for. What else they do, camouflage,
takes nothing from that: an edge weighs less the more popular its thing is, whoever the person is,
and so no edge that an account adds elsewhere makes those within the block any lighter.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import TypeAlias

import numpy as np

from trustscore.typing import Array

__all__ = [
    "Block",
    "dense_blocks",
    "densest_block",
    "edge_weights",
    "expected_edges",
    "null_density",
]

Edges: TypeAlias = tuple[Array, Array]
# Weights are whole millionths: sums are the same in any order, and ties are ties.
_UNIT = 1_000_000


@dataclass(frozen=True)
class Block:
    """People and things that stand close together.

    Attributes
    ----------
    people, things : array of int
        Their numbers, in order.
    edges : int
        Between them.
    density : float
        Weights of these edges, divided by the number of people and things.
    """

    people: Array
    things: Array
    edges: int
    density: float


def edge_weights(things: Array, constant: float) -> Array:
    """Return what each edge weighs, in millionths: 1 / log(degree of its thing + constant).

    Parameters
    ----------
    things : array of int
        The thing of each edge.
    constant : float
        Above 1; the paper has 5.

    Examples
    --------
    >>> edge_weights(np.array([0, 0, 0, 1]), 5.0).tolist()
    [480898, 480898, 480898, 558111]
    """
    degree = np.bincount(things) if len(things) else np.zeros(0, np.int64)
    weights: Array = np.rint(_UNIT / np.log(degree[things] + constant)).astype(np.int64)
    return weights


def _once(people: Array, things: Array) -> Edges:
    """Return each edge once, sorted."""
    edges = np.unique(np.stack([people, things], axis=1).astype(np.int64).reshape(-1, 2), axis=0)
    return edges[:, 0], edges[:, 1]


def densest_block(people: Array, things: Array, weights: Array) -> Block:
    """Return the densest block that peeling finds: at least half as dense as the densest one.

    Whoever has least weight left goes first, all of equal weight at once, until nobody is left;
    the densest of what was left in between is returned, and the largest of several. As equals go
    together, numbers can be given to people and things in any order. Without edges the block is
    empty.

    Parameters
    ----------
    people, things : array of int
        Of each edge, from 0 on; no edge twice.
    weights : array of int
        Of each edge, in millionths, above 0.
    """
    people, things, weights = _core(people, things, weights)
    if not len(people):
        nobody = np.zeros(0, np.int64)
        return Block(nobody, nobody, 0, 0.0)
    persons, person = np.unique(people, return_inverse=True)
    objects, thing = np.unique(things, return_inverse=True)
    n, rows = len(persons) + len(objects), len(persons)
    ends = np.concatenate([person, thing + rows])
    others = np.concatenate([thing + rows, person])
    twice = np.concatenate([weights, weights])
    order = np.argsort(ends, kind="stable")
    first = np.concatenate([[0], np.cumsum(np.bincount(ends, minlength=n))]).tolist()
    gone = _peel(first, others[order].tolist(), twice[order].tolist())
    gone_at = np.array(gone)
    # What is left after step t: nodes and edges of which nothing went at t or before.
    steps = int(gone_at.max()) + 1
    left = np.cumsum(np.bincount(gone_at, minlength=steps)[::-1])[::-1]
    lost = np.minimum(gone_at[person], gone_at[thing + rows])
    weight = np.bincount(lost, weights=weights, minlength=steps)
    kept = np.cumsum(weight.astype(np.int64)[::-1])[::-1]
    density = kept / left
    best = int(np.argmax(density))
    stays = gone_at >= best
    return Block(
        persons[stays[:rows]],
        objects[stays[rows:]],
        int((lost >= best).sum()),
        float(density[best]) / _UNIT,
    )


def _core(people: Array, things: Array, weights: Array) -> tuple[Array, Array, Array]:
    """Leave out who has less weight than the density, again and again, without a heap.

    Peeling takes all of these before anybody else, and each makes the rest denser, so that the
    block it finds lies in what is left here.
    """
    before = None
    while len(people) and before != len(people):
        before = len(people)
        sides = [np.bincount(side, weights=weights) for side in (people, things)]
        density = weights.sum() / sum(np.count_nonzero(side) for side in sides)
        stays = (sides[0][people] >= density) & (sides[1][things] >= density)
        people, things, weights = people[stays], things[stays], weights[stays]
    return people, things, weights


def _peel(first: list[int], others: list[int], weights: list[int]) -> list[int]:
    """Return at which step each node goes."""
    n = len(first) - 1
    left = [sum(weights[first[node] : first[node + 1]]) for node in range(n)]
    gone = [-1] * n
    heap = [(weight, node) for node, weight in enumerate(left)]
    heapify(heap)
    step = 0
    while heap:
        least = heap[0][0]
        equal = []
        while heap and heap[0][0] == least:
            weight, node = heappop(heap)
            if gone[node] < 0 and left[node] == weight:
                gone[node] = step
                equal.append(node)
        for node in equal:
            for at in range(first[node], first[node + 1]):
                other = others[at]
                if gone[other] < 0:
                    left[other] -= weights[at]
                    heappush(heap, (left[other], other))
        step += bool(equal)
    return gone


def null_density(people: Array, things: Array, constant: float, graphs: int, seed: int) -> float:
    """Return the largest density of a block in graphs that chance alone made.

    Each has the degrees of the graph: everybody has as many things, and each thing as many people,
    but for the few edges that chance made twice.

    Parameters
    ----------
    people, things : array of int
        Of each edge; no edge twice.
    constant : float
        As `edge_weights` has it.
    graphs, seed : int
    """
    # Those of equal degree are alike, so that numbers may be given in any order here too.
    ends = [np.sort(np.bincount(side)) for side in (people, things) if len(side)]
    if not ends:
        return 0.0
    draw = np.random.default_rng(seed)
    left, right = (np.repeat(np.arange(len(degree)), degree) for degree in ends)
    most = 0.0
    for _ in range(graphs):
        a, b = _once(left, draw.permutation(right))
        most = max(most, densest_block(a, b, edge_weights(b, constant)).density)
    return most


def expected_edges(people: Array, things: Array, block: Block) -> float:
    """Return how many edges chance puts within a block, if all keep their degrees.

    Parameters
    ----------
    people, things : array of int
        Of each edge of the graph; no edge twice.
    block : Block

    Examples
    --------
    Two of four accounts and one of two things, all of one degree: half of the two edges.

    >>> block = Block(np.array([0, 1]), np.array([0]), 2, 1.0)
    >>> ends = np.array([0, 1, 2, 3]), np.array([0, 0, 1, 1])
    >>> round(expected_edges(*ends, block), 3)
    0.787
    """
    degrees = [
        np.unique(np.bincount(ends)[members], return_counts=True)
        for ends, members in ((people, block.people), (things, block.things))
    ]
    (left, lefts), (right, rights) = degrees
    # An account has a thing once, however often chance picks it.
    chance = -np.expm1(-np.outer(left, right) / len(people))
    return float(lefts @ chance @ rights)


def dense_blocks(
    people: Array,
    things: Array,
    *,
    constant: float,
    most: int,
    graphs: int,
    margin: float,
    lift: float,
    share: float,
    seed: int = 0,
) -> list[tuple[Block, float]]:
    """Return the blocks that are denser than chance makes them, densest first, and their bounds.

    Every market has a densest block: its frequent buyers at its popular shops. So a block counts
    only if it is so many times denser than the densest block of graphs that chance makes of
    everybody else, with the same degrees, and if it has so many times the edges that degrees alone
    would give it: frequent buyers have no more than that, and accounts that were sent to the same
    things do. A block of a large part of all people is the market itself.

    Parameters
    ----------
    people, things : array of int
        Of each edge, from 0 on; an edge that stands there twice is one.
    constant : float
        As `edge_weights` has it.
    most : int
        Blocks at most. The edges of one are taken out before the next is looked for.
    graphs : int
        How many of them chance makes.
    margin : float
        How many times denser a block must be.
    lift : float
        How many times the edges it must have that are expected.
    share : float
        Largest share of all people.
    seed : int, default=0
    """
    people, things = _once(people, things)
    # What a thing weighs does not change as blocks are taken out.
    weights = edge_weights(things, constant)
    whole = people, things
    everybody = len(np.unique(people))
    found: list[tuple[Block, float]] = []
    taken = np.zeros(0, np.int64)
    for _ in range(most):
        block = densest_block(people, things, weights)
        if block.edges < 2 or len(block.people) > share * everybody:
            break
        taken = np.union1d(taken, block.people)
        others = ~np.isin(whole[0], taken)
        bound = margin * null_density(whole[0][others], whole[1][others], constant, graphs, seed)
        if block.density <= bound:
            break
        if block.edges >= lift * expected_edges(people, things, block):
            found.append((block, bound))
        within = np.isin(people, block.people) & np.isin(things, block.things)
        people, things, weights = people[~within], things[~within], weights[~within]
    return found
