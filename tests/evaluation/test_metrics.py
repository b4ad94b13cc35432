import math

import ir_measures
import numpy as np
import pytest
from hypothesis import given

from tests.evaluation.worlds import FREE, POLICY, SEEDS, lists_of, random_panel, table_of
from trustscore.errors import InputError
from trustscore.evaluation import Panel, metrics

LOG3, LOG4 = math.log2(3), math.log2(4)


@pytest.fixture
def three():
    """One list of scores 4, 2, 1: the bad merchant leads, the good one is last."""
    lists = lists_of([4.0, 2.0, 1.0], merchants=[0, None, 1])
    table = table_of([40.0, 95.0], tier=["low", "high"])
    return Panel.of(lists, table, POLICY, labels=[0.0, 1.0, 3.0], volumes=[10.0, 20.0])


REVERSED = np.array([3, 2, 1])


def test_attention_and_its_sum_by_hand(three):
    weights = metrics.position_weights("log2", 3)
    assert metrics.attention(REVERSED, weights) == pytest.approx([1 / LOG4, 1 / LOG3, 1])
    best = 4 + 2 / LOG3 + 1 / LOG4
    worst = 1 + 2 / LOG3 + 4 / LOG4
    assert metrics.dcg(three, REVERSED, three.gain, 3) == pytest.approx([worst])
    assert metrics.score_loss(three, REVERSED, 3) == pytest.approx([1 - worst / best])
    assert metrics.score_loss(three, REVERSED, 1) == pytest.approx([0.75])


def test_ndcg_of_labels_by_hand(three):
    best = 3 + 1 / LOG3
    assert metrics.label_ndcg(three, three.base, 3) == pytest.approx([(1 / LOG3 + 3 / LOG4) / best])
    assert metrics.label_ndcg(three, REVERSED, 3) == pytest.approx([1.0])


def test_shares_trust_and_moves_by_hand(three):
    seen = metrics.attention(REVERSED, metrics.position_weights("reciprocal", 3))
    total = 1 + 1 / 2 + 1 / 3
    assert three.tiers.names == ("high", "low", "unknown")
    assert metrics.shares_of(three, seen, three.tiers)[0] == pytest.approx(
        np.array([1, 1 / 3, 1 / 2]) / total
    )
    assert metrics.share_of(three, seen, three.promoted) == pytest.approx([1 / total])
    assert metrics.mean_trust(three, seen) == pytest.approx([(95 + 40 / 3) / (1 + 1 / 3)])
    each, most = metrics.displacement(three, REVERSED)
    assert (each.tolist(), most) == (pytest.approx([4 / 3]), 2)
    assert metrics.changed(three, REVERSED, 3).tolist() == [1.0]
    assert metrics.changed(three, three.base, 3).tolist() == [0.0]
    assert metrics.merchant_gini(three, seen) == pytest.approx(
        metrics.gini(np.array([1 / 3, 1.0, 1 / 2]))
    )


def test_a_change_below_k_is_no_change_of_the_first_k(three):
    swapped = np.array([1, 3, 2])
    assert metrics.changed(three, swapped, 1).tolist() == [0.0]
    assert metrics.changed(three, swapped, 2).tolist() == [1.0]


@pytest.mark.parametrize(
    ("values", "expected"),
    [([5, 5, 5, 5], 0.0), ([0, 0, 0, 1], 0.75), ([1, 3], 0.25), ([2.0], 0.0)],
)
def test_gini_by_hand(values, expected):
    assert metrics.gini(np.array(values, dtype=float)) == pytest.approx(expected)


@given(SEEDS)
def test_gini_is_half_the_relative_mean_difference(seed):
    values = np.random.default_rng(seed).exponential(size=7)
    expected = np.abs(values[:, None] - values).mean() / (2 * values.mean())
    assert metrics.gini(values) == pytest.approx(expected, abs=1e-12)


def test_nobody_seen_has_no_gini():
    assert math.isnan(metrics.gini(np.zeros(3))) and math.isnan(metrics.gini(np.zeros(0)))


