"""Types of the keys of a scorecard file, each with its check and its JSON Schema."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import (
    BeforeValidator,
    Field,
    PlainSerializer,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
)

from trustscore.scorecard.conditions import Condition
from trustscore.scorecard.derived import Derived
from trustscore.scorecard.formulas import NAME

WEIGHT_WORDS = {"critical": 10.0, "high": 7.0, "medium": 4.0, "low": 2.0}
# Far below any weight that is meant, and far above those whose shares floats do not hold.
_LEAST_WEIGHT = 1e-100
# Sums of squares of larger ones would be infinite.
_MOST_WEIGHT = 1e100
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
    if number is not None and (number == 0 or _LEAST_WEIGHT <= number <= _MOST_WEIGHT):
        return number
    if number is not None and number > _MOST_WEIGHT:
        raise ValueError(f"must be at most {_MOST_WEIGHT:g}")
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


def _derived(value: Any) -> Derived:
    return value if isinstance(value, Derived) else Derived.parse(value)


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
                {"type": "number", "minimum": _LEAST_WEIGHT, "maximum": _MOST_WEIGHT},
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
DerivedColumn = Annotated[
    Derived,
    PlainValidator(_derived),
    PlainSerializer(str),
    WithJsonSchema(
        {
            "type": "string",
            "examples": ["100 - defect_percent", "abs(a - b)", "days_between(since, 2026-03-01)"],
        }
    ),
]
Date = Annotated[str, PlainValidator(_date), WithJsonSchema({"type": "string", "format": "date"})]
Texts = Annotated[
    tuple[str, ...],
    BeforeValidator(_text_list),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
Column = Annotated[str, StringConstraints(pattern=rf"^{NAME}$")]
Pair = tuple[Column, Column]
Positive = Annotated[Number, Field(gt=0)]
