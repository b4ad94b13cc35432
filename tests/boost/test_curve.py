"""From index to lean, by hand and as a promise."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trustscore.boost.curve import lean_curve, logistic_gate, neutral_point, settled_excess
from trustscore.boost.policy import Curve

CURVES = {
    "tanh": Curve(shape="tanh", up=15, down=10, rho=0.5),
    "linear": Curve(shape="linear", up=15, down=10, rho=0.5),
    "saturation": Curve(shape="saturation", up=15, down=10, rho=0.5),
    "knots": Curve(
        shape="knots", rho=0.5, knots=((-20, -0.5), (-5, -0.1), (0, 0), (9, 0.2), (30, 1))
    ),
    "one-sided knots": Curve(shape="knots", knots=((0, 0), (4, 0.5), (5, 0.5), (6, 1))),
    "lone knot": Curve(shape="knots", knots=((0, 0),)),
    "tiers": Curve(shape="tiers", rho=0.5, steps=((-10, -0.5), (-2, -0.1), (5, 0.25), (12, 1))),
    "promotion only": Curve(shape="linear", up=15, rho=0),
}


@pytest.mark.parametrize(
    ("index", "se", "promote", "demote", "settled"),
    [
        (80, 5, 1, 2, 5),  # lower bound 75, neutral 70
        (75, 5, 1, 2, 0),  # lower bound exactly neutral
        (72, 5, 1, 2, 0),
        (70, 0, 1, 2, 0),
        (60, 5, 1, 2, 0),  # upper bound exactly neutral
        (55, 5, 1, 2, -5),
        (55, 5, 0, 0, -15),
    ],
)
def test_excess_by_hand(index, se, promote, demote, settled):
    found = settled_excess(np.array([index]), np.array([se]), np.array([70.0]), promote, demote)
    assert found.tolist() == [settled]


@pytest.mark.parametrize(
    ("shape", "points"),
    [
        ("tanh", {0: 0, 15: np.tanh(1), -10: -0.5 * np.tanh(1)}),
        ("linear", {0: 0, 7.5: 0.5, 15: 1, 40: 1, -5: -0.25, -10: -0.5, -90: -0.5}),
        ("saturation", {0: 0, 15: 0.5, 45: 0.75, -10: -0.25, -30: -0.375}),
        ("knots", {0: 0, -20: -0.5, -90: -0.5, -5: -0.1, 9: 0.2, 30: 1, 90: 1}),
        ("tiers", {0: 0, -1.9: 0, -2: -0.1, -9.9: -0.1, -10: -0.5, 4.9: 0, 5: 0.25, 12: 1}),
        ("lone knot", {-9: 0, 0: 0, 9: 0}),
        ("promotion only", {-90: 0, 0: 0, 15: 1}),
    ],
)
def test_curves_by_hand(shape, points):
    found = lean_curve(np.array([*points], dtype=float), CURVES[shape])
    assert found.tolist() == pytest.approx([*points.values()], abs=1e-15)


@pytest.mark.parametrize("shape", CURVES)
@given(seed=st.integers(0, 2**32 - 1))
def test_every_curve_is_monotone_bounded_and_neutral_at_nothing(shape, seed):
    curve = CURVES[shape]
    rng = np.random.default_rng(seed)
    held = [0.0, -100.0, 100.0, *(x for x, _ in (*curve.knots, *curve.steps))]
    x = np.sort(np.concatenate([rng.uniform(-100, 100, 300), rng.normal(0, 1e-3, 50), held]))
    lean = lean_curve(x, curve)
    assert (np.diff(lean) >= 0).all()
    assert lean.min() >= -curve.rho
    assert lean.max() <= 1
    assert (lean_curve(np.zeros(3), curve) == 0).all()


@given(
    st.floats(0, 100), st.floats(0, 100), st.floats(0, 30), st.floats(0, 30), st.floats(0, 3),
    st.floats(0, 3),
)  # fmt: skip
def test_excess_rises_with_the_index_and_shrinks_with_doubt(one, other, se, more, promote, demote):
    low, high = sorted([one, other])
    at = np.array([50.0])

    def settled(index, doubt):
        return float(settled_excess(np.array([index]), np.array([doubt]), at, promote, demote)[0])

    assert settled(low, se) <= settled(high, se)
    assert abs(settled(low, se + more)) <= abs(settled(low, se))
    assert settled(50.0, se) == 0


def test_neutral_point_is_the_unknowns_own_prior():
    found = neutral_point(70.0, np.array([74.0, 60.0]), np.array([0.0, 1.0]))
    assert found.tolist() == [74.0, 70.0]


def test_gate():
    found = logistic_gate(np.array([-1e6, 65.0, 68.0, 1e6]), 65.0, 3.0)
    assert found.tolist() == pytest.approx([0.0, 0.5, 1 / (1 + np.exp(-1)), 1.0])


@given(seed=st.integers(0, 2**32 - 1))
def test_knots_agree_with_scipy(seed):
    from scipy.interpolate import PchipInterpolator

    rng = np.random.default_rng(seed)
    xs = np.concatenate(
        [np.cumsum(rng.uniform(0.1, 9, 3)) - 40, [0], np.cumsum(rng.uniform(0.1, 9, 3))]
    )
    ys = np.concatenate([np.sort(rng.uniform(-1, 0, 3)), [0], np.sort(rng.uniform(0, 1, 3))])
    curve = Curve(shape="knots", knots=tuple(zip(xs.tolist(), ys.tolist(), strict=True)))
    # The ends are flat here, so the first and the last piece differ on purpose.
    inside = np.linspace(xs[1], xs[-2], 50)
    assert lean_curve(inside, curve) == pytest.approx(PchipInterpolator(xs, ys)(inside), abs=1e-12)