@pytest.mark.parametrize("k", [1, 3, 10])
@pytest.mark.parametrize("seed", range(12))
def test_label_ndcg_is_that_of_trec_eval(seed, k):
    panel = random_panel(seed)
    rank = panel.rank_by(np.random.default_rng(seed).random(len(panel.keep)))
    found = metrics.label_ndcg(panel, rank, k)
    names = [str(number) for number in panel.number]
    items = panel.lists.item_ids
    qrels = [
        ir_measures.Qrel(query, item, int(label))
        for query, item, label in zip(names, items, panel.label, strict=True)
    ]
    run = [
        ir_measures.ScoredDoc(query, item, -float(place))
        for query, item, place in zip(names, items, rank, strict=True)
    ]
    oracle = {
        int(each.query_id): each.value
        for each in ir_measures.iter_calc([ir_measures.nDCG @ k], qrels, run)
    }
    for number, value in enumerate(found):
        if math.isnan(value):
            assert panel.label[panel.number == number].max() == 0
        else:
            assert value == pytest.approx(oracle[number], abs=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_score_ndcg_is_that_of_trec_eval(seed):
    panel = random_panel(seed)
    grade = np.random.default_rng(seed).permutation(len(panel.keep)) + 1
    whole = Panel.of(
        lists_of(
            *(grade[panel.number == q].astype(float) for q in range(len(panel))),
            merchants=[0] * len(grade),
        ),
        table_of([50.0], FREE),
        FREE,
    )
    rank = whole.rank_by(np.random.default_rng(seed).random(len(grade)))
    names, items = [str(n) for n in whole.number], whole.lists.item_ids
    gains = whole.gain.astype(int).tolist()
    qrels = [ir_measures.Qrel(*row) for row in zip(names, items, gains, strict=True)]
    run = [
        ir_measures.ScoredDoc(q, i, -float(r)) for q, i, r in zip(names, items, rank, strict=True)
    ]
    oracle = ir_measures.calc_aggregate([ir_measures.nDCG @ 5], qrels, run)
    mine = 1 - metrics.score_loss(whole, rank, 5)
    assert mine.mean() == pytest.approx(oracle[ir_measures.nDCG @ 5], abs=1e-9)


@given(SEEDS)
def test_promises_of_the_metrics(seed):
    panel = random_panel(seed, veto=True)
    rank = panel.rank_by(np.random.default_rng(seed).random(len(panel.keep)))
    used = panel.used
    assert sorted(rank[rank > 0].tolist()) == sorted(panel.base[panel.base > 0].tolist())
    assert ((rank == 0) == ~panel.keep).all()
    for k in (1, 4):
        loss = metrics.score_loss(panel, rank, k)
        assert (np.isnan(loss) == ~used).all()
        assert ((loss[used] >= -1e-12) & (loss[used] < 1)).all()
        ndcg = metrics.label_ndcg(panel, rank, k)
        assert np.nanmax(ndcg, initial=0) <= 1 + 1e-12
    seen = metrics.attention(rank, metrics.position_weights("log2", 5))
    shares = metrics.shares_of(panel, seen, panel.tiers)
    assert shares[used].sum(axis=1) == pytest.approx(np.ones(used.sum()))
    assert np.isnan(shares[~used]).all()
    same = panel.rank_by(panel.base.astype(float))
    assert (same == panel.base).all()


@given(SEEDS)
def test_equals_in_trust_share_the_best_of_their_ranks(seed):
    panel = random_panel(seed, veto=True)
    for row in np.flatnonzero(panel.keep):
        mates = panel.keep & (panel.number == panel.number[row])
        better = (panel.lean[mates] > panel.lean[row]).sum()
        assert panel.by_trust[row] == better + 1
    assert (panel.by_trust[~panel.keep] == 0).all()


def test_a_click_curve_of_your_own():
    assert metrics.position_weights((0.5, 0.25), 4).tolist() == [0.5, 0.25, 0, 0]
    for wrong in ("log", [], [0.0, 1.0], [1.0, -1.0], [1.0, math.nan], [[1.0]]):
        with pytest.raises(InputError, match="position"):
            metrics.position_weights(wrong, 3)
    with pytest.raises(InputError, match="k must be at least 1"):
        metrics.position_weights("log2", 0)


def test_what_a_panel_refuses():
    lists, table = lists_of([2.0, 1.0], merchants=[0, 0]), table_of([50.0])
    blocked = table_of([50.0], veto=["block"])
    for labels, match in (
        ([1.0, 1.0], "all are 1"),
        ([0.0, math.nan], "none is above 0"),
        ([math.nan, math.nan], "no candidate has one"),
        ([-1.0, math.inf], "these labels are out of range"),
        ([1.0], "one for each candidate, 2"),
    ):
        with pytest.raises(InputError, match=match):
            Panel.of(lists, table, POLICY, labels=labels)
    for volumes, match in (
        ([-1.0], "these volumes are out of range"),
        ([1.0, 2.0], "one for each merchant, 1"),
        ([math.nan], "no merchant of the candidates"),
    ):
        with pytest.raises(InputError, match=match):
            Panel.of(lists, table, POLICY, volumes=volumes)
    with pytest.raises(InputError, match="floored or blocked"):
        Panel.of(lists, blocked, POLICY)
    with pytest.raises(InputError, match="no candidate"):
        Panel.of(lists_of([], merchants=[]), table, POLICY)


def test_tenths_by_volume_hold_a_tenth_each():
    lists = lists_of(np.linspace(2, 1, 40), merchants=list(range(40)))
    table = table_of(np.linspace(40, 95, 40))
    volumes = np.random.default_rng(0).permutation(40).astype(float)
    panel = Panel.of(lists, table, POLICY, volumes=volumes)
    assert np.bincount(panel.sizes.code).tolist() == [4] * 10
    assert panel.sizes.names[0] == "tenth 10"
    assert volumes[panel.sizes.code == 0].min() == 36
    unknown = Panel.of(lists, table, POLICY, volumes=np.where(volumes < 4, np.nan, volumes))
    assert unknown.sizes.names[10] == "unknown"
    assert (unknown.sizes.code == 10).sum() == 4


def test_without_tiers_there_are_bands():
    lists = lists_of([3.0, 2.0, 1.0], merchants=[0, 1, None])
    panel = Panel.of(lists, table_of([40.0, 95.0]), POLICY)
    assert panel.tiers.names == ("promoted", "neutral", "demoted")
    assert panel.tiers.code.tolist() == [2, 0, 1]
