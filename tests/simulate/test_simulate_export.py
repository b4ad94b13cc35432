"""Made-up markets: exact, repeatable, clean, consistent, and with a truth that can be checked."""

from itertools import pairwise

import numpy as np
import pytest

from trustscore.errors import InputError
from trustscore.scorecard import load_scorecard
from trustscore.scoring import score_columns
from trustscore.scoring.program import program_of
from trustscore.simulate import KINDS, simulate_blocks, simulate_export
from trustscore.simulate.export import Export
from trustscore.simulate.market import BLOCK, CATEGORIES, Streams, merchants
from trustscore.simulate.marks import MARKS, SHOWN
from trustscore.simulate.quantiles import beta_quantile, gamma_quantile
from trustscore.simulate.signals import _marked, laws, true_and_shown

CARDS = ["default", "minimal", "olist"]
LIVE_COUNTS = ["live_sessions_90d", "live_viewers", "promoted_orders", "orders_delivered_live_90d"]


@pytest.fixture(scope="module")
def market():
    return simulate_export(12_000, seed=5)


def same(one, other):
    assert list(one) == list(other)
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def joined(parts):
    parts = list(parts)
    return Export.join(parts), parts


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize("rows", [0, 1, 7, BLOCK, BLOCK + 1])
def test_rows_and_header_are_exact(card, rows):
    export = simulate_export(rows, seed=3, scorecard=card)
    assert list(export) == [
        "merchant_id", "category", "shop_type", *(f.name for f in load_scorecard(card).fields)
    ]  # fmt: skip
    assert {len(values) for values in export.values()} == {rows}
    assert list(export.truth) == [
        "merchant_id", "kind", "true_index", *(d.id for d in load_scorecard(card).dimensions)
    ]  # fmt: skip
    assert export["merchant_id"].tolist() == [f"m{i:07d}" for i in range(1, rows + 1)]
    assert {v.dtype for v in list(export.values())[3:]} == {np.dtype(np.float64)}


@pytest.mark.slow
@pytest.mark.parametrize("dirty", [False, True])
@pytest.mark.parametrize("rows", [777, BLOCK, 5000])
def test_the_rows_do_not_depend_on_the_blocks(rows, dirty):
    whole = simulate_export(9000, seed=2, dirty=dirty)
    parts, blocks = joined(simulate_blocks(9000, seed=2, dirty=dirty, rows=rows))
    assert [len(block["merchant_id"]) for block in blocks[:-1]] == [rows] * (len(blocks) - 1)
    same(whole, parts)
    same(whole.truth, parts.truth)


def test_a_smaller_market_is_the_beginning_of_a_larger():
    small, large = simulate_export(50, seed=2), simulate_export(5000, seed=2)
    same(small, large.rows(0, 50))


def test_the_seed_decides():
    same(simulate_export(100, seed=1), simulate_export(100, seed=1))
    other = simulate_export(100, seed=2)
    assert (simulate_export(100, seed=1)["orders_paid"] != other["orders_paid"]).any()


@pytest.mark.parametrize("card", CARDS)
def test_every_cell_is_what_its_field_asks_for(card):
    scorecard = load_scorecard(card)
    export = simulate_export(6000, seed=9, scorecard=card)
    for field in scorecard.fields:
        values = export[field.name]
        values = values[~np.isnan(values)]
        assert np.isfinite(values).all(), field
        if field.check == "flag":
            assert np.isin(values, [0, 1]).all(), field
        if field.check == "count":
            assert (values == np.floor(values)).all(), field
        if field.check in ("count", "nonnegative", "share"):
            assert (values >= 0).all(), field
        if field.lo is not None:
            assert ((values >= field.lo) & (values <= field.hi)).all(), field
    for part, whole in scorecard.pairs:
        assert not (export[part] > export[whole]).any(), (part, whole)


def test_the_counts_of_a_shop_fit_together(market):
    chain = ["orders_delivered", "orders_shipped", "orders_paid", "orders_paid_90d"]
    for part, whole in pairwise(chain):
        assert (market[part] <= market[whole]).all(), (part, whole)
    for name in ("orders_shipped", "orders_delivered", "reviews_rated"):
        assert (market[name] <= market[f"{name}_90d"]).all()
    known = ~np.isnan(market["positive_reviews"]) & ~np.isnan(market["negative_reviews"])
    both = market["positive_reviews"] + market["negative_reviews"]
    assert (both[known] <= market["reviews_rated"][known]).all()
    old = market["tenure_days"] >= 90
    ratio = market["orders_paid_90d"][old].sum() / market["orders_paid"][old].sum()
    assert ratio == pytest.approx(3.0, rel=0.01)


