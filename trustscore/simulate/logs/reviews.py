"""Reviews: the stars that are true of a merchant, silence, defaults, and praise that was bought."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from trustscore.simulate.logs.clock import DAY, HOUR, later
from trustscore.simulate.logs.columns import MISSING, Table, code, concat, take
from trustscore.simulate.logs.market import Shops
from trustscore.simulate.logs.texts import review_texts
from trustscore.simulate.logs.trade import Trade
from trustscore.typing import Array

__all__ = ["Praise", "reviews", "stars_of_mean"]

RATED = 0.30  # of delivered orders
WRITTEN = 0.50
FOLLOWED = 0.06
BELOW = np.array([0.45, 0.30, 0.15, 0.10])  # stars lost where any are: 1, 2, 3, 4


def stars_of_mean(draw: np.random.Generator, mean: Array) -> Array:
    """Draw stars from 1 to 5 of these means.

    Examples
    --------
    >>> drawn = stars_of_mean(np.random.default_rng(1), np.full(40_000, 4.2))
    >>> bool(abs(drawn.mean() - 4.2) < 0.02), sorted(set(drawn.tolist()))
    (True, [1.0, 2.0, 3.0, 4.0, 5.0])
    """
    usual = float(BELOW @ np.arange(1, 5))
    chance = np.clip((5.0 - mean) / usual, 0.0, 1.0)
    lost = 1 + np.searchsorted(np.cumsum(BELOW)[:-1], draw.random(len(mean)), side="right")
    return np.where(draw.random(len(mean)) < chance, 5.0 - lost, 5.0)


def _stars(shops: Shops, shop: Array, draw: np.random.Generator) -> Array:
    """Draw stars whose mean, and whose shares below 3 and above, are true of the merchant."""
    bad = shops.rate("product_negative_review_rate")
    good = np.minimum(shops.rate("positive_review_rate"), 1.0 - bad)
    rest = 1.0 - bad - good
    mean = shops.rate("product_rating_mean")
    # Of the good ones the share with 5 stars, of the bad ones that with 2: these make the mean.
    twos = np.full(shops.rows, 0.4)
    fives = (mean - bad * (1 + twos) - 3 * rest - 4 * good) / np.maximum(good, 1e-9)
    over = np.where(fives > 1, fives - 1, np.minimum(fives, 0.0)) * good
    twos = np.clip(twos + over / np.maximum(bad, 1e-9), 0.0, 1.0)
    fives = np.clip(fives, 0.0, 1.0)
    at, step = draw.random(len(shop)), draw.random(len(shop))
    stars = np.where(at < bad[shop], 1.0 + (step < twos[shop]), 3.0)
    top = at >= (bad + rest)[shop]
    return np.where(top, 4.0 + (step < fives[shop]), stars)


class Praise:
    """Reviews as they are drawn, with what is true of them."""

    def __init__(self) -> None:
        self.tables: list[Table] = []
        self.bought: list[Array] = []

    def add(self, table: Table, bought: bool = False) -> None:
        """Add reviews."""
        self.tables.append(table)
        self.bought.append(np.full(len(table["review_id"]), int(bought)))


def _row(shops: Shops, trade: Trade, at: Array, created: Array, stars: Array) -> Table:
    rows = len(at)
    return {
        "review_id": shops.market.number("review", rows),
        "merchant_id": trade.shop[at] + shops.first,
        "order_id": trade.order[at],
        "created_at": created,
        "item_id": trade.item[at],
        "buyer_id": trade.buyer[at],
        "stars": stars,
        "service_stars": np.full(rows, np.nan),
        "logistics_stars": np.full(rows, np.nan),
        "text": np.full(rows, None, dtype=object),
        "is_default": np.zeros(rows, np.int64),
        "solicited": np.zeros(rows, np.int64),
        "follows": np.full(rows, -1, np.int64),
        "has_media": np.zeros(rows, np.int64),
        "hidden_at": np.full(rows, MISSING),
        "hidden_reason": np.full(rows, -1, np.int64),
    }


def reviews(shops: Shops, trade: Trade) -> tuple[Table, Table]:
    """Return the log of reviews, and which of them were bought."""
    draw = shops.stream("reviews")
    there = np.flatnonzero((trade.delivered != MISSING) & trade.plain)
    refunded = trade.refunded[there]
    kept = there[~refunded]
    shop = trade.shop[kept]
    share = _share(shops, trade, there)
    loyal = np.isin(kept, trade.loyal)
    has = (draw.random(len(kept)) < share[shop]) | loyal
    rated, shop = kept[has], shop[has]
    rows = len(rated)
    days = np.where(draw.random(rows) < 0.01, -0.5, np.minimum(draw.exponential(2.5, rows), 14.8))
    created = np.maximum(later(trade.delivered[rated], days, DAY), trade.paid[rated] + HOUR)
    stars = _stars(shops, shop, draw)
    stars = np.where(loyal[has], 5.0, stars)
    found = _row(shops, trade, rated, created, stars)
    found["service_stars"] = stars_of_mean(draw, shops.rate("service_attitude_rating_mean")[shop])
    # Of those who are content with a parcel 3 to 5 stars; the rest of its signal are tickets.
    slow = (
        shops.rate("logistics_negative_feedback_rate")
        * 0.8
        / np.maximum(
            share
            * np.bincount(trade.shop[kept], minlength=shops.rows)
            / np.maximum(trade.a_shop(shops), 1),
            0.02,
        )
    )
    unhappy = draw.random(rows) < np.minimum(slow, 1.0)[shop]
    found["logistics_stars"] = np.where(
        unhappy, draw.integers(1, 3, rows), draw.integers(3, 6, rows)
    ).astype(np.float64)
    top = (stars >= 4).astype(np.float64)
    asked = _asked(shops, trade, there, share)
    found["solicited"] = ((draw.random(rows) < asked[shop]) & (top > 0)).astype(np.int64)
    found["has_media"] = (draw.random(rows) < 0.2).astype(np.int64)
    write = draw.random(rows) < WRITTEN
    complains = draw.random(rows) < shops.rate("text_quality_complaint_share")[shop]
    found["text"] = review_texts(draw, stars, complains, write)
    praise = Praise()
    praise.add(found)
    praise.add(_follow_ups(shops, found, shop))
    silent = kept[~has]
    praise.add(_bought(shops, trade, silent, found), bought=True)
    for table in _uncounted(shops, trade, silent, there[refunded]):
        praise.add(table)
    table = concat(praise.tables)
    truth: Table = {
        "review_id": table["review_id"],
        "merchant_id": table["merchant_id"],
        "incentivised": np.concatenate(praise.bought),
        "duplicate_group": np.full(len(table["review_id"]), None, dtype=object),
        "false_review": np.zeros(len(table["review_id"]), np.int64),
    }
    return table, truth


def _uncounted(shops: Shops, trade: Trade, silent: Array, refunded: Array) -> Iterator[Table]:
    """Yield reviews that must not count: defaults, late ones, hidden ones, those after refunds."""
    draw, decoys = shops.stream("uncounted"), shops.market.decoys
    for name, orders, first, days, stars in (
        ("default_review", silent, 15.0, 0.0, 5.0),
        ("late_review", silent, 15.01, 20.0, 1.0),
        ("hidden_review", silent, 0.5, 10.0, 1.0),
        # Cases are over within a month or so.
        ("review_after_refund", refunded, 40.0, 10.0, 1.0),
    ):
        pick = orders[draw.random(len(orders)) < decoys[name]]
        created = later(trade.delivered[pick], first + draw.random(len(pick)) * days, DAY)
        table = _row(shops, trade, pick, created, np.full(len(pick), stars))
        if name == "default_review":
            table["is_default"][:] = 1
        if name == "hidden_review":
            table["hidden_at"] = later(created, 1.0 + draw.exponential(6.0, len(pick)))
            table["hidden_reason"][:] = code("reviews", "hidden_reason", "abuse")
        yield table


def _share(shops: Shops, trade: Trade, there: Array) -> Array:
    """Return which share of the orders that are kept is rated."""
    delivered = np.bincount(trade.shop[there], minlength=shops.rows)
    refunded = np.bincount(trade.shop[there[trade.refunded[there]]], minlength=shops.rows)
    stays = 1.0 - refunded / np.maximum(delivered, 1)
    good = np.maximum(shops.rate("positive_review_rate"), 0.05)
    rated = np.maximum(RATED, 1.02 * shops.rate("effective_positive_rate") / good)
    return np.minimum(rated / np.maximum(stays, 0.3), 0.98)


def _asked(shops: Shops, trade: Trade, there: Array, share: Array) -> Array:
    """Return which share of the good reviews was asked for: the others are active praise."""
    delivered = np.bincount(trade.shop[there], minlength=shops.rows)
    refunded = np.bincount(trade.shop[there[trade.refunded[there]]], minlength=shops.rows)
    rated = share * (1.0 - refunded / np.maximum(delivered, 1))
    good = np.minimum(
        shops.rate("positive_review_rate"), 1.0 - shops.rate("product_negative_review_rate")
    )
    active = shops.rate("effective_positive_rate") / np.maximum(rated * good, 1e-9)
    return np.clip(1.0 - active, 0.0, 1.0)


def _follow_ups(shops: Shops, firsts: Table, shop: Array) -> Table:
    draw = shops.stream("follow-ups")
    pick = np.flatnonzero(draw.random(len(shop)) < FOLLOWED)
    table = take(firsts, pick)
    rows = len(pick)
    good = shops.rate("positive_review_rate")
    worse = shops.rate("followup_negative_rate") / np.maximum(good, 0.3)
    turns = (table["stars"] >= 4) & (draw.random(rows) < worse[shop[pick]])
    table["follows"] = firsts["review_id"][pick]
    table["review_id"] = shops.market.number("review", rows)
    table["created_at"] = later(table["created_at"], 1.0 + draw.random(rows) * 12.0, DAY)
    table["stars"] = np.where(turns, draw.integers(1, 3, rows), np.maximum(table["stars"], 3.0))
    table["stars"] = table["stars"].astype(np.float64)
    table["service_stars"] = np.full(rows, np.nan)
    table["logistics_stars"] = np.full(rows, np.nan)
    table["text"] = review_texts(draw, table["stars"], turns, np.ones(rows, np.bool_))
    return table


def _bought(shops: Shops, trade: Trade, silent: Array, plain: Table) -> Table:
    """Return praise for which the merchant paid, as often as is true of it."""
    draw = shops.stream("bought")
    share = np.minimum(shops.rate("incentivised_review_share"), 0.8)
    honest = np.bincount(plain["merchant_id"] - shops.first, minlength=shops.rows)
    # Follow-ups and reviews that must not count are in the whole of the share as well.
    wanted = share / (1.0 - share) * honest * 1.1
    room = np.maximum(np.bincount(trade.shop[silent], minlength=shops.rows), 1)
    pick = silent[draw.random(len(silent)) < np.minimum(wanted / room, 1.0)[trade.shop[silent]]]
    rows = len(pick)
    created = later(trade.delivered[pick], 2.0 + draw.exponential(20.0, rows))
    table = _row(shops, trade, pick, created, np.full(rows, 5.0))
    table["service_stars"] = np.full(rows, 5.0)
    table["logistics_stars"] = np.full(rows, 5.0)
    table["has_media"][:] = 1
    written = np.ones(rows, np.bool_)
    table["text"] = review_texts(draw, table["stars"], ~written, written)
    return table
