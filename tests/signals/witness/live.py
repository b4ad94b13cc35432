"""Chats and broadcasts."""

from __future__ import annotations

from typing import Any

from tests.signals.witness.book import DAY, MINUTE, Row, Rows, mean
from tests.signals.witness.orders import Shop, capped, in_force

SECOND = 1_000_000


def rounds(messages: Rows) -> list[tuple[int, float, bool]]:
    """Return (start, seconds to the answer, whether it says something) of each round."""
    found: list[tuple[int, float, bool]] = []
    start: int | None = None
    for message in sorted(messages, key=lambda m: (m["sent_at"], m["message_id"])):
        if message["sender"] == "buyer" and start is None and not message["text_closing"]:
            start = message["sent_at"]
        elif message["sender"] == "human" and start is not None:
            seconds = (message["sent_at"] - start) / SECOND
            text = message["text"]
            says = text is None or sum(not c.isspace() for c in text) >= 2
            found.append((start, min(seconds, 600.0), says))
            start = None
    if start is not None:
        found.append((start, 600.0, False))
    return found


def live(shop: Shop, shops: dict[str, Shop]) -> dict[str, Any]:
    """Return the columns of chats and of broadcasts."""
    return chats(shop) | broadcasts(shop, shops)


def chats(shop: Shop) -> dict[str, Any]:
    """Return the columns of chats."""
    book = shop.book
    last30 = book.window(30)
    out: dict[str, Any] = {}
    messages: dict[str, Rows] = {}
    for message in shop.rows("chat_messages"):
        messages.setdefault(message["chat_id"], []).append(message)
    day = [
        r
        for rows in messages.values()
        for r in rounds(rows)
        if last30(r[0]) and 8 <= book.local(r[0]).hour < 23
    ]
    out["im_rounds"] = len(day)
    out["im_response_seconds_mean"] = mean(seconds for _, seconds, _ in day)
    out["im_rounds_replied_3min"] = sum(seconds <= 180 and says for _, seconds, says in day)
    sessions = [c for c in shop.rows("chat_sessions") if shop.counts(c["order_id"])]

    def spoke(chat: Row, sender: str) -> bool:
        return any(m["sender"] == sender for m in messages.get(chat["chat_id"], []))

    opened = [c for c in sessions if last30(c["opened_at"]) and spoke(c, "buyer")]
    out["im_sessions"] = len(opened)
    out["im_sessions_abusive"] = sum(
        shop.verdict("chat", c["chat_id"], "chat_abuse") for c in opened
    )
    rated = capped(
        [
            c
            for c in sessions
            if c["rating"] is not None and last30(c["rated_at"]) and spoke(c, "human")
        ],
        "buyer_id",
        "rated_at",
        "chat_id",
        days=None,
    )
    out["im_sessions_rated"] = len(rated)
    out["im_sessions_dissatisfied"] = sum(c["rating"] <= 3 for c in rated)
    return out


def voters(shop: Shop, session: str) -> int:
    """Return how many admissible viewers answered whether the host exaggerates."""
    last: dict[str, Row] = {}
    for vote in sorted(shop.rows("live_votes"), key=lambda v: v["voted_at"]):
        if vote["session_id"] == session and vote["question"] == "exaggerated":
            last[vote["voter_id"]] = vote
    devices, networks = set(), set()
    for vote in last.values():
        device, ip = vote["device_id"], vote["ip"]
        if device is not None and (("device", device) in shop.own or device in devices):
            continue
        if device is not None:
            devices.add(device)
        networks.add(("voter", vote["voter_id"]) if ip is None else ("ip", ip))
    return len(networks)


