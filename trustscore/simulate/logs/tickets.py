"""Tickets and claims: matters put to the platform, to right holders, outside, and guarantees."""

from __future__ import annotations

import numpy as np

from trustscore.simulate.logs.clock import DAY, HOUR, later
from trustscore.simulate.logs.columns import MISSING, Table, code, concat, random_codes
from trustscore.simulate.logs.market import Shops
from trustscore.simulate.logs.trade import SHIPS, Trade
from trustscore.typing import Array

__all__ = ["claims", "tickets"]

# Tickets to the platform for each order, complaints and disputes among them.
USUAL = 0.03
INVOICES = 0.03
VOICES = 0.005
GUARANTEE = 0.01
ADVANCES = 0.002
SLOW_REVIEWS = 0.8  # of the feedback on delivery, the part that stands in reviews
STEPS_IN = 0.4  # of the platform's interventions, those by ticket


class _Desk:
    """Where tickets of a group are written."""

    def __init__(self, shops: Shops, trade: Trade) -> None:
        self.shops, self.trade = shops, trade
        self.draw = shops.stream("tickets")
        self.plain = np.flatnonzero(trade.plain)
        self.parts: list[Table] = []

    def orders(self, rate: Array, of: Array | None = None) -> Array:
        """Draw the orders about which there is a ticket."""
        among = self.plain if of is None else of
        return among[self.draw.random(len(among)) < np.minimum(rate, 1.0)[self.trade.shop[among]]]

    def add(self, at: Array, channel: str, kind: str, topic: str, days: float) -> Table:
        """Open a ticket on each of these orders, some days after the payment."""
        rows, trade = len(at), self.trade
        word = {"channel": channel, "kind": kind, "topic": topic}
        opened = later(trade.paid[at], 0.2 + self.draw.exponential(days, rows), DAY)
        table: Table = {
            "ticket_id": self.shops.market.number("ticket", rows),
            "merchant_id": trade.shop[at] + self.shops.first,
            "opened_at": opened,
            **{c: np.full(rows, code("tickets", c, w) if w else -1) for c, w in word.items()},
            "order_id": trade.order[at],
            "item_id": trade.item[at],
            "buyer_id": trade.buyer[at],
        }
        for name in ("withdrawn", "responded", "stepped_in", "resolved", "decided"):
            table[f"{name}_at"] = np.full(rows, MISSING)
        table["respond_by"] = np.full(rows, MISSING)
        for name in ("outcome", "fault", "appeal"):
            table[name] = np.full(rows, -1, np.int64)
        self.parts.append(table)
        return table

    def answer(self, table: Table, due: Array) -> None:
        """Set a deadline on some tickets, which merchants keep as is true of them."""
        shop = table["merchant_id"] - self.shops.first
        rows = len(shop)
        by = later(table["opened_at"], 24.0)
        late = self.draw.random(rows) < self.shops.rate("platform_ticket_overdue_rate")[shop]
        share = np.where(late, 1.05 + self.draw.random(rows), 0.05 + 0.9 * self.draw.random(rows))
        answered = later(table["opened_at"], 24.0 * share)
        silent = late & (self.draw.random(rows) < 0.3)
        table["respond_by"][due] = by[due]
        table["responded_at"] = np.where(silent, MISSING, answered)

    def close(self, table: Table) -> None:
        """Resolve tickets within 72 hours as often as is true of the merchant."""
        shop = table["merchant_id"] - self.shops.first
        rows = len(shop)
        fast = self.draw.random(rows) < self.shops.rate("resolved_72h_rate")[shop]
        step = self.draw.random(rows)
        hours = np.where(fast, 1.0 + 70.9 * step**2, 73.0 + 200.0 * step)
        never = ~fast & (self.draw.random(rows) < 0.2)
        table["resolved_at"] = np.where(never, MISSING, later(table["opened_at"], hours))

    def decide(self, table: Table, days: float, outcome: str, fault: str = "") -> None:
        """Decide tickets, and add verdicts that do not hold."""
        rows = len(table["ticket_id"])
        table["decided_at"] = later(
            table["opened_at"], 1.0 + self.draw.exponential(days, rows), DAY
        )
        table["outcome"][:] = code("tickets", "outcome", outcome)
        if fault:
            table["fault"][:] = code("tickets", "fault", fault)

    def appealed(self, table: Table, again: Array) -> None:
        """Let appeals of some tickets be pending or won: none of these counts."""
        chance = self.draw.random(len(again))
        pending = again & (chance < 0.5)
        table["appeal"][pending] = code("tickets", "appeal", "pending")
        table["appeal"][again & ~pending] = code("tickets", "appeal", "overturned")


