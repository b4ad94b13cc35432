"""Verdicts of people: findings and penalties, with those that were cleared or undone."""

from __future__ import annotations

import numpy as np

from trustscore.simulate.logs.buyers import item_number
from trustscore.simulate.logs.clock import DAY, HOUR, SECOND, later
from trustscore.simulate.logs.columns import MISSING, PREFIX, Table, code, concat
from trustscore.simulate.logs.live import TOPICS, Broadcasts
from trustscore.simulate.logs.market import Shops
from trustscore.simulate.logs.trade import SHIPS, Trade
from trustscore.typing import Array

__all__ = ["findings", "violations"]

# Of orders that are what they seem, those that were suspected of brushing and cleared.
SUSPECTED_ORDERS = 0.001


def _finding(
    shops: Shops, shop: Array, moment: Array, kind: str, subject: Array, topic: str
) -> Table:
    rows = len(shop)
    prefix = {
        "live_session": "session_id",
        "order": "order_id",
        "item": "item_id",
        "review": "review_id",
        "chat": "chat_id",
    }[kind]
    names = np.full(rows, None, dtype=object)
    names[:] = [f"{PREFIX[prefix]}{number}" for number in subject.tolist()]
    return {
        "finding_id": shops.market.number("finding", rows),
        "merchant_id": shop + shops.first,
        "subject_kind": np.full(rows, code("findings", "subject_kind", kind)),
        "subject_id": names,
        "topic": np.full(rows, code("findings", "topic", topic)),
        "status": np.full(rows, code("findings", "status", "confirmed")),
        "found_at": moment,
        "decided_at": later(moment, 3.0),
        "source": np.full(rows, code("findings", "source", "desk")),
        "score": np.full(rows, np.nan),
        "appeal": np.full(rows, -1, np.int64),
    }


def _beside(shops: Shops, table: Table) -> Table:
    """Return verdicts on other things of the kind that do not hold."""
    draw, decoys = shops.stream(f"beside {int(table['topic'][0])}"), shops.market.decoys
    rows = len(table["status"])
    chance = draw.random(rows)
    cleared = chance < decoys["cleared"]
    pending = ~cleared & (chance < decoys["cleared"] + decoys["pending_appeal"])
    table["status"][cleared] = code("findings", "status", "cleared")
    table["appeal"][pending] = code("findings", "appeal", "pending")
    return {name: values[cleared | pending] for name, values in table.items()}


def findings(
    shops: Shops, trade: Trade, found: Broadcasts, chats: Table, reviews: Table, bought: Array
) -> Table:
    """Return the log of findings that people made."""
    draw, market = shops.stream("findings"), shops.market
    parts = []

    def judge(
        shop: Array, moment: Array, kind: str, subject: Array, topic: str, hit: Array
    ) -> None:
        at = np.flatnonzero(hit)
        wait = later(moment[at], 3.0 + draw.exponential(16.0, len(at)))
        parts.append(_finding(shops, shop[at], wait, kind, subject[at], topic))
        free = np.flatnonzero(~hit)
        if len(free) and len(at):
            other = draw.choice(free, min(len(at), len(free)), replace=False)
            wait = later(moment[other], 3.0 + draw.exponential(16.0, len(other)))
            parts.append(
                _beside(shops, _finding(shops, shop[other], wait, kind, subject[other], topic))
            )

    session = found.table["session_id"]
    for topic, signal in TOPICS.items():
        rate = np.nan_to_num(shops.rate(signal))[found.shop]
        if topic == "false_claim":
            crowd = np.nan_to_num(shops.rate("crowd_false_claim_rate"))[found.shop]
            # A person confirms a part of what is really claimed.
            rate = np.where(found.false, rate / np.maximum(np.maximum(crowd, rate), 1e-9), 0.0)
        hit = ~found.brief & (draw.random(found.rows) < rate)
        judge(found.shop, found.table["ended_at"], "live_session", session, topic, hit)
    shop = chats["merchant_id"] - shops.first
    hit = draw.random(len(shop)) < shops.rate("im_abuse_rate")[shop]
    judge(shop, chats["closed_at"], "chat", chats["chat_id"], "chat_abuse", hit)
    sent = np.flatnonzero((trade.fate == SHIPS) & trade.plain)
    hit = draw.random(len(sent)) < shops.rate("fake_shipment_rate")[trade.shop[sent]]
    delivered = trade.delivered[sent]
    judge(trade.shop[sent], delivered, "order", trade.order[sent], "fake_shipment", hit)
    honest = np.flatnonzero(trade.plain)
    seen = honest[draw.random(len(honest)) < SUSPECTED_ORDERS * (market.decoys["cleared"] > 0)]
    table = _finding(
        shops,
        trade.shop[seen],
        later(trade.paid[seen], 1.0, DAY),
        "order",
        trade.order[seen],
        "brushing",
    )
    table["status"][:] = code("findings", "status", "cleared")
    parts.append(table)
    flagged = np.flatnonzero(bought == 1)
    parts.append(
        _finding(
            shops,
            reviews["merchant_id"][flagged] - shops.first,
            later(reviews["created_at"][flagged], 2.0 + draw.exponential(10.0, len(flagged))),
            "review",
            reviews["review_id"][flagged],
            "incentivised",
        )
    )
    parts.append(_items(shops, "quality_problem", "quality_problem_item_order_share"))
    parts.append(_items(shops, "material_mismatch", "material_mismatch_order_share"))
    return concat(parts)


