"""Priors: recovered where they are known, flawed where nothing can be known, never one's own."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta, betabinom, binom, gamma, nbinom, norm

from trustscore.fitting.counts import fit_counts
from trustscore.fitting.evidence import SignalEvidence, fit_evidence
from trustscore.fitting.groups import fit_groups
from trustscore.fitting.means import fit_means
from trustscore.fitting.priors import STRENGTHS, Prior, Stated, fit_values, unit_variance


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


@pytest.mark.parametrize("rate", [0.08, 0.2, 0.5])
@pytest.mark.parametrize("orders", [6, 400])
def test_events_of_at_most_one_an_order_have_the_strength_of_a_rate(rate, orders):
    """Shares vary less than Poisson counts: by those no merchant would ever be told apart."""
    rng = np.random.default_rng(8)
    n = rng.integers(1, orders, 4000).astype(float)
    k = rng.binomial(n.astype(int), rng.beta(rate * 20, (1 - rate) * 20, len(n))).astype(float)
    found = fit_counts("events", k, n)
    assert (found.flaw, found.method) == (None, "beta-binomial, ML")
    assert found.prior == pytest.approx(rate, rel=0.05)
    assert found.strength == pytest.approx(20, rel=0.3)


@pytest.mark.parametrize("rate", [0.05, 0.1, 0.3])
@pytest.mark.parametrize("orders", [6, 400])
def test_events_of_several_an_order_have_the_strength_of_a_poisson_count(rate, orders):
    rng = np.random.default_rng(8)
    n = rng.integers(1, orders, 4000).astype(float)
    k = rng.poisson(n * rng.gamma(rate * 20, 1 / 20, len(n))).astype(float)
    found = fit_counts("events", k, n)
    assert found.prior == pytest.approx(rate, rel=0.07)
    assert found.strength == pytest.approx(20, rel=0.35)


@pytest.mark.parametrize("orders", [6, 20, 120])
def test_the_strength_of_events_does_not_jump(orders):
    """The same luck at every rate: what moves is the rate alone, and one more odd merchant."""
    rng = np.random.default_rng(3)
    n = rng.integers(1, orders, 1500).astype(float)
    luck, chance = rng.random(1500), rng.random(1500)

    def strength(rate, odd=0):
        true = beta.ppf(luck, 20 * rate, 20 * (1 - rate))
        k = binom.ppf(chance, n, true)
        k[:odd] = n[:odd] + 1
        return fit_counts("events", k, n).strength

    found = np.array([strength(rate) for rate in np.arange(0.08, 0.125, 0.0025)])
    steps = np.abs(np.diff(np.log(found)))
    assert steps.max() < 0.35
    assert abs(np.log(strength(0.0999) / strength(0.1001))) < 0.1
    shares = np.log([strength(0.3, odd) for odd in range(10, 22)])
    assert np.abs(np.diff(shares)).max() < 0.25


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
    true = rng.beta(2, 20, 300) if kind == "rate" else rng.gamma(8, 0.1, 300)
    draw = rng.binomial(n.astype(int), true) if kind == "rate" else rng.poisson(n * true)
    k = draw.astype(float)
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


# What cannot be told --------------------------------------------------------------------------


def single(rng, rows=3000):
    return rng.binomial(1, rng.beta(0.9, 2.1, rows)).astype(float), np.ones(rows)


def barely(rng, rows=3000):
    n = np.r_[np.full(6, 2.0), np.ones(rows - 6)]
    return rng.binomial(n.astype(int), rng.beta(0.9, 2.1, rows)).astype(float), n


STATED = Stated(0.25, 20.0, 0.8)


@pytest.mark.parametrize("kind", ["rate", "events"])
@pytest.mark.parametrize("draw", [single, barely])
def test_single_orders_do_not_tell_a_strength(kind, draw):
    k, n = draw(np.random.default_rng(0))
    found = fit_counts(kind, k, n, stated=STATED)
    assert (found.strength, found.untold, found.flaw) == (20.0, ("strength",), None)
    assert found.prior == pytest.approx(0.3, abs=0.03)
    # Nobody states one: a convention, and never a merchant who cannot be moved.
    assert fit_counts(kind, k, n).strength == 10.0


def test_a_single_event_tells_no_prior():
    k = np.r_[1.0, np.zeros(29)]
    found = fit_counts("rate", k, np.full(30, 3.0), stated=Stated(0.02, 20.0))
    assert (found.prior, found.strength) == (0.02, 20.0)
    assert found.untold == ("prior", "strength") and not found.usable
    # What the data speak against does not stay.
    assert fit_counts("rate", k, np.full(30, 3.0), stated=Stated(0.5, 20.0)).usable


def test_few_merchants_do_not_tell_a_strength_that_they_do_not_contradict():
    rng = np.random.default_rng(2)
    k = rng.binomial(4, rng.beta(2, 18, 15)).astype(float)
    found = fit_counts("rate", k, np.full(15, 4.0), stated=Stated(0.1, 30.0))
    assert (found.strength, found.untold) == (30.0, ("strength",))


def test_merchants_who_are_alike_contradict_a_strength_that_asks_for_spread():
    n = np.full(400, 500.0)
    k = np.random.default_rng(3).binomial(500, 0.1, 400).astype(float)
    found = fit_counts("rate", k, n, stated=Stated(0.1, 20.0))
    assert found.flaw == "no_overdispersion" and found.strength > 4900
    assert found.untold == ()
    # Of a strength that data leave open nothing is written.
    k, n = np.random.default_rng(3).binomial(5, 0.1, 40).astype(float), np.full(40, 5.0)
    assert fit_counts("rate", k, n, stated=Stated(0.1, 60.0)).untold == ("strength",)


@pytest.mark.parametrize("n", [np.full(2000, 9.0), 9.0 + np.arange(2000) % 2])
def test_equal_samples_do_not_tell_chance_from_differences(n):
    """sd stays as stated, and the spread between merchants is what it leaves."""
    rng = np.random.default_rng(4)
    y = rng.normal(4.5, 0.2, 2000) + rng.normal(0, 0.9, 2000) / 3
    found = fit_means(y, n, stated=Stated(sd=0.9, strength=7.0))
    assert (found.sd, found.untold) == (pytest.approx(0.9), ("sd",))
    assert found.strength == pytest.approx((0.9 / 0.2) ** 2, rel=0.35)
    assert found.prior == pytest.approx(4.5, abs=0.02)
    nobody = fit_means(y, n)
    assert nobody.untold == ("strength", "sd") and nobody.strength == 10.0


def test_equal_samples_that_vary_less_than_the_stated_sd_leave_the_strength():
    rng = np.random.default_rng(5)
    y = 4.5 + rng.normal(0, 0.9, 40) / 3
    found = fit_means(y, np.full(40, 9.0), stated=Stated(sd=0.9, strength=40.0))
    assert (found.strength, found.untold) == (40.0, ("strength", "sd"))


@pytest.mark.parametrize("kind", ["rate", "events"])
@given(data=st.data())
@settings(max_examples=25)
def test_no_counts_give_a_strength_that_they_cannot_tell(kind, data):
    """One order each, whoever fails: the stated strength stays."""
    k = np.array(data.draw(st.lists(st.integers(0, 1), min_size=12, max_size=60)), dtype=float)
    found = fit_counts(kind, k, np.ones(len(k)), stated=Stated(0.3, 17.0))
    assert found.strength == 17.0


# Outliers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["rate", "events"])
def test_a_tenth_of_wrong_rows_hardly_moves_a_prior(kind):
    rng = np.random.default_rng(7)
    n = np.full(900, 100.0)
    k = rng.binomial(100, rng.beta(2, 38, 900)).astype(float)
    notes = []
    wrong = SignalEvidence(
        kind, np.r_[k, np.full(100, 100.0)], np.full(1000, 100.0), np.full(1000, True)
    )
    found, kept = fit_evidence(wrong, "x", notes)
    without = fit_counts(kind, k, n)
    assert found.prior == pytest.approx(without.prior, rel=0.001)
    assert found.strength == pytest.approx(without.strength, rel=0.001)
    assert kept.known.sum() == 900
    assert [note.name for note in notes] == ["outliers"]
    assert "100 of 1000 merchants" in notes[0].text and "with them the prior would be" in str(notes)


def test_a_tenth_of_wrong_means_hardly_moves_a_prior():
    rng = np.random.default_rng(7)
    n = volumes(rng, 1000)
    y = rng.normal(4.5, 0.2, 1000) + rng.normal(0, 0.9, 1000) / np.sqrt(n)
    y[:100] = 450.0
    found, _ = fit_evidence(SignalEvidence("mean", y, n, np.full(1000, True)), "x", [])
    without = fit_means(y[100:], n[100:])
    assert found.prior == pytest.approx(without.prior, abs=1e-6)


@pytest.mark.parametrize("shape", [0.1, 0.3, 1.0, 4.0])
def test_a_heavy_tail_that_is_no_error_is_not_cut(shape):
    """The prior of clean data is that of all of them, to the last merchant."""
    rng = np.random.default_rng(11)
    n = volumes(rng, 4000)
    k = rng.poisson(n * rng.gamma(shape, 0.02 / shape, len(n))).astype(float)
    notes = []
    found, kept = fit_evidence(SignalEvidence("events", k, n, np.full(4000, True)), "x", notes)
    assert kept.known.all() and notes == []
    assert found == fit_counts("events", k, n)


@pytest.mark.parametrize("kind", ["rate", "mean", "duration"])
def test_clean_figures_of_any_kind_are_all_used(kind):
    rng = np.random.default_rng(12)
    n = volumes(rng, 4000)
    if kind == "rate":
        value = rng.binomial(n.astype(int), rng.beta(0.2, 4, len(n))).astype(float)
    else:
        value = rng.normal(2, 1.5, len(n)) + rng.normal(0, 2, len(n)) / np.sqrt(n)
    notes = []
    _, kept = fit_evidence(SignalEvidence(kind, value, n, np.full(4000, True)), "x", notes)
    assert kept.known.all() and notes == []


def test_the_median_of_values_without_a_sample_is_that_of_all():
    rng = np.random.default_rng(13)
    y = np.r_[rng.lognormal(0, 1, 900), np.full(100, 1e6)]
    notes = []
    found, kept = fit_evidence(SignalEvidence("score", y, None, np.full(1000, True)), "x", notes)
    assert found.prior == np.median(y)
    # Anchors leave them out, and say so.
    assert kept.known.sum() == 900 and [note.name for note in notes] == ["outliers"]


def test_the_variance_of_a_raw_rate_by_hand():
    """p = .5, s = 3: spread .5 x .5 / 4 = .0625; at n = 1 all of .25, at n = 2 .125 + .03125."""
    found = unit_variance("rate", np.array([1.0, 2.0]), 0.5, 3.0, None)
    assert found.tolist() == [0.25, 0.15625]
    assert unit_variance("events", np.array([4.0]), 0.2, 10.0, None)[0] == pytest.approx(0.07)
    assert unit_variance("mean", np.array([4.0]), 0.0, 1.0, 2.0)[0] == pytest.approx(5.0)


# Groups -------------------------------------------------------------------------------------------


def test_small_groups_stand_at_the_parent_and_large_ones_by_themselves():
    rng = np.random.default_rng(8)
    parent = Prior(0.10, 60.0, np.nan, 0, 0.0, "")
    true = np.r_[np.full(400, 0.05), np.full(400, 0.15), np.full(3, 0.5), 0.9]
    group = np.r_[np.zeros(400, int), np.ones(400, int), np.full(3, 2), 3]
    n = np.r_[np.full(800, 80.0), np.full(3, 2.0), 1.0]
    y = rng.binomial(n.astype(int), true) / n
    found = fit_groups("rate", y, n, group, 5, parent)
    assert found.merchants.tolist() == [400, 400, 3, 1, 0]
    assert found.prior[0] == pytest.approx(0.05, abs=0.01)
    assert found.prior[1] == pytest.approx(0.15, abs=0.01)
    assert abs(found.prior[3] - 0.10) < 0.1 < abs(y[-1] - 0.10)
    assert np.isnan(found.prior[4])
    assert found.between > 0


def test_groups_that_do_not_differ_are_all_at_the_parent():
    parent = Prior(0.10, 50.0, np.nan, 0, 0.0, "")
    found = fit_groups("rate", np.full(60, 0.1), np.full(60, 50.0), np.arange(60) % 3, 3, parent)
    assert (found.between, found.strength) == (0, 50.0)
    assert found.prior.tolist() == [0.1, 0.1, 0.1]


def grouped(kind, shares, centers, rng, rows=3000):
    """Draw merchants whose truth has strength 30 inside each group."""
    group = rng.choice(len(shares), rows, p=shares)
    center = np.array(centers)[group]
    n = rng.integers(5, 60, rows).astype(float)
    if kind == "rate":
        true = rng.beta(center * 30, (1 - center) * 30)
        return group, n, rng.binomial(n.astype(int), true) / n, true
    if kind == "events":
        true = rng.gamma(center * 30) / 30
        return group, n, rng.poisson(n * true) / n, true
    true = rng.normal(4 + 3 * center, 0.9 / np.sqrt(30))
    return group, n, rng.normal(true, 0.9 / np.sqrt(n)), true


def likelihood(kind, n, y, prior, strength, sd):
    if kind == "rate":
        a, b = strength * prior, strength * (1 - prior)
        return betabinom.logpmf(np.round(y * n), n, a, b).sum()
    if kind == "events":
        return nbinom.logpmf(np.round(y * n), strength * prior, strength / (strength + n)).sum()
    return norm.logpdf(y, prior, sd * np.sqrt(1 / n + 1 / strength)).sum()


MARKETS = [
    ([0.97, 0.03], [0.05, 0.25]),
    ([0.5, 0.5], [0.05, 0.15]),
    ([0.9, 0.1], [0.03, 0.3]),
    ([0.96, 0.02, 0.02], [0.05, 0.25, 0.4]),
    (np.full(20, 0.05), np.linspace(0.05, 0.15, 20)),
    (np.full(8, 1 / 8), np.full(8, 0.1)),
]


@pytest.mark.parametrize("kind", ["rate", "events", "mean"])
@pytest.mark.parametrize(("shares", "centers"), MARKETS)
def test_priors_by_group_foretell_other_merchants_better_where_groups_differ(kind, shares, centers):
    """Held-out likelihood: better where groups differ, the same where they do not."""
    rng = np.random.default_rng(17)
    group, n, y, _ = grouped(kind, shares, centers, rng)
    parent = fit_means(y, n) if kind == "mean" else fit_counts(kind, y * n, n)
    found = fit_groups(kind, y, n, group, len(shares), parent)
    group, n, y, _ = grouped(kind, shares, centers, rng)
    with_groups = likelihood(kind, n, y, found.prior[group], found.strength, found.sd)
    without = likelihood(kind, n, y, parent.prior, parent.strength, parent.sd)
    if len(set(centers)) > 1:
        assert with_groups > without + 50
        assert found.strength == pytest.approx(30, rel=0.5)
    else:
        assert with_groups == pytest.approx(without, abs=3)


@pytest.mark.parametrize("kind", ["rate", "events"])
@pytest.mark.parametrize(("shares", "centers"), MARKETS[:4])
def test_the_interval_around_a_group_covers_what_it_states(kind, shares, centers):
    """A stated 90 % of true rates, by the prior and the merchant's own orders."""
    rng = np.random.default_rng(18)
    group, n, y, true = grouped(kind, shares, centers, rng, 6000)
    parent = fit_counts(kind, y * n, n)
    found = fit_groups(kind, y, n, group, len(shares), parent)
    s, p, k = found.strength, found.prior[group], y * n
    if kind == "rate":
        low, high = (beta.ppf(q, s * p + k, s * (1 - p) + n - k) for q in (0.05, 0.95))
    else:
        low, high = (gamma.ppf(q, s * p + k) / (s + n) for q in (0.05, 0.95))
    assert np.mean((low <= true) & (true <= high)) == pytest.approx(0.9, abs=0.02)


