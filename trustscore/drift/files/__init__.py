"""Drift and the gate over files."""

from trustscore.drift.files.exports import COLUMNS, drift_files, read_side, write_drift
from trustscore.drift.files.runs import gate_files

__all__ = ["COLUMNS", "drift_files", "gate_files", "read_side", "write_drift"]
