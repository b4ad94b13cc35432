"""A market as one page of HTML: for those who run it, and once a year for the public."""

from trustscore.report.figures import Figures
from trustscore.report.suppress import suppress_counts, suppress_table

__all__ = ["Figures", "suppress_counts", "suppress_table"]
