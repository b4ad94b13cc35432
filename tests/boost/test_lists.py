"""Many lists: how they are held, and what cannot be one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.boost.cases import few, leaning, lists_of, many, policy
from trustscore.boost import Lists, from_log_odds, rerank_lists
from trustscore.errors import InputError


def test_by_hand():
    lists = Lists.from_columns(
        ["q", "p", "q", "q"], [0.2, 0.9, 0.4, 0.4], ["a", "b", "c", "d"], ["1", "2", "4", "3"]
    )
    assert lists.queries.tolist() == ["q", "p"]
    assert lists.offsets.tolist() == [0, 3, 4]
    assert lists.source.tolist() == [3, 2, 0, 1]
    assert lists.lengths.tolist() == [3, 1]
    assert lists.spread().tolist() == [0.2, 0.0]


def test_ranks_by_hand():
    rule = policy(0.5)
    table = leaning([1, 0, 1], rule, ["", "floor", "block"])
    lists = Lists.from_columns(
        ["p", "q", "q", "q", "q"], [1.0, 9.0, 1.9, 1.8, 1.7], ["m2", "m1", "x", "m2", "m0"]
    )
    found = rerank_lists(lists, table, rule)
    assert found.base_rank.tolist() == [1, 1, 2, 3, 4]
    assert found.final_rank.tolist() == [0, 3, 2, 0, 1]
    assert found.trust_boost == pytest.approx(np.exp([-0.5, -0.5, 0, -0.5, 0.5]))
    assert found.propensity.tolist() == [1] * 5
    assert not found.explored.any()


@few
@given(st.integers(0, 2**32 - 1))
def test_grids_hold_every_row_once(seed):
    columns, _, _ = many(seed, queries=30)
    lists = lists_of(columns)
    met = np.concatenate([cells[real] for _, cells, real in lists.grids()])
    assert sorted(met.tolist()) == list(range(len(lists.relevance)))
    for which, cells, real in lists.grids():
        assert real.sum(axis=1).tolist() == lists.lengths[which].tolist()
        assert (cells[~real] == len(lists.relevance)).all()


@few
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_shuffled_rows_give_shuffled_ranks(seed, vetoes):
    columns, leans, veto = many(seed, ties=True, vetoes=vetoes)
    rule = policy(0.4)
    table = leaning(leans, rule, veto)
    mixed = np.random.default_rng(seed).permutation(len(columns["relevance"]))
    one = rerank_lists(lists_of(columns), table, rule)
    shuffled = {name: column[mixed] for name, column in columns.items()}
    other = rerank_lists(lists_of(shuffled), table, rule)
    assert one.final_rank[mixed].tolist() == other.final_rank.tolist()
    assert one.base_rank[mixed].tolist() == other.base_rank.tolist()


def test_no_lists():
    lists = Lists.from_columns([], [], [], [])
    for rule in (policy(), policy(form="additive"), policy(guards={"head": 1})):
        found = rerank_lists(lists, leaning([1], rule), rule)
        assert found.final_rank.tolist() == []
    assert len(lists) == 0


@pytest.mark.parametrize(
    ("columns", "faults"),
    [
        ((["q"], [1.0, 2.0], ["a", "b"]), ["query_id has 1 rows, relevance has 2"]),
        ((["q", "q"], [1.0, 2.0], ["a"]), ["merchant_id has 1 rows, relevance has 2"]),
        ((["q", "q"], [1.0, 2.0], ["a", "b"], ["i"]), ["item_id has 1 rows, relevance has 2"]),
        ((["q", "p", "q"], [1.0, 2.0, 3.0], ["a"] * 3, ["i", "i", "i"]),
         ["row 3: item 'i' again in its list"]),
        ((["q", "", None, float("nan")], [1.0] * 4, ["a"] * 4),
         [f"row {n}: query_id is blank" for n in (2, 3, 4)]),
    ],
)  # fmt: skip
def test_columns_that_are_no_lists(columns, faults):
    with pytest.raises(InputError) as raised:
        Lists.from_columns(*columns)
    assert raised.value.faults == faults


def test_a_query_is_of_one_kind():
    with pytest.raises(InputError, match="line 4: query_kind is '', and 'brand' in line 2"):
        Lists.from_columns(
            ["q", "p", "q"], [1.0] * 3, ["a"] * 3, query_kind=["brand", None, ""],
            lines=np.array([2, 3, 4]),
        )  # fmt: skip


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan, np.inf])
def test_relevance_is_named_by_the_row_of_the_input(bad):
    rule = policy()
    lists = Lists.from_columns(["q", "q", "p"], [0.5, bad, 0.7], ["a"] * 3)
    with pytest.raises(InputError, match="row 2: relevance must be above 0"):
        rerank_lists(lists, leaning([], rule), rule)
    known = Lists.from_columns(
        ["q", "q", "p"], [0.5, bad, 0.7], ["a"] * 3, lines=np.array([2, 5, 6])
    )
    with pytest.raises(InputError, match="line 5: relevance must be above 0"):
        rerank_lists(known, leaning([], rule), rule)


@pytest.mark.parametrize(("keep", "ranks"), [(True, [2, 1, 0]), (False, [1, 3, 2])])
def test_expired_scores_of_many_lists(keep, ranks):
    rule = policy(0.5, validity={"days": 1, "keep_vetoes": keep})
    table = leaning([1, 1], rule, ["floor", "block"], scored_on=["2026-01-01"] * 2)
    lists = Lists.from_columns(["q"] * 3, [3.0, 1.0, 2.0], ["m0", "x", "m1"])
    found = rerank_lists(lists, table, rule, today="2026-01-03")
    assert found.trust_boost.tolist() == [1, 1, 1]
    assert found.final_rank.tolist() == ranks
    assert rerank_lists(lists, table, rule).trust_boost[0] < 1


def test_exclusions_of_many_lists():
    columns = (["sku-1", "q", "b"], [1.0] * 3, ["a"] * 3)
    rule = policy(exclusions={"queries": ["sku-*"], "kinds": ["brand"]})
    assert Lists.from_columns(*columns).off(rule).tolist() == [True, False, False]
    kinds = Lists.from_columns(*columns, query_kind=["", None, "brand"])
    assert kinds.off(rule).tolist() == [True, False, True]
    assert kinds.off(policy()).tolist() == [False] * 3


@few
@given(st.lists(st.floats(-30, 30), min_size=1))
def test_log_odds_keep_their_order(scores):
    found = from_log_odds(scores)
    assert (found > 0).all()
    assert (found < 1).all()
    order = np.argsort(scores, kind="stable")
    assert (np.diff(found[order]) >= 0).all()


def test_what_is_no_log_odds():
    with pytest.raises(InputError, match=r"row 2: must be between -30 and 30. Got 31"):
        from_log_odds([0, 31, 1])
    with pytest.raises(InputError, match=r"row 1: .* Got nan"):
        from_log_odds([np.nan])
