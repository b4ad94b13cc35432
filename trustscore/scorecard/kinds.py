"""The kinds of signals: how columns become a value, and what evidence stands behind it.

This is the one list. What follows from the law of a kind, such as a beta prior for a rate, stands
where the law is worked with and asks for the kind by name.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

from trustscore.scorecard.registry import Registry

__all__ = ["KINDS", "Kind", "Sample"]


class Sample(Enum):
    """Whether a kind comes with a number of observations."""

    ALWAYS = "always"
    MAYBE = "maybe"
    NEVER = "never"


@dataclass(frozen=True)
class Kind:
    """One kind of signal.

    Attributes
    ----------
    name : str
    code : int
    sample : Sample
        Whether there is a sample column.
    check : str
        What the cells of the value column must be, see `trustscore.scorecard.Field`.
    meaning : str
        One sentence.
    counts : bool
        Whether the value is a number of events among n.
    parts : bool
        Whether every one of the events is among the n, so that more than n are a fault.
    on_log : bool
        Whether the value is shrunk on its logarithm.
    whole : bool
        Whether the value column holds whole numbers.
    sd : bool
        Whether the interval needs the standard deviation of one observation.
    low, high : float
        What the prior may be.
    low_is_open : bool
        Whether the prior must be above `low`.
    curve : str or None
        The curve where the line of a signal names none; None for that of the defaults.
    decimals : int
        With which made-up exports write the value.
    """

    name: str
    code: int
    sample: Sample
    check: str
    meaning: str
    counts: bool = False
    parts: bool = False
    on_log: bool = False
    whole: bool = False
    sd: bool = False
    low: float = -math.inf
    high: float = math.inf
    low_is_open: bool = False
    curve: str | None = None
    decimals: int = 0

    @property
    def prior_bounds(self) -> str:
        """What the prior must, in words."""
        if math.isfinite(self.high):
            return f"be between {self.low:g} and {self.high:g}"
        return f"be above {self.low:g}" if self.low_is_open else f"not be below {self.low:g}"


KINDS: Registry[Kind] = Registry(
    "kind",
    [
        Kind(
            "rate",
            0,
            Sample.ALWAYS,
            "count",
            "k of n, where every one of the k is among the n.",
            counts=True,
            parts=True,
            whole=True,
            low=0.0,
            high=1.0,
        ),
        Kind(
            "events",
            1,
            Sample.ALWAYS,
            "count",
            "k for each n, where k may exceed n.",
            counts=True,
            whole=True,
            low=0.0,
        ),
        Kind(
            "mean",
            2,
            Sample.ALWAYS,
            "number",
            "A mean, and the number of observations behind it.",
            sd=True,
            decimals=2,
        ),
        Kind(
            "duration",
            3,
            Sample.ALWAYS,
            "nonnegative",
            "A mean waiting time, and the number of cases behind it.",
            on_log=True,
            sd=True,
            low=0.0,
            low_is_open=True,
            curve="log",
            decimals=2,
        ),
        Kind(
            "ratio",
            4,
            Sample.MAYBE,
            "nonnegative",
            "A quotient that the export already holds, with or without its sample.",
            decimals=6,
        ),
        Kind("count", 5, Sample.NEVER, "count", "A number of cases, taken as it is.", whole=True),
        Kind("flag", 6, Sample.NEVER, "flag", "0 or 1, no or yes.", whole=True, curve="linear"),
        Kind("score", 7, Sample.NEVER, "number", "Any number, taken as it is.", decimals=2),
    ],
)
