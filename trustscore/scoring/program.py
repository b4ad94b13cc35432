"""A scorecard made ready for scoring: its figures per variant, its tree, and flat tables.

A *variant* is one way to resolve overlays and peer groups. A figure that no overlay or peer group
changes is a plain float; one that some change is an array over variants.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from trustscore.errors import ScorecardError
from trustscore.scorecard import ROOT, Condition, Rule, Scorecard, Signal
from trustscore.scorecard.side_values import fold_side_value
from trustscore.scorecard.signal import Numbers
from trustscore.scoring.curves import on_curve, rounded, scaled
from trustscore.typing import Array

_MOST_VARIANTS = 100_000
_MOST_REMEMBERED = 65_536
# A prior without a sampling law is this far from its signal's true utility, one standard
# deviation; less where nearly everybody is clean.
_SPREAD, _SPREAD_OF_RARE_HARM = 0.25, 0.2
_CLEAN = 0.9


@dataclass(frozen=True, slots=True)
class SignalFigures:
    """The figures of one signal; each a float, or an array over variants."""

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
class Node:
    """One node: its signals grouped by the conditions under which they apply, and its children."""

    id: str
    power: float
    floor: float
    weight: Any
    weight_by: str | None
    groups: tuple[tuple[tuple[Condition, ...], tuple[SignalFigures, ...]], ...]
    children: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class RuleFigures:
    """A rule with its points per variant, NaN where it is off, and the line of a rate cap."""

    rule: Rule
    points: Any
    line: Any


class _Codes(dict[Any, int]):
    """Value of a side column -> small code; unlisted values share code 0."""

    def __init__(self, values: list[str]) -> None:
        self.listed = {value: i for i, value in enumerate(values, start=1)}
        super().__init__({None: 0})

    def __missing__(self, value: Any) -> int:
        code = self.listed.get(fold_side_value(value), 0)
        if len(self) < _MOST_REMEMBERED:
            self[value] = code
        return code


def prior_spread(kind: str, prior: Any, strength: Any, sd: Any) -> Any:
    """Return tau, the standard deviation of the prior on the scale that is shrunk.

    Beta for a `rate`, gamma for `events`, normal for `mean` and (in log units) `duration`.
    NaN where a signal has no such prior.

    Examples
    --------
    >>> round(float(prior_spread("events", 0.0172, 190.6, None)), 4)
    0.0095
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        if kind == "rate":
            return np.sqrt(prior * (1 - prior) / (strength + 1))
        if kind == "events":
            return np.sqrt(prior / strength)
        if kind in ("mean", "duration"):
            return sd / np.sqrt(strength)
    return np.full(np.shape(prior), np.nan)


