"""Whether the signals hang together, and each of them does any work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from trustscore.audit.market import Market
from trustscore.audit.result import Section, table_of
from trustscore.scoring import Scores, score_columns
from trustscore.scoring.program import program_of

__all__ = ["coherence", "pairwise_covariance"]

Array = np.ndarray[Any, Any]
MOST_MERCHANTS = 20_000
_REDUNDANT, _SAME = 0.8, 0.999
_AT_ONE_END = 0.95
_FEW = 30  # merchants with evidence on both signals, for a correlation
_AGAINST = -0.2
_WEIGHT_GAP = 3.0
_LIGHT, _LEAST_STATED = 0.1, 0.01
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
    correlation = np.where(rows >= _FEW, correlation, np.nan)
    section.facts = {"merchants": part.rows, "least_pairs": _FEW}
    _signals(section, part, scores, utility)
    _dimensions(section, part, covariance, correlation)
    _redundant(section, part, correlation)
    names = [signal.id for signal in card.signals]
    section.tables["correlation"] = {
        "signal": names,
        **{name: correlation[i] for i, name in enumerate(names)},
    }
    return section


def _signals(section: Section, part: Market, scores: Scores, utility: Array) -> None:
    """Set weights beside what they come to, and name the signals that do no work."""
    card = part.card
    assert scores.gained is not None and scores.weight is not None and scores.applies is not None
    raw = scores.raw_index
    spread = float(np.var(raw))
    # Shares of the index's variance; they add up to 1 as the points gained add up to the index.
    centred = raw - raw.mean()
    realised = (
        np.array([np.mean(row * centred) for row in scores.gained]) / spread
        if spread > 0
        else np.full(len(card.signals), np.nan)
    )
    stated = _stated(part)
    known = ~np.isnan(utility)
    count = known.sum(axis=1)
    applies = scores.applies.sum(axis=1)

    def share(where: Array) -> Array:
        return np.divide(where.sum(axis=1), count, out=np.full(len(count), np.nan), where=count > 0)

    low, high = share(utility <= 1e-9), share(utility >= 1 - 1e-9)
    sd = np.array([row[k].std() if k.any() else np.nan for row, k in _rows(utility, known)])
    table: dict[str, Any] = {
        "signal": [signal.id for signal in card.signals],
        "dimension": [signal.dimension for signal in card.signals],
        "stated_weight": stated,
        "effective_weight": scores.weight.mean(axis=1),
        "realised_weight": realised,
        "known": np.divide(count, applies, out=np.zeros(len(count)), where=applies > 0),
        "at_poor": low,
        "at_good": high,
        "utility_sd": sd,
    }
    section.tables["signals"] = table
    names = np.array(table["signal"], dtype=object)
    counted = stated > 0

    def named(where: Array) -> str:
        return ", ".join(names[where].tolist())

    absent = counted & (count == 0)
    if absent.any():
        section.decide("absent", f"no merchant has evidence on {named(absent)}: weight for nothing")
    constant = counted & (count > 0) & ~(sd > 1e-7)
    if constant.any():
        section.decide("constant", f"the same utility for every merchant: {named(constant)}")
    # Most merchants are clear of a harm that is assumed rare; that is no fault of the signal.
    rare = np.array([_rare(plan.prior_utility) for plan in program_of(card).signals])
    for where, end in ((low, "poor"), (high, "good")):
        dead = counted & ~constant & (where > _AT_ONE_END)
        for mask, add in ((dead & ~rare, section.decide), (dead & rare, section.note)):
            if mask.any():
                add(
                    f"dead_{end}",
                    f"over {_AT_ONE_END:.0%} of merchants stand at the {end} end of {named(mask)}",
                )
    if spread <= 0:
        section.decide("flat_index", "every merchant has the same index: no weight is realised")
        return
    against = counted & (realised < -0.005)
    if against.any():
        section.decide(
            "against",
            f"work against the index (more of them goes with a lower index): {named(against)}",
        )
    light = counted & (count > 0) & ~constant & ~against & (stated >= _LEAST_STATED)
    light &= realised < _LIGHT * stated
    for mask, add in ((light & ~rare, section.decide), (light & rare, section.note)):
        if mask.any():
            add(
                "light",
                f"move the index less than {_LIGHT:g} times their stated weight: {named(mask)}; "
                "thin evidence, a strong prior or wide anchors hold them still",
            )
    heavy = counted & (realised > _WEIGHT_GAP * stated) & (realised > 0.05)
    if heavy.any():
        section.note(
            "heavy",
            f"move the index over {_WEIGHT_GAP:g} times more than their stated weight: "
            f"{named(heavy)}",
        )


def _rare(prior_utility: Any) -> bool:
    return bool(np.min(prior_utility) >= _RARE)


def _stated(part: Market) -> Array:
    """Return the weight the file gives each signal when everything applies."""
    card = part.card
    inside: dict[str, float] = {}
    for signal in card.signals:
        inside[signal.dimension] = inside.get(signal.dimension, 0.0) + signal.weight
    below: dict[str | None, list[Any]] = {}
    for dimension in card.dimensions:
        below.setdefault(dimension.parent, []).append(dimension)
    share: dict[str, float] = {}
    own: dict[str, float] = {}

    def descend(parent: str | None, points: float) -> None:
        # Signals and groups of one dimension share its points by weight.
        total = sum(d.weight for d in below.get(parent, [])) + inside.get(parent or "", 0.0)
        for dimension in below.get(parent, []):
            share[dimension.id] = points * dimension.weight / total if total else 0.0
            descend(dimension.id, share[dimension.id])
        if parent is not None:
            own[parent] = points / total if total else 0.0

    descend(None, 1.0)
    return np.array([signal.weight * own[signal.dimension] for signal in card.signals])


def _mean(matrix: Array) -> float:
    known = matrix[~np.isnan(matrix)]
    return float(known.mean()) if len(known) else float("nan")


def _dimensions(section: Section, part: Market, covariance: Array, correlation: Array) -> None:
    groups = {
        d.id: np.array([s.dimension == d.id and s.weight > 0 for s in part.card.signals])
        for d in part.card.dimensions
    }
    groups = {name: mask for name, mask in groups.items() if mask.any()}
    rows = []
    for name, mask in groups.items():
        inside = correlation[np.ix_(mask, mask)]
        off = inside[~np.eye(len(inside), dtype=bool)]
        alpha = _alpha(covariance[np.ix_(mask, mask)])
        rows.append((name, int(mask.sum()), _mean(off), alpha))
        if alpha < 0:
            section.decide(
                "alpha", f"{name}: alpha {alpha:.2f}, its signals pull against each other"
            )
    section.tables["dimensions"] = table_of("dimension signals mean_correlation alpha", rows)
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


def _alpha(covariance: Array) -> float:
    """Return Cronbach's alpha of the signals that vary; NaN for fewer than two.

    alpha = k / (k - 1) (1 - sum of variances / variance of the sum), over pairwise covariances.
    """
    varies = np.diag(covariance) > 1e-14
    inner = covariance[np.ix_(varies, varies)]
    k = len(inner)
    total = np.nansum(inner)
    if k < 2 or total <= 0:
        return float("nan")
    return float(k / (k - 1) * (1 - np.trace(inner) / total))


def _redundant(section: Section, part: Market, correlation: Array) -> None:
    """Name pairs that say nearly the same, and pairs of one dimension that contradict."""
    signals = part.card.signals
    weighed = np.array([signal.weight > 0 for signal in signals])
    found, same, against = [], [], []
    for i, j in zip(*np.triu_indices(len(signals), 1), strict=True):
        r = correlation[i, j]
        if np.isnan(r) or not (weighed[i] and weighed[j]):
            continue
        if r >= _REDUNDANT:
            found.append((signals[i].id, signals[j].id, r))
        if abs(r) >= _SAME:
            same.append(f"{signals[i].id} and {signals[j].id}")
        if signals[i].dimension == signals[j].dimension and r <= _AGAINST:
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
    else:
        section.fine("redundant", f"no two signals correlate at {_REDUNDANT:g} or more")
    if against:
        section.note("contradict", f"pull apart inside a dimension: {'; '.join(against[:5])}")
