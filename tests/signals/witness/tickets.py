"""Matters put to the platform, to right holders' desks and outside."""

from __future__ import annotations

from typing import Any

from tests.signals.witness.book import DAY, HOUR, Row
from tests.signals.witness.orders import Shop, in_force


def matter(ticket: Row) -> tuple[Any, ...]:
    """Return what makes two complaints one: the buyer and the order, else the ticket."""
    if ticket["order_id"] is None:
        return ("ticket", ticket["ticket_id"])
    return (ticket["buyer_id"], ticket["order_id"])


def tickets(shop: Shop, shops: dict[str, Shop]) -> dict[str, Any]:
    """Return the columns of tickets."""
    book = shop.book
    last30, last90, year = book.window(30), book.window(90), book.window(365)
    rows = shop.rows("tickets")
    out: dict[str, Any] = {}
    upheld = [t for t in rows if t["outcome"] == "upheld" and in_force(t)]
    out["counterfeit_complaints_upheld_90d"] = len(
        {
            ("buyer", t["buyer_id"])
            if t["buyer_id"] is not None
            else ("order", t["order_id"])
            if t["order_id"] is not None
            else ("ticket", t["ticket_id"])
            for t in upheld
            if t["topic"] == "counterfeit" and last90(t["decided_at"])
        }
    )
    out["ip_complaints_upheld_365d"] = len(
        {
            t["item_id"] or ("ticket", t["ticket_id"])
            for t in upheld
            if t["channel"] == "rights_holder" and t["kind"] == "ip" and year(t["decided_at"])
        }
    )
    mine = [t for t in rows if shop.counts(t["order_id"])]
    inside = book.window(30, 3)
    opened = [
        t
        for t in mine
        if t["channel"] == "platform" and t["kind"] != "invoice" and inside(t["opened_at"])
    ]
    out["tickets_opened"] = len(opened)
    out["tickets_resolved_72h"] = sum(
        t["resolved_at"] is not None and t["resolved_at"] <= t["opened_at"] + 72 * HOUR
        for t in opened
    )
    asked = [t for t in mine if t["channel"] == "platform" and last30(t["respond_by"])]
    out["platform_tickets"] = len(asked)
    out["platform_tickets_overdue"] = sum(
        t["responded_at"] is None or t["responded_at"] > t["respond_by"] for t in asked
    )
    out["platform_intervened_orders_90d"] = len(
        {c["order_id"] for c in shop.rows("aftersales") if last90(c["ruled_at"])}
        | {t["order_id"] for t in rows if last90(t["stepped_in_at"])} - {None}
    )
    out["disputes_seller_fault_90d"] = len(
        {
            t["order_id"] or ("ticket", t["ticket_id"])
            for t in rows
            if t["kind"] == "dispute"
            and t["fault"] == "merchant"
            and last90(t["decided_at"])
            and in_force(t)
        }
    )
    complaints = {
        matter(t): t["buyer_id"]
        for t in rows
        if t["channel"] == "platform"
        and t["kind"] == "complaint"
        and last30(t["opened_at"])
        and (t["withdrawn_at"] is None or t["withdrawn_at"] >= t["opened_at"] + 24 * HOUR)
    }
    by_buyer: dict[Any, int] = {}
    for key, buyer in complaints.items():
        name = ("buyer", buyer) if buyer is not None else ("matter", key)
        by_buyer[name] = by_buyer.get(name, 0) + 1
    out["complaints"] = sum(min(n, 3) for n in by_buyer.values())
    invoices = [t for t in mine if t["kind"] == "invoice" and last90(t["respond_by"])]
    out["invoices_requested_90d"] = len(invoices)
    out["invoices_on_time_90d"] = sum(
        t["resolved_at"] is not None and t["resolved_at"] <= t["respond_by"] for t in invoices
    )
    outside = [t for t in rows if t["channel"] == "external"]
    out["external_complaints_90d"] = len({matter(t) for t in outside if last90(t["opened_at"])})
    out["external_complaints_resolved_90d"] = len(
        {matter(t) for t in outside if last90(t["resolved_at"])}
    )
    week = 7 * DAY
    voices = [
        t
        for t in mine
        if t["channel"] == "voice"
        and last90(t["opened_at"])
        and (t["resolved_at"] is not None or t["opened_at"] <= book.cut - week)
    ]
    out["voc_issues_90d"] = len(voices)
    out["voc_issues_overdue_90d"] = sum(
        t["resolved_at"] is None or t["resolved_at"] > t["opened_at"] + week for t in voices
    )
    return out
