"""Whether other defensible choices would have led to another verdict."""

from __future__ import annotations

from typing import Any

import numpy as np

from trustscore.audit.cards import without_signal
from trustscore.audit.choices import Choice, choices_of, varied
from trustscore.audit.least import LEAST, enough
from trustscore.audit.market import Market
from trustscore.audit.result import Section, table_of
from trustscore.typing import Array

__all__ = ["rank_reversal", "robustness", "sobol"]

MOST_MERCHANTS = 2000
TOP_SHARE = 0.1
ALTERNATIVES = 64  # of each choice, in the decomposition of variance
_SURE = 0.8
_FLIPS = 0.25
_ONE_SIGNAL = 0.1
_RESAMPLES = 200
# Scorecards from which on a 5th and a 95th percentile are more than the least and the largest.
_ENOUGH_DRAWS = 40


def ranks(index: Array) -> Array:
    """Return ranks, 1 the best; equal figures share the mean of theirs.

    Examples
    --------
    >>> ranks(np.array([50.0, 90.0, 50.0])).tolist()
    [2.5, 1.0, 2.5]
    """
    _, code, count = np.unique(-index, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    found: Array = (last - (count - 1) / 2)[code]
    return found


def _outcome(market: Market, picks: dict[str, int], seed: int) -> tuple[Array, Array]:
    """Return index and tier of every merchant under other choices."""
    scores = market.scored(varied(market.card, picks, seed))
    index = np.where(np.isnan(scores.trust_index), scores.raw_index, scores.trust_index)
    return index, scores.tier_code


def robustness(market: Market, seed: int = 0, draws: int = 300, points: int = 256) -> Section:
    """Vary weights, anchors, exponent and priors together, alone, and signal by signal.

    Parameters
    ----------
    market : Market
    seed : int
    draws : int
        Scorecards drawn for the rank intervals.
    points : int
        Size of the design behind the Sobol indices, a power of 2; each costs one scorecard for
        every choice and two more.

    Returns
    -------
    Section
        Tables `merchants` (interval of index and rank, chance of being in the top tenth and of
        keeping the tier), `choices` (Sobol indices), `left_out` (each signal left out).

    Notes
    -----
    A choice that changes no index is a finding to decide on, and ``without_effect`` of the facts.
    """
    section = Section("robustness")
    part = market.sample(MOST_MERCHANTS, seed)
    choices, nothing = choices_of(market.card)
    section.facts = {
        "merchants": part.rows,
        "draws": draws,
        "varied": {choice.name: choice.says for choice in choices},
        "parameters": {choice.name: choice.parameters for choice in choices},
        "nothing_to_vary": nothing,
    }
    if nothing:
        section.note("nothing", f"this scorecard leaves nothing to vary in {', '.join(nothing)}")
    rank_reversal(section, market, seed)
    ranked = enough(section, "rank", part.rows)
    if ranked:
        _left_out(section, part)
    choices = _with_effect(section, part, choices, seed)
    if not choices or not ranked:
        return section
    _intervals(section, part, choices, seed, draws)
    if len(choices) > 1:
        table = sobol(part, choices, seed, points)
        section.facts["sobol_points"] = points
        if not table:
            section.note(
                "sobol", "no alternative to any choice moves a rank: nothing to take apart"
            )
            return section
        section.tables["choices"] = table
        section.note("sobol", _largest(table))
    return section


def _largest(table: dict[str, Any]) -> str:
    """Say which choice moves ranks most, where the design is large enough to tell."""

    def share(at: int) -> str:
        return f"{table['total_low'][at]:.0%} to {table['total_high'][at]:.0%}"

    second, first = np.argsort(table["total"], kind="stable")[-2:].tolist()
    name, other = table["choice"][first], table["choice"][second]
    if table["total_low"][first] > table["total_high"][second]:
        return (
            f"{share(first)} of the variance of ranks involves the choice of {name}, more than any "
            f"other (each choice drawn from {ALTERNATIVES} alternatives)"
        )
    return (
        f"the choices of {name} ({share(first)} of the variance of ranks) and {other} "
        f"({share(second)}) are not told apart: more draws would tell"
    )


def _with_effect(section: Section, part: Market, choices: list[Choice], seed: int) -> list[Choice]:
    """Return the choices that change an index: a sensitivity of zero would be taken for safety."""
    moves = {
        choice.name: any(
            np.any(_outcome(part, {choice.name: number}, seed)[0] != part.index)
            for number in range(3)
        )
        for choice in choices
    }
    idle = [name for name, moved in moves.items() if not moved]
    section.facts["without_effect"] = idle
    for name in idle:
        count = section.facts["parameters"][name]
        section.decide(
            "without_effect",
            f"varying {name} ({count} figures) changes no index of these merchants, so nothing "
            f"can be said of it: {section.facts['varied'][name]}",
        )
    return [choice for choice in choices if moves[choice.name]]


def _intervals(
    section: Section, part: Market, choices: list[Choice], seed: int, draws: int
) -> None:
    index = np.empty((draws, part.rows))
    tier = np.empty((draws, part.rows), dtype=np.int64)
    names = [choice.name for choice in choices]
    for draw in range(draws):
        picks = dict.fromkeys(names, ALTERNATIVES + draw)
        index[draw], tier[draw] = _outcome(part, picks, seed)
    rank = np.array([ranks(each) for each in index])
    top = max(1, round(TOP_SHARE * part.rows))
    base = ranks(part.index)
    low, high = np.percentile(rank, (5, 95), axis=0)
    in_top = (rank <= top).mean(axis=0)
    table: dict[str, Any] = {
        "merchant_id": part.ids,
        "volume": part.volume,
        "index": part.index,
        "index_q05": np.percentile(index, 5, axis=0),
        "index_q95": np.percentile(index, 95, axis=0),
        "rank": base,
        "rank_q05": low,
        "rank_q95": high,
        "in_top": in_top if part.rows >= LEAST["top"].merchants else np.full(part.rows, np.nan),
    }
    width = np.median(high - low) / part.rows
    section.facts |= {"top": top, "median_rank_interval": width}
    if draws < _ENOUGH_DRAWS:
        section.note(
            "few_draws",
            f"{draws} scorecards: their 5th and 95th percentiles are rough under {_ENOUGH_DRAWS}",
        )
    section.note(
        "ranks",
        f"half of the merchants keep their rank within {width:.0%} of the list (5th to 95th "
        f"percentile over {draws} scorecards)",
    )
    if enough(section, "top", part.rows):
        _top(section, in_top[base <= top], top)
    if part.card.tiers.ladder:
        kept = (tier == part.scores.tier_code).mean(axis=0)
        table["tier"] = part.scores.tier
        table["tier_kept"] = kept
        flips = float(np.sum(1 - kept))
        section.facts["expected_tier_flips"] = flips
        says = (
            f"{flips:.0f} of {part.rows} merchants ({flips / part.rows:.1%}) may be expected in "
            "another tier under other defensible choices"
        )
        section.judge("tiers", says, bad=flips > _FLIPS * part.rows)
    section.tables["merchants"] = table


def _top(section: Section, sure: Array, top: int) -> None:
    """Say how sure the places of those in the top are."""
    if len(sure) == 0:
        section.note("top", f"more than {top} merchants share the best rank: there is no top")
        return
    share = float(np.mean(sure >= _SURE))
    section.judge(
        "top",
        f"of the {len(sure)} merchants in the top {TOP_SHARE:.0%}, {share:.0%} are there in at "
        f"least {_SURE:.0%} of scorecards",
        bad=share < 0.5,
    )


def sobol(part: Market, choices: list[Choice], seed: int, points: int) -> dict[str, Any]:
    """Return Sobol indices of the ranks by group of choices.

    A choice is one input: the number of its alternative, out of 64. Indices are those of all
    ranks together: variances are summed over merchants before they are divided. Intervals are
    95 % bootstrap intervals over the points of the design. Empty when no rank moves.
    """
    from scipy.stats import qmc

    count = len(choices)
    drawn = qmc.Sobol(2 * count, seed=np.random.default_rng(seed)).random(points)
    numbers = np.minimum((drawn * ALTERNATIVES).astype(int), ALTERNATIVES - 1)
    first, second = numbers[:, :count], numbers[:, count:]
    known: dict[tuple[int, ...], Array] = {}

    def rank_of(row: Array) -> Array:
        key = tuple(row.tolist())
        if key not in known:
            picks = dict(zip((c.name for c in choices), key, strict=True))
            known[key] = ranks(_outcome(part, picks, seed)[0])
        return known[key]

    def all_ranks(rows: Array) -> Array:
        return np.array([rank_of(row) for row in rows]).T

    mixed = []
    for i in range(count):
        rows = first.copy()
        rows[:, i] = second[:, i]
        mixed.append(all_ranks(rows))
    f_a, f_b = all_ranks(first), all_ranks(second)
    f_ab = np.array(mixed)
    found = sobol_shares(f_a, f_b, f_ab, np.ones((1, points)))[0]
    if np.isnan(found).any():
        return {}
    rng = np.random.default_rng(seed)
    again = [rng.integers(points, size=points) for _ in range(_RESAMPLES)]
    times = np.array([np.bincount(at, minlength=points) for at in again])
    resampled = sobol_shares(f_a, f_b, f_ab, times)
    low, high = np.nanpercentile(resampled, (2.5, 97.5), axis=0)
    return {
        "choice": [choice.name for choice in choices],
        "first": found[0],
        "first_low": low[0],
        "first_high": high[0],
        "total": found[1],
        "total_low": low[1],
        "total_high": high[1],
    }


def sobol_shares(f_a: Array, f_b: Array, f_ab: Array, times: Array) -> Array:
    """Return Sobol indices of first and total order for many samples of the design's points.

    All are sums over points, so a sample of points is a product with how often each is in it.

    Parameters
    ----------
    f_a, f_b : ndarray of shape (merchants, points)
        Ranks under the two designs.
    f_ab : ndarray of shape (choices, merchants, points)
        Ranks under the first design with one choice of the second.
    times : ndarray of shape (samples, points)
        How often each point is in each sample; rows add up to the number of points.

    Returns
    -------
    ndarray of shape (samples, 2, choices)
        NaN for a sample in which no rank moves.

    Notes
    -----
    Source: Saltelli et al. (2010), the estimators of `scipy.stats.sobol_indices`; variances are
    summed over merchants before they are divided.
    """
    points = f_a.shape[1]
    center = (f_a.mean(axis=1) + f_b.mean(axis=1))[:, None] / 2
    a, b, share = f_a - center, f_b - center, times / points

    def mean(values: Array) -> Array:
        """Return means of values over the points of each sample, (samples, merchants)."""
        found: Array = share @ values.T
        return found

    middle = mean(a + b) / 2
    variance = mean(a * a + b * b) / 2 - middle * middle
    # A merchant whose rank never moves has no variance to share out. Ranks move by halves.
    moves = variance > 0.01 / points
    whole = np.sum(variance, axis=1, where=moves)
    found = np.full((len(times), 2, len(f_ab)), np.nan)
    for i, mixed in enumerate(f_ab):
        step = mixed - f_a
        first = mean(b * step) - middle * mean(step)
        for order, parts in enumerate((first, mean(step * step) / 2)):
            total = np.sum(parts, axis=1, where=moves)
            np.divide(total, whole, out=found[:, order, i], where=whole > 0)
    return found


def _left_out(section: Section, part: Market) -> None:
    """Leave each signal out and see whom it moves."""
    base = ranks(part.index)
    rows = []
    signals = [s for s in part.card.signals if not part.missing.intersection(s.columns)]
    # What is left of one signal alone is that signal.
    for signal in signals if len(signals) > 1 else ():
        scores = part.scored(without_signal(part.card, signal.id))
        index = np.where(np.isnan(scores.trust_index), scores.raw_index, scores.trust_index)
        moved = np.abs(ranks(index) - base)
        flips = int(np.sum(scores.tier_code != part.scores.tier_code))
        rows.append(
            (signal.id, moved.mean(), moved.max(), np.abs(index - part.index).mean(), flips)
        )
    rows.sort(key=lambda row: -row[1])
    section.tables["left_out"] = table_of(
        "signal mean_rank_change largest_rank_change mean_index_change tier_flips", rows
    )
    if rows:
        name, mean, _, _, flips = rows[0]
        says = (
            f"leaving out {name} moves ranks most: by {mean / part.rows:.1%} of the list on "
            f"average, {flips} of {part.rows} tiers change"
        )
        section.judge("left_out", says, bad=mean > _ONE_SIGNAL * part.rows)
    idle = [row[0] for row in rows if row[2] == 0]
    if idle:
        section.decide("idle", f"leaving out changes no rank: {', '.join(idle)}")


def rank_reversal(section: Section, market: Market, seed: int) -> None:
    """Show that other merchants' rows never change a merchant's index.

    Merchants are scored without half of the others, in another order, and beside a copy of the
    whole market in which every figure is the first merchant's.
    """
    rng = np.random.default_rng(seed)
    half = np.sort(rng.permutation(market.rows)[: max(2, market.rows // 2)])
    order = rng.permutation(market.rows)
    crowd = np.concatenate((np.arange(market.rows), np.zeros(market.rows, dtype=np.int64)))
    differs = 0
    for rows, where in ((half, half), (order, order), (crowd, np.arange(market.rows))):
        again = market.take(rows).scores.trust_index[: len(where)]
        differs += int(np.sum(~_same(again, market.scores.trust_index[where])))
    section.facts["rank_reversals"] = differs
    says = (
        f"{differs} indices change when half of the merchants leave, come in another order, or "
        "meet a crowd of copies"
    )
    section.judge("rank_reversal", says, bad=differs > 0, otherwise="fine")


def _same(one: Array, other: Array) -> Array:
    found: Array = (one == other) | (np.isnan(one) & np.isnan(other))
    return found
