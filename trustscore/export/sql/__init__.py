"""Scores in SQL engines: a scorecard as SQL, and made-up rows to verify it by."""

from trustscore.export.sql.check_rows import expected_scores, probe_rows
from trustscore.export.sql.columns import SIDE
from trustscore.export.sql.select import SIDE_BY_DEFAULT, export_sql

__all__ = ["SIDE", "SIDE_BY_DEFAULT", "expected_scores", "export_sql", "probe_rows"]
