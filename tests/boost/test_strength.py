"""Strength: by hand, monotone, and equal to a search through everything."""

import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.boost.cases import few, leaning, lists_of, many, policy
from trustscore.boost import (
    BoostPolicy,
    Lists,
    OutOfReach,
    Trial,
    calibrate,
    guaranteed_beta,
    pareto,
    reach_exposure,
    rerank_lists,
)
from trustscore.boost.strength import knee
from trustscore.errors import InputError, PolicyError

seeds = st.integers(0, 2**32 - 1)
forms = st.sampled_from(["multiplicative", "additive"])


def trial_of(seed, rule=None, ties=False, vetoes=False, queries=25, **more):
    columns, leans, veto = many(seed, queries, ties=ties, vetoes=vetoes)
    rule = policy() if rule is None else rule
    lists = lists_of(columns)
    return Trial(lists, leaning(leans, rule, veto), rule, **more), lists, leans, veto


def test_guaranteed_is_the_bound_solved_for_strength():
    for rho in (0.0, 0.5, 1.0):
        rule = policy(curve={"shape": "linear", "rho": rho})
        assert rule.with_beta(guaranteed_beta(0.07, rule)).bound == pytest.approx(0.93, rel=1e-14)
    capped = policy(0.0, guards={"max_relevance_loss": 0.05})
    assert guaranteed_beta(0.5, capped) == pytest.approx(-math.log(0.95) / 2)
    with pytest.raises(PolicyError, match="no bound in ratio"):
        guaranteed_beta(0.1, policy(form="additive"))
    for eps in (0, 1, -0.1, math.nan):
        with pytest.raises(InputError, match="eps must be between 0 and 1"):
            guaranteed_beta(eps, policy())


def test_loss_and_share_by_hand():
    rule = policy()
    table = leaning([1, -1], rule)
    lists = Lists.from_columns(["q", "q"], [1.0, 0.8], ["m1", "m0"])
    trial = Trial(lists, table, rule)
    swap = math.log(1 / 0.8) / 2
    second = 1 / math.log2(3)
    loss, share = trial.measure(swap - 1e-9)
    assert loss.tolist() == [0]
    assert share.tolist() == pytest.approx([second / (1 + second)])
    loss, share = trial.measure(swap + 1e-9)
    assert loss.tolist() == pytest.approx([1 - (0.8 + second) / (1 + 0.8 * second)])
    assert share.tolist() == pytest.approx([1 / (1 + second)])
    found = reach_exposure(0.5, trial)
    assert found.beta == pytest.approx(swap, abs=1e-6)
    assert found.binding == "target"
    assert found.price == pytest.approx(found.loss / (100 * (found.share - found.share_before)))


@few
@given(seeds, forms, st.booleans(), st.booleans())
def test_loss_and_exposure_rise_with_strength(seed, form, ties, vetoes):
    trial, *_ = trial_of(seed, policy(form=form), ties, vetoes, k=5)
    losses, shares = zip(*[trial.measure(beta) for beta in np.linspace(0, 2, 15)], strict=True)
    assert (np.diff(losses, axis=0) >= -1e-12).all()
    assert (np.diff(shares, axis=0) >= -1e-12).all()
    assert np.abs(losses[0]).max() < 1e-12
    uppers = [trial.upper(loss) for loss in losses]
    assert (np.diff(uppers) >= -1e-12).all()


# At a strength of a few last bits the product already ties where the logarithm does not.
@few
@given(seeds, forms, st.booleans(), st.one_of(st.just(0.0), st.floats(1e-6, 2)), st.booleans())
def test_what_is_measured_is_what_is_shown(seed, form, ties, beta, excluded):
    """Loss and share of a trial are those of the lists that rerank_lists makes."""
    more = {"exclusions": {"queries": ["q1*"]}} if excluded else {}
    rule = policy(beta, form=form, **more)
    trial, lists, leans, veto = trial_of(seed, rule, ties, vetoes=True, k=7)
    table = leaning(leans, rule, veto)
    found = rerank_lists(lists, table, rule)
    loss, share = trial.measure(beta)
    rows = table.rows(lists.merchant_ids)
    at = 0
    for number in range(len(lists)):
        span = slice(*lists.offsets[number : number + 2])
        kept = table.columns["veto"][rows[span]] < 2
        if not kept.any():
            continue
        relevance = lists.relevance[span][kept]
        lean = table.columns["lean"][rows[span]][kept]
        order = np.argsort(found.final_rank[lists.source[span]][kept])[:7]
        discount = 1 / np.log2(np.arange(2, len(order) + 2))
        gain = relevance if form == "multiplicative" else relevance - relevance.min()
        best, now = np.sort(gain)[::-1][:7] @ discount, gain[order] @ discount
        assert loss[at] == pytest.approx(1 - now / best if best > 0 else 0, abs=1e-12)
        seen = (lean[order] >= 0.25) @ discount / discount.sum()
        assert share[at] == pytest.approx(seen, abs=1e-12)
        at += 1
    assert at == len(loss)


