"""The file form of signals and of the tree above them: lines, words, dimensions, the index.

Each key says here what it means and shows an example. The JSON Schema, editors that read it and
the scorecard reference in the docs take their texts from these descriptions.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from trustscore.scorecard.curves import CURVES
from trustscore.scorecard.faults import Base, OneOf
from trustscore.scorecard.field_types import (
    Anchor,
    Column,
    Conditions,
    Number,
    Pair,
    Positive,
    Prior,
    Weight,
)
from trustscore.scorecard.kinds import KINDS

CurveName = Annotated[str, OneOf(CURVES.names)]
# Knots belong to one signal, so no curve through knots can be the default of all.
CurveByAnchors = Annotated[str, OneOf(tuple(c.name for c in CURVES.values() if not c.knots))]
Blank = Literal["unknown", "withheld", "left_out"]
_POWER = (
    "Exponent of the power mean. 1 is the weighted mean; the lower it is, the less a "
    "strong part makes up for a weak one. 0 is the geometric mean, -1 the harmonic one."
)
_FLOOR = (
    "Floor eps of the power mean, used where power is below 1: utilities are raised to "
    "eps + (1 - eps) u before the mean, so that a single zero does not make everything worthless. "
    "With 0 it does, where power is 0 or below: one zero sinks the node."
)


class WordsSpec(Base):
    """A text in both languages."""

    en: str = Field(description="The English text.", examples=["Use"])
    zh: str = Field(default="", description="The Chinese text.", examples=["用"])


class SignalWords(Base):
    """Names, reason and advice of one signal."""

    en: str = Field(
        description="Name of the signal in English, as statements and reports print it.",
        examples=["Complaints per paid order"],
    )
    zh: str = Field(default="", description="Name of the signal in Chinese.", examples=["投诉率"])
    why: str = Field(
        default="",
        description="Reason for the weight and the anchors: a source, or the word judgement.",
        examples=["A complaint costs the buyer effort, so it means something: judgement."],
    )
    unit: str = Field(
        default="",
        description="Unit printed behind the value. Empty for rates, which print as percentages.",
        examples=["h", "stars"],
    )
    advice: WordsSpec | None = Field(
        default=None,
        description="What a merchant can do about this signal, in both languages.",
        examples=[{"en": "Close cases within three days.", "zh": "三天内结案。"}],
    )


class SignalSpec(Base):
    """One signal line.

    A line has exactly one kind. The kind is the key that names the columns: rate, events, mean,
    duration, ratio, count, flag or score. It decides how the value is made from the columns and
    how much evidence stands behind it.
    """

    stage: str = Field(
        description="Stage of the purchase that the signal is about; one of the table [stages].",
        examples=["use"],
    )
    rate: Pair | None = Field(
        default=None,
        description="Kind: k of n, where every one of the k is among the n. A row in which k "
        "exceeds n is rejected.",
        examples=[["negative_reviews", "reviews_rated"]],
    )
    events: Pair | None = Field(
        default=None,
        description="Kind: k for each n, where k may exceed n, as with the complaints of a window "
        "over its orders.",
        examples=[["complaints", "orders_paid"]],
    )
    mean: Pair | None = Field(
        default=None,
        description="Kind: a mean and the number of observations behind it.",
        examples=[["product_rating_mean", "reviews_rated"]],
    )
    duration: Pair | None = Field(
        default=None,
        description="Kind: a mean waiting time and the number of cases behind it. It is shrunk on "
        "the logarithm, and a value below a hundredth of the smaller anchor above 0 counts as "
        "that.",
        examples=[["aftersales_review_hours_mean", "refunds_completed"]],
    )
    ratio: Pair | Column | Literal[True] | None = Field(
        default=None,
        description="Kind: a quotient that the export already holds; one column, or the quotient "
        "and its sample. true means the column named like the signal.",
        examples=[["return_rate_vs_category", "orders_delivered"], True],
    )
    count: Column | Literal[True] | None = Field(
        default=None,
        description="Kind: a number of cases, taken as it is. true means the column named like "
        "the signal.",
        examples=[True],
    )
    flag: Column | Literal[True] | None = Field(
        default=None,
        description="Kind: 0 or 1, no or yes. true means the column named like the signal.",
        examples=[True],
    )
    score: Column | Literal[True] | None = Field(
        default=None,
        description="Kind: any number without a sample, taken as it is. true means the column "
        "named like the signal.",
        examples=["host_response_rate"],
    )
    poor: Anchor | None = Field(
        default=None,
        description="Poor anchor: the value that is worth nothing (utility 0; with the curves "
        "normal and lognormal .5, logistic .1). A quantile such as 'q95' waits for trustscore fit.",
        examples=[0.02, "q95"],
    )
    good: Anchor | None = Field(
        default=None,
        description="Good anchor: the value that is worth full marks (utility 1; with the curves "
        "normal, lognormal and logistic .9). The order of poor and good is the direction.",
        examples=[0.0, "q5"],
    )
    knots: tuple[tuple[Number, Number], ...] | None = Field(
        default=None,
        description="Points [value, utility] of the curves knots and percentile, in place of poor "
        "and good: values rise, utilities never turn back. Without them percentile waits for "
        "trustscore fit.",
        examples=[[[0, 1], [0.01, 0.6], [0.04, 0]]],
    )
    weight: Weight = Field(
        description="Weight relative to the other signals of the dimension: a number, or critical "
        "(10), high (7), medium (4), low (2). 0 counts only where an overlay gives it weight; "
        "'fit' waits for trustscore fit.",
        examples=[8, "high", "fit"],
    )
    prior: Prior = Field(
        description="Value assumed before there is evidence, in the unit of the column (a rate "
        "as a share). 'fit' waits for trustscore fit.",
        examples=[0.008, "fit"],
    )
    strength: Prior | None = Field(
        default=None,
        description="How many observations the prior is worth. Needed by every signal with a "
        "sample, and only by those. 'fit' waits for trustscore fit.",
        examples=[100, "fit"],
    )
    sd: Positive | None = Field(
        default=None,
        description="Standard deviation of one observation, in log units for a duration. A mean "
        "or a duration needs it for the interval, unless spread is given.",
        examples=[0.9],
    )
    spread: Annotated[Number, Field(gt=0, le=0.5)] | None = Field(
        default=None,
        description="How far merchants differ, as a standard deviation of utility. It takes the "
        "place of what follows from prior, strength and sd; without any of these it is .25, and "
        ".20 for a signal whose prior has a utility of .9 or more.",
        examples=[0.25],
    )
    curve: CurveName | None = Field(
        default=None,
        description="Curve from value to utility. Left out: log for a duration, linear for a "
        "flag, and the curve of [defaults] for the others.",
        examples=["log"],
    )
    window: Annotated[int, Field(ge=0)] | None = Field(
        default=None,
        description="Days over which the export counts; 0 is the state on the day. For people and "
        "for those who make the export: no arithmetic depends on it. Left out: that of [defaults].",
        examples=[90],
    )
    lag: Annotated[int, Field(ge=0)] | None = Field(
        default=None,
        description="Days the export waits after the window, so that late events such as returns "
        "can come in. As with window, no arithmetic depends on it.",
        examples=[15],
    )
    applies_when: Conditions | None = Field(
        default=None,
        description="Condition, or list of conditions, under which the signal applies. Where one "
        "is false the signal has no weight, which is shared out inside its dimension. A blank "
        "does not make it false.",
        examples=["live_sessions_365d > 0"],
    )
    range: tuple[Number, Number] | None = Field(
        default=None,
        description="Lowest and highest value a cell may hold; a row beyond it is rejected.",
        examples=[[1, 5]],
    )
    blank: Blank | None = Field(
        default=None,
        description="What a blank figure means. unknown: the prior stands in. withheld: beside a "
        "sample that is not empty, somebody has the figure and does not give it, so the utility "
        "is one standard deviation of the prior towards poor. left_out: without evidence the "
        "signal has no weight, which is shared out inside its dimension; whoever leaves a bad "
        "figure blank gains by it. Without this key: that of [defaults].",
        examples=["withheld"],
    )
    decimals: Annotated[int, Field(ge=1, le=9)] | None = Field(
        default=None,
        description="Decimals to which the utility is rounded, half up, before it is weighted: "
        "for scores that are published as rounded parts. Without this key nothing is rounded.",
        examples=[2],
    )
    actionable: bool = Field(
        default=True,
        description="Whether the merchant can change the figure. With false it is scored like any "
        "other, but no plan towards a tier asks for it, as with days in business.",
        examples=[False],
    )

    @property
    def kinds(self) -> list[str]:
        """Kinds given; a valid signal has one."""
        return [kind for kind in KINDS if getattr(self, kind) is not None]


class DimensionSpec(Base):
    """One dimension, or a group of signals under another one."""

    weight: Weight = Field(
        description="Weight relative to the other dimensions with the same parent; 'fit' waits "
        "for trustscore fit.",
        examples=[0.25],
    )
    en: str = Field(default="", description="Name in English.", examples=["Product quality"])
    zh: str = Field(default="", description="Name in Chinese.", examples=["商品质量"])
    parent: str | None = Field(
        default=None,
        description="Dimension that this one is a part of. Left out, it is a part of the index. "
        "Dimensions may be nested to any depth.",
        examples=["service_quality"],
    )
    power: Annotated[Number, Field(ge=-1, le=1)] = Field(
        default=1.0, description=_POWER, examples=[0.5]
    )
    floor: Annotated[Number, Field(ge=0, lt=1)] = Field(
        default=0.1, description=_FLOOR, examples=[0.1]
    )
    weight_by: Column | None = Field(
        default=None,
        description="Column with a share between 0 and 1 that the weight is multiplied by, such "
        "as the live share of orders, so that a dimension comes and goes by degrees. A blank "
        "counts as 1.",
        examples=["live_order_share"],
    )


class IndexSpec(Base):
    """The root of the tree and the constants of the interval."""

    power: Annotated[Number, Field(ge=-1, le=1)] = Field(
        default=1.0, description=_POWER, examples=[0.5]
    )
    floor: Annotated[Number, Field(ge=0, lt=1)] = Field(
        default=0.1, description=_FLOOR, examples=[0.1]
    )
    rho: Annotated[Number, Field(ge=0, le=1)] = Field(
        default=0.25,
        description="Correlation between what is unknown of one signal and of another: merchants "
        "are good or bad as a whole. A larger one widens the interval of merchants with little "
        "evidence.",
        examples=[0.25],
    )
    rho_evidence: Annotated[Number, Field(ge=0, le=1)] = Field(
        default=0.1,
        description="Correlation between the chance errors of two signals: one bad order hurts "
        "several of them.",
        examples=[0.1],
    )
    strength_scale: Positive = Field(
        default=1.0,
        description="Factor on the strength of every signal: below 1 all merchants move away from "
        "the priors sooner. trustscore fit --halves says which factor the data ask for.",
        examples=[0.8],
    )


class DefaultsSpec(Base):
    """What a signal line leaves out."""

    window: Annotated[int, Field(ge=0)] = Field(
        default=30, description="Days over which the export counts.", examples=[30]
    )
    lag: Annotated[int, Field(ge=0)] = Field(
        default=0, description="Days the export waits for late events.", examples=[0]
    )
    curve: CurveByAnchors = Field(
        default="linear",
        description="Curve of signals that name none; durations have log and flags linear.",
        examples=["linear"],
    )
    blank: Blank = Field(
        default="unknown",
        description="What a blank figure means for signals that do not say. Say withheld where "
        "those who make the export hold the figures themselves.",
        examples=["withheld"],
    )
