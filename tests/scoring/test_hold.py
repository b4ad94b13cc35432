"""Rules that hold the index at most so many points above a column."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.scoring.cards import card, minimal
from trustscore.errors import ScorecardError
from trustscore.explain import explain
from trustscore.explain.render import render_text
from trustscore.scorecard import parse_scorecard
from trustscore.scoring import score_columns

HOLD = {"hold": 5, "above": "short_upper", "en": "The last days", "zh": "近期"}
# By hand in the scoring page: 75.15 before rules, 2 of which are the guarantee's.
MERCHANT = {
    "negative_reviews": 4,
    "reviews_rated": 80,
    "product_rating_mean": 4.7,
    "complaints": 1,
    "orders_paid": 400,
    "orders_guaranteed": 200,
    "aftersales_review_hours_mean": 4,
    "refunds_completed": 10,
    "barred_identity_link_flag": 0,
}


def block(rows=1, **changes):
    cells = MERCHANT | {"short_upper": math.nan} | changes
    found = {name: np.full(rows, value, dtype=float) for name, value in cells.items()}
    found["merchant_id"] = np.array([f"m{i}" for i in range(rows)], dtype=object)
    return found


def scored(rule=HOLD, more=None, **changes):
    rules = {"memory": rule} | (more or {})
    loaded = card(rules=minimal()["rules"] | rules)
    return loaded, score_columns(block(**changes), loaded, "statement")


def test_the_index_is_held_above_the_column_and_the_line_adds_up():
    _, free = scored()
    raw, free_index = free.raw_index[0], free.trust_index[0]
    assert free.rules[0] == "guarantee_bonus"
    _, held = scored(short_upper=60)
    assert held.trust_index[0] == 65
    assert held.rules[0] == "guarantee_bonus;memory" or held.rules[0] == "memory;guarantee_bonus"
    assert held.adjustments["memory"][0] == pytest.approx(65 - free_index, abs=1e-12)
    assert held.adjustments["cap"][0] == held.adjustments["limit"][0] == 0
    assert raw + sum(held.adjustments[name][0] for name in held.adjustments) == pytest.approx(65)
    # No proof of anything: no veto, and the interval is held like the index.
    assert held.veto[0] == ""
    assert held.uncapped_index[0] == 65
    assert held.trust_index_upper[0] == 65
    assert held.trust_index_lower[0] == min(free.trust_index_lower[0], 65)


def test_a_blank_or_a_higher_column_holds_nobody():
    _, free = scored()
    index = free.trust_index[0]
    upper = free.trust_index_upper[0]
    for column in (math.nan, index - 5, index, 100):
        _, scores = scored(short_upper=column)
        # The upper end is held all the same: nobody rises beyond the height.
        assert scores.trust_index_upper[0] == np.fmin(upper, column + 5)
        assert scores.trust_index[0] == index
        assert "memory" not in scores.rules[0]
        assert scores.adjustments["memory"][0] == 0
    _, scores = scored(short_upper=index - 5.01)
    assert "memory" in scores.rules[0]


def test_a_cap_stands_below_and_its_line_is_what_is_left():
    _, scores = scored(short_upper=57, barred_identity_link_flag=1)
    assert scores.trust_index[0] == 59
    assert scores.veto[0] == "cap"
    assert scores.adjustments["cap"][0] == pytest.approx(59 - 62)
    _, scores = scored(short_upper=40, barred_identity_link_flag=1)
    assert scores.trust_index[0] == 45
    assert "barred_identity_cap" in scores.rules[0]
    assert scores.adjustments["cap"][0] == 0


def test_several_holds_each_take_what_those_before_left():
    second = {"hold": 0, "above": "orders_guaranteed", "when": "orders_paid >= 30"}
    _, scores = scored(more={"second": second}, short_upper=60, orders_guaranteed=50)
    assert scores.trust_index[0] == 50
    assert scores.adjustments["second"][0] == -15
    _, scores = scored(more={"second": second}, short_upper=40, orders_guaranteed=50)
    assert scores.trust_index[0] == 45
    assert "second" not in scores.rules[0]


def test_a_hold_may_have_conditions():
    rule = HOLD | {"when": "orders_paid >= 500"}
    assert scored(rule, short_upper=10)[1].trust_index[0] > 70
    assert scored(rule, short_upper=10, orders_paid=500)[1].trust_index[0] == 15


def test_nobody_without_an_index_is_held_and_none_falls_below_0():
    unknown = dict.fromkeys(MERCHANT, math.nan)
    _, scores = scored(short_upper=10, **unknown)
    assert math.isnan(scores.trust_index[0])
    assert scores.rules[0] == ""
    _, scores = scored(short_upper=-500)
    assert scores.trust_index[0] == 0


def test_an_overlay_changes_the_points_or_switches_it_off():
    rules = minimal()["rules"] | {"memory": HOLD}
    overlays = {
        "a": {"match": {"category": "a"}, "rules": {"memory": {"hold": 1}}},
        "b": {"match": {"category": "b"}, "rules": {"memory": {"off": True}}},
    }
    loaded = card(rules=rules, overlays=overlays)
    data = block(3, short_upper=50)
    data["category"] = np.array(["a", "b", "c"], dtype=object)
    found = score_columns(data, loaded).trust_index
    assert (found[0], found[2]) == (51, 55)
    assert found[1] > 70


def test_without_its_column_the_rule_says_nothing_if_that_is_allowed():
    loaded = card(rules={"memory": HOLD})
    assert "short_upper" in [field.name for field in loaded.inputs]
    data = block()
    del data["short_upper"]
    scores = score_columns(data, loaded, missing=frozenset({"short_upper"}))
    assert scores.rules[0] == ""


def test_the_statement_has_its_line():
    loaded, _ = scored()
    statement = explain(block(short_upper=60), loaded)
    (line,) = [line for line in statement.adjustments if line.id == "memory"]
    assert (line.effect, line.en) == ("hold", "The last days")
    assert line.points == pytest.approx(65 - 73.4, abs=0.01)
    assert "The last days" in render_text(statement)
    assert "近期" in render_text(statement, "zh")
    total = statement.raw_index + sum(line.points for line in statement.adjustments)
    assert total == pytest.approx(statement.trust_index, abs=1e-9)
    assert not statement.vetoes


@given(st.floats(0, 100), st.floats(0, 100), st.integers(0, 80), st.integers(0, 80))
def test_better_figures_never_lower_the_index(low, high, few, many):
    low, high = sorted((low, high))
    few, many = sorted((few, many))
    loaded = card(rules={"memory": HOLD})

    def index(short, bad):
        found = score_columns(block(short_upper=short, negative_reviews=bad), loaded)
        numbers = found.trust_index, found.trust_index_lower, found.trust_index_upper
        return np.array(numbers)

    assert (index(low, few) <= index(high, few)).all()
    assert (index(low, many) <= index(low, few)).all()


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        ({"hold": 5}, "rules.memory.above: is missing"),
        ({"hold": -1, "above": "x"}, "rules.memory.hold"),
        ({"hold": 101, "above": "x"}, "rules.memory.hold"),
        ({"hold": float("nan"), "above": "x"}, "rules.memory.hold"),
        ({"hold": 5, "above": "category"}, "holds text: name a column of numbers"),
        ({"hold": 5, "above": 3}, "rules.memory.above"),
        ({"hold": 5, "above": "x", "cap": 50}, "must have exactly one of"),
        ({"hold": 5, "above": "x", "per": "y", "most": 3}, "per and most are only for"),
        ({"cap": 5, "above": "x", "when": "x > 3"}, "rules.memory.above: is only for hold"),
        ({"hold": 5, "above": "complaints"}, "rewards a worse complaints"),
        ({"hold": 5, "abxve": "x"}, "did you mean above?"),
        ({"above": "x"}, "must have exactly one of"),
        ({"bonus": 5}, "must have either when or exceeds"),
        (
            {"hold": 5, "above": "x", "when": "product_rating_mean > 4"},
            "rewards a worse product_rating_mean",
        ),
    ],
)
def test_a_hold_that_cannot_be_is_a_fault(rule, fault):
    with pytest.raises(ScorecardError) as caught:
        parse_scorecard(minimal(rules={"memory": rule}))
    assert any(fault in line for line in caught.value.faults), caught.value.faults
