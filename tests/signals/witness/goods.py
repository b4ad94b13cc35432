"""Goods, listings and inspections."""

from __future__ import annotations

from statistics import median
from typing import Any

from tests.signals.witness.book import DAY, HOUR, Row, Rows, mean
from tests.signals.witness.orders import Shop, in_force

QUALITY = {"quality", "malfunction", "material", "counterfeit", "spoilage", "allergy"}


def goods(shop: Shop, shops: dict[str, Shop]) -> dict[str, Any]:
    """Return the columns of goods."""
    out: dict[str, Any] = {}
    delivered = shop.valid("delivered_at", 30, 15)

    def stated(orders: Rows, reasons: set[str], within: int = 15 * DAY) -> int:
        return sum(shop.first_reason(o, reasons, within, "delivered_at") for o in orders)

    out["quality_return_orders"] = stated(delivered, QUALITY)
    out["description_mismatch_orders"] = stated(delivered, {"not_as_described"})
    out["spoilage_orders"] = stated(delivered, {"spoilage"}, 48 * HOUR)
    out["allergy_return_orders_90d"] = stated(shop.valid("delivered_at", 90, 15), {"allergy"})
    out["early_failure_orders_90d"] = sum(
        any(
            ((c["first_reason"] or c["reason"]) == "malfunction" or c["type"] == "repair")
            and c["opened_at"] < o["delivered_at"] + 30 * DAY
            for c in shop.cases.get(o["order_id"], [])
        )
        for o in shop.valid("delivered_at", 90, 30)
    )
    checks = shop.rows("inspections")
    bad_material = {
        c["item_id"]
        for c in checks
        if c["result"] == "fail" and c["defect"] in ("material", "weight", "purity", "label")
    } - {None}

    def items(order: Row) -> set[str]:
        return {line["item_id"] for line in shop.lines.get(order["order_id"], [])}

    out["quality_problem_item_orders"] = sum(
        any(shop.verdict("item", i, "quality_problem") for i in items(o)) for o in delivered
    )
    out["material_mismatch_orders"] = sum(
        any(i in bad_material or shop.verdict("item", i, "material_mismatch") for i in items(o))
        for o in delivered
    )
    out |= baseline_columns(shop, shops, delivered)
    out |= listing_columns(shop)
    last90, year = shop.book.window(90), shop.book.window(365)
    judged = [c for c in checks if c["result"] in ("pass", "fail")]
    spot = [
        c
        for c in judged
        if c["kind"] == "spot" and year(c["decided_at"]) and c["selection"] != "requested"
    ]
    drawn = [
        c
        for c in judged
        if c["kind"] == "spot"
        and c["selection"] == "random"
        and c["decided_at"] >= shop.book.cut - 365 * DAY
    ]
    if len(drawn) >= 10:
        spot = [c for c in spot if c["selection"] == "random"]
    out["spot_checks_done_365d"] = len(spot)
    out["spot_checks_failed_365d"] = sum(c["result"] == "fail" for c in spot)
    ware = [c for c in judged if c["kind"] == "warehouse" and last90(c["decided_at"])]
    out["warehouse_inspections_90d"] = len(ware)
    out["warehouse_inspections_failed_90d"] = sum(c["result"] == "fail" for c in ware)
    kinds = {
        v["kind"]
        for v in shop.rows("violations")
        if year(v["decided_at"]) and v["revoked_at"] is None and in_force(v)
    }
    out["regulator_quality_failure_flag"] = int(bool(kinds & {"regulator_sample", "recall"}))
    out["safety_incident_flag"] = int("safety" in kinds)
    out["privacy_leak_flag"] = int("privacy" in kinds)
    return out


def category_baselines(shops: dict[str, Shop]) -> dict[str, float]:
    """Return the median return rate of each category over merchants of at least 50 orders."""
    given = next(iter(shops.values())).book.baselines if shops else {}
    rates: dict[str, list[float]] = {}
    for shop in shops.values():
        orders: dict[str, Rows] = {}
        for order in shop.valid("delivered_at", 30, 15):
            if order["category"] is not None:
                orders.setdefault(order["category"], []).append(order)
        for category, rows in orders.items():
            if len(rows) >= 50:
                back = sum(shop.returned(o, 15 * DAY) for o in rows)
                rates.setdefault(category, []).append(back / len(rows))
    return given or {category: median(found) for category, found in rates.items()}


def baseline_columns(shop: Shop, shops: dict[str, Shop], delivered: Rows) -> dict[str, Any]:
    """Return what is measured against the market."""
    rate = category_baselines(shops)
    known = [o for o in delivered if o["category"] in rate]
    expected = sum(rate[o["category"]] for o in known)
    observed = sum(shop.returned(o, 15 * DAY) for o in known)
    out: dict[str, Any] = {
        "return_rate_vs_category": observed / expected if expected >= 1 else None
    }
    cohort = shop.valid("delivered_at", 90, 15)
    live = [o for o in cohort if o["channel"] == "live"]
    shelf = [o for o in cohort if o["channel"] == "shelf"]
    mix = mean(rate[o["category"]] for o in live if o["category"] in rate)
    out["live_vs_shelf_return_ratio"] = None
    if live and mix is not None:
        shelf_rate = (sum(shop.returned(o, 15 * DAY) for o in shelf) + 50 * mix) / (len(shelf) + 50)
        if shelf_rate:
            live_rate = sum(shop.returned(o, 15 * DAY) for o in live) / len(live)
            out["live_vs_shelf_return_ratio"] = live_rate / shelf_rate
    return out


def listing_columns(shop: Shop) -> dict[str, Any]:
    """Return the columns of listings."""
    out: dict[str, Any] = {}
    rows = sorted(shop.rows("listings"), key=lambda r: r["submitted_at"])
    published = {r["item_id"]: r for r in rows if r["decision"] == "published"}
    scores = {r["item_id"]: r["info_score"] for r in rows if r["info_score"] is not None}

    def listed(days: int) -> Rows:
        first = shop.book.day.toordinal() - days
        low = shop.book.start_of(type(shop.book.day).fromordinal(first))
        return [
            r
            for r in published.values()
            if r["on_sale_from"] is not None
            and r["on_sale_from"] < shop.book.cut
            and (r["on_sale_to"] is None or r["on_sale_to"] > low)
        ]

    month = listed(30)
    out["items_listed"] = len(month)
    out["items_listed_365d"] = len(listed(365))
    scored = [scores[r["item_id"]] for r in month if r["item_id"] in scores]
    out["listing_info_quality_score"] = mean(scored) if 2 * len(scored) >= len(month) else None
    last90 = shop.book.window(90)
    decided = [r for r in rows if r["decision"] is not None and last90(r["submitted_at"])]
    out["listings_submitted_90d"] = len(decided)
    out["listings_blocked_90d"] = sum(
        r["decision"] == "blocked" and r["block_reason"] not in ("format", "duplicate_upload")
        for r in decided
    )
    need = [r for r in month if r["certificate_required"]]
    out["items_requiring_certificate"] = len(need)
    out["items_with_valid_certificate"] = sum(
        r["certificate_valid_to"] is not None and r["certificate_valid_to"] >= shop.book.cut
        for r in need
    )
    return out
