"""Shares of the index that are learnt from outcomes, from judgements, or from both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from trustscore.fitting.bound import Bound, bound_of
from trustscore.fitting.document import significant
from trustscore.fitting.learned import (
    LAMBDAS,
    LEAST_EVENTS,
    LEAST_PAIRS,
    Learned,
    learn_weights,
    rarer_class_count,
)
from trustscore.fitting.notes import Note
from trustscore.fitting.pairs import Judged
from trustscore.fitting.slopes import Compared
from trustscore.fitting.task import (
    Labelled,
    Task,
    free_signals,
    mixed,
    row_count,
    utilities_of,
)
from trustscore.typing import Array

__all__ = ["learned_shares"]

_STAY = "the expert's stay"


def learned_shares(
    task: Task,
    labelled: Labelled | None,
    judged: Judged | None,
    notes: list[Note],
    facts: dict[str, Any],
) -> tuple[Array, Learned | None]:
    """Return the shares that outcomes or judgements, one of which must be there, teach."""
    if labelled is None:
        assert judged is not None
        none = np.zeros(row_count(judged.block))
        labelled = Labelled(judged.block, none, none)
    used = labelled.n > 0
    u = utilities_of(task, labelled.block)[0]
    rows = used if used.any() else _in_pairs(judged)
    free = free_signals(task, labelled.block, rows, u[rows], notes)
    if not free.any():
        return task.before.copy(), None
    held = float(task.before[~free].sum())
    if used.any():
        few = rarer_class_count(labelled.family, labelled.n, labelled.events)
        if few < LEAST_EVENTS:
            text = (
                f"only {few:g} of the rarer outcome, of which {LEAST_EVENTS} are needed to learn "
                f"weights: {_STAY if judged is None else 'judgements decide'}"
            )
            notes.append(Note("thin_outcomes", "outcomes", text))
    if judged is not None and len(judged.said.n) < LEAST_PAIRS:
        text = (
            f"only {len(judged.said.n)} pairs, of which {LEAST_PAIRS} are needed to learn "
            f"weights: {'outcomes decide' if used.any() else _STAY}"
        )
        notes.append(Note("thin_judgements", "judgements", text))

    def moved(utility: Array) -> Array:
        # Fixed signals scale with the slope of the whole, so their share stays.
        return utility[:, free] + (utility[:, ~free] @ task.before[~free])[:, None] / (1.0 - held)

    merchant, compared = labelled.merchant, None
    if judged is not None:
        x = moved(utilities_of(task, judged.block)[0])
        merchant, numbers = _numbered(labelled, judged)
        worse, better = judged.worse, judged.better
        compared = Compared(
            x[better] - x[worse],
            judged.said.n,
            judged.said.n * (1.0 - judged.said.share),
            numbers[worse],
            numbers[better],
        )
    bound = bound_of(task.card, utilities_of(task, task.block)[0], task.before, free, task.most)
    learned = learn_weights(
        moved(u),
        labelled.n,
        labelled.events,
        task.before[free],
        family=labelled.family,
        seed=task.seed,
        merchant=merchant,
        period=labelled.period,
        harms=list(labelled.harms.values()),
        bound=bound,
        compared=compared,
    )
    _note_bound(bound, learned, notes)
    _note_sources(learned, notes)
    source = "outcomes" if used.any() else "judgements"
    if learned.penalty == LAMBDAS[0]:
        text = (
            f"the penalty is {learned.penalty:g}, the least that is tried: {source} would leave "
            "the expert further behind"
        )
        notes.append(Note("penalty_at_limit", "weights", text))
    ids = np.array([signal.id for signal in task.card.signals], dtype=object)[free]
    bad, look = ("have more bad outcomes", "bad") if used.any() else ("are judged worse", "worse")
    notes += [
        Note(
            "wrong_sign",
            name,
            f"all else equal, merchants who are better at it {bad}, so it gets no weight: look at "
            f"its direction and at what counts as {look}, or lock its dimension",
        )
        for name in ids[learned.wrong].tolist()
    ]
    found = np.zeros(len(task.before))
    found[free] = learned.weights
    facts |= _learned_facts(learned, labelled, held)
    if judged is not None:
        facts["judgements"] = _judged_facts(learned, judged, both=bool(used.any()))
    facts["most_of_a_signal"], facts["most_of_a_dimension"] = task.most
    if np.isfinite(learned.penalty):
        facts["resampled"] = {
            str(name): [significant(float(low), 3), significant(float(high), 3)]
            for name, low, high in zip(
                ids, (1 - held) * learned.low, (1 - held) * learned.high, strict=True
            )
        }
    return mixed(task, found, ~free), learned


def _in_pairs(judged: Judged | None) -> Array:
    """Return which merchants of the judgements' block stand in a pair."""
    if judged is None:
        return np.zeros(0, dtype=bool)
    found = np.zeros(row_count(judged.block), dtype=bool)
    found[judged.worse] = found[judged.better] = True
    return found


