"""One list: by hand, guards in combination, and input that cannot be ranked."""

import numpy as np
import pandas as pd
import pytest

from tests.boost.cases import leaning, policy
from trustscore.boost import BoostPolicy, TrustTable, rerank
from trustscore.boost.ranking import PARTS
from trustscore.errors import InputError, PolicyError


def test_by_hand():
    rule = policy(0.2)
    table = leaning([1, -1, 0], rule)
    # 1.0 e^-.2 = .819, .9 stays (nobody), .8 e^.2 = .977, .85 stays
    shown = rerank([1.0, 0.9, 0.8, 0.85], ["m1", "new", "m0", "m2"], table=table, policy=rule)
    assert shown.final_score == pytest.approx([np.exp(-0.2), 0.9, 0.8 * np.exp(0.2), 0.85])
    assert shown.order.tolist() == [2, 1, 3, 0]
    assert shown.base_rank.tolist() == [1, 2, 4, 3]
    assert shown.final_rank.tolist() == [4, 2, 1, 3]
    assert shown.guards == ()
    assert shown.propensity == 1


def test_additive_by_hand():
    rule = policy(0.5, form="additive")
    table = leaning([1, -1], rule)
    # The range is 4: 1 moves by 2 either way.
    shown = rerank([3.0, 0.0, -1.0], ["m1", "new", "m0"], table=table, policy=rule)
    assert shown.final_score == pytest.approx([1, 0, 1])
    assert shown.order.tolist() == [0, 2, 1]  # the tie of 1 and 1 goes to the better base rank
    alone = rerank([-3.0], ["m0"], table=table, policy=rule)
    assert alone.final_score.tolist() == [-3]


def test_vetoes_by_hand():
    rule = policy(0.2)
    table = leaning([1, 1, 1, 0], rule, ["block", "floor", "cap", "floor"])
    shown = rerank(
        [9.0, 8.0, 0.10, 0.11, 8.5, 8.0],
        ["m0", "m1", "m2", "new", "m3", "m1"],
        ["f", "e", "d", "c", "b", "a"],
        table=table,
        policy=rule,
    )
    # Blocked out; the cap takes the promotion of m2; the floored below, ties by item id.
    assert shown.order.tolist() == [3, 2, 4, 5, 1]
    assert shown.final_rank.tolist() == [0, 5, 2, 1, 3, 4]
    assert shown.blocked.tolist() == [True, False, False, False, False, False]
    assert shown.base_rank.tolist() == [1, 4, 6, 5, 2, 3]


def test_ties_break_by_relevance_then_item_id():
    rule = policy(np.log(2))
    table = leaning([1, -1], rule)
    relevance, sold = [1.0, 2.0, 1.0, 4.0], ["m0", "new", "m0", "m1"]
    shown = rerank(relevance, sold, ["b", "z", "a", "y"], table=table, policy=rule)
    assert shown.final_score.tolist() == [2, 2, 2, 2]
    assert shown.order.tolist() == [3, 1, 2, 0]
    numbered = rerank([1.0, 1.0], ["m0", "m0"], [9, 10], table=table, policy=rule)
    assert numbered.order.tolist() == [1, 0]  # as text, as in files
    bare = rerank([1.0, 1.0], ["m0", "m0"], table=table, policy=rule)
    assert bare.order.tolist() == [0, 1]


def test_expired_scores_are_neutral_and_keep_their_vetoes():
    rule = policy(0.2, validity={"days": 10})
    table = leaning([1, 1, 1], rule, ["", "floor", "block"], scored_on=["2026-01-01"] * 3)
    ask = {"table": table, "policy": rule}
    relevance, sold = [1.0, 2.0, 3.0, 1.1], ["m0", "m1", "m2", "new"]
    last = rerank(relevance, sold, today="2026-01-11", **ask)
    assert last.order.tolist() == [0, 3, 1]
    assert last.stale is None
    after = rerank(relevance, sold, today="2026-01-12", **ask)
    assert after.trust_boost.tolist() == [1, 1, 1, 1]
    assert after.order.tolist() == [3, 0, 1]
    assert after.stale.tolist() == [True, True, True, False]
    assert all((after.parts[name] == 0).all() for name in after.parts)
    forgiving = policy(0.2, validity={"days": 10, "keep_vetoes": False})
    table = leaning([1, 1, 1], forgiving, ["", "floor", "block"], scored_on=["2026-01-01"] * 3)
    free = rerank(relevance, sold, table=table, policy=forgiving, today="2026-01-12")
    assert free.order.tolist() == [2, 1, 3, 0]
    assert rerank(relevance, sold, **ask).order.tolist() == [0, 3, 1]  # no day, nothing expires


