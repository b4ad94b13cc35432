"""
A year of feedback between ranking and index
============================================

The ranking feeds the index and the index feeds the ranking: every week lists are ranked by
relevance and boost, places bring orders, orders bring reviews and complaints, and the last 13
weeks of those are scored by the real scorer for the week after. Relevance grows with past sales,
as it does in shops, so there is a loop that could lock newcomers out with or without a boost.
Run it with ``python examples/closed_loop.py [WEEKS] [SEED]``.

Three questions, one table each:

1. Does the boost keep good newcomers down, and what does exploration change?
2. What do new shops of bad quality gain by fake orders with five stars, and which defence
   (shrinkage by evidence, lower bounds, a cap on detected brushing) takes it away?
3. Does a holdout, a share of lists left without the boost, measure what the boost does?

Everything is made up, strengths and sizes included; same seed, same figures.
"""

import math
import sys
import tomllib
from dataclasses import dataclass, field

import numpy as np

from trustscore.boost import BoostPolicy, Lists, TrustTable, rerank_lists
from trustscore.scorecard import Scorecard, parse_scorecard
from trustscore.scoring import score_columns

INCUMBENTS, ENTRANTS, EVERY = 150, 4, 2
ATTACKERS, ATTACK_FROM = 8, 13
LISTS, LENGTH, ORDERS_PER_LIST = 120, 20, 20
WINDOW = 13
BETA, HOLDOUT = 0.3, 0.2
FAKES = (5, 40)
DETECTED, FALSE_ALARMS = 0.25, 0.004

CARD = """
name = "closed_loop"
version = "1.0.0"
effective_from = 2026-01-01
[stages]
use = { en = "Use" }
buy = { en = "Buy" }
[dimensions]
quality = { weight = 0.8, en = "Quality" }
honesty = { weight = 0.2, en = "Honesty" }
[signals.quality]
negative_review_rate = { stage = "use", rate = ["negative_reviews", "reviews_rated"], poor = 0.2, good = 0.01, weight = 6, prior = 0.08, strength = STRENGTH_REVIEWS }
complaint_rate = { stage = "use", events = ["complaints", "orders_paid"], poor = 0.03, good = 0, weight = 4, prior = 0.01, strength = STRENGTH_ORDERS }
[signals.honesty]
brushing_order_share = { stage = "buy", rate = ["flagged_orders", "orders_paid"], poor = 0.05, good = 0, weight = 4, prior = 0.01, strength = STRENGTH_ORDERS }
[words]
negative_review_rate = { en = "1-2 star share of rated orders" }
complaint_rate = { en = "Complaints per paid order" }
brushing_order_share = { en = "Orders flagged as fabricated" }
[status]
new = { column = "orders_paid", below = 30 }
"""  # noqa: E501
CAP = """
[rules.brushing_cap]
exceeds = { signal = "brushing_order_share", min_count = 2 }
cap = 50
en = "More orders flagged as fabricated than chance explains"
"""


def scorecard(shrinkage: bool = True, cap: bool = True) -> Scorecard:
    """Return the scorecard with or without its defences; without, a few reviews settle all."""
    text = CARD.replace("STRENGTH_REVIEWS", "20" if shrinkage else "0.1")
    text = text.replace("STRENGTH_ORDERS", "100" if shrinkage else "0.1")
    return parse_scorecard(tomllib.loads(text + (CAP if cap else "")), "closed_loop")


def boost_policy(card: Scorecard, *, beta: float = BETA, z: bool = True, explore: float = 0.0):
    """Return a policy whose neutral point is what an unknown merchant gets from `card`."""
    unknown = {spec.name: np.full(1, np.nan) for spec in card.fields}
    return BoostPolicy.parse(
        {
            "name": "closed_loop",
            "neutral": {"point": float(score_columns(unknown, card).prior_index[0])},
            "evidence": {} if z else {"z_promote": 0, "z_demote": 0},
            "strength": {"beta": beta},
            "exploration": {"share": explore, "first": 3, "temperature": 5},
        }
    )


