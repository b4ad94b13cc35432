"""Priors: recovered where they are known, flawed where nothing can be known, never one's own."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import betabinom, nbinom

from trustscore.fitting.priors import (
    STRENGTHS,
    Prior,
    fit_counts,
    fit_means,
    fit_values,
    group_priors,
    unit_variance,
)


def volumes(rng, rows):
    return np.floor(np.exp(rng.uniform(0, 6, rows))) + 1


@pytest.mark.parametrize(("rate", "strength"), [(0.02, 60.0), (0.8, 12.0)])
def test_a_beta_binomial_market_is_recovered(rate, strength):
    rng = np.random.default_rng(3)
    n = volumes(rng, 4000)
    k = rng.binomial(n.astype(int), rng.beta(rate * strength, (1 - rate) * strength, len(n)))
    found = fit_counts("rate", k.astype(float), n)
    assert found.flaw is None
    assert found.prior == pytest.approx(rate, rel=0.05)
    assert found.strength == pytest.approx(strength, rel=0.15)


def test_a_gamma_poisson_market_is_recovered():
    rng = np.random.default_rng(4)
    n = volumes(rng, 4000)
    k = rng.poisson(n * rng.gamma(2.0, 1 / 40.0, len(n))).astype(float)
    found = fit_counts("events", k, n)
    assert found.prior == pytest.approx(0.05, rel=0.05)
    assert found.strength == pytest.approx(40.0, rel=0.15)


def test_common_events_of_at_most_one_an_order_have_the_strength_of_a_rate():
    """Shares vary less than Poisson counts: by those no merchant would ever be told apart."""
    rng = np.random.default_rng(8)
    n = volumes(rng, 2000)
    k = rng.binomial(n.astype(int), rng.beta(0.5 * 20, 0.5 * 20, len(n))).astype(float)
    share = fit_counts("rate", k, n)
    found = fit_counts("events", k, n)
    assert (found.flaw, found.method) == (None, "beta-binomial, ML")
    assert (found.prior, found.strength) == (share.prior, share.strength)
    assert found.strength == pytest.approx(20, rel=0.15)
    # One in a hundred may have more; they count as one an order.
    k[:15] = 2 * n[:15]
    assert fit_counts("events", k, n).method == "beta-binomial, ML"
    k[:40] = 2 * n[:40]
    assert fit_counts("events", k, n).method == "gamma-Poisson, ML"
    rare = rng.binomial(n.astype(int), 0.05).astype(float)
    assert fit_counts("events", rare, n).method.startswith("gamma-Poisson")


def test_a_normal_market_is_recovered():
    rng = np.random.default_rng(5)
    n = volumes(rng, 4000)
    mean = rng.normal(4.6, 0.2, len(n)) + rng.normal(0, 0.9, len(n)) / np.sqrt(n)
    found = fit_means(mean, n)
    assert found.prior == pytest.approx(4.6, abs=0.02)
    assert found.sd == pytest.approx(0.9, rel=0.1)
    assert found.strength == pytest.approx(0.81 / 0.04, rel=0.2)


@pytest.mark.parametrize("kind", ["rate", "events"])
def test_the_likelihood_is_at_its_maximum(kind):
    """Against the distributions of scipy, a step to any side."""
    rng = np.random.default_rng(6)
    n = volumes(rng, 300)
    k = rng.binomial(n.astype(int), rng.beta(2, 20, 300)).astype(float)
    found = fit_counts(kind, k, n)

    def likelihood(p, s):
        if kind == "rate":
            return betabinom.logpmf(k, n, s * p, s * (1 - p)).sum()
        return nbinom.logpmf(k, s * p, s / (s + n)).sum()

    best = likelihood(found.prior, found.strength)
    for p, s in [(1.02, 1), (0.98, 1), (1, 1.05), (1, 0.95)]:
        assert likelihood(found.prior * p, found.strength * s) < best


@pytest.mark.parametrize(
    ("kind", "k", "n", "flaw", "usable"),
    [
        ("rate", np.zeros(30), np.full(30, 9.0), "all_zero", False),
        ("events", np.zeros(30), np.full(30, 9.0), "all_zero", False),
        ("rate", np.full(30, 9.0), np.full(30, 9.0), "all_events", False),
        ("rate", np.full(9, 1.0), np.full(9, 9.0), "too_few", False),
        ("rate", np.full(30, np.nan), np.full(30, 9.0), "too_few", False),
        ("rate", np.full(30, 10.0), np.full(30, 100.0), "no_overdispersion", True),
        ("events", np.full(30, 10.0), np.full(30, 100.0), "no_overdispersion", True),
        (
            "rate",
            np.r_[np.zeros(30), np.full(30, 99.0)],
            np.full(60, 99.0),
            "strength_at_limit",
            True,
        ),
    ],
)
def test_a_degenerate_fit_has_a_name(kind, k, n, flaw, usable):
    found = fit_counts(kind, k, n)
    assert (found.flaw, found.usable) == (flaw, usable)
    assert found.flaw == "too_few" or np.isfinite(found.prior)


def test_one_mean_for_all_merchants_is_no_spread():
    assert fit_means(np.full(30, 4.5), np.full(30, 9.0)).flaw == "constant"
    assert fit_means(np.full(9, 4.5), np.arange(9.0)).flaw == "too_few"
    assert fit_values("count", np.full(30, 3.0)).flaw == "constant"
    assert fit_values("flag", np.r_[np.ones(3), np.zeros(27)]).prior == pytest.approx(0.1)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=10, max_size=40))
def test_no_counts_make_a_prior_that_is_not_a_number(pairs):
    k = np.array([min(a, b) for a, b in pairs], dtype=float)
    n = np.array([max(a, b) for a, b in pairs], dtype=float)
    for kind in ("rate", "events"):
        found = fit_counts(kind, k, n)
        if found.flaw == "too_few":
            continue
        assert 0 <= found.prior <= 50
        assert STRENGTHS[0] <= found.strength <= STRENGTHS[1]


@pytest.mark.parametrize("kind", ["rate", "events"])
def test_a_tenth_of_wrong_rows_hardly_moves_a_prior(kind):
    from trustscore.fitting.evidence import Evidence, prior_of, set_aside

    rng = np.random.default_rng(7)
    n = np.full(900, 100.0)
    k = rng.binomial(100, rng.beta(2, 38, 900)).astype(float)
    notes = []
    dirty = Evidence(kind, np.r_[k, np.full(100, 100.0)], np.full(1000, 100.0), np.full(1000, True))
    found = prior_of(set_aside(dirty, "x", notes))
    without = fit_counts(kind, k, n)
    assert found.prior == pytest.approx(without.prior, rel=0.02)
    assert found.strength == pytest.approx(without.strength, rel=0.05)
    assert [note.name for note in notes] == ["outliers"]


def test_few_orders_are_no_reason_to_be_set_aside():
    from trustscore.fitting.evidence import Evidence, set_aside

    rng = np.random.default_rng(9)
    n = volumes(rng, 3000)
    k = rng.binomial(n.astype(int), rng.beta(2, 18, 3000)).astype(float)
    kept = set_aside(Evidence("rate", k, n, np.full(3000, True)), "x", [])
    assert (~kept.known).mean() < 0.005


def test_the_variance_of_a_raw_rate_by_hand():
    """p = .5, s = 3: spread .5 x .5 / 4 = .0625; at n = 1 all of .25, at n = 2 .125 + .03125."""
    found = unit_variance("rate", np.array([1.0, 2.0]), 0.5, 3.0, None)
    assert found.tolist() == [0.25, 0.15625]
    assert unit_variance("events", np.array([4.0]), 0.2, 10.0, None)[0] == pytest.approx(0.07)
    assert unit_variance("mean", np.array([4.0]), 0.0, 1.0, 2.0)[0] == pytest.approx(5.0)


def test_small_groups_stand_at_the_parent_and_large_ones_by_themselves():
    rng = np.random.default_rng(8)
    parent = Prior(0.10, 60.0, np.nan, 0, 0.0, "")
    true = np.r_[np.full(400, 0.05), np.full(400, 0.15), np.full(3, 0.5), 0.9]
    group = np.r_[np.zeros(400, int), np.ones(400, int), np.full(3, 2), 3]
    n = np.r_[np.full(800, 80.0), np.full(3, 2.0), 1.0]
    y = rng.binomial(n.astype(int), true) / n
    prior, merchants, between = group_priors("rate", y, n, group, 5, parent)
    assert merchants.tolist() == [400, 400, 3, 1, 0]
    assert prior[0] == pytest.approx(0.05, abs=0.01)
    assert prior[1] == pytest.approx(0.15, abs=0.01)
    assert abs(prior[3] - 0.10) < 0.1 < abs(y[-1] - 0.10)
    assert np.isnan(prior[4])
    assert between > 0


def test_groups_that_do_not_differ_are_all_at_the_parent():
    parent = Prior(0.10, 50.0, np.nan, 0, 0.0, "")
    prior, _, between = group_priors(
        "rate", np.full(60, 0.1), np.full(60, 50.0), np.arange(60) % 3, 3, parent
    )
    assert between == 0
    assert prior.tolist() == [0.1, 0.1, 0.1]
