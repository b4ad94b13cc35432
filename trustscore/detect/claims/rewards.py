"""Good reviews that were paid for: the shop offered it in the chat, or the review says so."""

from __future__ import annotations

from collections.abc import Iterator

from trustscore.detect.claims.settings import ClaimsSpec
from trustscore.detect.findings import Finding, Place
from trustscore.detect.room import DAY, Room
from trustscore.lexicon import read_hits

__all__ = ["rewarded"]


def rewarded(room: Room, spec: ClaimsSpec, start: int) -> Iterator[Finding]:
    """Yield good reviews after an offer to their buyer, and those that tell of one."""
    senders = ", ".join(f"'{word}'" for word in spec.senders) or "NULL"
    offers: dict[tuple[str, str], tuple[str, int, Place]] = {}
    for merchant, order, chat, at, hits, file, line in room.rows(
        "SELECT m.merchant_id, c.order_id, m.chat_id, m.sent_at, m.text_hits, m._file, m._line"
        " FROM chat_messages AS m JOIN chat_sessions AS c"
        " ON c.merchant_id = m.merchant_id AND c.chat_id = m.chat_id"
        " WHERE m.text_hits LIKE '%incentive:%' AND c.order_id IS NOT NULL"
        f" AND m.sender IN ({senders})"
        " ORDER BY m.merchant_id, c.order_id, m.sent_at, m._file, m._line"
    ):
        said = [h for h in read_hits(hits) if h.topic == "incentive" and h.how == "said"]
        if said:
            here = Place("chat_messages", int(file), int(line), said[0])
            offers.setdefault((merchant, order), (chat, int(at), here))
    within = spec.offer_days * DAY
    done: set[tuple[str, str]] = set()
    for merchant, review, order, at, stars, hits, file, line in room.rows(
        "SELECT merchant_id, review_id, order_id, created_at, stars, COALESCE(text_hits, ''),"
        " _file, _line FROM reviews WHERE NOT COALESCE(is_default, FALSE)"
        f" AND created_at >= {start} ORDER BY merchant_id, review_id, order_id, created_at"
    ):
        if stars is not None and stars < spec.offer_stars * 1_000_000:
            continue
        doubt = 1.0
        evidence: list[str] = []
        place = None
        offer = offers.get((merchant, order))
        if offer is not None and offer[1] <= at < offer[1] + within:
            doubt *= 1 - spec.offer_score
            evidence.append(f"offered(chat:{offer[0]})")
            place = offer[2]
        told = [h for h in read_hits(hits) if h.topic == "incentive" and h.how == "said"]
        if told:
            doubt *= 1 - spec.told_score
            evidence.append(f"told({told[0].entry})")
            if place is None:
                place = Place("reviews", int(file), int(line), told[0])
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
