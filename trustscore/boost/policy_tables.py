"""The tables of a boost policy, key by key.

Descriptions and examples end up in the JSON Schema and in the policy reference of the docs.
"""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from trustscore.scorecard.faults import Base, OneOf
from trustscore.scorecard.side_values import fold_side_value, twice
from trustscore.scorecard.statuses import STATUS_WORDS, Status
from trustscore.scorecard.vetoes import VETO_WORDS, Veto


def _typed(value: Any) -> Any:
    # TOML has types: a quoted number is a slip of the pen, not a number.
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError("must be a number")
    return value


Number = Annotated[float, BeforeValidator(_typed)]
Share = Annotated[Number, Field(ge=0, le=1)]
Index = Annotated[Number, Field(ge=1, le=100)]
Points = Annotated[Number, Field(ge=-100, le=100)]
Width = Annotated[Number, Field(ge=0.01, le=1000)]
Count = Annotated[int, BeforeValidator(_typed), Field(ge=0)]
StatusWord = Annotated[str, OneOf(STATUS_WORDS)]
Treatment = Annotated[str, OneOf(tuple(word or "none" for word in VETO_WORDS))]


class Neutral(Base):
    """Where trust neither helps nor harms, in index points.

    A merchant known in part is compared with a mix of this point and their own prior index, in
    the proportion of their coverage. The point is frozen here and never taken from the list
    being ranked, where it would move with the competition.
    """

    point: Index = Field(
        default=71.0,
        description="Index that is neither promoted nor demoted; about what the scorecard gives "
        "an unknown merchant.",
        examples=[71],
    )
    by_category: dict[str, Index] = Field(
        default_factory=dict,
        description="Neutral points of categories that have their own; trustscore fit --neutral "
        "writes them. The scores then need a column category.",
        examples=[{"jewellery": 73.5, "fresh_food": 69.0}],
    )

    @field_validator("by_category", mode="after")
    @classmethod
    def _folded(cls, given: dict[str, float]) -> dict[str, float]:
        """Keep categories as cells are read, so that a space or a capital moves nobody's point."""
        for first, second in twice(given):
            raise ValueError(f"{second!r} is read as {first!r}: give one point for both")
        folded = {fold_side_value(word): point for word, point in given.items()}
        if "" in folded:
            raise ValueError("a category must not be blank: `point` is for merchants without one")
        return folded


class Evidence(Base):
    """How much must be settled before trust counts, in one-sided standard errors."""

    z_promote: Annotated[Number, Field(ge=0, le=5)] = Field(
        default=1.28,
        description="Standard errors by which an index must exceed the neutral point before it "
        "promotes; 1.28 is 90 %.",
        examples=[1.28],
    )
    z_demote: Annotated[Number, Field(ge=0, le=5)] = Field(
        default=1.645,
        description="Standard errors by which an index must fall short of the neutral point "
        "before it demotes; 1.645 is 95 %.",
        examples=[1.645],
    )


class Curve(Base):
    """From settled excess in index points to a lean between -rho and 1."""

    shape: Literal["tanh", "linear", "saturation", "knots", "tiers"] = Field(
        default="tanh",
        description="Shape of the curve: tanh is straight near neutral and flat far out; linear "
        "is cut off at its width; saturation is x / (x + width); knots is a monotone curve "
        "through points; tiers are steps.",
        examples=["tanh"],
    )
    up: Width = Field(
        default=15.0,
        description="Width of the promotion in index points: so much excess gives 76 % of the "
        "full lean with tanh, all of it with linear, half of it with saturation.",
        examples=[15],
    )
    down: Width = Field(
        default=15.0, description="Width of the demotion in index points.", examples=[15]
    )
    rho: Share = Field(
        default=1.0,
        description="Largest demotion as a share of the largest promotion; a smaller one is "
        "milder to the bad and gives a better bound.",
        examples=[1],
    )
    knots: tuple[tuple[Points, Number], ...] = Field(
        default=(),
        description="Points [excess, lean] of the shape knots; [0, 0] must be among them.",
        examples=[[[-20, -1], [0, 0], [10, 0.5], [20, 1]]],
    )
    steps: tuple[tuple[Points, Number], ...] = Field(
        default=(),
        description="Steps [excess, lean] of the shape tiers, each on its own side of 0.",
        examples=[[[-10, -0.5], [5, 0.25], [12, 1]]],
    )

    @model_validator(mode="after")
    def _points(self) -> Curve:
        for key, shape in (("knots", "knots"), ("steps", "tiers")):
            points = getattr(self, key)
            if bool(points) != (self.shape == shape):
                state = "is missing" if not points else "has no use"
                raise ValueError(f"{key} {state} with shape {self.shape!r}")
            if not points:
                continue
            xs, ys = zip(*points, strict=True)
            if any(b <= a for a, b in pairwise(xs)):
                raise ValueError(f"{key} must rise in points")
            if any(b < a for a, b in pairwise(ys)):
                raise ValueError(f"{key} must not fall in lean: more trust must never count less")
            if ys[0] < -self.rho or ys[-1] > 1:
                raise ValueError(f"{key} must stay between -rho and 1 in lean")
            if key == "knots" and (0.0, 0.0) not in points:
                raise ValueError("knots must hold [0, 0]: no excess is no lean")
            if key == "steps" and any(x == 0 or x * y < 0 for x, y in points):
                raise ValueError("steps must stand off 0 points and lean to their own side")
        return self


class Strength(Base):
    """The one strength: log boost of a full lean."""

    beta: Annotated[Number, Field(ge=0, le=5)] = Field(
        default=0.1,
        description="Log boost of a full lean, as trust_boost is exp(beta * lean): 0.1 moves a "
        "score by at most 10.5 % either way.",
        examples=[0.1],
    )


