import numpy as np
import pytest

from tests.audit.audit_cards import card, level, levels, market, rate
from trustscore.audit import Market
from trustscore.audit.attack_cost import attack_cost
from trustscore.audit.attacks import attacks
from trustscore.audit.bunching import bunching, jump
from trustscore.audit.forgery import Forgery, best, worst
from trustscore.audit.increments import honest_period, surprise
from trustscore.scorecard import load_scorecard
from trustscore.simulate import simulate_export

CARD = load_scorecard("minimal")
MARKET = Market(simulate_export(1500, seed=5, scorecard=CARD), CARD)


def test_the_price_of_a_point_by_hand():
    # (10 + 10) / (200 + f) falls from 0.1 to 0.098, a point of index, at f = 4.08; a tenth of a
    # point is 0.0998 at f = 0.4.
    some = market(card({"a": rate("k", "n")}), k=[10] * 10, n=[100] * 10)
    section = attack_cost(some)
    table = section.tables["signals"]
    assert table["median_point"].tolist() == [5]
    assert table["median_tenth"].tolist() == [1]
    assert table["median_most"][0] == pytest.approx(50, abs=0.01)
    assert section.tables["units"]["column"].tolist() == ["n"]
    assert levels(section)["price"] == "note"


def test_a_unit_buys_every_signal_that_counts_over_it():
    spec = {"a": rate("k", "n"), "b": rate("l", "n")}
    section = attack_cost(market(card(spec), k=[10] * 10, l=[10] * 10, n=[100] * 10))
    # Alone, each is half the index: 0.096 is reached at f = 8.3.
    assert section.tables["signals"]["median_point"].tolist() == [9, 9]
    assert section.tables["units"]["median_point"].tolist() == [5]


def test_what_cannot_be_bought_is_infinite_and_what_is_not_counted_is_named():
    spec = {"a": rate("k", "n", weight=0.01), "b": level("x", weight=100)}
    section = attack_cost(market(card(spec), k=[0] * 10, n=[9] * 10, x=[5] * 10))
    assert np.isinf(section.tables["signals"]["median_point"]).all()
    assert section.facts["not_for_sale_by_the_piece"] == ["b"]
    only = attack_cost(market(card({"b": level("x")}), x=[5, 5]))
    assert levels(only) == {"nothing": "note"}


def test_fakes_move_each_kind_of_figure_the_right_way():
    forgery = Forgery(MARKET)
    for _, signal in forgery.signals:
        better = forgery.scores(forgery.forged(signal, 1000.0, best(signal)))
        worse = forgery.scores(forgery.forged(signal, 1000.0, worst(signal)))
        before = MARKET.scores.raw_index
        assert (better.raw_index >= before - 1e-9).all() and np.any(better.raw_index > before)
        assert (worse.raw_index <= before + 1e-9).all() and np.any(worse.raw_index < before)


def test_no_fakes_change_nothing():
    forgery = Forgery(MARKET)
    for _, signal in forgery.signals:
        same = forgery.scores(forgery.forged(signal, 0.0, best(signal)))
        assert same.raw_index == pytest.approx(MARKET.scores.raw_index, abs=1e-9)


def test_honest_merchants_do_not_surprise():
    forgery = Forgery(MARKET)
    signals = [signal for _, signal in forgery.signals]
    rng = np.random.default_rng(0)
    found = surprise(forgery, signals, honest_period(forgery, signals, rng))
    assert found.mean() == pytest.approx(0, abs=0.15)
    assert found.std() == pytest.approx(1, abs=0.25)


def test_attacks_pay_and_larger_doses_are_noticed_more():
    section = attacks(MARKET, seed=1)
    rows = [
        dict(zip(section.tables["doses"], values, strict=True))
        for values in zip(*section.tables["doses"].values(), strict=True)
    ]
    for row in rows:
        assert (row["points"] > 0) == (row["attack"] == "brushing")
        assert 0 <= row["detected"] <= 1
    for name in ("brushing", "review bombing", "on-off"):
        large = [row for row in rows if row["attack"] == name][2::3]
        assert large[-1]["detected"] >= large[0]["detected"] - 0.02
    gain = section.tables["whitewashing"]["mean_gain"]
    assert gain[0] > 0 and gain[-1] == pytest.approx(0)
    assert levels(section)["whitewashing"] == "decide"


