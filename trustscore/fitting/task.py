"""What weights are found for: merchants, the scorecard, and the signals that data may move."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

import numpy as np

from trustscore.fitting import objective_weights
from trustscore.fitting.evidence import evidence_of
from trustscore.fitting.notes import Note
from trustscore.fitting.shares import fill_not_applicable, locked_signals
from trustscore.scorecard import Scorecard
from trustscore.scoring import utilities
from trustscore.scoring.realised import MOST_OF_A_DIMENSION, MOST_OF_A_SIGNAL
from trustscore.typing import Array

__all__ = [
    "Labelled",
    "Task",
    "fixed_signals",
    "free_signals",
    "mixed",
    "row_count",
    "utilities_of",
    "which_vary",
]

# Figures that differ by less are equal but for rounding.
_EQUAL = 1e-12


class Labelled(NamedTuple):
    """Merchants with outcomes.

    Attributes
    ----------
    block : mapping of str to ndarray
        Columns as in the export.
    n, events : ndarray of shape (rows,)
        Orders (or exposure) and bad events; 0 where there is no outcome.
    family : {"binomial", "poisson"}
    merchant : ndarray of int of shape (rows,), optional
        Which merchant a row is of, where there are several periods.
    period : ndarray of int of shape (rows,), optional
        Place of a row's period in `periods`.
    periods : tuple of str
        Names of the periods, by time.
    harms : mapping of str to ndarray of shape (rows,)
        Events of each kind that `events` is made of.
    """

    block: Mapping[str, Array]
    n: Array
    events: Array
    family: Literal["binomial", "poisson"] = "binomial"
    merchant: Array | None = None
    period: Array | None = None
    periods: tuple[str, ...] = ()
    harms: Mapping[str, Array] = {}


class Task(NamedTuple):
    """The scorecard and merchants that weights are found for.

    Attributes
    ----------
    card : Scorecard
        Closed: utilities depend on no weight.
    block : mapping of str to ndarray
    before : ndarray of shape (signals,)
        Shares of the index that the scorecard gives.
    missing : frozenset of str
        Columns that were not collected.
    locked : tuple of str
        Dimensions that keep their weights.
    seed : int
    most : (float, float)
        Greatest share of the variance of the index that learnt weights may give to a signal, and to
        a dimension.
    """

    card: Scorecard
    block: Mapping[str, Array]
    before: Array
    missing: frozenset[str] = frozenset()
    locked: tuple[str, ...] = ()
    seed: int = 0
    most: tuple[float, float] = (MOST_OF_A_SIGNAL, MOST_OF_A_DIMENSION)


def row_count(block: Mapping[str, Array]) -> int:
    """Return the number of merchants of a block."""
    return len(next(iter(block.values())))


def fixed_signals(task: Task) -> Array:
    """Return the signals whose share is fixed."""
    found: Array = locked_signals(task.card, task.locked) | (task.before == 0)
    return found


def mixed(task: Task, found: Array, stay: Array) -> Array:
    """Return the found shares of free signals, scaled to what the fixed ones leave."""
    after, free = task.before.copy(), ~stay
    if free.any():
        after[free] = (1.0 - task.before[stay].sum()) * found[free] / found[free].sum()
    return after


def which_vary(task: Task, block: Mapping[str, Array], rows: Array) -> Array:
    """Return which signals differ between these merchants, in raw figures and in utilities.

    Raw figures are compared, because shrunk ones of equal rates differ by volume.
    """
    found = utilities(block, task.card, missing=task.missing)
    varies = np.zeros(len(task.card.signals), dtype=bool)
    for at, signal in enumerate(task.card.signals):
        if task.missing.intersection(signal.columns):
            continue
        raw = evidence_of(signal, block, rows)
        if raw.known.sum() < 2:
            continue
        apart = _EQUAL * max(1.0, float(np.abs(raw.y).max()))
        known_utility = found.utility[at][raw.known]
        varies[at] = bool(np.ptp(raw.y) > apart and np.ptp(known_utility) > _EQUAL)
    return varies


def free_signals(
    task: Task, block: Mapping[str, Array], rows: Array, u: Array, notes: list[Note]
) -> Array:
    """Return the signals whose weights data may move, and note constant and collinear ones."""
    stay = fixed_signals(task)
    still = ~which_vary(task, block, rows) & ~stay
    for at in np.flatnonzero(still):
        says = "does not differ between merchants, so no weight can be told: its own stays"
        notes.append(Note("constant_utility", task.card.signals[at].id, says))
    free: Array = ~stay & ~still
    names = [s.id for s, is_free in zip(task.card.signals, free, strict=True) if is_free]
    notes += objective_weights.collinear_notes(u[:, free], names)
    return free


def utilities_of(task: Task, block: Mapping[str, Array]) -> tuple[Array, Array]:
    """Return utilities of shape (merchants, signals) as they enter the index, and coverage."""
    found = utilities(block, task.card, missing=task.missing)
    weight = task.before[:, None] * found.applies
    total = weight.sum(axis=0)
    coverage = (weight * found.reliability).sum(axis=0) / np.where(total > 0, total, 1.0)
    return fill_not_applicable(task.card, found.utility, found.applies, task.before).T, coverage
