"""Weights learnt from outcomes, shrunk towards the expert's by a cross-validated penalty."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from trustscore.auc import auc
from trustscore.errors import InputError
from trustscore.fitting.bound import Bound
from trustscore.fitting.slopes import Family, fit_betas, losses_of
from trustscore.typing import Array

__all__ = [
    "LAMBDAS",
    "LEAST_EVENTS",
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
) -> Learned:
    """Learn the weights of signals from outcomes.

    Lambda is chosen by cross-validation over merchants and, where there are several periods, by
    rolling origin: each period is foretold from those before it, for merchants that were left out
    of them. The expert's weights stay unless the best lambda gains more than two standard errors
    over them, gains in the newest period too, and the rarer outcome occurs at least `LEAST_EVENTS`
    times; then the largest lambda within one standard error of the best is chosen. The standard
    error is taken over merchants and not over orders, because orders of one merchant are alike.

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
    who = np.unique((rows if merchant is None else merchant)[seen], return_inverse=True)[1]
    when = (np.zeros(len(n), dtype=np.int64) if period is None else period)[seen]
    u, n, events = u[seen], n[seen], events[seen]
    count = int(who.max()) + 1 if len(who) else 0
    if count < 2 * folds:
        raise InputError(
            f"outcomes: {count} merchants with outcomes are too few to learn weights from; "
            f"at least {2 * folds} are needed"
        )
    total = float(events.sum())
    if total == 0 or (family == "binomial" and total == n.sum()):
        raise InputError(
            f"outcomes: have a single class, {total:g} events among {n.sum():g} orders: weights "
            "cannot be learnt from them"
        )
    free = expert > 0
    share = expert[free] / expert[free].sum()
    u = u[:, free]
    if bound is not None:
        bound = bound._replace(spread=bound.spread[:, free])
    fold = (np.random.default_rng(seed).permutation(count) % folds)[who]
    splits = list(_splits(fold, when))
    tried = _heldout(splits, u, n, events, share, lambdas, family, bound)
    tested = np.any([test for _, test in splits], axis=0)
    held = np.where(tested, [losses_of(family, -score, n, events) for score in tried], 0.0)
    losses = held.sum(axis=1) / n[tested].sum()
    best = int(losses.argmin())
    gains = held[-1] - held[best]
    of_merchant = np.bincount(who, gains)[np.unique(who[tested])]
    error = float(np.sqrt(((of_merchant - of_merchant.mean()) ** 2).sum()) / n[tested].sum())
    by_period = _by_period(gains, n, when, tested)
    chosen = len(lambdas) - 1
    if (
        losses[-1] - losses[best] > _SURE * error
        and by_period[-1] > 0
        and rarer_class_count(family, n, events) >= LEAST_EVENTS
    ):
        chosen = int(np.flatnonzero(losses - losses[best] <= error)[-1])
    penalty = lambdas[chosen]
    a, beta = fit_betas(u, n, events, share, penalty, family, bound)
    slope = float(beta.sum())
    if slope <= 1e-8:
        raise InputError(
            "outcomes contradict the scorecard: no weighting of its signals goes with fewer bad "
            "events; check the direction of the signals and what counts as an event"
        )
    weights, wrong = np.zeros(len(expert)), np.zeros(len(expert), dtype=bool)
    weights[free] = beta / slope
    # The penalty pulls weights towards the expert's, so outcomes have pushed those that end at 0.
    wrong[free] = beta / slope < WRONG * share
    low, high = weights.copy(), weights.copy()
    unbound = tried[chosen]
    if np.isfinite(penalty):
        low[free], high[free] = _stability(u, n, events, share, penalty, family, bound, who, seed)
        if bound is not None:
            unbound = _heldout(splits, u, n, events, share, (penalty,), family, None)[0]
    kinds = [events, *(harm[seen] for harm in harms)] if family == "binomial" else []
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
        *(_areas(score, kinds, n, when, tested) for score in (tried[chosen], tried[-1], unbound)),
    )


def _splits(fold: Array, when: Array) -> Iterator[tuple[Array, Array]]:
    """Return the rows to learn from and to test on, by fold and origin."""
    periods = np.unique(when).tolist()
    for number in np.unique(fold).tolist():
        out = fold == number
        if len(periods) == 1:
            yield ~out, out
        for period in periods[1:]:
            if (train := ~out & (when < period)).any():
                yield train, out & (when == period)


def _heldout(
    splits: list[tuple[Array, Array]],
    u: Array,
    n: Array,
    events: Array,
    share: Array,
    lambdas: tuple[float, ...],
    family: Family,
    bound: Bound | None,
) -> Array:
    """Return by lambda the log odds of a good order, by fits that have not seen the row."""
    found = np.zeros((len(lambdas), len(n)))
    for train, test in splits:
        for at, penalty in enumerate(lambdas):
            a, beta = fit_betas(u[train], n[train], events[train], share, penalty, family, bound)
            found[at, test] = u[test] @ beta - a
    return found


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
    u: Array,
    n: Array,
    events: Array,
    share: Array,
    penalty: float,
    family: Family,
    bound: Bound | None,
    who: Array,
    seed: int,
) -> Array:
    """Return the 5th and the 95th percentile of the weights over resamples of the merchants."""
    rng = np.random.default_rng(seed)
    count = int(who.max()) + 1
    found = []
    for _ in range(_RESAMPLES):
        times = np.bincount(rng.integers(count, size=count), minlength=count)[who]
        some = times > 0
        weight = times[some]
        _, beta = fit_betas(
            u[some], n[some] * weight, events[some] * weight, share, penalty, family, bound
        )
        found.append(beta / max(beta.sum(), 1e-12))
    return np.asarray(np.percentile(found, [5, 95], axis=0))
