"""The other ways of ranking, against plain loops over one list."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.evaluation.worlds import POLICY, SEEDS, lists_of, random_panel, table_of
from trustscore.evaluation import BASELINES, Panel
from trustscore.evaluation.baselines import buckets, det_greedy, fa_ir, fa_ir_table, rrf

# Table 2 of Zehlike et al. 2017: the least number of the protected in each prefix at 10 %.
PAPER = {
    0.1: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    0.2: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1],
    0.3: [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2],
    0.4: [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 3],
    0.5: [0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 3, 4],
    0.6: [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5],
    0.7: [0, 1, 1, 2, 2, 3, 3, 4, 5, 5, 6, 6],
}


def rows_of(panel, number):
    return [row for row in np.flatnonzero(panel.number == number).tolist() if panel.keep[row]]


def shown(panel, rank, number):
    return sorted(rows_of(panel, number), key=lambda row: rank[row])


def by_hand(rows, member, least, most):
    """The rule of DetGreedy and FA*IR for one list, as their papers write it."""
    ours = [row for row in rows if member[row]]
    theirs = [row for row in rows if not member[row]]
    out, count = [], 0
    for low, high in zip(least, most, strict=True):
        if not ours and not theirs:
            break
        if ours and (not theirs or count < low or (count < high and ours[0] < theirs[0])):
            out.append(ours.pop(0))
            count += 1
        else:
            out.append(theirs.pop(0))
    return out + sorted(ours + theirs)


@given(SEEDS, st.floats(0.02, 0.98), st.integers(1, 15))
def test_quotas_are_those_of_the_papers(seed, share, places):
    panel = random_panel(seed, veto=True)
    prefixes = range(1, places + 1)
    limits = {
        det_greedy: (
            [math.floor(share * j + 1e-9) for j in prefixes],
            [math.ceil(share * j - 1e-9) for j in prefixes],
        ),
        fa_ir: (fa_ir_table(share, places).tolist(), list(prefixes)),
    }
    for method, (least, most) in limits.items():
        rank = method(panel, share, places)
        for number in range(len(panel)):
            expected = by_hand(rows_of(panel, number), panel.promoted, least, most)
            assert shown(panel, rank, number) == expected


@pytest.mark.parametrize("share", PAPER)
def test_the_table_of_fa_ir_is_the_papers_before_its_correction(share):
    from trustscore.evaluation.baselines import _prefixes

    assert _prefixes(share, 12, 0.1).tolist() == PAPER[share]


@pytest.mark.parametrize("share", [0.2, 0.5, 0.7])
def test_a_fair_list_fails_fa_ir_at_most_one_time_in_ten(share):
    places = 11
    table = fa_ir_table(share, places)
    failing = 0.0
    for drawn in itertools.product([0, 1], repeat=places):
        if (np.cumsum(drawn) < table).any():
            failing += share ** sum(drawn) * (1 - share) ** (places - sum(drawn))
    assert failing <= 0.1
    # The correction gives up no more than it must: without it the test fails too often.
    assert (table <= PAPER.get(share, table)[:places]).all()


@given(SEEDS, st.floats(0.01, 3))
def test_rrf_by_its_formula(seed, weight):
    panel = random_panel(seed)
    rank = rrf(panel, weight, 10)
    for number in range(len(panel)):
        rows = rows_of(panel, number)
        score = {
            row: 1 / (60 + panel.base[row])
            + weight / (61 + sum(panel.lean[other] > panel.lean[row] for other in rows))
            for row in rows
        }
        assert shown(panel, rank, number) == sorted(rows, key=lambda row: (-score[row], row))


@given(SEEDS, st.integers(1, 20))
def test_buckets_by_their_rule(seed, count):
    panel = random_panel(seed)
    rank = buckets(panel, count, 10)
    for number in range(len(panel)):
        rows = rows_of(panel, number)
        expected = sorted(
            rows,
            key=lambda row: (
                rows.index(row) * count // len(rows), -panel.lean[row], rows.index(row)
            ),
        )  # fmt: skip
        assert shown(panel, rank, number) == expected


@settings(max_examples=20)
@given(SEEDS)
def test_every_setting_ranks_everybody_once(seed):
    panel = random_panel(seed, veto=True)
    for baseline in BASELINES:
        for setting in baseline.settings(panel, 5):
            rank = baseline.ranks(panel, setting, 5)
            for number in range(len(panel)):
                rows = rows_of(panel, number)
                assert sorted(rank[rows].tolist()) == list(range(1, len(rows) + 1))
            assert (rank[~panel.keep] == 0).all()


def test_with_equal_trust_only_quotas_may_move_anything():
    panel = Panel.of(lists_of([3.0, 2.0, 1.0], merchants=[0, 0, 0]), table_of([90.0]), POLICY)
    for baseline in BASELINES:
        for setting in baseline.settings(panel, 3):
            assert baseline.ranks(panel, setting, 3).tolist() == [1, 2, 3], baseline.name


def test_tier_sort_puts_the_unknown_where_neutral_stands():
    lists = lists_of([3.0, 2.0, 1.0], merchants=[0, None, 1])
    table = table_of([40.0, 95.0], tier=["low", "high"])
    tier_sort = next(each for each in BASELINES if each.name == "tier sort")
    panel = Panel.of(lists, table, POLICY)
    assert tier_sort.ranks(panel, 1.0, 3).tolist() == [3, 2, 1]


def test_raw_additive_upsets_lists_on_a_small_scale():
    lists = lists_of([3000.0, 2000.0], [0.003, 0.002], merchants=[0, 1, 0, 1])
    raw = next(each for each in BASELINES if each.name == "raw additive")
    panel = Panel.of(lists, table_of([40.0, 95.0]), POLICY)
    assert raw.ranks(panel, 0.01, 2).tolist() == [1, 2, 2, 1]
