"""Orders and their way to the buyer."""

from __future__ import annotations

from typing import Any

from tests.signals.witness.book import HOUR, Row, mean
from tests.signals.witness.orders import SELLER_CANCEL, Shop


def delivery(shop: Shop, shops: dict[str, Shop]) -> dict[str, Any]:
    """Return the columns of orders and delivery."""
    book = shop.book
    out: dict[str, Any] = {}
    paid = shop.valid("paid_at", 30)
    out["orders_paid"] = len(paid)
    out["orders_paid_lag15"] = len(shop.valid("paid_at", 30, 15))
    out["orders_paid_90d"] = len(shop.valid("paid_at", 90))
    last90 = book.window(90)
    out["orders_paid_all_90d"] = sum(last90(o["paid_at"]) for o in shop.orders.values())
    out["orders_seller_cancelled"] = sum(seller_cancelled(o) for o in paid)
    out["pre_ship_refund_orders"] = sum(
        not seller_cancelled(o) and undone_before_shipping(shop, o) for o in paid
    )
    out["orders_guaranteed"] = sum(bool(o["guaranteed"]) for o in paid)
    out["orders_instant_refund"] = sum(bool(o["instant_refund"]) for o in paid)
    out["orders_return_freight_covered"] = sum(bool(o["freight_covered"]) for o in paid)

    due = [
        o
        for o in shop.valid("pick_due", 30)
        if o["physical"] is not False
        and o["cancel_reason"] not in SELLER_CANCEL
        and not (
            o["cancelled_at"] is not None
            and o["cancelled_at"] < o["pick_due"]
            and o["cancel_party"] in ("buyer", "platform")
        )
    ]
    out["orders_due_pickup"] = len(due)
    out["orders_picked_up_on_time"] = sum(
        o["scanned_at"] is not None and o["scanned_at"] <= o["pick_due"] for o in due
    )
    picked = [o for o in shop.valid("scanned_at", 30) if o["scanned_at"] >= o["paid_at"]]
    out["orders_picked_up"] = len(picked)
    out["pickup_hours_mean"] = mean(pickup_hours(shop, o) for o in picked)

    shipped = shop.valid("shipped_at", 30)
    shipped90 = shop.valid("shipped_at", 90)
    out["orders_shipped"] = len(shipped)
    out["orders_shipped_90d"] = len(shipped90)
    owners = waybill_owners(shops)
    out["tracking_anomaly_orders"] = sum(anomalous(shop, o, owners) for o in shipped)
    young = book.cut - 48 * HOUR
    out["orders_with_valid_tracking"] = sum(
        all(
            p["waybill_id"] is not None
            and (
                p["first_scan_at"] is not None
                or (p["shipped_at"] is not None and p["shipped_at"] > young)
            )
            for p in shop.parcels[o["order_id"]]
        )
        for o in shipped
    )
    out["orders_masked_waybill"] = sum(
        all(p["masked"] for p in shop.parcels[o["order_id"]]) for o in shipped
    )
    out["fake_shipment_orders_90d"] = sum(
        shop.verdict("order", o["order_id"], "fake_shipment")
        or any(
            (c["first_reason"] or c["reason"]) in ("empty_parcel", "wrong_item")
            and c["fault"] == "merchant"
            for c in shop.cases.get(o["order_id"], [])
        )
        for o in shipped90
    )

    last30 = book.window(30)
    waybills = [
        (o, p)
        for o in shop.orders.values()
        if o["valid"] and not (o["cancelled_at"] is not None and o["cancel_party"] == "buyer")
        for p in shop.parcels.get(o["order_id"], [])
        if last30(p["deliver_by"]) and p["first_scan_at"] is not None
    ]
    out["waybills_due"] = len(waybills)
    claims = shop.rows("claims")
    paid_anomaly = {
        c["order_id"] for c in claims if c["kind"] == "anomaly" and c["paid_at"] is not None
    }
    out["waybills_on_time"] = sum(
        p["delivered_at"] is not None
        and p["delivered_at"] <= p["deliver_by"]
        and o["order_id"] not in paid_anomaly
        for o, p in waybills
    )
    out["orders_delivered"] = len(shop.valid("delivered_at", 30, 15))
    out["orders_delivered_90d"] = len(shop.valid("delivered_at", 90))
    out["orders_delivered_90d_lag15"] = len(shop.valid("delivered_at", 90, 15))
    out["orders_delivered_90d_lag30"] = len(shop.valid("delivered_at", 90, 30))
    out["orders_delivered_live_90d"] = sum(
        o["channel"] == "live" for o in shop.valid("delivered_at", 90, 15)
    )
    must = [
        o
        for o in shipped90
        if any(i["inspection_required"] for i in shop.lines.get(o["order_id"], []))
    ]
    passed = {}
    for check in shop.rows("inspections"):
        if check["kind"] == "warehouse" and check["result"] == "pass":
            first = passed.get(check["order_id"])
            if first is None or check["decided_at"] < first:
                passed[check["order_id"]] = check["decided_at"]
    out["inspection_required_orders_90d"] = len(must)
    out["inspection_required_orders_skipped_90d"] = sum(
        not (o["order_id"] in passed and passed[o["order_id"]] <= o["shipped_at"]) for o in must
    )
    out["late_ship_compensated_orders"] = len(
        {
            c["order_id"]
            for c in claims
            if c["kind"] == "late_ship" and c["rejected_at"] is None and last30(c["claimed_at"])
        }
    )
    first = [o["delivered_at"] for o in shop.orders.values() if o["valid"] and o["delivered_at"]]
    out["tenure_days"] = 0
    if first:
        since = book.local(min(first)).replace(tzinfo=None)
        out["tenure_days"] = (book.local(book.cut).replace(tzinfo=None) - since).days
    return out


