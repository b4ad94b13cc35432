"""A scorecard made ready for columns: parameters per variant, and the tree.

A *variant* is one way to resolve overlays and peer groups. A parameter that no overlay or peer
group changes is a plain float; one that some change is an array over variants, gathered per row.
Either way a row meets the same numbers, so the path does not show in the result.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from trustscore import curves
from trustscore.errors import ScorecardError
from trustscore.evidence import prior_spread
from trustscore.scorecard import ROOT, Condition, Rule, Scorecard, Signal
from trustscore.scorecard.model import Numbers

Array = np.ndarray[Any, Any]
_MOST_VARIANTS = 100_000
_MOST_REMEMBERED = 65_536


@dataclass(frozen=True, slots=True)
class SignalPlan:
    """Parameters of one signal; each a float, or an array over variants."""

    position: int
    signal: Signal
    weight: Any
    prior: Any  # on the scale that is shrunk
    strength: Any
    poor: Any  # on the scale of the curve
    good: Any
    least: Any  # floor of a duration
    prior_utility: Any
    withheld_utility: Any
    kappa: Any
    weight_kappa: Any

    @property
    def on_log(self) -> bool:
        """Whether the value is shrunk on the logarithm."""
        return self.signal.kind == "duration"


@dataclass(frozen=True, slots=True)
class NodePlan:
    """One node: its signals grouped by the condition under which they apply, and its children."""

    id: str
    power: float
    floor: float
    weight: Any
    weight_by: str | None
    groups: tuple[tuple[tuple[Condition, ...], tuple[SignalPlan, ...]], ...]
    children: tuple[NodePlan, ...]


@dataclass(frozen=True, slots=True)
class RulePlan:
    """A rule with its points per variant; NaN where it is off. `line` for a rate cap."""

    rule: Rule
    points: Any
    line: Any


class _Codes(dict[Any, int]):
    """Value of a side column -> small code; unlisted values share code 0."""

    def __init__(self, values: list[str]) -> None:
        self.listed = {value: i for i, value in enumerate(values, start=1)}
        super().__init__({None: 0})

    def __missing__(self, value: Any) -> int:
        code = self.listed.get(str(value).strip().casefold(), 0)
        if len(self) < _MOST_REMEMBERED:
            self[value] = code
        return code


class Plan:
    """Everything scoring reads of a scorecard, compiled once."""

    def __init__(self, scorecard: Scorecard) -> None:
        if scorecard.open_values:
            raise ScorecardError(
                f"scorecard {scorecard.name} is open: run trustscore fit first",
                [f"{value} waits for a fit" for value in scorecard.open_values],
            )
        self.scorecard = scorecard
        # Step of a tier on the ladder, from 1.
        self.steps = _Codes([tier.id for tier in scorecard.tiers.ladder])
        self._contexts()
        tables = [self._signal(i, signal) for i, signal in enumerate(scorecard.signals)]
        self.signals = tuple(tables)
        self.root = self._tree()
        self.rules = tuple(self._rule(rule) for rule in scorecard.rules)

    # Variants ---------------------------------------------------------------------------------

    def _contexts(self) -> None:
        card = self.scorecard
        mentioned: dict[str, dict[str, None]] = {}
        for overlay in card.overlays:
            for column, values in overlay.match:
                mentioned.setdefault(column, {}).update(dict.fromkeys(values))
        if card.peers.priors:
            for at, column in enumerate(card.peers.by):
                named = mentioned.setdefault(column, {})
                named.update(dict.fromkeys(key[at] for key in card.peers.priors))
        self.context_columns = tuple(mentioned)
        self._codes = {column: _Codes(list(values)) for column, values in mentioned.items()}
        choices = [["", *values] for values in mentioned.values()]
        if int(np.prod([len(c) for c in choices] or [1])) > _MOST_VARIANTS:
            raise ScorecardError(
                f"scorecard {card.name} has overlays and peers for more than {_MOST_VARIANTS} "
                "combinations of category and shop type"
            )
        known: dict[Any, int] = {}
        table = []
        for values in itertools.product(*choices):
            context = dict(zip(mentioned, values, strict=True))
            overlays = tuple(
                overlay.id
                for overlay in card.overlays
                if all(context[column] in values for column, values in overlay.match)
            )
            peer = tuple(context.get(column, "") for column in card.peers.by)
            key = (overlays, peer if peer in card.peers.priors else None)
            table.append(known.setdefault(key, len(known)))
        self.variants = tuple(known)
        self._variant_of = np.array(table, dtype=np.int64)

    def variant_rows(self, block: Mapping[str, Array], rows: int) -> Array | None:
        """Return the variant of each row, or None when all rows have the first."""
        if len(self.variants) == 1:
            return None
        code = np.zeros(rows, dtype=np.int64)
        for column, codes in self._codes.items():
            code *= len(codes.listed) + 1
            values = block.get(column)
            if values is not None:
                code += np.fromiter((codes[v] for v in values.tolist()), np.int64, rows)
        variant = self._variant_of[code]
        return variant if variant.any() else None

    def _table(self, values: list[float]) -> Any:
        first = values[0]
        same = all(v == first or (v != v and first != first) for v in values)
        return float(first) if same else np.array(values, dtype=np.float64)

    def _numbers(self, signal: Signal) -> list[Numbers]:
        card = self.scorecard
        overlays = {overlay.id: overlay.signals.get(signal.id, {}) for overlay in card.overlays}
        found = []
        for names, peer in self.variants:
            given = {k: getattr(signal.numbers, k) for k in Numbers.__slots__}
            if peer is not None and signal.id in card.peers.priors[peer]:
                prior, strength = card.peers.priors[peer][signal.id]
                given["prior"] = prior
                given["strength"] = strength or given["strength"]
            for name in names:
                given.update(overlays[name])
            found.append(Numbers(**given))
        return found

    # Signals ----------------------------------------------------------------------------------

    def _signal(self, position: int, signal: Signal) -> SignalPlan:
        numbers = self._numbers(signal)

        def column(key: str) -> Array:
            return np.array(
                [np.nan if getattr(n, key) is None else getattr(n, key) for n in numbers]
            )

        weight, prior, strength = column("weight"), column("prior"), column("strength")
        poor = curves.scale(signal.curve, column("poor"))
        good = curves.scale(signal.curve, column("good"))
        least = np.minimum(column("good"), column("poor")) / 100.0
        on_log = signal.kind == "duration"
        center = np.log(np.maximum(prior, least)) if on_log else prior
        tau = prior_spread(signal.kind, prior, strength, column("sd"))
        at_prior = self._on_curve(signal, center, poor, good, on_log)
        spread = column("spread")
        rare = np.where(at_prior >= 0.9, 0.2, 0.25)
        up, down = center + tau, center - tau
        if signal.kind in ("rate", "events"):
            down = np.maximum(down, 0.0)
        with np.errstate(invalid="ignore"):
            better = self._on_curve(signal, up, poor, good, on_log)
            worse = self._on_curve(signal, down, poor, good, on_log)
            if not signal.higher_is_better:
                better, worse = worse, better
            derived = np.abs(better - worse) / 2
        kappa = np.where(np.isnan(spread), np.where(np.isnan(tau), rare, derived), spread)
        kappa = np.minimum(kappa, 0.5)
        stepped = np.isnan(tau) | ~np.isnan(spread)
        withheld = np.where(stepped, np.maximum(at_prior - kappa, 0.0), worse)
        return SignalPlan(
            position,
            signal,
            *(
                self._table(values.tolist())
                for values in (
                    weight,
                    center,
                    strength,
                    poor,
                    good,
                    least,
                    at_prior,
                    withheld,
                    kappa,
                    weight * kappa,
                )
            ),
        )

    @staticmethod
    def _on_curve(signal: Signal, x: Array, poor: Array, good: Array, on_log: bool) -> Array:
        if on_log and signal.curve not in ("log", "lognormal"):
            x = curves.scale(signal.curve, np.exp(x))
        elif not on_log:
            x = curves.scale(signal.curve, x)
        return curves.utility(signal.curve, x, poor, good, signal.knots)

    # Tree and rules ---------------------------------------------------------------------------

    def _tree(self) -> NodePlan:
        card = self.scorecard
        index = card.file.index
        weights = {}
        for dimension in card.dimensions:
            values = []
            for names, _ in self.variants:
                value = dimension.weight
                for overlay in card.overlays:
                    if overlay.id in names:
                        value = overlay.dimensions.get(dimension.id, value)
                values.append(value)
            weights[dimension.id] = self._table(values)

        def node(name: str | None) -> tuple[NodePlan, ...]:
            found = []
            for dimension in card.dimensions:
                if dimension.parent != name:
                    continue
                groups: dict[tuple[Condition, ...], list[SignalPlan]] = {}
                for plan in self.signals:
                    if plan.signal.dimension == dimension.id:
                        groups.setdefault(plan.signal.applies_when, []).append(plan)
                found.append(
                    NodePlan(
                        dimension.id,
                        dimension.power,
                        dimension.floor,
                        weights[dimension.id],
                        dimension.weight_by,
                        tuple((when, tuple(plans)) for when, plans in groups.items()),
                        node(dimension.id),
                    )
                )
            return tuple(found)

        return NodePlan(ROOT, index.power, index.floor, 1.0, None, (), node(None))

    def _rule(self, rule: Rule) -> RulePlan:
        points = []
        for names, _ in self.variants:
            value = rule.points
            if rule.overlay is not None and rule.overlay not in names:
                value = np.nan
            for overlay, change in rule.changes:
                if overlay in names:
                    value = np.nan if change is None else change
            points.append(value)
        line: Any = np.nan
        if rule.exceeds is not None:
            position = next(
                i for i, s in enumerate(self.scorecard.signals) if s.id == rule.exceeds.signal
            )
            if rule.exceeds.line is not None:
                line = rule.exceeds.line
            else:
                line = self._table(
                    [n.poor for n in self._numbers(self.scorecard.signals[position])]
                )
        return RulePlan(rule, self._table(points), line)


@lru_cache(maxsize=16)
def plan_of(scorecard: Scorecard) -> Plan:
    """Return the compiled plan of a scorecard.

    Raises
    ------
    ScorecardError
        When the scorecard is open.
    """
    return Plan(scorecard)
