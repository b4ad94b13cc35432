import numpy as np
import pytest
from scipy.stats import sobol_indices

import trustscore.audit.robustness as robustness_room
from tests.audit.audit_cards import card, level, levels, market, rate
from trustscore.audit import Market, Section, audit
from trustscore.audit.choices import choices_of
from trustscore.audit.robustness import robustness, sobol, sobol_shares
from trustscore.scorecard import load_scorecard
from trustscore.simulate import simulate_export

CARD = load_scorecard("minimal")
MARKET = Market(simulate_export(120, seed=4, scorecard=CARD), CARD)


@pytest.fixture(scope="module")
def section():
    return robustness(MARKET, seed=1, draws=20, points=8)


def test_intervals_hold_the_ranks_and_say_what_was_varied(section):
    table = section.tables["merchants"]
    assert len(table["rank"]) == 120
    assert (table["rank_q05"] <= table["rank_q95"]).all()
    assert set(section.facts["varied"]) == {"weights", "anchors", "exponent", "priors"}
    assert section.facts["expected_tier_flips"] == pytest.approx(np.sum(1 - table["tier_kept"]))
    # Just as many are in the top as there is room for.
    assert table["in_top"].sum() == pytest.approx(section.facts["top"], abs=2)


def test_the_same_seed_gives_the_same_audit(section):
    again = robustness(MARKET, seed=1, draws=20, points=8)
    assert np.array_equal(
        section.tables["merchants"]["rank_q05"], again.tables["merchants"]["rank_q05"]
    )
    assert section.tables["choices"]["total"].tolist() == again.tables["choices"]["total"].tolist()


def test_no_merchant_changes_anothers_score(section):
    assert section.facts["rank_reversals"] == 0
    assert levels(section)["rank_reversal"] == "fine"


def test_every_signal_is_left_out(section):
    assert set(section.tables["left_out"]["signal"]) == {s.id for s in CARD.signals}


def test_a_choice_that_alone_matters_has_all_the_variance():
    # Both signals are far beyond their anchors, so nothing but the weights can move a rank.
    rng = np.random.default_rng(0)
    given = card({"a": level("x"), "b": level("y")})
    x = rng.integers(0, 2, 60) * 100.0 - 50
    some = market(given, x=x, y=np.where(rng.random(60) < 0.5, x, -x))
    found = [choice for choice in choices_of(given)[0] if choice.name in ("weights", "anchors")]
    table = sobol(some, found, seed=2, points=32)
    assert dict(zip(table["choice"], table["total"], strict=True))["anchors"] == 0
    assert dict(zip(table["choice"], table["first"], strict=True))["weights"] == pytest.approx(
        1, abs=0.1
    )


@pytest.mark.parametrize("points", [2, 8, 64])
def test_sobol_shares_are_those_of_scipy_summed_over_merchants(points):
    rng = np.random.default_rng(points)
    merchants, choices, samples = 30, 3, 5
    f_a, f_b = np.round(rng.uniform(1, merchants, (2, merchants, points)) * 2) / 2
    f_ab = np.round(rng.uniform(1, merchants, (choices, merchants, points)) * 2) / 2
    f_a[:4] = f_b[:4] = 7.5  # never move
    f_a[4], f_b[4] = 3.0, 3.0
    f_a[4, 0] = 3.5  # moves at one point alone
    again = [np.arange(points), *(rng.integers(points, size=points) for _ in range(samples))]
    times = np.array([np.bincount(at, minlength=points) for at in again])
    found = sobol_shares(f_a, f_b, f_ab, times)
    for at, shares in zip(again, found, strict=True):
        a, b = f_a[:, at], f_b[:, at]
        weight = np.var(np.concatenate((a, b), axis=1), axis=1)
        moves = weight > 0
        parts = {"f_A": a[moves], "f_B": b[moves], "f_AB": f_ab[:, moves][:, :, at]}
        by_merchant = sobol_indices(func=parts, n=points)
        for order, name in enumerate(("first_order", "total_order")):
            each = getattr(by_merchant, name)
            expected = np.average(each, axis=0, weights=weight[moves])
            assert shares[order] == pytest.approx(expected, abs=1e-9)


def test_a_sample_in_which_no_rank_moves_has_no_shares():
    f_a, f_ab = np.array([[1.0, 2.0]]), np.array([[[1.0, 2.0]]])
    found = sobol_shares(f_a, f_a, f_ab, np.array([[1, 1], [2, 0]]))
    assert np.isfinite(found[0]).all() and np.isnan(found[1]).all()


def test_sobol_intervals_hold_the_figures_and_name_only_what_is_apart(section):
    table = section.tables["choices"]
    for order in ("first", "total"):
        assert (table[f"{order}_low"] <= table[order] + 1e-9).all()
        assert (table[order] <= table[f"{order}_high"] + 1e-9).all()
    close = {"choice": ["a", "b"], "total": np.array([0.5, 0.6])}
    close |= {"total_low": np.array([0.4, 0.48]), "total_high": np.array([0.55, 0.7])}
    assert "b (48% to 70% of the variance of ranks) and a (40% to 55%) are not told apart" in (
        robustness_room._largest(close)
    )
    apart = close | {"total_high": np.array([0.45, 0.7])}
    assert "involves the choice of b, more than any other" in robustness_room._largest(apart)


def test_an_audit_of_the_usual_size_takes_256_points(monkeypatch):
    asked = []

    def watched(market, seed, draws, points):
        asked.append(points)
        return Section("robustness")

    monkeypatch.setattr("trustscore.audit.run.robustness", watched)
    audit(MARKET, draws=300)
    assert asked == [256]


def test_a_choice_without_effect_is_a_decision_not_a_sensitivity_of_zero():
    given = card({"a": level("x"), "b": level("y")})
    some = market(given, x=[-50.0, 99.0, 99.0], y=[99.0, -50.0, 99.0])
    found = robustness(some, draws=4, points=4)
    assert levels(found)["without_effect"] == "decide"
    said = [f.text for f in found.findings if f.code == "robustness.without_effect"]
    assert any(text.startswith("varying anchors (") and "changes no index" in text for text in said)
    assert "anchors" in found.facts["without_effect"]
    assert "anchors" not in found.tables.get("choices", {"choice": []})["choice"]


def test_a_single_signal_is_audited_for_what_it_has():
    some = market(card({"a": rate("k", "n")}), k=[0, 1, 5] * 8, n=[10] * 24)
    found = robustness(some, draws=4, points=4)
    assert levels(found)["nothing"] == "note"
    assert "left_out" not in levels(found)
    assert np.isfinite(found.tables["merchants"]["rank_q95"]).all()
    assert np.isnan(found.tables["merchants"]["in_top"]).all()
    assert levels(found)["few_top"] == "note" and levels(found)["few_draws"] == "note"


def test_few_merchants_have_no_ranks():
    found = robustness(MARKET.take(np.arange(19)), draws=4, points=4)
    assert levels(found)["few_rank"] == "note" and found.tables == {}
    assert levels(found)["rank_reversal"] == "fine"
