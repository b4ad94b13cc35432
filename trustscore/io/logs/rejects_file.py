"""The rejected rows of logs as a table that repeats nobody's id or words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

import pyarrow as pa

from trustscore.io.logs.rows import BadRow
from trustscore.io.logs.store import Part
from trustscore.io.rejects import REASONS

__all__ = ["LOG_REASONS", "REJECT_COLUMNS", "reject_blocks"]

LOG_REASONS = {
    **REASONS,
    "missing_key": "a required cell is blank",
    "not_a_time": "a time such as 2026-01-31 08:00:00 or 2026-01-31T08:00:00+08:00 is expected",
    "unknown_class": "none of the words of this class; translate it in the mapping",
    "negative_amount": "an amount cannot be negative",
    "other_currency": "an amount in another currency than the market's",
    "not_whole": "a whole number is expected",
    "identifies_nobody": "masked, rounded by a spreadsheet, or a placeholder such as 000000",
    "text_too_long": "longer than an id, a class or a text may be",
}
"""Why a row of a log is rejected, in words."""

REJECT_COLUMNS = {
    "table": pa.string(),
    "file": pa.string(),
    "line": pa.int64(),
    "column": pa.string(),
    "value": pa.string(),
    "reason": pa.string(),
    "message": pa.string(),
    "more": pa.int64(),
}
_ROWS = 10_000


def reject_blocks(found: Iterable[tuple[Part, BadRow]]) -> Iterator[Mapping[str, Any]]:
    """Yield the columns of the table, so many rows at a time."""
    rows = iter(found)
    while block := list(islice(rows, _ROWS)):
        yield {
            "table": [part.table for part, _ in block],
            "file": [part.file for part, _ in block],
            "line": [row.line for _, row in block],
            "column": [row.column for _, row in block],
            "value": [row.value for _, row in block],
            "reason": [row.reason for _, row in block],
            "message": [LOG_REASONS[row.reason] for _, row in block],
            "more": [row.more for _, row in block],
        }
