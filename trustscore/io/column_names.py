"""The names of the columns of a file, before anybody knows what they mean."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from trustscore.errors import InputError
from trustscore.io.csv_reader import find_header
from trustscore.io.json_lines_reader import first_keys
from trustscore.io.parquet_reader import ParquetSource
from trustscore.io.readers import BINARY, JSON_LINES, text_format
from trustscore.io.text_stream import Source
from trustscore.io.xlsx_reader import heading

__all__ = ["column_names"]


def column_names(path: str | Path, encoding: str | None = None) -> dict[int, str]:
    r"""Return the columns of a file that hold one cell a row, by their place from 1.

    Parameters
    ----------
    path : str or Path
        An ordinary file, as it is read again later.
    encoding : str, optional

    Raises
    ------
    InputError
        When it cannot be read, or has no header.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "export.csv")
    ...     _ = path.write_text("shop;orders\nm1;7\n")
    ...     column_names(path)
    {1: 'shop', 2: 'orders'}
    """
    if not Path(path).is_file():
        raise InputError(f"{path}: an ordinary file is expected, as it is read twice")
    with open(path, "rb") as file:
        head = file.read(16)
    form = next((form for form in BINARY if form.begins.match(head)), None)
    if form is not None and form.name == "Excel":
        return dict(enumerate(heading(str(path)), 1))
    if form is not None:
        with ParquetSource(path) as table:
            fields = enumerate(table.schema, 1)
            return {at: each.name for at, each in fields if not pa.types.is_nested(each.type)}
    with Source(path, encoding) as source:
        text, chunks = text_format(source)
        if text is JSON_LINES:
            names = first_keys(chunks)[1]
        else:
            names = find_header(source, chunks).names
    return dict(enumerate(names, 1))
