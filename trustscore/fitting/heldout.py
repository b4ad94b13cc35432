"""What weights foretell of merchants, months and judgements that they were not learnt from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.stats import beta as beta_law

from trustscore.fitting.bound import Bound
from trustscore.fitting.slopes import Compared, Family, Slopes, fit_betas, losses_of
from trustscore.typing import Array

__all__ = [
    "Held",
    "Ordered",
    "Rows",
    "Split",
    "dyadic_variance",
    "hold_out",
    "ordered",
    "splits_of",
]

# A pair is tested where both merchants are held out, which few folds bring about: judgements are
# split several times over.
_REPEATS = 5
_SURE = 1.96


class Rows(NamedTuple):
    """What weights are learnt from.

    Attributes
    ----------
    u : ndarray of shape (rows, signals)
    n, events : ndarray of shape (rows,)
    family : {"binomial", "poisson"}
    who, when : ndarray of int of shape (rows,)
        Number of the merchant, and of the period.
    compared : Compared
        Judgements, maybe none.
    """

    u: Array
    n: Array
    events: Array
    family: Family
    who: Array
    when: Array
    compared: Compared

    def fit(
        self,
        share: Array,
        penalty: float,
        bound: Bound | None,
        rows: Array,
        pairs: Array,
        times: Array | None = None,
    ) -> Slopes:
        """Fit slopes to some rows and pairs; each counts as often as its merchants are drawn."""
        n, events = self.n[rows], self.events[rows]
        often = None
        if times is not None:
            drawn = times[self.who[rows]]
            n, events = n * drawn, events * drawn
            often = times[self.compared.worse] * times[self.compared.better]
        said = self.compared.take(pairs, often)
        return fit_betas(
            self.u[rows],
            n,
            events,
            share,
            penalty,
            self.family,
            bound,
            said if len(said.n) else None,
        )


class Split(NamedTuple):
    """Rows and pairs to learn from, and those to test on: masks."""

    train: Array
    test: Array
    train_pairs: Array
    test_pairs: Array


class Held(NamedTuple):
    """Losses and scores by lambda, of rows and of pairs, by fits that have not seen them."""

    losses: Array
    scores: Array
    pair_losses: Array
    pair_scores: Array


class Ordered(NamedTuple):
    """The share of held-out judgements that an index orders as the judge did.

    Attributes
    ----------
    share, expert : (float, float, float)
        Of the learnt weights and of the expert's: the share, and its 95 % interval.
    apart : (float, float, float)
        The first less the second, paired.
    pairs : int
        Judgements held out, ties apart.
    """

    share: tuple[float, float, float]
    expert: tuple[float, float, float]
    apart: tuple[float, float, float]
    pairs: int


def splits_of(rows: Rows, count: int, folds: int, seed: int) -> Iterator[Split]:
    """Return what to learn from and what to test on, by fold of merchants and by origin.

    No merchant stands on both sides: a pair is learnt from where neither of its merchants is held
    out, and tested where both are. Judgements are of the newest export, so they are tested in the
    last period.
    """
    rng = np.random.default_rng(seed)
    said = rows.compared
    periods = np.unique(rows.when).tolist()
    for repeat in range(_REPEATS if len(said.n) else 1):
        fold = rng.permutation(count) % folds
        for number in np.unique(fold).tolist():
            out = fold == number
            gone, learn = out[rows.who], ~out[said.worse] & ~out[said.better]
            test = out[said.worse] & out[said.better]
            if repeat and not test.any():
                continue
            nothing = np.zeros_like(gone)
            if len(periods) < 2:
                yield Split(~gone, nothing if repeat else gone, learn, test)
            for period in periods[1:]:
                last = period == periods[-1]
                if repeat and not last:
                    continue
                train = ~gone & (rows.when < period)
                if train.any():
                    here = nothing if repeat else gone & (rows.when == period)
                    yield Split(train, here, learn, test if last else np.zeros_like(test))


def hold_out(
    rows: Rows,
    splits: list[Split],
    share: Array,
    lambdas: tuple[float, ...],
    bound: Bound | None,
) -> Held:
    """Return losses and scores by lambda, averaged over the times that a pair is tested."""
    said = rows.compared
    scores, losses = (np.zeros((len(lambdas), len(rows.n))) for _ in range(2))
    pair_scores, pair_losses = (np.zeros((len(lambdas), len(said.n))) for _ in range(2))
    often = np.maximum(np.sum([split.test_pairs for split in splits], axis=0), 1)
    for split in splits:
        for at, penalty in enumerate(lambdas):
            if not len(said.n[split.train_pairs]) and not split.train.any():
                continue
            a, beta, scale = rows.fit(share, penalty, bound, split.train, split.train_pairs)
            score = rows.u[split.test] @ beta - a
            scores[at, split.test] = score
            part = rows.n[split.test], rows.events[split.test]
            losses[at, split.test] = losses_of(rows.family, -score, *part)
            test = said.take(split.test_pairs)
            score = scale * (test.apart @ beta)
            pair_scores[at, split.test_pairs] += score
            pair_losses[at, split.test_pairs] += losses_of("binomial", -score, test.n, test.events)
    return Held(losses, scores, pair_losses / often, pair_scores / often)


def dyadic_variance(values: Array, one: Array, other: Array) -> float:
    """Return the variance of a sum over pairs, of which those that share a merchant are alike.

    Examples
    --------
    Pairs that share nobody add their squares; the same two merchants add up first:

    >>> dyadic_variance(np.array([1.0, 2.0]), np.array([0, 2]), np.array([1, 3]))
    5.0
    >>> dyadic_variance(np.array([1.0, 2.0]), np.array([0, 1]), np.array([1, 0]))
    9.0
    """
    size = int(max(one.max(), other.max())) + 1
    of_merchant = np.bincount(one, values, size) + np.bincount(other, values, size)
    pair = np.unique(np.minimum(one, other) * size + np.maximum(one, other), return_inverse=True)[1]
    of_pair = np.bincount(pair, values)
    # A pair stands with both its merchants, so its square was counted twice.
    own = float((of_pair**2).sum())
    return max(float((of_merchant**2).sum()) - own, own)


def ordered(learned: Array, expert: Array, said: Compared, tested: Array) -> Ordered | None:
    """Return how many held-out judgements two scores order as the judge did; None of no pairs."""
    rows = tested & (said.events != said.n / 2)
    if not rows.any():
        return None
    sign = np.where(said.events < said.n / 2, 1.0, -1.0)[rows]
    weight = np.abs(said.n - 2 * said.events)[rows]
    weight = weight / weight.sum()
    right = [0.5 + 0.5 * np.sign(sign * score[rows]) for score in (learned, expert)]
    ends = [said.worse[rows], said.better[rows]]

    def of_share(values: Array) -> tuple[float, float, float]:
        share = float(weight @ values)
        variance = dyadic_variance(weight * (values - share), *ends)
        # The exact interval of a binomial share, for as many pairs as are left when those that
        # share a merchant count as alike.
        most = 1.0 / float(weight @ weight)
        size = min(most, share * (1 - share) / variance) if variance > 0 else most
        good, bad = share * size, (1 - share) * size
        low = float(beta_law.ppf(0.025, good, bad + 1)) if good > 0 else 0.0
        high = float(beta_law.ppf(0.975, good + 1, bad)) if bad > 0 else 1.0
        return share, low, high

    apart = right[0] - right[1]
    mean = float(weight @ apart)
    wide = _SURE * float(np.sqrt(dyadic_variance(weight * (apart - mean), *ends)))
    return Ordered(
        of_share(right[0]), of_share(right[1]), (mean, mean - wide, mean + wide), int(rows.sum())
    )
