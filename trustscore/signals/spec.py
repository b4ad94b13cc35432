"""The file form of definitions: what each key is and may be."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, StringConstraints, field_validator, model_validator

from trustscore.errors import InputError
from trustscore.logs import load_zone
from trustscore.scorecard.faults import Base

__all__ = [
    "AGGREGATES",
    "ColumnSpec",
    "DefinitionsFile",
    "FactSpec",
    "FieldSpec",
    "JoinSpec",
    "MarketSpec",
    "MostSpec",
    "RankSpec",
    "UnionSpec",
]

Id: TypeAlias = Annotated[str, StringConstraints(pattern=r"^_?[a-z][a-z0-9_]{0,63}$")]
Source: TypeAlias = Annotated[
    str, StringConstraints(pattern=r"^((logs|all)\.)?[a-z][a-z0-9_]{0,63}$")
]
Text: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
Setting: TypeAlias = float | int | tuple[Text, ...]


class MarketSpec(Base):
    """The market that the logs are of."""

    tz: str = Field("UTC", description="IANA name of the market's time zone.", examples=["UTC"])
    currency: str = Field("", description="Currency of all amounts.", examples=["CNY"])
    low_price: float = Field(
        1.0, ge=0, description="Orders of at most this amount do not count.", examples=[1.0]
    )
    instant_refund_minutes: int = Field(
        10,
        ge=0,
        description="Orders refunded in full so soon, before shipment, do not count.",
        examples=[10],
    )
    poor_index: float = Field(
        60.0,
        ge=0,
        le=100,
        description="A merchant under this index is a poor one to promote.",
        examples=[60.0],
    )
    ship_promise_hours: int = Field(
        48, ge=0, description="Hours to ship where the order has no deadline.", examples=[48]
    )

    @field_validator("tz")
    @classmethod
    def _zone(cls, name: str) -> str:
        try:
            load_zone(name)
        except InputError as error:
            raise ValueError(str(error)) from None
        return name


class JoinSpec(Base):
    """Rows of another log that belong to one row of this one."""

    source: Source = Field(
        alias="from",
        description="Fact or log; `logs.x` reads the log without the facts derived from it.",
        examples=["aftersales"],
    )
    on: tuple[Id, ...] = Field(
        ("merchant_id", "order_id"),
        min_length=1,
        description="Columns that must be equal.",
        examples=[["merchant_id", "order_id"]],
    )
    equals: tuple[Id, ...] = Field(
        (),
        description="Their names in the other log, if they differ.",
        examples=[["merchant_id", "subject_id"]],
    )
    where: Text | None = Field(
        None, description="Only those of its rows.", examples=["kind = 'guarantee'"]
    )
    pick: Literal["first", "last"] | None = Field(
        None, description="Take one row, the first or the last.", examples=["first"]
    )
    by: tuple[Id, ...] = Field((), description="In which order.", examples=[["opened_at"]])
    take: dict[Id, Text] = Field(
        {}, description="What is taken of the row picked.", examples=[{"case_at": "opened_at"}]
    )
    fold: dict[Id, Text] = Field(
        {},
        description="What is made of all its rows: `first`, `last`, `last_of_all`, `any`, `all`, "
        "`sum`, `mean` or `count` and an expression.",
        examples=[{"shipped_at": "first"}],
    )

    @model_validator(mode="after")
    def _one_way(self) -> JoinSpec:
        if bool(self.pick) == bool(self.fold):
            raise ValueError("give either `pick` with `by` and `take`, or `fold`")
        if self.pick and not (self.by and self.take):
            raise ValueError("`pick` needs `by` and `take`")
        if self.equals and len(self.equals) != len(self.on):
            raise ValueError("`equals` must have as many names as `on`")
        return self


class MostSpec(Base):
    """A cap: at most so many of one person, the earliest kept."""

    a: Id = Field(description="Column that names the person.", examples=["buyer_id"])
    n: int = Field(ge=1, le=1000, description="How many are kept.", examples=[3])
    days: int | None = Field(None, ge=1, description="In so many days.", examples=[30])


class RankSpec(Base):
    """Whether a row is among the first (or last) of its group."""

    rank: tuple[Id, ...] = Field(
        min_length=1, description="Columns that make the group.", examples=[["order_id", "item_id"]]
    )
    by: tuple[Id, ...] = Field(min_length=1, description="In which order.", examples=[["sent_at"]])
    where: Text | None = Field(None, description="Among those rows.", examples=["stars > 0"])
    last: bool = Field(False, description="The last rather than the first.", examples=[True])
    n: int = Field(1, ge=1, le=1000, description="How many are kept.", examples=[3])
    days: int | None = Field(None, ge=1, description="In so many days.", examples=[30])
    blank: Literal["kept", "one"] = Field(
        "one",
        description="Rows with a blank in a column of the group: all kept, or one group.",
        examples=["kept"],
    )


class UnionSpec(Base):
    """Rows of several logs, one below the other."""

    source: Source = Field(alias="from", description="Fact or log.", examples=["tickets"])
    where: Text | None = Field(None, description="Only those rows.", examples=["kind = 'ip'"])
    take: dict[Id, Text] = Field(description="Columns and what they are.", examples=[{"at": "at"}])


FieldSpec: TypeAlias = Text | JoinSpec | RankSpec


class FactSpec(Base):
    """What is derived of each row before anything is counted."""

    of: Source | None = Field(
        None,
        description="Log or fact it is made of; the log of its name by default.",
        examples=["orders"],
    )
    union: tuple[UnionSpec, ...] = Field(
        (), description="Or rows of several.", examples=[[{"from": "tickets", "take": {}}]]
    )
    where: Text | None = Field(None, description="Only those rows.", examples=["rank_ok"])
    fields: dict[Id, FieldSpec] = Field(
        {}, description="Columns that are derived.", examples=[{"late": "shipped_at > ship_by"}]
    )

    @model_validator(mode="before")
    @classmethod
    def _inline(cls, data: Any) -> Any:
        """Take everything that is no key of a fact as one of its fields."""
        if not isinstance(data, dict):
            return data
        keys = ("of", "union", "where", "fields")
        inner = {name: held for name, held in data.items() if name not in keys}
        kept = {name: held for name, held in data.items() if name in keys}
        return {**kept, "fields": {**kept.get("fields", {}), **inner}} if inner else kept


class CohortSpec(Base):
    """Persons by their first row in the window, and whether they come again."""

    by: Id | None = Field(None, description="Column that names the person.", examples=["person"])
    index: Literal["first"] = Field("first", description="The first row.", examples=["first"])
    before: int | None = Field(
        None, ge=0, description="It lies so many days before the end.", examples=[45]
    )
    again: tuple[int, int] | None = Field(
        None, description="Another row so many days later, from and to.", examples=[[1, 45]]
    )
    other_day: bool = Field(False, description="On another local day.", examples=[True])
    where: Text | None = Field(
        None, description="Both rows must be such.", examples=["not fully_refunded"]
    )


AGGREGATES = ("count", "distinct", "sum", "mean", "flag", "last", "first", "value", "mode")


class ColumnSpec(Base):
    """One column of the export."""

    of: Id | None = Field(None, description="Fact or log whose rows count.", examples=["orders"])
    at: Id | None = Field(None, description="Time that must lie in the window.", examples=["at"])
    window: int | Literal["all"] | None = Field(
        None, description="Days, or all from the beginning.", examples=[30]
    )
    lag: int | None = Field(
        None, ge=0, le=3650, description="Days left for late consequences.", examples=[15]
    )
    only: Literal["valid", "paid", "any"] | None = Field(
        None, description="Which orders count, and rows of which orders.", examples=["paid"]
    )
    where: Text | None = Field(
        None, description="Condition on the row.", examples=["kind = 'complaint'"]
    )
    within: int | Literal["cut"] | None = Field(
        None,
        description="Days after the anchor in which consequences count; the lag by default. "
        "Expressions call that instant `horizon`.",
        examples=[15],
    )
    count: Literal[True] | None = Field(None, description="Count the rows.", examples=[True])
    distinct: tuple[Text, ...] | None = Field(
        None, min_length=1, description="Count different ones.", examples=[["buyer_id"]]
    )
    sum: Text | None = Field(None, description="Add up.", examples=["amount"])
    mean: Text | None = Field(None, description="Mean of those known.", examples=["stars"])
    flag: Literal[True] | None = Field(None, description="1 if there is any.", examples=[True])
    last: Text | None = Field(None, description="Of the last row.", examples=["shop_type"])
    first: Text | None = Field(None, description="The smallest.", examples=["delivered_at"])
    value: Text | None = Field(
        None, description="Worked out of other columns.", examples=["_a / _b"]
    )
    mode: Text | None = Field(None, description="The most frequent text.", examples=["category"])
    ties: Text | None = Field(
        None, description="Text that wins a tie of `mode`, or stands in for it.", examples=["x"]
    )
    part_of: Id | None = Field(None, description="Column whose rows are narrowed.", examples=["a"])
    over: Id | None = Field(None, description="Column whose rows a mean is of.", examples=["a"])
    like: Id | None = Field(None, description="Column that differs in the rest.", examples=["a"])
    most: MostSpec | None = Field(None, description="Cap per person.", examples=[{"a": "x"}])
    cohort: CohortSpec | None = Field(None, description="Cohort.", examples=[{"by": "person"}])
    days_since: bool = Field(False, description="Whole days to the cut.", examples=[True])
    cap: float | None = Field(None, description="Upper bound of each value.", examples=[720])
    floor: float | None = Field(None, description="Lower bound of each value.", examples=[0])
    half_life: float | None = Field(
        None,
        gt=0,
        le=36500,
        description="Days in which a row of a `sum` loses half of its weight.",
        examples=[90],
    )
    blank_when: Text | None = Field(None, description="When it is blank.", examples=["_n = 0"])
    needs: tuple[str, ...] = Field((), description="Logs it needs beside.", examples=[["x"]])
    en: str | None = Field(None, description="What it counts.", examples=["Paid orders"])
    zh: str | None = Field(None, description="The same in Chinese.", examples=["已付款订单"])
    why: str | None = Field(None, description="Why so, with the source.", examples=["Dy"])

    @field_validator("window")
    @classmethod
    def _days(cls, window: int | str | None) -> int | str | None:
        if isinstance(window, int) and not 1 <= window <= 36500:
            raise ValueError("must be 1 to 36500 days, or 'all'")
        return window


class DefinitionsFile(Base):
    """Definitions of the columns that an export of logs has."""

    name: Id = Field(description="Name; the first part of the stamp.", examples=["default"])
    version: str = Field(
        pattern=r"^\d+\.\d+\.\d+$",
        description="Version; raise it with every change.",
        examples=["1.0.0"],
    )
    extends: str | None = Field(
        None, description="Preset or file whose entries stand unless given here.", examples=["x"]
    )
    longest_window: int | None = Field(
        None,
        ge=1,
        le=36500,
        strict=True,
        description="No window is longer, also of what is extended: columns of the last few days "
        "under the usual names. What is first or last of all time stays so.",
        examples=[7],
    )
    market: MarketSpec = Field(
        MarketSpec.model_validate({}), description="The market.", examples=[{"tz": "UTC"}]
    )
    settings: dict[Id, float | int] = Field(
        {}, description="Numbers that expressions call `@name`.", examples=[{"live_minutes": 10}]
    )
    sets: dict[Id, tuple[Text, ...]] = Field(
        {}, description="Words that expressions call `@name`.", examples=[{"quality": ["material"]}]
    )
    policy: dict[Id, float] = Field(
        {},
        description="Per topic the score from which a suspicion counts without a person.",
        examples=[{"brushing": 0.95}],
    )
    exclusions: dict[Id, Text] = Field(
        {},
        description="Why an order does not count, over the fact `order_checks`; the first holds.",
        examples=[{"gift": "order_type = 'gift'"}],
    )
    facts: dict[Id, FactSpec] = Field({}, description="Derived facts.", examples=[{}])
    columns: dict[Id, ColumnSpec] = Field({}, description="The export.", examples=[{}])
    side: dict[Id, ColumnSpec] = Field(
        {}, description="Columns that no signal reads.", examples=[{}]
    )
