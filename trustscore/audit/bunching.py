"""Whether merchants gather just beyond a line: a density test at every cut of the scorecard."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from trustscore.audit.market import Market
from trustscore.audit.result import Section

__all__ = ["bunching", "jump"]

Array = np.ndarray[Any, Any]
_LEAST = 30  # merchants inside a window, for a figure at all
_BINS = 8  # on each side
_Z = 2.576  # two-sided, one in a hundred
_MOVED = (0.1, 0.3)
_DRAWS = 200


def jump(counts: Array) -> tuple[float, float]:
    """Return the step of a log-linear Poisson density at the middle of a histogram, and its error.

    Source: the density test of McCrary (2008), with one slope on both sides, fitted by Newton
    steps. Positive: more merchants on the upper side than the trend foretells.

    Parameters
    ----------
    counts : ndarray
        As many bins below the cut as above it.

    Returns
    -------
    step, error : float
        In logarithms; NaN when one side is empty.

    Examples
    --------
    >>> step, error = jump(np.array([40.0, 40.0, 80.0, 80.0]))
    >>> round(step, 3), round(error, 3)
    (0.693, 0.306)
    """
    half = len(counts) // 2
    if counts[:half].sum() == 0 or counts[half:].sum() == 0:
        return float("nan"), float("nan")
    x = np.arange(len(counts)) - (len(counts) - 1) / 2
    design = np.column_stack((np.ones(len(counts)), x / half, x > 0))
    beta = np.array([np.log(counts.mean()), 0.0, 0.0])
    for _ in range(50):
        mean = np.exp(np.clip(design @ beta, -30, 30))
        information = design.T @ (design * mean[:, None])
        step = np.linalg.solve(information + 1e-9 * np.eye(3), design.T @ (counts - mean))
        beta = beta + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-9:
            break
    mean = np.exp(np.clip(design @ beta, -30, 30))
    covariance = np.linalg.inv(design.T @ (design * mean[:, None]) + 1e-9 * np.eye(3))
    return float(beta[2]), float(np.sqrt(covariance[2, 2]))


class _Line(NamedTuple):
    """A line, the figure it cuts, and on which side a merchant wants to be (1: above)."""

    name: str
    figure: Array
    cut: float
    width: float
    side: int


def _lines(market: Market) -> tuple[list[_Line], list[str]]:
    """Return every line a merchant may want to pass, and those too near zero for a trend."""
    card, scores = market.card, market.scores
    found, low = [], []

    def count(name: str, column: str, cut: float, side: int) -> None:
        if column in market.missing:
            return
        width = max(1.0, np.floor(cut / (2 * _BINS)))
        if cut < _BINS * width:
            low.append(f"{name} ({column} at {cut:g})")
            return
        found.append(_Line(f"{name} ({column})", market.block[column], cut, width, side))

    if card.status.new_column is not None:
        count("status new", card.status.new_column, card.status.new_below, 1)
    for rule in card.rules:
        wanted = 1 if rule.effect == "bonus" else -1
        for condition in rule.when:
            if condition.over is None and condition.op in (">=", ">", "<", "<="):
                # A count beyond the number is a count of at least the next one.
                after = condition.op in (">", "<=")
                cut = np.floor(condition.number) + 1 if after else np.ceil(condition.number)
                side = wanted if condition.op in (">=", ">") else -wanted
                count(f"rule {rule.id}", condition.column, float(cut), side)
    # A cap heaps merchants up at its own figure: that is the rule, not the merchant.
    free = scores.veto_code == 0
    for step, tier in enumerate(card.tiers.ladder[1:], start=1):
        higher = step > card.tiers.entry
        figure = market.index - (card.tiers.z if higher else 0.0) * scores.index_se
        found.append(_Line(f"tier {tier.id}", figure[free], tier.at, 0.5, 1))
    return found, low


def _histogram(values: Array, cut: float, width: float) -> Array:
    edges = cut + width * np.arange(-_BINS, _BINS + 1)
    known = values[~np.isnan(values)]
    # Half-open bins, so that a figure on the line is above it.
    place = np.floor((known - edges[0]) / width).astype(np.int64)
    return np.bincount(place[(place >= 0) & (place < 2 * _BINS)], minlength=2 * _BINS) * 1.0


def bunching(market: Market, seed: int = 0) -> Section:
    """Test every line of the scorecard that a merchant could creep over, or stay just under.

    Lines: the volume at which a merchant is no longer ``new``, counts in conditions of rules, and
    the entry of each tier. Power is the chance that the test notices when a tenth, or three
    tenths, of the merchants in the bins just on the wrong side of the line move to the other.

    Returns
    -------
    Section
    """
    section = Section("bunching")
    rng = np.random.default_rng(seed)
    columns = [
        "line",
        "cut",
        "side",
        "below",
        "above",
        "step",
        "error",
        "z",
        "power_10",
        "power_30",
    ]
    table: dict[str, list[Any]] = {name: [] for name in columns}
    seen, few = [], []
    lines, low = _lines(market)
    done = set()
    for line in lines:
        counts = _histogram(line.figure, line.cut, line.width)
        if counts.sum() < _LEAST:
            few.append(line.name)
            continue
        if (line.cut, line.side, counts.tobytes()) in done:
            continue
        done.add((line.cut, line.side, counts.tobytes()))
        step, error = jump(counts)
        z = line.side * step / error if error > 0 else float("nan")
        near = _BINS // 4
        values = (
            line.name,
            line.cut,
            line.side,
            counts[_BINS - near : _BINS].sum(),
            counts[_BINS : _BINS + near].sum(),
            step,
            error,
            z,
            *(_power(counts, share, line.side, rng) for share in _MOVED),
        )
        for column, value in zip(table.values(), values, strict=True):
            column.append(value)
        if z > _Z:
            seen.append(
                f"{line.name} at {line.cut:g} ({np.exp(step):.2f} times the trend above it)"
            )
    section.tables["lines"] = table
    section.facts = {"z": _Z, "too_few_merchants": few, "too_near_zero": low}
    tested = len(table["line"])
    if seen:
        section.decide(
            "seen", f"more merchants on the better side than the trend: {'; '.join(seen)}"
        )
    elif tested:
        power = table["power_30"]
        section.fine(
            "none",
            f"no bunching at {tested} lines; if three tenths of those near a line moved over it, "
            f"the test would notice with a chance of {min(power):.0%} to {max(power):.0%}",
        )
    if few:
        section.note("few", f"under {_LEAST} merchants near {', '.join(few)}: not tested")
    return section


def _power(counts: Array, share: float, side: int, rng: np.random.Generator) -> float:
    """Return how often the test notices a share of the next bins moving over the line."""
    near = _BINS // 4
    moved = _trend(counts)
    wrong, right = slice(_BINS - near, _BINS), slice(_BINS, _BINS + near)
    if side < 0:
        wrong, right = right, wrong
    shift = share * moved[wrong]
    moved[wrong] -= shift
    moved[right] += shift[::-1]
    found = 0
    for _ in range(_DRAWS):
        step, error = jump(rng.poisson(moved).astype(np.float64))
        found += bool(error > 0 and side * step / error > _Z)
    return found / _DRAWS


def _trend(counts: Array) -> Array:
    """Return the histogram without a step: a straight line on the logarithm."""
    x = np.arange(len(counts))
    slope, level = np.polyfit(x, np.log(counts + 0.5), 1)
    smooth: Array = np.exp(level + slope * x)
    return smooth * counts.sum() / smooth.sum()
