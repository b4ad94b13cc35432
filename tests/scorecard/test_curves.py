"""Every curve means the same to everybody: kernel, SQL, simulation, audit, fit and schema."""

import dataclasses
import math
import re

import numpy as np
import pytest

from tests.export.sql_engines import duck
from tests.scorecard.one_signal import card_of, one_signal
from trustscore.audit.choices import varied
from trustscore.errors import ScorecardError
from trustscore.export import export_sql
from trustscore.fitting import fit_scorecard
from trustscore.scorecard import parse_scorecard, scorecard_schema
from trustscore.scorecard.curves import CURVES, SCALES, SHAPES
from trustscore.scoring import score_columns
from trustscore.simulate import simulate_export

KNOTS = [[1, 0], [4, 0.5], [9, 1]]
# Value and utility, worked out by hand for poor = 1 and good = 9.
BY_HAND = {
    "linear": [(0, 0), (1, 0), (3, 0.25), (5, 0.5), (9, 1), (99, 1)],
    "log": [(0, 0), (1, 0), (3, 0.5), (9, 1), (99, 1)],
    # On the scale the anchors are ln 2 and ln 10; half way is the square root of 20.
    "log1p": [(0, 0), (1, 0), (math.sqrt(20) - 1, 0.5), (9, 1), (99, 1)],
    # From poor the whole way is 8: 1 + 2 of it is a third of the way on the scale of 1 + x.
    "log1p_from_poor": [(0, 0), (1, 0), (3, 0.5), (9, 1), (99, 1)],
    "normal": [(1, 0.5), (9, 0.9), (-7, 0.1), (999, 1), (-999, 0)],
    "lognormal": [(0, 0), (1, 0.5), (9, 0.9), (1 / 9, 0.1), (1e9, 1)],
    "logistic": [(-999, 0), (1, 0.1), (5, 0.5), (9, 0.9), (999, 1)],
    "knots": [(0, 0), (1, 0), (2.5, 0.25), (4, 0.5), (6.5, 0.75), (9, 1), (99, 1)],
    "percentile": [(0, 0), (1, 0), (2.5, 0.25), (4, 0.5), (6.5, 0.75), (9, 1), (99, 1)],
}
# The polynomial for erf is that far from it.
TOLERANCE = {"lognormal": 2e-7, "normal": 2e-7}
NAMES = list(CURVES)


def curved(curve, kind="score"):
    changes = {"curve": curve}
    if CURVES[curve].knots:
        changes |= {"poor": None, "good": None, "knots": KNOTS}
    return card_of(kind, **changes)


def utilities(card, values):
    return score_columns({"value": np.array(values, dtype=float)}, card, "statement").utility[0]


def test_every_curve_has_cases_here():
    assert list(BY_HAND) == NAMES


def test_the_page_on_the_formula_has_a_row_of_every_curve(repository):
    text = (repository / "docs/scoring.md").read_text(encoding="utf-8")
    table = re.search(r"^\| curve \|.*\n\|[-|]+\n((?:\|.*\n)+)", text, re.MULTILINE)[1]
    cells = [line.split("|")[1] for line in table.splitlines()]
    assert [name for cell in cells for name in re.findall(r"`(\w+)`", cell)] == NAMES


@pytest.mark.parametrize("curve", NAMES)
def test_the_kernel_gives_what_was_worked_out_by_hand(curve):
    values, wanted = zip(*BY_HAND[curve], strict=True)
    found = utilities(curved(curve), values)
    assert found.tolist() == pytest.approx(list(wanted), abs=TOLERANCE.get(curve, 1e-12))


@pytest.mark.parametrize("curve", NAMES)
def test_sql_gives_the_same(curve):
    card = curved(curve)
    steps = [x * f for x in (0.5, 1.0, 4.0, 9.0, 20.0) for f in (1 - 1e-9, 1.0, 1 + 1e-9)]
    values = np.array([*(x for x, _ in BY_HAND[curve]), *steps, 0.0, -5.0, 1e300, -1e300, np.nan])
    rows = {
        "merchant_id": np.array([f"m{at:03}" for at in range(len(values))], dtype=object),
        "value": values,
    }
    found = np.array(duck(export_sql(card, side=()), rows)["d"], dtype=float)
    wanted = score_columns({"value": values}, card).dimensions["d"]
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-9)


@pytest.mark.parametrize("curve", NAMES)
def test_more_is_never_worth_less(curve):
    values = np.linspace(-5, 20, 2001)
    assert (np.diff(utilities(curved(curve), values)) >= 0).all()


@pytest.mark.parametrize("curve", NAMES)
def test_a_market_can_be_made_up(curve):
    card = curved(curve)
    export = simulate_export(300, seed=3, scorecard=card)
    assert np.isfinite(export["value"]).mean() > 0.5
    truth = export.truth["true_index"]
    assert (truth >= 0).all()
    assert (truth <= 100).all()
    assert len(np.unique(truth)) > 10


