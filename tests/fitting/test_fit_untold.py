"""What a market cannot tell is not fitted: the scorecard's figure stays, and the fit says so.

For every kind of signal and every figure of it, the data that leave it open.
"""

import numpy as np
import pytest

from trustscore.errors import InputError
from trustscore.fitting import fit_scorecard
from trustscore.scorecard import load_scorecard, parse_scorecard
from trustscore.scoring import score_columns
from trustscore.simulate import simulate_export

ROWS = 400
SIGNALS = {
    "rate": {"rate": ["x", "n"], "poor": 0.5, "good": 0, "prior": 0.2, "strength": 21},
    "events": {"events": ["x", "n"], "poor": 0.5, "good": 0, "prior": 0.2, "strength": 21},
    "mean": {"mean": ["x", "n"], "poor": 3, "good": 5, "prior": 4.2, "strength": 21, "sd": 0.8},
    "duration": {
        "duration": ["x", "n"], "poor": 60, "good": 5, "prior": 20, "strength": 21, "sd": 0.8
    },
    "ratio": {"ratio": ["x", "n"], "poor": 0.5, "good": 2, "prior": 1, "strength": 21},
    "ratio alone": {"ratio": "x", "poor": 0.5, "good": 2, "prior": 1},
    "count": {"count": "x", "poor": 0, "good": 50, "prior": 10},
    "score": {"score": "x", "poor": 0, "good": 50, "prior": 10},
    "flag": {"flag": "x", "poor": 1, "good": 0, "prior": 0.02},
}  # fmt: skip


def card(kind, **changes):
    line = {"stage": "use", "weight": 1, **SIGNALS[kind], **changes}
    return parse_scorecard(
        {
            "name": "one",
            "version": "1",
            "effective_from": "2026-01-01",
            "dimensions": {"d": {"weight": 1}},
            "signals": {"d": {"a": {k: v for k, v in line.items() if v is not None}}},
        }
    )


def block(x, n=None):
    rows = len(x)
    return {
        "merchant_id": np.array([f"m{i}" for i in range(rows)], dtype=object),
        "x": np.asarray(x, dtype=float),
        "n": np.full(rows, 30.0) if n is None else np.asarray(n, dtype=float),
    }


def numbers(fitted):
    return fitted.scorecard.signals[0].numbers


def names(fitted):
    return {note.name for note in fitted.notes}


def figure_of(kind, rng, rows=ROWS):
    """Return figures of a market that tells all there is to tell."""
    n = np.floor(np.exp(rng.uniform(0.5, 6, rows)))
    if kind == "rate":
        return rng.binomial(n.astype(int), rng.beta(2, 8, rows)), n
    if kind == "events":
        return rng.poisson(n * rng.gamma(2, 0.1, rows)), n
    if kind in ("mean", "duration", "ratio"):
        y = rng.normal(0, 0.2, rows) + rng.normal(0, 0.9, rows) / np.sqrt(n)
        return {"mean": 4.2 + y, "duration": 20 * np.exp(y), "ratio": 1 + y}[kind], n
    if kind == "flag":
        return rng.random(rows) < 0.1, n
    return rng.gamma(4, 3, rows), n


@pytest.mark.parametrize("kind", SIGNALS)
def test_a_market_that_tells_moves_the_figures(kind):
    """So that the tests below can fail."""
    if kind == "flag":
        pytest.skip("a closed flag keeps its prior")
    found = fit_scorecard(
        block(*figure_of(kind, np.random.default_rng(1))), card(kind), priors=True
    )
    assert numbers(found).prior != card(kind).signals[0].prior
    if "strength" in SIGNALS[kind]:
        assert numbers(found).strength != 21
    assert names(found) <= {"events_like_rate"}


UNTOLD = {
    "nobody has evidence": lambda x, n: (np.full(ROWS, np.nan), n),
    "nine merchants": lambda x, n: (np.r_[x[:9], np.full(ROWS - 9, np.nan)], n),
    "one merchant": lambda x, n: (x[:1], n[:1]),
    "all zero": lambda x, n: (np.zeros(ROWS), n),
    "one value": lambda x, n: (np.full(ROWS, 0.7), np.full(ROWS, 1.0)),
    "no orders": lambda x, n: (np.zeros(ROWS), np.zeros(ROWS)),
}


@pytest.mark.parametrize("kind", [kind for kind in SIGNALS if kind != "flag"])
@pytest.mark.parametrize("how", UNTOLD)
def test_what_nobody_can_tell_stays_and_is_named(kind, how):
    x, n = UNTOLD[how](*figure_of(kind, np.random.default_rng(1)))
    if how == "no orders" and "strength" not in SIGNALS[kind]:
        pytest.skip("has no sample")
    if how == "one value" and kind in ("rate", "events"):
        x = np.zeros(len(x))
    before = card(kind)
    found = fit_scorecard(block(x, n), before, priors=True, anchors=True)
    assert numbers(found) == before.signals[0].numbers
    assert any(note.where == "a" and "stay" in note.text for note in found.notes)


