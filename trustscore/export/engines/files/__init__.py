"""Boosts for other engines in files: a score file in, files that an engine takes out."""

from trustscore.export.engines.files.export import (
    TARGETS,
    ExportReport,
    export_boosts,
    load_boosts,
)

__all__ = ["TARGETS", "ExportReport", "export_boosts", "load_boosts"]
