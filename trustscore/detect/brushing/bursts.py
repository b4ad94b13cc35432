"""Rules that compare with what chance does: hours full of new buyers, buyers of a closed circle."""

from __future__ import annotations

import numpy as np

from trustscore.detect.brushing.settings import BrushingSpec
from trustscore.detect.counts import upper_tail
from trustscore.detect.room import HOUR, Room

__all__ = ["ORDERS", "REVIEWS", "burst_hour", "few_merchants"]

ORDERS, REVIEWS = "brushing_orders.buyer_id", "brushing_reviews.buyer_id"
"""Who bought what; where that is not known, who reviewed what stands in for it."""

# A buyer's orders are looked at in windows of so many days, each so many days after the last one.
_WINDOW, _STEP = 90, 45


def burst_hour(room: Room, settings: BrushingSpec) -> str:
    """Return the orders of hours that are full of new buyers, against the shop's other hours.

    Orders of broadcasts are left out, as these sell in bursts. Where no orders are there, hours of
    reviews stand in for them.
    """
    soft = settings.soft
    if not room.has(ORDERS):
        events = (
            "SELECT r.merchant_id, r.order_id, r.hour, r.created_at = min(r.created_at) OVER"
            " (PARTITION BY r.merchant_id, r.buyer_id) AS first FROM brushing_reviews AS r"
            " WHERE r.judged AND r.buyer_id IS NOT NULL AND r.stars = 5000000"
        )
    else:
        events = (
            "SELECT o.merchant_id, o.order_id, o.paid_hour AS hour, o.paid_at = f.first_at AS first"
            " FROM brushing_orders AS o JOIN brushing_first AS f"
            " ON f.merchant_id = o.merchant_id AND f.buyer_id = o.buyer_id"
            " WHERE o.judged AND COALESCE(o.channel, '') <> 'live'"
        )
    room.make("brushing_events", events)
    found = room.rows(
        "WITH counts AS (SELECT merchant_id, hour, count(*) AS n,"
        " count(*) FILTER (first) AS new FROM brushing_events GROUP BY ALL),"
        " shops AS (SELECT merchant_id, sum(n) AS total, sum(n * n) AS squares, min(hour) AS begun"
        " FROM counts GROUP BY ALL)"
        " SELECT c.merchant_id, c.hour, c.n, s.total, s.squares, s.begun"
        " FROM counts AS c JOIN shops AS s ON s.merchant_id = c.merchant_id"
        f" WHERE c.n >= {soft.hour_orders} AND c.new >= {soft.hour_first} * c.n"
        " ORDER BY c.merchant_id, c.hour"
    )
    # The clock of the shop and that of the cut differ by hours at most.
    last = room.cut.at // HOUR
    numbers = np.array([row[2:] for row in found], dtype=float).reshape(-1, 4)
    hours = np.maximum(last - numbers[:, 3], 1.0)
    known = hours >= 24 * soft.hour_history
    mean = numbers[:, 1] / hours
    variance = numbers[:, 2] / hours - mean * mean
    rare = known & (upper_tail(numbers[:, 0], mean, variance) < soft.hour_chance)
    chosen = [row[:2] for row, good in zip(found, rare.tolist(), strict=True) if good]
    room.fill("brushing_hours", {"merchant_id": "VARCHAR", "hour": "BIGINT"}, chosen)
    return (
        "SELECT e.merchant_id, e.order_id, CAST(NULL AS VARCHAR) AS detail FROM brushing_events"
        " AS e SEMI JOIN brushing_hours AS h ON h.merchant_id = e.merchant_id AND h.hour = e.hour"
        " GROUP BY e.merchant_id, e.order_id"
    )


