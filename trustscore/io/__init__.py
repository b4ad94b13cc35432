"""Files and cells: readers by format, checks, rejects, atomic writers.

This room knows columns and no scores.
"""
