"""Limits on how far a boost may move a list; each takes an order and returns an order.

An order holds base places: ``order[p]`` is the place, counted from 0, that the item shown at
``p`` has without the boost. So ``arange(n)`` is the unchanged list.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import Any

import numpy as np

from trustscore.typing import IntArray


def displace(order: IntArray, up: int | None, down: int | None) -> IntArray:
    """Keep every item within `up` places above and `down` places below its base place.

    This is scheduling by release times and deadlines: each place takes the item that may fall no
    further, if there is one, else the best boosted item that may rise this far. No two items
    share a deadline, so a solution always exists. An order within the limits is returned
    unchanged.

    Parameters
    ----------
    order : int array
        A permutation of base places, best boosted first.
    up, down : int or None
        None means no limit.

    Examples
    --------
    >>> displace(np.array([3, 0, 1, 2]), up=2, down=None).tolist()
    [0, 3, 1, 2]
    >>> displace(np.array([1, 2, 3, 0]), up=None, down=2).tolist()
    [1, 2, 0, 3]
    """
    count = len(order)
    up = count if up is None else min(up, count)
    down = count if down is None else min(down, count)
    shift = np.arange(count) - order
    # shift > 0: the item is shown below its base place.
    if shift.max(initial=0) <= down and shift.min(initial=0) >= -up:
        return order
    wish = np.empty(count, dtype=np.int64)
    wish[order] = np.arange(count)
    wishes = wish.tolist()
    wished = order.tolist()
    placed = bytearray(count)
    waiting = wishes[:up]
    heapq.heapify(waiting)
    shown = []
    for place in range(count):
        if place + up < count:
            heapq.heappush(waiting, wishes[place + up])
        due = place - down
        if due >= 0 and not placed[due]:
            base = due
        else:
            base = wished[heapq.heappop(waiting)]
            while placed[base]:
                base = wished[heapq.heappop(waiting)]
        placed[base] = 1
        shown.append(base)
    return np.asarray(shown, dtype=np.int64)


def protect_head(order: IntArray, head: int) -> IntArray:
    """Keep the items of the first `head` base places there; the others follow in their order.

    Examples
    --------
    >>> protect_head(np.array([2, 1, 3, 0]), 2).tolist()
    [0, 1, 2, 3]
    """
    if head == 0 or (order[:head] == np.arange(min(head, len(order)))).all():
        return order
    return np.concatenate([np.arange(min(head, len(order))), order[order >= head]])


def cap_merchants(
    order: IntArray, merchants: Sequence[Any], most: int, top: int, head: int = 0
) -> IntArray:
    """Show at most `most` items of one merchant among the first `top` places.

    Items over the limit wait until the first `top` places are filled, and follow right after
    them. When the other merchants cannot fill these places, the best waiting items do. The first
    `head` places are counted and never changed.

    Parameters
    ----------
    order : int array
    merchants : sequence
        Merchant of each base place.
    most, top, head : int

    Examples
    --------
    >>> cap_merchants(np.array([0, 1, 2, 3]), ["a", "a", "a", "b"], most=2, top=3).tolist()
    [0, 1, 3, 2]
    """
    shown: list[int] = []
    waiting: list[int] = []
    seen: dict[Any, int] = {}
    rest = len(order)
    for place, base in enumerate(order.tolist()):
        if len(shown) >= min(top, len(order)):
            rest = place
            break
        merchant = merchants[base]
        held = seen.get(merchant, 0)
        if held >= most and place >= head:
            waiting.append(base)
            continue
        seen[merchant] = held + 1
        shown.append(base)
    if not waiting:
        return order
    return np.asarray([*shown, *waiting, *order[rest:].tolist()], dtype=np.int64)