@pytest.mark.parametrize("curve", NAMES)
def test_a_market_spreads_by_the_same_share_of_the_scale(curve):
    # A quarter of the way between the anchors is one standard deviation, on the curve's scale.
    scale = CURVES[curve].scale
    width = scale.forward(9.0) - scale.forward(1.0)
    value = simulate_export(4000, seed=3, scorecard=curved(curve))["value"]
    spread = np.nanstd(value) / scale.stretch(3.0)
    assert spread / width == pytest.approx(0.25, rel=0.25)


@pytest.mark.parametrize("curve", NAMES)
def test_a_fit_finds_anchors_or_knots(curve):
    value = np.random.default_rng(1).uniform(1.0, 9.0, 400)
    open_card = parse_scorecard(
        one_signal(curve=curve, poor="q5", good="q95")
        if not CURVES[curve].knots or CURVES[curve].learnt
        else one_signal(curve=curve, poor=None, good=None, knots=KNOTS, prior="fit")
    )
    assert open_card.open_values
    signal = fit_scorecard({"value": value}, open_card).scorecard.signal("s")
    assert signal.curve == curve
    if CURVES[curve].knots:
        assert signal.knots
    else:
        assert (signal.poor, signal.good) == pytest.approx((1.4, 8.6), abs=0.3)


@pytest.mark.parametrize("curve", [curve for curve in NAMES if not CURVES[curve].knots])
def test_an_audit_moves_anchors_on_the_scale(curve):
    card = curved(curve)
    moved = varied(card, {"anchors": 1}, seed=5).signal("s")
    scale = CURVES[curve].scale
    width = scale.forward(9.0) - scale.forward(1.0)
    for before, after in ((1.0, moved.poor), (9.0, moved.good)):
        step = (scale.forward(after) - scale.forward(before)) / width
        assert 0 < abs(step) <= 0.3


@pytest.mark.parametrize("curve", [curve for curve in NAMES if CURVES[curve].knots])
def test_an_audit_leaves_knots_alone(curve):
    assert varied(curved(curve), {"anchors": 1}, seed=5).signal("s").knots == (
        (1, 0),
        (4, 0.5),
        (9, 1),
    )


@pytest.mark.parametrize("curve", [curve for curve in NAMES if not CURVES[curve].knots])
def test_anchors_must_be_above_the_least(curve):
    least = CURVES[curve].least
    if math.isinf(least):
        card_of(curve=curve, poor=-5.0, good=9.0)
        return
    card_of(curve=curve, poor=least + 0.01, good=9.0)
    with pytest.raises(ScorecardError, match=f"curve {curve} must have poor and good above"):
        card_of(curve=curve, poor=least, good=9.0)


def test_the_schema_lists_every_curve():
    tables = scorecard_schema()["$defs"]
    listed = tables["SignalSpec"]["properties"]["curve"]["anyOf"][0]["enum"]
    default = tables["DefaultsSpec"]["properties"]["curve"]["enum"]
    assert listed == NAMES
    assert default == [curve for curve in NAMES if not CURVES[curve].knots]


def test_an_unknown_curve_is_an_error_with_the_near_name():
    with pytest.raises(ScorecardError, match="unknown curve 'lognormall', did you mean lognormal"):
        CURVES["lognormall"]
    with pytest.raises(ScorecardError, match="Got 'lognormall', did you mean lognormal"):
        card_of(curve="lognormall")
    signal = curved("lognormal").signal("s")
    # Nobody can hand an unknown curve to scoring, SQL, simulation, audit or fit.
    with pytest.raises(ScorecardError, match="unknown curve 'lognormall', did you mean lognormal"):
        dataclasses.replace(signal, curve="lognormall")


@pytest.mark.parametrize("scale", list(SCALES))
def test_a_scale_has_its_inverse_and_its_stretch(scale):
    way = SCALES[scale]
    values = np.array([0.5, 1.0, 3.0, 200.0])
    np.testing.assert_allclose(way.inverse(way.forward(values)), values, rtol=1e-14)
    step = 1e-6
    unit = (way.inverse(way.forward(values) + step) - values) / step
    np.testing.assert_allclose(way.stretch(values) * np.ones(4), unit, rtol=1e-5)


def test_codes_are_each_used_once():
    for registry in (SCALES, SHAPES):
        assert [one.code for one in registry.values()] == list(range(len(registry)))


@pytest.mark.parametrize("curve", NAMES)
def test_a_curve_says_what_it_is(curve):
    assert CURVES[curve].name == curve
    assert CURVES[curve].meaning.endswith(".")
    assert bool(CURVES[curve].shape.sql) != CURVES[curve].knots