@pytest.mark.parametrize("kind", ["rate", "events", "mean", "duration", "ratio"])
def test_single_observations_tell_no_strength(kind):
    rng = np.random.default_rng(2)
    n = np.ones(ROWS)
    x = figure_of(kind, rng)[0]
    if kind in ("rate", "events"):
        x = rng.random(ROWS) < 0.3
    before = card(kind)
    found = fit_scorecard(block(x, n), before, priors=True)
    if kind in ("mean", "duration"):  # sd stays, and the rest is what merchants differ
        assert numbers(found).sd == before.signals[0].numbers.sd
        assert {"sd_untold"} <= names(found)
    else:
        assert numbers(found).strength == 21
        assert {"strength_untold"} <= names(found)
    assert numbers(found).prior != before.signals[0].prior


@pytest.mark.parametrize("kind", ["mean", "duration"])
def test_equal_samples_leave_sd(kind):
    rng = np.random.default_rng(3)
    y = rng.normal(0, 0.4, ROWS)
    x = 4.2 + y if kind == "mean" else 20 * np.exp(y)
    found = fit_scorecard(block(x, np.full(ROWS, 16.0)), card(kind), priors=True)
    # Seen is t^2 + .8^2 / 16 = .16, so t^2 = .12 and .64 / .12 = 5.33.
    assert numbers(found).sd == 0.8
    assert numbers(found).strength == pytest.approx(0.64 / 0.12, rel=0.2)
    assert "sd_untold" in names(found)
    # With a spread and no sd there is nothing to take apart by.
    spread = fit_scorecard(
        block(x, np.full(ROWS, 16.0)), card(kind, sd=None, spread=0.2), priors=True
    )
    assert numbers(spread).strength == 21 and "strength_untold" in names(spread)


@pytest.mark.parametrize("kind", ["rate", "events"])
def test_merchants_without_differences_move_a_strength_only_if_they_contradict_it(kind):
    rng = np.random.default_rng(4)
    few = fit_scorecard(block(rng.binomial(3, 0.2, 60), np.full(60, 3.0)), card(kind), priors=True)
    assert numbers(few).strength == 21 and "strength_untold" in names(few)
    many = block(rng.binomial(3000, 0.2, 400), np.full(400, 3000.0))
    found = fit_scorecard(many, card(kind), priors=True)
    assert numbers(found).strength > 1000
    assert "no_overdispersion" in names(found) or numbers(found).strength < 4900


@pytest.mark.parametrize("kind", ["rate", "events"])
@pytest.mark.parametrize("n", [np.ones(ROWS), np.arange(1.0, ROWS + 1)])
def test_an_event_in_every_order_tells_neither_prior_nor_strength(kind, n):
    found = fit_scorecard(block(n, n), card(kind), priors=True)
    assert numbers(found) == card(kind).signals[0].numbers
    assert names(found) == {"all_events"}


@pytest.mark.parametrize("kind", ["rate", "events"])
@pytest.mark.parametrize("rare", [1e-4, 1e-6])
@pytest.mark.parametrize("apart", [0.7, 0.0])
def test_a_prior_of_rare_events_is_their_rate_whatever_it_is_worth(kind, rare, apart):
    """One complaint in a million views: such a prior is worth millions, if merchants differ."""
    rng = np.random.default_rng(9)
    n = np.floor(np.exp(rng.uniform(np.log(5 / rare), np.log(500 / rare), ROWS)))
    differ = rng.gamma(1 / apart**2, apart**2, ROWS) if apart else 1.0
    data = block(rng.poisson(n * rare * differ), n)
    found = fit_scorecard(data, card(kind, prior=rare, poor=5 * rare), priors=True)
    assert numbers(found).prior == pytest.approx(rare, rel=0.1)
    if apart:
        assert numbers(found).strength == pytest.approx(1 / (rare * apart**2), rel=0.3)
    else:
        assert numbers(found).strength == 5000
    assert ("no_overdispersion" in names(found)) == (not apart)


@pytest.mark.parametrize("kind", ["rate", "events", "mean", "duration", "ratio"])
def test_an_open_strength_that_cannot_be_told_is_a_named_convention(kind):
    rng = np.random.default_rng(5)
    x = rng.random(ROWS) < 0.3 if kind in ("rate", "events") else figure_of(kind, rng)[0]
    changes = {"strength": "fit"}
    if kind in ("mean", "duration"):
        changes |= {"sd": None, "spread": 0.2}
    found = fit_scorecard(block(x, np.ones(ROWS)), card(kind, **changes))
    assert numbers(found).strength == 10
    text = " ".join(str(note) for note in found.notes)
    assert "strength 10 is a convention, give a number" in text


