"""Cases that buyers open with the merchant, with the history of their reasons."""

from __future__ import annotations

import numpy as np

from trustscore.simulate.logs.clock import DAY, HOUR, MINUTE, SECOND, later, lognormal, start
from trustscore.simulate.logs.columns import MISSING, Table, code, concat, random_codes
from trustscore.simulate.logs.market import Shops
from trustscore.simulate.logs.trade import REFUNDED_AT_ONCE, Trade
from trustscore.simulate.market import CATEGORIES
from trustscore.typing import Array

__all__ = ["RULINGS", "cases"]

# What a case is about. Of the first four a signal counts the orders.
QUALITY, DIFFERENT, LOGISTICS, DAMAGED, MIND = range(5)
# What fails later is drawn apart.
QUALITY_WORDS = {"quality": 0.76, "material": 0.22, "counterfeit": 0.02}
LOGISTICS_WORDS = {"late": 0.5, "missing_item": 0.35, "lost": 0.1, "wrong_item": 0.05}
MIND_WORDS = {
    "changed_mind": 0.5,
    "no_longer_wanted": 0.2,
    "size": 0.2,
    "price": 0.05,
    "other": 0.05,
}
# Returns of an ordinary merchant, by category; the true ratio of a merchant multiplies them.
RETURNS = {"apparel": 0.085, "jewellery": 0.07, "fresh_food": 0.035, "snacks": 0.035}
USUAL_RETURNS = 0.05
# Of the orders that the platform intervenes in, those where it rules on a case.
RULINGS = 0.6
MAIL_HOURS = 60.0
FULL = 0.9


def _chances(shops: Shops, live: Array, shop: Array) -> list[Array]:
    """Return the chance of each matter for each delivered order."""
    sent = 1.0 - shops.rate("seller_cancel_rate") - shops.rate("pre_ship_refund_rate")
    sent = np.maximum(sent, 0.2)
    quality = shops.rate("quality_return_rate")
    matters = [
        quality,
        shops.rate("description_mismatch_rate"),
        shops.rate("logistics_fault_return_rate") / sent,
        shops.rate("damaged_return_rate") / sent,
    ]
    usual = np.array([RETURNS.get(name, USUAL_RETURNS) for name in CATEGORIES])
    all_returns = shops.rate("return_rate_vs_category") * usual[shops.of(shops.market.category)]
    ratio = shops.rate("live_vs_shelf_return_ratio")
    ratio = np.where(np.isfinite(ratio) & shops.of(shops.market.live), ratio, 1.0)
    shelf = all_returns / (0.45 * ratio + 0.55)
    wanted = np.where(live, (shelf * ratio)[shop], shelf[shop])
    stated = [matter[shop] for matter in matters]
    rest = np.clip(wanted - sum(stated), 0.0, 0.5)
    return [*stated, rest]


def cases(shops: Shops, trade: Trade) -> Table:
    """Return the log of cases, and note which orders were refunded in full."""
    draw, market = shops.stream("cases"), shops.market
    there = np.flatnonzero(trade.delivered != MISSING)
    shop = trade.shop[there]
    live = trade.channel[there] == code("orders", "channel", "live")
    ends = np.cumsum(_chances(shops, live, shop), axis=0)
    at = draw.random(len(there))
    matter = (at[None, :] >= ends).sum(axis=0)
    has = matter <= MIND
    chosen, matter = there[has], matter[has]
    shop, rows = trade.shop[chosen], len(chosen)
    delivered, paid = trade.delivered[chosen], trade.paid[chosen]
    days = np.minimum(draw.exponential(3.0, rows), 14.5)
    # Perishables spoil within two days; the true rate of others weighs nothing.
    fresh = shops.of(market.category)[shop] == list(CATEGORIES).index("fresh_food")
    spoils = shops.rate("spoilage_rate") / np.maximum(shops.rate("quality_return_rate"), 1e-9)
    spoilt = (matter == QUALITY) & fresh & (draw.random(rows) < spoils[shop])
    days[spoilt] = draw.random(int(spoilt.sum())) * 1.9
    opened = later(delivered, days, DAY)
    # Those two are counted from the payment.
    from_paid = (matter == LOGISTICS) | (matter == DAMAGED)
    latest = np.maximum(paid + 14 * DAY + 12 * HOUR, paid + SECOND)
    opened = np.where(from_paid, np.minimum(opened, latest), opened)
    reason = np.full(rows, -1, np.int64)
    for which, words in (
        (QUALITY, QUALITY_WORDS),
        (LOGISTICS, LOGISTICS_WORDS),
        (MIND, MIND_WORDS),
    ):
        here = matter == which
        reason[here] = random_codes(draw, "aftersales", "reason", words, int(here.sum()))
    reason[matter == DIFFERENT] = code("aftersales", "reason", "not_as_described")
    reason[matter == DAMAGED] = code("aftersales", "reason", "damaged")
    allergic = shops.rate("allergy_return_rate") / np.maximum(
        shops.rate("quality_return_rate"), 1e-9
    )
    sore = (matter == QUALITY) & ~spoilt & (draw.random(rows) < allergic[shop])
    reason[sore] = code("aftersales", "reason", "allergy")
    reason[spoilt] = code("aftersales", "reason", "spoilage")
    first = reason.copy()
    moved = (matter != LOGISTICS) & (draw.random(rows) < market.decoys["reason_changed"])
    reason[moved] = code("aftersales", "reason", "changed_mind")
    first[~moved & (draw.random(rows) < market.decoys["reason_unknown"])] = -1
    kinds = {"return_refund": 0.62, "refund": 0.32, "exchange": 0.06}
    kind = random_codes(draw, "aftersales", "type", kinds, rows)
    kind[matter == LOGISTICS] = code("aftersales", "type", "refund")
    table = _handled(shops, trade, chosen, opened, kind, matter)
    table |= {"first_reason": first, "reason": reason}
    return concat(
        [
            _reopened(shops, table, matter),
            _withdrawn(shops, trade, there[~has], "withdrawn"),
            _withdrawn(shops, trade, there[~has], "buyer_fault"),
            _failures(shops, trade, there),
            _at_once(shops, trade),
        ]
    )


