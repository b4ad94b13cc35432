"""Small cases whose answers a reader can work out."""

import datetime as dt

import numpy as np
import pytest

from tests.scoring.cards import card, deep_card
from tests.scoring.cards import minimal as minimal_data
from trustscore.errors import InputError, ScorecardError
from trustscore.explain import explain, render_text
from trustscore.scorecard import load_scorecard, parse_scorecard
from trustscore.scoring import score_columns

MINIMAL = load_scorecard("minimal")
MERCHANT = {
    "negative_reviews": 2.0,
    "reviews_rated": 20.0,
    "product_rating_mean": 4.8,
    "complaints": 0.0,
    "orders_paid": 100.0,
    "aftersales_review_hours_mean": 2.0,
    "refunds_completed": 10.0,
    "barred_identity_link_flag": 0.0,
    "orders_guaranteed": 0.0,
}


def block(**changes):
    return {k: np.array([v], dtype=float) for k, v in (MERCHANT | changes).items()}


def score(scorecard=None, **changes):
    return score_columns(block(**changes), scorecard or card(), "all")


def test_five_signals_by_hand():
    # x: (2 + 1.6)/40 = .09, (96 + 92)/40 = 4.7, .8/200 = .004, ln x = 1.5 ln 2, 0
    # u: .55, .7, .8, 1 - 1.5/4 = .625, 1
    scores = score()
    assert scores.utility[:, 0] == pytest.approx([0.55, 0.7, 0.8, 0.625, 1.0], abs=1e-12)
    assert scores.reliability[:, 0] == pytest.approx([0.5, 0.5, 0.5, 0.5, 1.0], abs=1e-12)
    assert scores.value[:, 0] == pytest.approx([0.09, 4.7, 0.004, 2**1.5, 0.0], abs=1e-12)
    assert scores.dimensions["product_quality"][0] == pytest.approx(62.5)
    assert scores.dimensions["after_sales"][0] == pytest.approx(71.25)
    assert scores.trust_index[0] == pytest.approx(50 * 0.625 + 40 * 0.7125 + 10)
    assert scores.coverage[0] == pytest.approx(0.5 * 0.9 + 0.1)
    assert scores.prior_index[0] == pytest.approx(62.0)
    assert scores.gained[:, 0] == pytest.approx([13.75, 17.5, 16.0, 12.5, 10.0])
    assert scores.lost[:, 0] == pytest.approx([11.25, 7.5, 4.0, 7.5, 0.0])
    names = [scores.scorecard.signals[place].id for place in scores.reason_signal[:, 0]]
    assert names[0] == "product_negative_review_rate"
    assert sorted(names[1:]) == ["aftersales_review_hours_mean", "product_rating_mean"]
    assert scores.reason_points[:, 0] == pytest.approx([11.25, 7.5, 7.5])
    assert scores.status[0] == "formal"
    assert scores.tier[0] == "standard"


def test_standard_error_by_hand():
    # tau: .0592 of a rate, .2236 stars, .00894 complaints, .316 in ln hours.
    kappa = np.array(
        [
            np.sqrt(0.08 * 0.92 / 21) / 0.2,
            1 / np.sqrt(20),
            # One tau below the prior is below zero complaints, so the upper side ends at 1.
            (1 - (1 - (0.008 + np.sqrt(0.008 / 100)) / 0.02)) / 2,
            1 / np.sqrt(10) / np.log(16),
            0.0,
        ]
    )
    weight = np.array([25, 25, 20, 20, 10])
    q, r = np.full(5, 0.5), np.full(5, 0.5)
    q[4], r[4] = 0, 1
    a = weight * kappa * np.sqrt(q)
    variance = np.sum(a**2)
    variance += 0.25 * (np.sum(a * np.sqrt(q)) ** 2 - np.sum(a**2 * q))
    variance += 0.1 * (np.sum(a * np.sqrt(r)) ** 2 - np.sum(a**2 * r))
    scores = score()
    assert scores.index_se[0] == pytest.approx(np.sqrt(variance))
    assert scores.trust_index_lower[0] == pytest.approx(69.75 - 1.6448536 * np.sqrt(variance))


