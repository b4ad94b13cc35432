"""Dense blocks: by hand, against all blocks of small graphs, and against what chance makes."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as settings_of_tests
from hypothesis import strategies as st

from tests.detect.test_brushing_rules import marked, order, run, settings
from trustscore.detect.dense import dense_blocks, densest_block, edge_weights, null_density

SETTINGS = {"constant": 5.0, "most": 10, "graphs": 3, "margin": 1.5, "lift": 1.5, "share": 0.2}


def columns(edges):
    pairs = np.array(sorted(set(edges)), dtype=np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def full(people, things, first=0, thing=0):
    return list(itertools.product(range(first, first + people), range(thing, thing + things)))


def densest_of_all(people, things, weights):
    """The density of the densest of all blocks, in millionths."""
    nodes = [(0, n) for n in set(people)] + [(1, n) for n in set(things)]
    ends = list(zip(people.tolist(), things.tolist(), weights.tolist(), strict=True))
    most = 0.0
    for size in range(1, len(nodes) + 1):
        for some in map(set, itertools.combinations(nodes, size)):
            inside = sum(w for p, t, w in ends if (0, p) in some and (1, t) in some)
            most = max(most, inside / size)
    return most


def test_a_block_by_hand():
    # Three accounts at two shops, each with one other buyer; the shops have degree 4.
    people, things = columns([*full(3, 2), (7, 0), (8, 1)])
    found = densest_block(people, things, np.full(8, 1_000_000))
    assert (found.people.tolist(), found.things.tolist(), found.edges) == ([0, 1, 2], [0, 1], 6)
    assert found.density == pytest.approx(6 / 5)


def test_nobody_is_no_block():
    nobody = np.zeros(0, np.int64)
    assert densest_block(nobody, nobody, nobody).density == 0.0
    assert dense_blocks(nobody, nobody, **SETTINGS) == []


def test_popular_things_weigh_less():
    weights = edge_weights(np.array([0] * 1000 + [1]), 5.0)
    assert weights[0] == round(1e6 / np.log(1005))
    assert weights[-1] == round(1e6 / np.log(6))


edges_of_graphs = st.sets(st.tuples(st.integers(0, 4), st.integers(0, 3)), min_size=1, max_size=14)


@settings_of_tests(max_examples=40)
@given(edges_of_graphs)
def test_a_block_is_at_least_half_as_dense_as_the_densest(edges):
    people, things = columns(edges)
    weights = edge_weights(things, 5.0)
    best = densest_of_all(people, things, weights) / 1e6
    found = densest_block(people, things, weights).density
    assert best / 2 - 1e-9 <= found <= best + 1e-9


@settings_of_tests(max_examples=40)
@given(edges_of_graphs, st.randoms(use_true_random=False))
def test_numbers_and_the_order_of_edges_change_nothing(edges, random):
    people, things = columns(edges)
    found = densest_block(people, things, edge_weights(things, 5.0))
    new, other = random.sample(range(50), 5), random.sample(range(50), 4)
    pairs = [(new[p], other[t]) for p, t in zip(people.tolist(), things.tolist(), strict=True)]
    random.shuffle(pairs)
    a, b = (np.array(side) for side in zip(*pairs, strict=True))
    again = densest_block(a, b, edge_weights(b, 5.0))
    assert again.density == found.density
    assert again.people.tolist() == sorted(new[p] for p in found.people)
    assert again.things.tolist() == sorted(other[t] for t in found.things)
    bounds = [null_density(*pair, 5.0, 2, 0) for pair in ((people, things), (a, b))]
    assert bounds[0] == bounds[1]


def honest(people=3000, things=150, seed=5):
    """A market of popular shops and frequent buyers, and nothing else."""
    draw = np.random.default_rng(seed)
    counts = 1 + draw.poisson(draw.gamma(1.0, 2.5, people))
    popular = draw.pareto(1.5, things) + 0.2
    return [
        (person, int(thing))
        for person, count in enumerate(counts)
        for thing in draw.choice(things, int(count), p=popular / popular.sum())
    ]


@pytest.mark.slow
def test_honest_markets_have_no_block():
    for seed in range(3):
        assert dense_blocks(*columns(honest(seed=seed)), **SETTINGS) == []


@pytest.mark.slow
def test_rings_are_found_one_after_the_other_behind_camouflage():
    draw = np.random.default_rng(3)
    ring = [*full(60, 40, 5000, 200), *full(50, 35, 6000, 300)]
    # Each account also buys half as often elsewhere.
    hidden = [(person, int(draw.integers(150))) for person, _ in ring[::2]]
    found = dense_blocks(*columns([*honest(), *ring, *hidden]), **SETTINGS)
    members = {person for block, _ in found for person in block.people.tolist()}
    assert members == {*range(5000, 5060), *range(6000, 6050)}
    assert {*range(200, 240), *range(300, 335)} <= set(found[0][0].things) | set(
        found[-1][0].things
    )
    assert all(block.density > bound for block, bound in found)


@pytest.mark.slow
def test_two_rings_are_two_blocks():
    ring = [*full(60, 40, 5000, 200), *full(40, 25, 6000, 300)]
    found = [block for block, _ in dense_blocks(*columns([*honest(), *ring]), **SETTINGS)]
    assert [(b.people.tolist(), b.things.tolist(), b.edges) for b in found] == [
        ([*range(5000, 5060)], [*range(200, 240)], 2400),
        ([*range(6000, 6040)], [*range(300, 325)], 1000),
    ]


def test_an_edge_that_stands_there_often_is_one():
    edges = honest(400, 30)
    people, things = (np.array(side) for side in zip(*edges, strict=True))
    # A hundred thousand purchases of one buyer at one shop.
    often = np.concatenate([people, np.zeros(100_000, np.int64)])
    thing = np.concatenate([things, np.full(100_000, things[0])])
    ring = np.array(full(40, 30, 5000, 200))
    once = [np.concatenate(pair) for pair in ((people, ring[:, 0]), (things, ring[:, 1]))]
    many = [np.concatenate(pair) for pair in ((often, ring[:, 0]), (thing, ring[:, 1]))]
    [(block, bound)] = dense_blocks(*once, **SETTINGS)
    [(again, as_before)] = dense_blocks(*many, **SETTINGS)
    assert again.people.tolist() == block.people.tolist() == list(range(5000, 5040))
    assert (again.density, as_before) == (block.density, bound)


def test_one_shop_with_a_third_of_all_buyers_is_no_block():
    edges = [*honest(), *((person, 999) for person in range(2000))]
    assert dense_blocks(*columns(edges), **SETTINGS) == []


def ring_orders(buyers=18, merchants=14):
    """A ring, and four hundred people who buy at one or two of eighty other merchants."""
    rows = [
        order(f"r{b}-{m}", buyer=f"ring{b}", merchant=f"s{m}")
        for b in range(buyers)
        for m in range(merchants)
    ]
    for n in range(400):
        for part in range(1 + n % 2):
            merchant = f"h{(7 * n + 31 * part) % 80}"
            rows.append(order(f"h{n}-{part}", buyer=f"p{n}", merchant=merchant))
    return rows


@pytest.mark.slow
def test_the_rule_marks_the_orders_of_a_ring_and_says_which(tmp_path):
    found, manifest = run(tmp_path, orders=ring_orders())
    assert marked(found, "dense_block") == {f"r{b}-{m}" for b in range(18) for m in range(14)}
    assert "dense_block(block:1,buyers:18,merchants:14,density:" in found["r0-0"]["evidence"]
    assert "dense_block" not in manifest["facts"]["rules_not_run"]
    # It alone is nothing for anybody to look at.
    assert max(row["score"] for row in found.values()) < settings().brushing.soft.known_score / 2


def test_blank_buyers_are_not_one_account(tmp_path):
    rows = [row | {"buyer_id": ""} for row in ring_orders()[: 18 * 14]]
    found, _ = run(tmp_path, orders=[*rows, *ring_orders()[18 * 14 :]])
    assert marked(found, "dense_block") == set()


@pytest.mark.slow
def test_goods_are_looked_at_where_the_lines_are_there(tmp_path):
    # One merchant: buyers and merchants make no block, buyers and goods do.
    rows = [order(f"r{b}-{g}", buyer=f"ring{b}") for b in range(18) for g in range(14)]
    lines = [
        {"merchant_id": "m1", "order_id": f"r{b}-{g}", "line": 1, "item_id": f"g{g}"}
        for b in range(18)
        for g in range(14)
    ]
    for n in range(400):
        rows.append(order(f"h{n}", buyer=f"p{n}"))
        line = {"merchant_id": "m1", "order_id": f"h{n}", "line": 1, "item_id": f"x{n % 80}"}
        lines.append(line)
    found, _ = run(tmp_path, orders=rows, order_items=lines)
    assert marked(found, "dense_block") == {f"r{b}-{g}" for b in range(18) for g in range(14)}
    assert "goods:14" in found["r0-0"]["evidence"]


def test_households_and_dormitories_are_no_block(tmp_path):
    # Families of four at three merchants of their street; a dormitory of forty at one of its own.
    rows = [
        order(f"f{n}-{p}-{m}", buyer=f"f{n}-{p}", merchant=f"street{n % 40}-{m}")
        for n in range(60)
        for p in range(4)
        for m in range(3)
    ]
    rows += [order(f"d{n}", buyer=f"d{n}", merchant="canteen") for n in range(40)]
    found, _ = run(tmp_path, orders=rows)
    assert marked(found, "dense_block") == set()
