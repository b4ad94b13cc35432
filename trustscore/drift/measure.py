"""How far the merchants of two sides are from each other, signal by signal, against chance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from trustscore.drift.bins import NOT_APPLICABLE, UNKNOWN
from trustscore.drift.result import Drift, Look, Month, joint_error
from trustscore.drift.side import CELLS, Side
from trustscore.drift.statistics import (
    benjamini_hochberg,
    chance_psi,
    g_test,
    jensen_shannon,
    population_stability,
    wasserstein,
)
from trustscore.errors import InputError
from trustscore.scorecard import Scorecard, load_scorecard
from trustscore.typing import Array, Block

__all__ = ["drift_of", "drift_of_blocks"]

# The usual lines of PSI: from .1 on a distribution has shifted, from .25 on it is another one.
_MODERATE, _LARGE = 0.1, 0.25
_CHANCE = 0.05
# Values of a column of text that are counted by themselves; the others are one.
_MOST_VALUES = 30


def drift_of(reference: Side, current: Side, months: Mapping[str, Side] | None = None) -> Drift:
    """Return how far one side is from another.

    The share of a signal in the change of the mean index is the change of the points that it gave
    the merchants on average; with those of the rules they add up to the change exactly, whether
    the merchants are the same or not. They hold what moved by other weights and other power means
    as well. For the same merchants `trustscore.compare` takes the change of each of them apart.

    Parameters
    ----------
    reference, current : Side
        The current one with the bins of the reference.
    months : mapping of str to Side, optional
        The current side by month.

    Returns
    -------
    Drift

    Raises
    ------
    InputError
        When a side has no merchants.
    """
    for name, side in (("reference", reference), ("current", current)):
        if not side.rows:
            why = f": all {side.rejected:,} rows have faults" if side.rejected else ""
            raise InputError(f"the {name} has no merchants{why}")
    reference.own_bins()
    looks = [_signal_look(each.id, reference, current) for each in reference.card.signals]
    looks += _mix_looks(reference, current)
    rules = [*(rule.id for rule in reference.card.rules), "limit", "cap"]
    return Drift(
        reference,
        current,
        tuple(_judged(looks)),
        {name: current.points[name].mean - reference.points[name].mean for name in rules},
        tuple(
            Month(month, drift_of(reference, side))
            for month, side in sorted((months or {}).items())
        ),
    )


def drift_of_blocks(
    reference: Block,
    current: Block,
    scorecard: str | Scorecard = "default",
    *,
    missing: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset()),
    columns: Iterable[str] = ("category", "shop_type"),
) -> Drift:
    """Return how far the merchants of one block are from those of another.

    Parameters
    ----------
    reference, current : mapping of str to ndarray
        As for `score_columns`; the merchants need not be the same.
    scorecard : str or Scorecard, default="default"
    missing : pair of frozenset of str
        Columns that were not collected on each side.
    columns : iterable of str
        Columns of text whose mix is compared.

    Returns
    -------
    Drift

    Examples
    --------
    >>> card = load_scorecard("minimal")
    >>> rng = np.random.default_rng(1)
    >>> was = {field.name: np.full(800, np.nan) for field in card.fields}
    >>> was |= {"orders_paid": np.full(800, 400.0), "complaints": rng.poisson(4, 800) * 1.0}
    >>> found = drift_of_blocks(was, was | {"complaints": was["complaints"] + 2}, card)
    >>> look = next(each for each in found.signals if each.name == "complaint_rate")
    >>> look.verdict, round(look.points, 2), round(found.change, 2)
    ('large', -3.88, -3.88)
    """
    card = load_scorecard(scorecard)
    names = tuple(columns)
    first = Side(card, columns=names)
    first.add(reference, missing[0])
    last = Side(card, first.own_bins(), names)
    last.add(current, missing[1])
    return drift_of(first, last)


def _signal_look(name: str, reference: Side, current: Side) -> Look:
    points = [side.points[name] for side in (reference, current)]
    gone = reference.not_collected | current.not_collected
    counts = (reference.counts[name], current.counts[name])
    bins = (reference.bins or {})[name]
    labels = ["not applicable", "unknown"]
    labels += [_label(*bins.ends(at)) for at in range(2, bins.count)]
    there = (counts[0] > 0) | (counts[1] > 0)
    look = _look(name, "signal", *(side[there] for side in counts))
    shares = [side.counts[name] / side.rows for side in (reference, current)]
    utility = (reference.utility[name], current.utility[name])
    return replace(
        look,
        utility_distance=wasserstein(*utility, 100.0 / CELLS),
        unknown=(float(shares[0][UNKNOWN]), float(shares[1][UNKNOWN])),
        not_applicable=(float(shares[0][NOT_APPLICABLE]), float(shares[1][NOT_APPLICABLE])),
        points=points[1].mean - points[0].mean,
        points_error=joint_error(points[0], points[1]),
        labels=tuple(label for label, held in zip(labels, there.tolist(), strict=True) if held),
        verdict="not_collected" if name in gone else "none",
    )


def _label(low: float | None, high: float | None) -> str:
    if low is None:
        return "any" if high is None else f"<= {high:.6g}"
    if high is None:
        return f"> {low:.6g}"
    # A mass point lies between the number before it and itself.
    if np.nextafter(low, np.inf) >= high:
        return f"{high:.6g}"
    return f"{low:.6g}..{high:.6g}"


def _mix_looks(reference: Side, current: Side) -> list[Look]:
    found = []
    for name, mix in reference.mixes.items():
        if name not in current.mixes:
            continue
        mixes = (mix, current.mixes[name])
        both = mixes[0] + mixes[1]
        own = [value for value, _ in both.most_common(_MOST_VALUES)]
        rest = [each.total() - sum(each[value] for value in own) for each in mixes]
        columns = [
            np.array([*(each[value] for value in own), *([other] if any(rest) else [])])
            for each, other in zip(mixes, rest, strict=True)
        ]
        labels = [value or "(blank)" for value in own] + (["(others)"] if any(rest) else [])
        found.append(replace(_look(name, "mix", *columns), labels=tuple(labels)))
    return found


def _look(name: str, kind: str, reference: Array, current: Array) -> Look:
    nothing = float("nan")
    return Look(
        name,
        kind,
        population_stability(reference, current),
        chance_psi(reference, current),
        g_test(reference, current),
        jensen_shannon(reference, current),
        nothing,
        (nothing, nothing),
        (nothing, nothing),
        nothing,
        nothing,
        (),
        (tuple(reference.tolist()), tuple(current.tolist())),
    )


def _judged(looks: Sequence[Look]) -> list[Look]:
    compared = [look for look in looks if look.verdict != "not_collected"]
    corrected = benjamini_hochberg([look.chance for look in compared]).tolist()
    by_name = {
        (look.kind, look.name): chance for look, chance in zip(compared, corrected, strict=True)
    }
    found = []
    for look in looks:
        chance = by_name.get((look.kind, look.name))
        if chance is None:
            found.append(look)
            continue
        if chance >= _CHANCE:
            verdict = "noise" if look.psi >= _MODERATE else "none"
        elif look.beyond_chance >= _LARGE:
            verdict = "large"
        else:
            verdict = "moderate" if look.beyond_chance >= _MODERATE else "slight"
        found.append(replace(look, chance_corrected=chance, verdict=verdict))
    return found
