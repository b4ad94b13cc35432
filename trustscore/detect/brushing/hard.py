"""Rules of which one is enough: what cannot happen to an order that somebody really bought."""

from __future__ import annotations

from collections.abc import Mapping

from trustscore.detect.brushing.base import KINDS
from trustscore.detect.brushing.settings import BrushingSpec
from trustscore.detect.room import DAY, HOUR, Room

__all__ = [
    "OWN",
    "make_identities",
    "make_waybills",
    "own_identity",
    "scan_before_payment",
    "waybill_reused",
]

OWN = {kind: KINDS[kind] for kind in ("address", "device")} | {"pay_account": "pay_account_id"}
"""Kinds of identifiers that only the merchant uses, and their columns in `orders`."""
_OF_WAYBILL = "PARTITION BY waybill_id ORDER BY claimed_at, paid_at, merchant_id, order_id"


def make_waybills(room: Room, settings: BrushingSpec) -> None:
    """Make the orders of each waybill beside the first of them, its owner.

    Carriers use numbers again: orders far apart in time are of different parcels.
    """
    gap = settings.hard.waybill_days * DAY
    room.make(
        "brushing_uses",
        "SELECT p.waybill_id, o.merchant_id, o.order_id, o.buyer_id, o.address_id, o.paid_at,"
        " o.judged, min(p.carrier) AS carrier, min(p.shipped_at) AS shipped_at,"
        " min(COALESCE(p.shipped_at, o.paid_at)) AS claimed_at, min(p.scan_at) AS scan_at"
        " FROM brushing_parcels AS p JOIN brushing_orders AS o ON o.merchant_id = p.merchant_id"
        " AND o.order_id = p.order_id WHERE p.waybill_id IS NOT NULL GROUP BY ALL",
    )
    owner = ", ".join(
        f"first_value({name}) OVER e AS owner_{name}"
        for name in (
            "merchant_id",
            "order_id",
            "buyer_id",
            "address_id",
            "paid_at",
            "shipped_at",
            "carrier",
        )
    )
    room.make(
        "brushing_claims",
        f"SELECT *, {owner}, count(*) OVER w AS orders, max(scan_at) OVER w AS scanned_at"
        " FROM (SELECT *, sum(breaks) OVER (" + _OF_WAYBILL + ") AS episode FROM (SELECT *,"
        f" CASE WHEN claimed_at - lag(claimed_at) OVER ({_OF_WAYBILL}) > {gap} THEN 1 ELSE 0 END"
        " AS breaks FROM brushing_uses WHERE buyer_id IS NOT NULL) AS t) AS u"
        " WINDOW w AS (PARTITION BY waybill_id, episode),"
        " e AS (PARTITION BY waybill_id, episode"
        " ORDER BY claimed_at, paid_at, merchant_id, order_id)",
    )


def waybill_reused(room: Room, settings: BrushingSpec, *, disputed: bool = False) -> str:
    """Return the orders whose waybill belongs to another buyer's order.

    One parcel may hold what people of one address bought within a day, and where an address is not
    known it may be one. Between two merchants it is
    certain who came second only if payment and shipment say the same: else a merchant could enter
    the number of a competitor's parcel to have the competitor's order excluded. Such orders are
    `disputed`.
    """
    placeholder = (
        "scanned_at IS NOT NULL"
        if room.has("brushing_uses.scan_at")
        else f"orders <= {settings.hard.waybill_orders}"
    )
    merged = (
        f"merchant_id = owner_merchant_id AND abs(paid_at - owner_paid_at) <= {DAY}"
        " AND COALESCE(address_id = owner_address_id, TRUE)"
    )
    second = (
        "merchant_id = owner_merchant_id OR COALESCE(paid_at > owner_paid_at"
        " AND shipped_at > owner_shipped_at, FALSE)"
    )
    return (
        "SELECT merchant_id, order_id, 'order:' || min(owner_order_id) AS detail"
        f" FROM brushing_claims WHERE judged AND buyer_id <> owner_buyer_id AND {placeholder}"
        " AND COALESCE(carrier = owner_carrier, TRUE)"
        f" AND NOT ({merged}) AND {'NOT ' if disputed else ''}({second})"
        " GROUP BY merchant_id, order_id"
    )


