"""What planned inspections find, and what they say of the market.

``python -m benchmarks.inspections --seeds 20`` makes up markets, plans inspections month by month
as `trustscore detect inspections` does, examines the orders of each plan, and plans the next month
by what was found. Printed are the defects for 100 inspections, beside those of as many at
random, and how far the estimate of the market's fail rate is from the truth.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from trustscore.detect.inspections.design import design, draw, posterior, value_shares
from trustscore.detect.inspections.estimate import fail_rate
from trustscore.detect.settings import load_settings
from trustscore.scorecard import load_scorecard


def market(merchants: int, bad: float, random: np.random.Generator) -> tuple[Any, Any]:
    """Return the orders of a month and the true fail rate of each merchant and category.

    Most merchants fail as the scorecard takes for usual; some sell worse goods, in one of their
    categories or in all.
    """
    cells = random.integers(1, 4, merchants)
    shop = np.repeat(np.arange(merchants), cells)
    size = np.exp(random.normal(4.0, 1.3, merchants)) / cells
    orders = np.maximum(random.poisson(size[shop]), 1)
    rate = random.beta(0.8, 120.0, len(shop))
    worse = random.random(merchants) < bad
    some = worse[shop] & (random.random(len(shop)) < 0.7)
    rate[some] = random.beta(4.0, 30.0, int(some.sum()))
    return orders, rate


def run(seed: int, given: argparse.Namespace) -> dict[str, float]:
    """Plan and examine for some months; return what came out."""
    spec = load_settings().inspections
    numbers = next(s for s in load_scorecard("default").signals if s.id == spec.signal).numbers
    random = np.random.default_rng(seed)
    orders, rate = market(given.merchants, given.bad, random)
    examined, failed = np.zeros(len(orders)), np.zeros(len(orders))
    results, chances, at_random = [], [], []
    by_month = []
    for _ in range(given.months):
        known = posterior(failed, examined, numbers.prior, numbers.strength)
        shares = value_shares(known, orders, np.ones(len(orders)), numbers.poor, spec.draws, random)
        plan = design(orders, shares, given.budget, spec.random_share, spec.most_of_one)
        chosen, uniform = draw(plan, random)
        bad = random.binomial(chosen, rate)
        examined += chosen
        failed += bad
        by_month.append(bad.sum())
        for cell in np.flatnonzero(chosen):
            results += [True] * int(bad[cell]) + [False] * int(chosen[cell] - bad[cell])
            chances += [plan.propensity[cell]] * int(chosen[cell])
        at_random.append(uniform.sum())
    truth = float((orders * rate).sum() / orders.sum())
    found = fail_rate(np.array(results), np.array(chances))
    assert found is not None
    return {
        "truth": truth,
        "planned": 100 * float(sum(by_month)) / (given.budget * given.months),
        "later": 100
        * float(sum(by_month[given.months // 2 :]))
        / (given.budget * (given.months - given.months // 2)),
        "estimate": found.rate,
        "plain": float(np.mean(results)),
        "covered": float(found.low <= truth <= found.high),
        "width": found.high - found.low,
        "random": float(sum(at_random)) / (given.budget * given.months),
    }


def main() -> None:
    """Run some markets and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--merchants", type=int, default=300)
    parser.add_argument("--bad", type=float, default=0.1, help="share of merchants with bad goods")
    parser.add_argument("--budget", type=int, default=300, help="inspections a month")
    parser.add_argument("--months", type=int, default=12)
    given = parser.parse_args()
    rows = [run(seed, given) for seed in range(given.first, given.first + given.seeds)]
    print("seed  truth %  planned  times  estimate %  off  counted plainly %")
    for seed, row in enumerate(rows, given.first):
        print(
            f"{seed:4d}  {100 * row['truth']:7.2f}  {row['planned']:7.2f}"
            f"  {row['planned'] / (100 * row['truth']):5.2f}  {100 * row['estimate']:10.2f}"
            f"  {row['estimate'] / row['truth'] - 1:+.2f}  {100 * row['plain']:.2f}"
        )
    mean = {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
    times = [row["planned"] / (100 * row["truth"]) for row in rows]
    later = [row["later"] / (100 * row["truth"]) for row in rows]
    off = [row["estimate"] / row["truth"] - 1 for row in rows]
    print(
        f"defects per 100: {mean['planned']:.2f} planned, {100 * mean['truth']:.2f} at random:"
        f" {np.mean(times):.2f} times (least {min(times):.2f});"
        f" in the second half {np.mean(later):.2f} times (least {min(later):.2f})"
    )
    print(
        f"estimate of the market: off by {100 * np.mean(off):+.1f} % on average"
        f" (+- {100 * np.std(off) / np.sqrt(len(off)):.1f}), {100 * np.mean(np.abs(off)):.1f} % a"
        f" seed, {sum(abs(each) <= 0.1 for each in off)} of {len(off)} within 10 %;"
        f" interval holds the truth in {100 * mean['covered']:.0f} %;"
        f" {100 * mean['random']:.1f} % were at random"
    )


if __name__ == "__main__":
    main()
