"""The file form of a scorecard: what a TOML may say, key by key.

Descriptions and examples end up in the JSON Schema and in the scorecard reference. The tables of
signals and rules have files of their own.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from trustscore.scorecard.faults import Base, OneOf
from trustscore.scorecard.field_types import (
    WEIGHT_WORDS,
    Anchor,
    Column,
    Date,
    DerivedColumn,
    Name,
    Number,
    Positive,
    Prior,
    Texts,
    Weight,
)
from trustscore.scorecard.rule_spec import RuleSpec, StatusSpec, TiersSpec
from trustscore.scorecard.side_columns import Reader, side_read_by
from trustscore.scorecard.signal_spec import (
    DefaultsSpec,
    DimensionSpec,
    IndexSpec,
    SignalSpec,
    SignalWords,
    WordsSpec,
)

__all__ = [
    "WEIGHT_WORDS",
    "RuleSpec",
    "ScorecardFile",
    "SignalSpec",
    "SignalWords",
    "WordsSpec",
]


class SignalChange(Base):
    """What an overlay changes in one signal; what it leaves out stays."""

    weight: Weight | None = Field(
        default=None, description="Other weight inside the dimension.", examples=[8]
    )
    poor: Anchor | None = Field(default=None, description="Other poor anchor.", examples=[0.05])
    good: Anchor | None = Field(default=None, description="Other good anchor.", examples=[0.004])
    prior: Prior | None = Field(
        default=None,
        description="Other prior. Where anchors move, the prior should move along.",
        examples=[0.0224],
    )
    strength: Prior | None = Field(
        default=None,
        description="Other number of observations that the prior is worth.",
        examples=[169],
    )
    sd: Positive | None = Field(
        default=None, description="Other standard deviation of one observation.", examples=[0.9]
    )
    spread: Annotated[Number, Field(gt=0, le=0.5)] | None = Field(
        default=None, description="Other standard deviation of utility.", examples=[0.25]
    )
    why: str = Field(
        default="",
        description="Reason for the change.",
        examples=["A costly purchase is made in talk."],
    )


class DimensionChange(Base):
    """What an overlay changes in one dimension."""

    weight: Weight = Field(
        description="Other weight among the dimensions with the same parent.", examples=[0.3]
    )
    why: str = Field(
        default="", description="Reason for the change.", examples=["Value lies in the material."]
    )


# Their values tell overlays and peer groups apart.
VariantColumn = Annotated[str, OneOf(side_read_by(Reader.VARIANT))]


class MatchSpec(Base):
    """Which rows an overlay is for: all given columns must match."""

    category: Texts | None = Field(
        default=None,
        description="Values of the column category, one or a list, compared without case and "
        "without spaces at the ends.",
        examples=[["jewellery", "珠宝"]],
    )
    shop_type: Texts | None = Field(
        default=None,
        description="Values of the column shop_type, compared in the same way.",
        examples=["flagship"],
    )


class OverlaySpec(Base):
    """Changes for the rows that match.

    Overlays apply in file order; where two change the same figure the later one wins.
    """

    match: MatchSpec = Field(
        description="Rows that the overlay is for: all columns given must match.",
        examples=[{"category": ["jewellery"]}],
    )
    en: str = Field(default="", description="Name in English.", examples=["Jewellery"])
    zh: str = Field(default="", description="Name in Chinese.", examples=["珠宝玉石"])
    why: str = Field(
        default="",
        description="Why these rows are judged differently.",
        examples=["Value lies in the material and cannot be seen on a screen."],
    )
    signals: dict[str, SignalChange] = Field(
        default_factory=dict,
        description="Changes to signals, by signal.",
        examples=[{"certificate_coverage_rate": {"weight": 8}}],
    )
    dimensions: dict[str, DimensionChange] = Field(
        default_factory=dict,
        description="Changes to dimensions, by dimension.",
        examples=[{"product_quality": {"weight": 0.3}}],
    )
    rules: dict[Name, RuleSpec] = Field(
        default_factory=dict,
        description="Changes to rules, and rules for these rows only, by rule.",
        examples=[{"freight_bonus": {"off": True}}],
    )


class PeerPrior(Base):
    """Prior of one signal in one peer group."""

    prior: Number = Field(description="Prior of the signal in this group.", examples=[0.021])
    strength: Positive | None = Field(
        default=None,
        description="Observations that this prior is worth. Left out: as on the signal line.",
        examples=[140],
    )


class PeersSpec(Base):
    """Priors per peer group.

    trustscore fit writes this table. An overlay that states a prior has the last word.
    """

    by: tuple[VariantColumn, ...] = Field(
        default=("category",),
        description="Columns whose values together make a group. A row whose values are no listed "
        "group has the priors of the signal lines; no group of one of the columns stands in.",
        examples=[["category"], ["category", "shop_type"]],
    )
    priors: dict[str, dict[str, PeerPrior]] = Field(
        default_factory=dict,
        description="Group, then signal, to prior. The values of several columns are joined by |.",
        examples=[{"shoes": {"quality_return_rate": {"prior": 0.021, "strength": 140}}}],
    )


class ScorecardFile(Base):
    """A whole scorecard file."""

    name: Name = Field(
        description="Name of the scorecard; the first part of the stamp beside every score.",
        examples=["default"],
    )
    version: str = Field(
        description="Version; raise it with every change. The second part of the stamp.",
        examples=["1.0.0"],
    )
    effective_from: Date = Field(
        description="Day from which the scorecard is in force.", examples=["2026-01-01"]
    )
    title: WordsSpec | None = Field(
        default=None, description="Title in both languages.", examples=[{"en": "Five signals"}]
    )
    decimal: Literal[".", ","] = Field(
        default=".", description="Decimal sign of numbers in text inputs.", examples=[","]
    )
    index: IndexSpec = Field(
        default=IndexSpec(),
        description="How dimensions become the index, and the constants of the interval.",
        examples=[{"power": 0.5}],
    )
    defaults: DefaultsSpec = Field(
        default=DefaultsSpec(),
        description="Values of keys that signal lines leave out.",
        examples=[{"window": 90}],
    )
    columns: dict[Column, Texts] = Field(
        default_factory=dict,
        description="Other names under which an export may hold a column, one or a list.",
        examples=[{"merchant_id": "id", "orders_paid": ["orders", "paid_orders"]}],
    )
    derived: dict[Column, DerivedColumn] = Field(
        default_factory=dict,
        description="Columns made of those of the export, by name: two columns, or a column and a "
        "number, joined by + - * or /, and abs(a - b) for a distance. A blank makes a blank, and "
        "so does a division by 0. days_between(since, until) counts whole days from the first to "
        "the second, each a column of dates or a date such as 2026-03-01. Signals, conditions and "
        "rules read them like any other column; "
        "a column of that name in the export is not read.",
        examples=[
            {
                "sound_percent": "100 - defect_percent",
                "heat_off": "abs(heat - 45)",
                "tenure_days": "days_between(host_since, last_scraped)",
            }
        ],
    )
    stages: dict[Name, WordsSpec] = Field(
        default_factory=dict,
        description="Stages of a purchase, with their names. Where there are any, each signal "
        "names one of them.",
        examples=[{"use": {"en": "Use", "zh": "用"}}],
    )
    dimensions: dict[Name, DimensionSpec] = Field(
        description="The dimensions, by name: each becomes a column of the scores.",
        examples=[{"product_quality": {"weight": 0.5, "en": "Product quality"}}],
    )
    signals: dict[str, dict[Name, SignalSpec]] = Field(
        description="The signals, by dimension and name. A name is given once in the whole file.",
        examples=[
            {
                "after_sales": {
                    "complaint_rate": {
                        "stage": "service",
                        "events": ["complaints", "orders_paid"],
                        "poor": 0.02,
                        "good": 0,
                        "weight": 4,
                        "prior": 0.008,
                        "strength": 100,
                    }
                }
            }
        ],
    )
    words: dict[str, SignalWords] = Field(
        default_factory=dict,
        description="Names, reasons and advice, by signal.",
        examples=[{"complaint_rate": {"en": "Complaints per paid order", "zh": "投诉率"}}],
    )
    rules: dict[Name, RuleSpec] = Field(
        default_factory=dict,
        description="What a mean cannot say: bonuses, deductions, caps and vetoes, by name.",
        examples=[{"privacy_leak_cap": {"when": "privacy_leak_flag >= 1", "cap": 59}}],
    )
    overlays: dict[Name, OverlaySpec] = Field(
        default_factory=dict,
        description="Other weights, anchors, priors and rules for some categories or shop types.",
        examples=[
            {
                "jewellery": {
                    "match": {"category": "jewellery"},
                    "dimensions": {"product_quality": {"weight": 0.3}},
                }
            }
        ],
    )
    peers: PeersSpec = Field(
        default=PeersSpec(),
        description="Priors by group of merchants; a group that is not listed has those of "
        "the signal lines.",
        examples=[{"by": ["category"]}],
    )
    status: StatusSpec = Field(
        default=StatusSpec(),
        description="How much an index is worth: when a merchant is new, and when the evidence is "
        "thin.",
        examples=[{"new": {"column": "orders_paid", "below": 30}}],
    )
    tiers: TiersSpec = Field(
        default=TiersSpec(),
        description="The ladder of tiers and rights.",
        examples=[{"hysteresis": 3}],
    )
    provenance: dict[str, Any] = Field(
        default_factory=dict,
        description="Free notes on how the scorecard came about; trustscore fit writes them.",
        examples=[{"fitted_on": "2026-01-01"}],
    )
