"""Find the signals' shares of the index, by any of the methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from trustscore.fitting import objective_weights, pymcdm_weights
from trustscore.fitting.ahp import Judgement, judged_weights
from trustscore.fitting.bound import Bound, bound_of
from trustscore.fitting.document import significant
from trustscore.fitting.evidence import evidence_of
from trustscore.fitting.learned import (
    LAMBDAS,
    LEAST_EVENTS,
    Learned,
    learn_weights,
    rarer_class_count,
)
from trustscore.fitting.notes import Note
from trustscore.fitting.shares import fill_not_applicable, locked_signals
from trustscore.scorecard import Scorecard
from trustscore.scorecard.shares import shares
from trustscore.scoring import utilities
from trustscore.scoring.realised import MOST_OF_A_DIMENSION, MOST_OF_A_SIGNAL
from trustscore.typing import Array

__all__ = ["METHODS", "Labelled", "Method", "Task", "find_shares", "is_method"]

Method = str
"""One of `METHODS`, or ``pymcdm:NAME``."""

METHODS = ("expert", "equal", "entropy", "critic", "pca", "ahp", "learned")
# Objective weights use merchants of at least this coverage, because unknown ones stand at their
# priors; where fewer than this many are known, they use all.
_KNOWN, _ENOUGH = 0.5, 30
# Figures that differ by less are equal but for rounding.
_EQUAL = 1e-12


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


def find_shares(
    task: Task,
    method: Method,
    labelled: Labelled | None,
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
        return _mixed(task, found, _locked(task)), None
    if method == "equal":
        everyone = np.ones(_rows(task.block), dtype=bool)
        for at in np.flatnonzero(~_varies(task, task.block, everyone) & (task.before != 0)):
            says = "does not differ between merchants: its equal weight tells nobody apart"
            notes.append(Note("constant_utility", task.card.signals[at].id, says))
        return _mixed(task, np.ones(len(task.before)), _locked(task)), None
    if method == "learned":
        assert labelled is not None
        return _from_outcomes(task, labelled, notes, facts)
    return _from_spread(task, method, notes, facts), None


def _rows(block: Mapping[str, Array]) -> int:
    return len(next(iter(block.values())))


def _locked(task: Task) -> Array:
    """Return the signals whose share is fixed."""
    found: Array = locked_signals(task.card, task.locked) | (task.before == 0)
    return found


def _mixed(task: Task, found: Array, stay: Array) -> Array:
    """Return the found shares of free signals, scaled to what the fixed ones leave."""
    after, free = task.before.copy(), ~stay
    if free.any():
        after[free] = (1.0 - task.before[stay].sum()) * found[free] / found[free].sum()
    return after


def _varies(task: Task, block: Mapping[str, Array], rows: Array) -> Array:
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


def _free(
    task: Task, block: Mapping[str, Array], rows: Array, u: Array, notes: list[Note]
) -> Array:
    """Return the signals whose weights data may move, and note constant and collinear ones."""
    stay = _locked(task)
    still = ~_varies(task, block, rows) & ~stay
    for at in np.flatnonzero(still):
        says = "does not differ between merchants, so no weight can be told: its own stays"
        notes.append(Note("constant_utility", task.card.signals[at].id, says))
    free: Array = ~stay & ~still
    names = [s.id for s, is_free in zip(task.card.signals, free, strict=True) if is_free]
    notes += objective_weights.collinear_notes(u[:, free], names)
    return free


def _from_outcomes(
    task: Task, labelled: Labelled, notes: list[Note], facts: dict[str, Any]
) -> tuple[Array, Learned | None]:
    used = labelled.n > 0
    u, _ = _utilities(task, labelled.block)
    free = _free(task, labelled.block, used, u[used], notes)
    if not free.any():
        return task.before.copy(), None
    held = float(task.before[~free].sum())
    few = rarer_class_count(labelled.family, labelled.n, labelled.events)
    if few < LEAST_EVENTS:
        text = (
            f"only {few:g} of the rarer outcome, of which {LEAST_EVENTS} are needed to learn "
            "weights: the expert's stay"
        )
        notes.append(Note("thin_outcomes", "outcomes", text))
    # Fixed signals scale with the slope of the whole, so their share stays.
    common = (u[:, ~free] @ task.before[~free])[:, None] / (1.0 - held)
    bound = bound_of(task.card, _utilities(task, task.block)[0], task.before, free, task.most)
    learned = learn_weights(
        u[:, free] + common,
        labelled.n,
        labelled.events,
        task.before[free],
        family=labelled.family,
        seed=task.seed,
        merchant=labelled.merchant,
        period=labelled.period,
        harms=list(labelled.harms.values()),
        bound=bound,
    )
    _note_bound(bound, learned, notes)
    if learned.penalty == LAMBDAS[0]:
        text = (
            f"the penalty is {learned.penalty:g}, the least that is tried: outcomes would leave "
            "the expert further behind"
        )
        notes.append(Note("penalty_at_limit", "weights", text))
    ids = np.array([signal.id for signal in task.card.signals], dtype=object)[free]
    notes += [
        Note(
            "wrong_sign",
            name,
            "all else equal, merchants who are better at it have more bad outcomes, so it gets no "
            "weight: look at its direction and at what counts as bad, or lock its dimension",
        )
        for name in ids[learned.wrong].tolist()
    ]
    found = np.zeros(len(task.before))
    found[free] = learned.weights
    facts |= _learned_facts(learned, labelled, held)
    facts["most_of_a_signal"], facts["most_of_a_dimension"] = task.most
    if np.isfinite(learned.penalty):
        facts["resampled"] = {
            str(name): [significant(float(low), 3), significant(float(high), 3)]
            for name, low, high in zip(
                ids, (1 - held) * learned.low, (1 - held) * learned.high, strict=True
            )
        }
    return _mixed(task, found, ~free), learned


def _note_bound(bound: Bound, learned: Learned, notes: list[Note]) -> None:
    """Say which parts of the index are above the bound, and what holding others to it costs."""
    stays = np.isinf(learned.penalty)
    for name, share, limit in bound.above(learned.weights):
        why = (
            "the expert's weights stay, and they are not held to the bound"
            if stays
            else "no weights near those of the outcomes keep to the bound"
        )
        text = f"makes up {share:.0%} of the variance of the index, above {limit:.0%}: {why}"
        notes.append(Note("dominance", name, text))


def _from_spread(task: Task, method: Method, notes: list[Note], facts: dict[str, Any]) -> Array:
    u, coverage = _utilities(task, task.block)
    known = coverage >= _KNOWN
    if known.sum() < _ENOUGH:
        text = (
            f"only {int(known.sum())} merchants are half known: weights by {method} "
            "look at all, most of whom are near their priors"
        )
        notes.append(Note("thin_weights", "weights", text))
        known[:] = True
    facts["merchants"] = int(known.sum())
    free = _free(task, task.block, known, u[known], notes)
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
    return _mixed(task, found, ~free)


def _utilities(task: Task, block: Mapping[str, Array]) -> tuple[Array, Array]:
    """Return utilities of shape (merchants, signals) as they enter the index, and coverage."""
    found = utilities(block, task.card, missing=task.missing)
    weight = task.before[:, None] * found.applies
    total = weight.sum(axis=0)
    coverage = (weight * found.reliability).sum(axis=0) / np.where(total > 0, total, 1.0)
    return fill_not_applicable(task.card, found.utility, found.applies, task.before).T, coverage


def _learned_facts(learned: Learned, labelled: Labelled, held: float) -> dict[str, Any]:
    expert = np.isinf(learned.penalty)
    return {
        "merchants": int((labelled.n > 0).sum()),
        "orders": int(labelled.n.sum()),
        "events": int(labelled.events.sum()),
        "family": labelled.family,
        "penalty": "infinite: the expert's weights stay"
        if expert
        else significant(learned.penalty, 3),
        "slope": significant(learned.slope / (1.0 - held), 3),
        "intercept": significant(learned.intercept, 3),
        "heldout_gain_per_order": significant(learned.gain, 3),
        "heldout_gain_se": significant(learned.gain_se, 3),
    } | _heldout_facts(learned, labelled)


def _heldout_facts(learned: Learned, labelled: Labelled) -> dict[str, Any]:
    """Return the areas under the curve of what the fit had not seen, by harm and period."""
    names = labelled.periods or ("",)
    found: dict[str, Any] = {}
    if labelled.periods:
        found["periods"] = list(names)
        found["gain_by_period"] = _figures(names, learned.gain_by_period)
    for kind, at in [("events", 0), *((harm, i) for i, harm in enumerate(labelled.harms, 1))]:
        if at >= len(learned.heldout):
            continue
        found.setdefault("heldout_auc", {})[kind] = {
            "learned": _figures(names, learned.heldout[at]),
            "expert": _figures(names, learned.heldout_expert[at]),
            "without_bound": _figures(names, learned.heldout_unbound[at]),
        }
    return found


def _figures(names: Sequence[str], values: Array) -> Any:
    """Return figures by period, or the one of the only period."""
    found = {
        name: significant(float(value), 3)
        for name, value in zip(names, values, strict=True)
        if not np.isnan(value)
    }
    return found.get("", found)
