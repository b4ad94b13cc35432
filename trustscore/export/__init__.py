"""Scores and boosts for other engines: SQL, and the engines that rank."""

from trustscore.export.sql import SIDE, SIDE_BY_DEFAULT, expected_scores, export_sql, probe_rows

__all__ = ["SIDE", "SIDE_BY_DEFAULT", "expected_scores", "export_sql", "probe_rows"]
