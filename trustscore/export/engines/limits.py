"""What an engine cannot hold: a row with such a text is left out, and not the rows of everybody."""

from __future__ import annotations

import re
from collections.abc import Callable

__all__ = ["LIMITS"]

# Elasticsearch and OpenSearch: the longest _id in bytes. Solr: the longest term of Lucene.
# Algolia: a record of 10 kB in the smallest plan, with what stands beside the id.
_ELASTIC, _LUCENE, _ALGOLIA = 512, 32_766, 9_000
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


def _bytes(most: int) -> Callable[[str], str]:
    def fault(text: str) -> str:
        # No character has more than four bytes.
        if len(text) * 4 <= most or len(text.encode("utf-8", "surrogatepass")) <= most:
            return ""
        return f"longer than {most:,} bytes"

    return fault


def _vespa(text: str) -> str:
    return "with control characters" if _NO_TEXT.search(text) else ""


def _sql(text: str) -> str:
    if "\x00" in text:
        return "with the character NUL"
    return f"longer than {SQL_LENGTH:,} characters" if len(text) > SQL_LENGTH else ""


def _anything(_: str) -> str:
    return ""


LIMITS: dict[str, Callable[[str], str]] = {
    "elasticsearch": _bytes(_ELASTIC),
    "opensearch": _bytes(_ELASTIC),
    "solr": _bytes(_LUCENE),
    "vespa": _vespa,
    "typesense": _anything,
    "algolia": _bytes(_ALGOLIA),
    "sql": _sql,
    "redis": _anything,
    "parquet": _anything,
    "npz": _anything,
}
"""For each engine: what is wrong with an id or a tier, blank when it can be held."""