def _numbered(labelled: Labelled, judged: Judged) -> tuple[Array, Array]:
    """Return numbers of the merchants of both blocks: one merchant has one number."""
    if labelled.block is judged.block:
        numbers = np.arange(row_count(judged.block))
        return numbers, numbers
    names = [block["merchant_id"].tolist() for block in (labelled.block, judged.block)]
    place = {name: at for at, name in enumerate(dict.fromkeys(names[0] + names[1]))}
    here, there = (np.array([place[name] for name in part], dtype=np.int64) for part in names)
    return here, there


def _note_sources(learned: Learned, notes: list[Note]) -> None:
    """Say where outcomes and judgements pull weights apart."""
    orders, pairs = learned.gain_by_source
    if np.isfinite(learned.penalty) and (orders < 0 or pairs < 0):
        lost = "outcomes" if orders < 0 else "judgements"
        text = (
            f"of both sources together the weights gain, but of {lost} alone they foretell less "
            "than the expert's: look whether both mean the same by a bad merchant"
        )
        notes.append(Note("sources_disagree", "weights", text))


def _judged_facts(learned: Learned, judged: Judged, both: bool) -> dict[str, Any]:
    """Return what is to be known of the judgements; no names, as the file may be passed on."""
    said = judged.said
    found: dict[str, Any] = {
        "pairs": len(said.n),
        "judges": len(set(said.judge.tolist())),
        "merchants": int(_in_pairs(judged).sum()),
        "groups": said.groups(),
        "ties": said.ties,
    }
    times, agree = said.agreement()
    if times:
        found["judged_by_two"] = times
        found["judges_agree"] = significant(agree, 3)
    if both:
        found["gain_per_order"], found["gain_per_judgement"] = (
            significant(value, 3) for value in learned.gain_by_source
        )
        found["scale"] = significant(learned.scale, 3)
    if learned.ordered is not None:
        found["heldout_pairs"] = learned.ordered.pairs
        for name, figure in (
            ("ordered_rightly", learned.ordered.share),
            ("by_the_expert", learned.ordered.expert),
            ("apart", learned.ordered.apart),
        ):
            found[name] = [significant(value, 3) for value in figure]
    return found


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


def _learned_facts(learned: Learned, labelled: Labelled, held: float) -> dict[str, Any]:
    expert = np.isinf(learned.penalty)
    counted = {
        "merchants": int((labelled.n > 0).sum()),
        "orders": int(labelled.n.sum()),
        "events": int(labelled.events.sum()),
        "family": labelled.family,
    }
    return (
        (counted if labelled.n.any() else {})
        | {
            "penalty": "infinite: the expert's weights stay"
            if expert
            else significant(learned.penalty, 3),
            "slope": significant(learned.slope / (1.0 - held), 3),
            "intercept": significant(learned.intercept, 3),
            "heldout_gain_per_order"
            if labelled.n.any()
            else "heldout_gain_per_judgement": significant(learned.gain, 3),
            "heldout_gain_se": significant(learned.gain_se, 3),
        }
        | _heldout_facts(learned, labelled)
    )


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
