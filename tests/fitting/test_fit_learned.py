"""Learnt weights: the convex problem, the rule in doubt, and what data must not do."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from trustscore.errors import InputError
from trustscore.fitting.learned import learn_weights
from trustscore.fitting.slopes import fit_betas

EXPERT = np.array([0.5, 0.3, 0.2])
TRUE = np.array([0.1, 0.3, 0.6])


def market(merchants, orders, seed=0, true=TRUE, slope=4.0):
    rng = np.random.default_rng(seed)
    u = rng.random((merchants, len(true)))
    n = np.full(merchants, float(orders))
    events = rng.binomial(orders, expit(0.5 - slope * u @ true)).astype(float)
    return u, n, events


def test_the_penalty_is_the_one_that_was_promised():
    """Against a search over a, b and beta with b free, on the loss written out."""
    from scipy.optimize import minimize

    u, n, events = market(60, 20)
    penalty = 3.0

    def loss(theta):
        a, b, beta = theta[0], theta[1], theta[2:]
        eta = a - u @ beta
        fit = (n * np.logaddexp(0, eta) - events * eta).sum()
        return fit + penalty * ((beta - b * EXPERT) ** 2 / EXPERT).sum()

    bounds = [(None, None), (0, None)] + [(0, None)] * 3
    other = minimize(
        loss, np.r_[0, 1, EXPERT], bounds=bounds, options={"maxfun": 10**5, "ftol": 1e-14}
    )
    a, beta, _ = fit_betas(u, n, events, EXPERT, penalty)
    assert loss(np.r_[a, beta.sum(), beta]) <= other.fun + 1e-6
    assert beta == pytest.approx(other.x[2:], abs=2e-3)
    assert beta.sum() == pytest.approx(other.x[1], abs=2e-3)


def test_without_a_penalty_it_is_logistic_regression():
    from sklearn.linear_model import LogisticRegression

    u, n, events = market(400, 30)
    x, y = np.r_[u, u], np.r_[np.ones(400), np.zeros(400)]
    plain = LogisticRegression(C=1e8, tol=1e-8, max_iter=1000).fit(
        x, y, sample_weight=np.r_[events, n - events]
    )
    a, beta, _ = fit_betas(u, n, events, EXPERT, 1e-4)
    assert beta == pytest.approx(-plain.coef_[0], abs=5e-3)
    assert a == pytest.approx(plain.intercept_[0], abs=5e-3)


def test_an_infinite_penalty_is_the_expert():
    u, n, events = market(100, 10)
    _, beta, _ = fit_betas(u, n, events, EXPERT, np.inf)
    assert beta / beta.sum() == pytest.approx(EXPERT)
    _, near, _ = fit_betas(u, n, events, EXPERT, 1e7)
    assert near == pytest.approx(beta, abs=1e-3)


@pytest.mark.parametrize("true", [TRUE, EXPERT], ids=["expert is wrong", "expert is right"])
def test_with_little_data_the_expert_stays(true):
    """A hundred orders and some forty events cannot say what matters, wrong expert or not."""
    moved = [
        np.abs(learn_weights(*market(40, 3, seed, true), EXPERT).weights - EXPERT).max()
        for seed in range(6)
    ]
    assert np.median(moved) < 0.1
    assert (true is TRUE) or max(moved) < 0.1


@pytest.mark.slow
@pytest.mark.parametrize("true", [TRUE, EXPERT], ids=["expert is wrong", "expert is right"])
@pytest.mark.parametrize(("merchants", "orders"), [(12, 5), (20, 6)])
def test_a_handful_of_events_never_moves_the_expert(merchants, orders, true):
    for seed in range(12):
        u, n, events = market(merchants, orders, seed, true)
        if not 0 < events.sum() < n.sum():
            continue
        try:
            found = learn_weights(u, n, events, EXPERT)
        except InputError:  # by chance the index runs the wrong way
            continue
        assert found.weights == pytest.approx(EXPERT)


@pytest.mark.slow
def test_a_gain_within_two_standard_errors_is_luck():
    for seed in range(12):
        found = learn_weights(*market(60, 10, seed, EXPERT), EXPERT)
        assert np.isinf(found.penalty) == (found.gain <= 2 * found.gain_se)


def test_with_much_data_the_expert_gives_way():
    found = learn_weights(*market(4000, 100), EXPERT)
    assert found.weights == pytest.approx(TRUE, abs=0.04)
    assert found.slope == pytest.approx(4.0, abs=0.2)
    assert found.gain > 2 * found.gain_se > 0


def test_when_the_expert_is_right_data_change_nothing():
    found = learn_weights(*market(2000, 50, true=EXPERT), EXPERT)
    assert np.isinf(found.penalty)
    assert found.weights == pytest.approx(EXPERT)


def test_counts_are_learnt_by_poisson():
    rng = np.random.default_rng(1)
    u = rng.random((3000, 3))
    n = np.full(3000, 20.0)
    events = rng.poisson(n * np.exp(1.0 - 3.0 * u @ TRUE)).astype(float)
    assert (events > n).any()
    found = learn_weights(u, n, events, EXPERT, family="poisson")
    assert found.weights == pytest.approx(TRUE, abs=0.05)


def test_outcomes_that_contradict_the_scorecard_are_an_error():
    u, n, events = market(500, 50)
    with pytest.raises(InputError, match="outcomes contradict the scorecard"):
        learn_weights(1 - u, n, events, EXPERT)


def test_one_signal_that_contradicts_has_no_weight():
    u, n, events = market(2000, 50)
    u[:, 0] = 1 - u[:, 0]
    true = np.array([-0.4, 0.3, 0.6])
    rng = np.random.default_rng(2)
    events = rng.binomial(50, expit(-4 * u @ true)).astype(float)
    found = learn_weights(u, n, events, EXPERT)
    assert found.weights[0] == pytest.approx(0, abs=0.01)
    assert (found.weights >= 0).all()


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_single_class_is_an_error(share):
    u, n, _ = market(50, 5)
    with pytest.raises(InputError, match="have a single class"):
        learn_weights(u, n, n * share, EXPERT)


def test_too_few_merchants_are_an_error():
    u, n, events = market(9, 50)
    with pytest.raises(InputError, match="9 merchants with outcomes are too few"):
        learn_weights(u, n, events, EXPERT)


def test_constant_and_collinear_signals_keep_the_proportions_of_the_expert():
    u, n, events = market(2000, 50)
    twins = np.column_stack([u, u[:, 2], np.full(len(u), 0.4)])
    expert = np.array([0.4, 0.2, 0.2, 0.1, 0.1])
    found = learn_weights(twins, n, events, expert)
    assert np.isfinite(found.weights).all()
    assert found.weights[2] / found.weights[3] == pytest.approx(2, rel=0.1)


def test_merchants_without_orders_have_no_say():
    u, n, events = market(200, 20)
    more = np.r_[u, np.zeros((100, 3))], np.r_[n, np.zeros(100)], np.r_[events, np.zeros(100)]
    assert (
        learn_weights(*more, EXPERT).weights == learn_weights(u, n, events, EXPERT).weights
    ).all()


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1), st.integers(12, 60), st.integers(1, 30))
def test_weights_are_always_shares(seed, merchants, orders):
    u, n, events = market(merchants, orders, seed)
    try:
        found = learn_weights(u, n, events, EXPERT)
    except InputError:
        return
    assert (found.weights >= 0).all()
    assert found.weights.sum() == pytest.approx(1)
