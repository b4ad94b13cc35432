"""Baselines: other methods to favour trusted merchants, each with one setting.

Methods that promote a group all promote the same one, merchants whose lean is at least
`PROMOTED`. All methods read the same lean, so they differ in how they rank and not in the signal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import binom

from trustscore.evaluation.panel import Panel, Rows

# Cormack, Clarke and Buettcher 2009 found 60 by trial, and search engines adopted it.
_RRF = 60
# Zehlike et al. 2017 test at 10 %.
_ALPHA = 0.1
_TIE = 1e-9


@dataclass(frozen=True)
class Baseline:
    """A method of ranking.

    Attributes
    ----------
    name, dial : str
        `dial` says what the setting means.
    settings : callable
        Takes a panel and the number of places, and returns settings, mild to strong.
    ranks : callable
        Takes a panel, a setting and the number of places, and returns ranks.
    """

    name: str
    dial: str
    settings: Callable[[Panel, int], list[float]]
    ranks: Callable[[Panel, float, int], Rows]

    def on(self, panel: Panel, setting: float, places: int) -> Rows:
        """Return the ranks, with the lists that the policy excludes unchanged.

        The boost is off on those lists, so a fair comparison leaves them out for all methods.
        """
        ranks = self.ranks(panel, setting, places)
        if not panel.off.any():
            return ranks
        return np.where(panel.off[panel.number], panel.base, ranks)


def raw_additive(panel: Panel, constant: float, places: int) -> Rows:
    """Add ``constant * lean`` to relevance, whatever the scale of relevance in the list."""
    return panel.rank_by(-(panel.lists.relevance + constant * panel.lean))


def tier_sort(panel: Panel, _: float, places: int) -> Rows:
    """Sort by tier, then by relevance, as an engine does that sorts by the tier first."""
    return panel.rank_by(-panel.tiers.level)


def buckets(panel: Panel, count: float, places: int) -> Rows:
    """Cut each list into `count` buckets of equal length and sort each by lean.

    Typesense ranks like this with ``_text_match(buckets: N)`` followed by a trust field.
    """
    bucket = (np.maximum(panel.base, 1) - 1) * int(count) // np.maximum(panel.held, 1)
    # A lean lies in [-1, 1], so a step of 3 makes the bucket decide first.
    return panel.rank_by(3.0 * bucket - panel.lean)


def rrf(panel: Panel, weight: float, places: int) -> Rows:
    """Fuse the ranks by relevance and by lean: Reciprocal Rank Fusion.

    Cormack, Clarke and Buettcher, "Reciprocal Rank Fusion outperforms Condorcet and individual
    Rank Learning Methods", SIGIR 2009. The second list has a weight, as in search engines.
    """
    return panel.rank_by(-(1.0 / (_RRF + panel.base) + weight / (_RRF + panel.by_trust)))


def det_greedy(panel: Panel, share: float, places: int) -> Rows:
    """Keep the promoted between the floor and the ceiling of their share in every prefix.

    DetGreedy of Geyik, Ambler and Kenthapadi, "Fairness-Aware Ranking in Search &
    Recommendation Systems with Application to LinkedIn Talent Search", KDD 2019, for two groups.
    """
    prefix = share * np.arange(1, places + 1)
    least, most = np.floor(prefix + _TIE), np.ceil(prefix - _TIE)
    return interleave(panel, least.astype(np.int64), most.astype(np.int64))


def fa_ir(panel: Panel, share: float, places: int) -> Rows:
    """Keep the promoted in every prefix at least as many as chance at `share` would allow.

    FA*IR of Zehlike, Bonchi, Castillo, Hajian, Megahed and Baeza-Yates, "FA*IR: A Fair Top-k
    Ranking Algorithm", CIKM 2017, with its correction for testing every prefix.
    """
    return interleave(panel, fa_ir_table(share, places), np.arange(1, places + 1))


def fa_ir_table(share: float, places: int, alpha: float = _ALPHA) -> Rows:
    """Return the smallest number of promoted in each prefix that a fair list rarely misses.

    Examples
    --------
    >>> fa_ir_table(0.5, 10).tolist()
    [0, 0, 0, 0, 1, 1, 1, 2, 2, 3]
    """
    low, high = 0.0, alpha
    if _fails(_prefixes(share, places, high), share) > alpha:
        # The probability to fail rises in steps, so the bisection ends just below a step.
        for _ in range(50):
            middle = (low + high) / 2
            failing = _fails(_prefixes(share, places, middle), share) > alpha
            low, high = (low, middle) if failing else (middle, high)
        high = low
    return _prefixes(share, places, high)


def _prefixes(share: float, places: int, alpha: float) -> Rows:
    least = binom.ppf(alpha, np.arange(1, places + 1), share)
    return np.maximum(least, 0).astype(np.int64)


def _fails(least: Rows, share: float) -> float:
    """Return the probability that a list drawn with `share` breaks the table in some prefix."""
    mass = np.ones(1)
    for need in least.tolist():
        mass = np.append((1 - share) * mass, 0.0) + np.append(0.0, share * mass)
        mass[:need] = 0.0
    return 1.0 - float(mass.sum())


def interleave(panel: Panel, least: Rows, most: Rows) -> Rows:
    """Fill the first places with the best candidate that the limits on the promoted allow.

    Parameters
    ----------
    panel : Panel
    least, most : int array
        How many promoted candidates each prefix must hold and may hold, while there are any.

    Returns
    -------
    int array
        Ranks; the remaining candidates follow in base order.
    """
    takes = panel.keep & panel.used[panel.number]
    sides = []
    for member in (panel.promoted, ~panel.promoted):
        rows = np.flatnonzero(takes & member)
        count = np.bincount(panel.number[rows], minlength=len(panel))
        # Rows are sorted by list and base order; the -1 at the end marks the end of a side.
        sides.append((np.append(rows, -1), np.cumsum(count) - count, count))
    (ours, our_start, our_count), (theirs, their_start, their_count) = sides
    placed_ours = np.zeros(len(panel), dtype=np.int64)
    placed_theirs = np.zeros(len(panel), dtype=np.int64)
    rank = np.zeros(len(takes), dtype=np.int64)
    base = np.append(panel.base, np.iinfo(np.int64).max)
    for place, (low, high) in enumerate(zip(least.tolist(), most.tolist(), strict=True), start=1):
        more_ours, more_theirs = placed_ours < our_count, placed_theirs < their_count
        next_ours = ours[np.where(more_ours, our_start + placed_ours, -1)]
        next_theirs = theirs[np.where(more_theirs, their_start + placed_theirs, -1)]
        better = base[next_ours] < base[next_theirs]
        wanted = (placed_ours < low) | ((placed_ours < high) & better)
        take = more_ours & (wanted | ~more_theirs)
        other = more_theirs & ~take
        rank[next_ours[take]] = place
        rank[next_theirs[other]] = place
        placed_ours += take
        placed_theirs += other
    left = takes & (rank == 0)
    before = np.cumsum(left) - left
    first = before[panel.lists.offsets[:-1].clip(max=len(left) - 1)][panel.number]
    done = (placed_ours + placed_theirs)[panel.number]
    return np.where(left, done + before - first + 1, rank)


def _shares(panel: Panel, places: int) -> list[float]:
    """Return shares from that of the promoted among the candidates upward."""
    base = float((panel.promoted & panel.keep).sum() / panel.keep.sum())
    return [base + (1 - base) * step for step in (0.0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8)]


def _constants(panel: Panel, places: int) -> list[float]:
    spread = float(panel.lists.relevance[panel.keep].std()) or 1.0
    return [spread * step for step in (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6)]


BASELINES = (
    Baseline("raw additive", "constant added", _constants, raw_additive),
    Baseline("tier sort", "none", lambda panel, places: [1.0], tier_sort),
    Baseline(
        "buckets",
        "number of buckets",
        lambda panel, places: [100.0, 50.0, 25.0, 15.0, 10.0, 5.0, 3.0, 2.0, 1.0],
        buckets,
    ),
    Baseline(
        "RRF",
        "weight of trust",
        lambda panel, places: [0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6],
        rrf,
    ),
    Baseline("DetGreedy", "share of the promoted", _shares, det_greedy),
    Baseline("FA*IR", "share of the promoted", _shares, fa_ir),
)
