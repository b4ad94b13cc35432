"""Bins of a reference and the statistics of two rows of counts, worked out by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.stats import chi2_contingency, wasserstein_distance

from trustscore.drift.bins import NOT_APPLICABLE, UNKNOWN, bins_of
from trustscore.drift.statistics import (
    chance_psi,
    g_test,
    jensen_shannon,
    population_stability,
    wasserstein,
)


def counts(bins, figures):
    values = np.asarray(figures, dtype=float)
    return np.bincount(bins.place(values, np.ones(len(values), bool)), minlength=bins.count)


def test_quantiles_hold_as_many_each():
    bins = bins_of(np.arange(200.0))
    assert counts(bins, np.arange(200.0)).tolist() == [0, 0, *[20] * 10]
    assert counts(bins, [-5, 1000.0]).tolist() == [0, 0, 1, *[0] * 8, 1]


def test_few_merchants_have_few_bins():
    assert len(bins_of(np.arange(9.0)).edges) == 0
    assert bins_of(np.arange(25.0)).edges.tolist() == [12.0]
    assert len(bins_of(np.full(9, 3.0)).edges) == 0


def test_a_mass_point_has_its_own_bin():
    figures = np.r_[np.zeros(900), np.linspace(0.01, 1, 100)]
    bins = bins_of(figures)
    # Below 0 nothing, 900 at 0, and a tenth of the quantiles for the rest.
    assert counts(bins, figures).tolist() == [0, 0, 0, 900, 100]
    top = np.r_[np.linspace(0, 0.9, 500), np.ones(500)]
    assert counts(bins_of(top), top)[-2:].tolist() == [500, 0]


@pytest.mark.parametrize("value", [0.0, -3.5, 1.0, 1e300])
def test_a_constant_is_told_from_what_is_no_constant(value):
    bins = bins_of(np.full(50, value))
    assert counts(bins, np.full(50, value)).tolist() == [0, 0, 0, 50, 0]
    moved = counts(bins, [value - abs(value) - 1, value, value + abs(value) + 1])
    assert moved.tolist() == [0, 0, 1, 1, 1]


def test_unknown_and_not_applicable_are_bins():
    bins = bins_of(np.arange(40.0))
    placed = bins.place(np.array([np.nan, 5.0, np.nan]), np.array([True, True, False]))
    assert placed[0] == UNKNOWN and placed[2] == NOT_APPLICABLE and placed[1] > UNKNOWN


def test_nothing_known_has_one_bin():
    assert counts(bins_of(np.empty(0)), [1.0, np.nan]).tolist() == [0, 1, 1]


@given(
    st.lists(st.sampled_from([0.0, 0.1, 0.5, 1.0]) | st.floats(-1e9, 1e9), min_size=1, max_size=300)
)
def test_every_figure_is_in_one_bin_and_none_is_nearly_empty_without_need(figures):
    values = np.array(figures)
    bins = bins_of(values)
    found = counts(bins, values)
    assert found.sum() == len(values) and (np.diff(bins.edges) > 0).all()
    assert bins.count <= 2 + 3 * 10 + 3
    # What one value fills by itself is parted from its neighbours.
    unique, held = np.unique(values, return_counts=True)
    k = int(np.clip(len(values) // 10, 1, 10))
    for value in unique[(held * k >= len(values)) & (held >= 10)]:
        assert found[bins.place(np.array([value]), np.array([True]))[0]] == (values == value).sum()


def test_psi_by_hand():
    # (0.4 - 0.5) ln(0.4 / 0.5) + (0.6 - 0.5) ln(0.6 / 0.5), with half a merchant in each bin.
    p, q = 500.5 / 1001, 400.5 / 1001
    by_hand = (q - p) * math.log(q / p) + (p - q) * math.log((1 - q) / (1 - p))
    found = population_stability(np.array([500, 500]), np.array([400, 600]))
    assert found == pytest.approx(by_hand, abs=1e-12)
    assert math.isfinite(population_stability(np.array([10, 0]), np.array([0, 10])))


def test_the_statistics_are_those_of_scipy():
    rng = np.random.default_rng(5)
    p, q = rng.integers(1, 90, 8), rng.integers(1, 60, 8)
    expected = chi2_contingency([p, q], lambda_="log-likelihood", correction=False)
    assert g_test(p, q) == pytest.approx(expected.pvalue, rel=1e-9)
    assert jensen_shannon(p, q) == pytest.approx(jensenshannon(p, q, base=2), rel=1e-9)
    at = np.arange(8) * 0.25
    assert wasserstein(p, q, 0.25) == pytest.approx(wasserstein_distance(at, at, p, q), rel=1e-9)


def test_psi_without_drift_is_what_chance_makes_it():
    rng = np.random.default_rng(1)
    shares = np.array([0.3, 0.2, 0.2, 0.1, 0.1, 0.07, 0.03])
    draws = [(rng.multinomial(800, shares), rng.multinomial(3000, shares)) for _ in range(2000)]
    psi = np.array([population_stability(*pair) for pair in draws])
    assert psi.mean() == pytest.approx(chance_psi(*draws[0]), rel=0.05)
    chances = np.array([g_test(*pair) for pair in draws])
    for level in (0.01, 0.05, 0.5):
        error = math.sqrt(level * (1 - level) / len(draws))
        assert abs((chances < level).mean() - level) < 4 * error


def test_an_odd_one_among_many_is_no_drift():
    # Chance puts the only merchant of a bin on the small side once in a hundred times; Pearson's
    # chi-square would call that 1e-22.
    found = g_test(np.array([999, 1]), np.array([100_000, 0]))
    assert 1e-3 < found < 2e-2