def scan_before_payment(room: Room, settings: BrushingSpec) -> str:
    """Return the orders whose parcel the carrier had before they were paid.

    Left out are presales, whose goods may travel before the rest is paid; orders that are paid to
    the courier; those paid after delivery in a market where many merchants have such, as it sells
    on credit; parcels that already travelled for an earlier order of the buyer; and scans that are
    known by day only, up to the end of that day.
    """
    hard = settings.hard
    early, cash = round(hard.scan_hours * HOUR), round(hard.cash_hours * HOUR)
    credit = (
        "SELECT count(DISTINCT p.merchant_id) FILTER (p.delivered_at <= o.paid_at)"
        f" > {hard.credit_merchants} * count(DISTINCT p.merchant_id) FROM brushing_parcels AS p"
        " JOIN brushing_orders AS o ON o.merchant_id = p.merchant_id AND o.order_id = p.order_id"
        " WHERE p.delivered_at IS NOT NULL"
    )
    return (
        "SELECT o.merchant_id, o.order_id, CAST(NULL AS VARCHAR) AS detail"
        " FROM brushing_parcels AS p JOIN brushing_orders AS o ON o.merchant_id = p.merchant_id"
        " AND o.order_id = p.order_id"
        " LEFT JOIN (SELECT waybill_id, merchant_id, buyer_id, min(paid_at) AS first_paid_at"
        " FROM brushing_uses WHERE buyer_id IS NOT NULL GROUP BY ALL) AS f"
        " ON f.waybill_id = p.waybill_id AND f.merchant_id = o.merchant_id"
        " AND f.buyer_id = o.buyer_id"
        " WHERE o.judged AND o.open_at IS NULL"
        f" AND p.scan_at + CASE WHEN p.scan_local % {DAY} = 0 THEN {DAY} ELSE {early} END"
        " < LEAST(o.paid_at, f.first_paid_at)"
        f" AND NOT COALESCE(abs(p.delivered_at - o.paid_at) <= {cash}, FALSE)"
        f" AND NOT (COALESCE(p.delivered_at <= o.paid_at, FALSE) AND ({credit}))"
        " GROUP BY o.merchant_id, o.order_id"
    )


def make_identities(room: Room, hubs: Mapping[str, int]) -> None:
    """Make the identifiers of merchants by which orders are made; hubs are dropped.

    Parameters
    ----------
    room : Room
    hubs : mapping of str to int
        Most merchants of an identifier of each kind.
    """
    most = " ".join(f"WHEN '{kind}' THEN {hubs[kind]}" for kind in OWN if kind in hubs)
    kinds = ", ".join(f"'{kind}'" for kind in OWN)
    room.make(
        "brushing_identities",
        "SELECT merchant_id, kind, value, max(COALESCE(last_seen, first_seen)) AS last_seen"
        " FROM (SELECT *, count(DISTINCT merchant_id) OVER (PARTITION BY kind, value) AS accounts"
        f" FROM identities WHERE kind IN ({kinds})) AS i"
        f" WHERE COALESCE(accounts <= CASE kind {most} END, TRUE)"
        " GROUP BY merchant_id, kind, value",
    )


def own_identity(room: Room, settings: BrushingSpec) -> str:
    """Return the orders that were paid or received with an identifier of the merchant itself."""
    seen = settings.hard.seen_days * DAY
    parts = [
        f"SELECT o.merchant_id, o.order_id, '{kind}' AS detail FROM brushing_orders AS o"
        f" JOIN brushing_identities AS i ON i.merchant_id = o.merchant_id AND i.kind = '{kind}'"
        f" AND i.value = o.{column} ANTI JOIN brushing_public AS q"
        f" ON q.kind = '{kind}' AND q.value = o.{column}"
        f" WHERE o.judged AND COALESCE(o.paid_at <= i.last_seen + {seen}, TRUE)"
        for kind, column in OWN.items()
    ]
    return (
        "SELECT merchant_id, order_id, min(detail) AS detail FROM ("
        + " UNION ALL ".join(parts)
        + ") AS h GROUP BY merchant_id, order_id"
    )
