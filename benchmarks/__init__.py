"""Measurements: what a run costs, beside the same work done by hand in other libraries."""
