"""Counts that may be published: small cells are withheld, and others so that no sum tells them.

A cell of 1 to k - 1 merchants is withheld. Who knows the totals could subtract; therefore further
cells are withheld until every withheld cell can, for all that is published, take values that lie
at least `k` apart.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import linprog

from trustscore.typing import Array

__all__ = [
    "LEAST",
    "merge_small",
    "possible_range",
    "suppress_counts",
    "suppress_linked",
    "suppress_table",
]

LEAST = 10
"""The k of k-anonymity: the fewest merchants of a cell that is shown."""


def suppress_counts(
    counts: Sequence[int] | Array, least: int = LEAST, forced: Array | None = None
) -> Array:
    """Return which counts of a list to withhold, when their total is known.

    Parameters
    ----------
    counts : sequence of int
    least : int
    forced : ndarray of bool, optional
        Counts that are withheld in any case.

    Returns
    -------
    ndarray of bool

    Examples
    --------
    >>> suppress_counts([50, 3, 40, 12]).tolist()
    [False, True, False, True]
    >>> suppress_counts([50, 0, 40]).tolist()
    [False, False, False]
    """
    counts = np.asarray(counts, dtype=np.int64)
    hidden: Array = (counts > 0) & (counts < least)
    if forced is not None:
        hidden |= forced
    while hidden.any() and (hidden.sum() < 2 or counts[hidden].sum() < least):
        rest = np.flatnonzero(~hidden & (counts > 0))
        if not len(rest):
            break
        hidden[rest[np.argmin(counts[rest])]] = True
    return hidden


def merge_small(groups: dict[str, Array], most: int, least: int = LEAST) -> dict[str | None, Array]:
    """Return groups with the small ones, and those beyond the `most` largest, as one group.

    Parameters
    ----------
    groups : dict of str to ndarray
        Counts of each group by another criterion.
    most : int
        Groups that keep their name.
    least : int

    Returns
    -------
    dict
        The merged group has the key None. It is never smaller than `least`, unless all are.

    Examples
    --------
    >>> groups = {"a": np.array([30, 5]), "b": np.array([2, 1]), "c": np.array([9, 3])}
    >>> {name: sum(counts.tolist()) for name, counts in merge_small(groups, 9).items()}
    {'a': 35, None: 15}
    """
    order = sorted(groups, key=lambda name: (-int(groups[name].sum()), name))
    kept = [name for name in order[:most] if groups[name].sum() >= least]
    small = [name for name in order if name not in kept]
    while small and kept and sum(int(groups[name].sum()) for name in small) < least:
        small.append(kept.pop())
    found: dict[str | None, Array] = {name: groups[name] for name in kept}
    if small:
        found[None] = np.sum([groups[name] for name in small], axis=0)
    return found


def suppress_linked(parts: Sequence[Array], least: int = LEAST) -> list[Array]:
    """Return which counts to withhold of several lists with one total and the last cell in common.

    Examples
    --------
    >>> tiers, statuses = np.array([30, 3, 12]), np.array([25, 8, 12])
    >>> [hidden.tolist() for hidden in suppress_linked([tiers, statuses])]
    [[False, True, True], [False, True, True]]
    """
    forced = False
    while True:
        found = []
        for counts in parts:
            shared = np.zeros(len(counts), dtype=bool)
            shared[-1] = forced and counts[-1] > 0
            found.append(suppress_counts(counts, least, shared))
        if forced or not any(hidden[-1] for hidden in found):
            return found
        # What one list withholds, another must not show: the rest of the first would follow.
        forced = True


def possible_range(counts: Array, hidden: Array, cell: tuple[int, int]) -> tuple[float, float]:
    """Return the least and the greatest value of a withheld cell, for all that is published.

    Parameters
    ----------
    counts : ndarray of int, shape (rows, columns)
    hidden : ndarray of bool, shape (rows, columns)
        Other cells, and the totals of all rows and columns, are published.
    cell : (int, int)

    Returns
    -------
    (float, float)

    Examples
    --------
    >>> counts, hidden = np.array([[3, 40], [9, 50]]), np.array([[True, True], [True, True]])
    >>> possible_range(counts, hidden, (0, 0))
    (0.0, 12.0)
    """
    places = {(int(i), int(j)): at for at, (i, j) in enumerate(np.argwhere(hidden))}
    lines = [[(i, j) for i, j in places if i == row] for row in range(counts.shape[0])]
    lines += [[(i, j) for i, j in places if j == column] for column in range(counts.shape[1])]
    lines = [line for line in lines if line]
    equations = np.zeros((len(lines), len(places)))
    for row, line in enumerate(lines):
        equations[row, [places[each] for each in line]] = 1.0
    totals = [float(sum(counts[each] for each in line)) for line in lines]
    goal = np.zeros(len(places))
    goal[places[cell]] = 1.0
    low, high = (
        sign * linprog(sign * goal, A_eq=equations, b_eq=totals, method="highs").fun
        for sign in (1.0, -1.0)
    )
    return float(low) + 0.0, float(high) + 0.0


def suppress_table(counts: Array, least: int = LEAST) -> Array:
    """Return which cells of a table to withhold, when the totals of its lines are published.

    Parameters
    ----------
    counts : ndarray of int, shape (rows, columns)
        Every row and every column holds `least` merchants or more, or none.
    least : int

    Returns
    -------
    ndarray of bool

    Examples
    --------
    >>> suppress_table(np.array([[40, 3], [60, 25], [50, 30]])).tolist()
    [[True, True], [True, True], [False, False]]
    """
    counts = np.asarray(counts, dtype=np.int64)
    hidden: Array = (counts > 0) & (counts < least)
    # Withholding more only widens what is possible: what is safe remains so.
    safe: set[tuple[int, int]] = set()
    while (bad := _unsafe(counts, hidden, least, safe)) is not None:
        more = _next_cell(counts, hidden, bad)
        if more is None:
            return np.ones_like(hidden)
        hidden[more] = True
    return hidden


def _unsafe(
    counts: Array, hidden: Array, least: int, safe: set[tuple[int, int]]
) -> tuple[int, int] | None:
    """Return a withheld cell that can be narrowed down."""
    for i, j in np.argwhere(hidden).tolist():
        if (i, j) not in safe:
            low, high = possible_range(counts, hidden, (i, j))
            if high - low < least - 1e-6:
                return i, j
            safe.add((i, j))
    return None


def _next_cell(counts: Array, hidden: Array, bad: tuple[int, int]) -> tuple[int, int] | None:
    """Return the cell to withhold next: the smallest one of those that help most lines."""
    # A line with one cell withheld tells it at once.
    lone_rows, lone_columns = (hidden.sum(axis=axis) == 1 for axis in (1, 0))

    def rank(cell: tuple[int, int]) -> tuple[int, bool, int]:
        i, j = cell
        helped = int(lone_rows[i]) + int(lone_columns[j])
        return (-helped, not (i == bad[0] or j == bad[1]), int(counts[cell]))

    shown = [(int(i), int(j)) for i, j in np.argwhere(~hidden & (counts > 0))]
    return min(shown, key=rank, default=None)
