"""Anchors from quantiles, and what a tenth of wrong rows can do to them."""

import numpy as np
import pytest

from trustscore.errors import InputError
from trustscore.fitting.anchors import knots, stabilise_variance, ties, within_fences


@pytest.mark.parametrize("wrong", [1e9, -1e9, 50.0])
@pytest.mark.parametrize("kind", ["mean", "duration", "count"])
def test_a_tenth_of_wrong_rows_hardly_moves_a_quantile(kind, wrong):
    rng = np.random.default_rng(1)
    x = {
        "mean": rng.normal(4.5, 0.3, 9000),
        "duration": rng.lognormal(2, 0.2, 9000),
        "count": rng.poisson(30, 9000).astype(float),
    }[kind]
    if wrong == 50.0:
        wrong = float(x.mean() * 50)
    dirty = np.r_[x, np.full(1000, abs(wrong) if kind != "mean" else wrong)]
    kept = dirty[within_fences(stabilise_variance(kind, dirty))]
    spread = np.ptp(np.quantile(x, [0.05, 0.95]))
    for q in (0.05, 0.95):
        assert abs(np.quantile(kept, q) - np.quantile(x, q)) < 0.02 * spread
    assert abs(np.quantile(dirty, 0.95) - np.quantile(x, 0.95)) > spread or wrong < 0


def test_clean_rows_are_left_alone():
    rng = np.random.default_rng(2)
    for x, kind in [
        (rng.normal(0, 1, 5000), "mean"),
        (rng.lognormal(0, 1.5, 5000), "duration"),
        (rng.beta(0.8, 20, 5000), "rate"),
    ]:
        assert (~within_fences(stabilise_variance(kind, x))).mean() < 0.005


def test_no_fence_where_three_quarters_are_one_value_and_none_for_nothing():
    assert within_fences(np.r_[np.zeros(80), np.arange(20.0)]).all()
    assert within_fences(np.zeros(0)).shape == (0,)


def test_knots_are_what_the_kernel_reads():
    rng = np.random.default_rng(3)
    x = rng.gamma(3, 1, 5000)
    line = knots(x, x, rising=False)
    xs, us = zip(*line, strict=True)
    assert list(xs) == sorted(set(xs))
    assert list(us) == sorted(us, reverse=True)
    assert (us[0], us[-1]) == (1.0, 0.0)
    u = np.interp(x, *zip(*line, strict=True))
    # A percentile spreads merchants evenly, but for the two ends.
    assert np.quantile(u, [0.25, 0.5, 0.75]) == pytest.approx([0.25, 0.5, 0.75], abs=0.02)


def test_merchants_with_the_same_figure_share_the_middle_of_their_ranks():
    x = np.array([0.0] * 50 + [1.0] * 10 + [2.0] * 40)
    # Ranks .25, .55 and .8 between .02 and .98.
    wanted = [(0.25 - 0.02) / 0.96, (0.55 - 0.02) / 0.96, (0.8 - 0.02) / 0.96]
    line = knots(x, x, rising=True)
    assert np.interp([0, 1, 2], *zip(*line, strict=True)) == pytest.approx(wanted, abs=0.01)
    falling = knots(x, x, rising=False)
    assert [u for _, u in falling] == pytest.approx([1 - u for _, u in line], abs=1e-4)
    twice = knots(x[::2], x[::2], rising=True, weight=np.full(50, 2.0))
    assert twice == knots(x[::2], x[::2], rising=True)


def test_knots_refuse_ties_and_constants():
    raw = np.r_[np.zeros(20), np.arange(1, 101.0)]
    assert ties(raw) == (0.0, pytest.approx(1 / 6))
    with pytest.raises(InputError, match=r"17% of the merchants have the value 0.*volume"):
        knots(raw + np.arange(120.0), raw, rising=True)
    with pytest.raises(InputError, match="nothing to rank"):
        knots(np.full(20, 1.0), np.arange(20.0), rising=True)