def test_geometric_root_by_hand():
    scores = score(card(index={"power": 0.0, "floor": 0.1}))
    v = 0.1 + 0.9 * np.array([0.625, 0.7125, 1.0])
    mean = np.exp(np.sum(np.array([0.5, 0.4, 0.1]) * np.log(v)))
    assert scores.trust_index[0] == pytest.approx(100 * (mean - 0.1) / 0.9)


def test_nothing_known_is_not_a_score():
    scores = score_columns({k: np.array([np.nan]) for k in MERCHANT}, card())
    assert np.isnan(scores.trust_index[0])
    assert (scores.status[0], scores.tier[0]) == ("not_scored", "")
    assert (scores.reason_points == 0).all()
    assert scores.raw_index[0] == pytest.approx(62.0)
    assert scores.prior_index[0] == pytest.approx(62.0)
    assert scores.coverage[0] == 0


def test_withheld_is_one_tau_towards_poor():
    # Reviews exist, the bad ones are blank: .08 + sqrt(.08 .92/21) instead of .08.
    scores = score(negative_reviews=np.nan)
    assert scores.withheld[0, 0]
    expected = 1 - (0.08 + np.sqrt(0.08 * 0.92 / 21)) / 0.2
    assert scores.utility[0, 0] == pytest.approx(expected)
    assert scores.reliability[0, 0] == 0
    assert scores.withheld_count.tolist() == [1, 0, 0, 0, 0]


def test_no_reviews_is_unknown_not_withheld():
    scores = score(negative_reviews=np.nan, reviews_rated=0.0, product_rating_mean=np.nan)
    assert not scores.withheld.any()
    assert scores.utility[:2, 0] == pytest.approx([0.6, 0.6])


def test_complaints_without_orders_still_count():
    scores = score(complaints=2.0, orders_paid=0.0)
    assert scores.value[2, 0] == pytest.approx(2.8 / 100)
    assert scores.utility[2, 0] == 0


def test_cap_bonus_and_their_lines():
    scores = score(barred_identity_link_flag=1.0, orders_guaranteed=50.0, orders_paid=100.0)
    raw = 59.75 + 0.0
    assert scores.raw_index[0] == pytest.approx(raw)
    assert scores.adjustments["guarantee_bonus"][0] == 2
    assert scores.adjustments["cap"][0] == pytest.approx(59 - raw - 2)
    assert (scores.trust_index[0], scores.veto[0]) == (59, "cap")
    assert scores.rules[0] == "barred_identity_cap;guarantee_bonus"
    assert scores.tier[0] == "limited"


def test_limit_is_its_own_line():
    best = score(card(rules__guarantee_bonus__bonus=60.0), orders_guaranteed=100.0, complaints=0.0)
    assert best.trust_index[0] == 100
    assert best.adjustments["limit"][0] == pytest.approx(100 - 69.75 - 60)


@pytest.mark.parametrize(
    ("upheld", "orders", "capped"),
    [(1, 10, False), (2, 10, True), (7, 90, False), (9, 90, True)],
)
def test_rate_cap_asks_for_count_and_significance(upheld, orders, capped):
    # 90 orders: 4.5 + 1.645 sqrt 4.5 = 7.99 events are beyond chance; 10 orders: .5 + 1.16.
    deep = deep_card()
    data = {f.name: np.array([np.nan]) for f in deep.fields}
    data |= {"upheld": np.array([float(upheld)]), "all": np.array([float(orders)])}
    assert ("many_upheld" in score_columns(data, deep).rules[0]) is capped


