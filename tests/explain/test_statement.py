"""The statement: worked out by hand on the minimal scorecard, and adding up on any row."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trustscore.explain import explain, render_text, typical_block, unknown_block
from trustscore.scorecard import load_scorecard
from trustscore.scoring import score_columns

MINIMAL = load_scorecard("minimal")


def merchant(**columns):
    """A row of the minimal scorecard; what is not named is blank."""
    block = unknown_block(MINIMAL) | {"merchant_id": np.array(["m1"], dtype=object)}
    return block | {name: np.array([float(value)]) for name, value in columns.items()}


# 8 of 80 bad reviews with a prior of 8 % worth 20: (8 + 1.6) / 100 = 9.6 % -> utility 0.52.
# Weights: 0.25 of the index, so 13 points gained and 12 lost.
KNOWN = {
    "negative_reviews": 8,
    "reviews_rated": 80,
    "product_rating_mean": 4.7,
    "complaints": 1,
    "orders_paid": 100,
    "barred_identity_link_flag": 0,
}


def test_by_hand():
    s = explain(merchant(**KNOWN), MINIMAL)
    line = s.signal("product_negative_review_rate")
    assert line.raw == 0.1
    assert (line.count, line.sample) == (8, 80)
    assert line.value == pytest.approx(0.096)
    assert line.utility == pytest.approx(0.52)
    assert line.reliability == 0.8
    assert (line.weight, line.gained, line.lost) == pytest.approx((0.25, 13, 12))
    # (80 x 4.7 + 20 x 4.6) / 100 = 4.68 stars -> 0.68.
    assert s.signal("product_rating_mean").gained == pytest.approx(17)
    # (1 + 0.8) / 200 = 0.9 % -> 0.55, a fifth of the index.
    assert s.signal("complaint_rate").gained == pytest.approx(11)
    # Unknown: 4 h on the logarithm between 16 and 1 -> 0.5, a fifth of the index.
    hours = s.signal("aftersales_review_hours_mean")
    assert (hours.state, hours.reliability) == ("unknown", 0)
    assert (hours.gained, hours.lost) == pytest.approx((10, 10))
    assert math.isnan(hours.raw)
    assert s.signal("barred_identity_link_flag").gained == pytest.approx(10)
    assert s.trust_index == pytest.approx(13 + 17 + 11 + 10 + 10)
    assert (s.status, s.tier, s.veto) == ("formal", "standard", "")
    assert s.rights == ("search", "mall_feed")
    # r: 0.25 x 0.8 twice, 0.2 x 0.5, 0, 0.1 x 1.
    assert s.coverage == pytest.approx(0.6)
    assert s.prior_index == pytest.approx(62)


def test_stages_and_dimensions_roll_up():
    s = explain(merchant(**KNOWN), MINIMAL)
    stages = {part.id: (part.weight, part.gained, part.lost) for part in s.stages}
    assert stages["use"] == pytest.approx((0.5, 30, 20))
    assert stages["service"] == pytest.approx((0.4, 21, 19))
    assert stages["browse"] == pytest.approx((0.1, 10, 0))
    quality = s.dimensions[0]
    assert (quality.id, quality.index) == ("product_quality", pytest.approx(60))
    assert (quality.weight, quality.gained, quality.lost) == pytest.approx((0.5, 30, 20))


def test_largest_first():
    s = explain(merchant(**KNOWN), MINIMAL)
    assert s.losses == (
        "product_negative_review_rate",
        "aftersales_review_hours_mean",
        "complaint_rate",
        "product_rating_mean",
    )
    assert s.gains[0] == "product_rating_mean"


def test_bonus_and_cap_are_lines():
    s = explain(merchant(**{**KNOWN, "orders_guaranteed": 60, "complaints": 0}), MINIMAL)
    assert [(line.id, line.points) for line in s.adjustments] == [("guarantee_bonus", 2.0)]
    # 15 instead of 11: (0 + 0.8) / 200 = 0.4 % -> 0.8, a fifth: 16 points.
    assert s.trust_index == pytest.approx(13 + 17 + 16 + 10 + 10 + 2)
    barred = explain(
        merchant(
            **{
                **KNOWN,
                "orders_guaranteed": 60,
                "complaints": 0,
                "product_rating_mean": 5,
                "barred_identity_link_flag": 1,
            }
        ),
        MINIMAL,
    )
    # (80 x 5 + 92) / 100 = 4.92 -> 23; 13 + 23 + 16 + 10 + 0 + 2 = 64, capped at 59.
    assert [line.id for line in barred.adjustments] == ["guarantee_bonus", "cap"]
    assert barred.adjustments[1].points == pytest.approx(-5)
    assert [(v.id, v.effect, v.points) for v in barred.vetoes] == [
        ("barred_identity_cap", "cap", 59)
    ]
    assert (barred.trust_index, barred.veto) == (59, "cap")


def test_withheld_is_said():
    s = explain(merchant(**{**KNOWN, "complaints": math.nan}), MINIMAL)
    assert s.signal("complaint_rate").state == "withheld"
    assert s.signal("complaint_rate").gained < 12  # the prior would give 12


def test_not_collected_is_said():
    missing = frozenset({"refunds_completed"})
    block = merchant(**KNOWN)
    del block["refunds_completed"]
    s = explain(block, MINIMAL, missing=missing)
    line = s.signal("aftersales_review_hours_mean")
    assert (line.state, line.weight, line.gained, line.lost) == ("not_collected", 0, 0, 0)
    assert s.signal("complaint_rate").weight == pytest.approx(0.4)


def test_unknown_merchant():
    s = explain(unknown_block(MINIMAL), MINIMAL)
    assert s.status == "not_scored"
    assert math.isnan(s.trust_index)
    assert s.as_dict()["trust_index"] is None
    assert {line.state for line in s.signals} == {"unknown"}


def test_json_has_no_nan():
    found = json.dumps(explain(merchant(**KNOWN), MINIMAL).as_dict(), allow_nan=False)
    assert json.loads(found)["merchant_id"] == "m1"


def test_second_row():
    block = {
        name: np.concatenate([unknown_block(MINIMAL)[name], column])
        for name, column in merchant(**KNOWN).items()
        if name != "merchant_id"
    }
    assert explain(block, MINIMAL, row=1).trust_index == pytest.approx(61)


def test_an_overlay_shows_its_own_anchors():
    card = load_scorecard("default")
    changed = [(o, s) for o in card.overlays for s in o.signals if "poor" in o.signals[s]]
    overlay, signal = changed[0]
    block = unknown_block(card) | {
        column: np.array([values[0]], dtype=object) for column, values in overlay.match
    }
    line = explain(block, card).signal(signal)
    assert line.poor == overlay.signals[signal]["poor"] != card.signal(signal).poor


@given(data=st.data(), name=st.sampled_from(["minimal", "default", "olist"]))
def test_adds_up(data, name):
    card = load_scorecard(name)
    seed = data.draw(st.integers(0, 2**32 - 1))
    random = np.random.default_rng(seed)
    block = typical_block(card)
    for column in block:
        block[column] = block[column] * random.uniform(0.2, 2.0)
        if random.random() < 0.2:
            block[column] = np.array([np.nan])
    s = explain(block, card)
    gained = math.fsum(line.gained for line in s.signals)
    lost = math.fsum(line.lost for line in s.signals)
    moved = math.fsum(line.points for line in s.adjustments)
    assert gained == pytest.approx(s.raw_index, abs=1e-9)
    assert lost == pytest.approx(100 - s.raw_index, abs=1e-9)
    if s.status != "not_scored":
        assert gained + moved == pytest.approx(s.trust_index, abs=1e-9)
    for whole in (s.stages, [d for d in s.dimensions if d.parent is None]):
        assert math.fsum(part.gained for part in whole) == pytest.approx(gained, abs=1e-9)
        assert math.fsum(part.lost for part in whole) == pytest.approx(lost, abs=1e-9)


def test_english_text():
    shown = render_text(explain(merchant(**KNOWN), MINIMAL))
    assert "Trust index 61.00" in shown
    assert "Status formal; coverage 60.0%; Tier Standard" in shown
    assert "-12.00  1-2 star share of rated orders" in shown
    assert "10% (8 of 80)" in shown
    assert "4.7 stars from 80" in shown


def test_chinese_text():
    shown = render_text(explain(merchant(**KNOWN), MINIMAL), "zh")
    assert "信任指数 61.00" in shown
    assert "主要失分" in shown
    assert "-12.00  商品差评率" in shown
    assert "未知：以先验值代替" in shown
    assert "等级：标准" in shown
    assert "Largest" not in shown


@pytest.mark.parametrize("name", ["minimal", "default", "olist"])
def test_a_typical_merchant_is_an_unknown_one_with_evidence(name):
    card = load_scorecard(name)
    typical = score_columns(typical_block(card), card)
    unknown = score_columns(unknown_block(card), card)
    assert typical.raw_index[0] == pytest.approx(unknown.raw_index[0], abs=1e-6)
    assert typical.coverage[0] >= 0.99
    assert typical.status[0] == "formal"
    assert unknown.status[0] == "not_scored"
    assert typical.veto[0] == ""
