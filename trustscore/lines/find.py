"""Choose lines of a scorecard by what happened to merchants afterwards."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from trustscore.atomic_file import utf8
from trustscore.audit.market import Market
from trustscore.audit.measures import event_rates
from trustscore.audit.validity import require_two_classes
from trustscore.errors import InputError
from trustscore.fitting.periods import Period
from trustscore.lines.choice import Choice, choose
from trustscore.lines.document import written
from trustscore.lines.judged import decided, lines_of
from trustscore.outcomes import Outcomes, added_up
from trustscore.scorecard import Scorecard, load_scorecard
from trustscore.typing import Progress, silent

__all__ = ["Lines", "TierOutcome", "find_lines"]

ALL = "all"


@dataclass(frozen=True, slots=True)
class TierOutcome:
    """What happened to the merchants of a tier.

    Attributes
    ----------
    period, tier : str
    merchants : int
        With orders in the outcomes.
    orders, events : float
    rate, low, high : float
        Share of orders with harm, and its 95 % interval; NaN where no order is known.
    """

    period: str
    tier: str
    merchants: int
    orders: float
    events: float
    rate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines chosen by outcomes.

    Attributes
    ----------
    scorecard : Scorecard
        With the lines that have moved.
    text : str
        Its file: TOML with the comments of the one it came from.
    tiers : tuple of TierOutcome
        By period, and of all periods together.
    choices : tuple of Choice
    checked_on : tuple of str
        Periods, each with the lines of those before it; empty where there is one period only, of
        which merchants are left out in turn.
    undecided : int
        Merchants with outcomes about whom no line decides: they are not scored, or have a veto.
    """

    scorecard: Scorecard
    text: str
    tiers: tuple[TierOutcome, ...]
    choices: tuple[Choice, ...]
    checked_on: tuple[str, ...]
    undecided: int

    def plot(self) -> Any:
        """Return the costs by height as a matplotlib Figure; it takes the extra ``plot``."""
        from trustscore.lines.plots import plot_lines

        return plot_lines(self.choices)


def find_lines(
    periods: Sequence[Period],
    scorecard: Scorecard | str,
    costs: Mapping[str, float],
    *,
    missing: frozenset[str] = frozenset(),
    source: Mapping[str, Any] | None = None,
    seed: int = 0,
    draws: int = 400,
    progress: Progress = silent,
) -> Lines:
    """Choose tier and cap lines for stated costs, and say what they would have cost.

    A merchant above a line is let through, with the harm that came; one below is held back, with
    the honest orders that came. The cheapest line has the least sum of both. A line moves only
    where it was cheaper than the old one on orders it was not chosen on: those of each
    later period, or of merchants left out in turn where there is one period.

    Lines are those of a first review: hysteresis, waiting times and earlier tiers are not asked.

    Parameters
    ----------
    periods : sequence of Period
        By time, with outcomes joined to their merchants.
    scorecard : Scorecard or str
    costs : mapping of str to float
        By tier or cap: how many honest orders held back are as bad as one order with harm let
        through. A higher tier needs at least the cost of a lower one.
    missing : frozenset of str
        Columns that were not collected.
    source : mapping, optional
        Written into the provenance.
    seed : int
    draws : int
        Of merchants, for the intervals of lines.
    progress : Progress, optional

    Returns
    -------
    Lines

    Raises
    ------
    InputError
        When the costs cannot be used, or outcomes are of one class.

    Examples
    --------
    >>> from trustscore.scorecard import parse_scorecard
    >>> rng = np.random.default_rng(0)
    >>> orders = np.full(400, 200.0)
    >>> late = rng.binomial(200, np.repeat([0.02, 0.3], 200)).astype(float)
    >>> ids = np.array([f"m{i}" for i in range(400)], dtype=object)
    >>> late_rate = {"stage": "use", "rate": ["late", "orders"], "poor": 0.5, "good": 0.0}
    >>> late_rate |= {"prior": 0.1, "strength": 10, "weight": 1}
    >>> low = {"id": "low", "en": "Low", "zh": "低", "at": 0}
    >>> card = parse_scorecard(
    ...     {
    ...         "name": "shop",
    ...         "version": "1",
    ...         "effective_from": "2026-01-01",
    ...         "stages": {"use": {"en": "Use", "zh": "用"}},
    ...         "dimensions": {"care": {"en": "Care", "zh": "服务", "weight": 1}},
    ...         "signals": {"care": {"late": late_rate}},
    ...         "tiers": {"ladder": [low, {**low, "id": "high", "at": 20, "entry": True}]},
    ...     }
    ... )
    >>> block = {"merchant_id": ids, "late": late, "orders": orders}
    >>> harm = rng.binomial(50, np.repeat([0.02, 0.3], 200)).astype(float)
    >>> later = Outcomes(ids, np.full(400, 50.0), harm)
    >>> found = find_lines([Period("later", block, later)], card, {"high": 9})
    >>> [(choice.name, choice.old, choice.why) for choice in found.choices]
    [('high', 20.0, 'taken')]
    >>> 20 < found.scorecard.tiers.ladder[1].at < 96
    True
    """
    card = load_scorecard(scorecard)
    lines = lines_of(card, costs, missing)
    if not periods:
        raise InputError("outcomes: give those of at least one period")
    markets, outcomes = [], []
    for period in periods:
        rows = np.flatnonzero(period.outcomes.n > 0)
        if len(rows) < 2:
            raise InputError(
                f"{period.name}: must have outcomes of at least 2 merchants of the export. Got"
                f" {len(rows)}"
            )
        block = {name: values[rows] for name, values in period.block.items()}
        markets.append(Market(block, card, missing))
        outcomes.append(period.outcomes.take(rows))
    require_two_classes(added_up(outcomes))
    progress("outcomes by tier", math.nan)
    names = [period.name for period in periods]
    choices = []
    for line in lines:
        progress(f"line of {line.name}", math.nan)
        choices.append(choose(line, line.judged(markets, outcomes), costs[line.name], seed, draws))
    choices = _in_order(card, choices)
    # A period may be called after a file, whose name need not be text.
    names = [utf8(Path(name).name).decode() for name in names]
    checked_on = names[1:] if len(names) > 1 else []
    text, lined = written(card, lines, choices, source, names, checked_on)
    undecided = sum(int(np.count_nonzero(~decided(market.scores))) for market in markets)
    return Lines(
        lined,
        text,
        tuple(_tiers(card, names, markets, outcomes)),
        tuple(choices),
        tuple(checked_on),
        undecided,
    )


