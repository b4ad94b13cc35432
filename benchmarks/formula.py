"""The default scorecard's formula as plain figures, for those who write it out by hand.

Without rules and overlays, so that a fair version fits on a page in each library: shrinkage,
curves, six dimensions, index, interval, coverage, status, tier and boost.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trustscore.boost import BoostPolicy
from trustscore.scorecard import Scorecard, load_scorecard
from trustscore.scoring.program import program_of

Z = 1.6448536269514722


@dataclass(frozen=True)
class Figures:
    """One signal: where it is read, how it is shrunk, and its curve and weight."""

    id: str
    dimension: str
    kind: str
    value: str
    sample: str | None
    weight: float
    prior: float
    strength: float
    poor: float
    good: float
    least: float
    prior_utility: float
    withheld: float
    kappa: float
    applies: tuple[str, ...]  # columns that must not be 0


def plain_card(folder: Path) -> Scorecard:
    """Return the default scorecard without rules and overlays, saved to a folder."""
    data = load_scorecard("default").file.model_dump(mode="json", exclude_none=True)
    data["rules"], data["overlays"] = {}, {}
    for signals in data["signals"].values():
        for name in [name for name, signal in signals.items() if not signal["weight"]]:
            del signals[name], data["words"][name]
    # Only rules read some columns; another name of those would be a fault now.
    data["columns"] = {}
    path = folder / "plain.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    return load_scorecard(path)


def figures(card: Scorecard) -> list[Figures]:
    """Return the figures of every signal."""
    found = []
    for plan in program_of(card).signals:
        signal = plan.signal
        assert signal.curve in ("linear", "log"), "the scripts know these two"
        assert all(str(c).endswith(" > 0") for c in signal.applies_when)
        found.append(
            Figures(
                signal.id,
                signal.dimension,
                signal.kind,
                signal.value,
                signal.sample,
                *(
                    getattr(plan, name)
                    for name in ("weight", "prior", "strength", "poor", "good", "least")
                ),
                plan.prior_utility,
                plan.withheld_utility if signal.blank == "withheld" else plan.prior_utility,
                plan.kappa,
                tuple(c.column for c in signal.applies_when),
            )
        )
    return found


def numeric_columns(card: Scorecard) -> list[str]:
    """Return the numeric columns the formula reads."""
    return [field.name for field in card.fields]


def dimension_weights(card: Scorecard) -> dict[str, float]:
    """Return the weight of each dimension."""
    return {dimension.id: dimension.weight for dimension in card.dimensions}


def ladder(card: Scorecard) -> tuple[list[tuple[str, float, float]], int, float]:
    """Return the tiers as (id, at, coverage), the entry's position, and z."""
    tiers = card.tiers
    return [(t.id, t.at, t.coverage) for t in tiers.ladder], tiers.entry, tiers.z


def policy() -> BoostPolicy:
    """Return the policy whose boost the scripts write out: tanh, without categories."""
    found = BoostPolicy.load("boost")
    assert found.curve.shape == "tanh" and not found.neutral.by_category
    return found


def worst_difference(ours: dict[str, np.ndarray], theirs: dict[str, np.ndarray]) -> float:
    """Return the largest difference of two score tables, in points; texts must be equal."""
    worst = 0.0
    for name, values in theirs.items():
        if values.dtype == object:
            differ = np.flatnonzero(ours[name] != values)
            if len(differ):
                row = int(differ[0])
                raise SystemExit(f"{name} differs: {ours[name][row]!r} and {values[row]!r}")
            continue
        if (np.isnan(ours[name]) != np.isnan(values)).any():
            raise SystemExit(f"{name}: blanks differ")
        worst = max(worst, float(np.nanmax(np.abs(ours[name] - values), initial=0.0)))
    return worst
