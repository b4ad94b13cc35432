"""How often the 95 % intervals of an audit cover, where merchants or events are few.

Run:  python benchmarks/audit_coverage.py [--markets 600] [--draws 1000]

Each row is a made-up kind of market. Its truth is that of 400,000 merchants; small markets are
drawn from it. ``given``: markets with enough merchants and events for an audit to give an area.
``drawn``: the bootstrap that draws merchants with replacement, for comparison. Rates, and the gap
between the outer two, are those of thirds of the score.
"""

from __future__ import annotations

import argparse

import numpy as np

from trustscore.auc import auc
from trustscore.audit.least import LEAST, enough_for_areas
from trustscore.audit.measures import bootstrap_auc, event_rates, interval

SIZES = (20, 50, 100, 400)
WORLDS = {
    # Orders of a merchant: fixed, or log-normal with this middle and spread; logit of the rate at
    # a middling merchant and how much quality moves it; noise of the score.
    "50 orders each, 1 in 8 bad": (50, 0.0, -2.0, 0.8, 1.0),
    "20 orders each, 1 in 60 bad": (20, 0.0, -4.5, 1.0, 1.0),
    "unequal sizes, 1 in 17 bad": (20, 1.3, -3.0, 0.8, 1.0),
    "unequal sizes, 1 in 130 bad": (12, 1.0, -5.5, 1.2, 1.0),
    "10 orders each, a sharp score": (10, 0.0, -3.0, 2.5, 0.4),
}


def market(world, merchants, rng):
    """Return two scores, bad and good orders."""
    middle, spread, level, slope, noise = world
    quality = rng.normal(size=merchants)
    n = np.ceil(middle * np.exp(spread * rng.normal(size=merchants))) if spread else None
    n = np.full(merchants, float(middle)) if n is None else n
    bad = rng.binomial(n.astype(int), 1 / (1 + np.exp(-level + slope * quality))) * 1.0
    score = quality + noise * rng.normal(size=merchants)
    other = quality + 1.5 * rng.normal(size=merchants)
    return score, other, bad, n - bad


def drawn(score, bad, good, rng, draws=200):
    """Return the percentile interval of merchants drawn with replacement."""
    rows, found = len(bad), np.empty(draws)
    for draw in range(draws):
        times = np.bincount(rng.integers(rows, size=rows), minlength=rows)
        found[draw] = auc(score, bad * times, good * times)
    return interval(found)


def covers(ends, truth):
    """Return whether an interval holds the truth; None when there is none."""
    return None if np.isnan(ends[0]) else ends[0] <= truth <= ends[1]


def share(hits):
    """Return how many of the known hits are hits, and of how many."""
    known = [hit for hit in hits if hit is not None]
    return f"{np.mean(known):6.1%}" if len(known) >= 50 else "     -"


def main() -> None:
    """Print the coverage of areas, of their differences, and of rates by third of the score."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--markets", type=int, default=600)
    parser.add_argument("--draws", type=int, default=1000)
    options = parser.parse_args()
    markets, draws = options.markets, options.draws
    print(f"{'market':<30} merchants given     area  drawn  difference  rate  gap")
    for name, world in WORLDS.items():
        score, other, bad, good = market(world, 400_000, np.random.default_rng(99))
        truth = auc(score, bad, good)
        ahead = truth - auc(other, bad, good)
        cuts = np.quantile(score, (1 / 3, 2 / 3))
        rates = event_rates(np.searchsorted(cuts, score), 3, bad + good, bad).rate
        for merchants in SIZES:
            rng = np.random.default_rng(merchants)
            hits = {key: [] for key in ("area", "drawn", "difference", "rate", "gap")}
            given = 0
            for at in range(markets):
                score, other, bad, good = market(world, merchants, rng)
                if merchants >= 60:
                    code = np.searchsorted(cuts, score)
                    if np.bincount(code, minlength=3).min() >= LEAST["rate"].merchants:
                        found = event_rates(code, 3, bad + good, bad)
                        for group in range(3):
                            hits["rate"].append(
                                covers((found.low[group], found.high[group]), rates[group])
                            )
                        hits["gap"].append(covers(found.gap(0, 2)[1:], rates[0] - rates[2]))
                if not enough_for_areas(bad, good):
                    continue
                given += 1
                areas = bootstrap_auc({"a": score, "b": other}, bad, good, at, draws)
                hits["area"].append(covers(interval(areas["a"]), truth))
                hits["difference"].append(covers(interval(areas["a"] - areas["b"]), ahead))
                if at % 3 == 0:
                    hits["drawn"].append(covers(drawn(score, bad, good, rng), truth))
            print(f"{name:<30} {merchants:>9} {given / markets:5.0%}   ", end="")
            print(*(share(hits[key]) for key in hits), sep="  ", flush=True)


if __name__ == "__main__":
    main()