def test_groups_of_single_orders_have_means_and_no_strength_of_their_own():
    rng = np.random.default_rng(19)
    group = np.arange(4000) % 2
    y = rng.binomial(1, np.where(group, 0.4, 0.1)).astype(float)
    parent = fit_counts("rate", y, np.ones(4000), stated=Stated(0.2, 25.0))
    found = fit_groups("rate", y, np.ones(4000), group, 2, parent)
    assert found.prior == pytest.approx([0.1, 0.4], abs=0.03)
    assert (found.strength, found.flaw) == (25.0, "strength_untold")


def test_a_peer_group_that_lies_apart_is_no_error():
    """Two in a hundred sell used goods and take back most of them: that is what they are like."""
    rng = np.random.default_rng(20)
    rows = 2000
    used = np.arange(rows) < 40
    n = np.full(rows, 200.0)
    k = rng.binomial(200, rng.beta(1, 199, rows)).astype(float)
    k[used] = rng.binomial(200, 0.9, 40)
    group = np.where(used, 1, 0)
    alone = SignalEvidence("rate", k, n, np.full(rows, True))
    assert fit_evidence(alone, "x", [])[1].known.sum() == rows - 40
    peers = SignalEvidence("rate", k, n, np.full(rows, True), None, group)
    found, kept = fit_evidence(peers, "x", [])
    assert kept.known.all()
    groups = fit_groups("rate", k / n, n, group, 2, found)
    assert groups.prior == pytest.approx([0.005, 0.9], abs=0.05)
