"""One line: where it would cost least, and whether that lasts where it was not chosen."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from trustscore.audit.least import LEAST
from trustscore.audit.measures import interval, mean_interval
from trustscore.lines.costs import Curve, Judged, best_line, cost_curve, losses
from trustscore.lines.judged import Line
from trustscore.typing import BoolArray, FloatArray

__all__ = ["Choice", "choose"]

_FOLDS = 5
_ORDERS = 1000


@dataclass(frozen=True, slots=True)
class Choice:
    """Where a line stands, where it would cost least, and whether it moves.

    Attributes
    ----------
    name, kind : str
        Of the tier or cap.
    harm : float
        Honest orders held back that an order with harm is worth.
    old, best, new : float
        The line of the scorecard, the cheapest one, and that of the new scorecard.
    low, high : float
        95 % interval of the cheapest line, over merchants drawn again.
    merchants : int
        Whom the line parts: rows, of which a merchant has one in each period.
    orders, events : float
        Of them.
    moved : int
        Merchants of the check who are on other sides of the old line and of that of the rest.
    cost_old, cost_new : float
        Cost per 1,000 orders on merchants or periods that the line was not chosen on.
    gain, gain_low, gain_high : float
        Difference of the two, and its 95 % interval.
    why : {"taken", "same", "few", "not_lasting", "order"}
        Why it moves or stays.
    curve : Curve
        What each line would let through and hold back.
    """

    name: str
    kind: str
    harm: float
    old: float
    best: float
    low: float
    high: float
    new: float
    merchants: int
    orders: float
    events: float
    moved: int
    cost_old: float
    cost_new: float
    gain: float
    gain_low: float
    gain_high: float
    why: str
    curve: Curve

    @property
    def taken(self) -> bool:
        """Whether the new scorecard has the cheapest line."""
        return self.why == "taken"


def choose(line: Line, judged: Judged, harm: float, seed: int, draws: int) -> Choice:
    """Find the cheapest line, its interval, and what it would have saved where it was not seen."""
    grid = line.candidates(judged.figure)
    curve = cost_curve(judged, grid)
    best = best_line(curve, harm, line.old)
    rng = np.random.default_rng(seed)
    checked = _check(line, judged, harm, grid, rng)
    merchants = int(judged.merchant.max(initial=-1)) + 1
    drawn = np.full(draws, math.nan)
    for draw in range(draws if merchants else 0):
        weight = np.bincount(rng.integers(0, merchants, merchants), minlength=merchants)
        again = cost_curve(judged, grid, weight[judged.merchant].astype(np.float64))
        drawn[draw] = best_line(again, harm, best)
    low, high = interval(drawn)
    orders = float(judged.n.sum())
    gain, least, most = mean_interval(checked.old - checked.new) if merchants else (math.nan,) * 3
    # Of each merchant's mean to that of 1,000 orders.
    each = _ORDERS / checked.orders if checked.orders else math.nan
    scale = merchants * each
    if best == line.old:
        why = "same"
    elif checked.moved < LEAST["line"].merchants:
        why = "few"
    else:
        why = "taken" if least > 0 else "not_lasting"
    return Choice(
        line.name,
        line.kind,
        harm,
        line.old,
        best,
        low,
        high,
        best if why == "taken" else line.old,
        len(judged.figure),
        orders,
        float(judged.events.sum()),
        checked.moved,
        float(checked.old.sum()) * each,
        float(checked.new.sum()) * each,
        gain * scale,
        least * scale,
        most * scale,
        why,
        curve,
    )


@dataclass(frozen=True, slots=True)
class _Checked:
    """Costs on orders that a line was not chosen on: by merchant of the old line and of the new."""

    old: FloatArray
    new: FloatArray
    orders: float
    moved: int


def _check(
    line: Line, judged: Judged, harm: float, grid: FloatArray, rng: np.random.Generator
) -> _Checked:
    """Choose the line on a part of the rows and look at what it costs on others.

    Of several periods each later one is looked at with the line of those before it; of one period
    each fifth of the merchants with that of the rest.
    """
    merchants = int(judged.merchant.max(initial=-1)) + 1
    last = int(judged.period.max(initial=0))
    parts: list[tuple[BoolArray, BoolArray]]
    if last > 0:
        parts = [(judged.period < at, judged.period == at) for at in range(1, last + 1)]
    else:
        fold = rng.permutation(merchants)[judged.merchant] % _FOLDS
        parts = [(fold != at, fold == at) for at in range(_FOLDS)]
    old, new = np.zeros(merchants), np.zeros(merchants)
    orders, moved = 0.0, set[int]()
    for seen, unseen in parts:
        if not (seen.any() and unseen.any()):
            continue
        at = best_line(cost_curve(judged.take(seen), grid), harm, line.old)
        rest = judged.take(unseen)
        old += np.bincount(rest.merchant, losses(rest, line.old, harm), merchants)
        new += np.bincount(rest.merchant, losses(rest, at, harm), merchants)
        orders += float(rest.n.sum())
        moved.update(rest.merchant[rest.held(at) != rest.held(line.old)].tolist())
    return _Checked(old, new, orders, len(moved))
