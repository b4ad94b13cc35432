"""Orders of a group of merchants: when they are paid, what they are, how they end."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from trustscore.simulate.logs.clock import DAY, HOUR, MINUTE, SECOND, hours_of
from trustscore.simulate.logs.columns import MISSING
from trustscore.simulate.logs.market import Shops
from trustscore.typing import Array

__all__ = ["CANCELLED_BY_BUYER", "CANCELLED_BY_SHOP", "REFUNDED_AT_ONCE", "SHIPS", "Trade", "trade"]

SHIPS, CANCELLED_BY_SHOP, CANCELLED_BY_BUYER, NOTHING_TO_SHIP, REFUNDED_AT_ONCE = range(5)
PLAIN = "plain"
# Decoys that are a kind of order, in the order in which their shares are cut from the whole.
KINDS = (
    PLAIN,
    "gift",
    "lucky_bag",
    "sample",
    "low_price",
    "instant_refund",
    "own_purchase",
)
# Yuan by category: the median of an order.
PRICES = {
    "apparel": 90.0,
    "home": 70.0,
    "electronics": 260.0,
    "beauty": 110.0,
    "fresh_food": 55.0,
    "snacks": 40.0,
    "jewellery": 480.0,
    "toys": 60.0,
}
LIVE_SHARE, SHELF_SHARE, VIDEO_SHARE = 0.45, 0.40, 0.10


@dataclass
class Trade:
    """Orders by merchant and time; the arrays are of one length.

    `shop` is the merchant's place in its group, `kind` the place of the decoy in `KINDS`, `fate`
    what becomes of the order. The other arrays are filled by those who draw parcels and cases.
    """

    shop: Array
    order: Array
    paid: Array
    kind: Array
    fate: Array
    channel: Array
    amount: Array
    opens: Array
    virtual: Array
    cancelled: Array = field(default_factory=lambda: np.zeros(0, np.int64))
    clock: Array = field(default_factory=lambda: np.zeros(0, np.int64))
    due: Array = field(default_factory=lambda: np.zeros(0, np.int64))
    shipped: Array = field(default_factory=lambda: np.zeros(0, np.int64))
    scanned: Array = field(default_factory=lambda: np.zeros(0, np.int64))
    delivered: Array = field(default_factory=lambda: np.zeros(0, np.int64))
    refunded: Array = field(default_factory=lambda: np.zeros(0, np.bool_))
    buyer: Array = field(default_factory=lambda: np.zeros(0, np.int64))
    item: Array = field(default_factory=lambda: np.zeros(0, np.int64))
    # Which of the group's buyers, by merchant and first order; who that is, known or not; orders
    # of buyers who review too often.
    root: Array = field(default_factory=lambda: np.zeros(0, np.int64))
    person: Array = field(default_factory=lambda: np.zeros(0, np.int64))
    loyal: Array = field(default_factory=lambda: np.zeros(0, np.int64))
    # Cancelled by the platform after the deadline; pairs of orders under one waybill.
    late: Array = field(default_factory=lambda: np.zeros(0, np.bool_))
    merged: tuple[Array, Array] = field(
        default_factory=lambda: (np.zeros(0, np.int64), np.zeros(0, np.int64))
    )

    @property
    def rows(self) -> int:
        """Number of orders."""
        return len(self.shop)

    @property
    def plain(self) -> Array:
        """Whether an order is what it seems."""
        return self.kind == 0

    def a_shop(self, shops: Shops) -> Array:
        """Return how many plain orders each merchant has."""
        return np.bincount(self.shop[self.plain], minlength=shops.rows)


def _moments(shops: Shops) -> tuple[Array, Array]:
    """Draw whose order it is, and when it is paid."""
    market, draw = shops.market, shops.stream("paid")
    decoys = market.decoys
    extra = sum(decoys[name] for name in KINDS[1:])
    a_day = shops.of(market.orders) / 30.0 / (1.0 - extra)
    mean = a_day[:, None] * market.busy[None, :]
    mean[np.arange(len(market.busy))[None, :] < shops.opening[:, None]] = 0.0
    counts = draw.poisson(mean)
    # The first order says since when a merchant trades.
    opened = shops.opening
    here = np.arange(shops.rows)
    counts[here, opened] = np.maximum(counts[here, opened], 1)
    shop, day = np.nonzero(counts)
    times = counts[shop, day]
    shop, day = np.repeat(shop, times), np.repeat(day, times)
    paid = market.midnights[day] + hours_of(draw, len(day))
    edge = np.flatnonzero(draw.random(len(day)) < decoys["edge"])
    backs = np.array([105, 90, 60, 45, 30, 15, 0])
    # On the first instant of a window, and a second before it.
    edges = market.cut - backs[draw.integers(0, len(backs), len(edge))] * DAY
    edges -= draw.integers(0, 2, len(edge)) * SECOND
    held = (edges >= market.midnights[opened[shop[edge]]]) & (edges < market.end)
    paid[edge[held]] = edges[held]
    order = np.lexsort((paid, shop))
    return shop[order], paid[order]


def trade(shops: Shops) -> Trade:
    """Draw the orders of a group of merchants."""
    market = shops.market
    decoys = market.decoys
    shop, paid = _moments(shops)
    rows = len(shop)
    draw = shops.stream("orders")
    ends = np.cumsum([decoys[name] for name in KINDS[1:]])
    place = np.searchsorted(ends, draw.random(rows), side="right")
    kind = np.where(place < len(ends), place + 1, 0)
    fate = np.full(rows, SHIPS)
    chance = draw.random(rows)
    by_shop = shops.rate("seller_cancel_rate")[shop]
    by_buyer = shops.rate("pre_ship_refund_rate")[shop]
    fate[chance < by_shop + by_buyer] = CANCELLED_BY_BUYER
    fate[chance < by_shop] = CANCELLED_BY_SHOP
    virtual = (fate == SHIPS) & (draw.random(rows) < decoys["virtual"])
    fate[virtual] = NOTHING_TO_SHIP
    fate[kind == KINDS.index("instant_refund")] = REFUNDED_AT_ONCE
    live = shops.of(market.live)[shop]
    at = draw.random(rows)
    steps = np.where(live, LIVE_SHARE, 0.0), np.where(live, LIVE_SHARE + SHELF_SHARE, 0.85)
    channel = (at >= steps[0]).astype(np.int64) + (at >= steps[1]) + (at >= steps[1] + VIDEO_SHARE)
    level = np.array(list(PRICES.values()))[shops.of(market.category)]
    level = level * np.exp(0.4 * draw.standard_normal(shops.rows))
    amount = np.maximum(np.round(level[shop] * np.exp(0.5 * draw.standard_normal(rows)), 2), 1.5)
    low = kind == KINDS.index("low_price")
    amount[low] = np.where(draw.random(int(low.sum())) < 0.5, 1.0, 0.01)
    opens = np.full(rows, MISSING)
    presale = draw.random(rows) < decoys["presale"]
    opens[presale] = paid[presale] + (2 + draw.integers(0, 8, int(presale.sum()))) * DAY
    found = Trade(
        shop,
        market.number("order", rows),
        paid,
        kind,
        fate,
        channel,
        amount,
        opens,
        virtual.astype(np.int64),
    )
    found.cancelled = np.full(rows, MISSING)
    found.refunded = fate == REFUNDED_AT_ONCE
    soon = np.flatnonzero(fate == CANCELLED_BY_BUYER)
    wait = np.minimum(draw.exponential(2.0, len(soon)) * HOUR, 20 * HOUR)
    found.cancelled[soon] = paid[soon] + MINUTE + (wait // SECOND).astype(np.int64) * SECOND
    return found
