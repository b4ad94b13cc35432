"""Goods: what is offered, and what was examined by a random and a targeted arm."""

from __future__ import annotations

import numpy as np

from trustscore.simulate.logs.buyers import item_number
from trustscore.simulate.logs.clock import DAY, HOUR, SECOND, later
from trustscore.simulate.logs.columns import MISSING, Table, code, concat, random_codes, take
from trustscore.simulate.logs.live import Broadcasts
from trustscore.simulate.logs.market import Shops
from trustscore.simulate.logs.trade import Trade
from trustscore.typing import Array

__all__ = ["inspections", "listings"]

SCORE_SPREAD = 15.0
TECHNICAL = 0.02
TARGETED = 0.15
# What is suspected fails so many times as often as what is drawn at random.
SUSPECTED = 1.5
PRE_LIVE = 6.0
PROMISES = 0.10


def listings(shops: Shops) -> Table:
    """Return the log of submissions."""
    draw, market = shops.stream("listings"), shops.market
    now = np.maximum(shops.volume("items_listed"), 1).astype(np.int64)
    gone = np.maximum(shops.volume("items_listed_365d") - now, 0).astype(np.int64)
    shop = np.repeat(np.arange(shops.rows), now + gone)
    at = np.arange(len(shop)) - np.repeat(np.cumsum(now + gone) - now - gone, now + gone)
    retired = at >= now[shop]
    rows = len(shop)
    opened = market.midnights[shops.opening[shop]]
    submitted = opened + draw.integers(0, 20 * 3600, rows) * SECOND
    item = item_number(shops, shop, at)
    blank = np.full(rows, MISSING)
    # Off the shelves before the window of a month, within the year.
    off = market.cut - (40 + draw.integers(0, 300, rows)) * DAY
    needs = at < shops.volume("items_requiring_certificate")[shop]
    valid = draw.random(rows) < np.nan_to_num(shops.rate("certificate_coverage_rate"))[shop]
    until = np.where(valid, market.cut + 100 * DAY, market.cut - 20 * DAY)
    score = np.clip(shops.rate("listing_info_quality_score") / 100.0, 0.02, 0.98)
    size = np.maximum(score * (1 - score) / (SCORE_SPREAD / 100.0) ** 2 - 1.0, 0.5)
    info = 100.0 * draw.beta((score * size)[shop], ((1 - score) * size)[shop])
    price = np.round(50.0 * np.exp(0.6 * draw.standard_normal(rows)), 2)
    items: Table = {
        "merchant_id": shop + shops.first,
        "item_id": item,
        "submitted_at": submitted,
        "decided_at": submitted + 2 * HOUR,
        "decision": np.full(rows, code("listings", "decision", "published")),
        "block_reason": np.full(rows, -1, np.int64),
        "on_sale_from": submitted + 2 * HOUR,
        "on_sale_to": np.where(retired, np.maximum(off, submitted + 3 * HOUR), blank),
        "title": np.array([f"Item {number}" for number in item.tolist()], dtype=object),
        "brand": draw.integers(0, 4, rows),
        "price": price,
        "list_price": np.round(price * (1.0 + 0.4 * draw.random(rows)), 2),
        "category": shops.of(market.category)[shop],
        "info_score": np.round(info, 2),
        "photos": 1 + draw.poisson(4.0, rows),
        "description_chars": 20 + draw.poisson(300.0, rows),
        "certificate_required": needs.astype(np.int64),
        "certificate_valid_to": np.where(needs, until, blank),
        "image_hash": item,
    }
    rate = shops.rate("listing_block_rate")
    refused = np.flatnonzero(draw.random(rows) < (rate / np.maximum(1.0 - rate, 0.05))[shop])
    first = _blocked(draw, take(items, refused), np.zeros(len(refused), np.bool_))
    first["submitted_at"] = first["submitted_at"] - 3 * HOUR
    first["decided_at"] = first["submitted_at"] + HOUR
    return concat([first, items, _again(shops, items, shop, np.flatnonzero(~retired), rate)])


def _blocked(draw: np.random.Generator, table: Table, technical: Array) -> Table:
    """Return submissions as they were blocked."""
    rows = len(technical)
    reasons = {"prohibited": 0.3, "false_claim": 0.4, "price": 0.1, "image": 0.2}
    table["decision"] = np.full(rows, code("listings", "decision", "blocked"))
    reason = random_codes(draw, "listings", "block_reason", reasons, rows)
    table["block_reason"] = np.where(technical, code("listings", "block_reason", "format"), reason)
    table["on_sale_from"] = np.full(rows, MISSING)
    table["on_sale_to"] = np.full(rows, MISSING)
    return table


def _again(shops: Shops, items: Table, shop: Array, current: Array, rate: Array) -> Table:
    """Return later submissions of items that are on sale; the blocked ones leave them there."""
    draw, market = shops.stream("submissions"), shops.market
    a_day = shops.volume("listings_submitted_90d") / 90.0
    whose, day = shops.events("submissions", a_day)
    begin = np.searchsorted(shop[current], np.arange(shops.rows))
    count = np.bincount(shop[current], minlength=shops.rows)
    pick = current[begin[whose] + (draw.random(len(whose)) * count[whose]).astype(np.int64)]
    table = take(items, pick)
    rows = len(pick)
    moment = market.midnights[day] + draw.integers(9 * 3600, 20 * 3600, rows) * SECOND
    table["submitted_at"] = np.maximum(moment, table["submitted_at"] + DAY)
    table["decided_at"] = table["submitted_at"] + 2 * HOUR
    table["on_sale_from"] = table["decided_at"].copy()
    chance = draw.random(rows)
    bad = chance < rate[whose] + TECHNICAL
    technical = bad & (chance >= rate[whose])
    blocked = _blocked(draw, take(table, np.flatnonzero(bad)), technical[bad])
    return concat([take(table, np.flatnonzero(~bad)), blocked])


