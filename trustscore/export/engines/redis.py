"""Redis: commands in its serialization protocol (RESP), where texts are prefixed by length."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from trustscore.export.engines.rows import Boosts

__all__ = ["redis"]

_START = dt.date(1970, 1, 1)


def redis(boosts: Boosts) -> Iterator[str]:
    """Yield the commands, for ``redis-cli --pipe``.

    ``trust:boost:<id>`` is a hash of ``b`` (factor), ``t`` (tier) and ``p`` (policy) that ends
    with its validity. A veto has a key of its own, ``trust:veto:<id>``: it outlives the boost
    where the policy keeps vetoes. No key is neutral: ``b`` = 1 and no veto.
    """
    keep = boosts.policy.validity.keep_vetoes
    names = ("merchant_id", "trust_boost", "veto", "tier", "valid_to", "policy")
    for merchant, boost, veto, tier, end, policy in boosts.rows(*names):
        key, bar = f"trust:boost:{merchant}", f"trust:veto:{merchant}"
        end_at = ""
        if end:
            # The last day counts to its end, in UTC.
            days = (dt.date.fromisoformat(end) - _START).days + 1
            end_at = str(days * 86_400)
        yield _command("HSET", key, "b", repr(boost), "t", tier, "p", policy)
        yield _command("EXPIREAT", key, end_at) if end_at else _command("PERSIST", key)
        if not veto:
            yield _command("DEL", bar)
            continue
        yield _command("SET", bar, veto)
        if end_at and not keep:
            yield _command("EXPIREAT", bar, end_at)


def _command(*words: str) -> str:
    parts = "".join(f"${len(word.encode())}\r\n{word}\r\n" for word in words)
    return f"*{len(words)}\r\n{parts}"
