"""Whether the signals hang together, and each of them does any work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from trustscore.audit.attack_cost import one_fake
from trustscore.audit.least import LEAST, enough
from trustscore.audit.market import Market
from trustscore.audit.result import Level, Section, table_of
from trustscore.scorecard.shares import shares
from trustscore.scoring import Scores, score_columns
from trustscore.scoring.program import program_of
from trustscore.scoring.realised import parts_of_index, realised_shares
from trustscore.typing import Array

__all__ = ["coherence", "pairwise_covariance"]

MOST_MERCHANTS = 20_000
_REDUNDANT, _SAME = 0.8, 0.999
_AT_ONE_END = 0.95
_SAME_UTILITY = 1e-7  # standard deviation under which all merchants are alike
_AGAINST = -0.2
_WEIGHT_GAP = 3.0
_LIGHT, _LEAST_STATED = 0.1, 0.01
_LEAST_AGAINST = 0.005
# Two-sided, one in a hundred: beyond so many standard errors a weight is not as stated by chance.
_Z = 2.576
_RARE = 0.9  # utility at the prior, from which on a signal is one of rare harms


def pairwise_covariance(values: Array) -> tuple[Array, Array, Array]:
    """Return covariance, correlation and number of rows of each pair of signals.

    Each pair is taken over the rows in which both are known; NaN where a signal is constant there
    or the pair has fewer than two rows.

    Parameters
    ----------
    values : ndarray of shape (signals, rows)
        NaN where unknown.

    Examples
    --------
    >>> values = np.array([[1.0, 2.0, 3.0, np.nan], [2.0, 4.0, 6.0, 0.0]])
    >>> covariance, correlation, rows = pairwise_covariance(values)
    >>> correlation[0].round(3).tolist(), rows[0].tolist(), covariance[1, 1].item()
    ([1.0, 1.0], [3.0, 3.0], 5.0)
    """
    known = ~np.isnan(values)
    # Around each signal's own middle, so that nothing is lost to rounding.
    middle = np.array([row[k].mean() if k.any() else 0.0 for row, k in _rows(values, known)])
    x = np.where(known, values - middle[:, None], 0.0)
    mask = known.astype(np.float64)
    rows = mask @ mask.T
    with np.errstate(invalid="ignore", divide="ignore"):
        sums, squares = x @ mask.T, (x * x) @ mask.T
        mean = sums / rows
        covariance = x @ x.T / rows - mean * mean.T
        variance = np.maximum(squares / rows - mean**2, 0.0)
        # A constant leaves rounding behind, not variance.
        variance[variance < 1e-14] = np.nan
        correlation = covariance / np.sqrt(variance * variance.T)
    covariance[rows < 2] = np.nan
    correlation[rows < 2] = np.nan
    return covariance, np.clip(correlation, -1.0, 1.0), rows


def _rows(values: Array, known: Array) -> Iterator[tuple[Array, Array]]:
    return zip(values, known, strict=True)


def coherence(market: Market, seed: int = 0) -> Section:
    """Look at signals before their sum.

    Returns
    -------
    Section
        Tables `signals` (stated, effective and realised weight; shares at the ends of the curve
        and unknown), `dimensions` (correlation inside, Cronbach's alpha), `between` (mean
        correlation between dimensions), `correlation` (all pairs) and `redundant`.
    """
    section = Section("coherence")
    part = market.sample(MOST_MERCHANTS, seed)
    card = part.card
    scores = score_columns(part.block, card, "all", missing=part.missing)
    assert scores.utility is not None and scores.applies is not None
    assert scores.reliability is not None
    seen = scores.applies & (scores.reliability > 0)
    utility = np.where(seen, scores.utility, np.nan)
    covariance, correlation, rows = pairwise_covariance(utility)
    least = LEAST["correlation"].merchants
    correlation = np.where(rows >= least, correlation, np.nan)
    section.facts = {"merchants": part.rows, "least_pairs": least}
    _idle(section, part, utility)
    if enough(section, "share", part.rows):
        _signals(section, part, scores, utility)
    if enough(section, "correlation", part.rows):
        _dimensions(section, part, covariance, correlation, rows)
        _redundant(section, part, correlation, rows)
        names = [signal.id for signal in card.signals]
        section.tables["correlation"] = {
            "signal": names,
            **{name: correlation[i] for i, name in enumerate(names)},
        }
    return section


def _idle(section: Section, part: Market, utility: Array) -> None:
    """Name signals that nobody has evidence on, or on which all merchants are alike."""
    counted = shares(part.card) > 0
    known = ~np.isnan(utility)
    count = known.sum(axis=1)
    absent = counted & (count == 0)
    if absent.any():
        named = _named(part, absent)
        section.decide("absent", f"no merchant has evidence on {named}: weight for nothing")
    constant = counted & (count > 1) & ~(_spread(utility) > _SAME_UTILITY)
    if constant.any():
        named = _named(part, constant)
        section.decide("constant", f"the same utility for every merchant: {named}")


def _spread(utility: Array) -> Array:
    """Return the standard deviation of each signal's utility; NaN where nobody has evidence."""
    known = ~np.isnan(utility)
    return np.array([row[k].std() if k.any() else np.nan for row, k in _rows(utility, known)])


