"""The rules, one value each: what each needs, and how it finds orders."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from trustscore.detect.brushing import soft
from trustscore.detect.brushing.blocks import dense_block
from trustscore.detect.brushing.bursts import ORDERS, REVIEWS, burst_hour, few_merchants
from trustscore.detect.brushing.hard import own_identity, scan_before_payment, waybill_reused
from trustscore.detect.brushing.settings import BrushingSpec
from trustscore.detect.room import Room

__all__ = ["RULES", "Rule"]


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes
    ----------
    name : str
        As evidence and settings have it.
    words : str
        What it says of an order.
    needs : tuple of str
        ``table.column`` that must say something, or ``this or that``.
    find : callable
        From room and settings to a SELECT of `merchant_id`, `order_id` and `detail`, one row for
        each order.
    family : str
        Of rules of one family the weightiest counts, as they see the same thing.
    hard : bool
        Whether one such finding is enough.
    """

    name: str
    words: str
    needs: tuple[str, ...]
    find: Callable[[Room, BrushingSpec], str]
    family: str = ""
    hard: bool = False


_BUYER = ORDERS
_BUYER_OR_WRITER = f"{ORDERS} or {REVIEWS}"
_STARS = ("brushing_reviews.stars",)
_PRAISE = ("reviews.text_hash", *_STARS)
_ALL = (
    Rule(
        "waybill_reused",
        "its waybill belongs to another buyer's order",
        ("brushing_parcels.waybill_id", _BUYER),
        waybill_reused,
        hard=True,
    ),
    Rule(
        "scan_before_payment",
        "the carrier had its parcel before it was paid",
        ("brushing_parcels.scan_at",),
        scan_before_payment,
        hard=True,
    ),
    Rule(
        "own_identity",
        "device, payout account or address are the merchant's own",
        (
            "identities.value",
            "brushing_orders.device_id or brushing_orders.pay_account_id"
            " or brushing_orders.address_id",
        ),
        own_identity,
        hard=True,
    ),
    Rule(
        "waybill_disputed",
        "its waybill also stands on an order of another merchant, and who came first is unclear",
        ("brushing_parcels.waybill_id", _BUYER),
        partial(waybill_reused, disputed=True),
    ),
    Rule(
        "light_parcel",
        "it weighs far less than the same goods do otherwise",
        ("brushing_parcels.weight_g", "brushing_lines.item_id"),
        soft.light_parcel,
    ),
    Rule(
        "delivered_too_soon",
        "it arrived impossibly soon for its route",
        (
            "brushing_parcels.scan_at",
            "brushing_parcels.delivered_at",
            "brushing_parcels.to_region",
        ),
        soft.delivered_too_soon,
    ),
    Rule(
        "shared_device",
        "several buyers of the merchant use its device",
        (_BUYER, "brushing_orders.device_id"),
        partial(soft.shared_identifier, kind="device"),
        family="shared",
    ),
    Rule(
        "shared_address",
        "several buyers of the merchant use its address",
        (_BUYER, "brushing_orders.address_id"),
        partial(soft.shared_identifier, kind="address"),
        family="shared",
    ),
    Rule(
        "shared_ip",
        "several buyers of the merchant use its network",
        (_BUYER, "brushing_orders.ip"),
        partial(soft.shared_identifier, kind="ip"),
        family="shared",
    ),
    Rule(
        "few_merchants",
        "its buyer buys at two merchants only, as others do at the same two",
        (_BUYER_OR_WRITER,),
        few_merchants,
        family="circle",
    ),
    Rule(
        "dense_block",
        "its buyer is one of many who all buy at the same merchants, or the same goods",
        (_BUYER_OR_WRITER,),
        dense_block,
        family="circle",
    ),
    Rule(
        "repeated_item",
        "its buyer ordered the same thing again and again",
        (_BUYER, "brushing_lines.item_id"),
        soft.repeated_item,
    ),
    Rule(
        "price_off_list",
        "it cost next to nothing of the list price",
        ("brushing_lines.price", "brushing_lines.list_price"),
        soft.price_off_list,
        family="sale",
    ),
    Rule(
        "burst_hour",
        "it was paid in an hour full of new buyers",
        (_BUYER_OR_WRITER,),
        burst_hour,
        family="sale",
    ),
    Rule(
        "copied_praise_soon",
        "five stars in copied words within a day of delivery",
        (*_PRAISE, "brushing_parcels.delivered_at"),
        partial(soft.copied_praise, soon=True),
        family="praise",
    ),
    Rule(
        "copied_praise",
        "five stars in copied words",
        _PRAISE,
        partial(soft.copied_praise, soon=False),
        family="praise",
    ),
    Rule(
        "praise_apart",
        "five stars where all others are far less content",
        _STARS,
        soft.praise_apart,
    ),
)
RULES: Mapping[str, Rule] = {rule.name: rule for rule in _ALL}
