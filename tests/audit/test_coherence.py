import numpy as np
import pytest

from tests.audit.audit_cards import card, level, levels, market, rate
from trustscore.audit.coherence import coherence, pairwise_covariance

RNG = np.random.default_rng(3)


def three(x, y, z, **more):
    given = card({"a": level("x"), "b": level("y"), "c": level("z", weight=2)}, **more)
    return market(given, x=x, y=y, z=z)


def test_pairwise_figures_are_those_of_numpy_where_nothing_is_blank():
    values = RNG.normal(size=(4, 50)) + 1e6
    covariance, correlation, rows = pairwise_covariance(values)
    assert covariance == pytest.approx(np.cov(values, bias=True), rel=1e-6)
    assert correlation == pytest.approx(np.corrcoef(values), abs=1e-6)
    assert (rows == 50).all()


def test_constants_and_blanks_have_no_correlation():
    values = np.array([[1.0, 2.0, 3.0], [5.0, 5.0, 5.0], [np.nan] * 3])
    _, correlation, rows = pairwise_covariance(values)
    assert np.isnan(correlation[1:]).all() and np.isnan(correlation[:, 1:]).all()
    assert rows[0].tolist() == [3, 3, 0]


def test_weights_by_hand():
    # Utilities of two signals are alike but for their weight, the third is constant.
    x = RNG.uniform(0, 10, 100)
    section = coherence(three(x, x, np.full(100, 5.0)))
    table = section.tables["signals"]
    assert table["stated_weight"] == pytest.approx([0.4, 0.4, 0.2])
    assert table["effective_weight"] == pytest.approx([0.4, 0.4, 0.2])
    assert table["realised_weight"] == pytest.approx([0.5, 0.5, 0.0])
    assert {"collinear", "redundant", "constant"} <= {
        code for code, level_ in levels(section).items() if level_ == "decide"
    }


def test_alpha_by_hand():
    # Two signals of the same variance and correlation r: alpha = 2 r / (1 + r).
    x = RNG.uniform(2, 8, 5000)
    y = 0.5 * x + np.sqrt(0.75) * RNG.permutation(x) + (5 - 2.5 - np.sqrt(0.75) * 5)
    given = card({"a": level("x"), "b": level("y")})
    section = coherence(market(given, x=x, y=y))
    r = section.tables["dimensions"]["mean_correlation"][0]
    assert section.tables["dimensions"]["alpha"][0] == pytest.approx(2 * r / (1 + r), abs=0.02)


def test_signals_that_pull_apart_are_named():
    x = RNG.uniform(0, 10, 200)
    section = coherence(three(x, 10 - x, x))
    assert levels(section)["alpha"] == "decide" or levels(section)["contradict"] == "note"
    assert "a and b (-1.00)" in next(f.text for f in section.findings if "contradict" in f.code)
    assert "b" in next(f.text for f in section.findings if f.code.endswith(".against"))


def test_an_all_missing_column_is_weight_for_nothing():
    section = coherence(three(RNG.uniform(0, 10, 50), np.full(50, np.nan), RNG.uniform(0, 10, 50)))
    assert levels(section)["absent"] == "decide"
    assert np.isfinite(section.tables["signals"]["realised_weight"]).all()


def test_a_signal_that_a_strong_prior_holds_still_is_named():
    k = RNG.uniform(0, 20, 300).round()
    still = {**rate("k", "n"), "strength": 5000.0}
    given = card({"a": level("x"), "b": still})
    found = coherence(market(given, x=RNG.uniform(0, 10, 300), k=k, n=np.full(300, 100)))
    assert levels(found)["light"] == "decide"
    assert "stated weight: b;" in next(f.text for f in found.findings if f.code.endswith("light"))
    given = card({"a": level("x"), "b": {**still, "strength": 20.0}})
    found = coherence(market(given, x=RNG.uniform(0, 10, 300), k=k, n=np.full(300, 100)))
    assert "light" not in levels(found)


def test_dead_ends_and_a_flat_index_are_named():
    section = coherence(three(*(np.full(40, 99.0) for _ in range(3))))
    assert levels(section)["constant"] == "decide"
    assert levels(section)["flat_index"] == "decide"
    x = np.where(np.arange(100) < 3, 5.0, 99.0)
    dead = coherence(three(x, RNG.uniform(0, 10, 100), RNG.uniform(0, 10, 100)))
    assert levels(dead)["dead_good"] == "decide"


def test_a_rare_harm_that_nobody_has_is_only_noted():
    given = card(
        {"a": level("x"), "b": {"flag": "f", "poor": 1, "good": 0, "weight": 4, "prior": 0}}
    )
    found = coherence(market(given, x=RNG.uniform(0, 10, 100), f=(np.arange(100) == 0) * 1.0))
    assert levels(found)["dead_good"] == "note"
