import numpy as np
import pytest

from tests.audit.audit_cards import card, level, levels, market, rate
from trustscore.audit import Market, Outcomes, summary
from trustscore.audit.baselines import FOLDS, baselines
from trustscore.audit.validity import INDEX, validity
from trustscore.scorecard import load_scorecard
from trustscore.simulate import simulate_export

CARD = load_scorecard("minimal")
EXPORT = simulate_export(1500, seed=8, scorecard=CARD)
MARKET = Market(EXPORT, CARD)


SMALL = MARKET.take(np.arange(200))


def outcomes(n, events, *, dated=True, unknown=()):
    ids = np.array([f"m{at}" for at in range(len(n))], dtype=object)
    return Outcomes(ids, n, events, dated=dated, unknown=unknown)


def outcomes_of(chance, n, seed=0, **more):
    events = np.random.default_rng(seed).binomial(n.astype(int), chance) * 1.0
    return outcomes(n * 1.0, events, **more)


@pytest.fixture(scope="module")
def section():
    chance = 1 / (1 + np.exp(0.12 * (EXPORT.truth["true_index"] - 50)))
    return validity(MARKET, outcomes_of(chance, np.full(1500, 20)), seed=3, draws=60)


def scores_of(section):
    return dict(
        zip(section.tables["scores"]["score"], section.tables["scores"]["auc"], strict=True)
    )


def test_an_index_that_knows_beats_those_that_know_less(section):
    found = scores_of(section)
    assert found[INDEX] > found["mean rating"] + 0.05
    assert found["random"] == pytest.approx(0.5, abs=0.03)
    assert found["Bayesian average"] >= found["mean rating"]
    assert levels(section)["auc"] == "fine" and levels(section)["lift"] == "fine"
    assert {name for name in found if not name.startswith("index without")} == {
        INDEX,
        "random",
        "mean rating",
        "Bayesian average",
        "best single signal",
        "equal weights",
        "logistic scorecard",
        "gradient boosting",
    }


def test_calibration_and_groups_add_up(section):
    assert section.tables["calibration"]["orders"].sum() == 1500 * 20
    assert np.average(
        section.tables["calibration"]["rate"], weights=section.tables["calibration"]["orders"]
    ) == pytest.approx(section.facts["rate"])
    by_size = [
        n
        for by, n in zip(
            section.tables["groups"]["by"], section.tables["groups"]["merchants"], strict=True
        )
        if by == "size"
    ]
    assert sum(by_size) == 1500
    assert "category" in section.tables["groups"]["by"]


@pytest.mark.slow
def test_an_upside_down_index_needs_a_decision():
    chance = MARKET.index / 100
    found = validity(MARKET, outcomes_of(chance**4, np.full(1500, 20)), draws=40)
    assert levels(found)["auc"] == "decide"
    said = next(f.text for f in found.findings if f.code == "validity.auc")
    assert said.endswith("the index runs the wrong way")
    assert levels(found)["upside_down"] == "decide"


@pytest.mark.slow
def test_pure_chance_is_not_taken_for_validity():
    found = validity(MARKET, outcomes_of(0.1, np.full(1500, 4), seed=1), draws=60)
    assert levels(found)["auc"] == "decide"
    # Models that never saw a merchant cannot tell it apart by luck.
    assert scores_of(found)["gradient boosting"] == pytest.approx(0.5, abs=0.05)
    assert scores_of(found)["logistic scorecard"] == pytest.approx(0.5, abs=0.05)


def test_what_is_not_known_of_the_outcomes_is_said():
    outcome = outcomes_of(0.3, np.full(200, 2), dated=False, unknown=("x", "y"))
    found = validity(SMALL, outcome, draws=10)
    assert levels(found)["undated"] == "decide"
    assert levels(found)["unknown_merchants"] == "note"
    many = outcomes_of(0.3, np.full(200, 2), unknown=tuple(map(str, range(500))))
    assert levels(validity(SMALL, many, draws=10))["unknown_merchants"] == "decide"


def test_few_merchants_and_few_events_are_named_not_scored():
    some = market(card({"a": rate("k", "n")}), k=[0, 1, 5], n=[10, 10, 10])
    one = outcomes(np.array([5.0, 0, 0]), np.array([1.0, 0, 0]))
    assert levels(validity(some, one)) == {"too_few": "decide"}
    three = outcomes(np.full(3, 5.0), np.array([0.0, 1.0, 2.0]))
    found = validity(some, three, draws=20)
    assert {"few_area", "few_rate", "small_groups"} <= set(levels(found))
    assert set(found.tables) == {"groups"}
    assert np.isnan(found.tables["groups"]["auc"]).all()
    assert any("no mean of stars" in text for text in baselines(some, three, 0)[1])
    assert any("fewer than" in text for text in baselines(some, three, 0)[1])


@pytest.mark.parametrize("merchants", [19, 20])
def test_an_area_is_given_from_twenty_merchants_on(merchants):
    some = MARKET.take(np.arange(merchants))
    found = validity(some, outcomes(np.full(merchants, 9.0), np.arange(merchants) % 3.0))
    assert ("scores" in found.tables) == (merchants >= 20)
    assert ("few_area" in levels(found)) == (merchants < 20)


def test_one_bad_order_gives_no_area_and_no_word_of_noise():
    events = np.zeros(200)
    events[7] = 1
    found = validity(SMALL, outcomes(np.full(200, 9.0), events))
    said = " ".join(finding.text for finding in found.findings)
    assert "nan" not in said and "noise" not in said
    assert "Here are 200, worth 1.0" in said
    assert "scores" not in found.tables and "nan" not in summary([found])


def test_an_index_that_makes_no_mistake_has_no_interval():
    index = SMALL.index
    line = np.sort(index)[20]
    found = validity(SMALL, outcomes(np.ones(200), (index < line) * 1.0))
    texts = {f.code.partition(".")[2]: f.text for f in found.findings}
    assert texts["auc"].startswith("AUC of the index 1.000: without an interval")
    assert "nan" not in summary([found])


def test_constant_signals_leave_no_models():
    some = market(card({"a": level("x"), "b": level("y")}), x=[5.0] * 60, y=[5.0] * 60)
    outcome = outcomes_of(0.5, np.full(60, 4))
    made, left_out = baselines(some, outcome, 0)
    assert [b.name for b in made] == ["random"]
    assert any("no signal differs" in text for text in left_out)
    found = validity(some, outcome, draws=10)
    assert levels(found)["flat"] == "note"


def test_a_single_event_does_not_break_the_folds():
    rng = np.random.default_rng(0)
    some = market(card({"a": level("x"), "b": level("x")}), x=rng.uniform(0, 10, 40))
    events = np.zeros(40)
    events[3] = 1
    made, left_out = baselines(some, outcomes(np.ones(40), events), 0)
    assert f"events are too few for {FOLDS} folds" in " ".join(left_out)
    assert all(np.isfinite(b.score).all() for b in made)
