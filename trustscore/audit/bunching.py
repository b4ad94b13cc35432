"""Whether merchants gather just beyond a line: a density test at every cut of the scorecard."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from trustscore.audit.least import LEAST
from trustscore.audit.market import Market
from trustscore.audit.result import Section, table_of
from trustscore.scorecard.effects import EFFECTS
from trustscore.scorecard.statuses import Status
from trustscore.scorecard.vetoes import Veto
from trustscore.simulate.quantiles import normal_cdf
from trustscore.typing import Array

__all__ = ["bunching", "jump"]

_BINS = 8  # on each side
_Z = 2.576  # two-sided, one in a hundred
_MOVED = (0.1, 0.3)
_ENOUGH = 0.5  # power under which silence says little


def jump(counts: Array, at: Array) -> tuple[float, float]:
    """Return the step of a Poisson density at the middle of a histogram, and its error.

    The logarithm of the density is a parabola in `at` and a step, fitted by Newton's method; the
    curvature keeps the slope of a long tail from passing for a step. Where the bins stray further
    from the curve than chance allows, as around a heap of merchants of hardly any evidence, the
    error grows with them (quasi-Poisson). Source: the density test of McCrary (2008), with one
    curve on both sides.

    Parameters
    ----------
    counts : ndarray
        As many bins below the cut as above it.
    at : ndarray
        Where each bin stands, on the scale on which the density is smooth.

    Returns
    -------
    step, error : float
        In logarithms; positive when there are more above than the curve foretells. NaN when one
        side is empty.

    Examples
    --------
    >>> counts = np.array([40.0, 40.0, 40.0, 40.0, 80.0, 80.0, 80.0, 80.0])
    >>> step, error = jump(counts, np.arange(8.0))
    >>> round(step, 3), round(error, 3)
    (0.693, 0.198)
    """
    half = len(counts) // 2
    if counts[:half].sum() == 0 or counts[half:].sum() == 0:
        return float("nan"), float("nan")
    curve = _parabola(at)
    design = np.column_stack((curve, np.arange(len(counts)) >= half))
    beta = np.zeros(design.shape[1])
    beta[0] = np.log(counts.mean())
    for _ in range(50):
        mean = np.exp(np.clip(design @ beta, -30, 30))
        information = design.T @ (design * mean[:, None]) + 1e-9 * np.eye(len(beta))
        step = np.linalg.solve(information, design.T @ (counts - mean))
        beta = beta + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-9:
            break
    mean = np.exp(np.clip(design @ beta, -30, 30))
    freedom = len(counts) - len(beta)
    stray = max(1.0, float(np.sum((counts - mean) ** 2 / mean)) / freedom) if freedom else 1.0
    return float(beta[-1]), float(np.sqrt(stray * np.linalg.inv(information)[-1, -1]))


def _parabola(at: Array) -> Array:
    x = (at - at.mean()) / np.ptp(at)
    return np.column_stack((np.ones(len(x)), x, x * x))


class _Line(NamedTuple):
    """A line, the figure it cuts, and on which side a merchant wants to be (1: above).

    A count is smooth on its logarithm.
    """

    name: str
    figure: Array
    cut: float
    width: float
    side: int
    logarithmic: bool

    @property
    def at(self) -> Array:
        """Where the bins stand."""
        step = np.arange(-_BINS, _BINS)
        if self.logarithmic:
            found: Array = np.log(self.cut + self.width * step + (self.width - 1) / 2)
            return found
        return self.cut + self.width * (step + 0.5)


def _lines(market: Market) -> tuple[list[_Line], list[str]]:
    """Return every line a merchant may want to pass, and those too near zero for a trend."""
    card, scores = market.card, market.scores
    found, low = [], []

    def count(name: str, column: str, cut: float, side: int) -> None:
        if column in market.missing:
            return
        width = max(1.0, np.floor(cut / (2 * _BINS)))
        if cut <= _BINS * width:
            low.append(f"{name} ({column} at {cut:g})")
            return
        found.append(_Line(f"{name} ({column})", market.block[column], cut, width, side, True))

    if card.status.new_column is not None:
        count("status new", card.status.new_column, card.status.new_below, 1)
    for rule in card.rules:
        wanted = 1 if EFFECTS[rule.effect].sign > 0 or rule.effect == "right" else -1
        for condition in rule.when:
            if condition.over is None and condition.op in (">=", ">", "<", "<="):
                # A count beyond the number is a count of at least the next one.
                after = condition.op in (">", "<=")
                cut = np.floor(condition.number) + 1 if after else np.ceil(condition.number)
                side = wanted if condition.op in (">=", ">") else -wanted
                count(f"rule {rule.id}", condition.column, float(cut), side)
    # A cap heaps merchants up at its own figure: that is the rule, not the merchant.
    free = scores.veto_code == Veto.NONE
    for step, tier in enumerate(card.tiers.ladder[1:], start=1):
        higher = step > card.tiers.entry
        figure = market.index - (card.tiers.z if higher else 0.0) * scores.index_se
        # Thin evidence heaps merchants up at the index of the priors. Whoever lacks the evidence
        # that the tier asks for cannot enter it by a higher index, and whoever has none has no
        # index to raise; and merchants of exactly the same figures are one.
        if higher:
            able = (scores.status_code == Status.FORMAL) & (scores.coverage >= tier.coverage)
        else:
            able = scores.coverage >= card.status.low_coverage
            able &= scores.coverage > 0
        distinct = np.unique(figure[free & able].round(9))
        found.append(_Line(f"tier {tier.id}", distinct, tier.at, 0.5, 1, False))
    return found, low


def _histogram(values: Array, cut: float, width: float) -> Array:
    edges = cut + width * np.arange(-_BINS, _BINS + 1)
    near = values[(values >= edges[0]) & (values < edges[-1])]
    # Half-open bins, so that a figure on the line is above it.
    place = np.minimum(np.floor((near - edges[0]) / width).astype(np.int64), 2 * _BINS - 1)
    return np.bincount(place, minlength=2 * _BINS) * 1.0


def bunching(market: Market) -> Section:
    """Test every line of the scorecard that a merchant could creep over, or stay just under.

    Lines: the volume at which a merchant is no longer ``new``, counts in conditions of rules, and
    the entry of each tier, among those with the evidence that it asks for. Power is the chance
    that the test notices when a tenth, or three tenths, of the merchants in the bins just on the
    wrong side of the line move to the other.

    Returns
    -------
    Section
    """
    section = Section("bunching")
    rows = []
    seen, few = [], []
    lines, low = _lines(market)
    least = LEAST["line"].merchants
    done = set()
    for line in lines:
        counts = _histogram(line.figure, line.cut, line.width)
        if counts.sum() < least:
            few.append(line.name)
            continue
        if (line.cut, line.side, counts.tobytes()) in done:
            continue
        done.add((line.cut, line.side, counts.tobytes()))
        step, error = jump(counts, line.at)
        z = line.side * step / error if error > 0 else float("nan")
        power = [_power(counts, line.at, share, line.side) for share in _MOVED]
        near = _BINS // 4
        below, above = counts[_BINS - near : _BINS].sum(), counts[_BINS : _BINS + near].sum()
        rows.append((line.name, line.cut, line.side, below, above, step, error, z, *power))
        if z > _Z:
            seen.append(
                f"{line.name} at {line.cut:g} ({np.exp(step):.2f} times the trend above it)"
            )
    table = table_of("line cut side below above step error z power_10 power_30", rows)
    section.tables["lines"] = table
    section.facts = {"z": _Z, "too_few_merchants": few, "too_near_zero": low}
    tested = len(rows)
    if seen:
        section.decide(
            "seen", f"more merchants on the better side than the trend: {'; '.join(seen)}"
        )
    elif tested:
        power = table["power_30"]
        section.add(
            "fine" if min(power) >= _ENOUGH else "note",
            "none",
            f"no bunching at {tested} lines; if three tenths of those near a line moved over it, "
            f"the test would notice with a chance of {min(power):.0%} to {max(power):.0%}",
        )
    if few:
        section.note("few", f"under {least} merchants near {', '.join(few)}: not tested")
    return section


def _power(counts: Array, at: Array, share: float, side: int) -> float:
    """Return the chance that the test notices a share of the next bins moving over the line.

    The statistic is taken as normal around what it is for the moved histogram itself.
    """
    near = _BINS // 4
    moved = _trend(counts, at)
    wrong, right = slice(_BINS - near, _BINS), slice(_BINS, _BINS + near)
    if side < 0:
        wrong, right = right, wrong
    shift = share * moved[wrong]
    moved[wrong] -= shift
    moved[right] += shift[::-1]
    step, error = jump(moved, at)
    return float(normal_cdf(np.array(side * step / error - _Z)))


def _trend(counts: Array, at: Array) -> Array:
    """Return the histogram without a step: a parabola on the logarithm."""
    curve = _parabola(at)
    fitted, *_ = np.linalg.lstsq(curve, np.log(counts + 0.5), rcond=None)
    smooth: Array = np.exp(curve @ fitted)
    return smooth * counts.sum() / smooth.sum()
