"""Reviews in the same words by several people."""

from __future__ import annotations

import numpy as np

from trustscore.detect.counts import upper_tail
from trustscore.detect.findings import Logs
from trustscore.detect.near import near_texts
from trustscore.detect.reviews.settings import ReviewsSpec
from trustscore.detect.room import DAY, Room
from trustscore.lexicon.normal import letters_of, normalised
from trustscore.typing import FloatArray

__all__ = ["make_copies", "met_by_chance"]


def met_by_chance(
    close: FloatArray, texts: FloatArray, used: FloatArray, known: FloatArray, same: float
) -> FloatArray:
    """Return the chance that so many people write the same words, though nobody copied.

    Words follow the sampling formula of Ewens: after `known` texts the next one has given words
    with chance ``used / (theta + known)``, where ``theta`` follows from how often two texts are
    the same. So how many of a shop's texts have the words of one of them is negative binomial.

    Parameters
    ----------
    close : array of float
        People who used the words at the shop.
    texts : array of float
        The shop's texts among which they did, all words together.
    used, known : array of float
        Texts about other shops: with these words, and all.
    same : float
        Chance that two texts about different shops are the same.

    Examples
    --------
    A pair among 60 texts is rare, among 3,000 it is not, and four are.

    >>> close, texts = np.array([2.0, 2.0, 4.0]), np.array([60.0, 3000.0, 3000.0])
    >>> met_by_chance(close, texts, np.zeros(3), np.full(3, 10_000.0), 1e-5).round(6).tolist()
    [0.000536, 0.02654, 1.9e-05]

    Words that people use elsewhere are met more often.

    >>> met_by_chance(close, texts, np.full(3, 8.0), np.full(3, 10_000.0), 1e-5).round(4).tolist()
    [0.0048, 0.215, 0.0026]
    """
    theta = 1 / same - 1
    size = used + 1
    mean = np.maximum(texts - 1, 0.0) * size / (theta + known + 1)
    return upper_tail(close - 1, np.maximum(mean, 1e-300), mean * (1 + mean / size))


def make_copies(room: Room, name: str, settings: ReviewsSpec, logs: Logs) -> float:
    """Make a table of the reviews whose words others wrote too.

    The columns are `review_id`, `merchant_id`, `order_id`, `created_at`, `exact` (hash of the
    text), `words` (the same for all texts that are nearly the same) and `merchants` (how many shops
    these are about). Long texts are nearly the same if they share most of their shingles; the table
    ``{name}_alike`` then has the text that each is most like. Words that many people use are a
    stock phrase and join nobody. Short words meet by chance: they count only within one shop and
    some weeks, and only if among so many texts of the shop none would be expected to meet. A buyer
    who repeats themselves is one buyer, and one review of an order that several shops share is one
    review.

    Parameters
    ----------
    room : Room
    name : str
        Of the table.
    settings : ReviewsSpec
    logs : Logs
        Whose texts are read again.

    Returns
    -------
    float
        Chance that two short texts about different shops are the same.
    """
    span = settings.short_days * DAY
    close = f"ORDER BY created_at RANGE BETWEEN {span} PRECEDING AND {span} FOLLOWING"
    writer = "COALESCE('b' || buyer_id, 'r' || review_id)"
    room.make(
        f"{name}_exact",
        "SELECT r.review_id, r.merchant_id, r.order_id, r.created_at, r._file, r._line,"
        f" r.text_letters < {settings.long_letters} AS short,"
        f" r.text_hash AS exact, {writer} AS writer FROM reviews AS r"
        f" WHERE r.text_letters >= {settings.least_letters} AND r.text_hash IS NOT NULL"
        " AND NOT COALESCE(r.is_default, FALSE)",
    )
    _make_alike(room, name, settings, logs)
    room.make(
        f"{name}_texts",
        "SELECT e.* EXCLUDE (_file, _line), COALESCE(a.words, e.exact) AS words"
        f" FROM {name}_exact AS e LEFT JOIN {name}_alike AS a USING (exact)",
    )
    room.make(
        f"{name}_words",
        "SELECT words, count(DISTINCT merchant_id) AS merchants,"
        f" {_stock(settings, f'{name}_texts')} AS stock FROM {name}_texts GROUP BY words"
        " HAVING count(DISTINCT writer) > 1 AND count(DISTINCT review_id) > 1",
    )
    room.make(
        f"{name}_near",
        "SELECT *, count(DISTINCT writer) OVER (PARTITION BY merchant_id, words"
        f" {close}) AS close FROM (SELECT t.*, g.merchants,"
        f" count(*) FILTER (short) OVER (PARTITION BY merchant_id {close}) AS texts"
        f" FROM {name}_texts AS t LEFT JOIN {name}_words AS g USING (words)"
        " WHERE NOT COALESCE(g.stock, FALSE)) AS u WHERE merchants IS NOT NULL",
    )
    same = _same_words(room, name, settings)
    _ask_chance(room, name, settings, same)
    room.make(
        name,
        "SELECT n.review_id, n.merchant_id, n.order_id, n.created_at, n.exact, n.words,"
        " n.merchants"
        f" FROM {name}_near AS n LEFT JOIN (SELECT a.* FROM {name}_asked AS a"
        f" SEMI JOIN {name}_copied AS c USING (place)) AS b USING (merchant_id, words, close,"
        " texts) WHERE NOT n.short OR b.words IS NOT NULL",
    )
    return same


