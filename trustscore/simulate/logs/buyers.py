"""Who buys: buyers who come again as often as is true of the merchant, their devices and homes."""

from __future__ import annotations

import numpy as np

from trustscore.simulate.logs.clock import DAY
from trustscore.simulate.logs.columns import OWN, Table, code
from trustscore.simulate.logs.market import Shops
from trustscore.simulate.logs.trade import (
    CANCELLED_BY_BUYER,
    CANCELLED_BY_SHOP,
    KINDS,
    SHIPS,
    Trade,
)
from trustscore.simulate.market import CATEGORIES
from trustscore.typing import Array

__all__ = ["find_buyers", "order_items", "orders"]

# Buyers come again after 1 to so many days; a little more where the merchant has few orders.
LONGEST_DAYS = 38
UNSEEN = 0.01
# Buyers of a dormitory or office who share address and network.
HOME = 8
SHARED_HOMES = 2_000_000_000
SECOND_LINE = 0.15
PROMOTED = 0.10


def find_buyers(shops: Shops, trade: Trade) -> None:
    """Give every order a buyer: the orders that stay are followed with the true chance."""
    draw, market = shops.stream("buyers"), shops.market
    rows = trade.rows
    # Orders that a reader counts: only these come again and are come back to.
    stays = trade.plain & ~trade.refunded
    again = _followed(shops, trade, stays)
    before = np.arange(rows)
    followed = np.zeros(rows, dtype=np.bool_)
    for shop in range(shops.rows):
        here = np.flatnonzero(stays & (trade.shop == shop))
        paid = trade.paid[here]
        one = np.flatnonzero(draw.random(len(here)) < again[shop])
        wait = (1.0 + draw.random(len(one)) * (LONGEST_DAYS - 1)) * DAY
        two = np.searchsorted(paid, paid[one] + wait.astype(np.int64))
        # Each order is come back to once: those who meet take the next ones.
        order = np.argsort(two, kind="stable")
        step = np.arange(len(two))
        two = np.maximum.accumulate(two[order] - step) + step if len(two) else two
        held = two < len(here)
        before[here[two[held]]] = here[one[order][held]]
        followed[here[one[order][held]]] = True
    first = before
    while True:
        further = first[first]
        if np.array_equal(further, first):
            break
        first = further
    alone = (before == np.arange(rows)) & ~followed
    _merge(shops, trade, first, alone & stays)
    _loyal(shops, trade, first, alone & stays)
    _, root = np.unique(first, return_inverse=True)
    trade.root = root.reshape(-1)
    trade.person = _people(shops, trade, draw)
    trade.buyer = trade.person.copy()
    trade.buyer[draw.random(rows) < market.decoys["unknown_buyer"]] = -1


def _people(shops: Shops, trade: Trade, draw: np.random.Generator) -> Array:
    """Return who each buyer of a merchant is; the same people buy from several merchants."""
    size = shops.market.people
    # Roots are numbered by merchant and time; each merchant has its own order of the people, in
    # which nobody comes twice, as the size is a prime.
    shop_of_root = np.zeros(int(trade.root.max(initial=-1)) + 1, np.int64)
    shop_of_root[trade.root] = trade.shop
    begin = np.searchsorted(shop_of_root, np.arange(shops.rows))
    step = draw.integers(1, size, shops.rows)
    first = draw.integers(0, size, shops.rows)
    place = trade.root - begin[trade.shop]
    people: Array = 1 + (first[trade.shop] + step[trade.shop] * place) % size
    return people


def _followed(shops: Shops, trade: Trade, stays: Array) -> Array:
    """Return the chance that an order is followed, of which the true repurchase rate comes.

    Buyers whose only order was refunded count among the buyers, and never among those who come
    again. With p the true rate, r refunded orders for each that stays and x the chance, x (1 - x)
    of (1 - x) + r buyers come again.
    """
    # Some are not seen: their second order has no buyer, or is recorded after the cut.
    seen = 1.0 - shops.market.decoys["unknown_buyer"] - UNSEEN
    p = np.minimum(shops.rate("repurchase_rate") / seen, 0.95)
    kept = np.bincount(trade.shop[stays], minlength=shops.rows)
    back = np.bincount(trade.shop[trade.plain & trade.refunded], minlength=shops.rows)
    r = back / np.maximum(kept, 1)
    root: Array = np.sqrt(np.maximum((1.0 + p) ** 2 - 4.0 * p * (1.0 + r), 0.0))
    return ((1.0 + p) - root) / 2.0


