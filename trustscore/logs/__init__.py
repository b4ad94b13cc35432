"""What event logs are: their tables, their columns, and the instants that bound a window."""

from trustscore.logs.columns import LogColumn, LogTable
from trustscore.logs.tables import LOG_TABLES
from trustscore.logs.zone import clock_changes, day_start, load_zone, window_bounds

__all__ = [
    "LOG_TABLES",
    "LogColumn",
    "LogTable",
    "clock_changes",
    "day_start",
    "load_zone",
    "window_bounds",
]
