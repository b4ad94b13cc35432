"""Index and interval against a known truth: whether the interval is honest, and to whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from trustscore.audit.market import Bands, Market, bands
from trustscore.audit.result import Section, table_of
from trustscore.errors import InputError
from trustscore.scoring.codes import Z95

__all__ = ["Truth", "against_truth", "join_truth"]

Array = np.ndarray[Any, Any]
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
    """Return bias and coverage in each group."""
    scores = market.scores
    raw, se = scores.raw_index, scores.index_se
    low, high = np.maximum(raw - Z95 * se, 0.0), np.minimum(raw + Z95 * se, 100.0)
    inside = (truth.index >= low) & (truth.index <= high)
    error = truth.index - raw
    groups = [(name, mask) for name, mask in cut if mask.any()]
    return {
        "group": [name for name, _ in groups],
        "merchants": np.array([mask.sum() for _, mask in groups]),
        "mean_truth": np.array([truth.index[m].mean() for _, m in groups]),
        "mean_index": np.array([raw[m].mean() for _, m in groups]),
        "bias": np.array([error[m].mean() for _, m in groups]),
        "bias_error": np.array([error[m].std() / np.sqrt(m.sum()) for _, m in groups]),
        "covered": np.array([inside[m].mean() for _, m in groups]),
        "width": np.array([(high - low)[m].mean() for _, m in groups]),
        "root_mean_square": np.array([np.sqrt(np.mean(error[m] ** 2)) for _, m in groups]),
        "mean_se": np.array([se[m].mean() for _, m in groups]),
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
    raw = market.scores.raw_index
    volume = bands(market.volume, 10)
    table = _by(volume, market, truth)
    section.tables["by_volume"] = table
    section.tables["by_index"] = _by(bands(raw, 10), market, truth)
    slope = _slope(raw, truth.index)
    section.facts = {
        "merchants": market.rows,
        "volume_column": market.volume_column,
        "stated": 0.90,
        "covered": float(np.average(table["covered"], weights=table["merchants"])),
        "slope_of_truth_on_index": slope,
    }
    _judge(section, table, market.volume_column)
    _given_truth(section, market, truth)
    if truth.kind is not None:
        kinds = sorted(set(truth.kind.tolist()))
        section.tables["by_kind"] = _by([(k, truth.kind == k) for k in kinds], market, truth)
    return section


def _judge(section: Section, table: dict[str, Any], column: str) -> None:
    covered, bias = table["covered"], table["bias"]
    low, high = covered.min(), covered.max()
    says = f"a stated 90 % interval covers {low:.1%} to {high:.1%} by decile of {column}"
    if low < COVERS[0] or high > COVERS[1]:
        section.decide("coverage", f"{says}; asked for is {COVERS[0]:.0%} to {COVERS[1]:.0%}")
    else:
        section.fine("coverage", says)
    says = f"truth minus index averages {bias.min():+.2f} to {bias.max():+.2f} points by decile"
    if np.abs(bias).max() > LARGEST_BIAS:
        section.decide("bias", f"{says}; asked for is within {LARGEST_BIAS:g}")
    else:
        section.fine("bias", says)

    slope = section.facts["slope_of_truth_on_index"]
    says = f"a point of index stands for {slope:.2f} points of truth"
    if abs(slope - 1) > _SLOPE_OFF:
        section.decide(
            "slope",
            f"{says}: signals are shrunk one by one, while merchants are good or bad as a whole; "
            "index.strength_scale moves it towards 1",
        )
    else:
        section.fine("slope", says)


def _slope(index: Array, truth: Array) -> float:
    """Return the slope of truth on index; NaN when the index is constant."""
    centred = index - index.mean()
    power = float(np.sum(centred**2))
    return float(np.sum(centred * (truth - truth.mean())) / power) if power > 0 else float("nan")


def _given_truth(section: Section, market: Market, truth: Truth) -> None:
    """Show what a merchant may expect whose true index is known, by volume."""
    raw = market.scores.raw_index
    quality, volume = bands(truth.index, 5), bands(market.volume, 5)
    rows = []
    for name, mask in quality:
        for size, other in volume:
            own = mask & other
            if own.any():
                rows.append((name, size, own.sum(), truth.index[own].mean(), raw[own].mean()))
    section.tables["given_truth"] = table_of("truth volume merchants mean_truth mean_index", rows)
    best = [row for row in rows if row[0] == quality.names[-1]]
    if len(best) > 1:
        small, large = best[0], best[-1]
        section.note(
            "shrinkage",
            f"of the truly best fifth (true index {quality.names[-1]}) the smallest merchants "
            f"average {small[4]:.1f} and the largest {large[4]:.1f}: the price of too little "
            "evidence, before any rule",
        )
