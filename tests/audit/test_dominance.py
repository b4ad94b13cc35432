"""An index that is nearly one signal: named, and what is left of it without."""

import numpy as np
import pytest

from tests.audit.audit_cards import card, level, levels, market, rate
from trustscore.audit import Outcomes
from trustscore.audit.attack_cost import one_fake
from trustscore.audit.coherence import coherence, dominant_signals
from trustscore.audit.validity import validity
from trustscore.scorecard import load_scorecard
from trustscore.scoring.realised import parts_of_index, realised_shares

NAMES = ("a", "b", "c", "d", "e", "f")


def six(spread, rows=400):
    """Six independent signals of equal weight; the first spreads so many times as widely."""
    rng = np.random.default_rng(1)
    values = {name: 5 + rng.uniform(-1, 1, rows) for name in NAMES}
    values["a"] = 5 + spread * (values["a"] - 5)
    return market(card({name: level(name) for name in NAMES}), **values)


def test_shares_by_hand():
    """Variances 4 and 1 of independent signals: four fifths and one fifth."""
    gained = np.array([[0.0, 4.0, 0.0, 4.0], [0.0, 0.0, 2.0, 2.0]])
    share, error = realised_shares(gained, gained.sum(axis=0))
    assert share == pytest.approx([0.8, 0.2])
    assert (error > 0).all()
    same = realised_shares(np.ones((2, 3)), np.full(3, 2.0))
    assert np.isnan(same[0]).all()


def test_a_signal_that_makes_up_most_needs_a_decision():
    heavy = six(4.0)  # 16 of 21
    found = coherence(heavy)
    assert levels(found)["dominance"] == "decide"
    [text] = [f.text for f in found.findings if f.code.endswith("dominance")]
    assert text.startswith("a makes up 7")
    assert dominant_signals(heavy) == ["a"]


def test_signals_alike_are_no_finding():
    assert "dominance" not in levels(coherence(six(1.0)))
    assert dominant_signals(six(1.0)) == []


def test_where_the_interval_holds_the_line_it_is_a_note():
    level_of = {levels(coherence(six(1.5, rows=rows))).get("dominance") for rows in (60, 90)}
    assert level_of <= {"note", None}
    assert "note" in level_of


def test_few_signals_and_one_dimension_have_no_limit():
    few = card({name: level(name) for name in NAMES[:3]})
    assert parts_of_index(few).limits.tolist() == [1.0] * 4
    assert parts_of_index(card({n: level(n) for n in NAMES})).limits.tolist() == [0.3] * 6 + [1.0]


def test_dimensions_below_others_count_with_them():
    default = load_scorecard("default")
    found = parts_of_index(default)
    place = {name: at for at, name in enumerate(found.names)}
    for dimension in default.dimensions:
        below = [d.id for d in default.dimensions if d.parent == dimension.id]
        own = np.array([s.dimension == dimension.id for s in default.signals], dtype=float)
        whole = own + sum(found.inside[place[name]] for name in below)
        assert (found.inside[place[dimension.id]] == whole).all()


def outcomes(heavy, driver):
    """Bad orders that follow one column."""
    rng = np.random.default_rng(2)
    chance = np.clip(0.5 - 0.45 * (heavy.block[driver] - 5) / np.ptp(heavy.block[driver]), 0, 1)
    n = np.full(heavy.rows, 30.0)
    return Outcomes(heavy.ids, n, rng.binomial(30, chance).astype(float), dated=True)


def test_what_is_left_without_it_stands_beside_the_index():
    heavy = six(4.0)
    found = validity(heavy, outcomes(heavy, "a"))
    scores = dict(zip(found.tables["scores"]["score"], found.tables["scores"]["auc"], strict=True))
    assert scores["trust index"] > 0.6 > scores["index without a"]
    assert scores["index without a"] == pytest.approx(0.5, abs=0.05)


def test_the_verdict_says_whether_the_index_earns_its_complexity():
    """Beside the best single signal, as there are no stars: all together, or the first alone."""
    even = six(1.0)
    rng = np.random.default_rng(2)
    together = sum(even.block[name] - 5 for name in NAMES)
    bad = rng.binomial(30, np.clip(0.5 - 0.12 * together, 0.02, 0.98)).astype(float)
    n = np.full(even.rows, 30.0)
    found = validity(even, Outcomes(even.ids, n, bad, dated=True))
    assert levels(found)["verdict"] == "fine"
    alone = validity(even, outcomes(even, "a"))
    assert levels(alone)["verdict"] == "decide"
    [text] = [f.text for f in alone.findings if f.code.endswith("verdict")]
    assert "does not earn its complexity" in text and "over the best single signal" in text


def test_one_fake_by_hand():
    """Half of ten and a prior worth one: 5.5 bad of 11, and 5.5 of 12 with a good one more."""
    counted = card({"a": rate("a_bad", "a_all", poor=1.0, prior=0.5, strength=1)})
    bought = market(counted, a_bad=np.full(40, 5.0), a_all=np.full(40, 10.0))
    before, after = 5.5 / 11, 5.5 / 12
    assert one_fake(bought, "a") == pytest.approx(100 * (before - after))


def test_what_one_fake_buys_stands_beside_the_share():
    rng = np.random.default_rng(2)
    names = {name: level(name) for name in NAMES[1:]}
    names["a"] = rate("a_bad", "a_all", poor=1.0, prior=0.5, strength=1)
    values = {name: 5 + rng.uniform(-0.3, 0.3, 400) for name in NAMES[1:]}
    heavy = market(
        card(names), **values, a_bad=rng.integers(0, 11, 400) * 1.0, a_all=np.full(400, 10.0)
    )
    [text] = [f.text for f in coherence(heavy).findings if f.code.endswith("dominance")]
    bought = one_fake(heavy, "a")
    assert 0 < bought < 100 / 6
    assert f"one perfect fake in it buys a median merchant {bought:.2f} points" in text
    # A signal that counts nothing cannot be faked by the piece.
    [text] = [f.text for f in coherence(six(4.0)).findings if f.code.endswith("dominance")]
    assert "fake" not in text and np.isnan(one_fake(six(4.0), "a"))