def tickets(shops: Shops, trade: Trade) -> Table:
    """Return the log of tickets."""
    desk = _Desk(shops, trade)
    draw, decoys = desk.draw, shops.market.decoys
    # Beside each verdict that holds, some that an appeal holds up or has undone.
    beside = 1.0 + decoys["pending_appeal"] + decoys["overturned_appeal"]
    complaints = desk.add(
        desk.orders(shops.rate("complaint_rate") * (1.0 + decoys["withdrawn"] * 10)),
        "platform", "complaint", "service", 6.0,
    )  # fmt: skip
    back = draw.random(len(complaints["ticket_id"])) < decoys["withdrawn"] * 10
    complaints["withdrawn_at"][back] = later(complaints["opened_at"], 5.0)[back]
    disputes = desk.add(
        desk.orders(shops.rate("dispute_seller_fault_rate") * beside * 2.0),
        "platform", "dispute", "quality", 8.0,
    )  # fmt: skip
    desk.decide(disputes, 6.0, "settled")
    lost = draw.random(len(disputes["ticket_id"])) < 0.5
    disputes["fault"] = np.where(
        lost, code("tickets", "fault", "merchant"), code("tickets", "fault", "buyer")
    )
    desk.appealed(disputes, lost & (draw.random(len(lost)) < 1.0 - 1.0 / beside))
    stepped = desk.add(
        desk.orders(shops.rate("platform_intervention_rate") * STEPS_IN),
        "platform", "help", "service", 6.0,
    )  # fmt: skip
    stepped["stepped_in_at"] = later(
        stepped["opened_at"], 1.0 + draw.random(len(stepped["fault"])), DAY
    )
    slow = desk.add(
        desk.orders(shops.rate("logistics_negative_feedback_rate") * (1 - SLOW_REVIEWS)),
        "platform", "help", "logistics", 4.0,
    )  # fmt: skip
    issues = desk.add(desk.orders(np.full(shops.rows, USUAL)), "platform", "issue", "other", 7.0)
    for table in (complaints, disputes, stepped, slow, issues):
        desk.answer(table, draw.random(len(table["ticket_id"])) < 0.4)
        desk.close(table)
    _invoices(desk)
    _counterfeits(desk, beside)
    _outside(desk)
    voices = desk.add(desk.orders(np.full(shops.rows, VOICES)), "voice", "issue", "quality", 8.0)
    shop = voices["merchant_id"] - shops.first
    late = draw.random(len(shop)) < shops.rate("user_voice_overdue_rate")[shop]
    days = np.where(late, 7.5 + draw.exponential(8.0, len(shop)), 6.9 * draw.random(len(shop)))
    voices["resolved_at"] = later(voices["opened_at"], days, DAY)
    return concat([*desk.parts, _notices(shops, beside)])


def _invoices(desk: _Desk) -> None:
    shops, draw = desk.shops, desk.draw
    table = desk.add(
        desk.orders(np.full(shops.rows, INVOICES)), "platform", "invoice", "other", 3.0
    )
    rows = len(table["ticket_id"])
    desk.answer(table, np.ones(rows, np.bool_))
    table["respond_by"] = later(table["opened_at"], 24.0)
    shop = table["merchant_id"] - shops.first
    good = draw.random(rows) < shops.rate("invoice_on_time_rate")[shop]
    step = draw.random(rows)
    table["resolved_at"] = later(table["opened_at"], np.where(good, 23.9 * step, 24.5 + 90 * step))


def _counterfeits(desk: _Desk, beside: float) -> None:
    shops, trade = desk.shops, desk.trade
    there = desk.plain[trade.delivered[desk.plain] != MISSING]
    rate = shops.rate("counterfeit_complaint_upheld_rate") * beside
    table = desk.add(desk.orders(rate, there), "platform", "issue", "counterfeit", 9.0)
    desk.decide(table, 5.0, "upheld", "merchant")
    held = desk.draw.random(len(table["ticket_id"])) < 1.0 - 1.0 / beside
    desk.appealed(table, held)
    # As many are rejected.
    table = desk.add(desk.orders(rate, there), "platform", "issue", "counterfeit", 9.0)
    desk.decide(table, 5.0, "rejected")


def _outside(desk: _Desk) -> None:
    shops, draw = desk.shops, desk.draw
    table = desk.add(
        desk.orders(shops.rate("external_complaint_rate")), "external", "complaint", "service", 12.0
    )
    shop = table["merchant_id"] - shops.first
    done = (
        draw.random(len(shop))
        < np.minimum(shops.rate("external_complaint_resolution_rate"), 1)[shop]
    )
    days = 2.0 + draw.exponential(10.0, len(shop))
    table["resolved_at"] = np.where(done, later(table["opened_at"], days, DAY), MISSING)


