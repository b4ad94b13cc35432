"""The preset scorecards: whole, consistent with themselves, and where they put the unknown."""

import numpy as np
import pytest

from trustscore.scorecard import load_scorecard
from trustscore.scoring import score_columns

PRESETS = ["default", "minimal", "olist"]


def block(card, **columns):
    """One row, blank but for `columns`."""
    row = {field.name: np.array([np.nan]) for field in card.fields}
    row["merchant_id"] = np.array(["m1"], dtype=object)
    for name, value in columns.items():
        text = isinstance(value, str)
        row[name] = np.array([value], dtype=object if text else np.float64)
    return row


def on_the_curve(signal, value):
    scale = np.log if signal.curve == "log" else float
    return (scale(value) - scale(signal.poor)) / (scale(signal.good) - scale(signal.poor))


def test_the_default_holds_the_whole_catalogue():
    card = load_scorecard("default")
    held = {d.id: sum(s.dimension == d.id for s in card.signals) for d in card.dimensions}
    assert held == {
        "product_quality": 15,
        "service_quality": 17,
        "host_attitude": 16,
        "product_experience": 13,
        "after_sales": 16,
        "social_reputation": 13,
    }
    assert len(card.fields) == 143
    assert [d.weight for d in card.dimensions] == [0.25, 0.20, 0.15, 0.15, 0.15, 0.10]
    assert {s.stage for s in card.signals} == {"browse", "buy", "receive", "use", "service"}


def test_the_default_caps_confirmed_harm_below_the_entry_tier():
    card = load_scorecard("default")
    caps = [rule for rule in card.rules if rule.effect == "cap" and rule.overlay is None]
    entry = card.tiers.ladder[card.tiers.entry]
    assert len(caps) == 8
    assert all(rule.points < entry.at for rule in caps)


@pytest.mark.parametrize("name", PRESETS)
def test_every_text_is_there_in_both_languages(name):
    card = load_scorecard(name)
    for signal in card.signals:
        assert signal.words.en and signal.words.zh and signal.words.why, signal.id
    for said in (*card.rules, *card.overlays, *card.dimensions, *card.tiers.ladder):
        assert said.en and said.zh, said.id
    assert all(rule.why for rule in card.rules)


def test_a_default_prior_stands_at_a_stated_utility():
    """.60 for an everyday signal, .90 for a rare harm, 1 for a flag."""
    for signal in load_scorecard("default").signals:
        utility = on_the_curve(signal, signal.prior)
        stated = (1.0,) if signal.kind == "flag" else (0.6, 0.9)
        assert min(abs(utility - u) for u in stated) < 0.005, signal.id


def test_an_overlay_that_moves_anchors_moves_the_prior_along():
    card = load_scorecard("default")
    for overlay in card.overlays:
        for name, given in overlay.signals.items():
            signal = card.signal(name)
            scale = np.log if signal.curve == "log" else float
            poor = scale(given.get("poor", signal.poor))
            good = scale(given.get("good", signal.good))
            utility = (scale(given.get("prior", signal.prior)) - poor) / (good - poor)
            assert utility == pytest.approx(on_the_curve(signal, signal.prior), abs=0.005), name


@pytest.mark.parametrize("name", PRESETS)
def test_dimension_weights_are_shares(name):
    card = load_scorecard(name)
    weights = {d.id: d.weight for d in card.dimensions}
    assert sum(weights.values()) == pytest.approx(1)
    for overlay in card.overlays:
        moved = weights | dict(overlay.dimensions)
        assert sum(moved.values()) == pytest.approx(1), overlay.id


def test_the_unknown_merchant_lands_at_71_and_in_no_higher_tier_than_entry():
    card = load_scorecard("default")
    assert score_columns(block(card), card).prior_index[0] == pytest.approx(71.12, abs=0.01)
    scored = score_columns(block(card, orders_paid=40, orders_seller_cancelled=0), card)
    assert scored.tier[0] == card.tiers.ladder[card.tiers.entry].id


def test_the_minimal_scorecard_by_hand():
    """Worked out on paper.

    Negative reviews (4 + 20 x .08)/(76 + 20) = .0583..., utility 1 - .0583.../.2 = .70833...
    Rating (76 x 4.8 + 20 x 4.6)/96 = 4.758333..., utility .758333...
    Complaints (1 + 100 x .008)/(400 + 100) = .0036, utility 1 - .0036/.02 = .82
    Hours exp((30 ln 2 + 10 ln 4)/40) = 2^1.25, utility 1 - 1.25/4 = .6875
    Flag 0, utility 1
    100 (.5 (.708333 + .758333)/2 + .4 (.82 + .6875)/2 + .1) = 76.81666...; the bonus adds 2.
    """
    card = load_scorecard("minimal")
    row = block(
        card,
        negative_reviews=4,
        reviews_rated=76,
        product_rating_mean=4.8,
        complaints=1,
        orders_paid=400,
        orders_guaranteed=200,
        aftersales_review_hours_mean=2,
        refunds_completed=30,
        barred_identity_link_flag=0,
    )
    scores = score_columns(row, card)
    assert scores.raw_index[0] == pytest.approx(76.816666666666)
    assert scores.trust_index[0] == pytest.approx(78.816666666666)
    assert scores.rules[0] == "guarantee_bonus"
    assert score_columns(block(card), card).prior_index[0] == pytest.approx(62)
    capped = score_columns(row | {"barred_identity_link_flag": np.array([1.0])}, card)
    assert (capped.trust_index[0], capped.tier[0]) == (59, "limited")


def test_a_merchant_without_live_rooms_is_not_judged_as_a_host():
    card = load_scorecard("default")
    shelf = block(card, orders_paid=40, live_sessions_365d=0, orders_delivered_live_90d=0)
    scores = score_columns(shelf, card, detail="statement")
    assert np.isnan(scores.dimensions["host_attitude"][0])


@pytest.mark.parametrize("held", ["standard", "trusted", "exemplary"])
def test_a_cap_is_not_forgiven_by_hysteresis(held):
    """59 lies within the hysteresis of the entry tier; a capped merchant leaves it all the same."""
    card = load_scorecard("default")
    row = block(card, orders_paid=400, privacy_leak_flag=1, previous_tier=held)
    scores = score_columns(row, card)
    assert scores.trust_index[0] == 59
    assert scores.tier[0] == "limited"


def test_categories_are_known_in_both_languages():
    card = load_scorecard("default")
    for name in ("Beauty", "美妆"):
        row = block(card, allergy_return_orders_90d=5, orders_delivered_90d=1000, category=name)
        scores = score_columns(row, card, detail="all")
        position = [s.id for s in card.signals].index("allergy_return_rate")
        assert scores.applies[position, 0]
        assert not score_columns(
            row | {"category": np.array([None], dtype=object)}, card, detail="all"
        ).applies[position, 0]
