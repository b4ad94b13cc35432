"""The parts of a change: they add up, and each says what it should."""

from itertools import pairwise

import numpy as np
import pytest

from tests.scoring.random_cards import random_case
from tests.scoring.random_rows import block_of
from trustscore.compare import compare_blocks
from trustscore.errors import InputError
from trustscore.scorecard import load_scorecard, parse_scorecard

MERCHANT = {
    "reviews_rated": 80,
    "negative_reviews": 4,
    "product_rating_mean": 4.7,
    "orders_paid": 400,
    "orders_guaranteed": 200,
    "complaints": 2,
    "refunds_completed": 30,
    "aftersales_review_hours_mean": 2,
    "barred_identity_link_flag": 0,
}


def adds_up(found, tolerance=1e-9):
    total = np.sum([np.zeros_like(found.change), *found.parts().values()], axis=0)
    both = np.isfinite(found.change)
    assert np.abs(total - found.change)[both].max(initial=0.0) <= tolerance


def block(**changed):
    return {name: np.array([float(x)]) for name, x in {**MERCHANT, **changed}.items()}


def compared(was, now, card="minimal", **settings):
    found = compare_blocks(was, now, card, **settings)
    adds_up(found)
    return found, {name: float(p[0]) for name, p in found.parts().items() if p[0] != 0}


@pytest.mark.parametrize("seed", range(120))
def test_parts_add_up_on_random_scorecards(seed):
    case = random_case(seed, rows=24)
    was, now = block_of(case.rows), block_of(case.rows[7:] + case.rows[:7])
    missing = (case.missing, case.missing)
    adds_up(compare_blocks(was, now, parse_scorecard(case.card), missing=missing))


@pytest.mark.parametrize("seed", range(40))
def test_nothing_changed_is_nothing(seed):
    case = random_case(seed, rows=8)
    rows = block_of(case.rows)
    missing = (case.missing, case.missing)
    found = compare_blocks(rows, rows, parse_scorecard(case.card), missing=missing)
    for name, part in found.parts().items():
        assert not np.nan_to_num(part).any(), name


@pytest.mark.parametrize("seed", range(40))
def test_parts_add_up_between_scorecards(seed):
    case = random_case(seed, rows=12)
    other = random_case(seed, rows=12).card
    other["index"] = {**other.get("index", {}), "power": 0.5, "floor": 0.2}
    rows = block_of(case.rows)
    cards = parse_scorecard(case.card), parse_scorecard(other)
    adds_up(compare_blocks(rows, rows, *cards, missing=(case.missing, case.missing)))


def test_a_figure_that_moves_on_the_same_evidence():
    # Complaints of 400 orders on a prior of 100 with .008; weight .2; poor .02.
    found, parts = compared(block(), block(complaints=4))
    assert list(parts) == ["figure.complaint_rate"]
    moved = 100 * 0.2 * ((2 - 4) / 500) / 0.02
    assert parts["figure.complaint_rate"] == pytest.approx(moved, abs=1e-12)
    assert found.change[0] == pytest.approx(moved, abs=1e-9)


def test_the_same_figure_on_more_evidence():
    # 2 of 400 and 4 of 800 are one rate; its share of the value grows from 400/500 to 800/900.
    _, parts = compared(
        block(orders_guaranteed=0), block(complaints=4, orders_paid=800, orders_guaranteed=0)
    )
    before, after = (2 + 0.8) / 500, (4 + 0.8) / 900
    assert list(parts) == ["evidence.complaint_rate"]
    moved = 100 * 0.2 * (before - after) / 0.02
    assert parts["evidence.complaint_rate"] == pytest.approx(moved, abs=1e-12)


def test_evidence_goes_before_the_figure():
    _, parts = compared(
        block(orders_guaranteed=0), block(complaints=10, orders_paid=800, orders_guaranteed=0)
    )
    rates = [(2 + 0.8) / 500, (4 + 0.8) / 900, (10 + 0.8) / 900]
    evidence, figure = (100 * 0.2 * (a - b) / 0.02 for a, b in pairwise(rates))
    assert parts["evidence.complaint_rate"] == pytest.approx(evidence, abs=1e-12)
    assert parts["figure.complaint_rate"] == pytest.approx(figure, abs=1e-12)


