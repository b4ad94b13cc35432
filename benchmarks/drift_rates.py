"""How often the gate fails on planted drift, and how often on nothing but chance.

For each seed a market is drawn; a reference and the merchants of now are other merchants of it, so
that without planting only chance is between them. Then one thing is planted: the level of one
signal, the missing share of one signal, or the mix of categories. The gate has one line,
``[drift] verdict``; beside it stands a gate by the usual lines of PSI, which do not know chance,
and one of means and shares with ``noise``.

    python benchmarks/drift_rates.py [--seeds 100] [--merchants 300,1000,3000]
"""

from __future__ import annotations

import argparse
from collections import Counter

import numpy as np

from trustscore.drift import Run, Side, check_run, drift_of, parse_lines
from trustscore.scorecard import load_scorecard
from trustscore.simulate import simulate_export

SIGNAL = "quality_return_rate"
GATES = {
    "verdict slight": {"drift": {"verdict": "slight"}},
    "verdict moderate": {"drift": {"verdict": "moderate"}},
    "verdict large": {"drift": {"verdict": "large"}},
    "means, noise = 0": {"index": {"change": 0.5}, "tiers": {"trusted": {"change": 0.02}}},
    "means, noise = 2": {
        "noise": 2,
        "index": {"change": 0.5},
        "tiers": {"trusted": {"change": 0.02}},
    },
    "means, noise = 3": {
        "noise": 3,
        "index": {"change": 0.5},
        "tiers": {"trusted": {"change": 0.02}},
    },
}


def nothing(block, card, rng):
    """Leave the merchants as they are."""
    return block


def level(block, card, rng, times=1.5):
    """Raise one rate by half."""
    signal = card.signal(SIGNAL)
    n = block[signal.sample]
    more = np.minimum(np.round(block[signal.value] * times + rng.uniform(0, 0.5, len(n))), n)
    return block | {signal.value: more}


def missing(block, card, rng, share=0.15):
    """Blank one figure of so many merchants."""
    signal = card.signal(SIGNAL)
    gone = rng.random(len(block[signal.value])) < share
    return block | {name: np.where(gone, np.nan, block[name]) for name in signal.columns}


def mix(block, card, rng, times=2.0):
    """Let the largest category grow to twice its odds, by other merchants of the market."""
    category = block["category"]
    largest = Counter(category.tolist()).most_common(1)[0][0]
    odds = np.where(category == largest, times, 1.0)
    rows = rng.choice(len(odds), len(odds), p=odds / odds.sum())
    return {name: values[rows] for name, values in block.items()}


PLANTED = {
    "nothing": nothing,
    "level x 1.5": level,
    "missing + 15 %": missing,
    "category odds x 2": mix,
}
# Whether the drift that was planted is the one that was found.
NAMED = {"level x 1.5": SIGNAL, "missing + 15 %": SIGNAL, "category odds x 2": "category"}


def main() -> None:
    """Print the rates."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--merchants", default="300,1000,3000")
    given = parser.parse_args()
    card = load_scorecard("default")
    gates = {name: parse_lines(lines) for name, lines in GATES.items()}
    for size in map(int, given.merchants.split(",")):
        failed: dict[str, Counter[str]] = {name: Counter() for name in PLANTED}
        for seed in range(given.seeds):
            market = simulate_export(2 * size, seed=seed)
            reference = Side(card, columns=("category", "shop_type"))
            reference.add(market.rows(0, size))
            bins = reference.own_bins()
            for planted, plant in PLANTED.items():
                block = plant(dict(market.rows(size, 2 * size)), card, np.random.default_rng(seed))
                now = Side(card, bins, reference.columns)
                now.add(block)
                drift = drift_of(reference, now)
                for name, lines in gates.items():
                    gate = check_run(Run.of(now), lines, Run.of(reference), drift)
                    failed[planted][name] += bool(gate.failed)
                failed[planted]["PSI >= .1, any"] += any(look.psi >= 0.1 for look in drift.looks)
                names = {look.name for look in drift.drifted("slight")}
                failed[planted]["named"] += NAMED.get(planted) in names
                failed[planted]["named others"] += bool(names - {NAMED.get(planted), "tier"})
        print(f"\n{size} against {size} merchants, {given.seeds} seeds: runs of 100 that fail")
        heads = [*GATES, "PSI >= .1, any", "named", "named others"]
        print(f"{'planted':20}" + "".join(f"{head:>18}" for head in heads))
        for planted, counts in failed.items():
            shares = (100 * counts[head] / given.seeds for head in heads)
            print(f"{planted:20}" + "".join(f"{share:18.0f}" for share in shares))


if __name__ == "__main__":
    main()