def _make_alike(room: Room, name: str, settings: ReviewsSpec, logs: Logs) -> None:
    """Make the table of long texts that are nearly the same as others: hash, words, other, share.

    Those of a phrase are left out, so that what is the same to the letter stays so.
    """
    hashes = {
        (int(file), int(line)): str(exact)
        for file, line, exact in room.rows(
            f"SELECT _file, _line, exact FROM {name}_exact WHERE NOT short QUALIFY row_number()"
            " OVER (PARTITION BY exact ORDER BY _file, _line) = 1"
        )
    }
    # What has left the folder is still known by its hash.
    known: dict[str, str] = {}
    for file, lines, texts in logs.texts("reviews", hashes) if len(hashes) > 1 else ():
        for line, text in zip(lines, texts, strict=True):
            known.setdefault(normalised(text), hashes[file, line])
    least = np.array([settings.near_of(letters_of(text)) for text in known], dtype=float)
    found = near_texts(list(known), least)
    names = list(known.values())
    room.fill(
        f"{name}_grouped",
        {"exact": "VARCHAR", "words": "VARCHAR", "other": "VARCHAR", "share": "DOUBLE"},
        [
            (names[at], f"near {names[int(found.groups[at])]}", names[other], found.shares[at])
            for at, other in enumerate(found.others.tolist())
            if other >= 0
        ],
    )
    room.make(
        f"{name}_alike",
        f"SELECT * FROM {name}_grouped SEMI JOIN (SELECT words FROM {name}_grouped"
        f" JOIN {name}_exact USING (exact) GROUP BY words"
        f" HAVING NOT ({_stock(settings, f'{name}_exact')})) AS g USING (words)",
    )


def _stock(settings: ReviewsSpec, texts: str) -> str:
    """Return the SQL of whether so many reviews have the words of a group that it is a phrase."""
    return (
        f"count(DISTINCT review_id) > greatest({settings.stock_least}, {settings.stock_share} *"
        f" (SELECT count(DISTINCT review_id) FROM {texts}))"
        f" AND (bool_or(short) OR count(DISTINCT merchant_id) > {settings.stock_merchants})"
    )


def _same_words(room: Room, name: str, settings: ReviewsSpec) -> float:
    """Make the table of who used which short words where; return how often two are the same.

    Compared are words of different shops, each once a shop: what one shop had copied often does not
    make copies usual. Stock phrases are left out, as they join nobody.
    """
    room.make(
        f"{name}_used",
        "SELECT merchant_id, words, count(*) AS n FROM (SELECT min(merchant_id) AS merchant_id,"
        f" words, writer FROM {name}_texts ANTI JOIN (SELECT words FROM {name}_words WHERE stock)"
        " AS g USING (words) WHERE short GROUP BY words, writer) AS t GROUP BY merchant_id, words",
    )
    [(met, pairs)] = room.rows(
        "SELECT (SELECT COALESCE(sum(k * (k - 1)), 0) // 2 FROM (SELECT count(*) AS k"
        f" FROM {name}_used GROUP BY words) AS w),"
        " (SELECT COALESCE(sum(k) * sum(k) - sum(k * k), 0) // 2 FROM (SELECT count(*) AS k"
        f" FROM {name}_used GROUP BY merchant_id) AS m)"
    )
    return (int(met) + 1) / (int(pairs) + 1 / settings.short_same)


def _ask_chance(room: Room, name: str, settings: ReviewsSpec, same: float) -> None:
    """Make tables of the short words that met in a shop, and of those that chance would not do."""
    room.make(
        f"{name}_asked",
        "WITH shops AS (SELECT merchant_id, sum(n) AS n FROM"
        f" {name}_used GROUP BY merchant_id), everywhere AS (SELECT words, sum(n) AS n"
        f" FROM {name}_used GROUP BY words), written AS (SELECT merchant_id, count(*) AS n"
        f" FROM {name}_texts WHERE short GROUP BY merchant_id)"
        " SELECT row_number() OVER () AS place, n.*, e.n - COALESCE(u.n, 0) AS used,"
        f" (SELECT sum(n) FROM {name}_used) - COALESCE(s.n, 0) AS known, w.n AS written"
        f" FROM (SELECT DISTINCT merchant_id, words, close, texts FROM {name}_near"
        " WHERE short AND close > 1) AS n JOIN everywhere AS e USING (words)"
        " JOIN written AS w ON w.merchant_id = n.merchant_id"
        f" LEFT JOIN {name}_used AS u ON u.merchant_id = n.merchant_id AND u.words = n.words"
        " LEFT JOIN shops AS s ON s.merchant_id = n.merchant_id",
    )
    asked = room.relations.columns(
        f"SELECT place, close, texts, used, known, written FROM {name}_asked"
    )
    place, close, texts, used, known, written = (
        np.asarray(column, dtype=float) for column in asked.values()
    )
    # Each of the shop's texts may be the first of such a group.
    expected = written * met_by_chance(close, texts, used, known, same)
    chosen = place[expected < settings.short_expected].astype(np.int64).tolist()
    room.fill(f"{name}_copied", {"place": "BIGINT"}, [(at,) for at in chosen])