@pytest.mark.parametrize("form", ["multiplicative", "additive"])
@pytest.mark.parametrize("share", [0.0, 0.1])
@pytest.mark.parametrize("seed", [1, 2])
def test_calibrated_is_the_last_strength_of_a_fine_grid(seed, share, form):
    rule = policy(form=form, exploration={"share": share})
    trial, *_ = trial_of(seed, rule)
    found = calibrate(0.02, trial, most_beta=0.5)
    grid = np.linspace(0, 0.5, 201)

    def fits(beta):
        loss, _ = trial.measure(beta)
        spent = trial.upper(loss) + trial.reserve(beta)
        return spent <= 0.02 and np.quantile(loss, 0.99) <= 0.1

    best = max(beta for beta in grid if fits(beta))
    assert best - 1e-6 <= found.beta <= best + grid[1] + 1e-6
    assert fits(found.beta)
    assert found.loss <= found.loss_upper
    assert found.loss_upper + found.reserve <= 0.02
    assert found.binding in ("eps", "worst list")


def test_calibrated_names_what_bound():
    trial, *_ = trial_of(4)
    assert calibrate(0.3, trial, worst=0.001).binding == "worst list"
    assert calibrate(0.5, trial, worst=0.99, most_beta=0.01).binding == "most beta"
    assert calibrate(0.5, trial, worst=0.99, most_beta=0.01).beta == 0.01
    guarded, *_ = trial_of(4, policy(0.0, guards={"max_relevance_loss": 0.1}))
    assert calibrate(0.5, guarded, worst=0.99).beta == guarded.policy.most_beta
    with pytest.raises(InputError, match="eps must be between"):
        calibrate(0, trial)
    with pytest.raises(InputError, match="worst must be between"):
        calibrate(0.1, trial, worst=1)


def test_no_list_loses_more_than_the_reserve_says():
    """What exploration costs on one list is within what is set aside for it."""
    for form in ("multiplicative", "additive"):
        rule = policy(0.3, form=form, exploration={"share": 0.5, "first": 1, "absent": True})
        trial, lists, leans, veto = trial_of(5, rule, k=10)
        found = rerank_lists(lists, leaning(leans, rule, veto), rule)
        plain = rerank_lists(lists, leaning(leans, off := policy(0.3, form=form), veto), off)
        assert found.explored.any()
        discount = 1 / np.log2(np.arange(2, 12))
        lost = []
        for number in range(len(lists)):
            rows = lists.source[slice(*lists.offsets[number : number + 2])]
            order = lists.relevance[slice(*lists.offsets[number : number + 2])]
            gain = order if form == "multiplicative" else order - order.min()
            best = gain[:10] @ discount[: len(gain)]
            worth = [
                gain[np.argsort(one.final_rank[rows])][:10] @ discount[: len(gain)]
                for one in (plain, found)
            ]
            lost.append((worth[0] - worth[1]) / best if best > 0 else 0.0)
        # The draws of one seed lie near their mean; the reserve is a worst case far above it.
        assert np.mean(lost) <= trial.reserve(0.3)


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_exposure_is_the_first_strength_of_a_fine_grid(seed):
    trial, *_ = trial_of(seed, queries=8)
    start, end = (float(trial.measure(beta)[1].mean()) for beta in (0.0, 2.0))
    assert end - start > 0.01
    target = (start + end) / 2
    found = reach_exposure(target, trial)
    assert found.share >= target
    grid = np.linspace(0, 2, 201)
    first = min(beta for beta in grid if trial.measure(beta)[1].mean() >= target)
    assert first - grid[1] - 1e-6 <= found.beta <= first + 1e-6
    if found.beta > 1e-5:
        assert trial.measure(found.beta - 1e-6)[1].mean() < target


def test_exposure_of_any_group():
    columns, leans, veto = many(7, 40)
    rule = policy()
    lists = lists_of(columns)
    wanted = np.isin(columns["merchant_id"], ["m1", "m4"])
    trial = Trial(lists, leaning(leans, rule, veto), rule, group=wanted)
    shares = [trial.measure(beta)[1].mean() for beta in np.linspace(0, 2, 41)]
    target = (shares[0] + max(shares)) / 2
    if max(shares) > shares[0]:
        found = reach_exposure(target, trial)
        assert found.share >= target
        assert all(
            s < target
            for s, b in zip(shares, np.linspace(0, 2, 41), strict=True)
            if b < found.beta - 0.05
        )
    with pytest.raises(InputError, match=r"group has shape \(3,\), the lists have"):
        Trial(lists, leaning(leans, rule, veto), rule, group=[True] * 3)