def test_the_market_is_as_described(market):
    orders = market["orders_paid"]
    assert orders.min() == 3 and 5000 < orders.max() <= 10_000
    assert np.std(np.log(orders[market["tenure_days"] >= 60])) == pytest.approx(1.5, abs=0.2)
    assert set(market["category"]) == set(CATEGORIES)
    assert np.mean(market["tenure_days"] < 60) == pytest.approx(0.085, abs=0.02)
    dark = market["live_sessions_365d"] == 0
    assert dark.mean() == pytest.approx(0.40, abs=0.02)
    for name in LIVE_COUNTS:
        values = market[name][dark]
        assert (values[~np.isnan(values)] == 0).all(), name
    assert np.isnan(market["host_atmosphere_rating_mean"][dark]).all()
    assert np.isnan(market.truth["host_attitude"][dark]).all()
    kinds = market.truth["kind"]
    assert set(kinds) == set(KINDS)
    assert np.mean(kinds != "honest") == pytest.approx(0.03, abs=0.006)
    blank = np.mean([np.isnan(v).mean() for v in list(market.values())[3:]])
    assert 0.005 < blank < 0.06


def test_known_categories_meet_their_overlays():
    matched = {
        value for o in load_scorecard().overlays for _, values in o.match for value in values
    }
    assert {"jewellery", "fresh_food", "beauty"} <= matched & set(CATEGORIES)


def test_truth_is_a_score(market):
    truth = market.truth
    assert ((truth["true_index"] >= 0) & (truth["true_index"] <= 100)).all()
    for dimension in load_scorecard().dimensions:
        values = truth[dimension.id][~np.isnan(truth[dimension.id])]
        assert ((values >= 0) & (values <= 1)).all()
        assert len(values) > 1000


def test_truth_by_hand():
    # One dimension of one signal: the true index is the utility of the true figure, and with no
    # sample the true figure is the one that is shown.
    from trustscore.scorecard import parse_scorecard

    card = parse_scorecard(
        {
            "name": "hand",
            "version": "1",
            "effective_from": __import__("datetime").date(2026, 1, 1),
            "stages": {"buy": {"en": "Buy", "zh": "买"}},
            "dimensions": {"all": {"weight": 1.0, "en": "All", "zh": "全"}},
            "signals": {
                "all": {
                    "points": {
                        "stage": "buy", "count": True, "poor": 12, "good": 0, "weight": 1,
                        "prior": 1.2,
                    }
                }
            },
            "words": {"points": {"en": "Points", "zh": "分", "why": "By hand."}},
        }
    )  # fmt: skip
    export = simulate_export(500, scorecard=card)
    points = export["points"]
    seen = ~np.isnan(points)
    by_hand = np.clip(1 - points / 12, 0, 1)
    np.testing.assert_allclose(export.truth["true_index"][seen], 100 * by_hand[seen], atol=1e-9)
    np.testing.assert_allclose(export.truth["all"][seen], by_hand[seen], atol=1e-12)
    assert 0 < (points[seen] > 0).mean() < 1


def test_the_interval_covers_the_truth_at_every_volume(market):
    scores = score_columns(market)
    covered = np.abs(scores.raw_index - market.truth["true_index"]) <= 1.645 * scores.index_se
    ends = np.quantile(market["orders_paid"], np.arange(1, 10) / 10)
    decile = np.searchsorted(ends, market["orders_paid"], side="right")
    by_decile = [covered[decile == i].mean() for i in range(10)]
    assert min(by_decile) > 0.85 and max(by_decile) < 0.97, by_decile


def test_evidence_finds_the_truth(market):
    scores = score_columns(market)
    large = market["orders_paid"] > 1000
    error = np.abs(scores.raw_index - market.truth["true_index"])
    assert error[large].mean() < 0.5 * error[market["orders_paid"] < 30].mean()
    found = np.corrcoef(scores.raw_index[large], market.truth["true_index"][large])[0, 1]
    assert found > 0.9


def test_quality_is_correlated_within_and_across_dimensions():
    draws = [merchants(0, block) for block in range(8)]

    def latent(signal, dimension):
        return np.concatenate([d.latent(signal, dimension) for d in draws])

    a, b, c = latent("a", "one"), latent("b", "one"), latent("c", "two")
    assert np.corrcoef(a, b)[0, 1] == pytest.approx(0.35, abs=0.02)
    assert np.corrcoef(a, c)[0, 1] == pytest.approx(0.22, abs=0.02)
    assert a.std() == pytest.approx(1.0, abs=0.02)