def test_applicability_shares_the_weight_out():
    deep = deep_card()
    data = {f.name: np.array([np.nan, np.nan]) for f in deep.fields}
    data |= {"points": np.array([60.0, 60.0]), "sessions_365d": np.array([0.0, 5.0])}
    scores = score_columns(data, deep, "statement")
    claims, shutdowns, reply = (
        next(i for i, s in enumerate(deep.signals) if s.id == name)
        for name in ("claims", "shutdowns", "reply")
    )
    assert scores.weight[[claims, shutdowns], 0].tolist() == [0, 0]
    # goods 3 : live 2; inside live claims 4, shutdowns 4, talk 1; inside talk three of 4.
    assert scores.weight[claims, 1] == pytest.approx(0.4 * 4 / 9)
    assert scores.weight[reply, 0] == pytest.approx(0.4 / 3)
    assert scores.weight.sum(axis=0) == pytest.approx([1, 1])


def test_overlay_changes_weights_anchors_and_rules():
    deep = deep_card()
    data = {f.name: np.array([np.nan, np.nan]) for f in deep.fields}
    data |= {
        "upheld": np.array([1.0, 1.0]),
        "all": np.array([100.0, 100.0]),
        "bad": np.array([0.0, 0.0]),
        "category": np.array(["toys", " JEWELS "], dtype=object),
    }
    scores = score_columns(data, deep, "statement")
    jewel = next(i for i, s in enumerate(deep.signals) if s.id == "jewel")
    assert scores.applies[jewel].tolist() == [False, True]
    assert scores.adjustments["per_case"].tolist() == [-2, -3]
    assert scores.adjustments["clean"].tolist() == [3, 0]
    stars = next(i for i, s in enumerate(deep.signals) if s.id == "stars")
    assert scores.utility[stars, 0] > scores.utility[stars, 1], "toys have a prior of 4.4"


def test_hysteresis_and_minimum_stay():
    scorecard = card(tiers={"ladder": card().file.model_dump(mode="json")["tiers"]["ladder"]})
    data = {k: np.repeat(v, 4) for k, v in block(complaints=0.0).items()}
    data["aftersales_review_hours_mean"][:] = 1.0
    data["previous_tier"] = np.array([None, "trusted", "limited", "trusted"], dtype=object)
    data["tier_since"] = np.array([None, "2026-01-01", "2026-01-30", "2026-01-01"], dtype=object)
    scores = score_columns(data, scorecard, as_of=dt.date(2026, 2, 1))
    assert 72 < scores.trust_index[0] < 75
    assert scores.tier.tolist() == ["standard", "trusted", "limited", "trusted"]
    later = score_columns(data, scorecard)
    assert later.tier.tolist() == ["standard", "trusted", "standard", "trusted"]


def test_missing_columns_are_named():
    data = block()
    del data["complaints"]
    with pytest.raises(InputError, match="complaints: is missing"):
        score_columns(data, card())
    scores = score_columns(data, card(), "all", missing=frozenset(["complaints"]))
    assert not scores.applies[2, 0]
    assert scores.dimensions["after_sales"][0] == pytest.approx(62.5)


def test_open_scorecard_cannot_score():
    from tests.scoring.cards import minimal

    data = minimal()
    data["signals"]["after_sales"]["complaint_rate"]["prior"] = "fit"
    with pytest.raises(ScorecardError, match="run trustscore fit") as error:
        score_columns(block(), parse_scorecard(data))
    assert error.value.faults == [
        "signals.after_sales.complaint_rate.prior = 'fit' waits for a fit"
    ]


def test_a_merchant_to_whom_no_signal_applies_is_not_scored():
    data = minimal_data()
    for signals in data["signals"].values():
        for signal in signals.values():
            signal["applies_when"] = "orders_paid > 0"
    scores = score(parse_scorecard(data), orders_paid=0.0)
    assert scores.coverage.tolist() == [0.0]
    assert (scores.status[0], scores.tier[0]) == ("not_scored", "")
    assert np.isnan(scores.trust_index[0])


def changed(**tables):
    data = MINIMAL.file.model_dump(mode="json", exclude_unset=True, by_alias=True)
    for name, value in tables.items():
        data[name] = data.get(name, {}) | value
    return parse_scorecard(data)


