"""What the brushing rules read: orders, parcels, lines and reviews, in narrow tables."""

from __future__ import annotations

from trustscore.detect.brushing.settings import BrushingSpec, PublicSpec
from trustscore.detect.room import HOUR, Room

__all__ = ["KINDS", "LOGS", "make_base"]

LOGS = {
    "brushing_orders": "orders",
    "brushing_parcels": "shipments",
    "brushing_lines": "order_items",
    "brushing_reviews": "reviews",
}
"""The tables that are made of a log, and that log."""

KINDS = {"address": "address_id", "device": "device_id", "ip": "ip"}
"""Kinds of identifiers that neighbours may share, and their columns in `orders`."""


def make_base(room: Room, settings: BrushingSpec) -> None:
    """Make the tables that the rules read.

    Judged are normal orders paid in the last days before the cut, and first reviews that people
    wrote of them; where orders are not there, all of these days. A waybill is also looked for on
    older orders.
    """
    start = room.cut.back(settings.days)
    older = room.cut.back(settings.days + settings.hard.waybill_days)
    room.make(
        "brushing_orders",
        "SELECT merchant_id, order_id, paid_at, buyer_id, category, open_at, device_id, ip,"
        f" address_id, pay_account_id, channel, paid_at >= {start} AS judged,"
        f" paid_at_local // {HOUR} AS paid_hour FROM orders"
        f" WHERE paid_at >= {older} AND COALESCE(order_type, 'normal') = 'normal'",
    )
    room.make(
        "brushing_first",
        "SELECT merchant_id, buyer_id, min(paid_at) AS first_at FROM orders"
        " WHERE buyer_id IS NOT NULL GROUP BY ALL",
    )
    _parcels(room)
    room.make(
        "brushing_lines",
        "SELECT l.merchant_id, l.order_id, l.item_id, l.sku_id, l.quantity, l.price, l.list_price,"
        " l.category FROM order_items AS l SEMI JOIN brushing_orders AS o"
        " ON o.merchant_id = l.merchant_id AND o.order_id = l.order_id AND o.judged",
    )
    room.make(
        "brushing_reviews",
        "SELECT r.review_id, r.merchant_id, r.order_id, r.created_at, r.buyer_id, r.stars,"
        f" r.created_at >= {start} AND (COALESCE(o.judged, FALSE) OR NOT EXISTS"
        " (SELECT 1 FROM orders)) AS judged,"
        f" r.created_at_local // {HOUR} AS hour FROM reviews AS r LEFT JOIN brushing_orders AS o"
        " ON o.merchant_id = r.merchant_id AND o.order_id = r.order_id"
        " WHERE NOT COALESCE(r.is_default, FALSE) AND r.follows IS NULL",
    )
    _consumables(room, settings)
    _public(room, settings)


def _parcels(room: Room) -> None:
    """Make the parcels of the orders, with scans of the carrier where there are such."""
    room.make(
        "brushing_scans",
        "SELECT merchant_id, waybill_id, min(\"at\") FILTER (code <> 'returned') AS scan_at,"
        " min(at_local) FILTER (code <> 'returned') AS scan_local,"
        " min(\"at\") FILTER (code = 'delivered') AS delivered_at,"
        " arg_min(region, \"at\") FILTER (code = 'picked_up') AS from_region"
        " FROM tracking_events GROUP BY ALL",
    )
    room.make(
        "brushing_parcels",
        "SELECT p.merchant_id, p.order_id, p.waybill_id, p.carrier, p.shipped_at, p.weight_g,"
        " p.to_region, s.from_region, COALESCE(p.first_scan_at, s.scan_at) AS scan_at,"
        " CASE WHEN p.first_scan_at IS NULL THEN s.scan_local ELSE p.first_scan_at_local END"
        " AS scan_local, COALESCE(p.delivered_at, s.delivered_at) AS delivered_at"
        " FROM shipments AS p"
        " SEMI JOIN brushing_orders AS o ON o.merchant_id = p.merchant_id"
        " AND o.order_id = p.order_id"
        " LEFT JOIN brushing_scans AS s ON s.merchant_id = p.merchant_id"
        " AND s.waybill_id = p.waybill_id",
    )


def _consumables(room: Room, settings: BrushingSpec) -> None:
    """Make the orders of goods that people buy often: of the order, its lines, or the shop."""
    words = [(word.casefold(),) for word in settings.consumables]
    room.fill("brushing_words", {"word": "VARCHAR"}, words)
    room.make(
        "brushing_shops",
        "SELECT merchant_id, arg_max(category, COALESCE(valid_from, -1)) AS category FROM merchants"
        " WHERE category IS NOT NULL GROUP BY ALL",
    )
    room.make(
        "brushing_consumable",
        "SELECT DISTINCT merchant_id, order_id FROM (SELECT o.merchant_id, o.order_id,"
        " COALESCE(o.category, l.category, s.category) AS category FROM"
        " (SELECT merchant_id, order_id, category FROM brushing_orders WHERE judged"
        " UNION ALL SELECT r.merchant_id, r.order_id, CAST(NULL AS VARCHAR)"
        " FROM brushing_reviews AS r ANTI JOIN brushing_orders AS o"
        " ON o.merchant_id = r.merchant_id AND o.order_id = r.order_id WHERE r.judged) AS o"
        " LEFT JOIN brushing_lines AS l ON l.merchant_id = o.merchant_id"
        " AND l.order_id = o.order_id LEFT JOIN brushing_shops AS s"
        " ON s.merchant_id = o.merchant_id) AS c"
        " SEMI JOIN brushing_words AS w ON w.word = lower(c.category)",
    )


def _public(room: Room, settings: BrushingSpec) -> None:
    """Make the identifiers that many people share although they have nothing to do with a shop."""
    room.fill(
        "brushing_exempt",
        {"kind": "VARCHAR", "value": "VARCHAR"},
        [("address", address) for address in settings.exempt_addresses],
    )
    parts = ["SELECT kind, value FROM brushing_exempt"]
    for kind, column in KINDS.items():
        bound: PublicSpec = getattr(settings.public, kind)
        parts.append(
            f"SELECT '{kind}' AS kind, value FROM (SELECT *, sum(n) OVER (PARTITION BY value,"
            f" merchant_id) AS of_merchant FROM (SELECT {column} AS value, merchant_id, buyer_id,"
            f" count(*) AS n FROM brushing_orders WHERE judged AND {column} IS NOT NULL"
            " GROUP BY ALL) AS u) AS v GROUP BY value"
            f" HAVING count(DISTINCT buyer_id) >= {bound.buyers}"
            f" AND count(DISTINCT merchant_id) >= {bound.merchants}"
            f" AND max(of_merchant) <= {bound.share} * sum(n)"
        )
    room.make("brushing_public", " UNION ".join(parts))