def _row(shops: Shops, shop: Array, moment: Array, kind: str, failed: Array) -> Table:
    rows = len(shop)
    word = {name: code("inspections", "result", name) for name in ("pass", "fail")}
    return {
        "inspection_id": shops.market.number("inspection", rows),
        "merchant_id": shop + shops.first,
        "decided_at": moment,
        "kind": np.full(rows, code("inspections", "kind", kind)),
        "result": np.where(failed, word["fail"], word["pass"]),
        "sampled_at": moment - HOUR,
        "selection": np.full(rows, code("inspections", "selection", "random")),
        "propensity": np.full(rows, np.nan),
    }


def inspections(shops: Shops, trade: Trade, must: Array, found: Broadcasts) -> Table:
    """Return the log of inspections."""
    draw, market = shops.stream("inspections"), shops.market
    shop, day = shops.events("spot checks", shops.volume("spot_checks_done_365d") / 365.0)
    rows = len(shop)
    moment = market.midnights[day] + draw.integers(9 * 3600, 18 * 3600, rows) * SECOND
    aimed = draw.random(rows) < TARGETED
    # Both arms together fail as often as is true of the merchant.
    level = 1.0 / (1.0 - TARGETED + TARGETED * SUSPECTED)
    p = shops.rate("spot_check_fail_rate")[shop] * level * np.where(aimed, SUSPECTED, 1.0)
    spot = _row(shops, shop, moment, "spot", draw.random(rows) < p)
    spot["item_id"] = item_number(
        shops,
        shop,
        (np.maximum(shops.volume("items_listed"), 1)[shop] * draw.random(rows)).astype(int),
    )
    spot["selection"][aimed] = code("inspections", "selection", "targeted")
    spot["propensity"] = np.where(aimed, 0.2, 0.01)
    spot["lab"] = draw.integers(0, 2, rows)
    failed = spot["result"] == code("inspections", "result", "fail")
    defect = random_codes(draw, "inspections", "defect", {"finish": 0.5, "function": 0.5}, rows)
    spot["defect"] = np.where(failed, defect, -1)
    return concat(
        [spot, _warehouse(shops, trade, must), _before_live(shops, found), _promises(shops, trade)]
    )


def _warehouse(shops: Shops, trade: Trade, must: Array) -> Table:
    """Return inspections of orders that must be inspected before they are shipped."""
    draw = shops.stream("warehouse")
    at = np.flatnonzero(must & (trade.shipped != MISSING))
    shop = trade.shop[at]
    done = (
        draw.random(len(at)) >= np.nan_to_num(shops.rate("warehouse_inspection_bypass_rate"))[shop]
    )
    at, shop = at[done], shop[done]
    before = later(trade.shipped[at], -0.1 - 2.0 * draw.random(len(at)))
    passed = _row(shops, shop, before, "warehouse", np.zeros(len(at), np.bool_))
    passed["order_id"] = trade.order[at]
    # A unit that fails is replaced by one that passes.
    rate = np.clip(np.nan_to_num(shops.rate("warehouse_inspection_fail_rate")), 0.0, 0.9)
    bad = np.flatnonzero(draw.random(len(at)) < (rate / (1.0 - rate))[shop])
    failed = _row(shops, shop[bad], before[bad] - HOUR, "warehouse", np.ones(len(bad), np.bool_))
    failed["order_id"] = trade.order[at[bad]]
    failed["defect"] = np.full(len(bad), code("inspections", "defect", "finish"))
    return concat([passed, failed])


def _before_live(shops: Shops, found: Broadcasts) -> Table:
    draw = shops.stream("before live")
    at = np.repeat(
        np.arange(found.rows), np.where(found.brief, 0, draw.poisson(PRE_LIVE, found.rows))
    )
    shop = found.shop[at]
    failed = draw.random(len(at)) >= np.nan_to_num(shops.rate("pre_live_review_pass_rate"))[shop]
    moment = found.table["started_at"][at] - draw.integers(3600, 20 * 3600, len(at)) * SECOND
    table = _row(shops, shop, moment, "pre_live", failed)
    table["session_id"] = found.table["session_id"][at]
    # Some cannot be judged, and do not count.
    unclear = np.flatnonzero(draw.random(len(at)) < 0.02)
    more = take(table, unclear)
    more["inspection_id"] = shops.market.number("inspection", len(unclear))
    more["result"] = np.full(len(unclear), code("inspections", "result", "unclear"))
    return concat([table, more])


def _promises(shops: Shops, trade: Trade) -> Table:
    draw = shops.stream("promises")
    live = trade.channel == code("orders", "channel", "live")
    at = np.flatnonzero(live & trade.plain & (trade.delivered != MISSING))
    at = at[draw.random(len(at)) < PROMISES]
    shop = trade.shop[at]
    broken = draw.random(len(at)) >= np.nan_to_num(shops.rate("live_promise_kept_rate"))[shop]
    table = _row(shops, shop, later(trade.delivered[at], 24.0), "promise", broken)
    table["order_id"] = trade.order[at]
    table["item_id"] = trade.item[at]
    return table