def seller_cancelled(order: Row) -> bool:
    """Whether the merchant is the reason that nothing came."""
    late = (
        order["cancelled_at"] is not None
        and order["cancelled_at"] > order["pick_due"]
        and (order["shipped_at"] is None or order["shipped_at"] > order["cancelled_at"])
    )
    return order["cancel_party"] == "merchant" or order["cancel_reason"] in SELLER_CANCEL or late


def undone_before_shipping(shop: Shop, order: Row) -> bool:
    """Whether the buyer stepped back while the merchant was still in time."""
    moments = [
        c["refunded_at"]
        for c in shop.cases.get(order["order_id"], [])
        if c["type"] == "refund" and c["refunded_at"] is not None
    ]
    if order["cancel_party"] == "buyer" and order["cancelled_at"] is not None:
        moments.append(order["cancelled_at"])
    return any(
        m < order["pick_due"] and (order["shipped_at"] is None or m < order["shipped_at"])
        for m in moments
    )


def pickup_hours(shop: Shop, order: Row) -> float:
    """Return the hours the carrier waited, nights left out, at most 720."""
    begin = order["paid_at"]
    if order["open_at"] is not None:
        begin = max(begin, order["open_at"])
    begin = shop.book.waking(begin, "18:00", "06:00")
    return min(max(order["scanned_at"] - begin, 0) / HOUR, 720.0)


def waybill_owners(shops: dict[str, Shop]) -> dict[str, set[str]]:
    """Return the known buyers of each waybill of the market."""
    owners: dict[str, set[str]] = {}
    for shop in shops.values():
        for order_id, parcels in shop.parcels.items():
            buyer = shop.orders[order_id]["buyer_id"] if order_id in shop.orders else None
            for parcel in parcels:
                if parcel["waybill_id"] is not None and buyer is not None:
                    owners.setdefault(parcel["waybill_id"], set()).add(buyer)
    return owners


def anomalous(shop: Shop, order: Row, owners: dict[str, set[str]]) -> bool:
    """Whether the track of any parcel cannot be true."""
    for parcel in shop.parcels[order["order_id"]]:
        scan, shipped, end = parcel["first_scan_at"], parcel["shipped_at"], parcel["delivered_at"]
        others = owners.get(parcel["waybill_id"], set()) - {order["buyer_id"]}
        if others and order["buyer_id"] is not None:
            return True
        if scan is not None and (scan < order["paid_at"] or (end is not None and end < scan)):
            return True
        signed, sent = parcel["signed_region"], parcel["to_region"]
        if signed is not None and sent is not None and signed != sent:
            return True
        due = shipped is not None and shipped + 48 * HOUR <= shop.book.cut
        if due and (scan is None or scan > shipped + 48 * HOUR):
            return True
    return False
