"""Choose lines of a scorecard by what happened to merchants afterwards."""

from __future__ import annotations

import hashlib
import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from trustscore import __version__
from trustscore.atomic_file import utf8
from trustscore.audit.least import LEAST
from trustscore.audit.market import Market
from trustscore.audit.measures import event_rates, interval, mean_interval
from trustscore.audit.validity import require_two_classes
from trustscore.errors import InputError
from trustscore.fitting.document import open_document, write_document
from trustscore.fitting.periods import Period
from trustscore.lines.costs import Curve, Judged, best_line, cost_curve, losses
from trustscore.lines.heights import cap_heights, followed
from trustscore.lines.judged import Line, decided, lines_of
from trustscore.outcomes import Outcomes, added_up
from trustscore.scorecard import Scorecard, load_scorecard, parse_scorecard
from trustscore.typing import BoolArray, FloatArray, Progress, silent

__all__ = ["Choice", "Lines", "TierOutcome", "find_lines"]

_FOLDS = 5
_ORDERS = 1000
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
        choices.append(_choice(line, line.judged(markets, outcomes), costs[line.name], seed, draws))
    choices = _in_order(card, choices)
    # A period may be called after a file, whose name need not be text.
    names = [utf8(Path(name).name).decode() for name in names]
    checked_on = names[1:] if len(names) > 1 else []
    text = _text(card, lines, choices, source, names, checked_on)
    undecided = sum(int(np.count_nonzero(~decided(market.scores))) for market in markets)
    return Lines(
        _parsed(text, card),
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


def _choice(line: Line, judged: Judged, harm: float, seed: int, draws: int) -> Choice:
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


def _text(
    card: Scorecard,
    lines: Sequence[Line],
    choices: Sequence[Choice],
    source: Mapping[str, Any] | None,
    names: Sequence[str],
    checked_on: list[str],
) -> str:
    """Return the file of the scorecard with the lines that have moved."""
    document = open_document(card)
    changes: list[tuple[tuple[str, ...], Any]] = []
    for line, choice in zip(lines, choices, strict=True):
        if choice.taken and line.kind == "tier":
            document["tiers"]["ladder"][line.path[2]]["at"] = choice.new
        elif choice.taken:
            changes.append((tuple(map(str, line.path)), line.written(choice.new)))
    taken = {choice.name: choice.new for choice in choices if choice.taken}
    before_moves = [tier.at for tier in card.tiers.ladder]
    after_moves = [taken.get(tier.id, tier.at) for tier in card.tiers.ladder]
    caps = {}
    for path, cap in cap_heights(card):
        height = followed(cap, before_moves, after_moves)
        if height != cap:
            changes.append((path, height))
            caps[".".join(path[:-1])] = {"old": cap, "new": height}
    facts: dict[str, Any] = {
        "program": f"trustscore {__version__}",
        "chosen_for": card.stamp,
        "periods": list(names),
        "checked_on": checked_on or "merchants left out in turn",
    }
    if source is not None:
        facts["data"] = dict(source)
    facts["choices"] = {choice.name: _told(choice) for choice in choices}
    if caps:
        facts["caps"] = caps
    if any(choice.taken for choice in choices):
        stamp = hashlib.sha256(repr([(c.name, c.new) for c in choices]).encode()).hexdigest()[:8]
        first = re.sub(r"\+lines\.[0-9a-f]{8}$", "", card.version)
        changes.append((("version",), f"{first}+lines.{stamp}"))
    before = dict(card.file.provenance or {})
    before.pop("lines", None)
    return write_document(document, changes, {**before, "lines": facts})


def _told(choice: Choice) -> dict[str, Any]:
    figures = {
        "cost": choice.harm,
        "old": choice.old,
        "best": choice.best,
        "low": choice.low,
        "high": choice.high,
        "gain": choice.gain,
        "gain_low": choice.gain_low,
        "gain_high": choice.gain_high,
    }
    told = {name: float(f"{value:.4g}") for name, value in figures.items() if math.isfinite(value)}
    return {**told, "why": choice.why}


def _parsed(text: str, card: Scorecard) -> Scorecard:
    return parse_scorecard(tomllib.loads(text), source=f"{card.name}, with lines")