def _tiers(
    card: Scorecard,
    names: Sequence[str],
    markets: Sequence[Market],
    outcomes: Sequence[Outcomes],
) -> list[TierOutcome]:
    """Return what happened by tier, in each period and in all together."""
    # The first of the names stands for no tier.
    codes = [market.scores.tier_code.astype(np.int64) - 1 for market in markets]
    n, events = [known.n for known in outcomes], [known.events for known in outcomes]
    parts = list(zip(names, codes, n, events, strict=True))
    if len(parts) > 1:
        parts.append((ALL, np.concatenate(codes), np.concatenate(n), np.concatenate(events)))
    found = []
    for name, code, orders, bad in parts:
        # A merchant without evidence has no tier.
        known = np.flatnonzero(code >= 0)
        code, orders, bad = code[known], orders[known], bad[known]
        ladder = card.tiers.ladder
        rates = event_rates(code, len(ladder), orders, bad)
        for at, tier in enumerate(ladder):
            own = code == at
            enough = np.count_nonzero(own) >= 2
            ends = (rates.low[at], rates.high[at]) if enough else (math.nan, math.nan)
            found.append(
                TierOutcome(
                    name,
                    tier.id,
                    int(np.count_nonzero(own)),
                    float(orders[own].sum()),
                    float(bad[own].sum()),
                    float(rates.rate[at]),
                    float(ends[0]),
                    float(ends[1]),
                )
            )
    return found


def _in_order(card: Scorecard, choices: Sequence[Choice]) -> list[Choice]:
    """Put back the lines of tiers that would leave the ladder without order."""
    found = {choice.name: choice for choice in choices}
    while True:
        at = [found[t.id].new if t.id in found else t.at for t in card.tiers.ladder]
        crossed = next((i for i in range(1, len(at)) if at[i] <= at[i - 1]), None)
        if crossed is None:
            return [found[choice.name] for choice in choices]
        pair = [card.tiers.ladder[i].id for i in (crossed, crossed - 1)]
        name = next(name for name in pair if name in found and found[name].taken)
        found[name] = replace(found[name], new=found[name].old, why="order")