def _named(part: Market, where: Array) -> str:
    names = [signal.id for signal in part.card.signals]
    return ", ".join(names[at] for at in np.flatnonzero(where).tolist())


def _signals(section: Section, part: Market, scores: Scores, utility: Array) -> None:
    """Set weights beside what they come to, and name the signals that do no work."""
    card = part.card
    assert scores.weight is not None and scores.applies is not None
    assert scores.gained is not None
    realised, error = realised_shares(scores.gained, scores.raw_index)
    stated = shares(card)
    count = (~np.isnan(utility)).sum(axis=1)
    applies = scores.applies.sum(axis=1)
    least = LEAST["share"].merchants

    def share(where: Array) -> Array:
        enough_known = count >= least
        return np.divide(
            where.sum(axis=1), count, out=np.full(len(count), np.nan), where=enough_known
        )

    low, high = share(utility <= 1e-9), share(utility >= 1 - 1e-9)
    sd = np.where(count > 1, _spread(utility), np.nan)
    section.tables["signals"] = {
        "signal": [signal.id for signal in card.signals],
        "dimension": [signal.dimension for signal in card.signals],
        "stated_weight": stated,
        "effective_weight": scores.weight.mean(axis=1),
        "realised_weight": realised,
        "realised_error": error,
        "known": np.divide(count, applies, out=np.zeros(len(count)), where=applies > 0),
        "at_poor": low,
        "at_good": high,
        "utility_sd": sd,
    }
    varies = (stated > 0) & (count >= least) & (sd > _SAME_UTILITY)
    # Most merchants are clear of a harm that is assumed rare; that is no fault of the signal.
    rare = np.array([_rare(plan.prior_utility) for plan in program_of(card).signals])
    for where, end in ((low, "poor"), (high, "good")):
        dead = varies & (where > _AT_ONE_END)
        for mask, level in _by_rarity(dead, rare):
            section.add(
                level,
                f"dead_{end}",
                f"over {_AT_ONE_END:.0%} of merchants stand at the {end} end of "
                f"{_named(part, mask)}",
            )
    if np.isnan(realised).all():
        section.decide("flat_index", "every merchant has the same index: no weight is realised")
        return
    surely_below, surely_above = realised + _Z * error, realised - _Z * error
    against = (stated > 0) & (realised < -_LEAST_AGAINST) & (surely_below < 0)
    if against.any():
        section.decide(
            "against",
            "work against the index (more of them goes with a lower index): "
            f"{_named(part, against)}",
        )
    light = varies & ~against & (stated >= _LEAST_STATED) & (surely_below < _LIGHT * stated)
    for mask, level in _by_rarity(light, rare):
        section.add(
            level,
            "light",
            f"move the index less than {_LIGHT:g} times their stated weight: "
            f"{_named(part, mask)}; thin evidence, a strong prior or wide anchors hold them still",
        )
    heavy = varies & (surely_above > _WEIGHT_GAP * stated) & (realised > 0.05)
    if heavy.any():
        section.note(
            "heavy",
            f"move the index over {_WEIGHT_GAP:g} times more than their stated weight: "
            f"{_named(part, heavy)}",
        )
    _dominance(section, part, scores)


def _dominance(section: Section, part: Market, scores: Scores) -> None:
    """Name the signals and dimensions that make up too much of the index."""
    assert scores.gained is not None
    parts = parts_of_index(part.card)
    share, error = realised_shares(parts.inside @ scores.gained, scores.raw_index)
    for at in np.flatnonzero(share > parts.limits).tolist():
        low, high = share[at] - _Z * error[at], share[at] + _Z * error[at]
        section.judge(
            "dominance",
            f"{parts.names[at]} makes up {share[at]:.0%} of the variance of the index "
            f"(95 % interval {low:.0%} to {high:.0%}), above {parts.limits[at]:.0%}: the index "
            f"stands and falls with it{_bought(part, at)}; see `trustscore fit --most`",
            bad=bool(low > parts.limits[at]),
        )


def _bought(part: Market, at: int) -> str:
    """Say what one fake of a signal buys; nothing of dimensions, which nobody fakes as such."""
    if at >= len(part.card.signals):
        return ""
    points = one_fake(part, part.card.signals[at].id)
    if np.isnan(points):
        return ""
    return f", and one perfect fake in it buys a median merchant {points:.2f} points"


def dominant_signals(part: Market) -> list[str]:
    """Return the signals that make up too much of the index of a market, the largest first."""
    scores = score_columns(part.block, part.card, "all", missing=part.missing)
    assert scores.gained is not None
    share, _ = realised_shares(scores.gained, scores.raw_index)
    limits = parts_of_index(part.card).limits[: len(share)]
    order = np.argsort(-share)
    return [part.card.signals[at].id for at in order.tolist() if share[at] > limits[at]]


def _by_rarity(mask: Array, rare: Array) -> list[tuple[Array, Level]]:
    """Return the signals to decide on, and those to note as their harm is rare; none if empty."""
    parts: list[tuple[Array, Level]] = [(mask & ~rare, "decide"), (mask & rare, "note")]
    return [(part, level) for part, level in parts if part.any()]


