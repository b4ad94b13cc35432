"""Surveys, mentions, and the counts that are too large to log one by one."""

from __future__ import annotations

import numpy as np

from trustscore.simulate.logs.clock import SECOND
from trustscore.simulate.logs.columns import Table, code, concat
from trustscore.simulate.logs.market import Shops

__all__ = ["COUNTED_DAYS", "daily_counts", "mentions", "surveys"]

# Daily counts are kept for so long.
COUNTED_DAYS = 120
PASSIVE = 0.6


def surveys(shops: Shops) -> Table:
    """Return the log of answers to whether one would recommend the merchant."""
    draw, market = shops.stream("surveys"), shops.market
    shop, day = shops.events("surveys", shops.volume("nps_responses_90d") / 90.0)
    rows = len(shop)
    net = np.clip(shops.rate("user_recommendation_score") / 100.0, -1.0, 1.0)
    passive = PASSIVE * (1.0 - np.abs(net))
    against = (1.0 - passive - net) / 2.0
    chance = draw.random(rows)
    score = np.where(
        chance < (against + passive)[shop], draw.integers(7, 9, rows), draw.integers(9, 11, rows)
    )
    score = np.where(chance < against[shop], draw.integers(0, 7, rows), score)
    number = market.number("survey", rows)
    return {
        "response_id": number,
        "merchant_id": shop + shops.first,
        "answered_at": market.midnights[day] + draw.integers(0, 86_400, rows) * SECOND,
        "score": score.astype(np.float64),
        # Whoever is asked bought before the log began; each is asked once.
        "buyer_id": 6_000_000_000 + number,
    }


def mentions(shops: Shops) -> Table:
    """Return the log of mentions."""
    draw, market = shops.stream("mentions"), shops.market
    shop, day = shops.events("mentions", shops.volume("mentions_90d") / 90.0)
    rows = len(shop)
    bad = draw.random(rows) < shops.rate("negative_mention_share")[shop]
    good = draw.random(rows) < 0.5
    other = np.where(
        good, code("mentions", "tone", "positive"), code("mentions", "tone", "neutral")
    )
    return {
        "mention_id": market.number("mention", rows),
        "merchant_id": shop + shops.first,
        "seen_at": market.midnights[day] + draw.integers(0, 86_400, rows) * SECOND,
        "tone": np.where(bad, code("mentions", "tone", "negative"), other),
        "source": 1 + draw.integers(0, 2, rows),
    }


def daily_counts(shops: Shops) -> Table:
    """Return the log of impressions and dislikes."""
    draw, market = shops.stream("counts"), shops.market
    days = np.arange(max(market.days - COUNTED_DAYS, 0), market.days + market.after)
    seen = shops.volume("impressions")[:, None] / 30.0 * market.busy[None, days]
    seen = np.where(days[None, :] < shops.opening[:, None], 0.0, seen)
    shown = draw.poisson(seen)
    rate = np.clip(shops.rate("browse_negative_feedback_rate"), 0.0, 1.0)
    disliked = draw.binomial(shown, rate[:, None])
    shop = np.repeat(np.arange(shops.rows), len(days))
    day = np.tile(days, shops.rows)
    # The number of the calendar day where the market is.
    calendar = (market.midnights[day] + 8 * 3600 * SECOND) // (86_400 * SECOND)
    parts = []
    for word, counts in (("impressions", shown), ("dislikes", disliked)):
        parts.append(
            {
                "merchant_id": shop + shops.first,
                "day": calendar,
                "measure": np.full(len(shop), code("daily_counts", "measure", word)),
                "n": counts.reshape(-1),
            }
        )
    return concat(parts)
