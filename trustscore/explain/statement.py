"""The statement of one merchant: where every point of the index was gained or lost."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Part", "RuleLine", "SignalLine", "Statement", "plain"]


def plain(value: Any) -> Any:
    """Return dataclasses as dicts, tuples as lists and NaN as None: ready for JSON.

    Examples
    --------
    >>> plain((1.0, float("nan"), "x"))
    [1.0, None, 'x']
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(each) for each in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value


@dataclass(frozen=True, slots=True)
class Part:
    """A dimension or a stage: points gained and lost by the signals in it.

    `index` is the dimension's own index 0..100, NaN for a stage or where the dimension does not
    apply; `weight` is the share of the index.
    """

    id: str
    en: str
    zh: str
    parent: str | None
    index: float
    weight: float
    gained: float
    lost: float


@dataclass(frozen=True, slots=True)
class SignalLine:
    """One signal of the statement.

    Attributes
    ----------
    id, dimension, stage, kind, en, zh, unit : str
    state : str
        ``known``, ``unknown`` (the prior stands in), ``withheld`` (evidence must exist and is
        blank), ``without_whole`` (events of nothing, as complaints without orders: they count,
        and are no evidence of a rate), ``left_out`` (no evidence, weight shared out),
        ``not_applicable`` or ``not_collected``.
    raw : float
        Figure as exported; for a rate k / n.
    count, sample : float
        Numerator and denominator, or number of observations; NaN for kinds without them.
    value : float
        Figure after shrinkage towards the prior.
    poor, good, prior : float
        Anchors and prior of this merchant, with overlays and peers applied.
    utility, reliability, weight, gained, lost : float
        `weight` is the share of the index.
    withheld_cost : float
        Points by which the index before rules is lower than if the blank counted as unknown; 0
        where nothing is withheld. Where several figures are withheld below a power mean, what
        they cost together is shared out by weight and distance of utility.
    """

    id: str
    dimension: str
    stage: str
    kind: str
    en: str
    zh: str
    unit: str
    state: str
    raw: float
    count: float
    sample: float
    value: float
    poor: float
    good: float
    prior: float
    utility: float
    reliability: float
    weight: float
    gained: float
    lost: float
    withheld_cost: float = 0.0


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A rule that fired, or one of the lines ``limit`` and ``cap``."""

    id: str
    effect: str
    points: float
    en: str
    zh: str
    why: str


@dataclass(frozen=True)
class Statement:
    """The statement of one merchant.

    The points gained and the adjustments add up to `trust_index`. The points lost and
    `raw_index` add up to 100.

    Attributes
    ----------
    merchant_id, scorecard : str
    trust_index, trust_index_lower, trust_index_upper : float
        NaN when `status` is ``not_scored``.
    index_se, prior_index, raw_index, coverage : float
    status, tier, veto : str
    tier_en, tier_zh : str
    rights, duties : tuple of str
    dimensions, stages : tuple of Part
    signals : tuple of SignalLine
    adjustments : tuple of RuleLine
        Rules that moved the index, and the lines ``limit`` and ``cap``.
    vetoes : tuple of RuleLine
        Caps and vetoes that fired; `points` of a cap is the index it allows at most.
    losses, gains : tuple of str
        Signals with the largest losses and gains, largest first; a gain that rests on nothing
        but the prior is not among them.
    """

    merchant_id: str
    scorecard: str
    trust_index: float
    trust_index_lower: float
    trust_index_upper: float
    index_se: float
    prior_index: float
    raw_index: float
    coverage: float
    status: str
    tier: str
    tier_en: str
    tier_zh: str
    rights: tuple[str, ...]
    duties: tuple[str, ...]
    veto: str
    dimensions: tuple[Part, ...]
    stages: tuple[Part, ...]
    signals: tuple[SignalLine, ...]
    adjustments: tuple[RuleLine, ...]
    vetoes: tuple[RuleLine, ...]
    losses: tuple[str, ...]
    gains: tuple[str, ...]

    def signal(self, signal_id: str) -> SignalLine:
        """Return the line of one signal.

        Raises
        ------
        KeyError
            When there is no signal of that id.
        """
        for line in self.signals:
            if line.id == signal_id:
                return line
        raise KeyError(signal_id)

    def as_dict(self) -> dict[str, Any]:
        """Return the statement as plain dicts, lists and numbers, ready for JSON."""
        found: dict[str, Any] = plain(self)
        return found

    def to_frame(self) -> Any:
        """Return the signals as a pandas frame, one row a signal, columns as in `SignalLine`."""
        from trustscore.explain.frame import statement_frame

        return statement_frame(self)

    def plot(self, lang: str = "en", *, most: int = 10, base: str = "full") -> Any:
        """Return the waterfall as a matplotlib Figure; it takes the extra ``plot``."""
        from trustscore.explain.plots import plot_waterfall

        return plot_waterfall(self, lang, most=most, base=base)

    def _repr_html_(self) -> str:
        from trustscore.explain.page import statement_html

        return statement_html(self)
