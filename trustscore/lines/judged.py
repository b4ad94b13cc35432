"""Which lines of a scorecard can be chosen, and whom each of them parts."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from trustscore.audit.market import Market
from trustscore.errors import InputError, suggest
from trustscore.lines.costs import Judged
from trustscore.outcomes import Outcomes
from trustscore.scorecard import Scorecard
from trustscore.scorecard.rule import Rule
from trustscore.scorecard.signal import Signal
from trustscore.scorecard.statuses import Status
from trustscore.scorecard.vetoes import Veto
from trustscore.scoring import Scores
from trustscore.scoring.codes import Z95
from trustscore.typing import Array, BoolArray, FloatArray

__all__ = ["Line", "decided", "lines_of", "significant_line"]

_STEP = 0.1
_MOST_CANDIDATES = 400
# Beyond it a line only keeps everybody out, or nobody.
_DEAREST = 1e6


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a scorecard whose place can be chosen.

    Attributes
    ----------
    name : str
        Of a tier or of a cap.
    kind : {"tier", "cap"}
    old : float
        Where it stands.
    holds_from : bool
        See `Judged`.
    path : tuple
        Address in the file; a number is a place in a list.
    written : callable
        What stands at the address for a line.
    figure : callable
        Gives, of a market, what is compared with the line, and whom the line parts.
    """

    name: str
    kind: str
    old: float
    holds_from: bool
    path: tuple[str | int, ...]
    written: Callable[[float], float | str]
    figure: Callable[[Market], tuple[FloatArray, BoolArray]]

    def candidates(self, figure: FloatArray) -> FloatArray:
        """Return the lines to choose from: tenths of a point, or figures that merchants have."""
        if self.kind == "tier":
            return np.round(np.arange(1, 1001) * _STEP, 1)
        seen = np.unique([significant_line(value) for value in np.unique(figure[figure > 0])])
        if len(seen) > _MOST_CANDIDATES:
            seen = seen[np.linspace(0, len(seen) - 1, _MOST_CANDIDATES).astype(int)]
        return np.unique(np.append(seen, self.old))

    def judged(self, markets: Sequence[Market], outcomes: Sequence[Outcomes]) -> Judged:
        """Return the merchants of all periods whom the line parts."""
        parts = []
        names: dict[str, int] = {}
        for period, (market, known) in enumerate(zip(markets, outcomes, strict=True)):
            figure, parted = self.figure(market)
            rows = np.flatnonzero(parted & (known.n > 0))
            merchant = np.array(
                [names.setdefault(name, len(names)) for name in market.ids[rows].tolist()],
                dtype=np.int64,
            )
            parts.append(
                (
                    figure[rows],
                    known.n[rows],
                    known.events[rows],
                    merchant,
                    np.full(len(rows), period),
                )
            )
        figure, n, events, merchant, at = (
            np.concatenate([part[column] for part in parts]) for column in range(5)
        )
        return Judged(figure, self.holds_from, n, events, merchant, at)


def significant_line(value: float) -> float:
    """Return a line as a person would write it: three digits, and not above the figure itself.

    Examples
    --------
    >>> significant_line(0.0123456), significant_line(12.0), significant_line(2 / 3)
    (0.0123, 12.0, 0.666)
    """
    scale = 10.0 ** (2 - math.floor(math.log10(value)))
    return float(f"{math.floor(value * scale * (1 + 1e-12)) / scale:.3g}")


