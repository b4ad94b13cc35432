"""Rules whose evidence is added up: each alone has innocent explanations."""

from __future__ import annotations

from trustscore.detect.brushing.base import KINDS
from trustscore.detect.brushing.settings import BrushingSpec
from trustscore.detect.room import DAY, HOUR, Room

__all__ = [
    "copied_praise",
    "delivered_too_soon",
    "light_parcel",
    "praise_apart",
    "price_off_list",
    "repeated_item",
    "shared_identifier",
]

_NOTHING = "CAST(NULL AS VARCHAR) AS detail"


def light_parcel(room: Room, settings: BrushingSpec) -> str:
    """Return the orders that weigh far less than the same goods do otherwise.

    Compared are orders of one line, by item, variant and quantity. Orders with hard evidence make
    no median, or a shop that sells mostly empty parcels would look normal.
    """
    soft = settings.soft
    return (
        "WITH goods AS (SELECT merchant_id, order_id, min(item_id) AS item_id,"
        " COALESCE(min(sku_id), '') AS sku_id, COALESCE(min(quantity), 1) AS quantity"
        " FROM brushing_lines GROUP BY merchant_id, order_id HAVING count(*) = 1),"
        " weighed AS (SELECT merchant_id, order_id, sum(weight_g) AS weight FROM brushing_parcels"
        " GROUP BY merchant_id, order_id HAVING count(*) = count(weight_g) AND min(weight_g) > 0),"
        " both_known AS (SELECT * FROM goods JOIN weighed USING (merchant_id, order_id)),"
        " usual AS (SELECT merchant_id, item_id, sku_id, quantity, median(weight) AS weight"
        " FROM both_known ANTI JOIN"
        " (SELECT merchant_id, order_id FROM brushing_hits WHERE hard) AS h"
        " USING (merchant_id, order_id) GROUP BY ALL"
        f" HAVING count(*) >= {soft.light_parcels})"
        f" SELECT b.merchant_id, b.order_id, {_NOTHING} FROM both_known AS b JOIN usual AS u"
        " USING (merchant_id, item_id, sku_id, quantity)"
        f" WHERE b.weight < {soft.light_share} * u.weight"
    )


def delivered_too_soon(room: Room, settings: BrushingSpec) -> str:
    """Return the orders that arrived impossibly soon for the route from shop to region."""
    soft = settings.soft
    return (
        "WITH trips AS (SELECT p.merchant_id, p.order_id, p.to_region,"
        " COALESCE(p.from_region, '') AS from_region, p.delivered_at - p.scan_at AS took"
        " FROM brushing_parcels AS p SEMI JOIN brushing_orders AS o"
        " ON o.merchant_id = p.merchant_id AND o.order_id = p.order_id AND o.judged"
        " WHERE p.delivered_at >= p.scan_at AND p.to_region IS NOT NULL"
        f" AND (p.scan_local % {DAY} <> 0)),"
        " usual AS (SELECT merchant_id, from_region, to_region, median(took) AS took FROM trips"
        f" GROUP BY ALL HAVING count(*) >= {soft.soon_parcels})"
        f" SELECT t.merchant_id, t.order_id, {_NOTHING} FROM trips AS t"
        " JOIN usual AS u USING (merchant_id, from_region, to_region)"
        f" GROUP BY t.merchant_id, t.order_id HAVING max(t.took / u.took) < {soft.soon_share}"
    )


def shared_identifier(room: Room, settings: BrushingSpec, kind: str) -> str:
    """Return the orders of an identifier that many buyers of a merchant used within some days.

    Public places are left out. Neighbours buy consumables for each other, so that a common
    address or network says nothing there.
    """
    soft, column = settings.soft, KINDS[kind]
    span = soft.shared_days * DAY
    of = "PARTITION BY merchant_id, value ORDER BY paid_at RANGE BETWEEN"
    neighbours = (
        ""
        if kind == "device"
        else " ANTI JOIN brushing_consumable AS c ON c.merchant_id = o.merchant_id"
        " AND c.order_id = o.order_id"
    )
    return (
        "WITH used AS (SELECT o.merchant_id, o.order_id, o.buyer_id, o.paid_at,"
        f" o.{column} AS value FROM brushing_orders AS o{neighbours}"
        f" ANTI JOIN brushing_public AS q ON q.kind = '{kind}' AND q.value = o.{column}"
        f" WHERE o.judged AND o.buyer_id IS NOT NULL AND o.{column} IS NOT NULL),"
        " crowded AS (SELECT merchant_id, value FROM used GROUP BY ALL"
        f" HAVING count(DISTINCT buyer_id) >= {soft.shared_buyers}),"
        " begun AS (SELECT u.*, count(DISTINCT buyer_id) OVER"
        f" ({of} CURRENT ROW AND {span} FOLLOWING) AS buyers"
        " FROM used AS u SEMI JOIN crowded AS k USING (merchant_id, value)),"
        f" most AS (SELECT *, max(buyers) OVER ({of} {span} PRECEDING AND CURRENT ROW)"
        " AS most FROM begun)"
        f" SELECT merchant_id, order_id, {_NOTHING} FROM most WHERE most >= {soft.shared_buyers}"
    )


