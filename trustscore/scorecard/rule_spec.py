"""The file form of rules, status and tiers: what is done with an index.

Descriptions and examples end up in the JSON Schema and in the scorecard reference.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from trustscore.scorecard.faults import Base, OneOf
from trustscore.scorecard.field_types import Column, Conditions, Name, Number, Positive
from trustscore.scorecard.vetoes import Veto

# A cap has a height, and so a key of its own.
VetoWord = Annotated[str, OneOf(tuple(veto.word for veto in Veto if veto > Veto.CAP))]


class ExceedsSpec(Base):
    """A rate cap: at least `min_count` events and significantly more than the line allows.

    It holds where k >= min_count and k >= line n + 1.645 sqrt(line n) on the raw counts, so that
    a single case among few orders limits nobody.
    """

    signal: str = Field(
        description="Signal of the kind rate or events, lower is better, whose counts are looked "
        "at.",
        examples=["counterfeit_complaint_upheld_rate"],
    )
    min_count: Positive = Field(default=2.0, description="Least number of events.", examples=[2])
    line: Positive | None = Field(
        default=None,
        description="Rate that must be exceeded. Left out: the poor anchor of the signal, as the "
        "overlays of the row have it.",
        examples=[0.1],
    )


class RuleSpec(Base):
    """A rule, or inside an overlay the changes to one.

    A rule has either `when` or `exceeds`, and exactly one effect: bonus, deduct, hold, cap, veto,
    right or duty. A hold needs no condition. An overlay may change the points of a rule, switch it
    off, or add one.
    """

    when: Conditions | None = Field(
        default=None,
        description="Condition or list of conditions on raw columns: COLUMN or COLUMN / COLUMN, "
        "one of > >= < <= == !=, a number. All must hold; one with a blank does not.",
        examples=[["orders_paid >= 30", "orders_guaranteed / orders_paid >= 0.6"]],
    )
    exceeds: ExceedsSpec | None = Field(
        default=None,
        description="In place of when: a count that is significantly above a line.",
        examples=[{"signal": "fake_shipment_rate", "min_count": 2}],
    )
    bonus: Positive | None = Field(
        default=None, description="Effect: points added to the index.", examples=[2]
    )
    deduct: Positive | None = Field(
        default=None, description="Effect: points taken from the index.", examples=[5]
    )
    cap: Annotated[Number, Field(ge=0, le=100)] | None = Field(
        default=None,
        description="Effect: the index is at most this. The lowest cap that fires counts.",
        examples=[59],
    )
    hold: Annotated[Number, Field(ge=0, le=100)] | None = Field(
        default=None,
        description="Effect: the index is at most so many points above the column `above`, after "
        "bonuses and deductions and before caps. It fires where it lowers the index; a blank holds "
        "nobody.",
        examples=[5],
    )
    above: Column | None = Field(
        default=None,
        description="Column of points from 0 to 100 that a hold looks at, such as the index of "
        "the last few days; needed with hold.",
        examples=["short_index"],
    )
    veto: VetoWord | None = Field(
        default=None,
        description="Effect on ranking and tiers, not on the index: floor ranks below everybody "
        "without a veto, block takes the merchant out of lists.",
        examples=["block"],
    )
    right: Name | None = Field(
        default=None,
        description="Effect: a right beside those of the tier, as a badge, while the rule fires "
        "and the merchant has no veto. No points move.",
        examples=["guarantee_badge"],
    )
    duty: Name | None = Field(
        default=None,
        description="Effect: something the merchant must do while the rule fires, whatever the "
        "tier. No points move.",
        examples=["pre_review"],
    )
    per: Column | None = Field(
        default=None,
        description="Column of cases: bonus or deduct counts once for each of them.",
        examples=["fake_shipment_orders_90d"],
    )
    most: Positive | None = Field(
        default=None,
        description="Most points that per may come to; needed with per.",
        examples=[8],
    )
    en: str = Field(
        default="",
        description="Reason in English, as the merchant reads it.",
        examples=["Confirmed empty or wrong parcels"],
    )
    zh: str = Field(default="", description="Reason in Chinese.", examples=["确认的空包或虚假发货"])
    why: str = Field(
        default="",
        description="Why the rule is there and stands where it stands, for those who edit it.",
        examples=["Shipping nothing is fraud, not slow service."],
    )
    monotone: bool = Field(
        default=True,
        description="Whether the rule must not reward a worse signal. A rule that does is a "
        "fault, unless this is false.",
        examples=[False],
    )
    off: bool = Field(
        default=False,
        description="Inside an overlay: the rule does not count for the rows that match.",
        examples=[True],
    )


class NewSpec(Base):
    """When a merchant is new: a count of theirs is below a line."""

    column: Column = Field(
        description="Column of the count; a blank counts as 0.", examples=["orders_paid"]
    )
    below: Positive = Field(
        description="The merchant is new while the count is below this.", examples=[30]
    )


class LowEvidenceSpec(Base):
    """When the evidence is too thin for the higher tiers."""

    coverage: Annotated[Number, Field(gt=0, le=1)] = Field(
        description="Coverage below which the status is low_evidence.", examples=[0.35]
    )


class StatusSpec(Base):
    """How much an index is worth: not_scored, new, low_evidence or formal, the first that fits."""

    new: NewSpec | None = Field(
        default=None,
        description="When the status is new. Left out: never.",
        examples=[{"column": "orders_paid", "below": 30}],
    )
    low_evidence: LowEvidenceSpec | None = Field(
        default=None,
        description="When the status is low_evidence. Left out: never.",
        examples=[{"coverage": 0.35}],
    )


class TierSpec(Base):
    """One step of the ladder, and what it allows."""

    id: Name = Field(description="Name of the tier, as the scores carry it.", examples=["trusted"])
    en: str = Field(default="", description="Name in English.", examples=["Trusted"])
    zh: str = Field(default="", description="Name in Chinese.", examples=["信赖"])
    at: Annotated[Number, Field(ge=0, le=100)] = Field(
        description="Index from which the tier is reached; the lowest tier has 0.", examples=[70]
    )
    coverage: Annotated[Number, Field(ge=0, le=1)] = Field(
        default=0.0,
        description="Coverage that the tier asks for; only tiers above the entry tier look at it.",
        examples=[0.5],
    )
    entry: bool = Field(
        default=False,
        description="Whether this is the entry tier; exactly one is. Up to it the index alone "
        "decides; above it the index less z standard errors, coverage and the status formal.",
        examples=[True],
    )
    rights: tuple[str, ...] = Field(
        default=(),
        description="What a merchant in this tier may do, in your own words; each tier lists all "
        "of its rights.",
        examples=[["shop_page", "search", "mall_feed"]],
    )


class TiersSpec(Base):
    """The ladder, low to high, with its hysteresis."""

    hysteresis: Annotated[Number, Field(ge=0)] = Field(
        default=3.0,
        description="Points that an index may fall below a tier's line before the tier is lost.",
        examples=[3],
    )
    z: Annotated[Number, Field(ge=0)] = Field(
        default=1.0,
        description="Standard errors taken off the index before it may enter a tier above the "
        "entry tier.",
        examples=[1.0],
    )
    coverage_margin: Annotated[Number, Field(ge=0, le=1)] = Field(
        default=0.1,
        description="How far coverage may fall below what a tier asks for before it is lost.",
        examples=[0.1],
    )
    minimum_stay_days: Annotated[Number, Field(ge=0)] = Field(
        default=14.0,
        description="Days in a tier before the next rise or fall; a veto does not wait.",
        examples=[14],
    )
    reviews_below: Annotated[int, Field(ge=1)] = Field(
        default=2,
        description="Reviews in a row below the line before a tier is lost.",
        examples=[2],
    )
    ladder: tuple[TierSpec, ...] = Field(
        default=(),
        description="The tiers, low to high, each in a table [[tiers.ladder]]. Without tiers no "
        "merchant has one.",
        examples=[
            [
                {"id": "limited", "at": 0},
                {"id": "standard", "at": 60, "entry": True},
                {"id": "trusted", "at": 70, "coverage": 0.5},
            ]
        ],
    )
