"""Two merchants to judge a scorecard by: an unknown one, and one as the priors expect."""

from __future__ import annotations

from typing import Any

import numpy as np

from trustscore.scorecard import Scorecard

__all__ = ["AMPLE", "typical_block", "unknown_block"]

Array = np.ndarray[Any, Any]

# With this multiple of the strength as sample, the prior has a weight of one in a hundred.
AMPLE = 99.0


def unknown_block(scorecard: Scorecard) -> dict[str, Array]:
    """Return one row in which everything is blank.

    Examples
    --------
    >>> from trustscore.scorecard import load_scorecard
    >>> unknown_block(load_scorecard("minimal"))["orders_paid"]
    array([nan])
    """
    return {field.name: np.array([np.nan]) for field in scorecard.fields}


def typical_block(scorecard: Scorecard) -> dict[str, Array]:
    """Return one row with every signal at its prior, and with ample evidence.

    Each sample is 99 times the largest strength of the signals that share it, so reliability is
    at least 0.99. The index is that of an unknown merchant; interval, coverage, status and tier
    are those of a well known one.

    Examples
    --------
    >>> from trustscore.scorecard import load_scorecard
    >>> block = typical_block(load_scorecard("minimal"))
    >>> block["reviews_rated"], block["product_rating_mean"]
    (array([1980.]), array([4.6]))
    """
    block = unknown_block(scorecard)
    for signal in scorecard.signals:
        if signal.sample is not None:
            known = np.nan_to_num(block[signal.sample])
            block[signal.sample] = np.maximum(known, np.ceil(AMPLE * signal.strength))
    for signal in scorecard.signals:
        # A count may be the sample of another signal. If it is rare, its own sample must grow.
        if signal.sample is not None and not np.isnan(block[signal.value][0]) and signal.prior > 0:
            least = np.ceil(block[signal.value] / signal.prior)
            block[signal.sample] = np.maximum(block[signal.sample], least)
    new = scorecard.status.new_column
    if new is not None and np.isnan(block[new][0]):
        block[new] = np.array([scorecard.status.new_below])
    for signal in scorecard.signals:
        value = np.array([signal.prior])
        if signal.counts and signal.sample is not None:
            value = signal.prior * block[signal.sample]
        block[signal.value] = value
    return block