class Program:
    """Everything scoring reads of a scorecard, worked out once.

    Attributes
    ----------
    scorecard : Scorecard
    variants : tuple
        Of each variant the ids of its overlays, and its peer group or None.
    signals : tuple of SignalFigures
    root : Node
    rules : tuple of RuleFigures
    """

    def __init__(self, scorecard: Scorecard) -> None:
        if scorecard.open_values:
            raise ScorecardError(
                f"scorecard {scorecard.name} is open: run trustscore fit first",
                [f"{value} waits for a fit" for value in scorecard.open_values],
            )
        self.scorecard = scorecard
        # Step of a tier on the ladder, from 1.
        self.steps = _Codes([tier.id for tier in scorecard.tiers.ladder])
        self._find_variants()
        self.signals = tuple(self._signal(i, s) for i, s in enumerate(scorecard.signals))
        self.root = self._tree()
        self.rules = tuple(self._rule(rule) for rule in scorecard.rules)

    # Variants ---------------------------------------------------------------------------------

    def _find_variants(self) -> None:
        card = self.scorecard
        mentioned: dict[str, dict[str, None]] = {}
        for overlay in card.overlays:
            for column, values in overlay.match:
                mentioned.setdefault(column, {}).update(dict.fromkeys(values))
        if card.peers.priors:
            for at, column in enumerate(card.peers.by):
                named = mentioned.setdefault(column, {})
                named.update(dict.fromkeys(key[at] for key in card.peers.priors))
        self._codes = {column: _Codes(list(values)) for column, values in mentioned.items()}
        choices = [["", *values] for values in mentioned.values()]
        if int(np.prod([len(c) for c in choices] or [1])) > _MOST_VARIANTS:
            raise ScorecardError(
                f"scorecard {card.name} has overlays and peers for more than {_MOST_VARIANTS} "
                "combinations of category and shop type"
            )
        known: dict[Any, int] = {}
        table = []
        for chosen in itertools.product(*choices):
            context = dict(zip(mentioned, chosen, strict=True))
            overlays = tuple(
                overlay.id
                for overlay in card.overlays
                if all(context[column] in values for column, values in overlay.match)
            )
            peer = tuple(context.get(column, "") for column in card.peers.by)
            key = (overlays, peer if peer in card.peers.priors else None)
            table.append(known.setdefault(key, len(known)))
        self.variants = tuple(known)
        self._variant_of = np.array(table, dtype=np.int32)

    def variant_rows(self, block: Mapping[str, Array], rows: int) -> Array | None:
        """Return the variant of each row, or None when all rows have the first."""
        if len(self.variants) == 1:
            return None
        code = np.zeros(rows, dtype=np.int64)
        for column, codes in self._codes.items():
            code *= len(codes.listed) + 1
            values = block.get(column)
            if values is not None:
                code += np.fromiter(map(codes.__getitem__, values.tolist()), np.int64, rows)
        variant: Array = self._variant_of[code]
        return variant if variant.any() else None

    def variant_of(self, merchant: Mapping[str, Any]) -> int:
        """Return the variant of one merchant."""
        code = 0
        for column, codes in self._codes.items():
            code = code * (len(codes.listed) + 1) + codes[merchant.get(column)]
        return int(self._variant_of[code])

    def numbers(self, signal: Signal) -> list[Numbers]:
        """Return the figures of a signal in each variant, as the scorecard states them."""
        card = self.scorecard
        overlays = {
            each.id: each.signals[signal.id] for each in card.overlays if signal.id in each.signals
        }
        groups = {
            peer: group[signal.id]
            for peer, group in card.peers.priors.items()
            if signal.id in group
        }
        if not overlays and not groups:
            return [signal.numbers] * len(self.variants)
        found = []
        for names, peer in self.variants:
            given: dict[str, Any] = {}
            if peer in groups:
                prior, strength = groups[peer]
                given = {"prior": prior, "strength": strength or signal.numbers.strength}
            for name in names:
                given.update(overlays.get(name, {}))
            found.append(replace(signal.numbers, **given))
        return found

    def collected_share(self, missing: frozenset[str]) -> Array:
        """Return by variant the share of the index's weight whose columns were collected.

        Every signal with weight counts, whether it applies or not.
        """

        def below(node: Node) -> tuple[Array, Array]:
            whole, got = np.zeros(len(self.variants)), np.zeros(len(self.variants))
            for _, own in node.groups:
                for figures in own:
                    whole = whole + figures.weight
                    if not missing.intersection(figures.signal.columns):
                        got = got + figures.weight
            for child in node.children:
                share, there = below(child)
                weight = child.weight * there
                whole, got = whole + weight, got + weight * share
            some = whole > 0
            return np.where(some, got / np.where(some, whole, 1.0), 1.0), some

        return below(self.root)[0]

    # Signals ----------------------------------------------------------------------------------

    def _signal(self, position: int, signal: Signal) -> SignalFigures:
        # Few variants, if any, change a signal: what they have in common is worked out once.
        numbers = self.numbers(signal)
        known = {each: _figures(signal, each) for each in dict.fromkeys(numbers)}
        by_figure = zip(*(known[each] for each in numbers), strict=True)
        return SignalFigures(position, signal, *map(_alike, by_figure))

    # Tree and rules ---------------------------------------------------------------------------

    def _tree(self) -> Node:
        card = self.scorecard

        def weight(dimension: Any) -> Any:
            found = []
            for names, _ in self.variants:
                value = dimension.weight
                for overlay in card.overlays:
                    if overlay.id in names:
                        value = overlay.dimensions.get(dimension.id, value)
                found.append(value)
            return _alike(found)

        def below(name: str | None) -> tuple[Node, ...]:
            found = []
            for dimension in card.dimensions:
                if dimension.parent != name:
                    continue
                groups: dict[tuple[Condition, ...], list[SignalFigures]] = {}
                for figures in self.signals:
                    if figures.signal.dimension == dimension.id:
                        groups.setdefault(figures.signal.applies_when, []).append(figures)
                found.append(
                    Node(
                        dimension.id,
                        dimension.power,
                        dimension.floor,
                        weight(dimension),
                        dimension.weight_by,
                        tuple((when, tuple(own)) for when, own in groups.items()),
                        below(dimension.id),
                    )
                )
            return tuple(found)

        index = card.file.index
        return Node(ROOT, index.power, index.floor, 1.0, None, (), below(None))

    def _rule(self, rule: Rule) -> RuleFigures:
        points = []
        for names, _ in self.variants:
            value = rule.points
            if rule.overlay is not None and rule.overlay not in names:
                value = np.nan
            # What an overlay changes in a rule of another holds only where that one does.
            own = rule.overlay is None or rule.overlay in names
            for overlay, change in rule.changes:
                if own and overlay in names:
                    value = np.nan if change is None else change
            points.append(value)
        line: Any = np.nan
        if rule.exceeds is not None:
            line = rule.exceeds.line
            if line is None:
                numbers = self.numbers(self.scorecard.signal(rule.exceeds.signal))
                line = _alike([n.poor for n in numbers])
        return RuleFigures(rule, _alike(points), line)


