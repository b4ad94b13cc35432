"""Evidence that somebody makes up: what it does to the figures of a signal."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from trustscore.audit.cards import private_columns
from trustscore.audit.market import Market
from trustscore.scorecard import Signal
from trustscore.scoring import Scores, score_columns
from trustscore.typing import Array

__all__ = ["Forgery", "best", "worst"]

# What a buyer can make happen; all that is counted when no column has such a name.
BUYERS = re.compile("order|review|rating|buyer|waybill|vote|sale")
# Figures beyond these are typing errors; they must not overflow what is drawn from them.
_MOST_SEEN, _MOST_EACH = 1e12, 1e6
REVIEWS = re.compile("review|rating|vote")


def best(signal: Signal) -> float:
    """Return the figure of a perfect fake: the rate it adds, or the value it has.

    Examples
    --------
    >>> from trustscore.scorecard import load_scorecard
    >>> card = load_scorecard("minimal")
    >>> best(card.signal("complaint_rate")), best(card.signal("product_rating_mean"))
    (0.0, 5.0)
    """
    if signal.counts:
        return float(signal.higher_is_better)
    if signal.range is not None:
        return signal.range[int(signal.higher_is_better)]
    if signal.on_log and not signal.higher_is_better:
        return signal.good / 100.0
    return signal.good


def worst(signal: Signal) -> float:
    """Return the figure of a fake that is meant to harm."""
    if signal.counts:
        return float(not signal.higher_is_better)
    if signal.range is not None:
        return signal.range[int(not signal.higher_is_better)]
    return signal.poor


class Forgery:
    """Merchants whose figures can be forged signal by signal.

    Attributes
    ----------
    signals : list of (int, Signal)
        Position and signal of each that counts something.
    """

    def __init__(self, market: Market) -> None:
        self.card, copies = private_columns(market.card)
        self._missing = market.missing | {
            name for name, source in copies.items() if source in market.missing
        }
        self.block: dict[str, Array] = dict(market.block)
        for name, source in copies.items():
            if source not in market.missing:
                self.block[name] = market.block[source]
        self.rows = market.rows
        self.signals = [
            (i, signal)
            for i, signal in enumerate(self.card.signals)
            if signal.sample is not None and not self._missing.intersection(signal.columns)
        ]
        self._source = copies

    def counted_over(self, signal: Signal) -> str:
        """Return the column of the export that a signal counts over."""
        return self._source[str(signal.sample)]

    def reached(self, pattern: re.Pattern[str]) -> list[Signal]:
        """Return the signals counted over columns of such a name, or all when there are none."""
        every = [signal for _, signal in self.signals]
        return [s for s in every if pattern.search(self.counted_over(s))] or every

    def figures(self, signal: Signal) -> tuple[Array, Array]:
        """Return value and sample; a value without any sample is that of no observation."""
        n = np.nan_to_num(self.block[str(signal.sample)])
        value = np.where(n > 0, self.block[signal.value], 0.0)
        seen = np.minimum(n, _MOST_SEEN)
        if signal.counts:
            with np.errstate(over="ignore"):
                each = np.minimum(value / np.where(n > 0, n, 1.0), _MOST_EACH)
            value = np.where((n > _MOST_SEEN) | (each == _MOST_EACH), each * seen, value)
        return value, seen

    def forged(
        self, signal: Signal, extra: Any, figure: float, share: Any = 0.0
    ) -> dict[str, Array]:
        """Return the columns of a signal with made-up observations.

        Parameters
        ----------
        signal : Signal
            Of `signals`.
        extra : float or ndarray
            Observations added.
        figure : float
            Their rate, or their value.
        share : float or ndarray
            Share of the true observations that go away.
        """
        value, true = self.figures(signal)
        kept = true * (1.0 - share)
        n = kept + extra
        if signal.counts:
            forged = value * (1.0 - share) + extra * figure
        else:
            total = np.where(n > 0, n, 1.0)
            forged = np.where(n > 0, (value * kept + extra * figure) / total, np.nan)
        return {signal.value: forged, str(signal.sample): n * np.ones(self.rows)}

    def scores(self, changed: Mapping[str, Array], rows: Array | None = None) -> Scores:
        """Score with changed columns; `rows` picks, and may repeat, the merchants."""
        block = self.block if rows is None else {k: v[rows] for k, v in self.block.items()}
        return score_columns({**block, **changed}, self.card, missing=frozenset(self._missing))
