"""The curves: from a value to a utility between 0 (poor) and 1 (good).

This is the one list. A curve is a *scale*, on which the anchors are `ratio` = 0 (poor) and 1
(good), and a *shape*, which makes a utility of the ratio. The loop of the scoring kernel knows
both by their codes, exported SQL by the texts given here. A curve of a known scale and shape is
one more value in `CURVES`; a new scale or shape also needs its code and its line in the kernel,
which takes a shape that it does not know for straight.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from trustscore.scorecard.registry import Registry

__all__ = ["CURVES", "SCALES", "SHAPES", "Curve", "Scale", "Shape"]

# Normal: utility .5 at poor and .9 at good, so the slope is the inverse erf of .8.
ERF_POINT_EIGHT = 0.9061938024368232
# Logistic: utility .1 at poor and .9 at good.
LOGIT_POINT_NINE = 2.1972245773362196
# The least values of which logarithms are taken.
SMALLEST = 1e-300
LEAST_LOG1P = -1.0 + 1e-15
# Abramowitz and Stegun, formula 7.1.26: at most 1.5e-7 from erf. The kernel uses the same figures.
ERF_P = 0.3275911
ERF_A = (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)


def _figure(value: float) -> str:
    """Return a figure that every SQL engine reads as a double."""
    text = repr(value) if "e" in repr(value) else f"{value!r}e0"
    return f"({text})" if value < 0 else text


@dataclass(frozen=True)
class Scale:
    """How a value comes onto the scale on which its curve is drawn.

    Attributes
    ----------
    name : str
    code : int
        For the kernel.
    forward, inverse : callable
        To the scale and back, for numbers and arrays.
    stretch : callable
        How many units of the value one unit of the scale is worth at a value.
    least : float
        Anchors must be above this.
    sql : str
        The scale of ``{x}``.
    """

    name: str
    code: int
    forward: Callable[[Any], Any]
    inverse: Callable[[Any], Any]
    stretch: Callable[[Any], Any]
    least: float
    sql: str


@dataclass(frozen=True)
class Shape:
    """How a place between the anchors becomes a utility.

    Attributes
    ----------
    name : str
    code : int
        For the kernel.
    knots : bool
        Whether it runs through knots, instead of poor and good.
    sql : mapping of str to str
        Columns that build on each other, the last of them the utility: each may read ``{ratio}``,
        ``{width}`` (good less poor) and those before it. Empty for knots, whose text depends on
        them.
    """

    name: str
    code: int
    knots: bool = False
    sql: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Curve:
    """One curve of a scorecard.

    Attributes
    ----------
    name : str
    scale : Scale
    shape : Shape
    meaning : str
        One sentence.
    learnt : bool
        Whether its knots may be left to ``trustscore fit``.
    """

    name: str
    scale: Scale
    shape: Shape
    meaning: str
    learnt: bool = False

    @property
    def knots(self) -> bool:
        """Whether it runs through knots, instead of poor and good."""
        return self.shape.knots

    @property
    def least(self) -> float:
        """Anchors must be above this; minus infinity where any will do."""
        return self.scale.least


def _same(value: Any) -> Any:
    return value


def _log(value: Any) -> Any:
    return np.log(np.maximum(value, SMALLEST))


def _log1p(value: Any) -> Any:
    return np.log1p(np.maximum(value, LEAST_LOG1P))


AS_IS = Scale("as_is", 0, _same, _same, lambda value: 1.0, -math.inf, "{x}")
BY_LOG = Scale("log", 1, _log, np.exp, np.abs, 0.0, f"LN(GREATEST({{x}}, {_figure(SMALLEST)}))")
BY_LOG1P = Scale(
    "log1p",
    2,
    _log1p,
    np.expm1,
    lambda value: 1.0 + np.abs(value),
    -1.0,
    f"LN(1e0 + GREATEST({{x}}, {_figure(LEAST_LOG1P)}))",
)
SCALES: Registry[Scale] = Registry("scale", [AS_IS, BY_LOG, BY_LOG1P])


def _horner() -> str:
    """Return the polynomial in the column t, the highest power inside."""
    tail = _figure(ERF_A[-1])
    for figure in reversed(ERF_A[:-1]):
        tail = f"({tail} * {{t}} + {_figure(figure)})"
    return f"{tail} * {{t}}"


STRAIGHT = Shape("straight", 0, sql={"u": "LEAST(GREATEST({ratio}, 0.0e0), 1.0e0)"})
NORMAL = Shape(
    "normal",
    1,
    sql={
        "z": f"{{ratio}} * {_figure(ERF_POINT_EIGHT)}",
        "t": f"1e0 / (1e0 + {_figure(ERF_P)} * ABS({{z}}))",
        "u": "0.5e0 * (1e0 + SIGN({z})"
        f" * (1e0 - {_horner()} * EXP(-LEAST({{z}} * {{z}}, 700e0))))",
    },
)
# Held at both ends: some engines fail where exp runs out of the range of doubles.
_POWER = f"({{ratio}} - 0.5e0) * {_figure(-2.0 * LOGIT_POINT_NINE)}"
LOGISTIC = Shape(
    "logistic",
    2,
    sql={"u": f"1e0 / (1e0 + EXP(LEAST(GREATEST({_POWER}, (-700.0e0)), 700.0e0)))"},
)
KNOTS = Shape("knots", 3, knots=True)
# As far from poor as the value is, at most as far as good: never against the direction.
_WAY = "LEAST(GREATEST({ratio}, 0e0), 1e0) * ABS({width})"
LOG1P_OF_WAY = Shape("log1p_of_way", 4, sql={"u": f"LN(1e0 + {_WAY}) / LN(1e0 + ABS({{width}}))"})
SHAPES: Registry[Shape] = Registry("shape", [STRAIGHT, NORMAL, LOGISTIC, KNOTS, LOG1P_OF_WAY])

CURVES: Registry[Curve] = Registry(
    "curve",
    [
        Curve("linear", AS_IS, STRAIGHT, "A straight line from poor to good."),
        Curve("log", BY_LOG, STRAIGHT, "A straight line in the logarithm of the value."),
        Curve("log1p", BY_LOG1P, STRAIGHT, "A straight line in the logarithm of 1 + the value."),
        Curve(
            "log1p_from_poor",
            AS_IS,
            LOG1P_OF_WAY,
            "The logarithm of 1 + the way from poor, which turns a value round before its "
            "logarithm where less is better.",
        ),
        Curve(
            "normal",
            AS_IS,
            NORMAL,
            "A z-score through the normal distribution: .5 at poor, the mean, and .9 at good, "
            "1.2816 standard deviations from it.",
        ),
        Curve(
            "lognormal",
            BY_LOG,
            NORMAL,
            "The distribution function of a log-normal: .5 at poor and .9 at good.",
        ),
        Curve("logistic", AS_IS, LOGISTIC, "A logistic curve: .1 at poor and .9 at good."),
        Curve("knots", AS_IS, KNOTS, "A monotone line through the knots given."),
        Curve(
            "percentile",
            AS_IS,
            KNOTS,
            "A monotone line through the quantiles that trustscore fit found.",
            learnt=True,
        ),
    ],
)
