"""Files and cells: readers by format, checks, rejects, atomic writers.

This room knows columns and no scores.
"""

from trustscore.compiled import refuse_stale

for _loops in ("bounds", "csv_cells", "csv_lines", "id_table"):
    refuse_stale(f"trustscore.io.{_loops}")
