"""Find the signals' shares of the index, by any of the methods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from trustscore.fitting import objective_weights, pymcdm_weights
from trustscore.fitting.ahp import Judgement, judged_weights
from trustscore.fitting.document import significant
from trustscore.fitting.learned import Learned
from trustscore.fitting.learned_shares import learned_shares
from trustscore.fitting.notes import Note
from trustscore.fitting.pairs import Judged
from trustscore.fitting.task import (
    Labelled,
    Task,
    fixed_signals,
    free_signals,
    mixed,
    row_count,
    utilities_of,
    which_vary,
)
from trustscore.scorecard.shares import shares
from trustscore.typing import Array

__all__ = ["METHODS", "Labelled", "Method", "Task", "find_shares", "is_method"]

Method = str
"""One of `METHODS`, or ``pymcdm:NAME``."""

METHODS = ("expert", "equal", "entropy", "critic", "pca", "ahp", "learned")
# Objective weights use merchants of at least this coverage, because unknown ones stand at their
# priors; where fewer than this many are known, they use all.
_KNOWN, _ENOUGH = 0.5, 30


def is_method(text: str) -> bool:
    """Return whether a text names a method.

    Examples
    --------
    >>> is_method("pca"), is_method("pymcdm:merec"), is_method("pymcdm:"), is_method("luck")
    (True, True, False, False)
    """
    return text in METHODS or (
        text.startswith(pymcdm_weights.PREFIX) and text != pymcdm_weights.PREFIX
    )


def find_shares(
    task: Task,
    method: Method,
    labelled: Labelled | None,
    judged: Judged | None,
    judgements: Sequence[Judgement],
    notes: list[Note],
    facts: dict[str, Any],
) -> tuple[Array, Learned | None]:
    """Return the shares of the index that a method finds.

    Locked shares stay. Where weights come from data, so do those of signals that do not differ
    between merchants, because data cannot determine their weight.
    """
    if task.locked:
        facts["locked"] = list(task.locked)
    if method == "ahp":
        found = shares(task.card, judged_weights(task.card, judgements, notes))
        facts |= {"experts": len({j.expert for j in judgements}), "judgements": len(judgements)}
        return mixed(task, found, fixed_signals(task)), None
    if method == "equal":
        everyone = np.ones(row_count(task.block), dtype=bool)
        for at in np.flatnonzero(~which_vary(task, task.block, everyone) & (task.before != 0)):
            says = "does not differ between merchants: its equal weight tells nobody apart"
            notes.append(Note("constant_utility", task.card.signals[at].id, says))
        return mixed(task, np.ones(len(task.before)), fixed_signals(task)), None
    if method == "learned":
        return learned_shares(task, labelled, judged, notes, facts)
    return _from_spread(task, method, notes, facts), None


def _from_spread(task: Task, method: Method, notes: list[Note], facts: dict[str, Any]) -> Array:
    u, coverage = utilities_of(task, task.block)
    known = coverage >= _KNOWN
    if known.sum() < _ENOUGH:
        text = (
            f"only {int(known.sum())} merchants are half known: weights by {method} "
            "look at all, most of whom are near their priors"
        )
        notes.append(Note("thin_weights", "weights", text))
        known[:] = True
    facts["merchants"] = int(known.sum())
    free = free_signals(task, task.block, known, u[known], notes)
    if not free.any():
        return task.before.copy()
    u = u[known][:, free]
    found = np.zeros(len(task.before))
    if method == "pca":
        found[free], explained, against = objective_weights.pca(u)
        facts["explained"] = significant(explained, 3)
        ids = np.array([signal.id for signal in task.card.signals])[free]
        notes += [
            Note("against", name, "loads against the others: merchants good at them are bad")
            for name in ids[against].tolist()
        ]
    elif method == "entropy":
        found[free] = objective_weights.entropy(u)
    elif method == "critic":
        # CRITIC gives a single signal 0, because it has no other to disagree with.
        found[free] = objective_weights.critic(u) if free.sum() > 1 else 1.0
    else:
        if len(u) > pymcdm_weights.MOST_MERCHANTS:
            facts["merchants"] = pymcdm_weights.MOST_MERCHANTS
        found[free] = pymcdm_weights.weights_of(method, u, task.seed)
    return mixed(task, found, ~free)