@pytest.mark.parametrize(("value", "prior"), [(0.0, 0.5 / 401), (1.0, 1 - 0.5 / 401)])
def test_an_open_flag_that_all_or_none_have_is_half_a_merchant_away(value, prior):
    found = fit_scorecard(block(np.full(ROWS, value)), card("flag", prior="fit"))
    assert numbers(found).prior == pytest.approx(prior, rel=1e-3)
    assert names(found) == {"all_zero" if value == 0 else "all_events"}


# Anchors and knots --------------------------------------------------------------------------------


def test_anchors_that_cannot_be_told_stay_and_are_named():
    rng = np.random.default_rng(6)
    thin = block(rng.binomial(2, 0.2, ROWS), np.full(ROWS, 2.0))
    same = block(np.full(ROWS, 7.0))
    for data, kind in ((thin, "rate"), (same, "count"), (same, "score")):
        before = card(kind)
        found = fit_scorecard(data, before, anchors=True)
        assert numbers(found) == before.signals[0].numbers
        assert names(found) == {"anchors_untold"}
    low = fit_scorecard(
        block(rng.normal(0, 5, ROWS)), card("score", curve="log", poor=1), anchors=True
    )
    assert numbers(low).poor == 1 and names(low) == {"anchors_untold"}


@pytest.mark.parametrize("kind", ["rate", "events", "ratio"])
def test_anchors_of_figures_that_hardly_anybody_has_otherwise_stay(kind):
    """Equal figures differ after shrinkage, by the merchants' volume."""
    x, n = figure_of(kind, np.random.default_rng(1))
    n = np.maximum(n, 1.0)
    x = np.r_[np.zeros(ROWS - 3), 1, 1, 1] if kind != "ratio" else np.r_[x[0], [x[1]] * (ROWS - 1)]
    before = card(kind)
    found = fit_scorecard(block(x, n), before, priors=True, anchors=True)
    assert (numbers(found).poor, numbers(found).good) == (
        before.signals[0].poor,
        before.signals[0].good,
    )
    assert "anchors_untold" in names(found)


def test_open_anchors_that_cannot_be_told_are_a_fault():
    with pytest.raises(InputError, match="every merchant has the figure 7: give numbers"):
        fit_scorecard(block(np.full(ROWS, 7.0)), card("count", poor="q5", good="q95"))
    with pytest.raises(InputError, match="every merchant has the figure 7"):
        fit_scorecard(
            block(np.full(ROWS, 7.0)),
            card("score", poor="q5", good="q95", curve="percentile", prior=7),
        )


def test_anchors_of_clean_skewed_figures_are_their_quantiles():
    """Nothing is cut off that is no error: not a tail of sizes, and not one of rare harms."""
    rng = np.random.default_rng(7)
    sizes = rng.lognormal(2, 1.5, 5000)
    found = fit_scorecard(block(sizes), card("score"), anchors=True)
    assert [numbers(found).poor, numbers(found).good] == pytest.approx(
        np.quantile(sizes, [0.05, 0.95]), rel=1e-3
    )
    n = np.full(5000, 1e5)
    k = rng.poisson(n * rng.gamma(0.3, 0.1, 5000))
    found = fit_scorecard(block(k, n), card("events"), anchors=True)
    assert numbers(found).poor == pytest.approx(np.quantile(k / n, 0.95), rel=0.01)
    assert found.notes == ()


def test_anchors_follow_figures_as_they_are_scored_with_a_strength_scale():
    """Scoring scales the strength, so the quantiles that anchors stand at are of such figures."""
    rng = np.random.default_rng(8)
    x, n = figure_of("rate", rng, 3000)
    open_ = card("rate", poor="q95", good="q5", prior="fit", strength="fit")
    file = open_.file.model_dump(mode="json", exclude_defaults=True)
    file["index"] = {"strength_scale": 6.0}
    found = fit_scorecard(block(x, n), parse_scorecard(file))
    scores = score_columns(block(x, n), found.scorecard, "all")
    sure = scores.reliability[0] >= 0.5
    assert found.scorecard.signals[0].poor == pytest.approx(
        np.quantile(scores.value[0][sure], 0.95), rel=1e-3
    )


# A whole scorecard ------------------------------------------------------------------------------


def test_a_market_of_one_merchant_repeated_changes_no_strength():
    block = {k: v[np.full(50, 7)] for k, v in simulate_export(40, scorecard="minimal").items()}
    before = load_scorecard("minimal")
    found = fit_scorecard(block, before, priors=True, anchors=True)
    for old, new in zip(before.signals, found.scorecard.signals, strict=True):
        assert (old.poor, old.good) == (new.poor, new.good)
        if old.kind in ("mean", "duration"):
            assert old.numbers == new.numbers
        assert np.isfinite(new.strength)