def test_scored_on_of_the_table_and_of_single_rows():
    rule = policy(0.2, validity={"days": 10})
    columns = {
        "merchant_id": ["old", "new"], "trust_index": [60.0, 60.0], "index_se": [0, 0],
        "prior_index": [50, 50], "coverage": [1, 1], "scored_on": ["2026-01-01", ""],
    }  # fmt: skip
    table = TrustTable.build(columns, rule, "2026-02-01")
    shown = rerank([1, 1], ["old", "new"], table=table, policy=rule, today="2026-02-05")
    assert shown.stale.tolist() == [True, False]
    with pytest.raises(InputError, match=r"like 2026-01-31. Got '31.1.2026'"):
        rerank([1], ["old"], table=table, policy=rule, today="31.1.2026")


def test_excluded_queries_keep_vetoes():
    rule = policy(
        0.5, exclusions={"queries": ["sku-*"], "kinds": ["brand"]}, guards={"merchant_most": 1}
    )
    table = leaning([1, 1], rule, ["", "floor"])
    for context in ({"query_id": "sku-1"}, {"query_kind": "brand"}):
        shown = rerank(
            [1.0, 2.0, 1.1, 1.0], ["m0", "m1", "new", "m0"], table=table, policy=rule, **context
        )
        assert shown.off == "excluded"
        assert shown.order.tolist() == [2, 0, 3, 1]
        assert shown.trust_boost.tolist() == [1, 1, 1, 1]
        assert (shown.parts["trust"] == 0).all()
    assert rerank([1.0, 1.1], ["m0", "x"], table=table, policy=rule).order.tolist() == [0, 1]


def test_guards_in_combination():
    # In base order a b c d e f; the strong m0 sells d, e and f, the blocked m1 sells b.
    guards = {"head": 1, "max_down": 2, "merchant_most": 1, "merchant_top": 3}
    rule = policy(1.0, guards=guards)
    shown = rerank(
        [1.0, 0.9, 0.8, 0.7, 0.6, 0.5],
        ["x", "m1", "y", "m0", "m0", "m0"],
        table=leaning([1, 1], rule, ["", "block"]),
        policy=rule,
    )
    # Wanted: d e f a c. The head: a d e f c. Down by two at most below it: a d e c f. One of m0
    # among three: a d c e f.
    assert shown.order.tolist() == [0, 3, 2, 4, 5]
    assert shown.guards == ("head", "displacement", "merchant_cap")
    assert shown.hits["displacement"].tolist() == [2, 5]
    assert shown.hits["merchant_cap"].tolist() == [2, 4]
    assert shown.final_rank.tolist() == [1, 0, 3, 2, 4, 5]


def test_displacement_counts_places_below_the_head():
    rule = policy(1.0, guards={"head": 2, "max_up": 1, "max_down": 1})
    table = leaning([1], rule)
    shown = rerank([5.0, 4.9, 4.8, 4.7, 4.6], ["a", "b", "c", "d", "m0"], table=table, policy=rule)
    # Wanted: e a b c d; after the head a b e c d; one place either way: a b c e d.
    assert shown.order.tolist() == [0, 1, 2, 4, 3]
    assert shown.hits["displacement"].tolist() == [2, 4]


def test_merchant_cap_knows_unknown_merchants_by_id():
    rule = policy(guards={"merchant_most": 1, "merchant_top": 2})
    table = leaning([0], rule)
    relevance, sold = [3.0, 2.0, 1.0], ["new", "new", "other"]
    assert rerank(relevance, sold, table=table, policy=rule).order.tolist() == [0, 2, 1]
    series = pd.Series(sold, index=[7, 8, 9])
    assert rerank(relevance, series, table=table, policy=rule).order.tolist() == [0, 2, 1]
    # Without ids nothing says that two unknown merchants are one.
    rows = table.rows(sold)
    assert rerank(relevance, None, table=table, policy=rule, rows=rows).order.tolist() == [0, 1, 2]


def test_kept_rows_give_the_same():
    rule = policy(0.3)
    table = leaning([1, -1], rule)
    sold = ["m1", "m0", "x"]
    one = rerank([3, 2, 1], sold, table=table, policy=rule)
    other = rerank([3, 2, 1], None, table=table, policy=rule, rows=table.rows(sold))
    assert one.order.tolist() == other.order.tolist()


