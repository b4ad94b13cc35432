"""Whether merchants are still like those of a reference, beyond what chance does."""

from trustscore.drift.bins import Bins, bins_of
from trustscore.drift.gate import Check, Gate, Run, check_run
from trustscore.drift.lines import Lines, lines_schema, load_lines, parse_lines
from trustscore.drift.measure import drift_of, drift_of_blocks
from trustscore.drift.result import VERDICTS, Drift, Look, Month
from trustscore.drift.side import Moments, Side

__all__ = [
    "VERDICTS",
    "Bins",
    "Check",
    "Drift",
    "Gate",
    "Lines",
    "Look",
    "Moments",
    "Month",
    "Run",
    "Side",
    "bins_of",
    "check_run",
    "drift_of",
    "drift_of_blocks",
    "lines_schema",
    "load_lines",
    "parse_lines",
]
