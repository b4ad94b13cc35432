"""Made-up orders: five strategies, each with the traces that it leaves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trustscore.simulate.logs.buyers import item_number, order_items, orders
from trustscore.simulate.logs.clock import HOUR, hours_of, later
from trustscore.simulate.logs.columns import MISSING, OWN, Table
from trustscore.simulate.logs.market import Shops
from trustscore.simulate.logs.parcels import send, shipments
from trustscore.simulate.logs.texts import copied_texts
from trustscore.simulate.logs.trade import SHIPS, Trade
from trustscore.typing import Array

__all__ = ["STRATEGIES", "Fakes", "fake_reviews", "fake_tables", "fakes"]

# How a merchant makes up orders, and how many of those who do so use it first.
STRATEGIES = {
    "own_accounts": 0.15,
    "rented_ring": 0.30,
    "real_parcels": 0.20,
    "camouflage": 0.20,
    "slow_drip": 0.15,
}
OWN_ACCOUNTS, RENTED, REAL, CAMOUFLAGE, DRIP = range(5)
# Accounts for hire: one ring serves a few merchants.
RING, RINGS = 9_000_000_000, 3
RING_ACCOUNTS, FARM_DEVICES, DRIP_ACCOUNTS, PUPPETS = 40, 5, 150, 8
# Fakes come on some days, many in an hour; a drip comes every day.
BUSY_DAYS = 0.35
NIGHT = [3.0, 6.0, 6.0, 2.0] + [0.1] * 18 + [1.0, 1.0]
REVIEWED = 0.85
COPIES = 8


@dataclass
class Fakes:
    """Orders that nobody meant, as a trade of their own, and the strategy of each."""

    trade: Trade
    strategy: Array
    ring: Array

    @property
    def names(self) -> Array:
        """The strategy of each order by name."""
        return np.array(list(STRATEGIES), dtype=object)[self.strategy]


def fakes(shops: Shops, honest: Trade) -> Fakes:
    """Draw the made-up orders of a group, and hide some accounts among honest buyers."""
    market, draw = shops.market, shops.stream("fakes")
    share = shops.of(market.brushing)
    a_day = share / (1.0 - share) * shops.of(market.orders) / 30.0
    first = np.searchsorted(np.cumsum(list(STRATEGIES.values()))[:-1], draw.random(shops.rows))
    second = draw.integers(0, len(STRATEGIES), shops.rows)
    steady = np.stack([first, second])[:, :, None] == DRIP
    size = len(market.busy)
    on = draw.random((2, shops.rows, size)) < BUSY_DAYS
    # The second strategy gives a quarter of the orders.
    part = np.array([0.75, 0.25])[:, None]
    mean = (part * a_day)[:, :, None] * np.where(steady, 1.0, on / BUSY_DAYS)
    mean[:, np.arange(size)[None, :] < shops.opening[:, None]] = 0.0
    counts = draw.poisson(mean)
    which, shop, day = np.nonzero(counts)
    times = counts[which, shop, day]
    which, shop, day = (np.repeat(each, times) for each in (which, shop, day))
    strategy = np.where(which == 0, first[shop], second[shop])
    rows = len(shop)
    shape = np.where(strategy == DRIP, hours_of(draw, rows), hours_of(draw, rows, NIGHT))
    paid = market.midnights[day] + shape
    order = np.lexsort((paid, shop))
    shop, paid, strategy = shop[order], paid[order], strategy[order]
    aside = shops.aside("fake")
    made = Trade(
        shop,
        market.number("order", rows),
        paid,
        np.zeros(rows, np.int64),
        np.full(rows, SHIPS),
        np.zeros(rows, np.int64),
        np.maximum(np.round(20.0 + 60.0 * draw.random(rows), 2), 1.5),
        np.full(rows, MISSING),
        np.zeros(rows, np.int64),
    )
    made.cancelled = np.full(rows, MISSING)
    made.refunded = np.zeros(rows, np.bool_)
    send(aside, made)
    made.item = item_number(shops, shop, draw.integers(0, 2, rows))
    found = Fakes(made, strategy, (shop + shops.first) % RINGS)
    _accounts(shops, found)
    _hurry(shops, found)
    _hide(shops, honest, found)
    return found


def _accounts(shops: Shops, found: Fakes) -> None:
    draw, made = shops.stream("fake accounts"), found.trade
    rows, strategy = made.rows, found.strategy
    base = RING + found.ring * 1_000_000
    ring = base + draw.integers(0, RING_ACCOUNTS, rows)
    own = RING + 100_000_000 + (made.shop + shops.first) * 1000
    drip = own + 100 + draw.integers(0, DRIP_ACCOUNTS, rows)
    puppet = own + draw.integers(0, PUPPETS, rows)
    made.buyer = np.where(strategy == OWN_ACCOUNTS, puppet, np.where(strategy == DRIP, drip, ring))
    made.person = made.buyer.copy()
    made.root = np.unique(made.person, return_inverse=True)[1].reshape(-1)


def _hurry(shops: Shops, found: Fakes) -> None:
    """Let some parcels be scanned before the payment, or arrive at once."""
    draw, made, strategy = shops.stream("fake parcels"), found.trade, found.strategy
    rows = made.rows
    early = (strategy == RENTED) & (draw.random(rows) < 0.2)
    made.scanned = np.where(early, later(made.paid, -1.5 - 10 * draw.random(rows)), made.scanned)
    made.shipped = np.minimum(made.shipped, made.scanned)
    soon = np.isin(strategy, (RENTED, CAMOUFLAGE)) & (draw.random(rows) < 0.5)
    quick = later(np.maximum(made.scanned, made.paid), 2.0 + 4.0 * draw.random(rows))
    made.delivered = np.where(soon, quick, np.maximum(made.delivered, made.scanned + HOUR))


def _hide(shops: Shops, honest: Trade, found: Fakes) -> None:
    """Let accounts that hide buy in earnest as often as they make up orders."""
    draw = shops.stream("hidden accounts")
    hiders = found.trade.buyer[found.strategy == CAMOUFLAGE]
    free = np.flatnonzero(honest.plain & (honest.buyer >= 0) & (honest.fate == SHIPS))
    numbers, times = np.unique(honest.person[free], return_counts=True)
    once = free[np.isin(honest.person[free], numbers[times == 1])]
    size = min(len(hiders), len(once) // 20)
    if size:
        pick = draw.choice(once, size, replace=False)
        honest.buyer[pick] = hiders[:size]
        honest.person[pick] = hiders[:size]


def fake_tables(shops: Shops, found: Fakes) -> dict[str, Table]:
    """Return the rows that made-up orders add to the logs."""
    draw, made, strategy = shops.stream("fake rows"), found.trade, found.strategy
    aside = shops.aside("fake")
    table = orders(aside, made)
    rows = made.rows
    own = OWN + shops.first + made.shop
    which = draw.integers(0, 3, rows)
    for number, column in enumerate(("device_id", "pay_account_id", "address_id")):
        here = (strategy == OWN_ACCOUNTS) & (which == number)
        table[column][here] = own[here]
    # Telephones on a shelf: few devices and networks for many accounts.
    farm = RING + 500_000_000 + found.ring * 1000 + draw.integers(0, FARM_DEVICES, rows)
    on_shelf = np.isin(strategy, (RENTED, CAMOUFLAGE)) & (draw.random(rows) < 0.6)
    table["device_id"][on_shelf] = farm[on_shelf]
    net = np.isin(strategy, (RENTED, CAMOUFLAGE, DRIP, REAL)) & (draw.random(rows) < 0.5)
    table["ip"][net] = (RING + 600_000_000 + made.shop + shops.first)[net]
    for column in ("promoter_id",):
        table[column][:] = -1
    lines, _ = order_items(aside, made)
    cheap = np.isin(lines["order_id"], made.order[(strategy == DRIP) & (draw.random(rows) < 0.4)])
    lines["list_price"][cheap] = np.round(lines["price"][cheap] * 25.0, 2)
    parcels = shipments(aside, made)
    at = np.searchsorted(made.order, parcels["order_id"])
    light = draw.random(len(at)) < np.array([0.5, 0.7, 0.9, 0.4, 0.7])[strategy[at]]
    parcels["weight_g"][light] = np.round(15.0 + 30.0 * draw.random(int(light.sum())))
    _reuse(draw, found, parcels, at)
    return {"orders": table, "order_items": lines, "shipments": parcels}


def _reuse(draw: np.random.Generator, found: Fakes, parcels: Table, at: Array) -> None:
    """Declare parcels under the waybill of the merchant's order before."""
    chance = np.array([0.1, 0.65, 0.0, 0.4, 0.3])[found.strategy[at]]
    again = np.flatnonzero(draw.random(len(at)) < chance)
    again = again[again > 0]
    same = parcels["merchant_id"][again] == parcels["merchant_id"][again - 1]
    again = again[same & (parcels["waybill_id"][again - 1] >= 0)]
    parcels["waybill_id"][again] = parcels["waybill_id"][again - 1]


