"""The choices behind a scorecard, and alternatives to each that could have been defended too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np

from trustscore.audit.cards import Data, as_data, rebuilt, signals_of
from trustscore.scorecard import Scorecard
from trustscore.scorecard.curves import CURVES
from trustscore.scoring.program import prior_spread

__all__ = ["Choice", "choices_of", "varied"]

# How far a choice may be from the one made.
WEIGHT_SD, ANCHOR_SD, PRIOR_SD, STRENGTH_SD = 0.3, 0.1, 0.5, 0.5
Draw = np.random.Generator


@dataclass(frozen=True, slots=True)
class Choice:
    """One group of figures that somebody chose.

    Attributes
    ----------
    name : str
    says : str
        What an alternative changes, and by how much.
    parameters : int
        Figures it changes.
    apply : callable
        Puts one alternative into the data of a scorecard.
    """

    name: str
    says: str
    parameters: int
    apply: Callable[[Data, Draw], None]


def choices_of(card: Scorecard) -> tuple[list[Choice], list[str]]:
    """Return the choices a scorecard makes, and those it leaves nothing to vary in.

    Examples
    --------
    >>> from trustscore.scorecard import load_scorecard
    >>> found, nothing = choices_of(load_scorecard("minimal"))
    >>> [(choice.name, choice.parameters) for choice in found], nothing
    ([('weights', 8), ('anchors', 5), ('exponent', 4), ('priors', 8)], [])
    """
    signals = card.signals
    anchored = [s for s in signals if not s.knots and s.kind != "flag"]
    moving = sum(not _fixed(s, e) for s in anchored for e in (s.poor, s.good))
    sampled = [s for s in signals if s.sample is not None]
    inside = [sum(s.dimension == d.id for s in signals) for d in card.dimensions]
    nodes = 1 + len(card.dimensions)
    # One signal in one dimension weighs all there is, whatever its weight and exponent.
    mixes = len(signals) > 1 and (len(card.dimensions) > 1 or max(inside) > 1)
    every = [
        Choice(
            "weights",
            "each weight of a signal or dimension times a log-normal factor "
            f"(standard deviation {WEIGHT_SD:g} of the logarithm)",
            len(signals) + len(card.dimensions) if mixes else 0,
            _weights,
        ),
        Choice(
            "anchors",
            "each poor and good anchor by a normal step (standard deviation "
            f"{ANCHOR_SD:.0%} of their distance on the scale of the curve); none at 0 or at the "
            "end of a rate or range, and no knots or flags",
            moving,
            lambda data, draw: _anchors(data, draw, card),
        ),
        Choice(
            "exponent",
            "one power mean for index and dimensions, its exponent uniform between 0 and 1",
            nodes if mixes else 0,
            _exponent,
        ),
        Choice(
            "priors",
            f"each prior by a normal step ({PRIOR_SD:g} of its own standard deviation), each "
            f"strength times a log-normal factor ({STRENGTH_SD:g} of the logarithm)",
            2 * len(sampled),
            lambda data, draw: _priors(data, draw, card),
        ),
    ]
    nothing = [choice.name for choice in every if choice.parameters == 0]
    return [choice for choice in every if choice.parameters], nothing


def varied(card: Scorecard, picks: Mapping[str, int], seed: int) -> Scorecard:
    """Return the scorecard with one alternative of each named choice.

    Parameters
    ----------
    card : Scorecard
    picks : mapping of str to int
        Number of the alternative of each choice; the same seed and number give the same one.
    seed : int
    """
    data = as_data(card)
    for choice in choices_of(card)[0]:
        if choice.name in picks:
            key = (seed, crc32(choice.name.encode()), picks[choice.name])
            choice.apply(data, np.random.default_rng(key))
    return rebuilt(card, data, f"varied: {', '.join(picks)}")


def _factor(draw: Draw, sd: float) -> float:
    return float(np.exp(sd * draw.standard_normal()))


def _weights(data: Data, draw: Draw) -> None:
    factors: dict[str, float] = {}
    for table in (signals_of(data), data["dimensions"]):
        for name, spec in table.items():
            factors[name] = _factor(draw, WEIGHT_SD)
            spec["weight"] *= factors[name]
    for overlay in data.get("overlays", {}).values():
        for part in ("signals", "dimensions"):
            for name, change in overlay.get(part, {}).items():
                if "weight" in change:
                    change["weight"] *= factors[name]


def _fixed(signal: Any, anchor: float) -> bool:
    """Return whether an anchor is an end of what there is, and so no choice."""
    if anchor == 0 or (signal.counts and anchor == 1):
        return True
    return signal.range is not None and anchor in signal.range


def _anchors(data: Data, draw: Draw, card: Scorecard) -> None:
    lines = signals_of(data)
    for signal in card.signals:
        steps = ANCHOR_SD * np.clip(draw.standard_normal(2), -3, 3)
        if signal.knots or signal.kind == "flag":
            continue
        targets = [lines[signal.id]]
        for overlay in data.get("overlays", {}).values():
            targets.append(overlay.get("signals", {}).get(signal.id, {}))
        for spec in targets:
            poor, good = spec.get("poor", signal.poor), spec.get("good", signal.good)
            for key, old, step in (("poor", poor, steps[0]), ("good", good, steps[1])):
                if key in spec and not _fixed(signal, old):
                    spec[key] = _moved(signal, old, step, good, poor)


def _moved(signal: Any, anchor: float, step: float, good: float, poor: float) -> float:
    scale = CURVES[signal.curve].scale
    far = abs(scale.forward(good) - scale.forward(poor))
    moved = scale.inverse(scale.forward(anchor) + step * far)
    # Without crossing an end that the figure itself cannot cross.
    if min(good, poor) >= 0:
        moved = max(moved, anchor * 1e-3)
    return float(min(moved, 1.0) if signal.kind == "rate" else moved)


def _exponent(data: Data, draw: Draw) -> None:
    power = float(draw.uniform(0.0, 1.0))
    data["index"]["power"] = power
    for spec in data["dimensions"].values():
        spec["power"] = power


def _priors(data: Data, draw: Draw, card: Scorecard) -> None:
    lines = signals_of(data)
    for signal in card.signals:
        step, factor = PRIOR_SD * draw.standard_normal(), _factor(draw, STRENGTH_SD)
        if signal.sample is None:
            continue
        targets = [lines[signal.id]]
        for overlay in data.get("overlays", {}).values():
            targets.append(overlay.get("signals", {}).get(signal.id, {}))
        for group in data.get("peers", {}).get("priors", {}).values():
            targets.append(group.get(signal.id, {}))
        for spec in targets:
            # As it is scored: the file may scale what it states.
            stated = spec.get("strength")
            strength = stated * card.file.index.strength_scale if stated else signal.strength
            if "prior" in spec:
                spec["prior"] = _moved_prior(signal, spec["prior"], strength, step)
            if spec.get("strength"):
                spec["strength"] *= factor


def _moved_prior(signal: Any, prior: float, strength: float, step: float) -> float:
    sd = signal.numbers.sd
    tau = float(prior_spread(signal.kind, prior, strength, np.nan if sd is None else sd))
    if np.isnan(tau):
        tau = float(signal.numbers.spread or 0.25) * abs(signal.good - signal.poor)
    if signal.on_log:
        return float(prior * np.exp(step * tau))
    moved = prior + step * tau
    if signal.kind == "mean" and signal.range is None:
        return float(moved)
    low, high = signal.range or (0.0, 1.0 if signal.kind == "rate" else np.inf)
    # Half way to an end at most, so that a rare rate stays a rate.
    return float(np.clip(moved, (low + prior) / 2, min((high + prior) / 2, 1e300)))
