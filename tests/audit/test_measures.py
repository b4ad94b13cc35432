import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, spearmanr, ttest_ind
from sklearn.metrics import roc_auc_score

from trustscore.auc import auc
from trustscore.audit.measures import (
    auc_without_each,
    bootstrap_auc,
    event_rates,
    interval,
    mean_gap,
    weighted_spearman,
)

SCORES = np.array([10.0, 20.0, 20.0, 30.0])


@pytest.mark.parametrize(
    ("bad", "good", "expected"),
    [
        # All bad orders below all good ones.
        ([1, 0, 0, 0], [0, 1, 1, 1], 1.0),
        ([0, 0, 0, 1], [1, 1, 1, 0], 0.0),
        # Four pairs: two right, one tie, one within the same merchant, which is a tie as well.
        ([0, 1, 0, 0], [0, 1, 1, 2], (0.5 + 0.5 + 1 + 1) / 4),
        # Orders, not merchants, are compared.
        ([9, 0, 0, 1], [0, 1, 0, 0], 9 / 10),
    ],
)
def test_auc_by_hand(bad, good, expected):
    assert auc(SCORES, np.array(bad) * 1.0, np.array(good) * 1.0) == pytest.approx(expected)


def test_auc_of_one_class_is_unknown():
    assert np.isnan(auc(SCORES, np.zeros(4), np.ones(4)))


counts = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 4)), min_size=2, max_size=30
)


@given(counts)
def test_auc_is_that_of_the_orders_one_by_one(rows):
    score, bad, good = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    if bad.sum() == 0 or good.sum() == 0:
        return
    label = np.concatenate(
        [np.repeat(0, int(b)) for b in bad] + [np.repeat(1, int(g)) for g in good]
    )
    each = np.concatenate(
        [np.repeat(s, int(b)) for s, b in zip(score, bad, strict=True)]
        + [np.repeat(s, int(g)) for s, g in zip(score, good, strict=True)]
    )
    found = auc(score, bad, good)
    assert found == pytest.approx(roc_auc_score(label, each))
    assert auc(-score, bad, good) == pytest.approx(1 - found)
    assert auc(score**3, bad, good) == pytest.approx(found)


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=3, max_size=30))
def test_spearman_without_weights_is_the_usual_one(rows):
    x, y = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    found = weighted_spearman(x, y, np.ones(len(x)))
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        assert np.isnan(found)
    else:
        assert found == pytest.approx(spearmanr(x, y).statistic, abs=1e-9)


def test_a_weight_counts_like_so_many_merchants():
    x, y = np.array([1.0, 2.0, 3.0]), np.array([0.3, 0.1, 0.2])
    weighted = weighted_spearman(x, y, np.array([1.0, 3.0, 2.0]))
    repeated = np.array([0, 1, 1, 1, 2, 2])
    assert weighted == pytest.approx(weighted_spearman(x[repeated], y[repeated], np.ones(6)))


def test_the_bootstrap_pairs_its_scores_and_repeats():
    rng = np.random.default_rng(0)
    score, bad = rng.normal(size=200), rng.integers(0, 3, 200) * 1.0
    scores = {"one": score, "same order": 2 * score + 1}
    first = bootstrap_auc(scores, bad, np.ones(200), seed=5, draws=50)
    assert np.array_equal(first["one"], first["same order"])
    assert np.array_equal(first["one"], bootstrap_auc(scores, bad, np.ones(200), 5, 50)["one"])
    low, high = interval(first["one"])
    assert low < auc(score, bad, np.ones(200)) < high


@given(counts)
def test_an_area_without_a_merchant_is_that_of_the_others(rows):
    score, bad, good = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    area, without = auc_without_each(score, bad, good)
    assert area == pytest.approx(auc(score, bad, good), nan_ok=True)
    for at, each in enumerate(without):
        rest = np.arange(len(score)) != at
        assert each == pytest.approx(auc(score[rest], bad[rest], good[rest]), nan_ok=True)


def test_no_interval_where_one_merchant_has_every_event():
    draws = bootstrap_auc(
        {"s": np.arange(3.0)}, np.array([1.0, 0, 0]), np.array([0, 1.0, 1]), 0, 99
    )
    assert np.isnan(interval(draws["s"])).all()
    assert np.isnan(interval(np.array([]))).all()


def few_merchants(merchants, rng):
    quality = rng.normal(size=merchants)
    bad = rng.binomial(50, 1 / (1 + np.exp(2 + 0.8 * quality))) * 1.0
    return quality + rng.normal(size=merchants), bad, 50 - bad


@pytest.mark.parametrize("merchants", [3, 5, 20])
def test_intervals_of_few_merchants_cover_what_they_state(merchants):
    """Merchants drawn with replacement cover 59 %, 79 % and 90 % of the time here."""
    truth = auc(*few_merchants(200_000, np.random.default_rng(99)))
    rng = np.random.default_rng(1)
    held = []
    for seed in range(400):
        score, bad, good = few_merchants(merchants, rng)
        low, high = interval(bootstrap_auc({"s": score}, bad, good, seed, 300)["s"])
        held += [] if np.isnan(low) else [low <= truth <= high]
    assert len(held) > 300
    assert np.mean(held) > 0.93


def test_a_rate_of_alike_merchants_is_that_of_a_binomial():
    n, events = np.full(1000, 1.0), np.r_[np.ones(30), np.zeros(970)]
    found = event_rates(np.zeros(1000, dtype=int), 1, n, events)
    exact = beta.ppf([0.025, 0.975], [30, 31], [971, 970])
    assert found.rate[0] == 0.03
    assert (found.low[0], found.high[0]) == pytest.approx(exact, abs=2e-4)


def test_orders_of_one_merchant_count_for_less():
    n = np.full(50, 20.0)
    alike, unlike = np.full(50, 4.0), np.r_[np.full(10, 20.0), np.zeros(40)]
    wide, narrow = (event_rates(np.zeros(50, int), 1, n, k) for k in (unlike, alike))
    assert wide.rate[0] == narrow.rate[0] == 0.2
    assert wide.high[0] - wide.low[0] > 3 * (narrow.high[0] - narrow.low[0])


def test_rates_without_events_or_orders_have_honest_ends():
    code = np.repeat([0, 1, 2], 30)
    n = np.r_[np.full(60, 5.0), np.zeros(30)]
    found = event_rates(code, 3, n, np.r_[np.zeros(30), np.full(30, 5.0), np.zeros(30)])
    assert found.low[0] == 0 and 0.01 < found.high[0] < 0.06
    assert found.high[1] == 1 and 0.94 < found.low[1] < 0.99
    assert np.isnan([found.rate[2], found.low[2], found.high[2]]).all()
    gap, low, high = found.gap(1, 0)
    assert gap == 1 and 0.9 < low < 1 and high == 1
    assert np.isnan(found.gap(0, 2)).all()


def test_a_gap_of_means_is_that_of_welch():
    rng = np.random.default_rng(5)
    one, other = rng.normal(3, 1, 12), rng.normal(1, 4, 30)
    ends = ttest_ind(one, other, equal_var=False).confidence_interval()
    assert mean_gap(one, other)[1:] == pytest.approx((ends.low, ends.high))
    assert np.isnan(mean_gap(one[:1], other)[1:]).all()
