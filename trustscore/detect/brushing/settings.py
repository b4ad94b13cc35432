"""The settings of the brushing rules: `[brushing]` of ``configs/detect.toml``."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Field, StringConstraints

from trustscore.scorecard.faults import Base

__all__ = [
    "BrushingSpec",
    "DenseSpec",
    "HardSpec",
    "PublicSpec",
    "PublicSpecs",
    "SoftSpec",
    "WeightSpec",
]

Word: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=128)]


class PublicSpec(Base):
    """When an identifier belongs to a public place, so that sharing it proves nothing."""

    buyers: int = Field(ge=2, description="At least so many buyers used it.", examples=[10])
    merchants: int = Field(
        ge=2, description="They bought from at least so many merchants.", examples=[10]
    )
    share: float = Field(
        gt=0,
        le=1,
        description="No merchant has more than this share of its orders.",
        examples=[0.5],
    )


class PublicSpecs(Base):
    """When each kind of identifier is public."""

    address: PublicSpec
    device: PublicSpec
    ip: PublicSpec


class HardSpec(Base):
    """Bounds of the rules that exclude an order by themselves."""

    score: float = Field(
        ge=0, le=1, description="Score of an order that such a rule marks.", examples=[0.99]
    )
    waybill_days: int = Field(
        ge=1, description="Carriers use a number again after so many days.", examples=[90]
    )
    waybill_orders: int = Field(
        ge=2,
        description="Where scans are not collected, a number on more orders is a placeholder.",
        examples=[50],
    )
    scan_hours: float = Field(
        ge=0, description="A scan so long before payment is of another parcel.", examples=[1.0]
    )
    cash_hours: float = Field(
        ge=0,
        description="Paid so close to its delivery, an order was paid to the courier.",
        examples=[24.0],
    )
    credit_merchants: float = Field(
        gt=0,
        le=1,
        description="If more of the merchants have orders paid after delivery, these mean nothing.",
        examples=[0.2],
    )
    seen_days: int = Field(
        ge=0,
        description="Days after a merchant's identifier was last seen that it is still theirs.",
        examples=[90],
    )


class SoftSpec(Base):
    """Bounds of the rules whose evidence is added up."""

    light_share: float = Field(
        gt=0,
        lt=1,
        description="A parcel is light below this share of the median weight of its goods.",
        examples=[0.2],
    )
    light_parcels: int = Field(
        ge=2, description="Orders of the same goods that make a median.", examples=[8]
    )
    soon_share: float = Field(
        gt=0,
        lt=1,
        description="A delivery is too soon below this share of the median of its route.",
        examples=[0.1],
    )
    soon_parcels: int = Field(
        ge=2, description="Parcels of a route that make a median.", examples=[20]
    )
    shared_buyers: int = Field(
        ge=2, description="Buyers of one merchant that use one identifier.", examples=[5]
    )
    shared_days: int = Field(ge=1, description="Within so many days.", examples=[7])
    few_orders: int = Field(
        ge=2, description="Orders in 90 days that tell where a buyer buys.", examples=[5]
    )
    few_share: float = Field(
        gt=0.5, le=1, description="Share of them at two merchants.", examples=[0.8]
    )
    few_buyers: int = Field(
        ge=2, description="Buyers that have the same two merchants.", examples=[3]
    )
    few_chance: float = Field(
        gt=0,
        lt=1,
        description="Chance that so many share two merchants as popular as these.",
        examples=[1e-6],
    )
    repeated_orders: int = Field(
        ge=2, description="Orders of one variant by one buyer.", examples=[4]
    )
    repeated_days: int = Field(ge=1, description="Within so many days.", examples=[7])
    off_list: float = Field(
        gt=0, lt=1, description="Paid so much less than the list price.", examples=[0.95]
    )
    hour_chance: float = Field(
        gt=0, lt=1, description="Chance of an hour with so many orders.", examples=[0.001]
    )
    hour_history: int = Field(
        ge=1, description="A shop of fewer days has no usual hours.", examples=[30]
    )
    hour_orders: int = Field(
        ge=2, description="Fewer orders in an hour are no burst.", examples=[6]
    )
    hour_first: float = Field(
        ge=0, le=1, description="Share of them by buyers new to the shop.", examples=[0.6]
    )
    praise_hours: float = Field(
        gt=0, description="Copied praise so soon after delivery weighs more.", examples=[24.0]
    )
    known_score: float = Field(
        gt=0,
        lt=1,
        description="An account or words with another order of such a score at the merchant are"
        " known.",
        examples=[0.95],
    )
    apart_stars: float = Field(
        gt=0, le=4, description="Praise so many stars above the others' mean.", examples=[2.0]
    )
    apart_reviews: int = Field(ge=2, description="Other reviews that make a mean.", examples=[5])


class DenseSpec(Base):
    """When buyers and what they buy stand too close together for chance."""

    constant: float = Field(
        gt=1,
        description="An edge weighs 1 / log(buyers of its merchant + this).",
        examples=[5.0],
    )
    blocks: int = Field(ge=1, le=100, description="Blocks at most.", examples=[10])
    graphs: int = Field(
        ge=1,
        le=100,
        description="Graphs of the same degrees that chance makes, to compare with.",
        examples=[3],
    )
    margin: float = Field(
        ge=1,
        description="A block is so many times denser than the densest one of these.",
        examples=[1.5],
    )
    lift: float = Field(
        ge=1,
        description="It has so many times the edges that the degrees of its members explain.",
        examples=[1.5],
    )
    share: float = Field(
        gt=0,
        le=1,
        description="A block of a larger share of the buyers is the market itself.",
        examples=[0.2],
    )


class WeightSpec(Base):
    """Natural logarithm of how much likelier each piece of evidence is on a brushing order."""

    waybill_disputed: float = Field(ge=0, le=20, examples=[4.4])
    light_parcel: float = Field(ge=0, le=20, examples=[5.0])
    delivered_too_soon: float = Field(ge=0, le=20, examples=[4.4])
    shared_device: float = Field(ge=0, le=20, examples=[4.6])
    shared_address: float = Field(ge=0, le=20, examples=[2.3])
    shared_ip: float = Field(ge=0, le=20, examples=[1.5])
    few_merchants: float = Field(ge=0, le=20, examples=[4.2])
    dense_block: float = Field(ge=0, le=20, examples=[1.5])
    repeated_item: float = Field(ge=0, le=20, examples=[2.2])
    price_off_list: float = Field(ge=0, le=20, examples=[1.5])
    burst_hour: float = Field(ge=0, le=20, examples=[1.5])
    copied_praise_soon: float = Field(ge=0, le=20, examples=[4.4])
    copied_praise: float = Field(ge=0, le=20, examples=[3.0])
    known_account: float = Field(ge=0, le=20, examples=[3.0])
    known_words: float = Field(ge=0, le=20, examples=[2.0])
    praise_apart: float = Field(ge=0, le=20, examples=[0.7])


class BrushingSpec(Base):
    """How orders are told that were bought for show."""

    prior: float = Field(
        gt=0, lt=1, description="Share of orders that are brushing.", examples=[0.02]
    )
    queue: float = Field(ge=0, le=1, description="Lower scores are not written.", examples=[0.6])
    days: int = Field(
        ge=1, le=3660, description="Days before the cut whose orders are judged.", examples=[180]
    )
    consumables: tuple[Word, ...] = Field(
        description="Categories of goods that people buy often and for each other.",
        examples=[["food"]],
    )
    exempt_addresses: tuple[Word, ...] = Field(
        description="Ids of addresses of dormitories, offices and lockers, as the logs have them.",
        examples=[["dormitory-7"]],
    )
    hard: HardSpec = Field(description="Bounds of rules that exclude by themselves.")
    soft: SoftSpec = Field(description="Bounds of rules whose evidence is added up.")
    dense: DenseSpec = Field(description="When a block of buyers and merchants is too dense.")
    weights: WeightSpec = Field(description="What each piece of evidence weighs.")
    public: PublicSpecs = Field(description="When an address, device or network is public.")
