"""Copied reviews and bursts of them: both for people to look at, never to count by themselves."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from trustscore.detect.copies import make_copies
from trustscore.detect.counts import upper_tail
from trustscore.detect.findings import Cut, Finding, Found, Logs
from trustscore.detect.reviews.settings import ReviewsSpec
from trustscore.detect.room import DAY, Room
from trustscore.detect.settings import DetectSettings

__all__ = ["find_reviews"]

# Reviews of a shop by day of its clock, beside what the days before it held.
_DAYS = """
WITH days AS (
    SELECT merchant_id, day, count(*) AS n, count(*) FILTER (single) AS single
    FROM reviews_written GROUP BY ALL),
usual AS (
    SELECT *, COALESCE(sum(n) OVER before, 0) AS total, COALESCE(sum(n * n) OVER before, 0)
        AS squares, min(day) OVER (PARTITION BY merchant_id) AS begun
    FROM days
    WINDOW before AS (PARTITION BY merchant_id ORDER BY day
        RANGE BETWEEN {days} PRECEDING AND 1 PRECEDING))
SELECT merchant_id, day, n, total, squares, least({days}, day - begun) AS days FROM usual
WHERE n >= {least} AND single >= {single} * n AND day - begun >= {history}
ORDER BY merchant_id, day
"""


def find_reviews(logs: Logs, settings: DetectSettings, cut: Cut) -> Found:
    """Return reviews in words that others used too, and those of days with far too many.

    Parameters
    ----------
    logs : Logs
    settings : DetectSettings
    cut : Cut
    """
    spec = settings.reviews
    start = cut.back(spec.days)
    facts: dict[str, object] = {}
    with Room(logs, cut) as room:
        same = make_copies(room, "reviews_copies", spec, logs)
        copied = list(_copied(room, spec, start))
        bursts = list(_bursts(room, spec, start))
        [(texts, phrases, alike)] = room.rows(
            "SELECT (SELECT count(*) FROM reviews_copies_texts),"
            " (SELECT count(*) FROM reviews_copies_words WHERE stock),"
            " (SELECT count(*) FROM reviews_copies_alike)"
        )
    facts["texts"] = int(texts)
    facts["texts_nearly_the_same"] = int(alike)
    facts["stock_phrases"] = int(phrases)
    facts["chance_of_same_short_text"] = same
    facts["days_with_a_burst"] = len({(found.merchant_id, found.evidence) for found in bursts})
    return Found(copied + bursts, facts, since=start)


def _copied(room: Room, spec: ReviewsSpec, start: int) -> Iterator[Finding]:
    # One review may stand on orders of several shops: each shop hears of it once.
    found = room.rows(
        "WITH others AS (SELECT exact, min(review_id, 2) AS ids FROM (SELECT DISTINCT exact,"
        " review_id FROM reviews_copies) AS d GROUP BY exact)"
        " SELECT c.merchant_id, c.review_id, min(c.merchants),"
        " min(CASE WHEN o.ids[1] = c.review_id THEN o.ids[2] ELSE o.ids[1] END),"
        " min(n.ids[1]), max(a.share)"
        " FROM reviews_copies AS c JOIN others AS o ON o.exact = c.exact"
        " LEFT JOIN reviews_copies_alike AS a ON a.exact = c.exact"
        " LEFT JOIN others AS n ON n.exact = a.other"
        f" WHERE c.created_at >= {start} GROUP BY c.merchant_id, c.review_id"
        " ORDER BY c.merchant_id, c.review_id"
    )
    for merchant, review, merchants, same, near, share in found:
        # Words that somebody else used to the letter say more than similar ones.
        how = f"same_words(review:{same})"
        if same is None:
            how = f"near_words(review:{near}) share:{share:.2f}"
        evidence = f"{how} merchants:{merchants}"
        yield Finding(merchant, "review", review, "duplicate_review", spec.copy_score, evidence)


def _bursts(room: Room, spec: ReviewsSpec, start: int) -> Iterator[Finding]:
    room.make(
        "reviews_written",
        "SELECT merchant_id, review_id, buyer_id, created_at,"
        f" created_at_local // {DAY} AS day, buyer_id IS NOT NULL"
        " AND count(DISTINCT review_id) OVER (PARTITION BY buyer_id) = 1 AS single"
        " FROM reviews WHERE NOT COALESCE(is_default, FALSE) AND follows IS NULL",
    )
    found = room.rows(
        _DAYS.format(
            days=spec.burst_days,
            least=spec.burst_reviews,
            single=spec.burst_single,
            history=spec.burst_history,
        )
    )
    n, total, squares, days = (
        np.array([row[2 + at] for row in found], dtype=float) for at in range(4)
    )
    # One more review in one more day: a shop without any in these days has a mean, too.
    mean = (total + 1) / (days + 1)
    variance = np.maximum((squares + 1) / (days + 1) - mean * mean, mean)
    rare = upper_tail(n, mean, variance) < spec.burst_chance
    chosen = [row[:2] for row, good in zip(found, rare.tolist(), strict=True) if good]
    room.fill("reviews_bursts", {"merchant_id": "VARCHAR", "day": "BIGINT"}, chosen)
    reviews = room.rows(
        "SELECT r.merchant_id, r.review_id, CAST(min(DATE '1970-01-01' + CAST(r.day AS INTEGER))"
        " AS VARCHAR) FROM reviews_written AS r JOIN reviews_bursts AS b"
        " ON b.merchant_id = r.merchant_id AND b.day = r.day"
        f" WHERE r.single AND r.created_at >= {start} GROUP BY r.merchant_id, r.review_id"
        " ORDER BY r.merchant_id, r.review_id"
    )
    for merchant, review, day in reviews:
        yield Finding(
            merchant, "review", review, "review_burst", spec.burst_score, f"burst(day:{day})"
        )
