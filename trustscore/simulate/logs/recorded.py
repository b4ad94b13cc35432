"""When the platform knew: late rows, older versions, rows delivered twice."""

from __future__ import annotations

import numpy as np

from trustscore.logs import LOG_TABLES
from trustscore.simulate.logs.clock import DAY, SECOND
from trustscore.simulate.logs.columns import MISSING, Table, concat, take
from trustscore.simulate.logs.market import Shops
from trustscore.typing import Array

__all__ = ["BLANKED_WITH", "recorded"]

# Log-normal delays: 2 % of the rows come more than a week late, fewer than 5 % more than a day.
SPREAD = 5.2
MEDIAN = 7 * DAY / np.exp(2.0537 * SPREAD)
LONGEST = 60 * DAY
# Logs that come from elsewhere, or from a form that somebody fills, may come late. The others are
# written by the machine on which it happens: a late scan would make every parcel look late.
LATE = {"orders", "aftersales", "reviews", "tickets", "claims", "surveys", "mentions"}
LATE |= {"live_votes", "live_reports", "findings", "violations"}
# What is only known once a moment has come.
BLANKED_WITH = {
    "cancelled_at": ("cancel_party", "cancel_reason"),
    "refused_at": ("refusal_ground",),
    "refunded_at": ("refund_amount", "full_refund"),
    "ruled_at": ("fault",),
    "rated_at": ("rating",),
    "hidden_at": ("hidden_reason",),
    "paid_at": ("paid_by", "amount", "recovered"),
    "stopped_at": ("stop_kind", "overturned"),
    "reviewed_at": ("outcome",),
    "ended_at": ("viewers",),
}
_DECIDED = {"tickets": ("outcome", "fault"), "listings": ("decision", "block_reason")}


def _moments(table: str) -> list[str]:
    return [
        column.name
        for column in LOG_TABLES[table].of_type("time")
        if not column.planned and column.name not in ("recorded_at", "last_seen")
    ]


def _delay(draw: np.random.Generator, rows: int, late: bool) -> Array:
    spread, median = (SPREAD, MEDIAN) if late else (1.5, 10 * SECOND)
    wait = median * np.exp(spread * draw.standard_normal(rows))
    return (np.minimum(wait, LONGEST) / SECOND).astype(np.int64) * SECOND


def blank_after(name: str, table: Table, until: Array) -> Table:
    """Return rows as they stood at a moment: what came later is blank."""
    out = {column: values.copy() for column, values in table.items()}
    for moment in _moments(name):
        if moment not in out or moment == LOG_TABLES[name].moment:
            continue
        late = out[moment] >= until
        out[moment][late] = MISSING
        with_it = BLANKED_WITH.get(moment, ())
        if moment == "decided_at":
            with_it = _DECIDED.get(name, ())
        if name == "orders" and moment == "paid_at":
            with_it = ()
        for column in with_it:
            if column in out:
                out[column][late] = np.nan if out[column].dtype.kind == "f" else -1
    return out


def recorded(shops: Shops, name: str, table: Table) -> Table:
    """Return a log with the time of recording, and the older versions of its rows."""
    if not len(table["merchant_id"]) or not any(column in table for column in _moments(name)):
        return table
    draw, market = shops.stream(f"recorded {name}"), shops.market
    table = take(table, np.flatnonzero(_begun(name, table) < market.end))
    # The log is written at its end: what comes later is not known.
    rows = len(table["merchant_id"])
    table = blank_after(name, table, np.full(rows, market.end))
    begun = _begun(name, table)
    known = np.max([table[column] for column in _moments(name) if column in table], axis=0)
    arrives = begun + _delay(draw, rows, name in LATE)
    table["recorded_at"] = np.maximum(arrives, known + _delay(draw, rows, False))
    # What is under way at the cut was recorded before, as far as it had come.
    going = np.flatnonzero((begun < market.cut) & (known >= market.cut))
    old = np.flatnonzero(
        (draw.random(rows) < market.decoys["superseded"]) & (known > begun) & (known < market.cut)
    )
    before = [
        _earlier(name, take(table, at), until, arrives[at], draw)
        for at, until in ((going, np.full(len(going), market.cut)), (old, begun[old] + 1))
    ]
    twice = np.flatnonzero(draw.random(rows) < market.decoys["duplicate"])
    found = concat([*before, table, take(table, twice)])
    return take(found, np.flatnonzero(found["recorded_at"] < market.end))


def _begun(name: str, table: Table) -> Array:
    """Return when each thing began: its moment, or the first that is known of it."""
    key = LOG_TABLES[name].moment
    if key:
        return table[key]
    later = np.iinfo(np.int64).max
    moments = [table[column] for column in _moments(name) if column in table]
    return np.min(np.where(np.array(moments) == MISSING, later, moments), axis=0)


def _earlier(
    name: str, table: Table, until: Array, arrives: Array, draw: np.random.Generator
) -> Table:
    """Return rows as they were recorded before."""
    if len(until) == 0:
        return {}
    out = blank_after(name, table, until)
    latest = np.max([out[column] for column in _moments(name) if column in out], axis=0)
    known = np.maximum(arrives, latest + _delay(draw, len(until), False))
    # An older version is never recorded after the newer one.
    out["recorded_at"] = np.minimum(known, table["recorded_at"] - SECOND)
    return out