@pytest.mark.parametrize("way", [1, -1])
def test_a_figure_that_becomes_known_is_evidence(way):
    sides = (block(reviews_rated=0, negative_reviews=0, product_rating_mean=np.nan), block())
    _, parts = compared(*sides[::way])
    assert {name.partition(".")[0] for name in parts} == {"evidence"}
    assert {name.partition(".")[2] for name in parts} == {
        "product_negative_review_rate",
        "product_rating_mean",
    }


def test_a_rule_is_a_part_of_its_own():
    found, parts = compared(block(), block(barred_identity_link_flag=1))
    rules = {name for name in parts if name.startswith("rule.")}
    assert rules
    assert found.new.veto[0] or "cap" in str(rules) or found.change[0] < 0


def card_with(**more):
    text = {
        "name": "small",
        "version": "1.0.0",
        "effective_from": "2026-01-01",
        "dimensions": {"a": {"weight": 1}},
        "signals": {
            "a": {
                "one": {
                    "stage": "buy",
                    "ratio": "x",
                    "poor": 0,
                    "good": 1,
                    "weight": 1,
                    "prior": 0.5,
                },
                "two": {
                    "stage": "buy",
                    "ratio": "y",
                    "poor": 0,
                    "good": 1,
                    "weight": 3,
                    "prior": 0.5,
                    "applies_when": "lives > 0",
                },
            }
        },
    } | more
    return parse_scorecard(text)


def test_signals_that_begin_to_apply():
    columns = {"x": np.array([1.0]), "y": np.array([0.2])}
    was, now = columns | {"lives": np.array([0.0])}, columns | {"lives": np.array([3.0])}
    found, parts = compared(was, now, card_with())
    # From 100 on one signal to a quarter of it and three quarters of the prior; then the figure.
    assert found.old.trust_index[0] == 100
    assert parts["applicability"] == pytest.approx(25 + 75 * 0.5 - 100)
    assert parts["evidence.two"] == pytest.approx(75 * (0.2 - 0.5))
    assert found.began[1, 0] and not found.ceased.any()
    back, parts = compared(now, was, card_with())
    assert back.ceased[1, 0]
    assert parts == {"applicability": pytest.approx(60.0)}


def test_another_category_is_a_part_of_its_own():
    card = card_with(
        overlays={
            "toys": {"match": {"category": ["toys"]}, "signals": {"one": {"good": 2.0}}},
        }
    )
    sides = [
        {
            "x": np.array([1.0]),
            "y": np.array([1.0]),
            "lives": np.array([0.0]),
            "category": np.array([name], dtype=object),
        }
        for name in ("books", "toys")
    ]
    _, parts = compared(*sides, card)
    assert parts == {"peers": pytest.approx(-50.0)}


@pytest.mark.parametrize("power", [0.0, -1.0, 0.5])
def test_below_power_one_only_what_moved_gets_points(power):
    card = card_with(index={"power": power})
    columns = {"y": np.array([0.7]), "lives": np.array([1.0])}
    was, now = columns | {"x": np.array([0.9])}, columns | {"x": np.array([0.1])}
    _, parts = compared(was, now, card)
    assert list(parts) == ["figure.one"]


def test_signals_that_move_against_each_other_keep_their_points():
    card = card_with()
    was = {"x": np.array([0.8]), "y": np.array([0.4]), "lives": np.array([1.0])}
    now = {"x": np.array([0.5]), "y": np.array([0.5]), "lives": np.array([1.0])}
    found, parts = compared(was, now, card)
    assert found.change[0] == pytest.approx(0, abs=1e-9)
    assert parts["figure.one"] == pytest.approx(-7.5) == -parts["figure.two"]


def test_another_scorecard_comes_first():
    other = load_scorecard("minimal").file.model_dump(mode="json", exclude_defaults=True)
    other["signals"]["after_sales"]["complaint_rate"]["poor"] = 0.04
    other = parse_scorecard(other)
    found = compare_blocks(block(), block(complaints=4), "minimal", other)
    adds_up(found)
    parts = {name: float(p[0]) for name, p in found.parts().items() if p[0] != 0}
    assert parts == {
        "scorecard.complaint_rate": pytest.approx(100 * 0.2 * (0.0056 / 0.02 - 0.0056 / 0.04)),
        "figure.complaint_rate": pytest.approx(-100 * 0.2 * (2 / 500) / 0.04),
    }


def test_blocks_of_other_merchants_are_refused():
    two = {name: np.concatenate([values, values]) for name, values in block().items()}
    with pytest.raises(InputError, match="same merchants: 1 rows and 2"):
        compare_blocks(block(), two, "minimal")
