"""Former prices beside what was really paid in the days before."""

from __future__ import annotations

from collections.abc import Iterator

from trustscore.detect.claims.settings import ClaimsSpec
from trustscore.detect.findings import Finding, Place
from trustscore.detect.room import DAY, Room
from trustscore.lexicon import read_hits

__all__ = ["list_prices", "spoken_prices"]

_UNIT = 10_000
_PAID = "claims_paid"
# What was paid for each thing: the lowest price of a day, and of the days before that day.
_LOWEST = """
WITH sold AS (
    SELECT i.merchant_id, i.order_id, o.session_id, i.item_id, COALESCE(i.sku_id, '') AS sku_id,
        o.paid_at_local // {day} AS day, i.price, i.list_price
    FROM order_items AS i JOIN orders AS o
    ON o.merchant_id = i.merchant_id AND o.order_id = i.order_id
    WHERE i.price > 0 AND COALESCE(o.order_type, 'normal') = 'normal' AND o.cancelled_at IS NULL),
days AS (
    SELECT merchant_id, item_id, sku_id, day, min(price) AS low
    FROM sold GROUP BY merchant_id, item_id, sku_id, day),
before AS (
    SELECT *, min(low) OVER (PARTITION BY merchant_id, item_id, sku_id ORDER BY day
        RANGE BETWEEN {days} PRECEDING AND 1 PRECEDING) AS lowest FROM days)
SELECT s.*, b.lowest FROM sold AS s JOIN before AS b ON b.merchant_id = s.merchant_id
AND b.item_id = s.item_id AND b.sku_id = s.sku_id AND b.day = s.day
"""


def spoken_prices(
    room: Room, spec: ClaimsSpec, start: int, facts: dict[str, object]
) -> Iterator[Finding]:
    """Yield broadcasts with a former price above what anybody paid for what they sold.

    Which of the goods a price is of is not known. So it must be above the lowest price of the
    days before of each of them; where one of them was not sold in these days, nothing is said.
    """
    room.make(_PAID, _LOWEST.format(day=DAY, days=spec.price_days))
    lowest = {
        (merchant, session): int(most)
        for merchant, session, most in room.rows(
            f"SELECT merchant_id, session_id, max(lowest) FROM {_PAID}"
            " WHERE session_id IS NOT NULL GROUP BY merchant_id, session_id"
            " HAVING count(*) = count(lowest)"
        )
    }
    rows = room.rows(
        "SELECT t.merchant_id, t.session_id, t.text_hits, t._file, t._line FROM transcripts AS t"
        f" WHERE t.text_hits LIKE '%was_price%' AND t.at >= {start}"
        " AND (t.speaker IS NULL OR t.speaker IN ('host', 'guest', 'screen'))"
        " ORDER BY t.merchant_id, t.session_id, t.at, t._file, t._line"
    )
    named, compared = 0, set()
    done = set()
    for merchant, session, hits, file, line in rows:
        for hit in read_hits(hits):
            if hit.how != "said" or not hit.value:
                continue
            named += 1
            paid = lowest.get((merchant, session))
            if paid is None:
                continue
            compared.add((merchant, session))
            price = round(float(hit.value) * _UNIT)
            if price <= paid * (1 + spec.price_above) or (merchant, session) in done:
                continue
            done.add((merchant, session))
            evidence = f"former_price({hit.value}) lowest_paid({paid / _UNIT:g})"
            yield Finding(
                merchant,
                "live_session",
                session,
                "price_deception",
                spec.price_score,
                evidence,
                place=Place("transcripts", int(file), int(line), hit),
                rank=float(hit.severity),
            )
    facts["former_prices"] = {"named": named, "broadcasts_compared": len(compared)}


def list_prices(
    room: Room, spec: ClaimsSpec, start: int, facts: dict[str, object]
) -> Iterator[Finding]:
    """Yield goods whose list price is above the lowest price of the days before each order."""
    if not spec.list_price_score:
        return
    day = start // DAY
    rows = room.rows(
        f"SELECT merchant_id, item_id, min(list_price), max(lowest) FROM {_PAID}"
        f" WHERE lowest IS NOT NULL AND list_price IS NOT NULL AND day >= {day}"
        " GROUP BY merchant_id, item_id"
        f" HAVING count(DISTINCT order_id) >= {spec.list_price_orders}"
        f" AND min(list_price) > max(lowest) * (1 + {spec.price_above})"
        " ORDER BY merchant_id, item_id"
    )
    facts["list_prices_above"] = len(rows)
    for merchant, item, listed, paid in rows:
        evidence = f"list_price({listed / _UNIT:g}) lowest_paid({paid / _UNIT:g})"
        yield Finding(
            merchant, "listing", item, "price_deception", spec.list_price_score, evidence, rank=1.0
        )
