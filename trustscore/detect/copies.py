"""Reviews in the same words by several people."""

from __future__ import annotations

from trustscore.detect.reviews.settings import ReviewsSpec
from trustscore.detect.room import DAY, Room

__all__ = ["make_copies"]


def make_copies(room: Room, name: str, settings: ReviewsSpec) -> None:
    """Make a table of the reviews whose words others wrote too.

    The columns are `review_id`, `merchant_id`, `order_id`, `created_at`, `words` (hash of the text)
    and `merchants` (how many shops these are about). Words that many people use are a stock phrase
    and join nobody. Short words meet by chance: they count only within one shop and some weeks.
    A buyer who repeats themselves is one buyer, and one review of an order that several shops
    share is one review.

    Parameters
    ----------
    room : Room
    name : str
        Of the table.
    settings : ReviewsSpec
    """
    near = settings.short_days * DAY
    of = "PARTITION BY merchant_id, words ORDER BY created_at RANGE BETWEEN"
    writer = "COALESCE('b' || buyer_id, 'r' || review_id)"
    room.make(
        f"{name}_texts",
        "SELECT r.review_id, r.merchant_id, r.order_id, r.created_at, r.text_letters AS letters,"
        f" r.text_hash AS words, {writer} AS writer FROM reviews AS r"
        f" WHERE r.text_letters >= {settings.least_letters} AND r.text_hash IS NOT NULL"
        " AND NOT COALESCE(r.is_default, FALSE)",
    )
    room.make(
        f"{name}_words",
        "SELECT words, count(DISTINCT merchant_id) AS merchants,"
        f" count(DISTINCT review_id) > greatest({settings.stock_least}, {settings.stock_share} *"
        f" (SELECT count(DISTINCT review_id) FROM {name}_texts))"
        f" AND (min(letters) < {settings.long_letters}"
        f" OR count(DISTINCT merchant_id) > {settings.stock_merchants}) AS stock"
        f" FROM {name}_texts GROUP BY words"
        " HAVING count(DISTINCT writer) > 1 AND count(DISTINCT review_id) > 1",
    )
    room.make(
        name,
        "SELECT review_id, merchant_id, order_id, created_at, words, merchants"
        " FROM (SELECT t.*, g.merchants,"
        f" count(DISTINCT t.writer) OVER ({of.replace('merchant_id', 't.merchant_id')}"
        f" {near} PRECEDING AND {near} FOLLOWING) AS close"
        f" FROM {name}_texts AS t JOIN {name}_words AS g USING (words) WHERE NOT g.stock) AS c"
        f" WHERE letters >= {settings.long_letters} OR close > 1",
    )
