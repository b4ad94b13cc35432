import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.audit.audit_cards import card, level, market, rate
from trustscore.audit import Market
from trustscore.audit.cards import (
    equal_weights,
    private_columns,
    without_conditions,
    without_signal,
)
from trustscore.audit.choices import choices_of, varied
from trustscore.audit.market import bands
from trustscore.errors import InputError
from trustscore.scorecard import load_scorecard
from trustscore.scoring import score_columns
from trustscore.simulate import simulate_export

values = st.lists(st.one_of(st.integers(0, 8).map(float), st.just(np.nan)), min_size=1, max_size=40)


@given(values, st.integers(1, 10))
def test_bands_part_the_merchants_in_order(listed, count):
    given_values = np.array(listed)
    found = bands(given_values, count)
    assert (found.code >= 0).tolist() == (~np.isnan(given_values)).tolist()
    assert len(found.names) <= count
    tops = [given_values[mask].max() for _, mask in found]
    bottoms = [given_values[mask].min() for _, mask in found]
    assert all(top < bottom for top, bottom in zip(tops, bottoms[1:], strict=False))


def test_one_merchant_is_no_market():
    with pytest.raises(InputError, match="at least 2 scored merchants"):
        market(card({"a": rate("k", "n")}), k=[1], n=[2])


def test_volume_is_the_column_of_the_status_or_the_commonest_sample():
    spec = {"a": rate("k", "n"), "b": rate("k", "n"), "c": rate("k", "m")}
    columns = {"k": [1, 2], "n": [10, 20], "m": [30, np.nan], "x": [5, 6]}
    assert market(card(spec), **columns).volume.tolist() == [10, 20]
    named = card(spec, status={"new": {"column": "m", "below": 3}})
    assert market(named, **columns).volume.tolist() == [30, 0]
    assert market(card({"a": level("x")}), x=[1, 2]).volume.tolist() == [0, 0]


COLUMNS = {"x": [0.0, 10.0], "y": [10.0, 0.0], "z": [10.0, 10.0]}


def test_equal_weights_by_hand():
    spec = {"one": {"a": level("x", weight=9)}, "two": {"b": level("y"), "c": level("z", weight=1)}}
    given_card = card(spec)
    scores = market(given_card, **COLUMNS).scored(equal_weights(given_card))
    assert scores.raw_index == pytest.approx([200 / 3, 200 / 3])


@pytest.mark.parametrize(("gone", "index"), [("b", [50, 100]), ("a", [80, 20 / 1])])
def test_without_a_signal_by_hand(gone, index):
    # The lone signal takes its dimension with it.
    spec = {"one": {"a": level("x")}, "two": {"b": level("y"), "c": level("z", weight=1)}}
    given_card = card(spec)
    scores = market(given_card, **COLUMNS).scored(without_signal(given_card, gone))
    expected = {"b": [50, 100], "a": [100, 20]}[gone]
    assert scores.raw_index == pytest.approx(expected, abs=1e-8)


def test_without_conditions_what_did_not_apply_is_unknown():
    given_card = card({"a": level("x"), "b": level("y", applies_when="z > 5")})
    some = market(given_card, x=[10.0, 10.0], y=[np.nan, 0.0], z=[0.0, 9.0])
    assert some.scores.raw_index == pytest.approx([100, 50])
    assert some.scored(without_conditions(given_card)).raw_index == pytest.approx([75, 50])


@pytest.mark.parametrize("name", ["minimal", "default", "olist"])
def test_signals_with_columns_of_their_own_score_the_same(name):
    given_card = load_scorecard(name)
    block = dict(simulate_export(50, seed=2, scorecard=given_card))
    apart, copies = private_columns(given_card)
    again = score_columns({**block, **{new: block[old] for new, old in copies.items()}}, apart)
    assert np.array_equal(score_columns(block, given_card).trust_index, again.trust_index, True)


@pytest.mark.parametrize("name", ["minimal", "default", "olist"])
def test_every_choice_moves_the_index_and_repeats(name):
    given_card = load_scorecard(name)
    some = Market(simulate_export(50, seed=2, scorecard=given_card), given_card)
    found, nothing = choices_of(given_card)
    assert not nothing
    for choice in found:
        for number in range(2):
            other = varied(given_card, {choice.name: number}, seed=1)
            assert other == varied(given_card, {choice.name: number}, seed=1)
            assert other != varied(given_card, {choice.name: number}, seed=2)
            assert np.any(some.scored(other).raw_index != some.scores.raw_index), choice.name


def test_one_signal_leaves_no_weight_to_choose():
    _, nothing = choices_of(card({"a": rate("k", "n")}))
    assert nothing == ["weights", "exponent"]
