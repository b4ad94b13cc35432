"""Good reviews that were paid for: the shop offered it, the review says so, or is a copy."""

from __future__ import annotations

from collections.abc import Iterator

from trustscore.detect.claims.settings import ClaimsSpec
from trustscore.detect.findings import Finding, Place
from trustscore.detect.room import DAY, Room
from trustscore.lexicon import read_hits

__all__ = ["rewarded"]

_WHOM = "COALESCE('o' || c.order_id, 'b' || c.buyer_id)"


def rewarded(room: Room, spec: ClaimsSpec, start: int, copies: str) -> Iterator[Finding]:
    """Yield good reviews after an offer to their buyer, those that tell of one, and copies.

    Parameters
    ----------
    room : Room
    spec : ClaimsSpec
    start : int
        Microsecond from which on reviews are judged.
    copies : str
        Table of the reviews whose words others wrote too.
    """
    senders = ", ".join(f"'{word}'" for word in spec.senders) or "NULL"
    # By merchant and order, or the buyer where a chat is about no order.
    offers: dict[tuple[str, str], tuple[str, int, Place]] = {}
    for merchant, whom, chat, at, hits, file, line in room.rows(
        f"SELECT m.merchant_id, {_WHOM} AS whom, m.chat_id, m.sent_at, m.text_hits,"
        " m._file, m._line"
        " FROM chat_messages AS m JOIN chat_sessions AS c"
        " ON c.merchant_id = m.merchant_id AND c.chat_id = m.chat_id"
        " WHERE m.text_hits LIKE '%incentive:%' AND whom IS NOT NULL"
        f" AND m.sender IN ({senders})"
        " ORDER BY m.merchant_id, whom, m.sent_at, m._file, m._line"
    ):
        said = [h for h in read_hits(hits) if h.topic == "incentive" and h.how == "said"]
        if said:
            here = Place("chat_messages", int(file), int(line), said[0])
            offers.setdefault((merchant, whom), (chat, int(at), here))
    within = spec.offer_days * DAY
    done: set[tuple[str, str]] = set()
    copied = {
        (merchant, review)
        for merchant, review in room.rows(f"SELECT DISTINCT merchant_id, review_id FROM {copies}")
    }
    for merchant, review, order, buyer, at, stars, hits, file, line in room.rows(
        "SELECT merchant_id, review_id, 'o' || order_id, 'b' || buyer_id, created_at, stars,"
        " COALESCE(text_hits, ''), _file, _line FROM reviews"
        f" WHERE NOT COALESCE(is_default, FALSE) AND created_at >= {start}"
        " ORDER BY merchant_id, review_id, order_id, created_at"
    ):
        if stars is not None and stars < spec.offer_stars * 1_000_000:
            continue
        doubt = 1.0
        evidence: list[str] = []
        place = None
        offered = (offers.get((merchant, whom)) for whom in (order, buyer) if whom is not None)
        for offer in offered:
            if offer is None or not offer[1] <= at < offer[1] + within:
                continue
            doubt *= 1 - spec.offer_score
            evidence.append(f"offered(chat:{offer[0]})")
            place = offer[2]
            break
        told = [h for h in read_hits(hits) if h.topic == "incentive" and h.how == "said"]
        if told:
            doubt *= 1 - spec.told_score
            evidence.append(f"told({told[0].entry})")
            if place is None:
                place = Place("reviews", int(file), int(line), told[0])
        # Without stars nobody knows whether it is praise that was copied.
        if stars is not None and (merchant, review) in copied:
            doubt *= 1 - spec.copied_score
            evidence.append("copied_words")
        score = 1 - doubt
        if evidence and score >= spec.report and (merchant, review) not in done:
            done.add((merchant, review))
            yield Finding(
                merchant,
                "review",
                review,
                "incentivised",
                score,
                " ".join(evidence),
                place=place,
                rank=3.0,
            )
