"""What can be wrong with a row, and how it is said.

Every reason has a short code, which the manifest counts, and a sentence for people.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["BAD", "LONGEST_RAW", "REASONS", "Fault", "Reject", "raw_of", "shown"]

# Stands for bytes that could not be read: a noncharacter of Unicode, which no text holds that goes
# from one program to another.
BAD = "\ufdd0"

LONGEST_RAW = 4096  # characters

REASONS = {
    "not_a_number": "a number is expected",
    "not_a_count": "a count is expected, not a percentage",
    "maybe_thousands": "a count of three decimals may be thousands: write 1.4 or 1400, not 1.400",
    "not_a_flag": "0 or 1, yes or no, true or false is expected",
    "not_a_date": "a date such as 2026-01-31 is expected",
    "early_date": "a date from 1900-01-01 on is expected",
    "zoned_time": "a day is expected, not a time with a zone: its day depends on the place",
    "infinite": "a finite number is expected",
    "negative_count": "a count or amount cannot be negative",
    "out_of_range": "outside the range of this column",
    "numerator_above_denominator": "more than the whole it is a part of",
    "missing_id": "the row has no merchant_id",
    "repeated_id": "this merchant_id was scored before",
    "not_an_id": "a merchant_id is a text of at most 256 bytes, or a whole number",
    "summary_row": "a total or an average is no merchant",
    "too_long": "longer than a cell or a row may be",
    "not_utf8": "the row holds bytes that are not UTF-8",
    "header_again": "the header comes again",
    "field_count": "the row has the wrong number of fields",
    "open_quote": "a quotation mark opens here and never closes",
    "not_calculated": "a formula without a value: open the workbook, let it calculate, and save it",
    "not_a_record": "an object of JSON with distinct keys is expected",
}


def shown(text: str) -> str:
    """Return a text for people: bytes that could not be read are replacement characters."""
    return text.replace(BAD, "\ufffd")


def raw_of(row: str) -> str:
    """Return a row for the column ``raw``: as it stood, but for what is beyond the limit.

    One hostile row of 64 MB would otherwise make as large a table of rejects as the export.

    Examples
    --------
    >>> raw_of("m1,2,x"), raw_of("x" * 5000)[-24:]
    ('m1,2,x', 'xxx... (5000 characters)')
    """
    text = shown(row[: LONGEST_RAW + 1])
    if len(text) <= LONGEST_RAW:
        return text
    return f"{text[:LONGEST_RAW]}... ({len(row)} characters)"


class Fault(NamedTuple):
    """One fault of one cell.

    Attributes
    ----------
    row : int
        Row inside the block, from 0.
    column : str
        Column name as the scorecard knows it.
    value : str
        The text of the cell.
    reason : str
        A key of `REASONS`.
    message : str
        The reason in words.

    Examples
    --------
    >>> fault = Fault(3, "orders_paid", "many", "not_a_number", REASONS["not_a_number"])
    >>> fault.row, fault.reason
    (3, 'not_a_number')
    """

    row: int
    column: str
    value: str
    reason: str
    message: str


class Reject(NamedTuple):
    """One rejected row: its first fault, the number of further ones, and its text.

    Attributes
    ----------
    line : int
        Physical line of the file on which the row begins, from 1; in Parquet and
        frames the number of the row, from 1.
    merchant_id, column, value : str
        As far as known.
    reason : str
        A key of `REASONS`.
    message : str
        The reason in words.
    more : int
        Number of further faults of the row.
    raw : str
        The row as it stood in the file, its first `LONGEST_RAW` characters.
    file : str
        Name of the input.

    Examples
    --------
    >>> Reject(2, "m1", "orders_paid", "x", "not_a_number", "a number is expected").more
    0
    """

    line: int
    merchant_id: str
    column: str
    value: str
    reason: str
    message: str
    more: int = 0
    raw: str = ""
    file: str = ""