AT = np.log(np.arange(22, 38.0))


def test_a_smooth_tail_is_no_step():
    rng = np.random.default_rng(1)
    mean = 300 * np.exp(-0.5 * ((AT - 3) / 1.5) ** 2)
    z = [step / error for step, error in (jump(rng.poisson(mean) * 1.0, AT) for _ in range(300))]
    assert np.mean(z) == pytest.approx(0, abs=0.25)
    assert np.mean(np.array(z) > 2.576) < 0.03


def test_a_step_of_known_size_is_found():
    step, error = jump(np.where(np.arange(16) < 8, 200.0, 300.0), AT)
    assert step == pytest.approx(np.log(1.5), abs=0.05)
    assert step / error > 2.576
    assert np.isnan(jump(np.zeros(16), AT)[0])


def crowd(orders):
    given = card(
        {"a": rate("k", "n")},
        status={"new": {"column": "n", "below": 30}},
        rules={"bonus": {"when": "n >= 30", "bonus": 1, "en": "x"}},
    )
    return market(given, k=np.zeros(len(orders)), n=orders)


def test_merchants_gathering_just_above_a_line_are_seen():
    rng = np.random.default_rng(2)
    orders = np.floor(np.exp(rng.normal(3.4, 0.8, 4000)))
    assert levels(bunching(crowd(orders)))["none"] == "fine"
    near = (orders >= 27) & (orders < 30)
    pushed = np.where(near, 30.0, orders)
    assert levels(bunching(crowd(pushed)))["seen"] == "decide"


def test_a_line_that_nobody_is_near_is_not_tested():
    section = bunching(crowd(np.full(50, 1000.0)))
    assert levels(section) == {"few": "note"}


def test_a_heap_of_thin_evidence_is_no_bunching():
    """Hundreds of merchants stand at the index of the priors, just over the line of a tier."""
    given = card(
        {"a": rate("k", "n", strength=30), "b": level("x", weight=1, prior=5.5)},
        status={"low_evidence": {"coverage": 0.2}},
        tiers={
            "ladder": [
                {"id": "low", "en": "Low", "zh": "低", "at": 0},
                {"id": "mid", "en": "Mid", "zh": "中", "at": 50.9, "entry": True},
                {"id": "top", "en": "Top", "zh": "高", "at": 60, "coverage": 0.5},
            ]
        },
    )
    rng = np.random.default_rng(4)
    n = np.r_[np.zeros(600), rng.integers(20, 400, 1400)]
    k = rng.binomial(n.astype(int), np.clip(rng.normal(0.1, 0.03, 2000), 0.01, 0.5)) * 1.0
    x = np.r_[np.full(600, np.nan), rng.normal(5.5, 0.5, 1400)]
    found = bunching(market(given, k=k, n=n, x=x))
    assert "seen" not in levels(found)
    # A heap of copies is one merchant; merchants who really crept over the line are seen.
    copies = bunching(market(given, k=np.tile(k, 2), n=np.tile(n, 2), x=np.tile(x, 2)))
    assert copies.tables["lines"]["above"] == found.tables["lines"]["above"]
    index = market(given, k=k, n=n, x=x).index
    crept = (index > 48.9) & (index < 50.9) & (n > 0)
    moved = np.where(crept, x + (51.2 - index + rng.uniform(0, 0.5, 2000)) / 2, x)
    assert levels(bunching(market(given, k=k, n=n, x=moved)))["seen"] == "decide"


def test_bins_that_stray_from_the_curve_widen_the_error():
    smooth = np.full(16, 100.0)
    heap = smooth.copy()
    heap[8] = 400.0
    assert jump(heap, AT)[1] > 2 * jump(smooth, AT)[1]


def test_few_merchants_have_no_prices_and_no_alarms():
    few = MARKET.take(np.arange(9))
    assert levels(attack_cost(few)) == {"few_price": "note"}
    assert levels(attacks(few)) == {"few_price": "note"}
    some = attacks(MARKET.take(np.arange(150)))
    assert levels(some)["few_alarm"] == "note"
    assert np.isnan(some.tables["doses"]["detected"]).all()
    assert "noticed" not in " ".join(f.text for f in some.findings if "brushing" in f.code)