def lines_of(
    card: Scorecard, costs: Mapping[str, float], missing: frozenset[str] = frozenset()
) -> list[Line]:
    """Return the lines that costs are given for, tiers first, low to high.

    Parameters
    ----------
    card : Scorecard
    costs : mapping of str to float
        By tier or cap: how many honest orders held back an order with harm let through is worth.
    missing : frozenset of str
        Columns that were not collected.

    Raises
    ------
    InputError
        With all faults: an unknown name, a cost that is no positive number, the lowest tier, costs
        that do not rise with the tiers, a rule that has no one line.
    """
    tiers = {tier.id: at for at, tier in enumerate(card.tiers.ladder)}
    rules = {rule.id: rule for rule in card.rules if rule.overlay is None}
    faults = []
    if not costs:
        faults.append("costs: give the cost of at least one tier or cap")
    found: list[tuple[tuple[int, int], Line]] = []
    for place, (name, harm) in enumerate(costs.items()):
        if not 1 / _DEAREST <= harm <= _DEAREST:
            faults.append(
                f"cost of {name}: must be a number from {1 / _DEAREST:g} to {_DEAREST:g}. Got"
                f" {harm:g}"
            )
        if name in tiers:
            if tiers[name] == 0:
                faults.append(f"{name}: is the lowest tier, which has no line below it")
            else:
                found.append(((0, tiers[name]), _tier_line(card, tiers[name])))
        elif name in rules:
            try:
                found.append(((1, place), _cap_line(card, rules[name], missing)))
            except InputError as fault:
                faults.append(str(fault))
        else:
            near = suggest(name, [*tiers, *rules])
            faults.append(f"{name}: is no tier and no rule of {card.stamp}{near}")
    rising = sorted((tiers[name], harm, name) for name, harm in costs.items() if name in tiers)
    for low, high in pairwise(rising):
        if high[1] < low[1]:
            faults.append(
                f"cost of {high[2]}: must be at least that of {low[2]}, {low[1]:g}, as a higher"
                f" tier lets more harm through. Got {high[1]:g}"
            )
    if faults:
        raise InputError("the costs cannot be used", faults)
    return [line for _, line in sorted(found, key=lambda each: each[0])]


def decided(scores: Scores) -> BoolArray:
    """Return about whom lines decide: merchants who have an index, and no veto above a cap."""
    scored = scores.status_code != int(Status.NOT_SCORED)
    found: BoolArray = scored & (scores.veto_code < int(Veto.FLOOR))
    return found


def _tier_line(card: Scorecard, at: int) -> Line:
    tier, ladder = card.tiers.ladder[at], card.tiers

    def figure(market: Market) -> tuple[FloatArray, BoolArray]:
        scores = market.scores
        who = decided(scores)
        if at <= ladder.entry:
            return scores.trust_index, who
        # Above the entry tier the evidence counts as well, and a cap lets nobody in.
        surely = scores.trust_index - ladder.z * scores.index_se
        formal = scores.status_code == int(Status.FORMAL)
        allowed = (scores.coverage >= tier.coverage) & (scores.veto_code == int(Veto.NONE))
        return surely, who & formal & allowed

    path = ("tiers", "ladder", at, "at")
    return Line(tier.id, "tier", tier.at, False, path, float, figure)


def _cap_line(card: Scorecard, rule: Rule, missing: frozenset[str]) -> Line:
    if rule.effect != "cap":
        raise InputError(
            f"{rule.id}: is a rule whose effect is {rule.effect}; a line is that of a cap"
        )
    gone = sorted(set(rule.columns) & missing)
    if gone:
        raise InputError(f"{rule.id}: reads {', '.join(gone)}, which the export has not")
    if rule.exceeds is not None:
        return _rate_line(card, rule)
    [condition, *more] = rule.when
    if more or condition.op not in (">", ">="):
        raise InputError(
            f"{rule.id}: must have one condition with >= or > for its line to be chosen. Got"
            f" {' and '.join(map(str, rule.when))}"
        )

    def value(market: Market) -> Array:
        column: Array = market.block[condition.column]
        if condition.over is None:
            return column
        over = market.block[condition.over]
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(over > 0, column / over, np.nan)

    def figure(market: Market) -> tuple[FloatArray, BoolArray]:
        # A blank makes no condition true.
        return np.nan_to_num(value(market), nan=-np.inf), decided(market.scores)

    what = condition.column if condition.over is None else f"{condition.column} / {condition.over}"

    def written(at: float) -> str:
        return f"{what} >= {at:.15g}"

    return Line(rule.id, "cap", condition.number, True, ("rules", rule.id, "when"), written, figure)


def _rate_line(card: Scorecard, rule: Rule) -> Line:
    exceeds = rule.exceeds
    assert exceeds is not None
    signal: Signal = next(each for each in card.signals if each.id == exceeds.signal)
    old = signal.poor if exceeds.line is None else exceeds.line

    def figure(market: Market) -> tuple[FloatArray, BoolArray]:
        """Return the greatest line at which the cap still fires, from k = L n + z sqrt(L n)."""
        k, n = market.block[exceeds.k], market.block[exceeds.n]
        root = (np.sqrt(Z95 * Z95 + 4 * np.maximum(k, 0)) - Z95) / 2
        with np.errstate(divide="ignore", invalid="ignore"):
            greatest = np.where((k >= exceeds.min_count) & (n > 0), root * root / n, -np.inf)
        return greatest, decided(market.scores)

    path = ("rules", rule.id, "exceeds", "line")
    return Line(rule.id, "cap", old, True, path, float, figure)