def _items(shops: Shops, topic: str, signal: str) -> Table:
    """Judge the items that sell least until they make the true share of the orders."""
    draw = shops.stream(topic)
    items = np.maximum(shops.volume("items_listed"), 1.0)
    # An item's place is the square of a uniform draw; second lines of orders take any item.
    share = np.clip(shops.rate(signal) / 1.3, 0.0, 1.0)
    exact = items * (1.0 - (1.0 - share) ** 2)
    bad = np.floor(exact + draw.random(shops.rows)).astype(np.int64)
    shop = np.repeat(np.arange(shops.rows), bad)
    place = np.arange(len(shop)) - np.repeat(np.cumsum(bad) - bad, bad)
    at = items[shop].astype(np.int64) - 1 - place
    opened = shops.market.midnights[np.minimum(shops.opening[shop] + 1, shops.market.days - 1)]
    moment = opened + draw.integers(0, 12 * 3600, len(shop)) * SECOND
    return _finding(shops, shop, moment, "item", item_number(shops, shop, at), topic)


def violations(shops: Shops) -> Table:
    """Return the log of penalties and incidents, as many as are true of each merchant."""
    draw, market = shops.stream("violations"), shops.market
    parts = []

    def add(kind: str, counts: Array, points: Array | None = None) -> Table:
        shop = np.repeat(
            np.arange(shops.rows), np.maximum(np.nan_to_num(counts), 0).astype(np.int64)
        )
        rows = len(shop)
        span = (market.cut - 2 * DAY - np.maximum(market.first, market.cut - 360 * DAY)) // HOUR
        moment = market.cut - 2 * DAY - draw.integers(0, max(span, 1), rows) * HOUR
        table: Table = {
            "violation_id": market.number("violation", rows),
            "merchant_id": shop + shops.first,
            "decided_at": moment,
            "kind": np.full(rows, code("violations", "kind", kind)),
            "points": np.full(rows, np.nan) if points is None else points,
            "severity": draw.integers(0, 2, rows),
            "rule": draw.integers(0, 3, rows),
            "revoked_at": np.full(rows, MISSING),
            "appeal": np.full(rows, -1, np.int64),
        }
        parts.append(table)
        return table

    total = np.nan_to_num(shops.rate("violation_points"))
    # Two points at a time, and what is left.
    whole = np.floor(total / 2).astype(np.int64)
    rest = total - 2 * whole
    add("rule", whole, np.full(int(whole.sum()), 2.0))
    add("rule", rest > 0, rest[rest > 0])
    add("regulator_penalty", shops.rate("regulator_penalty_count"))
    add("regulator_sample", shops.rate("regulator_quality_failure_flag") > 0.5)
    add("safety", shops.rate("safety_incident_flag") > 0.5)
    add("privacy", shops.rate("privacy_leak_flag") > 0.5)
    undone = draw.random(shops.rows) < market.decoys["overturned_appeal"]
    table = add("rule", undone, np.full(int(undone.sum()), 6.0))
    half = draw.random(len(table["points"])) < 0.5
    table["revoked_at"] = np.where(half, table["decided_at"] + DAY, MISSING)
    table["appeal"][~half] = code("violations", "appeal", "overturned")
    return concat(parts)
