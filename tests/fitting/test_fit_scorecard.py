"""The whole fit: an ordinary scorecard comes out, and bad input is named."""

import tomllib

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from trustscore.errors import InputError
from trustscore.estimator import TrustScorer
from trustscore.fitting import Judgement, Labelled, fit_scorecard
from trustscore.fitting.shares import locked_signals, tree_weights
from trustscore.scorecard import load_scorecard, parse_scorecard
from trustscore.scorecard.shares import shares
from trustscore.scoring import score_columns, utilities
from trustscore.simulate import simulate_export

OPEN = """# An open scorecard. This comment stays.
name = "open"
version = "2.0"
effective_from = 2026-01-01

[dimensions]
quality = { weight = 0.6 }   # and this
service = { weight = "fit" }

[signals.quality]
bad_rate = { stage = "use", rate = ["bad", "orders"],        poor = "q95", good = "q5", weight = 10, prior = "fit", strength = "fit" }
rating   = { stage = "use", mean = ["rating", "rated"],      poor = 3,     good = 5,    weight = "fit", prior = "fit", strength = "fit", sd = 1 }
[signals.service]
hours    = { stage = "use", duration = ["hours", "orders"],  poor = "q90", good = "q10", weight = "fit", prior = "fit", strength = "fit", sd = 1 }
rank     = { stage = "use", score = true,                    poor = "q5",  good = "q95", weight = 5, prior = "fit", curve = "percentile" }
"""  # noqa: E501


def open_card(text=OPEN):
    return parse_scorecard(tomllib.loads(text), "open.toml")


def market(rows=800, seed=0):
    rng = np.random.default_rng(seed)
    orders = np.floor(np.exp(rng.uniform(1, 6, rows)))
    return {
        "orders": orders,
        "bad": rng.binomial(orders.astype(int), rng.beta(2, 30, rows)).astype(float),
        "rated": orders,
        "rating": np.clip(4.4 + rng.normal(0, 0.3, rows), 1, 5),
        "hours": np.exp(rng.normal(2.5, 0.5, rows)),
        "rank": rng.normal(0, 1, rows),
        "category": np.array(["a", "b"], dtype=object)[np.arange(rows) % 2],
        "merchant_id": np.array([f"m{i}" for i in range(rows)], dtype=object),
    }


def outcomes(block, seed=0):
    rng = np.random.default_rng(seed)
    n = np.full(len(block["orders"]), 40.0)
    events = rng.binomial(40, expit(-2 - 1.5 * block["rank"])).astype(float)
    return Labelled(block, n, events)


@pytest.fixture(scope="module")
def fitted():
    block = market()
    return fit_scorecard(block, open_card(), labelled=outcomes(block), most=(1.0, 1.0))


def test_an_open_scorecard_is_closed_and_scored_by_the_kernel(fitted, tmp_path):
    card = fitted.scorecard
    assert card.open_values == ()
    path = tmp_path / "fitted.toml"
    path.write_text(fitted.text, encoding="utf-8")
    assert load_scorecard(path) == card
    scores = score_columns(market(), card)
    assert np.isfinite(scores.trust_index).all()


def test_thin_outcomes_leave_the_weights_and_are_named():
    block = market()
    card = fit_scorecard(block, open_card(), labelled=outcomes(block)).scorecard
    worst = int(np.argmin(block["rank"][:20]))
    few = Labelled(
        block, np.r_[np.full(20, 3.0), np.zeros(780)], np.r_[np.eye(20)[worst], [0] * 780]
    )
    found = fit_scorecard(block, card, labelled=few)
    assert "thin_outcomes" in [note.name for note in found.notes]
    assert shares(found.scorecard) == pytest.approx(shares(card), abs=2e-3)


