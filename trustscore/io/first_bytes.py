"""What files begin with that are not text, and what is said of those that are not tables here.

This is the one list: `readers` tells its binary formats by it, and `text_stream` refuses the rest
by name.
"""

from __future__ import annotations

__all__ = ["BINARY_TABLES", "GZIP", "refusal"]

GZIP = b"\x1f\x8b"
"""Of a file that is uncompressed while it is read."""
BINARY_TABLES = {"Parquet": b"PAR1"}
"""Of the binary formats that have a reader, which needs an ordinary file."""
_NO_TABLES = {
    b"PK\x03\x04": "an Excel workbook or zip archive: save it as CSV",
    b"\xd0\xcf\x11\xe0": "an Excel workbook: save it as CSV",
    b"\x28\xb5\x2f\xfd": "compressed with Zstandard: use gzip or none",
    b"BZh": "compressed with bzip2: use gzip or none",
    b"\xfd7zXZ": "compressed with xz: use gzip or none",
}


def refusal(head: bytes) -> str:
    """Return what the beginning of a stream is and what to do, blank where it may be text.

    Examples
    --------
    >>> refusal(b"PAR1")
    'Parquet: it cannot be read from a pipe, give the file'
    >>> refusal(b"merchant_id")
    ''
    """
    for begins, what in _NO_TABLES.items():
        if head.startswith(begins):
            return what
    for name, begins in BINARY_TABLES.items():
        if head.startswith(begins):
            return f"{name}: it cannot be read from a pipe, give the file"
    return ""
