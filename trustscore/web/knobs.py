"""The figures of a scorecard that can be moved, and a scorecard with some of them moved."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from trustscore.errors import ScorecardError
from trustscore.scorecard import Scorecard, Signal
from trustscore.scorecard.effects import EFFECTS
from trustscore.words import LANGUAGES, named

__all__ = ["Knob", "changed", "knobs", "place_of"]

_STEPS = 200


@dataclass(frozen=True, slots=True)
class Knob:
    """One figure with the range of its slider; a number beside the slider may go beyond it.

    Attributes
    ----------
    address : str
        Where the scorecard has it, such as ``signals.service.complaint_rate.poor``.
    group : str
        ``tiers``, ``dimensions``, ``signals`` or ``rules``.
    inside : str
        Dimension of a signal, else empty.
    owner : str
        Id of the tier, dimension, signal or rule.
    part : str
        Key of the figure: ``weight``, ``poor``, ``cap``, ``at`` and so on.
    names : dict of str to str
        Name of the owner by language.
    unit : str
        Of an anchor.
    value, low, high, step : float
    """

    address: str
    group: str
    inside: str
    owner: str
    part: str
    names: dict[str, str]
    unit: str
    value: float
    low: float
    high: float
    step: float

    def as_dict(self) -> dict[str, Any]:
        """Return it ready for JSON."""
        return asdict(self)


def knobs(card: Scorecard, data: Mapping[str, Any]) -> tuple[Knob, ...]:
    """Return what can be moved: tier lines, weights, anchors, and points of rules.

    Parameters
    ----------
    card : Scorecard
    data : mapping
        The document it was made of. Figures that stand nowhere in it cannot be moved.

    Examples
    --------
    >>> from trustscore.scorecard import load_scorecard
    >>> card = load_scorecard("minimal")
    >>> found = knobs(card, card.file.model_dump(mode="json", exclude_none=True))
    >>> [knob.address for knob in found if knob.group == "tiers"][:3]
    ['tiers.ladder.limited.at', 'tiers.ladder.limited.coverage', 'tiers.ladder.standard.at']
    """
    found: list[Knob] = []

    def add(
        address: str, owner: Any, part: str, value: float, ends: tuple[float, float], unit: str = ""
    ) -> None:
        group, inside = address.split(".", 1)[0], ""
        if isinstance(owner, Signal):
            inside = owner.dimension
        of = owner.words if isinstance(owner, Signal) else owner
        low, high = min(ends[0], value), max(ends[1], value)
        step = _nice((high - low) / _STEPS)
        found.append(
            Knob(
                f"{address}.{part}",
                group,
                inside,
                owner.id,
                part,
                {lang: named(of, lang) or owner.id for lang in LANGUAGES},
                unit,
                value,
                low,
                high,
                step,
            )
        )

    for tier in card.tiers.ladder:
        add(f"tiers.ladder.{tier.id}", tier, "at", tier.at, (0.0, 100.0), "points")
        add(f"tiers.ladder.{tier.id}", tier, "coverage", tier.coverage, (0.0, 1.0))
    for dimension in card.dimensions:
        most = _above(2.0 * dimension.weight)
        add(f"dimensions.{dimension.id}", dimension, "weight", dimension.weight, (0.0, most))
    for signal in card.signals:
        at = f"signals.{signal.dimension}.{signal.id}"
        add(at, signal, "weight", signal.weight, (0.0, _above(2.0 * signal.weight)))
        stated = data.get("signals", {}).get(signal.dimension, {}).get(signal.id, {})
        for part in ("poor", "good"):
            if _is_number(stated.get(part)):
                ends = _anchor_range(signal)
                add(at, signal, part, float(getattr(signal, part)), ends, signal.words.unit)
    for rule in card.rules:
        if rule.overlay is None and _is_number(data["rules"][rule.id].get(rule.effect)):
            effect = EFFECTS[rule.effect]
            high = 100.0 if effect.veto or effect.holds else _above(3.0 * rule.points)
            add(f"rules.{rule.id}", rule, rule.effect, rule.points, (0.0, high), "points")
    return tuple(found)


def place_of(data: Any, address: str) -> tuple[Any, str]:
    """Return the table that holds an address, and its last key; tiers are found by id.

    Raises
    ------
    KeyError
        When there is no such table.
    """
    *way, last = address.split(".")
    at = data
    for key in way:
        if isinstance(at, list):
            at = next((tier for tier in at if tier.get("id") == key), None)
            if at is None:
                raise KeyError(address)
        else:
            at = at[key]
    return at, last


def changed(
    data: Mapping[str, Any], edits: Mapping[str, float], allowed: Mapping[str, Knob]
) -> dict[str, Any]:
    """Return a document with other figures; the given one stays as it is.

    Raises
    ------
    ScorecardError
        When an address is none that can be moved: all of them are named.
    """
    faults = [
        f"{address}: is no figure that can be moved here"
        for address in edits
        if address not in allowed
    ]
    faults += [
        f"{address}: must be a finite number. Got {value}"
        for address, value in edits.items()
        if not math.isfinite(value)
    ]
    if faults:
        raise ScorecardError(f"{len(faults)} changes cannot be made", faults)
    own: dict[str, Any] = copy.deepcopy(dict(data))
    for address, value in edits.items():
        table, key = place_of(own, address)
        table[key] = as_written(value, table.get(key))
    return own


def as_written(value: float, before: Any) -> int | float:
    """Return a number as a file would have it: whole where it was whole and still is."""
    whole = isinstance(before, int) or before is None or isinstance(before, str)
    return int(value) if whole and float(value).is_integer() else float(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _anchor_range(signal: Signal) -> tuple[float, float]:
    """Return a range around both anchors, within what the signal can be."""
    low, high = sorted((signal.poor, signal.good))
    gap = high - low
    ends = [low - gap, high + gap]
    if low >= 0:
        ends[0] = max(ends[0], 0.0 if low == 0 else low / 10.0)
    if signal.range is not None:
        ends = [max(ends[0], signal.range[0]), min(ends[1], signal.range[1])]
    if signal.kind == "rate":
        ends[1] = min(ends[1], 1.0)
    return ends[0], ends[1]


def _above(value: float) -> float:
    """Return a round number at or above a value, 1 for 0."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(float(n * power) for n in (1, 2, 5, 10) if n * power >= value * (1 - 1e-12))


def _nice(step: float) -> float:
    """Return 1, 2 or 5 times a power of ten near a step."""
    if step <= 0:
        return 0.01
    power = math.floor(math.log10(step))
    factor = next(n for n in (1, 2, 5, 10) if n * 10.0**power >= step * (1 - 1e-12))
    return float(f"{factor}e{power}")