def test_the_numbers_are_those_of_the_market(fitted):
    card = fitted.scorecard
    assert card.signal("bad_rate").prior == pytest.approx(1 / 16, rel=0.1)
    assert card.signal("bad_rate").strength == pytest.approx(32, rel=0.3)
    assert card.signal("bad_rate").good < 1 / 16 < card.signal("bad_rate").poor
    assert card.signal("hours").prior == pytest.approx(np.exp(2.5), rel=0.05)
    assert card.signal("hours").poor == pytest.approx(np.exp(2.5 + 1.2816 * 0.5), rel=0.08)
    assert card.signal("rank").higher_is_better
    weights = dict(zip([s.id for s in card.signals], shares(card), strict=True))
    assert weights["rank"] > 0.8
    assert sum(weights.values()) == pytest.approx(1)


def test_comments_stay_and_provenance_says_where_numbers_are_from(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(OPEN, encoding="utf-8")
    block = market()
    text = fit_scorecard(block, path, labelled=outcomes(block)).text
    assert "# An open scorecard. This comment stays." in text
    assert "# and this" in text
    told = tomllib.loads(text)["provenance"]
    assert told["fitted_from"].startswith("open@2.0:")
    assert len(told["data"]["sha256"]) == 64
    assert told["data"]["rows"] == 800
    assert told["weights"]["method"] == "learned"
    assert told["signals"]["bad_rate"]["method"] == "beta-binomial, ML"
    assert "date" not in str(told)


def test_the_same_data_make_the_same_file():
    one, two = (fit_scorecard(market(), open_card(), labelled=outcomes(market())) for _ in range(2))
    assert one.text == two.text


def test_a_closed_scorecard_changes_only_what_was_asked():
    block = simulate_export(500, seed=2, scorecard="minimal")
    kept = fit_scorecard(block, "minimal")
    assert [s.numbers for s in kept.scorecard.signals] == [
        s.numbers for s in load_scorecard("minimal").signals
    ]
    priors = fit_scorecard(block, "minimal", priors=True, peers=False)
    for before, after in zip(
        load_scorecard("minimal").signals, priors.scorecard.signals, strict=True
    ):
        assert (before.poor, before.good, before.weight) == (after.poor, after.good, after.weight)
        assert before.kind == "flag" or before.prior != after.prior
    anchors = fit_scorecard(block, "minimal", anchors=True, peers=False)
    rate = anchors.scorecard.signal("product_negative_review_rate")
    assert rate.poor != load_scorecard("minimal").signal(rate.id).poor
    assert not rate.higher_is_better


def test_peer_groups_get_priors_that_differ_where_groups_do():
    block = market(2000)
    rng = np.random.default_rng(1)
    high = block["category"] == "b"
    rate = np.where(high, rng.beta(6, 30, 2000), rng.beta(1.5, 30, 2000))
    block["bad"] = rng.binomial(block["orders"].astype(int), rate).astype(float)
    block["category"][:3] = "Tiny"
    found = fit_scorecard(block, open_card(), labelled=outcomes(block))
    priors = {key: prior["bad_rate"] for key, prior in found.scorecard.peers.priors.items()}
    assert priors["a",][0] == pytest.approx(1.5 / 31.5, rel=0.2)
    assert priors["b",][0] == pytest.approx(6 / 36, rel=0.2)
    # Inside a group merchants differ less than over all groups.
    assert priors["a",][1] > found.scorecard.signal("bad_rate").strength
    assert ("tiny",) not in priors
    assert "small_groups" in [note.name for note in found.notes]


def test_a_group_with_a_bar_in_its_name_is_named():
    block = market()
    block["category"][block["category"] == "b"] = "home|garden"
    found = fit_scorecard(block, open_card(), labelled=outcomes(block))
    said = [note.text for note in found.notes if note.name == "bar_in_group"]
    assert said == ["1 groups have a | in their name, and so the prior of all merchants"]


def test_a_second_fit_replaces_the_mark_of_the_first():
    block = market()
    first = fit_scorecard(block, open_card(), labelled=outcomes(block)).scorecard
    again = fit_scorecard(block, first, priors=True).scorecard
    assert first.version.count("+fit.") == again.version.count("+fit.") == 1


def test_a_locked_dimension_keeps_its_weight_to_the_digit():
    """Free signals whose share is nothing get the least one, at the cost of free ones only."""
    card = load_scorecard("minimal")
    stay = locked_signals(card, ("after_sales",))
    found = np.where(stay, shares(card), 0.0)
    found[0] = 1 - found.sum()
    dimensions, signals = tree_weights(card, found, stay)
    whole = sum(d.weight for d in card.dimensions)
    for dimension in card.dimensions:
        if dimension.id == "after_sales":
            assert dimensions[dimension.id] == dimension.weight
    assert sum(dimensions.values()) == pytest.approx(whole, abs=1e-12)
    for signal, at in zip(card.signals, stay, strict=True):
        assert not at or signals[signal.id] == signal.weight


def test_a_locked_dimension_stays_what_it_was():
    block = market()
    card = fit_scorecard(block, open_card(), labelled=outcomes(block)).scorecard
    before = shares(card)
    found = fit_scorecard(
        block, card, labelled=outcomes(block, 1), weights="learned", locked=["quality"]
    )
    assert shares(found.scorecard)[:2] == pytest.approx(before[:2], abs=2e-3)
    every = fit_scorecard(block, card, weights="critic", locked=["service"])
    assert shares(every.scorecard)[2:] == pytest.approx(before[2:], abs=2e-3)


@pytest.mark.parametrize("way", ["equal", "entropy", "critic", "pca"])
def test_weights_without_outcomes(way):
    block = simulate_export(300, seed=3, scorecard="minimal")
    found = fit_scorecard(block, "minimal", weights=way)
    new = shares(found.scorecard)
    assert new.sum() == pytest.approx(1)
    assert (new > 0).all()
    if way == "equal":
        assert new == pytest.approx(0.2, abs=1e-3)


def test_judged_weights_reach_the_scorecard():
    a, b, c = "product_quality", "after_sales", "social_reputation"
    said = [Judgement("", a, b, 2), Judgement("", a, c, 4), Judgement("", b, c, 2)]
    block = simulate_export(50, seed=3, scorecard="minimal")
    card = fit_scorecard(block, "minimal", weights="ahp", judgements=said).scorecard
    weights = {d.id: d.weight for d in card.dimensions}
    assert [weights[d] for d in (a, b, c)] == pytest.approx([4 / 7, 2 / 7, 1 / 7], abs=1e-3)


# Bad input ----------------------------------------------------------------------------------------


def faults(block, card, **options):
    with pytest.raises(InputError) as error:
        fit_scorecard(block, card, **options)
    return str(error.value)


def test_open_weights_need_a_way():
    text = faults(market(), open_card())
    assert "dimensions.service.weight: waits for a fit" in text
    assert "signals.quality.rating.weight: waits for a fit" in text


def test_every_wrong_option_at_once():
    text = faults(market(), open_card(), weights="ahp", locked=["servic"], judgements=[])
    assert "weights ahp: need judgements" in text
    assert "lock servic: no such dimension, did you mean service?" in text
    assert "every dimension is locked" in faults(
        market(), load_scorecard("minimal"), weights="equal",
        locked=["product_quality", "after_sales", "social_reputation"],
    )  # fmt: skip
    assert "service.weight: waits for a fit and is locked" in faults(
        market(), open_card(), weights="equal", locked=["service"]
    )


def test_columns_without_a_figure_are_named():
    block = market()
    block["bad"] = np.full(800, np.nan)
    block["rank"] = np.full(800, 3.0)
    block["hours"][5:] = np.nan
    text = faults(block, open_card(), labelled=outcomes(market()))
    assert "signals.quality.bad_rate" in text and "fewer than 10 merchants" in text
    assert "signals.service.rank: every merchant has the figure 3: give numbers" in text
    assert "signals.service.hours: only 5 merchants have evidence" in text


def test_a_missing_column_of_an_open_signal_is_named():
    block = market()
    del block["rank"]
    text = faults(block, open_card(), missing=frozenset({"rank"}), labelled=outcomes(market()))
    assert "signals.service.rank: waits for a fit, but rank is missing" in text


def test_a_percentile_needs_a_direction():
    text = OPEN.replace('poor = "q5",  good = "q95", weight = 5', "weight = 5")
    assert "needs its direction" in faults(market(), open_card(text), labelled=outcomes(market()))


def test_no_merchants():
    empty = {name: column[:0] for name, column in market().items()}
    assert "there is no merchant" in faults(empty, open_card(), weights="equal")
    few = {name: column[:1] for name, column in market().items()}
    assert "fewer than 10 merchants" in faults(few, open_card(), weights="equal")


def test_closed_priors_stay_where_data_say_nothing():
    block = simulate_export(200, seed=4, scorecard="minimal")
    block["complaints"][:] = 0
    block["product_rating_mean"][:] = np.nan
    block["aftersales_review_hours_mean"][:] = 5.0
    found = fit_scorecard(block, "minimal", priors=True)
    assert {note.where: note.name for note in found.notes if note.where != "peers"} == {
        "complaint_rate": "all_zero",
        "product_rating_mean": "too_few",
        "aftersales_review_hours_mean": "constant",
    }
    before = load_scorecard("minimal")
    for name in ("complaint_rate", "product_rating_mean", "aftersales_review_hours_mean"):
        assert found.scorecard.signal(name).numbers == before.signal(name).numbers


def test_an_open_rate_without_an_event_has_a_prior_above_nothing():
    block = market()
    block["bad"][:] = 0
    card = open_card(OPEN.replace('poor = "q95", good = "q5"', "poor = 0.1, good = 0"))
    found = fit_scorecard(block, card, labelled=outcomes(block))
    assert 0 < found.scorecard.signal("bad_rate").prior < 1e-4
    assert "all_zero" in [note.name for note in found.notes]


def test_collinear_and_constant_signals_are_warned_of():
    block = market()
    block["rank"] = -np.log(block["hours"]) + 1e-6 * block["rank"]
    block["rating"][:] = 5.0
    card = open_card(
        OPEN.replace("sd = 1 }\n[signals.service]", "sd = 1, spread = 0.2 }\n[signals.service]")
    )
    names = [n.name for n in fit_scorecard(block, card, labelled=outcomes(block)).notes]
    assert {"constant", "collinear", "constant_utility"} <= set(names)


def test_extreme_figures_make_no_nan():
    block = market()
    block["rating"][0] = 1e308
    block["hours"][:3] = [0.0, 1e308, 1e-300]
    with np.errstate(over="ignore"):
        found = fit_scorecard(block, open_card(), labelled=outcomes(market()))
    for signal in found.scorecard.signals:
        assert np.isfinite([signal.prior, signal.poor, signal.good, signal.weight]).all()
    assert found.scorecard.signal("hours").prior == pytest.approx(np.exp(2.5), rel=0.05)


# scikit-learn -------------------------------------------------------------------------------------


def test_the_estimator_closes_an_open_scorecard():
    block = market()
    frame = pd.DataFrame(block).set_index("merchant_id")
    later = outcomes(block)
    scorer = TrustScorer(open_card()).fit(frame, np.column_stack([later.n, later.events]))
    assert scorer.scorecard_.open_values == ()
    assert scorer.score_samples(frame) == pytest.approx(
        score_columns(block, scorer.scorecard_).trust_index
    )
    labels = (later.events > 8).astype(float)
    assert TrustScorer(open_card()).fit(frame, labels).scorecard_.open_values == ()
    for wrong, message in [(labels[:3], "must have the shape"), (labels + 1, "must be 0 or 1")]:
        with pytest.raises(InputError, match=message):
            TrustScorer(open_card()).fit(frame, wrong)
    with pytest.raises(InputError, match="y: must hold numbers"):
        TrustScorer(open_card()).fit(frame, ["a"] * len(frame))
    with pytest.raises(InputError, match="waits for a fit"):
        TrustScorer(open_card()).fit(frame)


def test_a_fit_recovers_the_utilities_it_was_made_with():
    """Percentile knots spread merchants evenly on the data they were fitted to."""
    block = market()
    card = fit_scorecard(block, open_card(), labelled=outcomes(block)).scorecard
    at = [s.id for s in card.signals].index("rank")
    u = utilities(block, card).utility[at]
    assert np.quantile(u, [0.25, 0.5, 0.75]) == pytest.approx([0.25, 0.5, 0.75], abs=0.02)
