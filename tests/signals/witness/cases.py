"""Cases between buyer and merchant, claims and payouts."""

from __future__ import annotations

from typing import Any

from tests.signals.witness.book import DAY, HOUR, Row, mean
from tests.signals.witness.orders import Shop

LOGISTICS = {"late", "wrong_item", "missing_item", "empty_parcel", "lost"}


def cases(shop: Shop, shops: dict[str, Shop]) -> dict[str, Any]:
    """Return the columns of after-sales cases and of claims."""
    book = shop.book
    cut, last30, last90 = book.cut, book.window(30), book.window(90)
    out: dict[str, Any] = {}
    matured = shop.valid("paid_at", 30, 15)
    out["logistics_fault_return_orders"] = sum(
        shop.first_reason(o, LOGISTICS, 15 * DAY, "paid_at")
        and any(
            c["refunded_at"] is not None
            or c["fault"] == "merchant"
            or (c["type"] == "compensation" and c["approved_at"] is not None)
            for c in shop.cases[o["order_id"]]
        )
        for o in matured
    )
    out["damaged_return_orders"] = sum(
        shop.first_reason(o, {"damaged"}, 15 * DAY, "paid_at") for o in matured
    )
    rows = [c for c in shop.rows("aftersales") if shop.counts(c["order_id"])]

    def decided(case: Row) -> int | None:
        times = [t for t in (case["approved_at"], case["refused_at"]) if t is not None]
        return min(times) if times else None

    hours = []
    for case in rows:
        if case["type"] not in ("refund", "return_refund"):
            continue
        end = decided(case)
        # A case whose money is back is open no more.
        open_still = end is None and case["withdrawn_at"] is None and case["refunded_at"] is None
        late = open_still and case["opened_at"] < cut - 48 * HOUR
        if late or last30(end):
            start = book.waking(case["opened_at"], "23:00", "08:00")
            hours.append(min(max((cut if end is None else end) - start, 0) / HOUR, 168.0))
    out["refunds_completed"] = len(hours)
    out["aftersales_review_hours_mean"] = mean(hours)
    hours = []
    for case in rows:
        back, end = case["goods_back_at"], case["refunded_at"]
        if case["type"] != "return_refund" or back is None:
            continue
        late = end is None and case["withdrawn_at"] is None and back < cut - 72 * HOUR
        ruled = case["ruled_at"] is not None and end is not None and end > case["ruled_at"]
        if late or (last30(end) and not ruled):
            hours.append(min(max((cut if end is None else end) - back, 0) / HOUR, 240.0))
    out["returns_completed"] = len(hours)
    out["return_refund_hours_mean"] = mean(hours)

    asked = [
        c
        for c in rows
        if last30(c["opened_at"])
        and not (c["withdrawn_at"] is not None and c["withdrawn_at"] < c["opened_at"] + HOUR)
    ]
    out["aftersales_requests"] = len({c["order_id"] for c in asked})
    out["aftersales_refused_unreasonable"] = len(
        {
            c["order_id"]
            for c in asked
            if c["refused_at"] is not None
            and (c["refusal_ground"] == "none" or c["fault"] == "merchant")
        }
    )
    quarrels: dict[str, list[int]] = {}
    for ticket in shop.rows("tickets"):
        if ticket["channel"] == "platform" and ticket["kind"] in ("dispute", "complaint"):
            quarrels.setdefault(ticket["order_id"], []).append(ticket["opened_at"])
    help_cases = [c for c in rows if last30(c["opened_at"]) or last30(c["escalated_at"])]
    out["merchant_help_orders"] = len({c["order_id"] for c in help_cases})
    out["platform_escalated_orders"] = len(
        {
            c["order_id"]
            for c in help_cases
            if c["escalated_at"] is not None
            or any(t >= c["opened_at"] for t in quarrels.get(c["order_id"], []))
        }
    )
    rated = [c for c in rows if c["rating"] is not None and last30(c["rated_at"])]
    out["aftersales_rated"] = len(rated)
    out["aftersales_satisfied"] = sum(c["rating"] >= 4 for c in rated)

    promised = []
    payouts = 0.0
    unpaid = 0
    for claim in shop.rows("claims"):
        if claim["paid_by"] == "platform" and last90(claim["paid_at"]):
            payouts += (claim["amount"] or 0.0) - (claim["recovered"] or 0.0)
        if claim["kind"] != "guarantee":
            continue
        due = claim["due_at"]
        unpaid += (
            due is not None
            and due < cut
            and claim["paid_at"] is None
            and claim["rejected_at"] is None
        )
        if due is None:
            due = claim["claimed_at"] + 48 * HOUR
        wrongly = claim["rejected_at"] is not None and bool(claim["ruled_valid"])
        if last90(due) and (claim["rejected_at"] is None or wrongly):
            late = claim["paid_at"] is None or claim["paid_at"] > due
            promised.append(late or claim["paid_by"] == "platform" or wrongly)
    out["guarantee_claims_90d"] = len(promised)
    out["guarantee_claims_breached_90d"] = sum(promised)
    out["claims_unpaid"] = unpaid
    sales = sum(o["amount"] or 0.0 for o in shop.valid("paid_at", 90))
    out["protection_fund_payout_ratio"] = payouts / sales if sales else None
    return out