def fake_reviews(shops: Shops, found: Fakes) -> tuple[Table, Table]:
    """Return the praise that made-up orders bring, copied from one text to the next."""
    draw, made = shops.stream("fake reviews"), found.trade
    pick = np.flatnonzero((draw.random(made.rows) < REVIEWED) & (made.delivered < shops.market.end))
    rows, shop = len(pick), made.shop[pick]
    numbers = shops.market.number("review", rows)
    # A text is used a few times, by one merchant, before the next is.
    group = (shop + shops.first) * 1_000_000 + np.arange(rows) // COPIES
    copied = draw.random(rows) < 0.8
    text = copied_texts(draw, group)
    text[~copied] = "好"
    blank = np.full(rows, -1, np.int64)
    table: Table = {
        "review_id": numbers,
        "merchant_id": shop + shops.first,
        "order_id": made.order[pick],
        "created_at": later(made.delivered[pick], 0.2 + 22.0 * draw.random(rows)),
        "item_id": made.item[pick],
        "buyer_id": made.buyer[pick],
        "stars": np.full(rows, 5.0),
        "service_stars": np.full(rows, 5.0),
        "logistics_stars": np.full(rows, 5.0),
        "text": text,
        "is_default": np.zeros(rows, np.int64),
        "solicited": np.zeros(rows, np.int64),
        "follows": blank,
        "has_media": (draw.random(rows) < 0.5).astype(np.int64),
        "hidden_at": np.full(rows, MISSING),
        "hidden_reason": blank.copy(),
    }
    names = np.full(rows, None, dtype=object)
    names[copied] = [f"copy{number}" for number in group[copied].tolist()]
    truth: Table = {
        "review_id": numbers,
        "merchant_id": shop + shops.first,
        "incentivised": np.ones(rows, np.int64),
        "duplicate_group": names,
        "false_review": np.ones(rows, np.int64),
    }
    return table, truth
