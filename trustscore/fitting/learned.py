"""Weights learnt from outcomes and judgements, shrunk towards the expert's by cross-validation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from trustscore.auc import auc
from trustscore.errors import InputError
from trustscore.fitting.bound import Bound
from trustscore.fitting.heldout import (
    Held,
    Ordered,
    Rows,
    dyadic_variance,
    hold_out,
    ordered,
    splits_of,
)
from trustscore.fitting.slopes import Compared, Family
from trustscore.typing import Array

__all__ = [
    "LAMBDAS",
    "LEAST_EVENTS",
    "LEAST_PAIRS",
    "Learned",
    "learn_weights",
    "rarer_class_count",
]

# At infinity the weights are the expert's, with one slope for all signals.
LAMBDAS = (*np.geomspace(0.1, 1e5, 13).tolist(), np.inf)
# Keep the expert's weights unless the cross-validated gain exceeds two standard errors and there
# are enough events: the best of many penalties gains something by chance, and on a few events its
# standard error is chance as well. With one standard error, up to a third of small simulated
# markets left weights that were right.
LEAST_EVENTS = 50
# The same of judgements of pairs.
LEAST_PAIRS = 50
_SURE = 2.0
# A weight below this share of the expert's counts as 0.
WRONG = 1e-6
# Resamples of the merchants that tell how far a weight may be trusted.
_RESAMPLES = 40


class Learned(NamedTuple):
    """Learnt weights, and how they were found.

    Attributes
    ----------
    weights : ndarray of shape (signals,)
        Shares that add up to 1.
    slope : float
        ``sum beta``: by how much the log odds of an event fall from index 0 to index 100.
    intercept : float
    penalty : float
        The lambda that was chosen.
    losses : ndarray of shape (lambdas,)
        Held-out loss per order, in nats, by lambda.
    gain, gain_se : float
        By how much less the best lambda loses per order than the expert does, and its standard
        error over merchants.
    wrong : ndarray of bool of shape (signals,)
        Signals whose weight is 0 because outcomes are worse where they are better, all else equal.
    gain_by_period : ndarray of shape (periods,)
        The gain in each period, NaN in the first of several, from which the others are foretold.
    low, high : ndarray of shape (signals,)
        5th and 95th percentile of the weights over resamples of the merchants.
    heldout, heldout_expert, heldout_unbound : ndarray of shape (harms, periods)
        Area under the curve of merchants that the fit had not seen, in periods that came after
        those it had seen: of these weights, of the expert's, and of weights without the bound. The
        first row is the outcome itself, the others the harms it is made of. NaN where there is
        none.
    gain_by_source : (float, float)
        The gain per order, and per judgement; NaN where there are none.
    ordered : Ordered or None
        Held-out judgements that the weights order rightly.
    scale : float
        By how much steeper judgements follow the index than outcomes do.
    """

    weights: Array
    slope: float
    intercept: float
    penalty: float
    losses: Array
    gain: float
    gain_se: float
    wrong: Array
    gain_by_period: Array
    low: Array
    high: Array
    heldout: Array
    heldout_expert: Array
    heldout_unbound: Array
    gain_by_source: tuple[float, float] = (float("nan"), float("nan"))
    ordered: Ordered | None = None
    scale: float = 1.0


def rarer_class_count(family: Family, n: Array, events: Array) -> float:
    """Return the number of outcomes of the rarer class; for ``poisson`` that of events.

    Examples
    --------
    >>> rarer_class_count("binomial", np.array([9.0, 9.0]), np.array([8.0, 8.0]))
    2.0
    """
    total = float(events.sum())
    return total if family == "poisson" else min(total, float(n.sum()) - total)


def learn_weights(
    u: Array,
    n: Array,
    events: Array,
    expert: Array,
    *,
    family: Family = "binomial",
    lambdas: tuple[float, ...] = LAMBDAS,
    folds: int = 5,
    seed: int = 0,
    merchant: Array | None = None,
    period: Array | None = None,
    harms: Sequence[Array] = (),
    bound: Bound | None = None,
    compared: Compared | None = None,
) -> Learned:
    """Learn the weights of signals from outcomes, from judgements of pairs, or from both.

    Lambda is chosen by cross-validation over merchants and, where there are several periods, by
    rolling origin: each period is foretold from those before it, for merchants that were left out
    of them. The expert's weights stay unless the best lambda gains more than two standard errors
    over them, gains in the newest period too, and the rarer outcome occurs at least `LEAST_EVENTS`
    times or `LEAST_PAIRS` judgements are there; then the largest lambda within one standard error
    of the best is chosen. The standard error is taken over merchants and not over orders or
    judgements, because those of one merchant are alike.

    Parameters
    ----------
    u : ndarray of shape (rows, signals)
        Utilities in 0..1, no NaN; a row is a merchant in a period.
    n, events : ndarray of shape (rows,)
        Orders (or exposure), and the bad events among them.
    expert : ndarray of shape (signals,)
        Weights, on any scale; a signal of weight 0 stays at 0.
    family : {"binomial", "poisson"}
    lambdas : tuple of float
        Rising, the last one infinity.
    folds, seed : int
    merchant : ndarray of int of shape (rows,), optional
        Which merchant a row is of; by default each is of another.
    period : ndarray of int of shape (rows,), optional
        Rising with time; by default there is one.
    harms : sequence of ndarray of shape (rows,)
        Events of each kind that `events` is made of, to be measured apart.
    bound : Bound, optional
    compared : Compared, optional
        Judgements of pairs, whose merchants are numbered as in `merchant`. `u` may then have no
        row.

    Returns
    -------
    Learned

    Raises
    ------
    InputError
        When there is one class only, too few merchants, or outcomes get worse as the index rises.

    Examples
    --------
    >>> draw = np.random.default_rng(0)
    >>> u = draw.random((2000, 2))
    >>> n = np.full(2000, 50.0)
    >>> events = draw.binomial(50, 1 / (1 + np.exp(1 + 4 * u[:, 0]))).astype(float)
    >>> learn_weights(u, n, events, np.array([1.0, 1.0])).weights.round(1).tolist()
    [1.0, 0.0]
    """
    seen = n > 0
    rows = np.arange(len(n))
    numbers = (rows if merchant is None else merchant)[seen]
    said = compared
    if said is None:
        none = np.empty(0, dtype=np.int64)
        said = Compared(np.empty((0, u.shape[1])), np.empty(0), np.empty(0), none, none)
    merchants, places = np.unique(
        np.concatenate([numbers, said.worse, said.better]), return_inverse=True
    )
    who, worse, better = np.split(places, [len(numbers), len(numbers) + len(said.n)])
    when = (np.zeros(len(n), dtype=np.int64) if period is None else period)[seen]
    u, n, events = u[seen], n[seen], events[seen]
    _check(n, events, family, len(merchants), folds, len(said.n))
    free = expert > 0
    share = expert[free] / expert[free].sum()
    u = u[:, free]
    said = Compared(said.apart[:, free], said.n, said.events, worse, better)
    if bound is not None:
        bound = bound._replace(spread=bound.spread[:, free])
        # A search under a bound that nothing keeps goes round at one place, and ends nowhere near.
        bound = bound if bound.can_be_kept(share) else None
    data = Rows(u, n, events, family, who, when, said)
    splits = list(splits_of(data, len(merchants), folds, seed))
    held = hold_out(data, splits, share, lambdas, bound)
    tested = np.any([split.test for split in splits], axis=0)
    tested_pairs = np.any([split.test_pairs for split in splits], axis=0)
    size = float(n[tested].sum() + said.n[tested_pairs].sum())
    # Where no pair has both its merchants held out together, nothing can be gained.
    losses = (held.losses.sum(axis=1) + held.pair_losses.sum(axis=1)) / max(size, 1.0)
    best = int(losses.argmin())
    gains = held.losses[-1] - held.losses[best]
    pair_gains = held.pair_losses[-1] - held.pair_losses[best]
    error = _error(gains, pair_gains, data, tested, tested_pairs) / max(size, 1.0)
    by_period = _by_period(gains, n, when, tested)
    chosen = len(lambdas) - 1
    enough = rarer_class_count(family, n, events) >= LEAST_EVENTS or len(said.n) >= LEAST_PAIRS
    lasts = not len(by_period) or bool(by_period[-1] > 0)
    if losses[-1] - losses[best] > _SURE * error and lasts and enough:
        chosen = int(np.flatnonzero(losses - losses[best] <= error)[-1])
    penalty = lambdas[chosen]
    all_rows, all_pairs = np.ones(len(n), dtype=bool), np.ones(len(said.n), dtype=bool)
    a, beta, scale = data.fit(share, penalty, bound, all_rows, all_pairs)
    slope = float(beta.sum())
    if slope <= 1e-8:
        told = "goes with fewer bad events" if len(n) else "puts worse merchants below better ones"
        raise InputError(
            f"{'outcomes' if len(n) else 'judgements'} contradict the scorecard: no weighting of "
            f"its signals {told}; check the direction of the signals and what counts as "
            f"{'an event' if len(n) else 'worse'}"
        )
    weights, wrong = np.zeros(len(expert)), np.zeros(len(expert), dtype=bool)
    weights[free] = beta / slope
    # The penalty pulls weights towards the expert's, so outcomes have pushed those that end at 0.
    wrong[free] = beta / slope < WRONG * share
    low, high = weights.copy(), weights.copy()
    unbound = held.scores[chosen]
    if np.isfinite(penalty):
        low[free], high[free] = _stability(data, share, penalty, bound, len(merchants), seed)
        if bound is not None and len(n):
            unbound = hold_out(data, splits, share, (penalty,), None).scores[0]
    kinds = [events, *(harm[seen] for harm in harms)] if family == "binomial" and len(n) else []
    return Learned(
        weights,
        slope,
        a,
        penalty,
        losses,
        float(losses[-1] - losses[best]),
        error,
        wrong,
        by_period,
        low,
        high,
        _areas(held.scores[chosen], kinds, n, when, tested),
        _areas(held.scores[-1], kinds, n, when, tested),
        _areas(unbound, kinds, n, when, tested),
        _by_source(held, best, n, tested, said, tested_pairs),
        ordered(held.pair_scores[chosen], held.pair_scores[-1], said, tested_pairs),
        scale,
    )


def _check(n: Array, events: Array, family: Family, merchants: int, folds: int, pairs: int) -> None:
    """Refuse what no weights can be learnt from."""
    what = "judgements" if pairs and not len(n) else "outcomes"
    if merchants < 2 * folds:
        raise InputError(
            f"{what}: {merchants} merchants with {what} are too few to learn weights from; "
            f"at least {2 * folds} are needed"
        )
    total = float(events.sum())
    if (not pairs or len(n)) and (total == 0 or (family == "binomial" and total == n.sum())):
        raise InputError(
            f"outcomes: have a single class, {total:g} events among {n.sum():g} orders: weights "
            "cannot be learnt from them"
        )


def _error(
    gains: Array, pair_gains: Array, data: Rows, tested: Array, tested_pairs: Array
) -> float:
    """Return the standard error of the sum of gains; those of one merchant are alike."""
    variance = 0.0
    if tested.any():
        of_merchant = np.bincount(data.who, gains)[np.unique(data.who[tested])]
        variance += float(((of_merchant - of_merchant.mean()) ** 2).sum())
    if tested_pairs.any():
        part = pair_gains[tested_pairs]
        said = data.compared.take(tested_pairs)
        variance += dyadic_variance(part - part.mean(), said.worse, said.better)
    return float(np.sqrt(variance))


def _by_source(
    held: Held, best: int, n: Array, tested: Array, said: Compared, tested_pairs: Array
) -> tuple[float, float]:
    """Return the gain per order and per judgement."""
    found = []
    for losses, size in (
        (held.losses, n[tested].sum()),
        (held.pair_losses, said.n[tested_pairs].sum()),
    ):
        gain = float((losses[-1] - losses[best]).sum())
        found.append(gain / float(size) if size > 0 else float("nan"))
    return found[0], found[1]


def _by_period(gains: Array, n: Array, when: Array, tested: Array) -> Array:
    """Return the gain an order in each period; NaN where none was tested."""
    found = []
    for period in np.unique(when).tolist():
        inside = tested & (when == period)
        found.append(gains[inside].sum() / n[inside].sum() if inside.any() else np.nan)
    return np.array(found)


def _areas(score: Array, kinds: Sequence[Array], n: Array, when: Array, tested: Array) -> Array:
    """Return the area under the curve by kind of event and period."""
    found = [
        [
            auc(score[inside], kind[inside], n[inside] - kind[inside])
            for inside in (tested & (when == period) for period in np.unique(when).tolist())
        ]
        for kind in kinds
    ]
    return np.array(found).reshape(len(kinds), len(np.unique(when)))


def _stability(
    data: Rows, share: Array, penalty: float, bound: Bound | None, count: int, seed: int
) -> Array:
    """Return the 5th and the 95th percentile of the weights over resamples of the merchants."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(_RESAMPLES):
        times = np.bincount(rng.integers(count, size=count), minlength=count)
        some = times[data.who] > 0
        pairs = times[data.compared.worse] * times[data.compared.better] > 0
        if some.any() or pairs.any():
            beta = data.fit(share, penalty, bound, some, pairs, times).beta
            found.append(beta / max(beta.sum(), 1e-12))
    return np.asarray(np.percentile(found, [5, 95], axis=0))
