"""Whether the index foretells what happens next, and better than simpler scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from trustscore.auc import auc
from trustscore.audit.baselines import Baseline, baselines
from trustscore.audit.cards import without_signal
from trustscore.audit.coherence import dominant_signals
from trustscore.audit.least import EFFECTIVE, LEAST, enough_for_areas
from trustscore.audit.market import Market, bands
from trustscore.audit.measures import (
    bootstrap_auc,
    effective_merchants,
    event_rates,
    interval,
    weighted_spearman,
)
from trustscore.audit.periods import AuditPeriod, by_period
from trustscore.audit.result import Section, table_of
from trustscore.errors import InputError
from trustscore.outcomes import Outcomes
from trustscore.typing import Array

__all__ = ["validity"]

INDEX = "trust index"
_UNKNOWN_SHARE = 0.05
# Under so many draws their outer percentiles are too near to each other.
_LEAST_DRAWS = 1000
_NO_INTERVAL = "one of the areas is 0 or 1, which nothing says how to widen"


def require_two_classes(outcomes: Outcomes) -> None:
    """Raise an InputError where outcomes are of one class only, or of no order at all.

    Examples
    --------
    >>> require_two_classes(Outcomes(np.array(["a"]), np.array([3.0]), np.array([0.0])))
    Traceback (most recent call last):
        ...
    trustscore.errors.InputError: the outcomes have no events among 3 orders of the export's
    merchants: with one class nothing can be told apart
    """
    n, events = outcomes.n.sum(), outcomes.events.sum()
    if n == 0:
        raise InputError("the outcomes have no orders: n is 0 for every merchant of the export")
    if events in (0, n):
        which = "no events" if events == 0 else "nothing but events"
        raise InputError(
            f"the outcomes have {which} among {n:.0f} orders of the export's "
            "merchants: with one class nothing can be told apart"
        )


def validity(
    market: Market,
    outcomes: Outcomes,
    seed: int = 0,
    draws: int = 300,
    periods: Sequence[AuditPeriod] = (),
) -> Section:
    """Measure the index against outcomes, with baselines on the same merchants.

    Parameters
    ----------
    market : Market
    outcomes : Outcomes
        Of the merchants of the market, see `Outcomes.join`.
    seed : int
    draws : int
        Draws for the intervals, 1000 at least.
    periods : sequence of AuditPeriod
        By time; of several the table `periods` tells each.

    Returns
    -------
    Section
        Tables `scores` (area under the curve by orders, rank correlation, difference to the
        index), `calibration` (by band of the index, a tenth where merchants are enough) and
        `groups` (by size and category). A figure that too few merchants stand behind is left out
        with a note, see `LEAST`.
    """
    section = Section("validity")
    rows = np.flatnonzero(outcomes.n > 0)
    if len(rows) < 2:
        section.decide(
            "too_few", f"{len(rows)} merchants with orders in the outcomes: nothing to compare"
        )
        return section
    part = market.take(rows)
    own = outcomes.take(rows)
    bad, good = own.events, own.n - own.events
    section.facts = {
        "merchants": len(rows),
        "orders": own.n.sum(),
        "events": bad.sum(),
        "rate": bad.sum() / own.n.sum(),
        "bootstrap_draws": max(draws, _LEAST_DRAWS),
        "dates_checked": outcomes.dated,
        "merchants_not_in_export": len(outcomes.unknown),
    }
    draws = section.facts["bootstrap_draws"]
    _about_outcomes(section, outcomes)
    if market.card.file.provenance:
        section.note(
            "fitted",
            "the scorecard was fitted (see its provenance): if from these outcomes, the index has "
            "seen them, while the models beside it have not seen the merchants they score",
        )
    section.facts |= {
        "effective_merchants_with_events": effective_merchants(bad),
        "effective_merchants_without": effective_merchants(good),
    }
    if enough_for_areas(bad, good):
        compared, left_out = baselines(part, own, seed)
        section.facts["left_out"] = left_out
        for each in left_out:
            section.note("left_out", each)
        scores = [Baseline(INDEX, part.index, market.card.stamp), *compared, *_without(part)]
        drawn = bootstrap_auc({b.name: b.score for b in scores}, bad, good, seed, draws)
        _scores(section, scores, own, drawn)
    else:
        section.note("few_area", _too_few(bad, good))
    _calibration(section, part, own)
    _groups(section, part, own, seed, draws)
    by_period(section, periods, seed, draws)
    return section


def _without(part: Market) -> list[Baseline]:
    """Return the index without each signal that makes up too much of it."""
    return [
        Baseline(
            f"index without {name}",
            part.scored(without_signal(part.card, name)).raw_index,
            "what is left of the index",
        )
        for name in dominant_signals(part)
    ]


def _verdict(section: Section, rows: list[tuple[Any, ...]]) -> None:
    """Say in one sentence whether the index earns its complexity on these outcomes."""
    of = {row[0]: row for row in rows}
    simple = "Bayesian average" if "Bayesian average" in of else "best single signal"
    if simple not in of:
        return
    _, _, _, _, minus, low, high, *_ = of[simple]
    says = f"{minus:+.3f} ({low:+.3f} to {high:+.3f}) over the {simple}"
    if np.isnan(low):
        return
    if low > 0:
        section.fine("verdict", f"the index earns its complexity on these outcomes: {says}")
    elif high < 0:
        section.decide(
            "verdict",
            f"the index does not earn its complexity on these outcomes: {says}; the simpler score "
            "would do better",
        )
    else:
        section.note(
            "verdict",
            f"the index has not shown that it earns its complexity on these outcomes: {says}",
        )


def _too_few(bad: Array, good: Array) -> str:
    """Say why no area is given."""
    least = LEAST["area"]
    rarer = min(effective_merchants(bad), effective_merchants(good))
    return (
        f"{least.figure} are given from {least.merchants} merchants on, of whom the rarer of "
        f"events and orders without is spread over as many as are worth {EFFECTIVE:g} of equal "
        f"size. Here are {len(bad)}, worth {rarer:.1f}"
    )


def _about_outcomes(section: Section, outcomes: Outcomes) -> None:
    if not outcomes.dated:
        section.decide(
            "undated",
            "the outcomes have no date column, so nobody has checked that they happened after the "
            "export; an index that has seen its outcomes looks better than it is",
        )
    if outcomes.repeated:
        section.note(
            "repeated_merchants",
            f"{outcomes.repeated} merchants have several rows in the outcomes: added up",
        )
    count = len(outcomes.unknown)
    if count:
        named = ", ".join(outcomes.unknown[:3])
        says = f"{count} merchants of the outcomes are not in the export ({named}, ...): left out"
        share = count / (count + section.facts["merchants"])
        section.judge("unknown_merchants", says, bad=share > _UNKNOWN_SHARE)


def _scores(
    section: Section, scores: list[Baseline], own: Outcomes, drawn: dict[str, Array]
) -> None:
    bad, good = own.events, own.n - own.events
    own_area = auc(scores[0].score, bad, good)
    rows = []
    for each in scores:
        area = auc(each.score, bad, good)
        low, high = interval(drawn[each.name])
        under, over = interval(drawn[INDEX] - drawn[each.name])
        spearman = weighted_spearman(each.score, bad / own.n, own.n)
        rows.append((each.name, area, low, high, own_area - area, under, over, spearman, each.says))
    section.tables["scores"] = table_of(
        "score auc auc_low auc_high index_minus difference_low difference_high spearman about", rows
    )
    _, area, low, high, *_ = rows[0]
    says = f"AUC of the index {area:.3f} (95 % interval {low:.3f} to {high:.3f})"
    if np.isnan(low):
        section.note("auc", f"AUC of the index {area:.3f}: without an interval, as {_NO_INTERVAL}")
    elif high < 0.5:
        section.decide("auc", f"{says}: the index runs the wrong way")
    elif low <= 0.5:
        section.decide("auc", f"{says}: not told apart from a shuffle")
    else:
        section.fine("auc", says)
    for name, _, _, _, minus, low, high, *_ in rows:
        if name in (INDEX, "random"):
            continue
        says = f"index minus {name}: {minus:+.3f} ({low:+.3f} to {high:+.3f})"
        if np.isnan(low):
            says = f"index minus {name}: {minus:+.3f}"
            section.note("level", f"{says}: without an interval, as {_NO_INTERVAL}")
        elif high < 0:
            section.decide("beaten", f"{says}: it foretells more, so weights or curves lose some")
        elif low > 0:
            section.fine("beats", says)
        else:
            section.note("level", f"{says}: within noise")
    _verdict(section, rows)


def _calibration(section: Section, part: Market, own: Outcomes) -> None:
    """Show the event rate by band of the index, in bands of enough merchants."""
    least = LEAST["rate"].merchants
    cut = bands(part.index, 10, least)
    count = len(cut.names)
    if part.rows < 3 * least:
        section.note(
            "few_rate",
            f"{LEAST['rate'].figure} are given from {3 * least} merchants on, {least} in each of "
            f"three bands. Here are {part.rows}",
        )
        return
    if count < 3:
        section.note("flat", f"the index takes only {count} distinct bands: no calibration curve")
        return
    found = event_rates(cut.code, count, own.n, own.events)
    overall = section.facts["rate"]
    section.tables["calibration"] = {
        "index": list(cut.names),
        "merchants": np.bincount(cut.code, minlength=count),
        "orders": np.bincount(cut.code, own.n, minlength=count),
        "mean_index": np.array([part.index[mask].mean() for _, mask in cut]),
        "rate": found.rate,
        "rate_low": found.low,
        "rate_high": found.high,
        "lift": found.rate / overall,
    }
    gap, low, high = found.gap(0, -1)
    first, last = found.rate[0], found.rate[-1]
    says = (
        f"event rate {first:.1%} in the lowest {cut.part} of merchants by index, {last:.1%} in the "
        f"highest ({first / overall:.1f} and {last / overall:.1f} times the average); difference "
        f"{100 * gap:+.1f} points (95 % interval {100 * low:+.1f} to {100 * high:+.1f})"
    )
    if high < 0:
        section.decide("upside_down", f"{says}: the index runs the wrong way at its ends")
    elif low > 0:
        section.fine("lift", says)
    else:
        section.note("lift", f"{says}: the ends are not told apart")


def _groups(section: Section, part: Market, own: Outcomes, seed: int, draws: int) -> None:
    cut = bands(part.volume, 3)
    groups = [("size", f"{part.volume_column} {name}", mask) for name, mask in cut]
    if part.category is not None:
        known = sorted({name for name in part.category.tolist() if name})
        groups += [("category", name, part.category == name) for name in known]
    rows = []
    few, weak = [], []
    for by, name, mask in groups:
        bad, good = own.events[mask], own.n[mask] - own.events[mask]
        area = low = high = float("nan")
        if enough_for_areas(bad, good):
            index = part.index[mask]
            area = auc(index, bad, good)
            low, high = interval(bootstrap_auc({"": index}, bad, good, seed, draws)[""])
            if high < 0.5:
                weak.append(f"{name} ({area:.2f})")
        else:
            few.append(name)
        rows.append((by, name, int(mask.sum()), own.n[mask].sum(), bad.sum(), area, low, high))
    section.tables["groups"] = table_of("by group merchants orders events auc low high", rows)
    if weak:
        section.decide("group", f"the index runs the wrong way in {', '.join(weak)}")
    if few:
        section.note(
            "small_groups",
            f"{len(few)} of {len(groups)} groups get no AUC: they have under "
            f"{LEAST['area'].merchants} merchants, or events spread over fewer than are worth "
            f"{EFFECTIVE:g}",
        )
