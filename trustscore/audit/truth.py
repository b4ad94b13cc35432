"""Index and interval against a known truth: whether the interval is honest, and to whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from trustscore.audit.least import LEAST, enough
from trustscore.audit.market import Bands, Market, bands
from trustscore.audit.measures import event_rates, mean_interval
from trustscore.audit.result import Level, Section, level_within, table_of
from trustscore.errors import InputError
from trustscore.joins import check_join
from trustscore.scoring.codes import Z95
from trustscore.typing import Array

__all__ = ["Truth", "against_truth", "join_truth"]

# A stated 90 % interval may cover so much in every group; the mean error is at most one point.
COVERS = (0.85, 0.97)
LARGEST_BIAS = 1.0
_SLOPE_OFF = 0.25


@dataclass(frozen=True, slots=True)
class Truth:
    """True index of each merchant under audit, before rules, and what kind of merchant it is."""

    index: Array
    kind: Array | None


def join_truth(
    ids: Array, merchant_id: Array, true_index: Array, kind: Array | None = None
) -> Truth:
    """Join a truth to merchants: each of them must have one.

    Raises
    ------
    InputError
        When a merchant has no truth or two, or a true index is blank or outside 0 to 100.

    Examples
    --------
    >>> ids = np.array(["a", "b"], dtype=object)
    >>> join_truth(ids, np.array(["b", "a"]), np.array([1.0, 2.0])).index.tolist()
    [2.0, 1.0]
    """
    place = {name: at for at, name in enumerate(merchant_id.tolist())}
    faults = [] if len(place) == len(merchant_id) else ["merchant_id: some are there twice"]
    check_join(ids.tolist(), merchant_id.tolist(), asked_in="the export", known_in="the truth")
    absent = [name for name in ids.tolist() if name not in place]
    if absent:
        faults.append(f"{len(absent)} merchants of the export have no truth, such as {absent[0]}")
    wrong = ~((true_index >= 0) & (true_index <= 100))
    if wrong.any():
        faults.append(f"true_index: {int(wrong.sum())} are blank or outside 0 to 100")
    if faults:
        raise InputError("the truth does not fit the export", faults)
    at = [place[name] for name in ids.tolist()]
    return Truth(true_index[at], None if kind is None else kind[at])


def _by(cut: Bands | list[tuple[str, Array]], market: Market, truth: Truth) -> dict[str, Any]:
    """Return bias and coverage, with 95 % intervals, in each group; NaN where it is too small."""
    scores = market.scores
    raw, se = scores.raw_index, scores.index_se
    low, high = np.maximum(raw - Z95 * se, 0.0), np.minimum(raw + Z95 * se, 100.0)
    inside = (truth.index >= low) & (truth.index <= high)
    error = truth.index - raw
    groups = [(name, mask) for name, mask in cut if mask.any()]
    merchants = np.array([mask.sum() for _, mask in groups])
    one = np.ones(market.rows)
    covered = [
        event_rates(np.zeros(int(m.sum()), np.int64), 1, one[m], inside[m] * 1.0) for _, m in groups
    ]
    bias = [mean_interval(error[m]) for _, m in groups]
    table: dict[str, Any] = {
        "mean_truth": np.array([truth.index[m].mean() for _, m in groups]),
        "mean_index": np.array([raw[m].mean() for _, m in groups]),
        "bias": np.array([mean for mean, _, _ in bias]),
        "bias_low": np.array([low for _, low, _ in bias]),
        "bias_high": np.array([high for _, _, high in bias]),
        "covered": np.array([each.rate[0] for each in covered]),
        "covered_low": np.array([each.low[0] for each in covered]),
        "covered_high": np.array([each.high[0] for each in covered]),
        "width": np.array([(high - low)[m].mean() for _, m in groups]),
        "root_mean_square": np.array([np.sqrt(np.mean(error[m] ** 2)) for _, m in groups]),
        "mean_se": np.array([se[m].mean() for _, m in groups]),
    }
    few = merchants < LEAST["truth"].merchants
    return {
        "group": [name for name, _ in groups],
        "merchants": merchants,
        **{name: np.where(few, np.nan, column) for name, column in table.items()},
    }


def against_truth(market: Market, truth: Truth) -> Section:
    """Compare the index before rules, and its interval, with the truth.

    Rules are left out on both sides: a bonus or a cap is a decision, not an estimate.

    Returns
    -------
    Section
        Tables `by_volume` and `by_index` (mean of truth minus index, share of true values
        inside the interval, by decile), `given_truth` (mean index by fifth of truth and of
        volume) and, where kinds are known, `by_kind`.
    """
    section = Section("truth")
    section.facts = {"merchants": market.rows, "volume_column": market.volume_column}
    if not enough(section, "truth", market.rows):
        return section
    least = LEAST["truth"].merchants
    raw = market.scores.raw_index
    table = _by(bands(market.volume, 10, least), market, truth)
    section.tables["by_volume"] = table
    section.tables["by_index"] = _by(bands(raw, 10, least), market, truth)
    slope, low, high = _slope(raw, truth.index)
    section.facts |= {
        "stated": 0.90,
        "covered": float(np.average(table["covered"], weights=table["merchants"])),
        "slope_of_truth_on_index": slope,
        "slope_low": low,
        "slope_high": high,
    }
    _judge(section, table, market.volume_column)
    _given_truth(section, market, truth)
    if truth.kind is not None:
        kinds = sorted(set(truth.kind.tolist()))
        section.tables["by_kind"] = _by([(k, truth.kind == k) for k in kinds], market, truth)
    return section


def _judge(section: Section, table: dict[str, Any], column: str) -> None:
    count = len(table["group"])
    by = f"by band of {column}" if count > 1 else "over all merchants"

    def worst(name: str, least: float, most: float) -> Level:
        ends = zip(table[name], table[f"{name}_low"], table[f"{name}_high"], strict=True)
        found = [level_within(*each, least, most) for each in ends]
        return next((level for level in ("decide", "note") if level in found), "fine")

    level = worst("covered", *COVERS)
    covered = table["covered"]
    says = f"a stated 90 % interval covers {covered.min():.1%} to {covered.max():.1%} {by}"
    asked = f"; asked for is {COVERS[0]:.0%} to {COVERS[1]:.0%}"
    section.add(level, "coverage", says + _beyond(level, asked))

    level = worst("bias", -LARGEST_BIAS, LARGEST_BIAS)
    bias = table["bias"]
    says = f"truth minus index averages {bias.min():+.2f} to {bias.max():+.2f} points {by}"
    section.add(level, "bias", says + _beyond(level, f"; asked for is within {LARGEST_BIAS:g}"))

    slope, low, high = (
        section.facts[name] for name in ("slope_of_truth_on_index", "slope_low", "slope_high")
    )
    if np.isnan(slope):
        section.note("slope", "every merchant has the same index: truth has no slope on it")
        return
    level = level_within(slope, low, high, 1 - _SLOPE_OFF, 1 + _SLOPE_OFF)
    says = (
        f"a point of index stands for {slope:.2f} points of truth (95 % interval {low:.2f} to "
        f"{high:.2f})"
    )
    why = (
        ": signals are shrunk one by one, while merchants are good or bad as a whole; "
        "index.strength_scale moves it towards 1"
    )
    section.add(level, "slope", says + _beyond(level, why))


def _beyond(level: Level, asked: str) -> str:
    """Return what is added to a sentence whose figure is not as it should be."""
    few = ", which so few merchants do not exclude" if level == "note" else ""
    return "" if level == "fine" else f"{asked}{few}"


def _slope(index: Array, truth: Array) -> tuple[float, float, float]:
    """Return the slope of truth on index and its interval; NaN when the index is constant.

    The error allows for merchants whose truth is less certain than that of others (White's, with
    the correction called HC1).
    """
    from scipy.stats import t

    centred = index - index.mean()
    power = float(np.sum(centred**2))
    freedom = len(index) - 2
    if power <= 0 or freedom < 1:
        return float("nan"), float("nan"), float("nan")
    slope = float(np.sum(centred * (truth - truth.mean())) / power)
    left = truth - truth.mean() - slope * centred
    error = np.sqrt(np.sum((centred * left) ** 2) * len(index) / freedom) / power
    half = float(t.ppf(0.975, freedom) * error)
    return slope, slope - half, slope + half


def _given_truth(section: Section, market: Market, truth: Truth) -> None:
    """Show what a merchant may expect whose true index is known, by volume."""
    raw = market.scores.raw_index
    least = LEAST["truth"].merchants
    quality, volume = bands(truth.index, 5, least), bands(market.volume, 5, least)
    rows = []
    for name, mask in quality:
        for size, other in volume:
            own = mask & other
            if own.sum() >= least:
                rows.append((name, size, own.sum(), truth.index[own].mean(), raw[own].mean()))
    section.tables["given_truth"] = table_of("truth volume merchants mean_truth mean_index", rows)
    best = [row for row in rows if row[0] == quality.names[-1]]
    if len(best) > 1:
        small, large = best[0], best[-1]
        section.note(
            "shrinkage",
            f"of the truly best {quality.part} (true index {quality.names[-1]}) the smallest "
            f"merchants average {small[4]:.1f} and the largest {large[4]:.1f}: the price of too "
            "little evidence, before any rule",
        )