def broadcasts(shop: Shop, shops: dict[str, Shop]) -> dict[str, Any]:
    """Return the columns of broadcasts."""
    book = shop.book
    last30, last90, year = book.window(30), book.window(90), book.window(365)
    out: dict[str, Any] = {}
    every = {s["session_id"]: s for s in shop.rows("live_sessions")}
    accused = {
        f["subject_id"] for f in shop.rows("findings") if f["subject_kind"] == "live_session"
    }

    def long_enough(session: Row) -> bool:
        end = book.cut if session["ended_at"] is None else session["ended_at"]
        return end - session["started_at"] >= 10 * MINUTE or session["session_id"] in accused

    counted = [s for s in every.values() if long_enough(s)]
    recent = [s for s in counted if last90(s["started_at"])]
    out["live_sessions_90d"] = len(recent)
    out["live_sessions_365d"] = sum(year(s["started_at"]) for s in counted)
    for topic in (
        "false_claim", "health_claim", "staged_drama", "price_deception", "private_deal", "abuse",
    ):  # fmt: skip
        out[f"live_sessions_{topic}_90d"] = sum(
            shop.verdict("live_session", s["session_id"], topic) for s in recent
        )
    voted = [s for s in recent if voters(shop, s["session_id"]) >= 5]
    out["live_sessions_voted_90d"] = len(voted)
    out["live_sessions_voted_false_90d"] = sum(
        shop.verdict("live_session", s["session_id"], "crowd_false") for s in voted
    )
    answers: dict[tuple[str, str], Row] = {}
    for vote in sorted(shop.rows("live_votes"), key=lambda v: (v["voted_at"], v["voter_id"])):
        if vote["question"] == "atmosphere" and last30(vote["voted_at"]):
            answers[vote["session_id"], vote["voter_id"]] = vote
    one: dict[Any, Row] = {}
    for (session, voter), vote in answers.items():
        device = vote["device_id"]
        who = (session, "voter", voter) if device is None else (session, "device", device)
        at = (vote["voted_at"], voter)
        if who not in one or (one[who]["voted_at"], one[who]["voter_id"]) < at:
            one[who] = vote
    out["live_ratings"] = len(one)
    out["host_atmosphere_rating_mean"] = mean(v["answer"] for v in one.values())

    month = {k for k, s in every.items() if last30(s["started_at"])}
    out["live_viewers"] = sum(every[k]["viewers"] or 0 for k in month)
    reports = shop.rows("live_reports")
    out["live_reporters"] = len(
        {
            (r["session_id"], r["reporter_id"])
            for r in reports
            if r["session_id"] in month and not bad_faith(shops, shop, r["reporter_id"])
        }
    )
    reviewed: dict[tuple[Any, Any], bool] = {}
    for report in reports:
        if last90(report["reviewed_at"]) and report["appeal"] != "pending":
            matter = (report["session_id"], report["topic"])
            upheld = report["outcome"] == "upheld" and in_force(report)
            reviewed[matter] = reviewed.get(matter, False) or upheld
    out["live_reports_reviewed_90d"] = len(reviewed)
    out["live_reports_upheld_90d"] = sum(reviewed.values())
    out["emergency_shutdown_count"] = sum(
        s["stop_kind"] == "emergency" and year(s["stopped_at"]) and not s["overturned"]
        for s in every.values()
    )
    warned = [
        w
        for w in shop.rows("live_warnings")
        if last90(w["issued_at"])
        and w["session_id"] in every
        and every[w["session_id"]]["ended_at"] is not None
        and every[w["session_id"]]["ended_at"] - w["issued_at"] >= 5 * MINUTE
    ]
    out["live_warnings_90d"] = len(warned)
    out["live_warnings_corrected_90d"] = sum(corrected(shop, w, every) for w in warned)
    checks = [
        i
        for i in shop.rows("inspections")
        if last90(i["decided_at"]) and i["result"] in ("pass", "fail")
    ]
    for kind, total, good in (
        ("promise", "live_promises_checked_90d", "live_promises_kept_90d"),
        ("pre_live", "live_items_reviewed_90d", "live_items_passed_review_90d"),
    ):
        out[total] = sum(i["kind"] == kind for i in checks)
        out[good] = sum(i["kind"] == kind and i["result"] == "pass" for i in checks)
    promoted = [
        name
        for name, other in shops.items()
        if name != shop.name
        for o in other.orders.values()
        if o["promoter_id"] == shop.name and last30(o["paid_at"])
    ]
    out["promoted_orders"] = len(promoted)
    out["promoted_orders_poor_merchant"] = sum(bool(book.previous.get(n)) for n in promoted)
    return out


def bad_faith(shops: dict[str, Shop], shop: Shop, reporter: str) -> bool:
    """Whether a viewer's reports of half a year were rejected three times and never upheld."""
    mine = [
        r
        for other in shops.values()
        for r in other.rows("live_reports")
        if r["reporter_id"] == reporter
        and r["reviewed_at"] is not None
        and r["reviewed_at"] >= shop.book.cut - 180 * DAY
    ]
    rejected = sum(r["outcome"] == "rejected" for r in mine)
    return rejected >= 3 and not any(r["outcome"] == "upheld" for r in mine)


def corrected(shop: Shop, warning: Row, sessions: dict[str, Row]) -> bool:
    """Whether the host mended it; where nobody logs that, whether it did not come again."""
    end = sessions[warning["session_id"]]["ended_at"]
    if shop.book.has("live_warnings", "corrected_at"):
        return warning["corrected_at"] is not None and warning["corrected_at"] <= end
    again = any(
        w["session_id"] == warning["session_id"]
        and w["topic"] == warning["topic"]
        and w["issued_at"] > warning["issued_at"]
        for w in shop.rows("live_warnings")
    )
    found = any(
        f["subject_kind"] == "live_session"
        and f["subject_id"] == warning["session_id"]
        and f["topic"] == warning["topic"]
        and f["found_at"] > warning["issued_at"]
        for f in shop.rows("findings")
    )
    return not again and not found
