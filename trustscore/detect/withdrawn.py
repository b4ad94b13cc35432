"""Suspicions of earlier runs that a detector no longer has: it takes them back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from trustscore.detect.findings import COLUMNS, Cut, Found, Relations

__all__ = ["Withdrawn", "withdraw"]

# Part of the evidence on what lies near the beginning of the days that are judged lies before it.
_EDGE_DAYS = 30
_DAY = 86_400_000_000
# A detector that loses so many of its suspicions has probably lost a log.
_MANY, _SHARE = 10, 0.5
# When a subject begins; merchants have no such time and are judged anew each time.
_BEGINNINGS = {
    "order": """
SELECT merchant_id, order_id AS subject_id, min(moment) AS moment FROM (
    SELECT merchant_id, order_id, paid_at AS moment FROM orders
    UNION ALL
    SELECT merchant_id, order_id, created_at FROM reviews WHERE NOT EXISTS (SELECT 1 FROM orders)
) AS o GROUP BY ALL""",
    "review": """
SELECT merchant_id, review_id AS subject_id, min(created_at) AS moment FROM reviews GROUP BY ALL""",
    "live_session": """
SELECT merchant_id, session_id AS subject_id, min(moment) AS moment FROM (
    SELECT merchant_id, session_id, voted_at AS moment FROM live_votes
    UNION ALL
    SELECT merchant_id, session_id, transcripts.at FROM transcripts
) AS s GROUP BY ALL""",
    "chat": """
SELECT merchant_id, chat_id AS subject_id, min(sent_at) AS moment FROM chat_messages
GROUP BY ALL""",
    "listing": """
SELECT merchant_id, item_id AS subject_id, max(submitted_at) AS moment FROM listings
GROUP BY ALL""",
}
# Rows of a queue have other ids: what a person was asked, only a person answers.
_EARLIER = """
SELECT f.finding_id, f.merchant_id, f.subject_kind, f.subject_id, f.topic, {young} AS judged
FROM findings AS f{join}
WHERE f.status = 'suspected' AND starts_with(f.finding_id, ?) AND starts_with(f.source, ?)
ORDER BY f.topic, f.merchant_id, f.subject_kind, f.subject_id, f.finding_id
"""


class Withdrawn(NamedTuple):
    """What a run takes back.

    Attributes
    ----------
    rows : dict of str to list
        Columns of the log `findings`: newer versions of the rows that are taken back.
    topics : dict of str to int
        How many, by topic.
    warnings : list of str
    """

    rows: dict[str, list[Any]]
    topics: dict[str, int]
    warnings: list[str]


def withdraw(
    relations: Relations,
    detector: str,
    topics: Iterable[str],
    found: Found,
    rows: Mapping[str, Sequence[Any]],
    source: str,
    cut: Cut,
) -> Withdrawn:
    """Return which earlier suspicions of a detector its new run takes back.

    Those are what an earlier run wrote into the log `findings`, what this run looked at again, and
    what it does not suspect any more. Orders, reviews and broadcasts of before the days that it
    judges stay as they were judged, and so do those of the first 30 of these days.

    Parameters
    ----------
    relations : Relations
    detector : str
        Its name.
    topics : iterable of str
        Of its findings.
    found : Found
        What it returned.
    rows : mapping of str to list
        The same as columns of the log.
    source : str
        Stamp of its settings.
    cut : Cut
    """
    again, counts = set(rows["finding_id"]), dict.fromkeys(topics, 0)
    taken: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    judged = 0
    for finding, merchant, kind, subject, topic, young in _earlier(relations, detector, found):
        if topic not in counts or not young:
            continue
        judged += 1
        if finding in again:
            continue
        counts[topic] += 1
        row = {
            "finding_id": finding,
            "merchant_id": merchant,
            "subject_kind": kind,
            "subject_id": subject,
            "topic": topic,
            "status": "withdrawn",
            "found_at": cut.found_at,
            "source": source,
            "recorded_at": cut.found_at,
        }
        for name, column in taken.items():
            column.append(row.get(name))
    warnings, total = [], sum(counts.values())
    if total >= _MANY and total > _SHARE * judged:
        warnings.append(
            f"{total:,} of {judged:,} earlier suspicions are withdrawn; if a log is missing that"
            " was there before, do not use these findings"
        )
    return Withdrawn(taken, counts, warnings)


def _earlier(relations: Relations, detector: str, found: Found) -> list[tuple[Any, ...]]:
    young, join = "TRUE", ""
    if found.since is not None:
        since = found.since + _EDGE_DAYS * _DAY
        kinds = " UNION ALL ".join(
            f"SELECT '{kind}' AS subject_kind, b.* FROM ({sql}) AS b"
            for kind, sql in _BEGINNINGS.items()
        )
        names = ("merchant_id", "subject_kind", "subject_id")
        same = " AND ".join(f"b.{name} = f.{name}" for name in names)
        join = f" LEFT JOIN ({kinds}) AS b ON {same}"
        young = f"COALESCE(b.moment >= {since}, FALSE)"
    sql = _EARLIER.format(young=young, join=join)
    return relations.rows(sql, [f"{detector}:", f"{detector}@"])
