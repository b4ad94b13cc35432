"""The closed loop in short: what it shows must not be an accident of one table."""

import importlib.util
import sys

import numpy as np
import pytest

WEEKS = 24


@pytest.fixture(scope="module")
def loop(request):
    root = request.getfixturevalue("repository")
    spec = importlib.util.spec_from_file_location("closed_loop", root / "examples/closed_loop.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["closed_loop"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["closed_loop"]


@pytest.fixture(scope="module")
def market(loop):
    return loop.Market.draw(WEEKS, seed=1)


def test_the_same_seed_gives_the_same_year(loop, market):
    card = loop.scorecard()
    years = [loop.run(market, card, loop.boost_policy(card, explore=0.3), 6) for _ in range(2)]
    assert (years[0].exposure == years[1].exposure).all()
    assert (years[0].orders == years[1].orders).all()


def test_nobody_is_shown_before_entry(loop, market):
    card = loop.scorecard()
    year = loop.run(market, card, loop.boost_policy(card), 6)
    early = market.entry > np.arange(6)[:, None]
    assert (year.exposure[early] == 0).all()
    assert year.exposure.sum(axis=1) == pytest.approx(np.full(6, year.exposure[0].sum()))


def test_the_boost_does_not_lock_newcomers_out(loop, market):
    plain, boosted, exploring = loop.newcomers(market, WEEKS, seed=1)
    for _, first, _, never, late, _ in (boosted, exploring):
        assert never == 0
        assert first > 0.9 * plain[1]
        assert late > 0.8 * plain[4]
    assert boosted[5] < plain[5], "bad shops must lose exposure"


def test_the_defences_take_away_what_brushing_gains(loop, market):
    gains = {name: many for name, _, _, many, _ in loop.brushing(market, WEEKS, seed=1)}
    assert gains["shrinkage, bounds, cap"] < 0.02 < gains["none"]
    assert gains["shrinkage, bounds"] < gains["shrinkage"]


def test_the_holdout_measures_the_effect(loop, market):
    found = loop.held_out(market, WEEKS, seed=1)
    assert found["truth"] < 0
    # One year in twenty lies beyond its interval; none may lie far beyond.
    assert abs(found["effect"] - found["truth"]) < 1.5 * (found["upper"] - found["effect"])
