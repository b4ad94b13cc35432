"""Scores in other engines: a scorecard as SQL, and a table to verify it by."""

from trustscore.export.sql import export_sql

__all__ = ["export_sql"]