def _rare(prior_utility: Any) -> bool:
    return bool(np.min(prior_utility) >= _RARE)


def _mean(matrix: Array) -> float:
    known = matrix[~np.isnan(matrix)]
    return float(known.mean()) if len(known) else float("nan")


def _dimensions(
    section: Section, part: Market, covariance: Array, correlation: Array, rows: Array
) -> None:
    groups = {
        d.id: np.array([s.dimension == d.id and s.weight > 0 for s in part.card.signals])
        for d in part.card.dimensions
    }
    groups = {name: mask for name, mask in groups.items() if mask.any()}
    table: list[tuple[Any, ...]] = []
    for name, mask in groups.items():
        inside = correlation[np.ix_(mask, mask)]
        off = inside[~np.eye(len(inside), dtype=bool)]
        alpha, high = _alpha(covariance[np.ix_(mask, mask)], rows[np.ix_(mask, mask)])
        table.append((name, int(mask.sum()), _mean(off), alpha, high))
        if alpha < 0:
            says = f"{name}: alpha {alpha:.2f} (at most {high:.2f} with 95 % confidence)"
            section.judge(
                "alpha", f"{says}, its signals pull against each other", bad=bool(high < 0)
            )
    section.tables["dimensions"] = table_of(
        "dimension signals mean_correlation alpha alpha_high", table
    )
    section.tables["between"] = {
        "dimension": list(groups),
        **{
            other: [_between(correlation, mask, theirs) for mask in groups.values()]
            for other, theirs in groups.items()
        },
    }


def _between(correlation: Array, one: Array, other: Array) -> float:
    """Return the mean correlation of signals of two dimensions, none with itself."""
    different = np.flatnonzero(one)[:, None] != np.flatnonzero(other)[None, :]
    return _mean(correlation[np.ix_(one, other)][different])


def _alpha(covariance: Array, rows: Array) -> tuple[float, float]:
    """Return Cronbach's alpha of the signals that vary, and its upper bound.

    alpha = k / (k - 1) (1 - sum of variances / variance of the sum), over pairwise covariances.
    The bound is one-sided, 95 %, by Feldt (1965), for as many merchants as the rarest pair of
    signals has. NaN for fewer than two signals, or too few merchants with any pair.
    """
    from scipy.stats import f

    varies = np.diag(covariance) > 1e-14
    inner = covariance[np.ix_(varies, varies)]
    k = len(inner)
    total = np.nansum(inner)
    merchants = rows[np.ix_(varies, varies)].min() if k else 0
    if k < 2 or total <= 0 or merchants < LEAST["correlation"].merchants:
        return float("nan"), float("nan")
    alpha = float(k / (k - 1) * (1 - np.trace(inner) / total))
    freedom = merchants - 1
    return alpha, float(1 - (1 - alpha) * f.ppf(0.05, freedom, freedom * (k - 1)))


def _surely_negative(r: float, rows: float, pairs: int) -> bool:
    """Return whether a correlation is below zero beyond chance, looked for among so many pairs."""
    from scipy.stats import norm

    return bool(np.arctanh(max(r, -1 + 1e-12)) * np.sqrt(rows - 3) < norm.ppf(0.025 / pairs))


def _redundant(section: Section, part: Market, correlation: Array, rows: Array) -> None:
    """Name pairs that say nearly the same, and pairs of one dimension that contradict."""
    signals = part.card.signals
    weighed = np.array([signal.weight > 0 for signal in signals])
    pairs = max(1, int(np.sum(~np.isnan(correlation[np.triu_indices(len(signals), 1)]))))
    found, same, against = [], [], []
    for i, j in zip(*np.triu_indices(len(signals), 1), strict=True):
        r = correlation[i, j]
        if np.isnan(r) or not (weighed[i] and weighed[j]):
            continue
        if r >= _REDUNDANT:
            found.append((signals[i].id, signals[j].id, r))
        if abs(r) >= _SAME:
            same.append(f"{signals[i].id} and {signals[j].id}")
        together = signals[i].dimension == signals[j].dimension
        if together and r <= _AGAINST and _surely_negative(r, rows[i, j], pairs):
            against.append(f"{signals[i].id} and {signals[j].id} ({r:.2f})")
    found.sort(key=lambda row: -row[2])
    section.tables["redundant"] = table_of("signal other correlation", found)
    if same:
        section.decide("collinear", f"the same figure twice: {'; '.join(same)}")
    if found:
        shown = "; ".join(f"{a} and {b} ({r:.2f})" for a, b, r in found[:3])
        section.decide(
            "redundant",
            f"{len(found)} pairs correlate at {_REDUNDANT:g} or more and count twice: {shown}",
        )
    elif np.isnan(correlation[np.triu_indices(len(signals), 1)]).all():
        section.note("redundant", "no two signals have a correlation: nothing is said of pairs")
    else:
        section.fine("redundant", f"no two signals correlate at {_REDUNDANT:g} or more")
    if against:
        section.note("contradict", f"pull apart inside a dimension: {'; '.join(against[:5])}")