def _notices(shops: Shops, beside: float) -> Table:
    """Return the notices of right holders on items."""
    draw = shops.stream("notices")
    listed = shops.volume("items_listed_365d")
    a_day = shops.rate("ip_infringement_upheld_rate") * listed / 365.0 * beside
    shop, day = shops.events("ip notices", a_day)
    rows = len(shop)
    opened = shops.market.midnights[day] + (draw.random(rows) * 20 * HOUR).astype(np.int64)
    opened = opened // 1_000_000 * 1_000_000
    appeal = np.full(rows, -1, np.int64)
    held = draw.random(rows) < 1.0 - 1.0 / beside
    appeal[held] = code("tickets", "appeal", "pending")
    # Notices that concern one item twice are one; few items get two.
    item = (shop + shops.first) * 1_000_000 + 500_000 + np.arange(rows)
    return {
        "ticket_id": shops.market.number("ticket", rows),
        "merchant_id": shop + shops.first,
        "opened_at": opened,
        "channel": np.full(rows, code("tickets", "channel", "rights_holder")),
        "kind": np.full(rows, code("tickets", "kind", "ip")),
        "topic": np.full(rows, code("tickets", "topic", "other")),
        "item_id": item,
        "decided_at": later(opened, 1.0 + draw.exponential(4.0, rows), DAY),
        "outcome": np.full(rows, code("tickets", "outcome", "upheld")),
        "appeal": appeal,
    }


def claims(shops: Shops, trade: Trade) -> Table:
    """Return the log of guarantee claims and compensations."""
    draw = shops.stream("claims")
    plain = np.flatnonzero(trade.plain)
    shop = trade.shop[plain]

    def row(at: Array, kind: str, claimed: Array) -> Table:
        rows = len(at)
        return {
            "claim_id": shops.market.number("claim", rows),
            "merchant_id": trade.shop[at] + shops.first,
            "order_id": trade.order[at],
            "claimed_at": claimed,
            "kind": np.full(rows, code("claims", "kind", kind)),
            "due_at": later(claimed, 48.0),
            "paid_at": later(claimed, 1.0 + 46.0 * draw.random(rows)),
            "paid_by": np.full(rows, code("claims", "paid_by", "merchant")),
            "amount": np.round(trade.amount[at] * 0.3, 2),
            "recovered": np.full(rows, np.nan),
            "rejected_at": np.full(rows, MISSING),
            "ruled_valid": np.full(rows, -1, np.int64),
        }

    at = plain[draw.random(len(plain)) < GUARANTEE]
    guarantee = row(
        at, "guarantee", later(trade.paid[at], 2.0 + draw.exponential(9.0, len(at)), DAY)
    )
    guarantee["right"] = random_codes(
        draw, "claims", "right", {"genuine": 0.2, "returns": 0.6, "freight": 0.2}, len(at)
    )
    broken = draw.random(len(at)) < shops.rate("guarantee_breach_rate")[trade.shop[at]]
    by_platform = broken & (draw.random(len(at)) < 0.5)
    overdue = later(guarantee["claimed_at"], 49.0 + draw.exponential(40.0, len(at)))
    guarantee["paid_at"] = np.where(broken, overdue, guarantee["paid_at"])
    guarantee["paid_by"][by_platform] = code("claims", "paid_by", "platform")
    # The merchant pays the platform back, so that advances below are all that is lost.
    guarantee["recovered"][by_platform] = guarantee["amount"][by_platform]
    late = (trade.scanned > trade.due)[plain]
    goes = np.bincount(trade.shop[plain[trade.fate[plain] == SHIPS]], minlength=shops.rows)
    sent = np.maximum(goes / np.maximum(trade.a_shop(shops), 1), 0.1)
    kept = np.clip(shops.rate("pickup_on_time_rate"), 0.0, 1.0)
    wanted = shops.rate("late_ship_compensation_rate")
    of_late = np.minimum(wanted / np.maximum((1.0 - kept) * sent, 1e-6), 1.0)
    of_others = np.maximum(wanted - (1.0 - kept) * sent, 0.0)
    at = plain[draw.random(len(plain)) < np.where(late, of_late[shop], of_others[shop])]
    slow = row(at, "late_ship", np.maximum(trade.due[at], trade.paid[at]) + HOUR)
    # Few, and as large as the true ratio of advances and sales asks.
    at = plain[draw.random(len(plain)) < ADVANCES]
    paid = row(at, "advance", later(trade.paid[at], 4.0 + draw.exponential(6.0, len(at)), DAY))
    paid["paid_by"][:] = code("claims", "paid_by", "platform")
    ratio = shops.rate("protection_fund_payout_ratio")[trade.shop[at]]
    paid["amount"] = np.round(trade.amount[at] * ratio / ADVANCES, 4)
    return concat([guarantee, slow, paid])
