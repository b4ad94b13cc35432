"""The ways of the command: folders of logs in; an export, its lineage or an explanation out."""

from trustscore.signals.files.opening import LogStop, collected_columns
from trustscore.signals.files.why import Why, WhyEvent, explain_figure
from trustscore.signals.files.write import SignalsReport, write_signals

__all__ = [
    "LogStop",
    "SignalsReport",
    "Why",
    "WhyEvent",
    "collected_columns",
    "explain_figure",
    "write_signals",
]
