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


def test_few_merchants_have_no_coverage_and_small_kinds_no_figures():
    given = card({"a": level("x")})
    few = against_truth(market(given, x=np.full(29, 5.0)), Truth(np.full(29, 50.0), None))
    assert levels(few) == {"few_truth": "note"} and few.tables == {}
    x = np.linspace(1, 9, 60)
    kind = np.array(["honest"] * 57 + ["brusher"] * 3, dtype=object)
    some = market(given, x=x)
    found = against_truth(some, Truth(some.scores.raw_index, kind))
    by_kind = found.tables["by_kind"]
    assert by_kind["group"] == ["brusher", "honest"]
    assert by_kind["merchants"].tolist() == [3, 57]
    assert np.isnan(by_kind["covered"][0]) and by_kind["covered"][1] == 1.0
    same = against_truth(market(given, x=np.full(40, 5.0)), Truth(np.full(40, 50.0), None))
    assert levels(same)["slope"] == "note"


def test_a_bias_that_chance_may_have_made_is_no_decision():
    given = card({"a": level("x"), "b": rate("k", "n", weight=1e-9)})
    some = market(given, x=np.full(30, 5.0), k=np.zeros(30), n=np.ones(30))
    swing = np.tile([-20.0, 24.0], 15)
    assert levels(against_truth(some, Truth(50 + swing, None)))["bias"] == "note"
    assert levels(against_truth(some, Truth(np.full(30, 52.0), None)))["bias"] == "decide"


def test_bias_and_slope_by_hand():
    given = card({"a": level("x", weight=1), "b": rate("k", "n", weight=1e-9)})
    x, n = np.tile([2.0, 4.0, 6.0, 8.0], 15), np.tile([1.0, 1.0, 9.0, 9.0], 15)
    some = market(given, x=x, k=np.zeros(60), n=n)
    section = against_truth(some, Truth(np.tile([10.0, 30.0, 50.0, 70.0], 15), None))
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
    # One of two is half, and says nothing of the market.
    assert levels(section) == {"few_band": "note", "applicability": "note"}


def sized(n):
    n = np.asarray(n, dtype=float)
    return market(card({"a": rate("k", "n")}), k=np.arange(len(n)) % 3, n=n)


def test_bands_of_volume_have_enough_merchants():
    assert fairness(sized([10, 20, 30])).tables == {}
    same = fairness(sized([10] * 40))
    assert same.tables["by_volume"]["group"] == ["10"]
    assert levels(same) == {"no_tenure": "note"}
    one_band = fairness(sized(np.arange(40) + 10))
    assert one_band.tables["by_volume"]["merchants"].tolist() == [40]
    assert levels(one_band)["few_gap"] == "note"
    each = fairness(sized(np.arange(100) + 10))
    assert (each.tables["by_volume"]["merchants"] >= 30).all()
    assert len(each.tables["by_volume"]["group"]) == 3
    assert "smallest third" in next(f.text for f in each.findings if f.code == "fairness.index")


def test_a_gap_between_small_and_large_must_be_beyond_chance():
    given = card({"a": level("x"), "b": rate("k", "n", weight=1e-9)})
    clear = np.repeat([2.0, 8.0], 30)
    noisy = np.repeat([0.0, 10.0, 0.0, 10.0], [18, 12, 12, 18])
    n = np.repeat([1.0, 9.0], 30)

    def found(x):
        return levels(fairness(market(given, x=x, k=np.zeros(60), n=n)))["index"]

    assert found(clear) == "decide"
    assert found(noisy) == "note"
    assert found(np.tile([4.9, 5.1], 30)) == "fine"