def test_a_blank_beside_a_sample_is_unknown_where_the_scorecard_says_so():
    # Utility .6 of the prior in place of one tau worse; the line of a signal has the last word.
    unknown = changed(defaults={"blank": "unknown"})
    known = {k: np.array([float(v)]) for k, v in (MERCHANT | {"negative_reviews": np.nan}).items()}
    scores = score_columns(known, unknown, "all")
    assert not scores.withheld.any()
    assert scores.utility[0, 0] == pytest.approx(0.6)
    assert (scores.unknown[0], scores.withheld_count[0]) == (1, 0)
    data = unknown.file.model_dump(mode="json", exclude_unset=True, by_alias=True)
    data["signals"]["product_quality"]["product_negative_review_rate"]["blank"] = "withheld"
    assert score_columns(known, parse_scorecard(data), "all").withheld[0, 0]


def test_what_is_withheld_says_what_it_costs():
    known = {k: np.array([float(v)]) for k, v in (MERCHANT | {"negative_reviews": np.nan}).items()}
    with_it = explain(known, MINIMAL)
    without = explain(known, changed(defaults={"blank": "unknown"}))
    cost = with_it.signal("product_negative_review_rate").withheld_cost
    assert cost == pytest.approx(without.raw_index - with_it.raw_index)
    assert cost == pytest.approx(25 * np.sqrt(0.08 * 0.92 / 21) / 0.2)
    assert f"which costs {cost:.2f} points" in render_text(with_it)
    # Below a power mean too.
    power = explain(known, changed(index={"power": -0.5}))
    unheld = explain(known, changed(index={"power": -0.5}, defaults={"blank": "unknown"}))
    costs = [line.withheld_cost for line in power.signals]
    assert sum(costs) == pytest.approx(unheld.raw_index - power.raw_index)


def test_complaints_without_orders_are_said_and_counted_apart():
    known = {k: np.array([float(v)]) for k, v in MERCHANT.items()}
    known |= {"complaints": np.array([2.0]), "orders_paid": np.array([0.0])}
    scores = score_columns(known, MINIMAL, "all")
    assert scores.reliability[2, 0] == 0
    assert (scores.unknown[2], scores.without_whole[2]) == (0, 1)
    statement = explain(known, MINIMAL)
    assert statement.signal("complaint_rate").state == "without_whole"
    assert "2 of 0: counted" in render_text(statement)
    nothing = explain(known | {"complaints": np.array([0.0])}, MINIMAL)
    assert nothing.signal("complaint_rate").state == "unknown"


@pytest.mark.parametrize("count", [0.5, 5.0, 1e9])
@pytest.mark.parametrize("orders", [0.0, np.nan])
def test_complaints_without_anything_else_give_no_index_but_meet_rules(count, orders):
    rule = {"when": "complaints >= 5", "veto": "floor", "en": "Five complaints"}
    ruled = changed(rules={"many": rule})
    known = {k: np.array([np.nan]) for k in MERCHANT}
    known |= {"complaints": np.array([count]), "orders_paid": np.array([orders])}
    scores = score_columns(known, ruled, "all")
    assert (scores.status[0], scores.veto[0]) == ("not_scored", "floor" if count >= 5 else "")
    assert np.isnan(scores.trust_index[0]) and scores.coverage[0] == 0
    assert scores.without_whole[2] == (orders == 0)


@pytest.mark.parametrize("power", [0, -0.5, -1])
def test_without_a_floor_a_zero_sinks_the_index(power):
    sinking = changed(index={"power": power, "floor": 0})
    known = {k: np.array([float(v)]) for k, v in MERCHANT.items()}
    above = explain(known, sinking)
    parts = np.array([part.index for part in above.dimensions]) / 100
    weights = np.array([0.5, 0.4, 0.1])
    mean = (
        np.exp(weights @ np.log(parts)) if power == 0 else (weights @ parts**power) ** (1 / power)
    )
    assert above.raw_index == pytest.approx(100 * mean)
    assert sum(line.gained for line in above.signals) == pytest.approx(above.raw_index, abs=1e-9)
    assert sum(line.lost for line in above.signals) == pytest.approx(100 - above.raw_index)
    sunk = explain(known | {"barred_identity_link_flag": np.array([1.0])}, sinking)
    assert (sunk.raw_index, sum(line.gained for line in sunk.signals)) == (0, 0)
    assert sunk.signal("barred_identity_link_flag").lost == pytest.approx(100, abs=1e-9)
    assert sum(line.lost for line in sunk.signals) == pytest.approx(100, abs=1e-9)
    assert 0 < sunk.index_se < 100
    # With a floor it does not.
    lifted = explain(
        known | {"barred_identity_link_flag": np.array([1.0])}, changed(index={"power": power})
    )
    assert lifted.raw_index > 10