@dataclass(frozen=True)
class Market:
    """Merchants: incumbents, newcomers of every quality, and new shops that will brush."""

    entry: np.ndarray
    quality: np.ndarray
    attacker: np.ndarray

    @classmethod
    def draw(cls, weeks: int, seed: int) -> "Market":
        """Draw the merchants of a year."""
        rng = np.random.default_rng((seed, 1))
        entries = np.repeat(np.arange(EVERY, weeks, EVERY), ENTRANTS)
        entry = np.concatenate(
            [np.zeros(INCUMBENTS), entries, np.full(ATTACKERS, min(ATTACK_FROM, weeks // 2))]
        )
        quality = rng.standard_normal(len(entry))
        attacker = np.arange(len(entry)) >= len(entry) - ATTACKERS
        quality[attacker] = -1.5
        return cls(entry.astype(int), quality, attacker)

    @property
    def bad_rate(self) -> np.ndarray:
        """True share of orders that end in one or two stars."""
        return np.clip(0.07 * np.exp(-0.8 * self.quality), 0, 0.6)


@dataclass
class Year:
    """What a run saw, week by week and merchant by merchant."""

    exposure: np.ndarray
    orders: np.ndarray
    formal_in: np.ndarray
    capped_honest: int = 0
    # Orders and bad orders list by list, whether it was held out, and the share of bad orders to
    # be expected of all lists with the boost and without.
    per_list: list[np.ndarray] = field(default_factory=list)
    expected: list[float] = field(default_factory=list)


def run(
    market: Market,
    card: Scorecard,
    policy: BoostPolicy,
    weeks: int,
    *,
    fakes: int = 0,
    holdout: float = 0.0,
    lists_a_week: int = LISTS,
    seed: int = 1,
) -> Year:
    """Run the loop; `fakes` is what each attacker buys a week."""
    count = len(market.entry)
    ids = np.asarray([f"m{number:04d}" for number in range(count)], dtype=object)
    names = ("orders_paid", "reviews_rated", "negative_reviews", "complaints", "flagged_orders")
    seen = {name: np.zeros((weeks, count)) for name in names}
    real = np.zeros((weeks, count))
    year = Year(np.zeros((weeks, count)), real, np.full(count, np.inf))
    query = np.repeat(np.arange(lists_a_week), LENGTH)
    for week in range(weeks):
        # The same shoppers come in every run: only the ranking and what follows differs.
        rng = np.random.default_rng((seed, 2, week))
        recent = slice(max(0, week - WINDOW), week)
        block = {name: values[recent].sum(axis=0) for name, values in seen.items()}
        scores = score_columns(block, card)
        formal = (scores.status == "formal") & np.isinf(year.formal_in)
        year.formal_in[formal] = week
        caught = scores.fired.any(axis=0) & ~market.attacker
        year.capped_honest = max(year.capped_honest, int(caught.sum()))
        table = TrustTable.build(
            {
                "merchant_id": ids,
                "trust_index": scores.trust_index,
                "index_se": scores.index_se,
                "prior_index": scores.prior_index,
                "coverage": scores.coverage,
                "status": scores.status,
            },
            policy,
        )
        active = np.flatnonzero(market.entry <= week)
        shown = rng.choice(active, size=len(query))
        # Sales of real buyers only, so that fake orders buy trust and nothing else.
        sales = np.log1p(real[recent].sum(axis=0))
        fit = rng.standard_normal(len(query))
        relevance = np.exp(0.5 * fit + 0.3 * (sales - sales[active].mean())[shown])
        asked = np.asarray([f"w{week}q{number}" for number in range(lists_a_week)], dtype=object)
        lists = Lists.from_columns(asked[query], relevance, ids[shown])
        ranked = rerank_lists(lists, table, policy)
        out = (rng.random(lists_a_week) < holdout)[query]
        attention = 1 / np.log2(1 + np.where(out, ranked.base_rank, ranked.final_rank))
        orders = rng.poisson(ORDERS_PER_LIST * share(attention * relevance, query))
        bad = rng.binomial(orders, market.bad_rate[shown])
        year.exposure[week] = np.bincount(shown, attention, minlength=count)
        real[week] = np.bincount(shown, orders, minlength=count)

        if week >= WINDOW and holdout:
            columns = (np.bincount(query, each) for each in (orders, bad, out / LENGTH))
            year.per_list.append(np.column_stack(list(columns)))
            for rank in (ranked.final_rank, ranked.base_rank):
                chance = share(relevance / np.log2(1 + rank), query)
                expected = (chance * market.bad_rate[shown]).sum() / lists_a_week
                year.expected.append(expected)

        rated = rng.binomial(real[week].astype(int), 0.6)
        fake = np.where(market.attacker & (market.entry <= week), fakes, 0)
        seen["orders_paid"][week] = real[week] + fake
        seen["reviews_rated"][week] = rated + fake
        seen["negative_reviews"][week] = rng.binomial(rated, market.bad_rate)
        seen["complaints"][week] = rng.binomial(real[week].astype(int), market.bad_rate / 8)
        seen["flagged_orders"][week] = rng.binomial(
            real[week].astype(int), FALSE_ALARMS
        ) + rng.binomial(fake, DETECTED)
    return year


def share(values: np.ndarray, query: np.ndarray) -> np.ndarray:
    """Return values as shares of their list."""
    return values / np.bincount(query, values)[query]


def newcomers(market: Market, weeks: int, seed: int) -> list[tuple]:
    """Exposure of good newcomers beside good incumbents in the last quarter, by policy."""
    card = scorecard()
    good = (market.quality > 0.5) & ~market.attacker
    fresh = good & (market.entry > 0) & (market.entry <= weeks // 2)
    rows = []
    for name, policy in (
        ("no boost", boost_policy(card, beta=0.0)),
        ("boost", boost_policy(card)),
        ("boost and exploration", boost_policy(card, explore=0.3)),
    ):
        year = run(market, card, policy, weeks, seed=seed)
        late = year.exposure[-(weeks // 4) :].mean(axis=0)
        fair = year.exposure.sum(axis=1) / (market.entry <= np.arange(weeks)[:, None]).sum(axis=1)
        first = [
            (year.exposure[entry : entry + 8, merchant] / fair[entry : entry + 8]).mean()
            for merchant, entry in enumerate(market.entry)
            if fresh[merchant]
        ]
        wait = (year.formal_in - market.entry)[fresh]
        rows.append(
            (
                name,
                float(np.mean(first)),
                float(np.median(wait)),
                float(np.isinf(wait).mean()),
                float(late[fresh].mean() / late[good & (market.entry == 0)].mean()),
                float(late[market.quality < -0.5].mean() / late.mean()),
            )
        )
    return rows


def brushing(market: Market, weeks: int, seed: int) -> list[tuple]:
    """Exposure that attackers gain by fake orders, by the defences that are up."""
    rows = []
    for name, card, z in (
        ("none", scorecard(shrinkage=False, cap=False), False),
        ("shrinkage", scorecard(cap=False), False),
        ("shrinkage, bounds", scorecard(cap=False), True),
        ("shrinkage, bounds, cap", scorecard(), True),
    ):
        policy = boost_policy(card, z=z)
        plain, few, many = (
            run(market, card, policy, weeks, fakes=fakes, seed=seed) for fakes in (0, *FAKES)
        )
        start = int(market.entry[-1])

        def attackers(year: Year, start: int = start) -> float:
            return float(year.exposure[start:, market.attacker].mean())

        rows.append(
            (
                name,
                attackers(plain),
                attackers(few) / attackers(plain) - 1,
                attackers(many) / attackers(plain) - 1,
                many.capped_honest,
            )
        )
    return rows


def held_out(market: Market, weeks: int, seed: int) -> dict[str, float]:
    """Effect of the boost on the share of bad orders, as the holdout measures it and in truth."""
    card = scorecard()
    year = run(
        market, card, boost_policy(card), weeks, holdout=HOLDOUT, lists_a_week=4 * LISTS, seed=seed
    )
    orders, bad, out = np.concatenate(year.per_list).T
    rates, variance = [], 0.0
    for group in (out < 0.5, out > 0.5):
        rate = bad[group].sum() / orders[group].sum()
        # Orders of one list share its shops, so lists are what is drawn, not orders.
        variance += ((bad - rate * orders)[group] ** 2).sum() / orders[group].sum() ** 2
        rates.append(rate)
    effect, half = rates[0] - rates[1], 1.96 * math.sqrt(variance)
    return {
        "boosted": rates[0],
        "held_out": rates[1],
        "effect": effect,
        "lower": effect - half,
        "upper": effect + half,
        "truth": float(np.mean(year.expected[::2]) - np.mean(year.expected[1::2])),
    }


def main(weeks: int = 52, seed: int = 1) -> None:
    """Print the three tables."""
    if weeks < WINDOW + 4:
        raise SystemExit(f"WEEKS must be at least {WINDOW + 4}, so that a window has passed")
    market = Market.draw(weeks, seed)
    print(f"{weeks} weeks, {len(market.entry)} merchants, beta {BETA}, seed {seed}\n")
    print("1. Good newcomers: exposure, 1 = the mean of all shops in the same weeks")
    print("                           first 8  weeks to 30   never    last quarter,    bad shops,")
    print(
        "                           weeks    orders        there    good incumbents  last quarter"
    )
    print("                                                           = 1")
    for name, first, wait, never, late, bad in newcomers(market, weeks, seed):
        print(f"   {name:22s} {first:8.2f} {wait:8.0f} {never:14.0%} {late:12.2f} {bad:16.2f}")
    print("\n2. New shops of bad quality that buy fake five-star orders: exposure gained by it")
    few, many = (f"{fakes} a week" for fakes in FAKES)
    print(
        f"   defences                without   {few:>9s}  {many:>9s}  honest shops capped at most"
    )
    for name, plain, few_gain, many_gain, caught in brushing(market, weeks, seed):
        print(f"   {name:23s} {plain:7.2f} {few_gain:+11.1%} {many_gain:+10.1%} {caught:8d}")
    found = held_out(market, weeks, seed)
    print(f"\n3. Bad orders from week {WINDOW} on, four times the lists, {HOLDOUT:.0%} held out")
    print(f"   boosted lists {found['boosted']:.2%}, held out {found['held_out']:.2%}")
    print(
        f"   effect {100 * found['effect']:+.2f} points (95 %: {100 * found['lower']:+.2f} to"
        f" {100 * found['upper']:+.2f}); in truth {100 * found['truth']:+.2f}"
    )


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:3]))
