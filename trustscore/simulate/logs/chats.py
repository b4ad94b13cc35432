"""Chats in rounds: a buyer asks, a bot may greet, a person answers, or nobody does."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from trustscore.simulate.logs.clock import DAY, HOUR, MINUTE, SECOND, SPREAD, lognormal
from trustscore.simulate.logs.columns import MISSING, Table, code, concat
from trustscore.simulate.logs.market import Shops
from trustscore.simulate.logs.trade import Trade
from trustscore.typing import Array

__all__ = ["CHAT_DAYS", "chats", "offer"]

# Chats are kept for so long.
CHAT_DAYS = 62
SESSIONS = 0.6  # for each order
ROUNDS = 2.5  # in each session, on average
RATED = 0.20
# The platform counts an answer that takes longer as taking this long.
LONGEST = 600.0
ASKED = (
    "在吗",
    "什么时候发货？",
    "尺码偏大吗？",
    "is this in stock?",
    "可以便宜点吗？",
    "怎么退？",
)
ANSWERED = ("您好，今天就发", "按平时的尺码拍", "yes, it ships today", "可以的，稍等我查一下")
CLOSING = ("谢谢", "好的，谢谢亲", "ok, thanks!", "嗯嗯")
BLANK = ("。", "…", "?")
# What is written to buyers whose praise is paid for, and what honest shops write of such offers.
OFFERED = (
    "亲，五星好评返现5元哦",
    "收到后好评截图发我，给您发红包",
    "cash for reviews, just send a photo",
)
DECLINED = (
    "我们不做好评返现，请真实评价",
    "平台禁止好评返现，麻烦理解",
    "快递员电话13800138000，单号不变",
)
DECLINES = 0.02  # of what honest shops answer


def chats(shops: Shops, trade: Trade) -> tuple[Table, Table]:
    """Return the logs of conversations and of messages."""
    market, draw = shops.market, shops.stream("chats")
    decoys = market.decoys
    recent = np.flatnonzero((trade.paid >= market.cut - CHAT_DAYS * DAY) & trade.plain)
    talk = recent[draw.random(len(recent)) < SESSIONS]
    rows, shop = len(talk), trade.shop[talk]
    day = (trade.paid[talk] - market.first) // DAY
    # By day between 08:00 and 23:00, but for some.
    clock = 8 * HOUR + (draw.random(rows) * 14.4 * HOUR).astype(np.int64)
    night = draw.random(rows) < decoys["night"]
    clock = np.where(night, (draw.random(rows) * 7 * HOUR).astype(np.int64), clock)
    opened = market.midnights[day] + clock // SECOND * SECOND
    number = market.number("chat", rows)
    rounds = 1 + draw.poisson(ROUNDS - 1.0, rows)
    of = np.repeat(np.arange(rows), rounds)
    place = np.arange(len(of)) - np.repeat(np.cumsum(rounds) - rounds, rounds)
    waits, answered, brief = _rounds(shops, shop[of], draw)
    # A round begins when the one before is over.
    asked_at = opened[of] + place * 11 * MINUTE
    whose = shop[of] + shops.first
    # Who asks again does so before there is an answer.
    again = (draw.random(len(of)) < 0.2) & (waits > 4)
    bot = draw.random(len(of)) < decoys["bot"]
    everywhere = np.ones(len(of), dtype=np.bool_)
    parts = []
    for here, sender, words, wait in (
        (everywhere, "buyer", ASKED, 0.0 * waits),
        (again, "buyer", ASKED, 0.0 * waits + 3),
        (bot, "bot", ANSWERED, 0.0 * waits + 1),
        (answered & ~brief, "human", ANSWERED, waits),
        (answered & brief, "human", BLANK, waits),
        # Who takes leave asks for no answer, and none comes.
        (answered & (draw.random(len(of)) < decoys["closing"]), "buyer", CLOSING, waits + 20),
    ):
        rows_here = int(here.sum())
        text = np.array(words, dtype=object)[draw.integers(0, len(words), rows_here)]
        parts.append(
            {
                "chat_id": number[of][here],
                "merchant_id": whose[here],
                "sent_at": (asked_at + wait.astype(np.int64) * SECOND)[here],
                "sender": np.full(rows_here, code("chat_messages", "sender", sender)),
                "text": text,
            }
        )
    messages = concat(parts)
    messages["message_id"] = market.number("message", len(messages["sent_at"]))
    helped = np.bincount(of[answered], minlength=rows) > 0
    rated = helped & (draw.random(rows) < RATED)
    unhappy = draw.random(rows) < shops.rate("im_dissatisfaction_rate")[shop]
    stars = np.where(unhappy, draw.integers(1, 4, rows), draw.integers(4, 6, rows))
    closed = opened + rounds * 11 * MINUTE
    sessions: Table = {
        "chat_id": number,
        "merchant_id": shop + shops.first,
        "opened_at": opened,
        "closed_at": closed,
        "buyer_id": trade.buyer[talk],
        "order_id": trade.order[talk],
        "rating": np.where(rated, stars, -1),
        "rated_at": np.where(rated, closed + MINUTE, MISSING),
    }
    return sessions, messages


def offer(shops: Shops, talks: Table, messages: Table, paid_for: Array) -> None:
    """Let shops offer a reward in the chats of orders whose praise they pay for.

    Parameters
    ----------
    shops : Shops
    talks, messages : Table
        As `chats` made them; texts of answers are changed.
    paid_for : ndarray
        Ids of the orders.
    """
    draw = shops.stream("offers")
    answers = messages["sender"] == code("chat_messages", "sender", "human")
    answers &= ~np.isin(messages["text"].astype(str), BLANK)
    dealt = talks["chat_id"][np.isin(talks["order_id"], paid_for)]
    offers = answers & np.isin(messages["chat_id"], dealt)
    declines = answers & ~offers & (draw.random(len(answers)) < DECLINES)
    for here, words in ((offers, OFFERED), (declines, DECLINED)):
        chosen = draw.integers(0, len(words), int(here.sum()))
        messages["text"][here] = np.array(words, dtype=object)[chosen]


def _rounds(shops: Shops, shop: Array, draw: np.random.Generator) -> tuple[Array, Array, Array]:
    """Draw seconds until the answer, whether there is one, and whether it says nothing."""
    rows = len(shop)
    mean = np.minimum(shops.rate("im_response_seconds_mean"), 550.0)
    # Rounds without an answer count as the longest.
    silent = np.minimum(shops.market.decoys["unanswered"], 0.2 * mean / LONGEST)
    rest = (mean - silent * LONGEST) / (1.0 - silent)
    seconds = np.maximum(np.round(np.minimum(lognormal(draw, rest[shop]), LONGEST)), 1.0)
    answered = draw.random(rows) >= silent[shop]
    # Of those within three minutes, as many say something as the true rate asks.
    soon = ndtr((np.log(180.0 / rest) + SPREAD * SPREAD / 2) / SPREAD) * (1.0 - silent)
    brief = 1.0 - np.minimum(shops.rate("im_reply_3min_rate") / np.maximum(soon, 1e-9), 1.0)
    return seconds, answered, draw.random(rows) < brief[shop]
