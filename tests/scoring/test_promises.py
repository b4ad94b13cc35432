"""The promises of the score, as properties."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.scoring.cards import deep_card, minimal, random_block, rows_of
from trustscore.scorecard import load_scorecard, parse_scorecard
from trustscore.scoring import score_columns, utilities

seeds = st.integers(0, 2**32 - 1)
powers = st.sampled_from([1.0, 0.5, 0.0, -0.5, -1.0])
COLUMNS = ("trust_index", "trust_index_lower", "trust_index_upper", "index_se", "prior_index")


def same(a, b, rows=slice(None)):
    for name in (*COLUMNS, "coverage", "raw_index"):
        np.testing.assert_array_equal(getattr(a, name)[rows], getattr(b, name), err_msg=name)
    for name in ("status", "tier", "veto", "rules"):
        assert getattr(a, name)[rows].tolist() == getattr(b, name).tolist(), name
    for name in ("reason_signal", "reason_points"):
        np.testing.assert_array_equal(getattr(a, name)[:, rows], getattr(b, name), err_msg=name)


@given(seeds, powers, st.floats(0.02, 0.5))
def test_statement_adds_up(seed, power, floor):
    card = deep_card(power, floor)
    scores = score_columns(random_block(card, 40, seed), card, "statement")
    scored = ~np.isnan(scores.trust_index)
    moved = sum(scores.adjustments.values())
    total = scores.gained.sum(axis=0) + moved
    assert total[scored] == pytest.approx(scores.trust_index[scored], abs=1e-9)
    assert scores.lost.sum(axis=0) == pytest.approx(100 - scores.raw_index, abs=1e-9)
    assert (scores.gained >= 0).all()
    assert (scores.lost >= 0).all()


@given(seeds, powers, st.sampled_from([1, 2, 7]))
def test_other_rows_and_block_size_change_nothing(seed, power, size):
    card = deep_card(power)
    block = random_block(card, 23, seed)
    whole = score_columns(block, card)
    for start in range(0, 23, size):
        part = rows_of(block, start, start + size)
        same(whole, score_columns(part, card), slice(start, start + size))


@given(seeds, powers)
def test_permuted_input_gives_permuted_rows(seed, power):
    card = deep_card(power)
    block = random_block(card, 30, seed)
    order = np.random.default_rng(seed).permutation(30)
    shuffled = {name: values[order] for name, values in block.items()}
    same(score_columns(block, card), score_columns(shuffled, card), order)


@given(seeds, powers)
def test_detail_does_not_change_the_score(seed, power):
    card = deep_card(power)
    block = random_block(card, 10, seed)
    same(score_columns(block, card), score_columns(block, card, "all"))


@given(seeds, powers, st.data())
def test_better_values_never_lower_the_index(seed, power, data):
    card = deep_card(power)
    signal = data.draw(st.sampled_from(card.signals))
    block = random_block(card, 20, seed, blanks=0.05)
    step = data.draw(st.floats(0, 5))
    better = dict(block)
    values = block[signal.value]
    moved = values + step if signal.higher_is_better else np.maximum(values - step, 0)
    if signal.kind == "flag":
        moved = np.where(np.isnan(values), np.nan, 0.0)
    better[signal.value] = moved
    before, after = score_columns(block, card), score_columns(better, card)
    assert (after.raw_index >= before.raw_index - 1e-9).all()
    if power == 1:
        rose = after.raw_index - 1.645 * after.index_se
        assert (rose >= before.raw_index - 1.645 * before.index_se - 1e-9).all()


@given(seeds, st.floats(1.01, 50))
def test_more_of_the_same_evidence_moves_from_the_prior_to_the_raw_rate(seed, factor):
    card = deep_card()
    block = random_block(card, 20, seed, blanks=0)
    more = dict(block)
    for name in ("bad", "all"):
        more[name] = block[name] * factor
    here = next(i for i, s in enumerate(card.signals) if s.id == "bad_rate")
    a, b = (score_columns(x, card, "all") for x in (block, more))
    known = block["all"] > 0
    rate = block["bad"][known] / block["all"][known]
    near, far = b.value[here][known], a.value[here][known]
    assert (np.abs(near - rate) <= np.abs(far - rate) + 1e-12).all()


@given(seeds, st.floats(1.01, 50))
def test_growing_evidence_never_widens_the_error(seed, factor):
    card = deep_card()
    block = random_block(card, 20, seed, blanks=0)
    more = {
        f.name: block[f.name] * factor if f.check == "count" else block[f.name] for f in card.fields
    }
    for name in ("shutdowns", "sessions_365d"):
        more[name] = block[name]
    more["category"] = block["category"]
    a, b = score_columns(block, card), score_columns(more, card)
    assert (b.index_se <= a.index_se + 1e-9).all()


@given(seeds, st.data())
def test_unknown_puts_the_prior_in_and_nothing_else(seed, data):
    card = deep_card()
    signal = data.draw(st.sampled_from([s for s in card.signals if s.sample]))
    block = random_block(card, 20, seed, blanks=0.1)
    alone = [s for s in card.signals if s.sample == signal.sample or s.value == signal.sample]
    blank = dict(block) | {s.value: np.full(20, np.nan) for s in alone}
    blank[signal.sample] = np.full(20, np.nan)
    here = card.signals.index(signal)
    a, b = utilities(block, card), utilities(blank, card)
    others = [i for i, s in enumerate(card.signals) if s not in alone]
    np.testing.assert_array_equal(a.utility[others], b.utility[others])
    nothing = utilities({k: v if k == "category" else v * np.nan for k, v in block.items()}, card)
    np.testing.assert_array_equal(b.utility[here], nothing.utility[here])
    assert (b.reliability[here] == 0).all()
    before, after = score_columns(block, card), score_columns(blank, card)
    same_rows = before.rules == after.rules
    assert (after.coverage <= before.coverage + 1e-12)[same_rows].all()


@given(seeds)
def test_the_default_keeps_its_promises_too(seed):
    card = load_scorecard("default")
    block = random_block(card, 12, seed)
    scores = score_columns(block, card, "statement")
    scored = ~np.isnan(scores.trust_index)
    total = scores.gained.sum(axis=0) + sum(scores.adjustments.values())
    assert total[scored] == pytest.approx(scores.trust_index[scored], abs=1e-9)
    same(scores, score_columns(block, card))
    for i in range(12):
        same(scores, score_columns(rows_of(block, i, i + 1), card), slice(i, i + 1))
    assert (scores.trust_index_lower <= scores.trust_index)[scored].all()
    assert (scores.trust_index <= scores.trust_index_upper)[scored].all()


def test_extreme_numbers_stay_in_range():
    card = load_scorecard("default")
    huge = {f.name: np.array([1e308, 0.0, 5e-324]) for f in card.fields}
    for field in card.fields:
        if field.check == "flag":
            huge[field.name] = np.array([1.0, 0.0, 0.0])
        if field.lo is not None:
            huge[field.name] = np.array([field.hi, field.lo, field.lo])
    scores = score_columns(huge, card, "all")
    assert np.isfinite(scores.raw_index).all()
    assert ((scores.raw_index >= 0) & (scores.raw_index <= 100)).all()


@pytest.mark.parametrize("lone", [True, False])
def test_the_least_weight_is_still_a_weight(lone):
    data = minimal()
    for part in data["dimensions"].values():
        part["weight"], part["power"] = (1e-100 if lone else part["weight"]), -1
    for group in data["signals"].values():
        for spec in group.values():
            spec["weight"] = 1e-100
            if not lone:
                break
    scorecard = parse_scorecard(data)
    scores = score_columns(random_block(scorecard, 200, 3), scorecard, "all")
    assert np.isfinite([scores.raw_index, scores.index_se, scores.coverage]).all()
    assert np.allclose(np.nansum(scores.gained, axis=0), scores.raw_index)
