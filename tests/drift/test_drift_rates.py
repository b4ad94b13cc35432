"""Over a hundred markets: the gate fails on planted drift and hardly ever on chance."""

import numpy as np
import pytest

from trustscore.drift import Run, Side, check_run, drift_of, parse_lines
from trustscore.scorecard import load_scorecard
from trustscore.simulate import simulate_export

SEEDS, SIZE = 100, 500
LINES = parse_lines({"drift": {"verdict": "slight"}})


def nothing(block, rng):
    return block


def level(block, rng):
    more = np.round(block["complaints"] * 1.6 + rng.uniform(0, 0.5, SIZE))
    return block | {"complaints": np.minimum(more, block["orders_paid"])}


def missing(block, rng):
    gone = rng.random(SIZE) < 0.1
    return block | {"complaints": np.where(gone, np.nan, block["complaints"])}


def mix(block, rng):
    odds = np.where(block["shop_type"] == block["shop_type"][0], 3.0, 1.0)
    rows = rng.choice(SIZE, SIZE, p=odds / odds.sum())
    return {name: values[rows] for name, values in block.items()}


@pytest.mark.slow
def test_the_gate_fails_on_drift_and_not_on_noise(capsys):
    card = load_scorecard("minimal")
    failed = dict.fromkeys((nothing, level, missing, mix), 0)
    for seed in range(SEEDS):
        market = simulate_export(2 * SIZE, seed, card)
        reference = Side(card, columns=("category", "shop_type"))
        reference.add(market.rows(0, SIZE))
        bins = reference.own_bins()
        for plant in failed:
            now = Side(card, bins, reference.columns)
            now.add(plant(dict(market.rows(SIZE, 2 * SIZE)), np.random.default_rng(seed)))
            drift = drift_of(reference, now)
            gate = check_run(Run.of(now), LINES, Run.of(reference), drift)
            failed[plant] += bool(gate.failed)
    with capsys.disabled():
        print({plant.__name__: count for plant, count in failed.items()}, "of", SEEDS)
    # Five of a hundred by chance, and three standard errors.
    assert failed[nothing] <= 5 + 3 * np.sqrt(SEEDS * 0.05 * 0.95)
    assert min(failed[level], failed[missing], failed[mix]) >= 95
