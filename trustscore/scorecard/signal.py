"""A signal of a scorecard, and the figures of it that overlays and peer groups may change."""

from __future__ import annotations

from dataclasses import dataclass

from trustscore.scorecard.conditions import Condition
from trustscore.scorecard.curves import CURVES
from trustscore.scorecard.kinds import KINDS
from trustscore.scorecard.spec import SignalWords

__all__ = ["Numbers", "Signal"]


@dataclass(frozen=True, slots=True)
class Numbers:
    """The figures of a signal that an overlay or a peer group may change."""

    weight: float
    poor: float
    good: float
    prior: float
    strength: float
    sd: float | None
    spread: float | None


@dataclass(frozen=True)
class Signal:
    """One merchant signal.

    Attributes
    ----------
    id, dimension, stage, kind : str
    value : str
        Column of the value, or of the numerator.
    sample : str or None
        Column of the denominator or of the number of observations.
    numbers : Numbers
        Base figures; `weight`, `poor`, `good`, `prior`, `strength` read through.
    curve : str
    knots : tuple of (value, utility)
    applies_when : tuple of Condition
    window, lag : int
        Days; what the export must have counted.
    range : (float, float) or None
    words : SignalWords
    actionable : bool
        Whether somebody can change the figure; if not, no plan asks for it.
    blank : str
        What a blank figure means: ``unknown``, ``withheld`` or ``left_out``.
    decimals : int or None
        To how many the utility is rounded, half up.
    """

    id: str
    dimension: str
    stage: str
    kind: str
    value: str
    sample: str | None
    numbers: Numbers
    curve: str
    knots: tuple[tuple[float, float], ...]
    applies_when: tuple[Condition, ...]
    window: int
    lag: int
    range: tuple[float, float] | None
    words: SignalWords
    actionable: bool = True
    blank: str = "unknown"
    decimals: int | None = None

    def __post_init__(self) -> None:
        # No engine meets a curve or a kind that it would have to guess at.
        CURVES[self.curve]
        KINDS[self.kind]

    @property
    def counts(self) -> bool:
        """Whether the value is a number of events among n."""
        return KINDS[self.kind].counts

    @property
    def on_log(self) -> bool:
        """Whether the value is shrunk on its logarithm."""
        return KINDS[self.kind].on_log

    @property
    def whole(self) -> bool:
        """Whether the value column holds whole numbers."""
        return KINDS[self.kind].whole

    @property
    def weight(self) -> float:
        """Base weight, relative inside the dimension."""
        return self.numbers.weight

    @property
    def poor(self) -> float:
        """Value worth nothing."""
        return self.numbers.poor

    @property
    def good(self) -> float:
        """Value worth full marks."""
        return self.numbers.good

    @property
    def prior(self) -> float:
        """Value assumed before there is evidence."""
        return self.numbers.prior

    @property
    def strength(self) -> float:
        """Observations the prior is worth; 0 for a signal without a sample."""
        return self.numbers.strength

    @property
    def higher_is_better(self) -> bool:
        """Direction, from the order of the anchors."""
        return self.good > self.poor

    @property
    def columns(self) -> tuple[str, ...]:
        """Value column and, if any, sample column."""
        return (self.value,) if self.sample is None else (self.value, self.sample)
