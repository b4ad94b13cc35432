"""The headroom of signals: which figures can still be improved, and how far.

One row or many are treated by the same arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from trustscore.scorecard import Scorecard, Signal
from trustscore.scorecard.model import Field
from trustscore.scoring import Scores
from trustscore.scoring.program import program_of
from trustscore.typing import Array, Block

__all__ = ["Headroom", "headroom_of", "stop_of", "value_at"]


# Powers of ten from the least that a distance can ask for. Those that numpy computes differ in the
# last bit between processors.
_LEAST = -326
_POWERS = np.array([float(f"1e{power}") for power in range(_LEAST, 307)])


@dataclass(frozen=True, eq=False)
class Headroom:
    """How far each signal can be improved in each row; arrays of shape (signals, rows).

    Attributes
    ----------
    start, end : ndarray
        Value of the signal's column now, and at the good anchor.
    open : ndarray of bool
        Whether there is evidence, somebody can change the figure, and there is a way to go.
    """

    start: Array
    end: Array
    open: Array


def headroom_of(card: Scorecard, block: Block, scores: Scores) -> Headroom:
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
    fields = {field.name: field for field in card.fields}
    for i, signal in enumerate(card.signals):
        # A figure that is the sample of another signal would move evidence with it.
        if signal.value in samples or not signal.actionable:
            continue
        known = scores.applies[i] & (scores.reliability[i] > 0) & (scores.weight[i] > 0)
        known = known & ~taken.get(signal.value, np.zeros(shape[1], dtype=bool))
        if not known.any():
            continue
        start[i] = block[signal.value]
        end[i] = _end(card, signal, block, goods[i], fields[signal.value])
        ahead = end[i] > start[i] if signal.higher_is_better else end[i] < start[i]
        opened[i] = known & ahead & np.isfinite(start[i])
        taken[signal.value] = taken.get(signal.value, False) | opened[i]
    return Headroom(start, end, opened)


def _end(card: Scorecard, signal: Signal, block: Block, good: Array, field: Field) -> Array:
    """Return the column at the good anchor, or as near to it as a checked cell can be."""
    end = good * block[str(signal.sample)] if signal.counts else good
    low: Any = -np.inf if field.check == "number" else 0.0
    high: Any = 1.0 if field.check in ("share", "flag") else np.inf
    if field.lo is not None and field.hi is not None:
        low, high = max(low, field.lo), min(high, field.hi)
    # A part is at most its whole, in every rate that counts it and every share that a rule rewards.
    for part, whole in card.pairs:
        if part == signal.value and whole in block:
            high = np.fmin(high, block[whole])
    if not signal.whole:
        return np.asarray(np.clip(end, low, high))
    end = np.ceil(end) if signal.higher_is_better else np.floor(end)
    return np.asarray(np.clip(end, np.ceil(low), np.floor(high)))


@lru_cache(maxsize=16)
def _goods(card: Scorecard) -> Array:
    """Return the good anchors by signal and variant."""
    program = program_of(card)
    return np.array([[n.good for n in program.numbers(signal)] for signal in card.signals])


def _good_anchors(card: Scorecard, block: Block, rows: int) -> Array:
    """Return the good anchor of each signal in each row, with overlays and peers applied."""
    variant = program_of(card).variant_rows(block, rows)
    found: Array = _goods(card)[:, np.zeros(rows, dtype=np.int64) if variant is None else variant]
    return found


def stop_of(start: Array, end: Array, whole: Array | bool) -> Array:
    """Return by how much a value moves at a time: by 1, or a thousandth of the way or more.

    Examples
    --------
    >>> stop_of(np.array([40.0, 9.0]), np.array([20.0, 2.0]), np.array([False, True])).tolist()
    [0.1, 1.0]
    """
    distance = np.abs(end - start)
    digits = np.floor(np.log10(np.where(distance > 0, distance, 1.0))) - 2
    found: Array = np.where(whole, 1.0, _POWERS[digits.astype(int) - _LEAST])
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
    step = stop_of(start, end, whole)
    value = np.round((start + (end - start) * share) / step, 6)
    value = np.where(end > start, np.ceil(value), np.floor(value)) * step
    low, high = np.minimum(start, end), np.maximum(start, end)
    # Decimals cannot be taken off a large count without moving it from its whole number.
    rounded = np.clip(np.where(whole, value, np.round(value, 12)), low, high)
    return np.where(share > 0, rounded, start)
