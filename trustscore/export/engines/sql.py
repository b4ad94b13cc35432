"""SQL: a table of boosts, and the ranking as one SELECT."""

from __future__ import annotations

import re
from collections.abc import Iterator

from trustscore.export.engines.rows import Boosts
from trustscore.export.sql.text import number, one_line, text
from trustscore.scorecard.vetoes import Veto

__all__ = ["sql"]

_BATCH = 500
_RANKING = """\
-- candidates(query_id, item_id, merchant_id, relevance); a merchant without a row is neutral.
-- No boost is 0: some engines fill a row that no row joins with zeros instead of NULL.
WITH matched AS (
  SELECT
    c.*,
    CASE
      WHEN b.valid_to < CURRENT_DATE THEN 1e0
      ELSE COALESCE(NULLIF(b.trust_boost, 0e0), 1e0)
    END AS trust_boost,
    {veto} AS trust_veto,
    ROW_NUMBER() OVER (PARTITION BY c.query_id ORDER BY c.relevance DESC, c.item_id) AS base_rank
  FROM candidates AS c
  LEFT JOIN trust_boosts AS b ON b.merchant_id = c.merchant_id
),
scored AS (
  SELECT matched.*, {score} AS final_score FROM matched
)
SELECT
  scored.*,
  ROW_NUMBER() OVER (
    PARTITION BY query_id
    ORDER BY CASE WHEN trust_veto = {floor} THEN 1 ELSE 0 END, final_score DESC, base_rank
  ) AS final_rank
FROM scored
WHERE trust_veto <> {block};
"""
_TIMES = "relevance * trust_boost"
_PLUS = (
    "relevance + LN(trust_boost) * (MAX(relevance) OVER (PARTITION BY query_id)"
    " - MIN(relevance) OVER (PARTITION BY query_id))"
)
# A backslash or a control character means something inside quotes to some engines.
_SPECIAL = re.compile(r"[\\\x00-\x1f\x7f\x85\u2028\u2029]")


def sql(boosts: Boosts) -> dict[str, Iterator[str]]:
    """Return the files: the table, and the query that ranks candidates with it."""
    policy = boosts.policy
    kept = "COALESCE(b.veto, '')"
    veto = (
        kept
        if policy.validity.keep_vetoes
        else f"CASE WHEN b.valid_to < CURRENT_DATE THEN '' ELSE {kept} END"
    )
    score = _TIMES if policy.form == "multiplicative" else _PLUS
    floor, block = text(Veto.FLOOR.word), text(Veto.BLOCK.word)
    ranking = _RANKING.format(veto=veto, score=score, floor=floor, block=block)
    return {
        "boosts.sql": _table(boosts),
        "ranking.sql": iter([f"-- policy {one_line(policy.stamp)}\n", ranking]),
    }


def _table(boosts: Boosts) -> Iterator[str]:
    yield (
        f"-- policy {one_line(boosts.policy.stamp)}\n"
        "BEGIN;\n"
        "DROP TABLE IF EXISTS trust_boosts;\n"
        "CREATE TABLE trust_boosts (\n"
        "  merchant_id VARCHAR(512) NOT NULL PRIMARY KEY,\n"
        "  trust_boost DOUBLE PRECISION NOT NULL,\n"
        "  veto VARCHAR(8) NOT NULL,\n"
        "  tier VARCHAR(512) NOT NULL,\n"
        "  valid_to DATE\n"
        ");\n"
    )
    rows: list[str] = []
    for merchant, boost, veto, tier, end in boosts.rows(
        "merchant_id", "trust_boost", "veto", "tier", "valid_to"
    ):
        day = f"DATE {text(end)}" if end else "NULL"
        rows.append(f"({quoted(merchant)}, {number(boost)}, {text(veto)}, {quoted(tier)}, {day})")
        if len(rows) == _BATCH:
            yield _insert(rows)
            rows = []
    if rows:
        yield _insert(rows)
    yield "COMMIT;\n"


def _insert(rows: list[str]) -> str:
    return "INSERT INTO trust_boosts VALUES\n" + ",\n".join(rows) + ";\n"


def quoted(value: str) -> str:
    r"""Return a text in quotes that every engine reads as the same.

    Examples
    --------
    >>> quoted("men's"), quoted("a\\'b")
    ("'men''s'", "('a' || CHR(92) || '''b')")
    """
    return text(value, _SPECIAL)
