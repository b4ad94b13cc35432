"""What the rows of the store are to each other: versions of a key, and rows of unknown orders."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from trustscore.io.logs.ingest import Logs
from trustscore.io.logs.runner import close_bucket, open_bucket
from trustscore.io.logs.session import Session, identifier
from trustscore.io.logs.store import Store
from trustscore.logs import LOG_TABLES
from trustscore.typing import Progress, silent

__all__ = ["Census", "take_census"]

_FILE = "census.json"
_FORMAT = 3
# More rows of one chat or item are no conversation and no offer: they are left out and counted.
_MOST_ROWS = 100_000
# Nearly all that comes of an order comes within 90 days.
_OF_AN_ORDER = 90 * 86_400_000_000
_OF_ORDERS = ("aftersales", "shipments", "reviews", "claims", "order_items")


@dataclass
class Census:
    """What was counted of the rows of the store.

    Attributes
    ----------
    duplicate, superseded, repeated_version : Counter of str
        By table: identical rows, older versions of a key, and versions that differ although they
        were recorded at the same time.
    orphans, unknown_merchant : Counter of str
        By table: rows whose order, or merchant, is in no log.
    repeated : set of str
        Tables of which a bucket holds several rows of one key.
    too_many : list of (str, str, str, int)
        Table, merchant, id and rows of what has too many rows, and is left out.
    """

    duplicate: Counter[str] = field(default_factory=Counter)
    superseded: Counter[str] = field(default_factory=Counter)
    repeated_version: Counter[str] = field(default_factory=Counter)
    orphans: Counter[str] = field(default_factory=Counter)
    unknown_merchant: Counter[str] = field(default_factory=Counter)
    repeated: set[str] = field(default_factory=set)
    too_many: list[tuple[str, str, str, int]] = field(default_factory=list)

    def left_out(self, table: str) -> list[dict[str, Any]]:
        """Return what of a table has too many rows."""
        names = ("merchant_id", LOG_TABLES[table].bounded, "rows")
        return [
            dict(zip(names, facts, strict=True)) for log, *facts in self.too_many if log == table
        ]

    def unique(self, logs: Logs) -> frozenset[str]:
        """Return the tables of which no bucket holds two rows of one key."""
        return frozenset(logs.parts) - self.repeated


def take_census(
    session: Session,
    logs: Logs,
    store: Store,
    *,
    since: int | None = None,
    progress: Progress = silent,
) -> Census:
    """Count the rows of the store, or read what was counted of the very same parts before.

    Parameters
    ----------
    session : Session
    logs : Logs
    store : Store
    since : int, optional
        From when on a pruned store holds orders. Only rows that happened well after it are missed
        by an order that is in no log: others name one that has left.
    progress : Progress, optional
    """
    parts = sorted(str(part.folder) for parts in logs.parts.values() for part in parts)
    facts = json.dumps([_FORMAT, _MOST_ROWS, logs.buckets, since, parts])
    stamp = hashlib.sha256(facts.encode()).hexdigest()
    known = store.note(_FILE)
    if known.get("stamp") == stamp:
        apart = ("repeated", "too_many")
        counts = {name: Counter(known[name]) for name in vars(Census()) if name not in apart}
        floods = [(str(a), str(b), str(c), int(n)) for a, b, c, n in known["too_many"]]
        census = Census(**counts, repeated=set(known["repeated"]), too_many=floods)
        _leave_out(session, logs, census)
        return census
    census = Census()
    for bucket in range(logs.buckets):
        progress("comparing versions", bucket / logs.buckets)
        open_bucket(session, logs, [bucket])
        _count(session, logs, census, since)
        close_bucket(session, logs)
    census.too_many.sort()
    _leave_out(session, logs, census)
    progress("comparing versions", 1.0)
    store.take_note(_FILE, vars(census) | {"repeated": sorted(census.repeated), "stamp": stamp})
    return census


def _count(session: Session, logs: Logs, census: Census, since: int | None) -> None:
    for table in logs.parts:
        _count_versions(session, table, logs.types(table), census)
        _count_floods(session, table, census)
        known = {"merchants", "orders"} & set(logs.parts)
        if "merchants" in known and table != "merchants":
            census.unknown_merchant[table] += _without(
                session, table, "merchants", ("merchant_id",)
            )
        if "orders" in known and table in _OF_ORDERS:
            key = ("merchant_id", "order_id")
            census.orphans[table] += _without(session, table, "orders", key, since)


def _count_floods(session: Session, table: str, census: Census) -> None:
    """Note what has more rows than can be compared with each other."""
    bounded = LOG_TABLES[table].bounded
    if bounded:
        found = session.rows(
            f"SELECT merchant_id, {identifier(bounded)}, count(*) AS n FROM {identifier(table)}"
            f" GROUP BY ALL HAVING n > {_MOST_ROWS}"
        )
        census.too_many += [(table, str(a), str(b), int(n)) for a, b, n in found]


def _leave_out(session: Session, logs: Logs, census: Census) -> None:
    """Have the views of the logs be without what has too many rows."""
    if not census.too_many:
        return
    session.run("CREATE OR REPLACE TEMP TABLE too_many(log TEXT, merchant_id TEXT, id TEXT)")
    for table, merchant, name, _ in census.too_many:
        session.run("INSERT INTO too_many VALUES (?, ?, ?)", [table, merchant, name])
    logs.flooded = frozenset(table for table, *_ in census.too_many)


def _without(
    session: Session, table: str, other: str, key: Sequence[str], since: int | None = None
) -> int:
    """Return how many rows of a table have no row of another one."""
    same = " AND ".join(f"t.{identifier(name)} = o.{identifier(name)}" for name in key)
    moment = LOG_TABLES[table].moment
    late = f"t.{identifier(moment)} >= {since + _OF_AN_ORDER} AND " if since and moment else ""
    [(count,)] = session.rows(
        f"SELECT count(*) FROM {identifier(table)} AS t"
        f" WHERE {late}NOT EXISTS (SELECT 1 FROM {identifier(other)} AS o WHERE {same})"
    )
    return int(count)


def _count_versions(session: Session, table: str, types: Mapping[str, Any], census: Census) -> None:
    """Count identical rows, older versions, and versions that contradict each other."""
    key = ", ".join(identifier(name) for name in LOG_TABLES[table].row_key if name in types)
    source = identifier(table)
    [(rows, keys)] = session.rows(
        f"SELECT COALESCE(SUM(n), 0), count(*) FROM (SELECT count(*) AS n FROM {source}"
        f" GROUP BY {key})"
    )
    if rows == keys:
        return
    census.repeated.add(table)
    cells = ", ".join(identifier(name) for name in types if name != "_line")
    version = f"{key}, recorded_at" if "recorded_at" in types else key
    [(distinct,)] = session.rows(f"SELECT count(*) FROM (SELECT 1 FROM {source} GROUP BY {cells})")
    census.duplicate[table] += int(rows - distinct)
    census.superseded[table] += int(distinct - keys)
    if "recorded_at" in types:
        [(versions,)] = session.rows(
            f"SELECT count(*) FROM (SELECT 1 FROM {source} GROUP BY {version})"
        )
        census.repeated_version[table] += int(distinct - versions)
