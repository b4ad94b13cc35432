import numpy as np
import pytest

from tests.audit.audit_cards import card, level, levels, market, rate
from trustscore.audit import Market, Truth, join_truth
from trustscore.audit.fairness import fairness
from trustscore.audit.truth import against_truth
from trustscore.errors import InputError
from trustscore.scorecard import load_scorecard
from trustscore.simulate import simulate_export

CARD = load_scorecard("default")
EXPORT = simulate_export(6000, seed=6)
MARKET = Market(EXPORT, CARD)
TRUE = EXPORT.truth["true_index"]


def test_a_truth_must_fit_the_export():
    ids = np.array(["a", "b"], dtype=object)
    with pytest.raises(InputError) as error:
        join_truth(ids, np.array(["a", "a"], dtype=object), np.array([5.0, 101.0]))
    assert len(error.value.faults) == 3


def test_the_stated_interval_is_honest_in_every_decile_of_volume():
    section = against_truth(MARKET, Truth(TRUE, EXPORT.truth["kind"]))
    assert levels(section)["coverage"] == "fine"
    assert levels(section)["bias"] == "fine"
    assert {"honest", "brusher"} <= set(section.tables["by_kind"]["group"])


@pytest.mark.parametrize(
    ("truth", "code"),
    [(np.clip(TRUE + 3, 0, 100), "bias"), (np.clip(2.5 * TRUE - 107, 0, 100), "coverage")],
)
def test_an_interval_that_is_not_honest_needs_a_decision(truth, code):
    assert levels(against_truth(MARKET, Truth(truth, None)))[code] == "decide"


def test_bias_and_slope_by_hand():
    given = card({"a": level("x", weight=1), "b": rate("k", "n", weight=1e-9)})
    some = market(given, x=[2.0, 4.0, 6.0, 8.0], k=[0] * 4, n=[1, 1, 9, 9])
    section = against_truth(some, Truth(np.array([10.0, 30.0, 50.0, 70.0]), None))
    assert section.facts["slope_of_truth_on_index"] == pytest.approx(1.0, abs=1e-6)
    assert section.tables["by_volume"]["bias"] == pytest.approx([-10.0, -10.0], abs=1e-6)


def test_fairness_counts_every_merchant_once():
    section = fairness(MARKET)
    table = section.tables["by_volume"]
    assert table["merchants"].sum() == 6000
    tiers = np.sum([column for name, column in table.items() if name.startswith("tier_")], axis=0)
    assert tiers == pytest.approx(np.ones(len(table["group"])))
    assert table["before_rules"] + table["rules"] == pytest.approx(table["index"])


def test_moved_by_applicability_by_hand():
    # Where b does not apply, a alone gives 100; taken as unknown, b at its prior would give 75.
    given = card({"a": level("x"), "b": level("y", applies_when="z > 5")})
    some = market(given, x=[10.0, 10.0], y=[np.nan, 0.0], z=[0.0, 9.0])
    section = fairness(some)
    assert section.tables["applicability"]["merchant_id"].tolist() == ["m0"]
    assert section.tables["applicability"]["moved"] == pytest.approx([25.0])
    assert levels(section)["no_tenure"] == "note"


def test_groups_of_one_and_equal_volumes_give_figures():
    same = fairness(market(card({"a": rate("k", "n")}), k=[0, 1, 2], n=[10, 10, 10]))
    assert same.tables["by_volume"]["group"] == ["10"]
    each = fairness(market(card({"a": rate("k", "n")}), k=[0, 1, 2], n=[10, 20, 30]))
    assert each.tables["by_volume"]["merchants"].tolist() == [1, 1, 1]
    assert np.isfinite(each.tables["by_volume"]["index_sd"]).all()