def overlaid(**overlays):
    return changed(overlays=overlays)


def test_an_overlay_changes_the_rule_of_another_only_where_that_one_matches():
    made = overlaid(
        first={
            "match": {"category": "shoes"},
            "rules": {"late": {"when": "complaints >= 1", "deduct": 2}},
        },
        second={"match": {"shop_type": "flagship"}, "rules": {"late": {"deduct": 5}}},
    )
    known = block(complaints=1.0)

    def rules(category, shop_type):
        side = {"category": np.array([category]), "shop_type": np.array([shop_type])}
        scores = score_columns(known | side, made, "all")
        return scores.rules[0], scores.adjustments["late"][0]

    assert rules("shoes", "other") == ("late", -2)
    assert rules("shoes", "flagship") == ("late", -5)
    assert rules("hats", "flagship") == ("", 0)


def test_two_overlays_must_not_turn_a_signal_round_together():
    # Complaints: poor .02, good 0. Either alone keeps the direction; together poor is below good.
    low_poor = {"signals": {"complaint_rate": {"poor": 0.005}}}
    high_good = {"signals": {"complaint_rate": {"good": 0.01}}}
    shoes, flagship = {"match": {"category": "shoes"}}, {"match": {"shop_type": "flagship"}}
    with pytest.raises(ScorecardError) as error:
        overlaid(first=shoes | low_poor, second=flagship | high_good)
    assert error.value.faults == [
        "overlays.second.signals.complaint_rate: must keep the direction of the signal together "
        "with overlay first. Got poor 0.005 and good 0.01"
    ]
    # No row is shoes and hats.
    overlaid(first=shoes | low_poor, second={"match": {"category": "hats"}} | high_good)


def test_a_wait_of_nothing_is_shrunk_where_the_good_anchor_is_nothing():
    data = MINIMAL.file.model_dump(mode="json", exclude_unset=True, by_alias=True)
    line = data["signals"]["after_sales"]["aftersales_review_hours_mean"]
    line |= {"good": 0, "curve": "linear"}
    scores = score_columns(
        block(aftersales_review_hours_mean=0.0, refunds_completed=1.0), parse_scorecard(data), "all"
    )
    # One case of 0 h counts as .16 h: exp((ln .16 + 10 ln 4) / 11), not full marks.
    assert scores.value[3, 0] == pytest.approx(np.exp((np.log(0.16) + 10 * np.log(4)) / 11))
    assert scores.utility[3, 0] < 0.9


def test_the_weight_of_a_signal_without_evidence_can_be_shared_out():
    # The complaints of after_sales: weight 20 of 40; the hours then stand alone, with .625.
    left_out = card(signals__after_sales__complaint_rate__blank="left_out")
    at = [signal.id for signal in left_out.signals].index("complaint_rate")
    for nothing in ({"complaints": np.nan}, {"orders_paid": np.nan}, {"orders_paid": 0.0}):
        scores = score(left_out, **nothing)
        assert not scores.applies[at, 0]
        assert scores.gained[at, 0] == scores.lost[at, 0] == scores.weight[at, 0] == 0.0
        assert scores.dimensions["after_sales"][0] == pytest.approx(62.5)
        assert scores.unknown[at] == scores.withheld_count[at] == 0
    # Evidence counts as ever, and so do events of nothing: (3 + .8) / 100 is worth nothing.
    assert score(left_out).trust_index[0] == score().trust_index[0]
    alone = score(left_out, complaints=3.0, orders_paid=0.0)
    assert alone.applies[at, 0]
    assert alone.dimensions["after_sales"][0] == pytest.approx(31.25)
    assert alone.without_whole[at] == 1


