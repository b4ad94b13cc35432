"""How well an index of Olist's sellers on 2017-12-01 tells what came after, and what could.

Run:  TRUSTSCORE_DATA=folder python benchmarks/olist_fit.py [--scorecard olist] [--repeats 5]

AUC over orders: the chance that a seller's figure is worse at an order with the event than at
one without. Orders are those bought from 2017-12-01 up to 2018-03-01 from sellers of the export
of 2017-12-01, with what was known on 2018-03-01 (see olist_outcomes.py). Intervals are 95 %
bootstrap intervals over sellers; differences are over the same draws.

Whatever is fitted to outcomes is cross-fitted over sellers: ten folds, in which the folds left
out are scored by what the others say, lambda chosen inside them; repeated with other folds.
Scores of different folds meet on the scale of log odds.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from trustscore.fitting import collect_outcomes
from trustscore.fitting.learned import learn_weights
from trustscore.fitting.shares import fill_not_applicable
from trustscore.io.blocks import read_blocks
from trustscore.scorecard import load_scorecard
from trustscore.scorecard.shares import shares
from trustscore.scoring import score_columns, utilities

try:
    from benchmarks.olist_outcomes import NAMES, orders_after, outcomes
except ModuleNotFoundError:  # run as a script, whose folder is searched instead
    from olist_outcomes import NAMES, orders_after, outcomes

DAY, END = "2017-12-01", "2018-03-01"
FOLDS, DRAWS = 10, 2000


def auc(score, n, events, weight):
    """Return the chance that an order with the event has a lower score than one without."""
    order = np.argsort(score, kind="stable")
    sorted_ = score[order]
    group = np.cumsum(np.r_[True, sorted_[1:] != sorted_[:-1]]) - 1
    bad = np.bincount(group, (events * weight)[order])
    good = np.bincount(group, ((n - events) * weight)[order])
    below = np.cumsum(bad) - bad
    return float(((below + bad / 2) * good).sum() / (bad.sum() * good.sum()))


def cross_fitted(fit, u, n, events, repeats):
    """Return the mean over repeats of out-of-fold scores."""
    total = np.zeros(len(n))
    for repeat in range(repeats):
        fold = np.random.default_rng(repeat).permutation(len(n)) % FOLDS
        for number in range(FOLDS):
            out = fold == number
            total[out] += fit(u[~out], n[~out], events[~out])(u[out])
    return total / repeats


def doubled(u, n, events):
    """Return orders as rows with weights, for scikit-learn."""
    weight = np.r_[events, n - events]
    some = weight > 0
    label = np.r_[np.ones(len(n)), np.zeros(len(n))]
    return np.r_[u, u][some], label[some], weight[some]


def learned(expert):
    """Return the learner of non-negative weights, held to the expert."""

    def fit(u, n, events):
        found = learn_weights(u, n, events, expert)
        return lambda x: found.slope * (x @ found.weights) - found.intercept

    return fit


def logistic(u, n, events):
    """Fit a logistic scorecard with scikit-learn's default penalty."""
    x, y, w = doubled(u, n, events)
    model = LogisticRegression(max_iter=2000).fit(x, y, sample_weight=w)
    return lambda x: -model.decision_function(x)


def boosting(u, n, events):
    """Fit monotone gradient boosting."""
    x, y, w = doubled(u, n, events)
    model = HistGradientBoostingClassifier(
        monotonic_cst=[-1] * u.shape[1],
        max_iter=60,
        learning_rate=0.05,
        max_leaf_nodes=8,
        l2_regularization=1.0,
    ).fit(x, y, sample_weight=w)
    return lambda x: -model.decision_function(x)


def best_single(u, n, events):
    """Return the signal that tells most in the sellers it may look at."""
    one = np.ones(len(n))
    best = int(np.argmax([auc(column, n, events, one) for column in u.T]))
    return lambda x: x[:, best]


def candidates(card, block, repeats, n, events):
    """Return the figures to compare, by name."""
    used = n > 0
    told = card.file.provenance.get("shares", {})
    expert = shares(card)
    if told:
        expert = np.array([told[signal.id]["before"] for signal in card.signals])
        expert /= expert.sum()
    found = utilities(block, card)
    u = fill_not_applicable(card, found.utility, found.applies, expert).T[used]
    place = [signal.id for signal in card.signals].index("product_rating_mean")
    stars = block["product_rating_mean"][used]
    n, events = n[used], events[used]
    return {
        f"scorecard {card.stamp}": score_columns(block, card).raw_index[used],
        "expert weights": u @ expert,
        "learned weights": cross_fitted(learned(expert), u, n, events, repeats),
        "monotone gradient boosting": cross_fitted(boosting, u, n, events, repeats),
        "logistic": cross_fitted(logistic, u, n, events, repeats),
        "best single signal": cross_fitted(best_single, u, n, events, 1),
        "equal weights": u.mean(axis=1),
        "Bayesian average of stars": found.value[place][used],
        "mean stars": np.where(np.isnan(stars), np.nanmean(stars), stars),
    }


def interval(point, draws, sign):
    """Return a figure with its interval, as text."""
    low, high = np.quantile(draws, [0.025, 0.975])
    return f"{point:{sign}.3f} [{low:{sign}.3f}, {high:{sign}.3f}]"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--scorecard", default="olist")
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    if "TRUSTSCORE_DATA" not in os.environ:
        parser.error("TRUSTSCORE_DATA must name the folder that holds olist/")
    folder = Path(os.environ["TRUSTSCORE_DATA"], "olist")
    card = load_scorecard(given.scorecard)
    [read] = read_blocks(folder / f"merchants_{DAY}.csv", card, block=1 << 24)
    orders = orders_after(folder, DAY, END)
    for name in NAMES:
        table: pd.DataFrame = outcomes(orders, name, DAY)
        columns = [table[c].to_numpy() for c in ("merchant_id", "n", "events")]
        later = collect_outcomes(*columns)
        joined = later.join(read.block["merchant_id"])
        n, events = joined.n, joined.events
        scores = candidates(card, read.block, given.repeats, n, events)
        n, events = n[n > 0], events[n > 0]
        draw = np.random.default_rng(0)
        draws = draw.multinomial(len(n), np.full(len(n), 1 / len(n)), DRAWS)
        print(f"{name}: {len(n)} sellers, {n.sum():.0f} orders, {events.sum():.0f} events")
        one = np.ones(len(n))
        points = {label: auc(score, n, events, one) for label, score in scores.items()}
        spreads = {
            label: np.array([auc(score, n, events, w) for w in draws])
            for label, score in scores.items()
        }
        print(f"  {'AUC':<22} {'over mean stars':<25} {'over boosting':<25}")
        for label, point in points.items():
            line = f"  {interval(point, spreads[label], '')}"
            for other in ("mean stars", "monotone gradient boosting"):
                apart = spreads[label] - spreads[other]
                line += f"  {interval(point - points[other], apart, '+')}"
            print(f"{line}  {label}")


if __name__ == "__main__":
    main()
