import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from trustscore.audit.measures import auc, bootstrap_auc, interval, weighted_spearman

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


def test_no_interval_where_most_samples_have_one_class():
    draws = bootstrap_auc(
        {"s": np.arange(3.0)}, np.array([1.0, 0, 0]), np.array([0, 1.0, 1]), 0, 99
    )
    assert np.isnan(interval(draws["s"])).all()