def repeated_item(room: Room, settings: BrushingSpec) -> str:
    """Return the orders of a buyer that ordered one variant again and again within some days."""
    soft = settings.soft
    span = soft.repeated_days * DAY
    of = "PARTITION BY merchant_id, buyer_id, item_id, sku_id ORDER BY paid_at RANGE BETWEEN"
    return (
        "WITH bought AS (SELECT DISTINCT o.merchant_id, o.order_id, o.buyer_id, o.paid_at,"
        " l.item_id, COALESCE(l.sku_id, '') AS sku_id FROM brushing_orders AS o"
        " ANTI JOIN brushing_consumable AS c ON c.merchant_id = o.merchant_id"
        " AND c.order_id = o.order_id"
        " JOIN brushing_lines AS l ON l.merchant_id = o.merchant_id AND l.order_id = o.order_id"
        " WHERE o.judged AND o.buyer_id IS NOT NULL),"
        " begun AS (SELECT *, count(*) OVER"
        f" ({of} CURRENT ROW AND {span} FOLLOWING) AS n FROM bought),"
        f" most AS (SELECT *, max(n) OVER ({of} {span} PRECEDING AND CURRENT ROW) AS most"
        " FROM begun)"
        f" SELECT merchant_id, order_id, {_NOTHING} FROM most"
        f" WHERE most >= {soft.repeated_orders} GROUP BY merchant_id, order_id"
    )


def price_off_list(room: Room, settings: BrushingSpec) -> str:
    """Return the orders paid at next to nothing of the list price, all lines together."""
    return (
        f"SELECT merchant_id, order_id, {_NOTHING} FROM brushing_lines"
        " GROUP BY merchant_id, order_id"
        " HAVING count(*) = count(price) AND count(*) = count(list_price)"
        f" AND sum(price) <= {1 - settings.soft.off_list:.9f} * sum(list_price)"
        " AND sum(list_price) > 0"
    )


def copied_praise(room: Room, settings: BrushingSpec, *, soon: bool) -> str:
    """Return the orders with five stars in words that others used, too."""
    span = round(settings.soft.praise_hours * HOUR)
    close = f"COALESCE(r.created_at BETWEEN d.delivered_at AND d.delivered_at + {span}, FALSE)"
    return (
        "SELECT r.merchant_id, r.order_id, 'review:' || min(r.review_id) AS detail"
        " FROM brushing_reviews AS r SEMI JOIN brushing_copies AS c ON c.review_id = r.review_id"
        " AND c.merchant_id = r.merchant_id AND c.order_id = r.order_id"
        " LEFT JOIN (SELECT merchant_id, order_id, max(delivered_at) AS delivered_at"
        " FROM brushing_parcels GROUP BY ALL) AS d"
        " ON d.merchant_id = r.merchant_id AND d.order_id = r.order_id"
        f" WHERE r.judged AND r.stars = 5000000 AND {'' if soon else 'NOT '}{close}"
        " GROUP BY r.merchant_id, r.order_id"
    )


def praise_apart(room: Room, settings: BrushingSpec) -> str:
    """Return the orders with five stars where all others are far less content."""
    soft = settings.soft
    apart = round(soft.apart_stars * 1_000_000)
    return (
        "SELECT merchant_id, order_id, 'review:' || min(review_id) AS detail FROM (SELECT *,"
        " count(*) OVER m - 1 AS others, sum(stars) OVER m - stars AS stars_of_others"
        " FROM brushing_reviews WHERE judged AND stars IS NOT NULL"
        " WINDOW m AS (PARTITION BY merchant_id)) AS r"
        f" WHERE stars = 5000000 AND others >= {soft.apart_reviews}"
        f" AND stars * others - stars_of_others >= {apart} * others"
        " GROUP BY merchant_id, order_id"
    )
