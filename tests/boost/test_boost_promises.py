"""What the boost promises of every list: order, bound, neutrality, monotony."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.boost.cases import few, leaning, lists_of, made_up, many, policy, scores
from trustscore.boost import lean_parts, rerank, rerank_lists

seeds = st.integers(0, 2**32 - 1)
betas = st.floats(0, 2)
shares = st.floats(0, 1)
forms = st.sampled_from(["multiplicative", "additive"])
limits = st.one_of(st.none(), st.integers(0, 8))
EXACT = 1 - 1e-12


def guards(up, down):
    return {
        name: limit for name, limit in (("max_up", up), ("max_down", down)) if limit is not None
    }


def ratios(relevance, shown, kept=slice(None)):
    """Relevance at each place against the base list, and the same of every score-DCG@k."""
    base = np.sort(relevance[kept])[::-1]
    now = relevance[shown.order][: len(base)]
    discount = 1 / np.log2(np.arange(2, len(base) + 2))
    return now / base, np.cumsum(now * discount) / np.cumsum(base * discount)


@few
@given(seeds, betas, st.floats(-1, 1), forms, limits, limits)
def test_equal_trust_keeps_the_order(seed, beta, lean, form, up, down):
    relevance, _, items, _, _ = made_up(seed, ties=True)
    rule = policy(beta, form=form, guards=guards(up, down))
    sold = ["m0", "m1"] * len(items)
    shown = rerank(
        relevance, sold[: len(items)], items, table=leaning([lean, lean], rule), policy=rule
    )
    assert shown.final_rank.tolist() == shown.base_rank.tolist()


@few
@given(st.floats(1, 100), betas, st.floats(0, 20), shares)
def test_neutral_at_the_neutral_point_and_when_unknown(point, beta, se, coverage):
    rule = policy(beta, neutral={"point": point}, programme={"gamma": 0.5})
    there = scores(
        trust_index=np.full(2, point),
        prior_index=np.full(2, point),
        coverage=np.array([coverage, 0.0]),
        index_se=np.full(2, se),
    )
    assert lean_parts(there, rule).lean.tolist() == pytest.approx([0, 0], abs=1e-12)
    table = leaning([1], rule)
    assert table.boosts(["nobody", ""], rule).tolist() == [1.0, 1.0]


@few
@given(seeds, betas, st.floats(0, 30), forms, shares)
def test_more_trust_never_lowers_an_item(seed, beta, more, form, gamma):
    rng = np.random.default_rng(seed)
    rule = policy(
        beta,
        form=form,
        evidence={"z_promote": 1.28, "z_demote": 1.645},
        programme={"gamma": gamma, "gate": 50},
    )
    relevance, sold, items, leans, _ = made_up(seed, vetoes=False)
    merchants = len(leans)
    columns = {
        "index_se": rng.uniform(0, 9, merchants),
        "enrolled": rng.integers(0, 2, merchants),
        "veto": ["cap" if x else "" for x in rng.random(merchants) < 0.2],
    }
    before = leaning(leans, rule, **columns)
    leans = leans.copy()
    leans[0] += more / 10
    after = leaning(leans, rule, **columns)
    old = rerank(relevance, sold, items, table=before, policy=rule).final_rank
    new = rerank(relevance, sold, items, table=after, policy=rule).final_rank
    own = np.asarray(sold) == "m0"
    # Two items of one merchant may pass each other in the additive form never, and here neither:
    # all of them rise together.
    assert (new[own] <= old[own]).all()


@few
@given(seeds, betas, shares, limits, limits, st.integers(0, 4), shares)
def test_relevance_at_every_place_and_every_depth_keeps_the_bound(
    seed, beta, rho, up, down, head, share
):
    relevance, sold, items, leans, _ = made_up(seed)
    rule = policy(
        beta,
        curve={"shape": "linear", "up": 10, "down": 10, "rho": rho},
        guards=guards(up, down) | {"head": head},
        exploration={"share": share / 2, "first": 1, "absent": True},
    )
    shown = rerank(
        relevance, sold, items, table=leaning(leans, rule), policy=rule, query_id=f"q{seed}"
    )
    places, depths = ratios(relevance, shown)
    assert places.min() >= rule.bound * EXACT
    assert depths.min() >= rule.bound * EXACT


@few
@given(seeds, st.floats(0.001, 0.9), shares)
def test_no_pair_beyond_the_ratio_guard_is_inverted(seed, loss, rho):
    relevance, sold, items, leans, _ = made_up(seed)
    curve = {"shape": "linear", "up": 10, "down": 10, "rho": rho}
    guard = {"max_relevance_loss": loss}
    rule = policy(0.0, curve=curve, guards=guard)
    rule = rule.with_beta(rule.most_beta)
    shown = rerank(relevance, sold, items, table=leaning(leans, rule), policy=rule)
    now = relevance[shown.order]
    best_after = np.maximum.accumulate(now[::-1])[::-1]
    assert (now >= (1 - loss) * best_after * EXACT).all()


@few
@given(seeds, betas, st.integers(0, 9), st.integers(0, 9), forms, st.booleans())
def test_nobody_moves_further_than_the_guard_says(seed, beta, up, down, form, vetoes):
    relevance, sold, items, leans, veto = made_up(seed, vetoes=vetoes)
    rule = policy(beta, form=form, guards=guards(up, down))
    shown = rerank(relevance, sold, items, table=leaning(leans, rule, veto), policy=rule)
    treated = np.asarray([*veto, ""])[[int(m[1:]) for m in sold]]
    free = np.flatnonzero((treated != "block") & (treated != "floor"))
    # Places among those without floor or block: who leaves does not count as a move.
    base = free[np.argsort(shown.base_rank[free])]
    now = shown.order[: len(free)]
    place = {row: at for at, row in enumerate(base.tolist())}
    shift = np.asarray([at - place[row] for at, row in enumerate(now.tolist())])
    assert shift.max(initial=0) <= down
    assert shift.min(initial=0) >= -up


@few
@given(seeds, betas, forms, limits, st.integers(0, 3), st.integers(1, 3), shares)
def test_a_vetoed_item_is_never_above_one_that_is_not(seed, beta, form, up, head, most, share):
    relevance, sold, items, leans, veto = made_up(seed, vetoes=True)
    rule = policy(
        beta,
        form=form,
        guards=guards(up, None) | {"head": head, "merchant_most": most},
        exploration={"share": share / 2, "first": 1, "absent": True},
    )
    table = leaning(leans, rule, veto, status=["new"] * len(leans))
    shown = rerank(relevance, sold, items, table=table, policy=rule, query_id=f"q{seed}")
    treated = np.asarray([*veto, ""])[[int(m[1:]) for m in sold]]
    in_order = treated[shown.order]
    assert "block" not in in_order
    assert sorted(shown.order.tolist()) == np.flatnonzero(treated != "block").tolist()
    floored = in_order == "floor"
    assert (np.diff(floored.astype(int)) >= 0).all()
    assert (shown.trust_boost[treated != ""] <= 1).all()


@few
@given(seeds, betas, st.booleans(), shares)
def test_parts_add_up_to_the_boost_of_every_candidate(seed, beta, vetoes, share):
    relevance, sold, items, leans, veto = made_up(seed, vetoes=vetoes)
    rule = policy(beta, exploration={"share": share / 2, "first": 1, "lift": 0.7, "absent": True})
    table = leaning(leans, rule, veto, status=["new"] * len(leans))
    shown = rerank(relevance, sold, items, table=table, policy=rule, query_id=f"q{seed}")
    total = sum(shown.parts.values())
    assert rule.beta * total == pytest.approx(np.log(shown.trust_boost), abs=1e-12)
    assert shown.final_score == pytest.approx(relevance * shown.trust_boost)


@few
@given(seeds, betas, forms, limits, st.booleans(), st.booleans(), shares)
def test_order_of_the_input_is_nothing(seed, beta, form, up, vetoes, capped, share):
    relevance, sold, items, leans, veto = made_up(seed, ties=True, vetoes=vetoes)
    rule = policy(
        beta,
        form=form,
        guards=guards(up, None) | ({"merchant_most": 1, "merchant_top": 5} if capped else {}),
        exploration={"share": share / 2, "first": 1, "absent": True},
    )
    table = leaning(leans, rule, veto)
    mixed = np.random.default_rng(seed + 1).permutation(len(items))
    one = rerank(relevance, sold, items, table=table, policy=rule, query_id="q")
    other = rerank(
        relevance[mixed], [sold[i] for i in mixed], [items[i] for i in mixed],
        table=table, policy=rule, query_id="q",
    )  # fmt: skip
    again = rerank(relevance, sold, items, table=table, policy=rule, query_id="q")
    assert one.order.tolist() == again.order.tolist()
    assert [items[i] for i in one.order] == [items[mixed[i]] for i in other.order]
    assert one.propensity == other.propensity
    assert one.trust_boost[mixed].tolist() == other.trust_boost.tolist()


KINDS = ["", "brand"]


@few
@given(
    seed=seeds,
    beta=betas,
    form=forms,
    up=limits,
    head=st.integers(0, 2),
    most=st.one_of(st.none(), st.just(1)),
    vetoes=st.booleans(),
    ties=st.booleans(),
    excluded=st.booleans(),
    expired=st.sampled_from(["", "kept", "dropped"]),
    share=st.sampled_from([0.0, 0.5]),
    together=st.booleans(),
)
def test_many_lists_at_once_are_each_list_alone(
    seed, beta, form, up, head, most, vetoes, ties, excluded, expired, share, together
):
    if together:  # nothing looks at single lists, so numpy sorts all at once
        up, head, most, share = None, 0, None, 0.0
    columns, leans, veto = many(seed, ties=ties, vetoes=vetoes)
    held = guards(up, None) | {"head": head} | ({"merchant_most": most} if most else {})
    rule = policy(
        beta,
        form=form,
        guards=held,
        exclusions={"queries": ["q1*"], "kinds": ["brand"]} if excluded else {},
        validity={"days": 5, "keep_vetoes": expired == "kept"},
        exploration={"share": share, "first": 1},
    )
    rng = np.random.default_rng(seed)
    days = rng.choice(["2026-01-01", "2026-02-01"], len(leans))
    table = leaning(leans, rule, veto, status=["new"] * len(leans), scored_on=days)
    today = "2026-02-02" if expired else None
    kind = {f"q{n}": KINDS[n % 2] for n in range(12)}
    kinds = [kind[query] for query in columns["query_id"]]
    found = rerank_lists(lists_of(columns, query_kind=kinds), table, rule, today=today)
    for query, one_kind in kind.items():
        rows = np.flatnonzero(columns["query_id"] == query)
        alone = rerank(
            columns["relevance"][rows],
            columns["merchant_id"][rows],
            columns["item_id"][rows],
            table=table,
            policy=rule,
            query_id=query,
            query_kind=one_kind,
            today=today,
        )
        for name in ("trust_boost", "final_score", "base_rank", "final_rank"):
            assert getattr(found, name)[rows].tolist() == getattr(alone, name).tolist(), name
        assert (found.propensity[rows] == alone.propensity).all()
        lifted = np.flatnonzero(found.explored[rows]).tolist()
        assert lifted == ([] if alone.explored is None else [alone.explored])


@few
@given(seeds, betas)
def test_the_additive_form_is_worth_its_price(seed, beta):
    """Loss of DCG is at most beta times the lean-weighted exposure gained, in list ranges."""
    relevance, sold, items, leans, _ = made_up(seed)
    assume(np.ptp(relevance) > 0)
    rule = policy(beta, form="additive")
    table = leaning(leans, rule)
    shown = rerank(relevance, sold, items, table=table, policy=rule)
    lean = table.columns["lean"][table.rows(sold)]
    discount = 1 / np.log2(np.arange(2, len(items) + 2))
    base = np.argsort(shown.base_rank)
    loss = (relevance[base] - relevance[shown.order]) @ discount / np.ptp(relevance)
    gain = (lean[shown.order] - lean[base]) @ discount
    assert loss <= beta * gain + 1e-12
