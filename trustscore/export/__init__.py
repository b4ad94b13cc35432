"""Scores and boosts for other engines: SQL, and the engines that rank.

The names are loaded at first use, so that a command can list the engines at no cost.
"""

from typing import TYPE_CHECKING

from trustscore.lazy import attach

if TYPE_CHECKING:
    from trustscore.export.sql import (
        SIDE,
        SIDE_BY_DEFAULT,
        expected_scores,
        export_sql,
        probe_rows,
    )

__all__ = ["SIDE", "SIDE_BY_DEFAULT", "expected_scores", "export_sql", "probe_rows"]

__getattr__, __dir__ = attach(__name__, dict.fromkeys(__all__, "trustscore.export.sql"))