def test_exposure_refuses_and_says_what_can_be_had():
    rule = policy(0.0, guards={"max_relevance_loss": 0.05})
    trial, *_ = trial_of(8, rule)
    with pytest.raises(OutOfReach, match=r"exposure 0.99 is out of reach") as raised:
        reach_exposure(0.99, trial)
    most = raised.value.attainable
    assert most.beta == rule.most_beta
    assert most.share == pytest.approx(trial.measure(rule.most_beta)[1].mean())
    assert f"{most.share:.4g}" in str(raised.value)
    assert reach_exposure(most.share, trial).beta <= rule.most_beta
    assert reach_exposure(0.001, trial).beta == 0
    again = pickle.loads(pickle.dumps(raised.value))
    assert again.attainable == most
    assert str(again) == str(raised.value)


def test_pareto_and_its_knee():
    trial, *_ = trial_of(9, queries=40)
    front = pareto(trial, 11)
    assert front.beta.tolist() == pytest.approx(np.linspace(0, 2, 11).tolist())
    assert front.loss.tolist() == [trial.measure(beta)[0].mean() for beta in front.beta]
    assert (front.loss_lower <= front.loss + 1e-12).all()
    assert (front.loss <= front.loss_upper + 1e-12).all()
    assert (front.share_lower <= front.share).all()
    assert (front.share <= front.share_upper).all()
    assert front.knee == knee(front.loss, front.share)
    assert 0 < front.knee < 10
    with pytest.raises(InputError, match="n must be at least 3"):
        pareto(trial, 2)


def test_knee_by_hand():
    assert knee(np.array([0.0, 0.1, 0.5, 1.0]), np.array([0.0, 0.6, 0.9, 1.0])) == 1
    assert knee(np.zeros(3), np.zeros(3)) == 0


def test_vetoed_candidates_are_no_part_of_it():
    rule = policy(form="additive")
    table = leaning([1, -1, 1], rule, ["", "", "block"])
    with_block = Lists.from_columns(["q"] * 3, [1.0, 0.8, 9.0], ["m1", "m0", "m2"])
    trial = Trial(with_block, table, rule)
    # The range is 8.2, that of the whole list, as where it is ranked.
    swap = 0.2 / (2 * 8.2)
    assert trial.measure(swap - 1e-9)[0].tolist() == [0]
    assert trial.measure(swap + 1e-9)[0][0] > 0
    gone = Lists.from_columns(["q"], [1.0], ["m2"])
    with pytest.raises(InputError, match="every candidate of the lists is vetoed"):
        Trial(gone, table, rule)
    both = Lists.from_columns(["q", "p", "p"], [1.0, 1.0, 0.9], ["m2", "m1", "m0"])
    assert len(Trial(both, table, rule).measure(0.0)[0]) == 1


@pytest.mark.parametrize("beta", [0.0, 0.3])
def test_ties_go_to_the_base_order(beta):
    rng = np.random.default_rng(1)
    rule = policy(beta)
    table = leaning([1, -1], rule)
    sold, group = rng.choice(["m0", "m1"], 300), rng.random(300) < 0.5
    lists = Lists.from_columns(["q"] * 300, rng.integers(1, 4, 300), sold)
    loss, share = Trial(lists, table, rule, k=10, group=group).measure(beta)
    shown = np.argsort(rerank_lists(lists, table, rule).final_rank)[:10]
    discount = 1 / np.log2(np.arange(2, 12))
    assert loss.tolist() == [0]
    assert share[0] == pytest.approx(group[shown] @ discount / discount.sum())


def test_trials_that_cannot_be():
    rule = policy()
    table = leaning([1], rule)
    with pytest.raises(InputError, match="there is no list"):
        Trial(Lists.from_columns([], [], []), table, rule)
    lists = Lists.from_columns(["q"], [1.0], ["m0"])
    with pytest.raises(InputError, match="k must be at least 1"):
        Trial(lists, table, rule, k=0)
    with pytest.raises(InputError, match="row 1: relevance"):
        Trial(Lists.from_columns(["q"], [0.0], ["m0"]), table, rule)
    with pytest.raises(PolicyError, match="leans differently"):
        Trial(lists, table, BoostPolicy.load("boost"))


def test_the_same_seed_gives_the_same_strength():
    one, *_ = trial_of(3)
    other, *_ = trial_of(3)
    assert calibrate(0.02, one) == calibrate(0.02, other)