def _merge(shops: Shops, trade: Trade, first: Array, free: Array) -> None:
    """Let some buyers order twice within a day and get both under one waybill."""
    draw = shops.stream("merged")
    rate = shops.market.decoys["merged_waybill"]
    two = np.flatnonzero((draw.random(trade.rows) < rate) & free & (trade.fate == SHIPS))
    two = two[two > 0]
    one = two - 1
    held = (trade.shop[one] == trade.shop[two]) & (trade.paid[two] - trade.paid[one] < DAY)
    held &= trade.plain[one] & (trade.fate[one] == SHIPS) & ~np.isin(one, two)
    one, two = one[held], two[held]
    first[two] = first[one]
    trade.merged = (one, two)


def _loyal(shops: Shops, trade: Trade, first: Array, free: Array) -> None:
    """Let one buyer of a merchant order, and review, five times within a month."""
    draw = shops.stream("loyal")
    rate = shops.market.decoys["fourth_review"]
    free = free & (trade.fate == SHIPS)
    free[trade.merged[0]] = False
    free[trade.merged[1]] = False
    begin = np.flatnonzero(free & (draw.random(trade.rows) < rate / 5))
    found = []
    for at in begin.tolist():
        five = at + np.flatnonzero(free[at : at + 60])[:5]
        same = trade.shop[five] == trade.shop[at]
        near = trade.paid[five] - trade.paid[at] < 15 * DAY
        if len(five) == 5 and same.all() and near.all():
            first[five] = at
            free[five] = False
            found.append(five)
    trade.loyal = np.concatenate(found) if found else np.zeros(0, np.int64)


def choose_items(shops: Shops, trade: Trade) -> None:
    """Say which item of the merchant each order is mainly about."""
    draw, items = shops.stream("items"), np.maximum(shops.volume("items_listed"), 1.0)
    # Few items sell well.
    at = (items[trade.shop] * draw.random(trade.rows) ** 2).astype(np.int64)
    trade.item = item_number(shops, trade.shop, at)


def item_number(shops: Shops, shop: Array, at: Array) -> Array:
    """Return the number of an item of a merchant."""
    numbers: Array = (shop + shops.first) * 1_000_000 + at + 1
    return numbers


def orders(shops: Shops, trade: Trade) -> Table:
    """Return the log of orders."""
    draw, market = shops.stream("order rows"), shops.market
    rows, shop = trade.rows, trade.shop
    kind = np.array([code("orders", "order_type", w) for w in _types()], np.int64)[trade.kind]
    category = shops.of(market.category)[shop]
    other = draw.random(rows) < 0.03
    category = np.where(other, draw.integers(0, len(CATEGORIES), rows), category)
    shop_cancels = trade.fate == CANCELLED_BY_SHOP
    reasons = np.array(
        [code("orders", "cancel_reason", w) for w in ("out_of_stock", "asked_to_cancel", "other")]
    )
    reason = np.full(rows, -1, np.int64)
    which = draw.choice(3, rows, p=[0.6, 0.2, 0.2])
    reason[shop_cancels] = reasons[which][shop_cancels]
    reason[trade.late] = code("orders", "cancel_reason", "late")
    mind = trade.fate == CANCELLED_BY_BUYER
    reason[mind] = code("orders", "cancel_reason", "changed_mind")
    party = np.full(rows, -1, np.int64)
    party[shop_cancels] = code("orders", "cancel_party", "merchant")
    # Buyers who were asked to cancel do it themselves.
    asked = shop_cancels & (reason == reasons[1])
    party[asked] = code("orders", "cancel_party", "buyer")
    party[trade.late] = code("orders", "cancel_party", "platform")
    party[mind] = code("orders", "cancel_party", "buyer")
    flags = {
        "guaranteed": "guarantee_coverage_rate",
        "instant_refund": "instant_refund_coverage_rate",
        "freight_covered": "return_freight_cover_rate",
    }
    table: Table = {
        "merchant_id": shop + shops.first,
        "order_id": trade.order,
        "paid_at": trade.paid,
        "buyer_id": trade.buyer,
        "created_at": trade.paid - draw.integers(5, 600, rows) * 1_000_000,
        "approved_at": trade.paid + draw.integers(1, 30, rows) * 1_000_000,
        "amount": trade.amount,
        "freight": np.where(draw.random(rows) < 0.3, 6.0, 0.0),
        "order_type": kind,
        "physical": 1 - trade.virtual,
        "channel": trade.channel,
        "promoter_id": _promoters(shops, trade),
        "category": category,
        "ship_by": trade.due,
        "open_at": trade.opens,
        "cancelled_at": trade.cancelled,
        "cancel_party": party,
        "cancel_reason": reason,
    }
    for column, signal in flags.items():
        table[column] = (draw.random(rows) < shops.rate(signal)[shop]).astype(np.int64)
    return table | _traces(shops, trade)


