"""Files and cells: readers by format, checks, rejects, atomic writers. Knows columns, no scores."""
