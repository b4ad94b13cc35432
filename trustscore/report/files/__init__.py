"""Reports of files."""

from trustscore.report.files.market import ReportDone, compare_page, report_files
from trustscore.report.files.public import public_files

__all__ = ["ReportDone", "compare_page", "public_files", "report_files"]
