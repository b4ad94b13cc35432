"""The ways to find weights, behind one function: from a closed scorecard to shares of the index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from trustscore.fitting import weights as by_spread
from trustscore.fitting.ahp import Judgement, judged_weights
from trustscore.fitting.document import figure
from trustscore.fitting.learned import LEAST_EVENTS, Learned, learn_weights, rarer
from trustscore.fitting.notes import Note
from trustscore.fitting.shares import fill, lock, shares
from trustscore.scorecard import Scorecard
from trustscore.scoring import utilities

__all__ = ["METHODS", "Labelled", "Method", "find_shares"]

Array = np.ndarray[Any, Any]
Method = Literal["expert", "equal", "entropy", "critic", "pca", "ahp", "learned"]

METHODS: tuple[Method, ...] = ("expert", "equal", "entropy", "critic", "pca", "ahp", "learned")
# Weights by spread look at merchants of whom something is known; an unknown one is its prior.
_KNOWN, _ENOUGH = 0.5, 30


class Labelled(NamedTuple):
    """Merchants with outcomes.

    Attributes
    ----------
    block : mapping of str to ndarray
        Columns as in the export.
    n, events : ndarray of shape (rows,)
        0 where nothing is known.
    family : {"binomial", "poisson"}
    """

    block: Mapping[str, Array]
    n: Array
    events: Array
    family: Literal["binomial", "poisson"] = "binomial"


def find_shares(
    card: Scorecard,
    block: Mapping[str, Array],
    method: Method,
    before: Array,
    missing: frozenset[str],
    labelled: Labelled | None,
    judgements: Sequence[Judgement],
    locked: tuple[str, ...],
    notes: list[Note],
    facts: dict[str, Any],
    seed: int,
) -> tuple[Array, Learned | None]:
    """Return the shares that a method finds; locked ones as they were."""
    stay = lock(card, locked) | (before == 0)
    free = ~stay
    held = float(before[stay].sum())
    if locked:
        facts["locked"] = list(locked)
    learned = None
    if method == "ahp":
        found = shares(card, judged_weights(card, judgements, notes))
        facts |= {"experts": len({j.expert for j in judgements}), "judgements": len(judgements)}
    elif method == "equal":
        found = np.ones(len(before))
    elif method == "learned":
        assert labelled is not None
        u, _ = _utilities(card, labelled.block, before, missing)
        used = labelled.n > 0
        notes += _looks(card, u[used][:, free], free)
        few = rarer(labelled.family, labelled.n, labelled.events)
        if few < LEAST_EVENTS:
            text = (
                f"only {few:g} of the rarer outcome, of which {LEAST_EVENTS} are needed to learn "
                "weights: the expert's stay"
            )
            notes.append(Note("thin_outcomes", "outcomes", text))
        # What is locked moves along with the whole, so that its share stays what it is.
        common = (u[:, stay] @ before[stay])[:, None] / (1.0 - held) if held else 0.0
        learned = learn_weights(
            u[:, free] + common,
            labelled.n,
            labelled.events,
            before[free],
            family=labelled.family,
            seed=seed,
        )
        found = np.zeros(len(before))
        found[free] = learned.weights
        facts |= _learned_facts(learned, labelled, held)
    else:
        u, coverage = _utilities(card, block, before, missing)
        known = coverage >= _KNOWN
        if known.sum() < _ENOUGH:
            text = (
                f"only {int(known.sum())} merchants are half known: weights by {method} "
                "look at all, most of whom are near their priors"
            )
            notes.append(Note("thin_weights", "weights", text))
            known[:] = True
        u = u[known][:, free]
        notes += _looks(card, u, free)
        found = np.zeros(len(before))
        facts["merchants"] = int(known.sum())
        if method == "pca":
            found[free], explained, against = by_spread.pca(u)
            facts["explained"] = figure(explained, 3)
            ids = np.array([signal.id for signal in card.signals])[free]
            notes += [
                Note("against", name, "loads against the others: merchants good at them are bad")
                for name in ids[against].tolist()
            ]
        else:
            found[free] = (by_spread.entropy if method == "entropy" else by_spread.critic)(u)
    after = before.copy()
    after[free] = (1.0 - held) * found[free] / found[free].sum()
    return after, learned


def _utilities(
    card: Scorecard, block: Mapping[str, Array], before: Array, missing: frozenset[str]
) -> tuple[Array, Array]:
    """Return utilities of shape (merchants, signals) as they enter the index, and coverage."""
    found = utilities(block, card, missing=missing)
    weight = before[:, None] * found.applies
    total = weight.sum(axis=0)
    coverage = (weight * found.reliability).sum(axis=0) / np.where(total > 0, total, 1.0)
    return fill(card, found.utility, found.applies, before).T, coverage


def _looks(card: Scorecard, u: Array, free: Array) -> list[Note]:
    names = [s.id for s, is_free in zip(card.signals, free, strict=True) if is_free]
    return by_spread.look(u, names) if len(u) else []


def _learned_facts(learned: Learned, labelled: Labelled, held: float) -> dict[str, Any]:
    expert = np.isinf(learned.penalty)
    return {
        "merchants": int((labelled.n > 0).sum()),
        "orders": int(labelled.n.sum()),
        "events": int(labelled.events.sum()),
        "family": labelled.family,
        "penalty": "infinite: the expert's weights stay" if expert else figure(learned.penalty, 3),
        "slope": figure(learned.slope / (1.0 - held), 3),
        "intercept": figure(learned.intercept, 3),
        "heldout_gain_per_order": figure(learned.gain, 3),
        "heldout_gain_se": figure(learned.gain_se, 3),
    }