def _row(shops: Shops, trade: Trade, at: Array, opened: Array, kind: Array) -> Table:
    rows = len(at)
    blank = np.full(rows, MISSING)
    return {
        "merchant_id": trade.shop[at] + shops.first,
        "case_id": shops.market.number("case", rows),
        "order_id": trade.order[at],
        "opened_at": opened,
        "type": kind,
        "first_reason": np.full(rows, -1, np.int64),
        "reason": np.full(rows, -1, np.int64),
        "item_id": trade.item[at] if len(trade.item) else np.full(rows, -1, np.int64),
        "withdrawn_at": blank.copy(),
        "approved_at": blank.copy(),
        "refused_at": blank.copy(),
        "refusal_ground": np.full(rows, -1, np.int64),
        "goods_back_at": blank.copy(),
        "refunded_at": blank.copy(),
        "refund_amount": np.full(rows, np.nan),
        "full_refund": np.full(rows, -1, np.int64),
        "escalated_at": blank.copy(),
        "ruled_at": blank.copy(),
        "fault": np.full(rows, -1, np.int64),
        "rating": np.full(rows, -1, np.int64),
        "rated_at": blank.copy(),
    }


def _handled(
    shops: Shops, trade: Trade, at: Array, opened: Array, kind: Array, matter: Array
) -> Table:
    """Return cases as the merchant answers them."""
    draw, market = shops.stream("handled"), shops.market
    shop, rows = trade.shop[at], len(at)
    table = _row(shops, trade, at, opened, kind)
    answer = later(
        start(opened, 23, 8), lognormal(draw, shops.rate("aftersales_review_hours_mean")[shop])
    )
    # A settled case of logistics is never refused, so the others bear the true rate.
    settled = matter == LOGISTICS
    free = 1.0 - np.bincount(shop[settled], minlength=shops.rows) / np.maximum(
        np.bincount(shop, minlength=shops.rows), 1
    )
    others = _others(shops, trade, shop)
    unfair = shops.rate("aftersales_refusal_rate") * others / np.maximum(free, 0.1)
    unfair = np.clip(unfair, 0.0, 0.95)
    chance = draw.random(rows)
    refused = ~settled & (chance < unfair[shop])
    fair = ~settled & ~refused & (chance < unfair[shop] + market.decoys["refused"])
    table["refusal_ground"][refused] = code("aftersales", "refusal_ground", "none")
    grounds = {"misuse": 0.5, "expired": 0.2, "no_evidence": 0.3}
    table["refusal_ground"][fair] = random_codes(
        draw, "aftersales", "refusal_ground", grounds, int(fair.sum())
    )
    no = refused | fair
    table["refused_at"][no] = answer[no]
    table["approved_at"][~no] = answer[~no]
    goes_back = ~no & (kind == code("aftersales", "type", "return_refund"))
    back = later(answer, 20.0 + draw.exponential(MAIL_HOURS - 20.0, rows))
    table["goods_back_at"][goes_back] = back[goes_back]
    paid_back = later(back, lognormal(draw, shops.rate("return_refund_hours_mean")[shop]))
    soon = later(answer, draw.exponential(2.0, rows))
    pays = ~no & (kind != code("aftersales", "type", "exchange"))
    refunded = np.where(goes_back, paid_back, soon)
    table["refunded_at"][pays] = refunded[pays]
    full = pays & (draw.random(rows) < FULL)
    table["full_refund"][pays] = full[pays]
    part = np.where(full, 1.0, 0.2 + 0.6 * draw.random(rows))
    table["refund_amount"][pays] = np.round(trade.amount[at] * part, 2)[pays]
    trade.refunded[at] |= full
    calls = draw.random(rows) < (shops.rate("platform_help_rate") * others)[shop]
    table["escalated_at"][calls] = later(opened, 1.0 + draw.exponential(20.0, rows))[calls]
    a_case = np.bincount(shop, minlength=shops.rows) / np.maximum(trade.a_shop(shops), 1)
    ruling = RULINGS * shops.rate("platform_intervention_rate") - market.decoys["buyer_fault"]
    ruling = np.maximum(ruling, 0.0) / np.maximum(a_case, 1e-3)
    ruled = ~refused & (draw.random(rows) < np.minimum(ruling, 0.9)[shop])
    table["ruled_at"][ruled] = later(opened, 72.0 + draw.exponential(24.0, rows))[ruled]
    faults = {"platform": 0.2, "carrier": 0.4, "none": 0.4}
    table["fault"][ruled] = random_codes(draw, "aftersales", "fault", faults, int(ruled.sum()))
    rated = draw.random(rows) < 0.3
    good = draw.random(rows) < shops.rate("aftersales_satisfaction_rate")[shop]
    stars = np.where(good, draw.integers(4, 6, rows), draw.integers(1, 4, rows))
    table["rating"][rated] = stars[rated]
    table["rated_at"][rated] = later(answer, 4.0 + draw.exponential(24.0, rows))[rated]
    return table