def test_bad_actors_bear_their_marks(market):
    kind = market.truth["kind"]

    def rate(part, whole, rows):
        known = rows & ~np.isnan(market[part])
        return market[part][known].sum() / market[whole][known].sum()

    honest = kind == "honest"
    for name, part, whole in [
        ("brusher", "brushing_suspect_orders_90d", "orders_paid_90d"),
        ("counterfeiter", "counterfeit_complaints_upheld_90d", "orders_delivered_90d"),
        ("refund_refuser", "aftersales_refused_unreasonable", "aftersales_requests"),
    ]:
        assert rate(part, whole, kind == name) > 3 * rate(part, whole, honest), name
    barred = market["barred_identity_link_flag"]
    assert np.nanmean(barred[kind == "whitewasher"]) > 0.5 > 0.05 > np.nanmean(barred[honest])
    # Bought praise: brushers show better stars than honest shops and are worse.
    stars = market["product_rating_mean"]
    assert np.nanmean(stars[kind == "brusher"]) > np.nanmean(stars[honest])
    quality = market.truth["product_quality"]
    assert quality[kind == "brusher"].mean() < quality[honest].mean()


def test_quantiles_by_hand():
    p = np.array([0.05, 0.5, 0.95])
    np.testing.assert_allclose(gamma_quantile(p, 1.0), -np.log(1 - p), rtol=2e-3)
    np.testing.assert_allclose(beta_quantile(p, 1.0, 1.0), p, rtol=2e-3)
    np.testing.assert_allclose(beta_quantile(p, 2.0, 1.0), np.sqrt(p), rtol=2e-3)
    np.testing.assert_allclose(beta_quantile(p, 0.25, 1.0), p**4, rtol=5e-3)


@pytest.mark.parametrize(("a", "b"), [(0.2, 11.0), (4.0, 80.0), (60.0, 900.0), (9.0, 0.7)])
def test_quantiles_have_the_moments_of_their_law(a, b):
    p = (np.arange(200_000) + 0.5) / 200_000
    x = beta_quantile(p, a, b)
    assert x.mean() == pytest.approx(a / (a + b), rel=2e-3)
    assert x.var() == pytest.approx(a * b / ((a + b) ** 2 * (a + b + 1)), rel=1e-2)
    y = gamma_quantile(p, a)
    assert y.mean() == pytest.approx(a, rel=2e-3)
    assert y.var() == pytest.approx(a, rel=1e-2)


def test_a_stream_is_one_of_its_name():
    assert Streams(1, 2)("a").random() == Streams(1, 2)("a").random()
    draws = {Streams(*key)(name).random() for key in [(1, 2), (2, 1)] for name in "ab"}
    assert len(draws) == 4


def test_a_dirty_export_is_text_with_some_faults():
    clean, dirty = simulate_export(4000, seed=4), simulate_export(4000, seed=4, dirty=True)
    assert list(clean) == list(dirty)
    same(clean.truth, dirty.truth)
    assert {type(cell) for values in dirty.values() for cell in values.tolist()} == {str}
    ids = dirty["merchant_id"].tolist()
    assert ids.count("") > 0 and len(set(ids)) < 4000
    cells = {cell for values in list(dirty.values())[3:] for cell in values.tolist()}
    assert {"many", "-1", "inf", "NA", "yes", "no"} <= cells
    assert any("," in cell for cell in cells)


@pytest.mark.parametrize(("rows", "seed", "name"), [(-1, 0, "merchants"), (5, -1, "seed")])
def test_wrong_numbers_are_refused(rows, seed, name):
    with pytest.raises(InputError, match=f"{name}: must be at least 0"):
        simulate_export(rows, seed=seed)


def test_pandas_takes_an_export():
    pd = pytest.importorskip("pandas")
    export = simulate_export(5, scorecard="minimal")
    frame = pd.DataFrame(export)
    assert frame.shape == (5, len(export)) and list(frame) == list(export)
    assert pd.DataFrame(export.truth)["kind"].tolist() == export.truth["kind"].tolist()


def test_each_merchant_follows_the_law_of_its_own_variant():
    """Laws are worked out for their own rows alone, and once for variants that agree."""
    plan, drawn = program_of(load_scorecard("default")), merchants(seed=4, block=0)
    sides = {"category": drawn.category, "shop_type": drawn.shop_type}
    variant = plan.variant_rows(sides, drawn.rows)
    assert len(set(variant.tolist())) > 2
    several = 0
    for signal in plan.signals:
        per_variant = laws(signal, len(plan.variants))
        several += len({id(law) for law in per_variant}) > 1
        latent = drawn.latent(signal.signal.id, signal.signal.dimension)
        true, shown = np.empty(drawn.rows), np.empty(drawn.rows)
        for number, law in enumerate(per_variant):
            here = variant == number
            value = _marked(law, drawn, law.true_value(latent), MARKS, "mark")
            true[here] = value[here]
            shown[here] = _marked(law, drawn, value, SHOWN, "shown")[here]
        found = true_and_shown(per_variant, variant, drawn)
        assert np.array_equal(found[0], true) and np.array_equal(found[1], shown)
    assert 0 < several < len(plan.signals)
