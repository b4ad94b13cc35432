"""What files begin with that are not text, and what is said of those that are not tables here.

This is the one list: `readers` tells its binary formats by it, and `text_stream` refuses the rest
by name.
"""

from __future__ import annotations

import re

__all__ = ["BINARY_TABLES", "GZIP", "refusal"]

GZIP = b"\x1f\x8b"
"""Of a file that is uncompressed while it is read."""
BINARY_TABLES = {"Parquet": b"PAR1", "Excel": b"PK\x03\x04"}
"""Of the binary formats that have a reader, which needs an ordinary file."""
# Patterns, since some names of formats may begin a header as well.
_NO_TABLES = {
    rb"\xd0\xcf\x11\xe0": "an Excel workbook, old or under a password: save it as .xlsx"
    " without one, or as CSV",
    rb"\x28\xb5\x2f\xfd": "compressed with Zstandard: use gzip or none",
    rb"BZh": "compressed with bzip2: use gzip or none",
    rb"\xfd7zXZ": "compressed with xz: use gzip or none",
    rb"\x04\x22\x4d\x18": "compressed with LZ4: use gzip or none",
    rb"7z\xbc\xaf|Rar!": "an archive: unpack it",
    rb".{257}ustar": "a tar archive: unpack it",
    rb"\x1f\x8b": "compressed with gzip twice: unpack it once",
    rb"ARROW1|FEA1": "Arrow or Feather: save it as Parquet or CSV",
    rb"ORC[\x00-\x08\x0e-\x1f\x80-\xff]": "ORC: save it as Parquet or CSV",
    rb"Obj\x01": "Avro: save it as Parquet or CSV",
    rb"SQLite format 3": "a database of SQLite: save the table as CSV",
    rb"%PDF|\x89PNG|\xff\xd8\xff|GIF8": "a document or a picture: export the table as CSV",
    rb"\s*<[!?A-Za-z]": "a page of HTML or XML: look what it says, and save the table as CSV",
    rb"version https://git-lfs": "a pointer to a file in Git LFS: fetch the file by git lfs pull",
}


def refusal(head: bytes) -> str:
    """Return what the beginning of a stream is and what to do, blank where it may be text.

    Examples
    --------
    >>> refusal(b"PAR1")
    'Parquet: it cannot be read from a pipe or under gzip, give the file'
    >>> refusal(b"merchant_id")
    ''
    """
    for begins, what in _NO_TABLES.items():
        if re.match(begins, head, re.DOTALL):
            return what
    for name, begins in BINARY_TABLES.items():
        if head.startswith(begins):
            return f"{name}: it cannot be read from a pipe or under gzip, give the file"
    return ""
