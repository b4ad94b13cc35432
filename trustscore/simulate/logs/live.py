"""Broadcasts: what was really claimed, who voted how, reports, warnings and utterances."""

from __future__ import annotations

import numpy as np

from trustscore.simulate.logs.clock import DAY, HOUR, MINUTE, SECOND, later
from trustscore.simulate.logs.columns import MISSING, OWN, Table, code, concat, random_codes
from trustscore.simulate.logs.market import Shops
from trustscore.simulate.logs.reviews import stars_of_mean
from trustscore.simulate.logs.texts import said
from trustscore.simulate.logs.voters import Voters
from trustscore.typing import Array

__all__ = [
    "TOPICS",
    "Broadcasts",
    "broadcasts",
    "reports",
    "transcripts",
    "votes",
    "warnings",
]

VIEWERS = 400.0
VOTED = 0.70
REVIEWED = 0.9  # of the reports
WARNED = 0.10
# Transcripts are kept for so long, and only of what a machine heard now and then.
SPOKEN_DAYS = 30
UTTERANCES = 12
# When in a broadcast a false claim is made: in its middle utterance.
CLAIMED = (UTTERANCES // 2 + 0.5) / UTTERANCES
EVENINGS = [0.2] * 8 + [1, 2, 2, 2, 2, 2, 2, 2, 3, 4, 6, 9, 9, 6, 2, 0.5]
# What a person confirms of a broadcast, with the signal that counts it.
TOPICS = {
    "false_claim": "oral_false_claim_rate",
    "health_claim": "health_claim_rate",
    "staged_drama": "staged_drama_rate",
    "price_deception": "price_deception_rate",
    "private_deal": "private_deal_rate",
    "abuse": "live_abuse_rate",
}


class Broadcasts:
    """The broadcasts of a group, and what is true of each."""

    def __init__(self, table: Table, shop: Array, false: Array, brief: Array) -> None:
        self.table, self.shop, self.false, self.brief = table, shop, false, brief

    @property
    def rows(self) -> int:
        """Number of broadcasts."""
        return len(self.shop)

    def truth(self) -> Table:
        """Return which of them made a claim that is false, and how many minutes after the start."""
        length = self.table["ended_at"] - self.table["started_at"]
        minute = np.round(length * CLAIMED / MINUTE, 1)
        return {
            "session_id": self.table["session_id"],
            "merchant_id": self.table["merchant_id"],
            "false_claim": self.false.astype(np.int64),
            "claimed_minute": np.where(self.false, minute, np.nan),
        }


def broadcasts(shops: Shops) -> Broadcasts:
    """Draw the broadcasts of a group."""
    market, draw = shops.market, shops.stream("broadcasts")
    live = shops.of(market.live)
    year = np.minimum(shops.of(market.tenure), 365)
    a_day = np.where(live, shops.volume("live_sessions_365d") / np.maximum(year, 1), 0.0)
    brief_rate = market.decoys["short_session"]
    shop, day = shops.events("sessions", a_day * (1.0 + brief_rate))
    rows = len(shop)
    ends = np.cumsum(EVENINGS)
    hour = np.searchsorted(ends / ends[-1], draw.random(rows), side="right")
    started = market.midnights[day] + hour * HOUR + draw.integers(0, 3600, rows) * SECOND
    order = np.lexsort((started, shop))
    shop, started = shop[order], started[order]
    brief = draw.random(rows) < brief_rate / (1.0 + brief_rate)
    minutes = np.where(brief, 1 + draw.integers(0, 9, rows), 30 + draw.integers(0, 240, rows))
    number = market.number("session", rows)
    # The crowd sees more than a person confirms, never less.
    crowd = np.maximum(
        _rate(shops, "crowd_false_claim_rate"), _rate(shops, "oral_false_claim_rate")
    )
    false = ~brief & (draw.random(rows) < crowd[shop])
    viewers = np.where(brief, 0.02, 1.0) * VIEWERS * draw.gamma(2.0, 0.5, rows)
    table: Table = {
        "session_id": number,
        "merchant_id": shop + shops.first,
        "started_at": started,
        "ended_at": started + minutes * MINUTE,
        "host_id": shop + shops.first + 1,
        "viewers": np.maximum(viewers, 1).astype(np.int64),
        "stopped_at": np.full(rows, MISSING),
        "stop_kind": np.full(rows, -1, np.int64),
        "overturned": np.full(rows, -1, np.int64),
    }
    _stop(shops, table, shop)
    return Broadcasts(table, shop, false, brief)


def _rate(shops: Shops, signal: str) -> Array:
    """Return a true rate, 0 where it does not apply."""
    return np.nan_to_num(shops.rate(signal))


def _stop(shops: Shops, table: Table, shop: Array) -> None:
    """Stop as many broadcasts of the last year as is true of each merchant."""
    market, draw = shops.market, shops.stream("stops")
    recent = table["started_at"] >= market.cut - 364 * DAY
    recent &= table["ended_at"] < market.cut - HOUR
    counts = _rate(shops, "emergency_shutdown_count").astype(np.int64)
    for at in range(shops.rows):
        here = np.flatnonzero(recent & (shop == at))
        draw.shuffle(here)
        stop, undone = here[: counts[at]], here[counts[at] : counts[at] + 1]
        undone = undone[draw.random(len(undone)) < market.decoys["overturned_appeal"]]
        for rows, back in ((stop, 0), (undone, 1)):
            table["stopped_at"][rows] = table["ended_at"][rows]
            table["stop_kind"][rows] = code("live_sessions", "stop_kind", "emergency")
            table["overturned"][rows] = back


def votes(shops: Shops, found: Broadcasts, voters: Voters) -> Table:
    """Return the log of votes: whether a claim was exaggerated, and how the room felt."""
    draw = shops.stream("votes")
    asked = np.flatnonzero(~found.brief & (draw.random(found.rows) < VOTED))
    crowd = 7 + draw.poisson(6.0, len(asked))
    at = np.repeat(asked, crowd)
    table = voters.vote(draw, at, found.shop[at] + shops.first, found.false[at])
    table |= {
        "session_id": found.table["session_id"][at],
        "merchant_id": found.shop[at] + shops.first,
        "voted_at": _inside(draw, found.table, at),
        "question": np.full(len(at), code("live_votes", "question", "exaggerated")),
    }
    moods = np.repeat(np.arange(found.rows), np.where(found.brief, 0, 4))
    mean = shops.rate("host_atmosphere_rating_mean")
    mean = np.where(np.isfinite(mean), mean, 4.0)
    mood = voters.vote(draw, moods, found.shop[moods] + shops.first, found.false[moods])
    mood |= {
        "session_id": found.table["session_id"][moods],
        "merchant_id": found.shop[moods] + shops.first,
        "voted_at": _inside(draw, found.table, moods),
        "question": np.full(len(moods), code("live_votes", "question", "atmosphere")),
        "answer": stars_of_mean(draw, mean[found.shop[moods]]),
    }
    # A few answer twice: the last answer counts; and the merchant's own device never votes.
    again = np.flatnonzero(draw.random(len(at)) < 0.02)
    first = {name: values[again] for name, values in table.items()}
    first["answer"] = 1.0 - first["answer"]
    first["voted_at"] = first["voted_at"] - 10 * SECOND
    own = np.flatnonzero(draw.random(len(at)) < 0.005)
    bribed = {name: values[own] for name, values in table.items()}
    bribed["voter_id"] = OWN + bribed["merchant_id"]
    bribed["device_id"] = OWN + bribed["merchant_id"]
    bribed["ip"] = OWN + bribed["merchant_id"]
    bribed["answer"] = np.zeros(len(own))
    bribed = _distinct(bribed)
    return concat([table, first, bribed, mood])


def _distinct(table: Table) -> Table:
    _, at = np.unique(table["session_id"], return_index=True)
    return {name: values[at] for name, values in table.items()}


def _inside(draw: np.random.Generator, table: Table, at: Array) -> Array:
    """Draw a moment inside each broadcast."""
    length = (table["ended_at"] - table["started_at"])[at] // SECOND
    return (
        table["started_at"][at]
        + 15 * SECOND
        + (draw.random(len(at)) * (length - 20)).astype(np.int64) * SECOND
    )


def reports(shops: Shops, found: Broadcasts) -> Table:
    """Return the log of viewers' reports."""
    draw = shops.stream("reports")
    mean = found.table["viewers"] * _rate(shops, "viewer_report_rate")[found.shop]
    at = np.repeat(np.arange(found.rows), draw.poisson(mean))
    rows = len(at)
    number = shops.market.number("report", rows)
    at_hand = _inside(draw, found.table, at)
    seen = draw.random(rows) < REVIEWED
    upheld = draw.random(rows) < _rate(shops, "report_upheld_rate")[found.shop[at]]
    words = {"false_claim": 0.5, "price_deception": 0.2, "abuse": 0.2, "other": 0.1}
    outcome = np.where(
        upheld,
        code("live_reports", "outcome", "upheld"),
        code("live_reports", "outcome", "rejected"),
    )
    appeal = np.full(rows, -1, np.int64)
    held = seen & (draw.random(rows) < shops.market.decoys["pending_appeal"] / 2)
    appeal[held] = code("live_reports", "appeal", "pending")
    return {
        "report_id": number,
        "session_id": found.table["session_id"][at],
        "merchant_id": found.shop[at] + shops.first,
        "reporter_id": 700_000_000 + number,
        "reported_at": at_hand,
        "topic": random_codes(draw, "live_reports", "topic", words, rows),
        "reviewed_at": np.where(seen, later(at_hand, 2.0 + draw.exponential(20.0, rows)), MISSING),
        "outcome": np.where(seen, outcome, -1),
        "appeal": appeal,
    }


def warnings(shops: Shops, found: Broadcasts) -> Table:
    """Return the log of warnings to the host."""
    draw = shops.stream("warnings")
    at = np.flatnonzero(~found.brief & (draw.random(found.rows) < WARNED))
    rows = len(at)
    start, end = found.table["started_at"][at], found.table["ended_at"][at]
    issued = start + ((end - start) * 0.6 * draw.random(rows) / SECOND).astype(np.int64) * SECOND
    good = draw.random(rows) < _rate(shops, "warning_correction_rate")[found.shop[at]]
    words = {"false_claim": 0.6, "price_deception": 0.4}
    return {
        "warning_id": shops.market.number("warning", rows),
        "session_id": found.table["session_id"][at],
        "merchant_id": found.shop[at] + shops.first,
        "issued_at": issued,
        "topic": random_codes(draw, "live_warnings", "topic", words, rows),
        "corrected_at": np.where(good, issued + draw.integers(20, 280, rows) * SECOND, MISSING),
    }


def transcripts(shops: Shops, found: Broadcasts) -> Table:
    """Return what hosts of the last weeks said, claims among it where there were any."""
    draw = shops.stream("transcripts")
    recent = found.table["started_at"] >= shops.market.cut - SPOKEN_DAYS * DAY
    at = np.repeat(np.flatnonzero(recent & ~found.brief), UTTERANCES)
    rows = len(at)
    start = found.table["started_at"][at]
    place = np.tile(np.arange(UTTERANCES), rows // UTTERANCES)
    length = found.table["ended_at"][at] - start
    said_at = start + (length * (place + 0.5) / UTTERANCES / SECOND).astype(np.int64) * SECOND
    # A false broadcast makes its claim once, around the middle.
    claims = found.false[at] & (place == UTTERANCES // 2)
    return {
        "session_id": found.table["session_id"][at],
        "merchant_id": found.shop[at] + shops.first,
        "at": said_at,
        "text": said(draw, claims),
        "end_at": said_at + draw.integers(2, 9, rows) * SECOND,
        "speaker": np.full(rows, code("transcripts", "speaker", "host")),
    }
