"""What stands on record, who is linked to whom, and the side columns."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.signals.witness.book import Book, Row
from tests.signals.witness.orders import Shop, in_force


def states(book: Book) -> dict[str, Row]:
    """Return the last state of every merchant."""
    last: dict[str, Row] = {}
    for row in sorted(
        book.logs["merchants"], key=lambda r: -1 if r["valid_from"] is None else r["valid_from"]
    ):
        last[row["merchant_id"]] = row
    return last


def merchants_of(book: Book) -> list[str]:
    """Return who has a row: active and paused merchants, else whoever sold something."""
    if book.given.get("merchants"):
        found = states(book)
        return sorted(name for name, row in found.items() if row["status"] != "removed")
    return sorted({o["merchant_id"] for o in book.logs["orders"]})


def reputation(shop: Shop, shops: dict[str, Shop]) -> dict[str, Any]:
    """Return the columns of reputation."""
    book = shop.book
    last90, year = book.window(90), book.window(365)
    out: dict[str, Any] = {}
    out["brushing_suspect_orders_90d"] = sum(
        last90(o["paid_at"]) and shop.verdict("order", o["order_id"], "brushing")
        for o in shop.orders.values()
    )
    findings = shop.rows("findings")

    def subjects(topic: str) -> set[str]:
        return {
            f["subject_id"]
            for f in findings
            if f["topic"] == topic and f["subject_kind"] == "merchant"
        }

    out["barred_identity_link_flag"] = int(
        any(shop.verdict("merchant", s, "identity_link") for s in subjects("identity_link"))
    )
    standing = [
        v
        for v in shop.rows("violations")
        if year(v["decided_at"]) and v["revoked_at"] is None and in_force(v)
    ]
    members = {s for s in subjects("gang") if shop.verdict("merchant", s, "gang")}
    out["linked_accounts"] = len(members)
    last = states(book)
    out["linked_accounts_removed"] = sum(
        last[s]["status"] == "removed"
        and last[s]["removal_reason"] not in (None, "left", "closed_by_owner")
        for s in members & set(last)
    )
    out["violation_points"] = sum(v["points"] or 0.0 for v in standing if v["kind"] == "rule")
    out["regulator_penalty_count"] = sum(v["kind"] == "regulator_penalty" for v in standing)
    mentions = [m for m in shop.rows("mentions") if last90(m["seen_at"])]
    out["mentions_90d"] = len(mentions)
    out["mentions_negative_90d"] = sum(m["tone"] == "negative" for m in mentions)
    state = states(book).get(shop.name)
    held, required = (state["deposit_held"], state["deposit_required"]) if state else (None, None)
    out["deposit_adequacy_ratio"] = (
        held / required if held is not None and required not in (None, 0) else None
    )
    declared = state["category"] if state else None
    tally = Counter(o["category"] for o in shop.valid("paid_at", 90) if o["category"] is not None)
    top = sorted(c for c, n in tally.items() if n == max(tally.values()))
    out["category"] = declared if declared in top or not top else top[0]
    out["shop_type"] = state["shop_type"] if state else None
    out["enrolled"] = state["enrolled"] if state else None
    return out