def test_a_statement_names_what_is_left_out():
    left_out = card(signals__after_sales__complaint_rate__blank="left_out")
    statement = explain(block(complaints=np.nan), left_out)
    states = {line.id: line.state for line in statement.signals}
    assert states["complaint_rate"] == "left_out"
    told = render_text(statement)
    assert "Left out for want of evidence" in told
    assert "No evidence" not in told


def test_a_utility_can_be_rounded_half_up():
    for decimals, wanted in ((1, 0.6), (2, 0.55), (9, 0.55)):
        rounded = card(signals__product_quality__product_negative_review_rate__decimals=decimals)
        assert score(rounded).utility[0, 0] == pytest.approx(wanted, abs=1e-12)
    # The prior is rounded too: .08 of .2 has the utility .6; .0814 has .593.
    rounded = card(
        signals__product_quality__product_negative_review_rate__decimals=1,
        signals__product_quality__product_negative_review_rate__prior=0.0814,
    )
    assert score(rounded).prior_index[0] == pytest.approx(62.0)


@pytest.mark.parametrize("decimals", [0, 10, 1.5])
def test_decimals_are_one_to_nine(decimals):
    with pytest.raises(ScorecardError, match="decimals"):
        card(signals__product_quality__product_negative_review_rate__decimals=decimals)


def test_a_rule_may_give_a_right_or_a_duty_and_moves_nothing():
    rules = {
        "badge": {"when": "orders_paid >= 30", "right": "guarantee_badge"},
        "watched": {"when": "complaints >= 1", "duty": "pre_review"},
    }
    data = minimal_data()
    data["rules"] |= rules
    granting = parse_scorecard(data)
    for complaints, duties in ((0.0, ()), (1.0, ("pre_review",))):
        plain, scores = score(complaints=complaints), score(granting, complaints=complaints)
        assert scores.trust_index[0] == plain.trust_index[0]
        assert (scores.veto[0], scores.tier[0]) == (plain.veto[0], plain.tier[0])
        statement = explain(block(complaints=complaints), granting)
        assert statement.rights[-1] == "guarantee_badge"
        assert statement.duties == duties
        assert ("Duties pre review" in render_text(statement)) == bool(duties)
        assert "badge" not in [line.id for line in (*statement.adjustments, *statement.vetoes)]
    barred = explain(block(complaints=1.0, barred_identity_link_flag=1.0), granting)
    assert barred.veto == "cap"
    assert "guarantee_badge" not in barred.rights
    assert barred.duties == ("pre_review",)


def test_an_overlay_may_only_switch_a_right_off():
    data = minimal_data()
    data["rules"]["badge"] = {"when": "orders_paid >= 30", "right": "guarantee_badge"}
    data["overlays"] = {"toys": {"match": {"category": "toys"}, "rules": {"badge": {"off": True}}}}
    switched = parse_scorecard(data)
    toys = block() | {"category": np.array(["toys"], dtype=object)}
    assert "guarantee_badge" in explain(block(), switched).rights
    assert "guarantee_badge" not in explain(toys, switched).rights
    data["overlays"]["toys"]["rules"]["badge"] = {"right": "other"}
    with pytest.raises(ScorecardError, match="badge: must say off = true"):
        parse_scorecard(data)


def test_there_may_be_a_hundred_rules():
    data = minimal_data()
    for at in range(100):
        data["rules"][f"rule_{at}"] = {"when": "orders_paid >= 30", "deduct": 0.25}
    scores = score(parse_scorecard(data))
    assert scores.rules[0].split(";")[-1] == "rule_99"
    assert scores.trust_index[0] == pytest.approx(score().trust_index[0] - 25.0)
