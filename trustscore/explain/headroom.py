"""The headroom of signals: which figures can still be improved, and how far.

One row or many are treated by the same arithmetic.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from trustscore.explain.statement import figures, one_row
from trustscore.scorecard import Scorecard, Signal
from trustscore.scoring import Scores

__all__ = ["Headroom", "headroom_of", "value_at"]

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class Headroom:
    """How far each signal can be improved in each row; arrays of shape (signals, rows).

    Attributes
    ----------
    start, end : ndarray
        Value of the signal's column now, and at the good anchor.
    open : ndarray of bool
        Whether the signal has evidence and is short of the good anchor.
    """

    start: Array
    end: Array
    open: Array


def headroom_of(card: Scorecard, block: Mapping[str, Array], scores: Scores) -> Headroom:
    """Return how far each signal can be improved in each row.

    Parameters
    ----------
    card : Scorecard
    block : mapping of str to ndarray
    scores : Scores
        Scores of the block, with detail ``statement`` or ``all``.
    """
    assert scores.applies is not None and scores.reliability is not None
    assert scores.weight is not None
    shape = scores.applies.shape
    start, end = np.full(shape, np.nan), np.full(shape, np.nan)
    opened = np.zeros(shape, dtype=bool)
    samples = {signal.sample for signal in card.signals}
    taken: dict[str, Array] = {}
    goods = _good_anchors(card, block, shape[1])
    for i, signal in enumerate(card.signals):
        # Skip a column that is the sample of another signal: changing it would change evidence.
        if signal.value in samples:
            continue
        known = scores.applies[i] & (scores.reliability[i] > 0) & (scores.weight[i] > 0)
        known = known & ~taken.get(signal.value, np.zeros(shape[1], dtype=bool))
        if not known.any():
            continue
        start[i], end[i] = block[signal.value], _at_good(signal, block, goods[signal.id])
        ahead = end[i] > start[i] if signal.higher_is_better else end[i] < start[i]
        opened[i] = known & ahead & np.isfinite(start[i])
        taken[signal.value] = taken.get(signal.value, False) | opened[i]
    return Headroom(start, end, opened)


def _at_good(signal: Signal, block: Mapping[str, Array], good: Array) -> Array:
    """Return the value of the signal's column at its good anchor."""
    end = good
    if signal.counts:
        sample = block[str(signal.sample)]
        end = good * sample
        if signal.kind == "rate":
            end = np.minimum(end, sample)
    if signal.whole:
        end = np.ceil(end) if signal.higher_is_better else np.floor(end)
    if signal.range is not None:
        end = np.clip(end, signal.range[0], signal.range[1])
    return end


def _good_anchors(card: Scorecard, block: Mapping[str, Array], rows: int) -> dict[str, Array]:
    """Return the good anchor of each signal in each row, with overlays and peers applied."""
    names = {name for overlay in card.overlays for name, _ in overlay.match}
    names |= set(card.peers.by)
    sides = [block[name].tolist() for name in sorted(names) if name in block]
    groups: dict[tuple[Any, ...], list[int]] = {}
    for row, key in enumerate(zip(*sides, strict=True) if sides else [()] * rows):
        groups.setdefault(key, []).append(row)
    found = {signal.id: np.empty(rows) for signal in card.signals}
    for members in groups.values():
        single = one_row(block, members[0])
        for signal in card.signals:
            found[signal.id][members] = figures(card, signal, single)["good"]
    return found


def value_at(start: Array, end: Array, whole: Array | bool, share: Array) -> Array:
    """Return the value at `share` of the distance from `start` to `end`, rounded towards `end`.

    It is rounded to a whole number where `whole` is true, else to a thousandth of the distance.

    Examples
    --------
    >>> value_at(np.array([9.0]), np.array([2.0]), True, np.array([0.5])).tolist()
    [5.0]
    >>> start, end = np.array([40.0, 40.0]), np.array([20.0, 20.0])
    >>> value_at(start, end, False, np.array([0.033, 0])).tolist()
    [39.3, 40.0]
    """
    distance = np.abs(end - start)
    digits = np.floor(np.log10(np.where(distance > 0, distance, 1.0))) - 2
    step = np.where(whole, 1.0, np.power(10.0, digits))
    value = np.round((start + (end - start) * share) / step, 6)
    value = np.where(end > start, np.ceil(value), np.floor(value)) * step
    low, high = np.minimum(start, end), np.maximum(start, end)
    rounded = np.clip(np.round(value, 12), low, high)
    return np.where(share > 0, rounded, start)
