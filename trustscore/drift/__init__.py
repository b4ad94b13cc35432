"""Whether merchants are still like those of a reference, beyond what chance does."""

from trustscore.drift.bins import Bins, bins_of
from trustscore.drift.measure import drift_of, drift_of_blocks
from trustscore.drift.result import VERDICTS, Drift, Look, Month
from trustscore.drift.side import Moments, Side

__all__ = [
    "VERDICTS",
    "Bins",
    "Drift",
    "Look",
    "Moments",
    "Month",
    "Side",
    "bins_of",
    "drift_of",
    "drift_of_blocks",
]