class Programme(Base):
    """The lean that joining the guarantee programme adds behind a trust gate."""

    gamma: Share = Field(
        default=0.2,
        description="Lean that a merchant with 1 in the column enrolled gets, behind the gate.",
        examples=[0.2],
    )
    gate: Annotated[Number, Field(ge=0, le=100)] = Field(
        default=65.0,
        description="Index at which the gate is half open. A merchant with claims_unpaid finds "
        "it shut.",
        examples=[65],
    )
    width: Width = Field(
        default=3.0,
        description="How gradually the gate opens, in index points.",
        examples=[3],
    )


class Pacing(Base):
    """The most that a plan (column ``pacing``) may lean either way."""

    most: Share = Field(
        default=0.0,
        description="Largest lean that a campaign or a guaranteed volume may ask for; 0 is off.",
        examples=[0.1],
    )


class Exploration(Base):
    """The share of lists in which one newcomer is lifted.

    The newcomer is drawn in proportion to boosted relevance, and its probability is logged.
    """

    share: Annotated[Number, Field(ge=0, le=0.5)] = Field(
        default=0.0,
        description="Share of lists in which one candidate is lifted; 0 is off.",
        examples=[0.1],
    )
    lift: Share = Field(
        default=1.0,
        description="Lean that is added; what all parts add up to stays within the cap.",
        examples=[1],
    )
    first: Annotated[Count, Field(ge=1)] = Field(
        default=5,
        description="Candidates that stand among so many first places need no lift.",
        examples=[5],
    )
    pool: Annotated[Count, Field(ge=1)] = Field(
        default=50, description="Candidates beyond so many places are not drawn.", examples=[50]
    )
    temperature: Width = Field(
        default=1.0,
        description="Evenness of the draw: 1 draws in proportion to the score, more draws more "
        "evenly, less favours the best.",
        examples=[1],
    )
    statuses: tuple[StatusWord, ...] = Field(
        default=(Status.NEW.word, Status.LOW_EVIDENCE.word),
        description="Statuses of merchants that may be lifted.",
        examples=[["new"]],
    )
    absent: bool = Field(
        default=False,
        description="Whether merchants without a score may be lifted as well.",
        examples=[True],
    )
    seed: int = Field(
        default=1,
        description="Seed of the draw: the same seed and query give the same list.",
        examples=[1],
    )


class VetoTreatment(Base):
    """What the ranking does at each veto level of the scores.

    A stricter level may not be treated more mildly than a milder one.
    """

    block: Treatment = Field(
        default="block",
        description="Treatment of block: block leaves the list, floor sorts below everybody "
        "without a veto, cap is never promoted, none is as if there were no veto.",
        examples=["block"],
    )
    floor: Treatment = Field(default="floor", description="Treatment of floor.", examples=["floor"])
    cap: Treatment = Field(default="cap", description="Treatment of cap.", examples=["cap"])

    @model_validator(mode="after")
    def _order(self) -> VetoTreatment:
        codes = list(self.codes.values())
        if sorted(codes) != codes:
            raise ValueError("a stricter level must not be treated more mildly than a milder one")
        return self

    @cached_property
    def codes(self) -> dict[str, int]:
        """Code of the treatment of each veto word of the scores, from mild to strict."""
        treated = {veto.word: getattr(self, veto.word) for veto in Veto if veto}
        return {"": 0} | {word: int(Veto.of(treatment)) for word, treatment in treated.items()}


class Guards(Base):
    """Promises to the buyer: one on the strength, the others on the finished order."""

    max_relevance_loss: Annotated[Number, Field(gt=0, lt=1)] | None = Field(
        default=None,
        description="Ratio guard: beta (1 + rho) must not exceed -ln(1 - this), so that no place "
        "shows less than 1 - this of the relevance it would show without the boost. For the "
        "multiplicative form only.",
        examples=[0.2],
    )
    max_up: Count | None = Field(
        default=None,
        description="Places an item may rise from its place without the boost.",
        examples=[10],
    )
    max_down: Count | None = Field(
        default=None,
        description="Places an item may fall from its place without the boost.",
        examples=[10],
    )
    head: Count = Field(
        default=0,
        description="So many first places keep the order without the boost.",
        examples=[3],
    )
    merchant_most: Annotated[Count, Field(ge=1)] | None = Field(
        default=None,
        description="Items of one merchant among the first merchant_top places. It acts last and "
        "may move an item further than max_up and max_down.",
        examples=[3],
    )
    merchant_top: Annotated[Count, Field(ge=1)] = Field(
        default=10, description="Places that merchant_most looks at.", examples=[10]
    )


class Exclusions(Base):
    """Lists on which the boost stays off; vetoes hold on them all the same."""

    queries: tuple[str, ...] = Field(
        default=(),
        description="Patterns of query ids, with * and ? as in file names.",
        examples=[["brand-*"]],
    )
    kinds: tuple[str, ...] = Field(
        default=(),
        description="Kinds of query, as the column query_kind names them.",
        examples=[["brand", "sku", "sorted"]],
    )


class Validity(Base):
    """How long scores count as evidence."""

    # A century: more is a slip of the pen, and no calendar has the day.
    days: Annotated[Count, Field(ge=1, le=36500)] | None = Field(
        default=None,
        description="Days after which scores are neutral again. Left out: they never expire.",
        examples=[14],
    )
    keep_vetoes: bool = Field(
        default=True,
        description="Whether vetoes outlive the scores they came with.",
        examples=[True],
    )
