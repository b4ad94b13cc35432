"""Lists of ids that people keep: one a line, or the first column of a table."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import numpy as np

from trustscore.errors import InputError
from trustscore.io.guessed_ids import refuse_guessed_ids
from trustscore.io.header import fold, sniff
from trustscore.io.rejects import BAD
from trustscore.io.text_stream import Source
from trustscore.scorecard.merchant_ids import trim

__all__ = ["read_ids"]

_TABLES = (".csv", ".csv.gz", ".tsv", ".tsv.gz")
_KEY = fold("merchant_id")


def read_ids(path: str | Path, encoding: str | None = None) -> list[str]:
    r"""Return the ids of a file, in its order.

    Parameters
    ----------
    path : str or Path
        One id a line; or a table with delimiters, whose first column is taken, when its name ends
        like one (``.csv``, ``.tsv``) or its first column is headed ``merchant_id``. A line
        ``merchant_id`` at the top is a header. May be gzip; ``-`` is standard input.
    encoding : str, optional
        Instead of finding out.

    Raises
    ------
    InputError
        When it cannot be read as text, or holds no id.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "ids.txt")
    ...     _ = path.write_text("m2\nSmith, Sons & Co\n\n")
    ...     plain = read_ids(path)
    ...     _ = path.write_text('merchant_id,note\n"m1",late\n')
    ...     plain, read_ids(path)
    (['m2', 'Smith, Sons & Co'], ['m1'])
    """
    with Source(path, encoding) as source:
        text = b"".join(source.chunks()).decode()
    lines = re.split("\r\n|\n|\r", text)
    for number, line in enumerate(lines, 1):
        if BAD in line:
            raise InputError(f"{path}, line {number}: is not UTF-8: give the file's `encoding`")
    head = next((line for line in lines if trim(line)), "")
    delimiter = sniff(head)
    found = list(enumerate(lines, 1))
    if str(path).lower().endswith(_TABLES) or _first_cell(head, delimiter) == _KEY:
        records = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        try:
            found = [(records.line_num, record[0]) for record in records if record]
        except csv.Error as error:
            raise InputError(f"{path}, line {records.line_num}: is no CSV: {error}") from None
    ids = [(line, trim(cell)) for line, cell in found if trim(cell)]
    if ids and fold(ids[0][1]) == _KEY:
        del ids[0]
    if not ids:
        raise InputError(f"{path}: holds no id; one a line is expected, or the first column of CSV")
    refuse_guessed_ids(source, np.array([line for line, _ in ids]), [each for _, each in ids])
    return [each for _, each in ids]


def _first_cell(line: str, delimiter: str) -> str:
    return fold(line.split(delimiter)[0].strip('"'))