def _figures(signal: Signal, numbers: Numbers) -> tuple[float, ...]:
    """Return the figures of a signal in one variant, in the order of `SignalFigures`."""
    poor, good = scaled(signal, numbers.poor), scaled(signal, numbers.good)
    # Of anchors of which one is 0, as no waiting at all, the other sets the floor.
    low, high = (float(f(numbers.good, numbers.poor)) for f in (np.minimum, np.maximum))
    least = (low if low > 0 else high) / 100.0
    center = prior = float(numbers.prior)
    if signal.kind == "duration":
        center = float(np.log(np.maximum(prior, least)))
    before = on_curve(signal, center, poor, good)
    kappa, withheld = _doubt(signal, numbers, center, before, (poor, good))
    return (
        numbers.weight,
        center,
        numbers.strength,
        poor,
        good,
        least,
        rounded(signal, before),
        rounded(signal, withheld),
        kappa,
        numbers.weight * kappa,
    )


def _doubt(
    signal: Signal, numbers: Numbers, center: float, before: float, anchors: tuple[float, float]
) -> tuple[float, float]:
    """Return kappa, and the utility of a figure that is held back.

    kappa is half the utility between tau above and tau below the prior, at most .5; without
    a sampling law, or where the scorecard says, it is the stated spread. What is held back is
    taken to be one tau worse than the prior.
    """
    sd = math.nan if numbers.sd is None else numbers.sd
    # As numpy's, so that no strength at all is an infinite spread and no error.
    prior, strength = np.float64(numbers.prior), np.float64(numbers.strength)
    tau = float(prior_spread(signal.kind, prior, strength, sd))
    if math.isnan(tau) or numbers.spread is not None:
        stated = numbers.spread
        if stated is None:
            stated = _SPREAD_OF_RARE_HARM if before >= _CLEAN else _SPREAD
        kappa = min(stated, 0.5)
        return kappa, max(before - kappa, 0.0)
    up, down = center + tau, center - tau
    if signal.counts:
        down = max(down, 0.0)
    better, worse = on_curve(signal, up, *anchors), on_curve(signal, down, *anchors)
    if not signal.higher_is_better:
        better, worse = worse, better
    return min(abs(better - worse) / 2, 0.5), worse


def _alike(values: Sequence[float]) -> Any:
    """Return a float where all variants agree, else the array."""
    first = values[0]
    if all(value == first or (value != value and first != first) for value in values):
        return float(first)
    return np.array(values, dtype=np.float64)


@lru_cache(maxsize=16)
def program_of(scorecard: Scorecard) -> Program:
    """Return the program of a scorecard.

    Raises
    ------
    ScorecardError
        When the scorecard is open.
    """
    return Program(scorecard)
