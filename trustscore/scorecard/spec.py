"""The file form of a scorecard: what a TOML may say, key by key."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    PlainSerializer,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
)

from trustscore.scorecard.conditions import Condition
from trustscore.scorecard.faults import Base

WEIGHT_WORDS = {"critical": 10.0, "high": 7.0, "medium": 4.0, "low": 2.0}
CURVES = ("linear", "log", "log1p", "lognormal", "logistic", "knots", "percentile")
KINDS = ("rate", "events", "mean", "duration", "ratio", "count", "flag", "score")
# Far below any weight that is meant, and far above those whose shares floats do not hold.
_LEAST_WEIGHT = 1e-100
_QUANTILE = re.compile(r"q(100|\d{1,2}(\.\d+)?)")


def _number(value: Any) -> float | None:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e300:
        return float(value)
    return None


def _open(words: Callable[[str], bool], instead: str) -> PlainValidator:
    def check(value: Any) -> float | str:
        number = _number(value)
        if number is not None:
            return number
        if isinstance(value, str) and words(value):
            return value
        raise ValueError(f"must be a number{instead}")

    return PlainValidator(check)


def _weight(value: Any) -> float | str:
    number = _number(value)
    if number is not None and (number == 0 or number >= _LEAST_WEIGHT):
        return number
    if number is not None and number > 0:
        raise ValueError(f"must be 0 or at least {_LEAST_WEIGHT:g}")
    if isinstance(value, str) and (value in WEIGHT_WORDS or value == "fit"):
        return WEIGHT_WORDS.get(value, value)
    raise ValueError("must be a number >= 0, or one of critical, high, medium, low, fit")


def _strict(value: Any) -> Any:
    if _number(value) is None:
        raise ValueError("must be a number")
    return value


def _conditions(value: Any) -> tuple[Condition, ...]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, (list, tuple)) or not texts:
        raise ValueError("must be a condition or a list of conditions")
    return tuple(t if isinstance(t, Condition) else Condition.parse(t) for t in texts)


def _date(value: Any) -> str:
    try:
        return (value if isinstance(value, dt.date) else dt.date.fromisoformat(value)).isoformat()
    except (TypeError, ValueError):
        raise ValueError("must be a date such as 2026-01-01") from None


def _text_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Number = Annotated[float, BeforeValidator(_strict)]
Anchor = Annotated[
    float | str,
    _open(lambda s: bool(_QUANTILE.fullmatch(s)), " or a quantile such as 'q95'"),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string", "pattern": "^q[0-9.]+$"}]}),
]
Prior = Annotated[
    float | str,
    _open(lambda s: s == "fit", " or 'fit'"),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"const": "fit"}]}),
]
Weight = Annotated[
    float | str,
    PlainValidator(_weight),
    WithJsonSchema(
        {
            "anyOf": [
                {"const": 0},
                {"type": "number", "minimum": _LEAST_WEIGHT},
                {"enum": [*WEIGHT_WORDS, "fit"]},
            ]
        }
    ),
]
_CONDITION_SCHEMA = {"type": "string", "examples": ["tenure_days >= 365", "a / b >= 0.5"]}
Conditions = Annotated[
    tuple[Condition, ...],
    PlainValidator(_conditions),
    PlainSerializer(lambda cs: [str(c) for c in cs]),
    WithJsonSchema(
        {"anyOf": [_CONDITION_SCHEMA, {"type": "array", "items": _CONDITION_SCHEMA, "minItems": 1}]}
    ),
]
Date = Annotated[str, PlainValidator(_date), WithJsonSchema({"type": "string", "format": "date"})]
Texts = Annotated[
    tuple[str, ...],
    BeforeValidator(_text_list),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
Column = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_]\w*$")]
Pair = tuple[Column, Column]
Positive = Annotated[Number, Field(gt=0)]


class WordsSpec(Base):
    """A text in both languages."""

    en: str
    zh: str = ""


class SignalWords(Base):
    """Names, reason and advice of one signal."""

    en: str
    zh: str = ""
    why: str = ""
    unit: str = ""
    advice: WordsSpec | None = None


class SignalSpec(Base):
    """One signal line; exactly one of the kinds is given."""

    stage: str
    rate: Pair | None = None
    events: Pair | None = None
    mean: Pair | None = None
    duration: Pair | None = None
    ratio: Pair | Column | Literal[True] | None = None
    count: Column | Literal[True] | None = None
    flag: Column | Literal[True] | None = None
    score: Column | Literal[True] | None = None
    poor: Anchor | None = None
    good: Anchor | None = None
    knots: tuple[tuple[Number, Number], ...] | None = None
    weight: Weight
    prior: Prior
    strength: Annotated[Prior | None, Field(default=None)] = None
    sd: Positive | None = None
    spread: Annotated[Number, Field(gt=0, le=0.5)] | None = None
    curve: (
        Literal["linear", "log", "log1p", "lognormal", "logistic", "knots", "percentile"] | None
    ) = None
    window: Annotated[int, Field(ge=0)] | None = None
    lag: Annotated[int, Field(ge=0)] | None = None
    applies_when: Conditions | None = None
    range: tuple[Number, Number] | None = None

    @property
    def kinds(self) -> list[str]:
        """Kinds given; a valid signal has one."""
        return [kind for kind in KINDS if getattr(self, kind) is not None]


class DimensionSpec(Base):
    """One dimension, or a group of signals under another one."""

    weight: Weight
    en: str = ""
    zh: str = ""
    parent: str | None = None
    power: Annotated[Number, Field(ge=-1, le=1)] = 1.0
    floor: Annotated[Number, Field(gt=0, lt=1)] = 0.1
    weight_by: Column | None = None


class IndexSpec(Base):
    """The root of the tree and the constants of the interval."""

    power: Annotated[Number, Field(ge=-1, le=1)] = 1.0
    floor: Annotated[Number, Field(gt=0, lt=1)] = 0.1
    rho: Annotated[Number, Field(ge=0, le=1)] = 0.25
    rho_evidence: Annotated[Number, Field(ge=0, le=1)] = 0.1
    strength_scale: Positive = 1.0


class DefaultsSpec(Base):
    """What a signal line leaves out."""

    window: Annotated[int, Field(ge=0)] = 30
    lag: Annotated[int, Field(ge=0)] = 0
    curve: Literal["linear", "log", "log1p", "lognormal", "logistic"] = "linear"


class ExceedsSpec(Base):
    """A rate cap: at least `min_count` events and significantly more than the line allows."""

    signal: str
    min_count: Positive = 2.0
    line: Positive | None = None


class RuleSpec(Base):
    """A rule, or inside an overlay the changes to one."""

    when: Conditions | None = None
    exceeds: ExceedsSpec | None = None
    bonus: Positive | None = None
    deduct: Positive | None = None
    cap: Annotated[Number, Field(ge=0, le=100)] | None = None
    veto: Literal["floor", "block"] | None = None
    per: Column | None = None
    most: Positive | None = None
    en: str = ""
    zh: str = ""
    why: str = ""
    monotone: bool = True
    off: bool = False


class SignalChange(Base):
    """What an overlay changes in one signal."""

    weight: Weight | None = None
    poor: Anchor | None = None
    good: Anchor | None = None
    prior: Prior | None = None
    strength: Prior | None = None
    sd: Positive | None = None
    spread: Annotated[Number, Field(gt=0, le=0.5)] | None = None
    why: str = ""


class DimensionChange(Base):
    """What an overlay changes in one dimension."""

    weight: Weight
    why: str = ""


class MatchSpec(Base):
    """Which rows an overlay is for: all given columns must match."""

    category: Texts | None = None
    shop_type: Texts | None = None


class OverlaySpec(Base):
    """Changes for the rows that match."""

    match: MatchSpec
    en: str = ""
    zh: str = ""
    why: str = ""
    signals: dict[str, SignalChange] = Field(default_factory=dict)
    dimensions: dict[str, DimensionChange] = Field(default_factory=dict)
    rules: dict[Name, RuleSpec] = Field(default_factory=dict)


class PeerPrior(Base):
    """Prior of one signal in one peer group."""

    prior: Number
    strength: Positive | None = None


class PeersSpec(Base):
    """Priors per group; a group that is not listed has the priors of its parent."""

    by: tuple[Literal["category", "shop_type"], ...] = ("category",)
    priors: dict[str, dict[str, PeerPrior]] = Field(default_factory=dict)


class NewSpec(Base):
    """When a merchant is new."""

    column: Column
    below: Positive


class LowEvidenceSpec(Base):
    """When the evidence is too thin for the higher tiers."""

    coverage: Annotated[Number, Field(gt=0, le=1)]


class StatusSpec(Base):
    """How much an index is worth."""

    new: NewSpec | None = None
    low_evidence: LowEvidenceSpec | None = None


class TierSpec(Base):
    """One step of the ladder, and what it allows."""

    id: Name
    en: str = ""
    zh: str = ""
    at: Annotated[Number, Field(ge=0, le=100)]
    coverage: Annotated[Number, Field(ge=0, le=1)] = 0.0
    entry: bool = False
    rights: tuple[str, ...] = ()


class TiersSpec(Base):
    """The ladder, low to high, with its hysteresis."""

    hysteresis: Annotated[Number, Field(ge=0)] = 3.0
    z: Annotated[Number, Field(ge=0)] = 1.0
    coverage_margin: Annotated[Number, Field(ge=0, le=1)] = 0.1
    minimum_stay_days: Annotated[Number, Field(ge=0)] = 14.0
    reviews_below: Annotated[int, Field(ge=1)] = 2
    ladder: tuple[TierSpec, ...] = ()


class ScorecardFile(Base):
    """A whole scorecard file."""

    name: Name
    version: str
    effective_from: Date
    title: WordsSpec | None = None
    decimal: Literal[".", ","] = "."
    index: IndexSpec = IndexSpec()
    defaults: DefaultsSpec = DefaultsSpec()
    columns: dict[Column, Texts] = Field(default_factory=dict)
    stages: dict[Name, WordsSpec] = Field(default_factory=dict)
    dimensions: dict[Name, DimensionSpec]
    signals: dict[str, dict[Name, SignalSpec]]
    words: dict[str, SignalWords] = Field(default_factory=dict)
    rules: dict[Name, RuleSpec] = Field(default_factory=dict)
    overlays: dict[Name, OverlaySpec] = Field(default_factory=dict)
    peers: PeersSpec = PeersSpec()
    status: StatusSpec = StatusSpec()
    tiers: TiersSpec = TiersSpec()
    provenance: dict[str, Any] = Field(default_factory=dict)
