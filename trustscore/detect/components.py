"""Components of a graph of weighted pairs, none larger than so many members."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from trustscore.typing import BoolArray, IntArray

__all__ = ["Component", "Pairs", "components", "paths_from"]


class Pairs(NamedTuple):
    """Edges of an undirected graph.

    Attributes
    ----------
    one, other : ndarray of int
        Numbers of the accounts, from 0.
    weight : ndarray of int
        In millionths.
    kinds : ndarray of int
        What the two share, a bit a kind.
    """

    one: IntArray
    other: IntArray
    weight: IntArray
    kinds: IntArray

    def only(self, stay: BoolArray) -> Pairs:
        """Return some of them."""
        return Pairs(*(column[stay] for column in self))


class Component(NamedTuple):
    """Accounts that hang together.

    Attributes
    ----------
    members : ndarray of int
    pairs : Pairs
        Their edges.
    resolved : bool
        False where it is too large however strong its edges must be.
    """

    members: IntArray
    pairs: Pairs
    resolved: bool


def components(
    pairs: Pairs, accounts: int, most: int, stronger: Sequence[int]
) -> Iterator[Component]:
    """Yield the components of two accounts or more.

    One of more than `most` members is split by keeping only the edges of the first weight in
    `stronger`, then of the next; what is still too large is yielded as unresolved.

    Parameters
    ----------
    pairs : Pairs
    accounts : int
    most : int
    stronger : sequence of int
        Rising weights.

    Examples
    --------
    >>> edges = Pairs(*map(np.array, ([0, 1, 3], [1, 2, 4], [9, 8, 9], [1, 1, 1])))
    >>> [found.members.tolist() for found in components(edges, 5, 3, [9])]
    [[0, 1, 2], [3, 4]]
    >>> [found.members.tolist() for found in components(edges, 5, 2, [9])]
    [[3, 4], [0, 1]]
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    left, levels = pairs, list(stronger)
    while len(left.one):
        ones = np.ones(len(left.one), dtype=np.int8)
        # Of a coo_array, scipy 1.11 walks the graph with indices of another width.
        graph = coo_matrix((ones, (left.one, left.other)), shape=(accounts, accounts))
        _, label = connected_components(graph, directed=False)
        of = label[left.one]
        size = np.bincount(label)
        whole = size[of] <= most
        yield from _groups(left.only(whole), of[whole], resolved=True)
        large, of = left.only(~whole), of[~whole]
        if not levels:
            yield from _groups(large, of, resolved=False)
            return
        left = large.only(large.weight >= levels.pop(0))


def _groups(pairs: Pairs, of: IntArray, *, resolved: bool) -> Iterator[Component]:
    """Yield the components that labels of edges tell apart, in the order of their first edge."""
    if not len(of):
        return
    order = np.argsort(of, kind="stable")
    ends = np.flatnonzero(np.diff(of[order])) + 1
    groups = np.split(order, ends)
    groups.sort(key=lambda group: int(group[0]))
    for group in groups:
        edges = Pairs(*(column[group] for column in pairs))
        members = np.unique(np.concatenate([edges.one, edges.other]))
        yield Component(members, edges, resolved)


def paths_from(
    start: int, near: Mapping[int, Mapping[int, int]]
) -> Iterator[tuple[int, list[int]]]:
    """Yield every account that can be reached, with a shortest way to it.

    Parameters
    ----------
    start : int
    near : mapping of int to mapping of int to int
        For each account those it has an edge to; the value is not read.

    Examples
    --------
    >>> list(paths_from(0, {0: {1: 0}, 1: {0: 0, 2: 0}, 2: {1: 0}}))
    [(1, [0, 1]), (2, [0, 1, 2])]
    """
    before = {start: start}
    queue = deque([start])
    while queue:
        here = queue.popleft()
        for there in near[here]:
            if there in before:
                continue
            before[there] = here
            queue.append(there)
            way = [there]
            while way[-1] != start:
                way.append(before[way[-1]])
            yield there, way[::-1]
