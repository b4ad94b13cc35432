"""The plan to the next tier: by hand on the minimal scorecard, and true when carried out."""

import json
import math

import numpy as np
import pytest

from trustscore.explain import next_tier_plan, render_plan, typical_block, unknown_block
from trustscore.scorecard import load_scorecard
from trustscore.scoring import score_columns

MINIMAL = load_scorecard("minimal")


def merchant(card=MINIMAL, **columns):
    block = typical_block(card)
    return block | {name: np.array([float(value)]) for name, value in columns.items()}


def carried_out(block, card, plan):
    after = dict(block)
    for change in plan.changes:
        signal = card.signal(change.signal)
        rate = signal.kind in ("rate", "events")
        after[signal.value] = np.array([change.count_after if rate else change.after])
    return score_columns(after, card)


def test_one_signal_is_enough():
    # Utilities .6, .6, .6, .5 and the flag: 62. With complaints at 1.6 % (.2) it is 54, and
    # `standard` asks for 60: up to the entry tier the index alone decides.
    block = merchant(complaints=160, orders_paid=10000)
    plan = next_tier_plan(block, MINIMAL)
    assert (plan.tier, plan.target, plan.outcome) == ("limited", "standard", "changes")
    assert (plan.at, plan.z) == (60, 0)
    assert {c.signal for c in plan.alone} == {
        "product_negative_review_rate",
        "product_rating_mean",
        "complaint_rate",
        "aftersales_review_hours_mean",
    }
    # 30 + 20 (1 - x / .02) + 10 + 10 >= 60 where x = (k + .8) / 10100 <= .01: k <= 100.2.
    complaints = next(c for c in plan.alone if c.signal == "complaint_rate")
    assert (complaints.count_before, complaints.count_after) == (160, 100)
    assert plan.changes == plan.alone[:1]
    after = carried_out(block, MINIMAL, plan)
    assert after.tier[0] == "standard"


def test_smallest_change():
    block = merchant(complaints=160, orders_paid=10000)
    plan = next_tier_plan(block, MINIMAL)
    rows = {name: np.repeat(values, 2) for name, values in block.items()}
    rows["complaints"] = np.array([100.0, 101.0])
    assert (score_columns(rows, MINIMAL).trust_index >= plan.at).tolist() == [True, False]


def test_several_signals_when_none_is_enough():
    block = merchant()
    plan = next_tier_plan(block, MINIMAL)
    assert (plan.tier, plan.target, plan.outcome) == ("standard", "trusted", "changes")
    assert plan.alone == ()
    assert [c.signal for c in plan.changes] == [
        "product_negative_review_rate",
        "product_rating_mean",
    ]
    assert plan.changes[0].count_after == 0  # all the way, the second as far as needed
    assert 4.6 < plan.changes[1].after < 5
    after = carried_out(block, MINIMAL, plan)
    assert after.tier[0] == "trusted"
    assert plan.reached == pytest.approx(float((after.trust_index - after.index_se)[0]))


def test_highest_tier():
    block = merchant(
        negative_reviews=0, product_rating_mean=5, complaints=0, aftersales_review_hours_mean=1
    )
    plan = next_tier_plan(block, MINIMAL)
    assert (plan.tier, plan.outcome) == ("trusted", "top")
    assert render_plan(plan) == "The highest tier is held."


def test_a_cap_is_named_first():
    block = merchant(
        negative_reviews=0,
        product_rating_mean=5,
        complaints=0,
        aftersales_review_hours_mean=1,
        barred_identity_link_flag=1,
    )
    plan = next_tier_plan(block, MINIMAL)
    assert (plan.tier, plan.target) == ("limited", "standard")
    assert [rule.id for rule in plan.lift] == ["barred_identity_cap"]
    assert plan.changes == ()
    assert plan.bound > 80
    assert "Linked to a merchant" in render_plan(plan)
    assert "须先解除" in render_plan(plan, "zh")


def test_a_new_merchant_needs_orders():
    block = merchant(
        orders_paid=20,
        complaints=0,
        negative_reviews=0,
        product_rating_mean=5,
        reviews_rated=20,
        refunds_completed=10,
        aftersales_review_hours_mean=1,
    )
    plan = next_tier_plan(block, MINIMAL)
    assert plan.target == "trusted"
    # Coverage: 0.5 x 20/40 + 0.2 x 20/120 + 0.2 x 10/20 + 0.1.
    assert [(lack.kind, lack.now, lack.need) for lack in plan.lacks] == [
        ("status", 20, 30),
        ("coverage", pytest.approx(0.48333, abs=1e-4), 0.5),
    ]
    assert plan.outcome == "evidence"
    assert plan.changes == ()
    reached = []
    for volume in (plan.volume, 0.9 * plan.volume):
        columns = ("orders_paid", "reviews_rated", "refunds_completed")
        more = {name: block[name] * volume for name in columns}
        reached.append(score_columns(block | more, MINIMAL).tier[0])
    assert reached == ["trusted", "standard"]
    assert "orders_paid: 20 now, 30 needed" in render_plan(plan)


def test_full_marks_from_few_orders_are_not_enough():
    block = merchant(reviews_rated=5, negative_reviews=0, orders_paid=40, complaints=0)
    block |= {"refunds_completed": np.array([5.0]), "product_rating_mean": np.array([4.8])}
    plan = next_tier_plan(block, MINIMAL)
    assert plan.target == "trusted"
    assert [lack.kind for lack in plan.lacks] == ["coverage"]
    assert plan.outcome == "evidence"
    assert plan.volume > 1
    assert plan.reached >= plan.at


def test_nothing_can_be_said_of_an_unknown_merchant():
    plan = next_tier_plan(unknown_block(MINIMAL), MINIMAL)
    assert (plan.tier, plan.target, plan.outcome) == ("", "standard", "unknown")
    assert len(plan.unknown) == 5
    assert plan.changes == ()
    assert "before the evidence" in render_plan(plan)


def test_out_of_reach():
    # Only complaints and the flag are known; they cannot carry the index to 75.
    block = unknown_block(MINIMAL) | {
        "orders_paid": np.array([1e6]),
        "complaints": np.array([0.0]),
        "barred_identity_link_flag": np.array([0.0]),
    }
    plan = next_tier_plan(block, MINIMAL)
    assert plan.target == "trusted"
    assert plan.outcome == "unknown"
    # 30 + 20 + 10 + 10 = 70 points, and that is all there is to gain.
    assert plan.best == plan.bound < 70
    assert math.isnan(plan.reached)


@pytest.mark.parametrize("name", ["default", "olist"])
@pytest.mark.parametrize("seed", range(6))
def test_plans_are_true(name, seed):
    card = load_scorecard(name)
    random = np.random.default_rng(seed)
    block = typical_block(card)
    for signal in card.signals:
        factor = random.uniform(0.97, 1.0) if signal.higher_is_better else random.uniform(0.9, 1.6)
        block[signal.value] = block[signal.value] * factor
        if signal.kind in ("rate", "events", "count"):
            block[signal.value] = np.round(block[signal.value])
    plan = next_tier_plan(block, card)
    assert plan.outcome in ("changes", "top")
    before = score_columns(block, card)
    assert before.tier[0] == plan.tier
    if plan.outcome == "changes" and not plan.lift:
        assert carried_out(block, card, plan).tier[0] == plan.target
        for change in plan.alone:
            one = type(plan)(**{**vars(plan), "changes": (change,)})
            assert carried_out(block, card, one).tier[0] == plan.target
    json.dumps(plan.as_dict(), allow_nan=False)
