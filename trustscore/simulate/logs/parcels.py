"""Parcels: when they are due, shipped, scanned and delivered, and what looks odd about them."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from trustscore.simulate.logs.clock import HOUR, SECOND, SPREAD, later, lognormal, start
from trustscore.simulate.logs.columns import MISSING, REGIONS, Table, code, concat, take
from trustscore.simulate.logs.market import Shops
from trustscore.simulate.logs.trade import (
    CANCELLED_BY_BUYER,
    CANCELLED_BY_SHOP,
    SHIPS,
    Trade,
)
from trustscore.typing import Array

__all__ = ["send", "shipments", "tracking"]

TRANSIT_HOURS, TRANSIT_SPREAD = 62.0, 0.4
# The share of parcels whose carrier reports scans in a log of its own.
SCANS_APART = 0.12


def _longest(mean: Array, spread: float, share: Array) -> Array:
    """Return what a log-normal of these means stays below with a chance."""
    z = ndtri(np.clip(share, 0.001, 0.9995))
    return np.asarray(mean * np.exp(spread * z - spread * spread / 2))


def send(shops: Shops, trade: Trade) -> None:
    """Draw when each order is due, shipped, scanned and delivered."""
    draw, shop = shops.stream("parcels"), trade.shop
    rows = trade.rows
    trade.clock = start(np.maximum(trade.paid, trade.opens), 18, 6)
    mean = shops.rate("pickup_hours_mean")
    # Every merchant promises what it keeps as often as its true rate says.
    # Orders that the platform cancels after the deadline are late as well.
    late = shops.market.decoys["late_cancel"] * shops.rate("seller_cancel_rate")
    promise = _longest(mean, SPREAD, shops.rate("pickup_on_time_rate") / (1.0 - late))
    trade.due = later(trade.clock, promise[shop])
    waits = lognormal(draw, mean[shop])
    scanned = later(trade.clock, waits)
    ahead = draw.random(rows) * np.minimum(waits, 20.0)
    shipped = np.maximum(later(scanned, -ahead), trade.clock)
    delivered = later(scanned, lognormal(draw, np.full(rows, TRANSIT_HOURS), TRANSIT_SPREAD))
    goes = trade.fate == SHIPS
    trade.shipped = np.where(goes, shipped, MISSING)
    trade.scanned = np.where(goes, scanned, MISSING)
    trade.delivered = np.where(goes, delivered, MISSING)
    cancels = np.flatnonzero(trade.fate == CANCELLED_BY_SHOP)
    wait = np.minimum(draw.exponential(10.0, len(cancels)), 40.0)
    trade.cancelled[cancels] = later(trade.paid[cancels], 0.5 + wait)
    # Nobody ships: the platform cancels once the deadline is over.
    unsent = cancels[draw.random(len(cancels)) < shops.market.decoys["late_cancel"]]
    trade.cancelled[unsent] = later(trade.due[unsent], 1.0 + draw.exponential(3.0, len(unsent)))
    soon = np.flatnonzero(trade.fate == CANCELLED_BY_BUYER)
    trade.cancelled[soon] = np.minimum(trade.cancelled[soon], trade.due[soon] - 60 * SECOND)
    trade.cancelled[soon] = np.maximum(trade.cancelled[soon], trade.paid[soon] + SECOND)
    trade.late = np.isin(np.arange(rows), unsent)


def shipments(shops: Shops, trade: Trade) -> Table:
    """Return the log of parcels."""
    draw, market = shops.stream("shipments"), shops.market
    at = np.flatnonzero(trade.fate == SHIPS)
    shop, rows = trade.shop[at], len(at)
    number = market.number("waybill", rows)
    region = draw.integers(0, len(REGIONS), rows)
    signed = region.copy()
    first, delivered = trade.scanned[at].copy(), trade.delivered[at].copy()
    shipped = trade.shipped[at].copy()
    odd = draw.random(rows) < shops.rate("tracking_anomaly_rate")[shop]
    # Signed for in another region; or declared as shipped days before the carrier had it.
    stale = odd & (draw.random(rows) < 0.3) & (first - trade.paid[at] > 50 * HOUR)
    signed[odd & ~stale] = (region[odd & ~stale] + 1) % len(REGIONS)
    shipped[stale] = first[stale] - 49 * HOUR
    trade.shipped[at] = shipped
    allowed = _longest(
        np.full(shops.rows, TRANSIT_HOURS), TRANSIT_SPREAD, shops.rate("delivery_sla_rate")
    )
    carrier = draw.integers(1, 5, rows)
    carrier[draw.random(rows) < SCANS_APART] = code("shipments", "carrier", "scans_apart")
    found: Table = {
        "merchant_id": shop + shops.first,
        "order_id": trade.order[at],
        "shipment_id": number,
        "waybill_id": np.where(
            draw.random(rows) < shops.rate("valid_tracking_rate")[shop], number, -1
        ),
        "carrier": carrier,
        "shipped_at": shipped,
        "first_scan_at": first,
        "delivered_at": delivered,
        "deliver_by": later(first, allowed[shop]),
        "masked": (draw.random(rows) < shops.rate("waybill_masking_rate")[shop]).astype(np.int64),
        "weight_g": np.round(300.0 * np.exp(0.3 * draw.standard_normal(rows))),
        "to_region": region,
        "signed_region": signed,
    }
    place = np.full(trade.rows, -1, np.int64)
    place[at] = np.arange(rows)
    one, two = (place[orders] for orders in trade.merged)
    both = (one >= 0) & (two >= 0) & (found["waybill_id"][two] >= 0)
    found["waybill_id"][two[both]] = found["waybill_id"][one[both]]
    split = np.flatnonzero(draw.random(rows) < market.decoys["split_parcel"])
    second = take(found, split)
    second["shipment_id"] = market.number("waybill", len(split))
    second["waybill_id"] = np.where(second["waybill_id"] < 0, -1, second["shipment_id"])
    # The second parcel comes no later than the first, so that the order is as late as drawn.
    gap = second["first_scan_at"] - second["shipped_at"]
    part = draw.random(len(split))
    second["first_scan_at"] = second["shipped_at"] + (part * gap / SECOND).astype(np.int64) * SECOND
    return concat([found, second])


def tracking(shops: Shops, parcels: Table) -> Table:
    """Move the scans of one carrier from the log of parcels into a log of their own."""
    draw = shops.stream("tracking")
    apart = parcels["carrier"] == code("shipments", "carrier", "scans_apart")
    # A shared waybill would mix the scans of two parcels.
    numbers, times = np.unique(parcels["waybill_id"], return_counts=True)
    shared = np.isin(parcels["waybill_id"], numbers[times > 1])
    at = np.flatnonzero(apart & ~shared & (parcels["waybill_id"] >= 0))
    first, last = parcels["first_scan_at"][at], parcels["delivered_at"][at]
    parts = []
    for word, share in (("picked_up", 0.0), ("in_transit", 0.45), ("out", 0.9), ("delivered", 1.0)):
        wait = ((last - first) * share / SECOND).astype(np.int64) * SECOND
        parts.append(
            {
                "merchant_id": parcels["merchant_id"][at],
                "waybill_id": parcels["waybill_id"][at],
                "at": last if share == 1.0 else first + wait,
                "code": np.full(len(at), code("tracking_events", "code", word)),
                "region": draw.integers(0, len(REGIONS), len(at)),
                "carrier": parcels["carrier"][at],
            }
        )
    parcels["first_scan_at"][at] = MISSING
    parcels["delivered_at"][at] = MISSING
    return concat(parts)
