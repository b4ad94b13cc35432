"""Exploration: who can be lifted, how often, and whether the logged probability is true."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.boost.cases import few, leaning, made_up, policy
from trustscore.boost import rerank
from trustscore.boost.explore import chance, choose
from trustscore.boost.policy import Exploration

STATUS = ["new", "formal", "new", "low_evidence", "new"]
VETO = ["", "", "floor", "", "cap"]


def draws(rule, table, relevance, sold, count, **more):
    shown = [
        rerank(relevance, sold, table=table, policy=rule, query_id=f"q{n}", **more)
        for n in range(count)
    ]
    return shown


def test_logged_probabilities_are_the_frequencies():
    rule = policy(0.2, exploration={"share": 0.4, "first": 2, "temperature": 0.5})
    table = leaning([0, 0, 0, 0, 0], rule, VETO, status=STATUS)
    # m1 is no newcomer, m2 is floored, m4 is capped, the first two places are not lifted from.
    relevance = np.array([1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3])
    sold = ["m1", "m0", "m0", "m2", "m3", "m0", "m4", "nobody"]
    shown = draws(rule, table, relevance, sold, 4000)
    weight = relevance[[2, 4, 5]] ** 2
    expected = dict(zip([2, 4, 5], 0.4 * weight / weight.sum(), strict=True)) | {None: 0.6}
    seen = Counter(one.explored for one in shown)
    assert {*seen} == {*expected}
    for outcome, probability in expected.items():
        # Four standard errors.
        slack = 4 * np.sqrt(probability * (1 - probability) / len(shown))
        assert seen[outcome] / len(shown) == pytest.approx(probability, abs=slack)
        logged = {one.propensity for one in shown if one.explored == outcome}
        assert sorted(logged) == pytest.approx([probability], abs=1e-12)
    # Weighting by what was logged finds the mean over all outcomes without bias.
    assert sum(1 / one.propensity for one in shown) / len(shown) == pytest.approx(4, rel=0.15)


def test_lift_by_hand():
    rule = policy(0.2, exploration={"share": 0.5, "first": 3, "lift": 0.5, "absent": True})
    table = leaning([0.8], rule, status=["formal"])
    relevance, sold = np.array([1.0, 0.99, 0.98, 0.97, 0.96]), ["m0", "x", "y", "z", "w"]
    lifted = next(one for one in draws(rule, table, relevance, sold, 50) if one.explored == 4)
    assert lifted.trust_boost[4] == pytest.approx(np.exp(0.1))
    assert lifted.parts["explore"].tolist() == [0, 0, 0, 0, 0.5]
    # 0.96 e^.1 beats 0.99, but the first two places are not explored.
    assert lifted.order.tolist() == [0, 1, 4, 2, 3]
    plain = next(one for one in draws(rule, table, relevance, sold, 50) if one.explored is None)
    assert plain.order.tolist() == [0, 1, 2, 3, 4]
    assert plain.propensity == 0.5


def test_a_lift_never_goes_beyond_the_full_lean():
    rule = policy(1.0, exploration={"share": 0.5, "first": 1, "lift": 1})
    table = leaning([0.7], rule, status=["new"])
    shown = draws(rule, table, np.array([3.0, 1.0]), ["x", "m0"], 30)
    lifted = [one for one in shown if one.explored is not None]
    assert lifted
    for one in lifted:
        assert one.explored == 1
        assert one.trust_boost[1] == pytest.approx(np.exp(1.0))
        assert one.lift == pytest.approx(0.3)


def test_who_is_never_lifted():
    rule = policy(
        0.2,
        validity={"days": 1},
        exclusions={"kinds": ["brand"]},
        exploration={"share": 0.5, "first": 1, "pool": 3},
    )
    columns = {"status": STATUS, "scored_on": ["2026-01-01"] * 5}
    table = leaning([0, 0, 0, -0.1, 0], rule, VETO, **columns)
    relevance = np.array([1.0, 0.9, 0.8, 0.7])

    def lifted(sold, **more):
        return {one.explored for one in draws(rule, table, relevance, sold, 40, **more)}

    assert lifted(["m0", "m0", "m1", "m0"]) == {None, 1}  # neither first nor beyond the pool
    assert lifted(["m1", "m1", "m2", "m4"]) == {None}  # vetoed
    assert lifted(["m1", "m3", "nobody", "m1"]) == {None}  # demoted, not in the table
    assert lifted(["m0"] * 4, today="2026-01-09") == {None}  # expired
    assert lifted(["m0"] * 4, query_kind="brand") == {None}  # excluded
    without = rerank(relevance, ["m0"] * 4, table=table, policy=rule)
    assert without.explored is None
    assert without.propensity == 1


@few
@given(st.integers(0, 2**32 - 1), st.floats(0.01, 0.5), st.floats(0.1, 5), st.integers(1, 5))
def test_a_lift_is_a_milder_boost_and_keeps_the_others_in_order(seed, share, temperature, first):
    relevance, sold, items, leans, _ = made_up(seed)
    rule = policy(
        0.3,
        exploration={"share": share, "temperature": temperature, "first": first, "absent": True},
    )
    off = policy(0.3, exploration={"absent": True})
    table = leaning(leans, rule, status=["new"] * len(leans))
    shown = rerank(relevance, sold, items, table=table, policy=rule, query_id=f"q{seed}")
    plain = rerank(relevance, sold, items, table=table, policy=off, query_id=f"q{seed}")
    assert 0 < shown.propensity <= 1
    if shown.explored is None:
        assert shown.order.tolist() == plain.order.tolist()
        return
    item = shown.explored
    assert shown.final_rank[item] <= plain.final_rank[item]
    assert shown.final_rank[item] >= first
    without = [row for row in plain.order.tolist() if row != item]
    assert [row for row in shown.order.tolist() if row != item] == without


def test_the_seed_decides():
    rule = policy(exploration={"share": 0.5, "first": 1, "absent": True})
    other = policy(exploration={"share": 0.5, "first": 1, "absent": True, "seed": 2})
    table = leaning([0], rule)
    relevance, sold = np.linspace(1, 0.5, 9), ["x"] * 9

    def outcomes(one):
        return [shown.explored for shown in draws(one, table, relevance, sold, 60)]

    assert outcomes(rule) == outcomes(rule)
    assert outcomes(rule) != outcomes(other)


def test_chance_is_even():
    drawn = np.asarray([chance(3, f"q{n}")[0] for n in range(4000)])
    assert drawn.min() >= 0
    assert drawn.max() < 1
    assert np.histogram(drawn, 10, (0, 1))[0] == pytest.approx(np.full(10, 400), abs=80)


def test_a_choice_is_in_proportion():
    plan = Exploration(share=0.5, temperature=1)
    drawn = Counter(choose(np.log([0.7, 0.2, 0.1]), plan, f"q{n}")[0] for n in range(20_000))
    expected = {None: 0.5, 0: 0.35, 1: 0.1, 2: 0.05}
    for outcome, probability in expected.items():
        slack = 4 * np.sqrt(probability * (1 - probability) / 20_000)
        assert drawn[outcome] / 20_000 == pytest.approx(probability, abs=slack)


def test_nobody_to_choose():
    chosen, propensity = choose(np.zeros(0), Exploration(share=0.5), "q")
    assert chosen is None
    assert len(propensity) == 0