def _others(shops: Shops, trade: Trade, shop: Array) -> Array:
    """Return how many cases there are in all for each of these: repairs, and those withdrawn."""
    delivered = np.bincount(trade.shop[trade.delivered != MISSING], minlength=shops.rows)
    share = np.bincount(shop, minlength=shops.rows) / np.maximum(delivered, 1)
    more = shops.rate("early_failure_rate") + shops.market.decoys["withdrawn"]
    return 1.0 + more / np.maximum(share, 0.02)


def _reopened(shops: Shops, table: Table, matter: Array) -> Table:
    """Withdraw some quality cases and open them anew: the first reason must still count."""
    draw = shops.stream("reopened")
    pick = np.flatnonzero(
        (matter == QUALITY)
        & (table["refused_at"] == MISSING)
        & (draw.random(len(matter)) < shops.market.decoys["reopened"])
    )
    again = {name: values[pick].copy() for name, values in table.items()}
    again["case_id"] = shops.market.number("case", len(pick))
    again["opened_at"] = table["opened_at"][pick] + 10 * MINUTE
    mind = code("aftersales", "reason", "changed_mind")
    again["first_reason"][:], again["reason"][:] = mind, mind
    for name in (
        "approved_at",
        "refunded_at",
        "goods_back_at",
        "escalated_at",
        "ruled_at",
        "rated_at",
    ):
        table[name][pick] = MISSING
    for name in ("fault", "rating", "full_refund"):
        table[name][pick] = -1
    table["refund_amount"][pick] = np.nan
    table["withdrawn_at"][pick] = table["opened_at"][pick] + 9 * MINUTE
    return concat([table, again])


def _withdrawn(shops: Shops, trade: Trade, free: Array, decoy: str) -> Table:
    """Add quality cases that do not count: withdrawn for good, or ruled the buyer's fault."""
    draw = shops.stream(decoy)
    pick = free[draw.random(len(free)) < shops.market.decoys[decoy]]
    rows = len(pick)
    opened = later(trade.delivered[pick], draw.random(rows) * 12.0, DAY)
    table = _row(shops, trade, pick, opened, np.full(rows, code("aftersales", "type", "refund")))
    table["first_reason"][:] = code("aftersales", "reason", "quality")
    table["reason"][:] = table["first_reason"]
    if decoy == "withdrawn":
        table["withdrawn_at"] = later(opened, 0.2 + draw.exponential(8.0, rows))
        return table
    table["refused_at"] = later(opened, draw.exponential(6.0, rows))
    table["refusal_ground"][:] = code("aftersales", "refusal_ground", "misuse")
    table["ruled_at"] = later(opened, 72.0 + draw.exponential(24.0, rows))
    table["fault"][:] = code("aftersales", "fault", "buyer")
    return table


def _failures(shops: Shops, trade: Trade, there: Array) -> Table:
    """Add repairs of goods that fail after the first two weeks."""
    draw = shops.stream("failures")
    pick = there[draw.random(len(there)) < shops.rate("early_failure_rate")[trade.shop[there]]]
    rows = len(pick)
    opened = later(trade.delivered[pick], 15.0 + draw.random(rows) * 14.9, DAY)
    table = _row(shops, trade, pick, opened, np.full(rows, code("aftersales", "type", "repair")))
    table["first_reason"][:] = code("aftersales", "reason", "malfunction")
    table["reason"][:] = table["first_reason"]
    table["approved_at"] = later(opened, draw.exponential(12.0, rows))
    return table


def _at_once(shops: Shops, trade: Trade) -> Table:
    """Add the refunds minutes after the payment."""
    draw = shops.stream("at_once")
    pick = np.flatnonzero(trade.fate == REFUNDED_AT_ONCE)
    rows = len(pick)
    opened = trade.paid[pick] + 30 * SECOND
    table = _row(shops, trade, pick, opened, np.full(rows, code("aftersales", "type", "refund")))
    table["first_reason"][:] = code("aftersales", "reason", "changed_mind")
    table["reason"][:] = table["first_reason"]
    table["approved_at"] = opened + 10 * SECOND
    table["refunded_at"] = opened + draw.integers(1, 8, rows) * MINUTE
    table["full_refund"][:] = 1
    table["refund_amount"] = trade.amount[pick]
    return table
