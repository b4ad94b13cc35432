"""Reviews and buyers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.signals.witness.book import DAY, Row, Rows, mean
from tests.signals.witness.orders import Shop, capped


def admissible(shop: Shop) -> Rows:
    """Return the first reviews of lines that may rate an order."""
    rows = sorted(shop.rows("reviews"), key=lambda r: (r["created_at"], r["review_id"]))
    firsts: dict[tuple[Any, Any], Row] = {}
    for row in rows:
        if row["follows"] is None:
            firsts.setdefault((row["order_id"], row["item_id"]), row)
    kept = []
    for row in firsts.values():
        order = shop.orders.get(row["order_id"])
        if order is None or order["delivered_at"] is None or not order["valid"]:
            continue
        refund = shop.fully_refunded(order)
        if (
            row["created_at"] < order["delivered_at"] + 15 * DAY
            and row["stars"] is not None
            and not row["is_default"]
            and not (row["hidden_at"] is not None and row["hidden_reason"] in ("abuse", "spam"))
            and not shop.verdict("review", row["review_id"], "incentivised")
            and not (refund is not None and row["created_at"] > refund)
        ):
            kept.append(row)
    return capped(kept, "buyer_id", "created_at", "review_id")


def reviews(shop: Shop, shops: dict[str, Shop]) -> dict[str, Any]:
    """Return the columns of reviews and of buyers."""
    book = shop.book
    out: dict[str, Any] = {}
    by_order: dict[str, Rows] = {}
    for review in admissible(shop):
        by_order.setdefault(review["order_id"], []).append(review)
    rated = [
        by_order[o["order_id"]]
        for o in shop.valid("delivered_at", 30, 15)
        if o["order_id"] in by_order
    ]
    stars = [sum(r["stars"] for r in rows) / len(rows) for rows in rated]
    out["reviews_rated"] = len(stars)
    out["product_rating_mean"] = mean(stars)
    out["negative_reviews"] = sum(s <= 2 for s in stars)
    out["positive_reviews"] = sum(s >= 4 for s in stars)
    out["positive_reviews_active"] = sum(
        s >= 4 and not any(r["solicited"] for r in rows)
        for s, rows in zip(stars, rated, strict=True)
    )
    last30, last90 = book.window(30), book.window(90)
    everything = shop.rows("reviews")
    rateable = [r for r in everything if r["stars"] is not None and not r["is_default"]]
    recent = [
        r
        for r in capped(rateable, "buyer_id", "created_at", "review_id")
        if last90(r["created_at"])
    ]
    flagged = [shop.verdict("review", r["review_id"], "incentivised") for r in recent]
    out["reviews_rated_90d"] = len(recent)
    out["reviews_incentivised_90d"] = sum(flagged)
    out["service_attitude_rating_mean"] = mean(
        r["service_stars"]
        for r, flag in zip(recent, flagged, strict=True)
        if not flag and r["service_stars"] is not None
    )
    first = {(r["review_id"], r["order_id"]): r for r in everything}
    matured = book.window(90, 15)
    follow = []
    for row in everything:
        start = first.get((row["follows"], row["order_id"]))
        if start is not None and shop.counts(row["order_id"]) and matured(start["created_at"]):
            follow.append((start, row))
    out["followup_reviews_90d"] = len(follow)
    out["followup_reviews_negative_90d"] = sum(
        (a["stars"] is None or a["stars"] >= 4)
        and (b["text_negative"] or False if b["stars"] is None else b["stars"] <= 2)
        for a, b in follow
    )
    texts = [
        r
        for r in everything
        if last30(r["created_at"])
        and shop.counts(r["order_id"])
        and not r["is_default"]
        and r["text"] is not None
        and sum(not c.isspace() for c in r["text"]) >= 2
    ]
    out["reviews_with_text"] = len(texts)
    out["reviews_text_quality_complaint"] = sum(bool(r["text_quality_defect"]) for r in texts)
    bad = {
        r["order_id"]
        for r in everything
        if last30(r["created_at"]) and ((r["logistics_stars"] or 9) <= 2 or r["text_logistics"])
    } | {
        t["order_id"]
        for t in shop.rows("tickets")
        if last30(t["opened_at"]) and t["topic"] == "logistics"
    }
    out["logistics_negative_feedback_orders"] = sum(
        o["valid"] and o["order_id"] in bad for o in shop.orders.values()
    )
    answers: dict[Any, Row] = {}
    for row in sorted(shop.rows("surveys"), key=lambda r: (r["answered_at"], r["response_id"])):
        if last90(row["answered_at"]) and shop.counts(row["order_id"]):
            answers[row["buyer_id"] or ("unknown", row["response_id"])] = row
    scores = [r["score"] for r in answers.values()]
    out["nps_responses_90d"] = len(scores)
    out["user_recommendation_score"] = (
        100 * (sum(s >= 9 for s in scores) - sum(s <= 6 for s in scores)) / len(scores)
        if scores
        else None
    )
    out |= buyers(shop)
    for measure, column in (
        ("impressions", "impressions"),
        ("dislikes", "impressions_negative_feedback"),
    ):
        out[column] = sum(
            r["n"]
            for r in shop.rows("daily_counts")
            if r["measure"] == measure and r["day"] >= book.day - timedelta(days=30)
        )
    return out


def buyers(shop: Shop) -> dict[str, Any]:
    """Return the closed cohort: who came first in days -90 to -45, and came again in 45 days."""
    paid = sorted(
        (o for o in shop.orders.values() if o["valid"] and o["person"] is not None),
        key=lambda o: (o["paid_at"], o["order_id"]),
    )
    inside = shop.book.window(45, 45)
    index: dict[str, Row] = {}
    for order in paid:
        if inside(order["paid_at"]):
            index.setdefault(order["person"], order)
    again = 0
    for person, first in index.items():
        start = shop.book.local(first["paid_at"]).date()
        again += shop.fully_refunded(first) is None and any(
            o["person"] == person
            and shop.fully_refunded(o) is None
            and 1 <= (shop.book.local(o["paid_at"]).date() - start).days <= 45
            for o in paid
        )
    return {"buyers_90d": len(index), "buyers_repeat_90d": again}
