"""What the index must be measured against, on the same merchants and the same outcomes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from trustscore.auc import auc
from trustscore.audit.cards import equal_weights
from trustscore.audit.market import Market
from trustscore.outcomes import Outcomes
from trustscore.scorecard import Signal
from trustscore.scoring import Utilities, utilities
from trustscore.typing import Array

__all__ = ["Baseline", "baselines", "rating_signal", "ratings"]

FOLDS = 5


@dataclass(frozen=True, slots=True)
class Baseline:
    """A score to compare with; more is better."""

    name: str
    score: Array
    says: str


def rating_signal(market: Market) -> Signal | None:
    """Return the heaviest mean of stars, by the scorecard's own words; None when there is none."""
    found = [
        signal
        for signal in market.card.signals
        if signal.kind == "mean"
        and not market.missing.intersection(signal.columns)
        and ("rating" in signal.id or signal.words.unit == "stars")
    ]
    return max(found, key=lambda signal: signal.weight, default=None)


def _matrix(market: Market, found: Utilities) -> tuple[Array, list[Signal]]:
    """Return the shrunk value of each signal that varies, turned so that more is better."""
    columns, signals = [], []
    for i, signal in enumerate(market.card.signals):
        value = np.where(found.applies[i], found.value[i], np.nan)
        known = value[~np.isnan(value)]
        if len(known) and known.min() < known.max():
            columns.append(value if signal.higher_is_better else -value)
            signals.append(signal)
    return np.array(columns).T.reshape(market.rows, len(columns)), signals


def _folds(rows: int, seed: int) -> Array:
    order = np.random.default_rng(seed).permutation(rows)
    fold = np.empty(rows, dtype=np.int64)
    fold[order] = np.arange(rows) % FOLDS
    return fold


def _cross_fitted(make: Any, x: Array, outcome: Outcomes, fold: Array) -> Array | None:
    """Return the log-odds of a good order by a model that never saw the merchant."""
    from threadpoolctl import threadpool_limits

    score = np.zeros(len(x))
    good = outcome.n - outcome.events
    for number in range(FOLDS):
        train, test = fold != number, fold == number
        # A merchant is two rows, its bad and its good orders, weighed by how many there are.
        rows = np.concatenate((x[train], x[train]))
        label = np.repeat((0, 1), train.sum())
        weight = np.concatenate((outcome.events[train], good[train]))
        held = weight > 0
        if len(np.unique(label[held])) < 2:
            return None
        model = make()
        # One thread: the same sums in the same order, whatever the machine.
        with threadpool_limits(1):
            model.fit(rows[held], label[held], weight[held])
            score[test] = model.decision_function(x[test])
    return score


def ratings(market: Market, found: Utilities) -> list[Baseline]:
    """Return the plain and the shrunk mean of stars; none where the scorecard has no stars."""
    rating = rating_signal(market)
    if rating is None:
        return []
    raw = market.block[rating.value]
    plain = np.where(np.isnan(raw), np.nanmean(raw) if not np.isnan(raw).all() else 0.0, raw)
    sign = 1.0 if rating.higher_is_better else -1.0
    place = market.card.signals.index(rating)
    shrunk = np.nan_to_num(found.value[place], nan=rating.prior)
    return [
        Baseline("mean rating", sign * plain, f"{rating.id}, blank = the mean"),
        Baseline("Bayesian average", sign * shrunk, f"{rating.id}, shrunk"),
    ]


def baselines(market: Market, outcome: Outcomes, seed: int) -> tuple[list[Baseline], list[str]]:
    """Return the scores to compare with, and what could not be made and why.

    Parameters
    ----------
    market : Market
        Merchants with outcomes only.
    outcome : Outcomes
        Of these merchants.
    seed : int
    """
    rng = np.random.default_rng(seed)
    found = utilities(market.block, market.card, missing=market.missing)
    bad, good = outcome.events, outcome.n - outcome.events
    made = [Baseline("random", rng.permutation(market.rows) * 1.0, "a shuffle")]
    left_out = []
    rated = ratings(market, found)
    made += rated
    if not rated:
        left_out.append("mean rating and Bayesian average: the scorecard has no mean of stars")
    x, signals = _matrix(market, found)
    if not signals:
        left_out.append("single signal and models: no signal differs between merchants")
        return made, left_out
    filled = np.where(np.isnan(x), np.nanmedian(x, axis=0), x)
    areas = [auc(column, bad, good) for column in filled.T]
    best = int(np.argmax(areas))
    made.append(
        Baseline(
            "best single signal",
            filled[:, best],
            f"{signals[best].id}, chosen on these outcomes, which flatters it",
        )
    )
    equal = market.scored(equal_weights(market.card))
    made.append(Baseline("equal weights", equal.raw_index, "every signal weighs the same"))
    if len(bad) < 2 * FOLDS:
        left_out.append(f"models: fewer than {2 * FOLDS} merchants have outcomes")
        return made, left_out
    fold = _folds(market.rows, seed)
    for name, score, says in (
        ("logistic scorecard", _cross_fitted(_logistic, filled, outcome, fold), "any sign"),
        (
            "gradient boosting",
            _cross_fitted(lambda: _boosting(x.shape[1]), x, outcome, fold),
            "monotone in every signal: the ceiling",
        ),
    ):
        if score is None:
            left_out.append(f"{name}: events are too few for {FOLDS} folds")
        else:
            made.append(Baseline(name, score, f"{says}; cross-fitted over merchants"))
    return made, left_out


def _logistic() -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    class Standard:
        """Scaling that ignores weights, so that a merchant's columns mean the same to all."""

        def fit(self, x: Array, label: Array, weight: Array) -> None:
            self.scaler = StandardScaler().fit(x)
            self.model = LogisticRegression(max_iter=2000)
            self.model.fit(self.scaler.transform(x), label, weight)

        def decision_function(self, x: Array) -> Array:
            found: Array = self.model.decision_function(self.scaler.transform(x))
            return found

    return Standard()


def _boosting(columns: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(
        monotonic_cst=[1] * columns,
        max_iter=150,
        learning_rate=0.05,
        max_leaf_nodes=15,
        min_samples_leaf=20,
        l2_regularization=5.0,
        early_stopping=False,
        random_state=0,
    )