def test_empty_list():
    for form in ("multiplicative", "additive"):
        rule = policy(form=form, guards={"max_up": 1, "head": 2, "merchant_most": 1})
        shown = rerank([], [], [], table=leaning([1], rule, ["floor"]), policy=rule, query_id="q")
        assert len(shown) == 0
        assert shown.order.tolist() == shown.final_rank.tolist() == shown.base_rank.tolist() == []
        exploring = policy(form=form, exploration={"share": 0.5})
        table = leaning([1], exploring)
        for number in range(9):
            shown = rerank([], [], [], table=table, policy=exploring, query_id=f"q{number}")
            assert (len(shown), shown.explored, shown.propensity) == (0, None, 1.0)


def test_one_candidate_of_an_empty_table():
    rule = policy()
    shown = rerank([0.5], ["x"], table=leaning([], rule), policy=rule)
    assert shown.order.tolist() == [0]
    assert shown.trust_boost.tolist() == [1.0]


@pytest.mark.parametrize(
    ("form", "relevance", "faults"),
    [
        ("multiplicative", [1, np.nan, 0, -1],
         ["row 2: relevance must be above 0. Got nan", "row 3: relevance must be above 0. Got 0",
          "row 4: relevance must be above 0. Got -1"]),
        ("multiplicative", [np.inf], ["row 1: relevance must be above 0. Got inf"]),
        ("multiplicative", [1e300], ["row 1: relevance must be above 0. Got 1e+300"]),
        ("additive", [1, np.nan, -np.inf],
         ["row 2: relevance must be finite. Got nan", "row 3: relevance must be finite. Got -inf"]),
        ("multiplicative", [0] * 7,
         [f"row {n}: relevance must be above 0. Got 0" for n in range(1, 6)] + ["and 2 more rows"]),
    ],
)  # fmt: skip
def test_relevance_that_cannot_be_used(form, relevance, faults):
    rule = policy(form=form)
    with pytest.raises(InputError) as raised:
        rerank(relevance, ["m0"] * len(relevance), table=leaning([1], rule), policy=rule)
    assert raised.value.faults == faults
    if form == "multiplicative":
        assert "from_log_odds" in str(raised.value)
        assert "form = 'additive'" in str(raised.value)


@pytest.mark.parametrize(
    ("relevance", "sold", "items", "said"),
    [
        (["high"], ["m0"], None, "relevance must hold numbers"),
        ([[1.0]], ["m0"], None, r"must be one list. Got shape \(1, 1\)"),
        ([1.0, 2.0], ["m0"], None, "relevance has 2 rows, merchant_ids 1"),
        ([1.0], ["m0"], ["a", "b"], "relevance has 1 rows, merchant_ids 1, item_ids 2"),
        ([1.0, 2.0, 3.0], ["m0"] * 3, ["a", "b", "a"], "row 3: item 'a' was met in row 1"),
        ([1.0, 2.0], ["m0"] * 2, [1, "1"], "row 2: item '1' was met in row 1"),
        ([1.0], None, None, "merchant_ids must be given, or rows"),
    ],
)
def test_lists_that_are_none(relevance, sold, items, said):
    rule = policy()
    with pytest.raises(InputError, match=said):
        rerank(relevance, sold, items, table=leaning([1], rule), policy=rule)


def test_a_query_id_that_is_a_number_counts_as_its_text():
    rule = policy(exclusions={"queries": ["5*"]}, exploration={"share": 0.5, "first": 1})
    table = leaning([1, 0, 0], rule, status=["formal", "new", "new"])
    for number in (5, 57, 6, 7, 8, 9):
        shown, same = (
            rerank([3, 2, 1], ["m0", "m1", "m2"], table=table, policy=rule, query_id=query)
            for query in (number, str(number))
        )
        assert shown.off == same.off == ("excluded" if number in (5, 57) else "")
        assert shown.order.tolist() == same.order.tolist()
        assert shown.propensity == same.propensity


def test_ids_of_items_that_are_numbers_rank_as_their_texts():
    rule = policy()
    shown = rerank([1.0] * 3, ["m0"] * 3, [10, 9, "a"], table=leaning([1], rule), policy=rule)
    assert shown.order.tolist() == [0, 1, 2]


def test_a_table_of_another_policy_is_refused():
    table = leaning([1], policy())
    with pytest.raises(PolicyError, match="leans differently"):
        rerank([1.0], ["m0"], table=table, policy="boost")


def test_preset_by_name():
    columns = {name: [70.0] for name in ("trust_index", "prior_index")}
    table = TrustTable.build(columns | {"merchant_id": ["a"], "index_se": [1], "coverage": [1]})
    assert rerank([1.0], ["a"], table=table).policy == BoostPolicy.load("boost")
    assert set(PARTS) < set(rerank([1.0], ["a"], table=table).parts)
