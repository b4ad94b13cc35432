"""What an engine cannot hold: a row with such a text is left out, and not the rows of everybody."""

from __future__ import annotations

import re
from collections.abc import Callable

__all__ = ["SQL_LENGTH", "anything", "at_most_bytes", "sql_text", "xml_text"]

# VARCHAR of boosts.sql, in characters.
SQL_LENGTH = 512
# Vespa takes characters of XML: no controls but tab and line breaks, no non-characters.
_NO_TEXT = re.compile(
    "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\ud800-\\udfff\\ufdd0-\\ufddf"
    + "".join(
        f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0x10000, 0x110000, 0x10000)
    )
    + "]"
)


def at_most_bytes(most: int) -> Callable[[str], str]:
    """Return the check of a text of at most so many bytes."""

    def fault(text: str) -> str:
        # No character has more than four bytes.
        if len(text) * 4 <= most or len(text.encode("utf-8", "surrogatepass")) <= most:
            return ""
        return f"longer than {most:,} bytes"

    return fault


def xml_text(text: str) -> str:
    """Check a text that goes through XML."""
    return "with control characters" if _NO_TEXT.search(text) else ""


def sql_text(text: str) -> str:
    """Check a text that goes into a VARCHAR."""
    if "\x00" in text:
        return "with the character NUL"
    return f"longer than {SQL_LENGTH:,} characters" if len(text) > SQL_LENGTH else ""


def anything(_: str) -> str:
    """Accept every text."""
    return ""