def few_merchants(room: Room, settings: BrushingSpec) -> str:
    """Return the orders of buyers that buy at two merchants only, as others do at the same two.

    Popular merchants have such buyers in common by chance: the number must be far above what the
    two merchants' shares of the orders of frequent buyers explain. Consumables are left out, as
    people are loyal to where they buy them. Where no orders are there, reviews stand in for them.
    """
    soft = settings.soft
    events = (
        "SELECT merchant_id, order_id, buyer_id, created_at AS moment FROM brushing_reviews"
        if not room.has(ORDERS)
        else "SELECT merchant_id, order_id, buyer_id, paid_at AS moment FROM brushing_orders"
    )
    steps = max(0, settings.days - _WINDOW) // _STEP + 1
    windows = [
        (n, room.cut.back(_WINDOW + n * _STEP), room.cut.back(n * _STEP) if n else room.cut.at)
        for n in range(steps)
    ]
    room.fill("brushing_windows", {"w": "BIGINT", "low": "BIGINT", "high": "BIGINT"}, windows)
    room.make(
        "brushing_visits",
        "SELECT w.w, e.buyer_id, e.merchant_id, count(*) AS n,"
        " sum(count(*)) OVER (PARTITION BY w.w, e.buyer_id) AS total"
        f" FROM ({events} WHERE judged AND buyer_id IS NOT NULL) AS e"
        " JOIN brushing_windows AS w ON e.moment >= w.low AND e.moment < w.high"
        " GROUP BY w.w, e.buyer_id, e.merchant_id",
    )
    room.make(
        "brushing_pairs",
        "SELECT w, buyer_id, min(merchant_id) AS a, max(merchant_id) AS b FROM (SELECT *,"
        " ROW_NUMBER() OVER (PARTITION BY w, buyer_id ORDER BY n DESC, merchant_id) AS place"
        f" FROM brushing_visits WHERE total >= {soft.few_orders}) AS v WHERE place <= 2"
        " GROUP BY w, buyer_id HAVING count(*) = 2 AND min(n) >= 2"
        f" AND sum(n) >= {soft.few_share} * max(total)",
    )
    found = room.rows(
        "WITH circles AS (SELECT w, a, b, count(*) AS buyers FROM brushing_pairs GROUP BY ALL),"
        " everyone AS (SELECT w, sum(buyers) AS buyers FROM circles GROUP BY ALL),"
        " share AS (SELECT w, merchant_id, sum(n) / sum(sum(n)) OVER (PARTITION BY w) AS share"
        f" FROM brushing_visits WHERE total >= {soft.few_orders} GROUP BY w, merchant_id)"
        " SELECT c.w, c.a, c.b, c.buyers, 2 * e.buyers * x.share * y.share FROM circles AS c"
        " JOIN everyone AS e ON e.w = c.w"
        " JOIN share AS x ON x.w = c.w AND x.merchant_id = c.a"
        " JOIN share AS y ON y.w = c.w AND y.merchant_id = c.b"
        f" WHERE c.buyers >= {soft.few_buyers} ORDER BY c.w, c.a, c.b"
    )
    numbers = np.array([row[3:] for row in found], dtype=float).reshape(-1, 2)
    rare = upper_tail(numbers[:, 0], numbers[:, 1], numbers[:, 1]) < soft.few_chance
    chosen = [row[:3] for row, good in zip(found, rare.tolist(), strict=True) if good]
    room.fill("brushing_circles", {"w": "BIGINT", "a": "VARCHAR", "b": "VARCHAR"}, chosen)
    return (
        "SELECT DISTINCT e.merchant_id, e.order_id, CAST(NULL AS VARCHAR) AS detail"
        f" FROM ({events} WHERE judged) AS e ANTI JOIN brushing_consumable AS q"
        " ON q.merchant_id = e.merchant_id AND q.order_id = e.order_id JOIN brushing_pairs AS p"
        " ON p.buyer_id = e.buyer_id AND e.merchant_id IN (p.a, p.b)"
        " JOIN brushing_windows AS w ON w.w = p.w AND e.moment >= w.low AND e.moment < w.high"
        " SEMI JOIN brushing_circles AS c ON c.w = p.w AND c.a = p.a AND c.b = p.b"
    )