def _types() -> list[str]:
    plain = ("normal", "gift", "lucky_bag", "sample")
    return [name if name in plain else "normal" for name in KINDS]


def _promoters(shops: Shops, trade: Trade) -> Array:
    """Return which host promoted an order of another merchant."""
    draw, market = shops.stream("promoters"), shops.market
    hosts = np.flatnonzero(market.live)
    found = np.full(trade.rows, -1, np.int64)
    if len(hosts) == 0:
        return found
    weight = market.orders[hosts] / market.orders[hosts].sum()
    promoted = draw.random(trade.rows) < PROMOTED
    found[promoted] = draw.choice(hosts, int(promoted.sum()), p=weight)
    return np.where(found == trade.shop + shops.first, -1, found)


def _traces(shops: Shops, trade: Trade) -> Table:
    """Return the device, account, address and network behind each order."""
    draw, market = shops.stream("traces"), shops.market
    person, place = trade.person, trade.root
    # Buyers that came to a merchant one after another, as the news went round a dormitory.
    home = np.zeros(int(place.max(initial=-1)) + 1, np.int64)
    home[place] = person
    begin = np.flatnonzero(draw.random(len(home)) < market.decoys["shared_home"] / HOME)
    shared = np.zeros(len(home), np.bool_)
    for at in begin.tolist():
        home[at : at + HOME] = SHARED_HOMES + market.number("home", 1)[0]
        shared[at : at + HOME] = True
    # Phones on the way have a network of their own each time.
    away = (draw.random(trade.rows) < 0.4) & ~shared[place]
    network = 1_000_000_000 + market.number("network", trade.rows)
    table: Table = {
        "device_id": person.copy(),
        "ip": np.where(away, network, home[place]),
        "address_id": home[place],
        "pay_account_id": person.copy(),
    }
    own = np.flatnonzero(trade.kind == KINDS.index("own_purchase"))
    which = draw.integers(0, 2, len(own))
    for number, column in enumerate(("device_id", "pay_account_id")):
        table[column][own[which == number]] = OWN + shops.first + trade.shop[own[which == number]]
    return table


def order_items(shops: Shops, trade: Trade) -> tuple[Table, Array]:
    """Return the log of lines, and which orders must be inspected before shipping."""
    draw = shops.stream("lines")
    rows = trade.rows
    two = draw.random(rows) < SECOND_LINE
    jewels = shops.of(shops.market.category) == list(CATEGORIES).index("jewellery")
    must = jewels[trade.shop] & (draw.random(rows) < 0.6)
    at = np.concatenate([np.arange(rows), np.flatnonzero(two)])
    line = np.concatenate([np.ones(rows, np.int64), np.full(int(two.sum()), 2)])
    items = np.maximum(shops.volume("items_listed"), 1.0)[trade.shop[at]]
    second = item_number(shops, trade.shop[at], (items * draw.random(len(at))).astype(np.int64))
    share = np.where(line == 2, 0.3, np.where(two[at], 0.7, 1.0))
    price = np.round(trade.amount[at] * share, 2)
    table: Table = {
        "merchant_id": trade.shop[at] + shops.first,
        "order_id": trade.order[at],
        "line": line,
        "item_id": np.where(line == 2, second, trade.item[at]),
        "quantity": 1 + (draw.random(len(at)) < 0.1).astype(np.int64),
        "price": price,
        "list_price": np.round(price * (1.0 + 0.4 * draw.random(len(at))), 2),
        "category": shops.of(shops.market.category)[trade.shop[at]],
        "inspection_required": (must[at] & (line == 1)).astype(np.int64),
    }
    table["sku_id"] = table["item_id"] * 4 + draw.integers(0, 4, len(at))
    return table, must
