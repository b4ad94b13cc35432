"""The columns of a table of scores, in their order.

This is the one list. Files, frames, Spark, exported SQL and the scikit-learn transformer give
these columns, and the boost and the review of rights read them back.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from trustscore.scorecard.registry import Registry

__all__ = ["EACH_DIMENSION", "OUTPUT_COLUMNS", "OutputColumn", "columns_of"]


@dataclass(frozen=True)
class OutputColumn:
    """One column of a table of scores.

    Attributes
    ----------
    name : str
    type : {"text", "number"}
    meaning : str
    decimals : int
        With which text files write a number; other forms keep all digits.
    low, high : float
        What a number may be.
    sql : bool
        Whether exported SQL gives it.
    by_policy : bool
        Whether it depends on the boost policy as well as on the scorecard.
    """

    name: str
    type: Literal["text", "number"]
    meaning: str
    decimals: int = 0
    low: float = -math.inf
    high: float = math.inf
    sql: bool = True
    by_policy: bool = False

    @property
    def unit(self) -> float:
        """The last decimal of a text file."""
        return 10.0**-self.decimals

    @property
    def rounding(self) -> float:
        """How far two equal numbers may be apart once text files have rounded them."""
        return 1.01 * self.unit

    @property
    def check(self) -> str:
        """What its cells must be when a table of scores is read, as in `Field.check`."""
        if self.high == 1.0:
            return "share"
        return "nonnegative" if math.isinf(self.high) else "number"


# Stands for the columns of the dimensions, each named like its dimension.
EACH_DIMENSION = OutputColumn(
    "<dimension>", "number", "0 to 100; blank when it does not apply", 4, 0.0, 100.0
)
_EVERY = [
    OutputColumn("merchant_id", "text", "as in the export"),
    OutputColumn(
        "trust_index", "number", "0 to 100, after rules; blank when not scored", 4, 0.0, 100.0
    ),
    OutputColumn("trust_index_lower", "number", "lower end of the 90 % interval", 4, 0.0, 100.0),
    OutputColumn("trust_index_upper", "number", "upper end of the 90 % interval", 4, 0.0, 100.0),
    OutputColumn("index_se", "number", "standard error of the index, before rules", 4, 0.0),
    OutputColumn(
        "prior_index",
        "number",
        "what an unknown merchant with the same applicable signals gets",
        4,
        0.0,
        100.0,
    ),
    OutputColumn("tier", "text", "the rung of the ladder"),
    OutputColumn("status", "text", "how much the index is worth: a word of `Status`"),
    OutputColumn(
        "coverage",
        "number",
        "how much of the index rests on the merchant's own evidence, 0 to 1",
        4,
        0.0,
        1.0,
    ),
    EACH_DIMENSION,
    OutputColumn("rules", "text", "the rules that fired, joined by ;"),
    OutputColumn("veto", "text", "the strictest consequence of a rule: a word of `Veto`"),
    OutputColumn(
        "trust_boost",
        "number",
        "the factor for ranking, 1 when nothing is known",
        8,
        0.0,
        by_policy=True,
    ),
    OutputColumn("reasons", "text", "up to three signals and the points they cost", sql=False),
    OutputColumn("scorecard", "text", "name@version:hash of what scored the row", sql=False),
]
OUTPUT_COLUMNS: Registry[OutputColumn] = Registry(
    "column of the scores", [column for column in _EVERY if column is not EACH_DIMENSION]
)


def columns_of(dimensions: Iterable[str]) -> tuple[OutputColumn, ...]:
    """Return the columns of a table of scores, with those of its dimensions in their place.

    Examples
    --------
    >>> [column.name for column in columns_of(["quality", "service"])][8:12]
    ['coverage', 'quality', 'service', 'rules']
    """
    middle = [replace(EACH_DIMENSION, name=name) for name in dimensions]
    at = _EVERY.index(EACH_DIMENSION)
    return (*_EVERY[:at], *middle, *_EVERY[at + 1 :])
