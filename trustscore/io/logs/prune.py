"""Old rows leave the store: what is wholly before a day, in logs that tell of what is over."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from trustscore.io.logs.ingest import Logs
from trustscore.io.logs.session import Session, identifier, literal
from trustscore.io.logs.store import Part, Store, remove_whole
from trustscore.logs import LOG_TABLES

__all__ = ["Bound", "find_old", "forget", "old_rows", "read"]


class Bound(NamedTuple):
    """A day of the market, and its first instant: what is wholly before it may be forgotten.

    Attributes
    ----------
    day : str
        Such as ``2025-01-01``.
    instant : int
        Microseconds UTC.
    local_day : int
        Days since 1970-01-01.
    """

    day: str
    instant: int
    local_day: int


def find_old(session: Session, logs: Logs, bound: Bound) -> dict[Path, int]:
    """Return how many rows of each part are old: each of their times lies before the bound.

    A row without a time is as old as the order that it names, and stays if it names none: so an
    order takes its lines along.
    """
    rows: Counter[Path] = Counter()
    for table, parts in logs.parts.items():
        for bucket in range(logs.buckets if LOG_TABLES[table].passing else 0):
            paths = {path: part for part in parts if (path := part.bucket(bucket))}
            condition = old_rows(session, logs, table, paths, bound, bucket)
            if not condition:
                continue
            found = session.rows(
                f"SELECT filename, count(*) FROM {read(paths)} AS t WHERE {condition}"
                " GROUP BY filename"
            )
            for path, count in found:
                rows[paths[path].folder] += int(count)
    return dict(rows)


def forget(
    session: Session,
    store: Store,
    logs: Logs,
    bound: Bound,
    old: Mapping[Path, int],
    facts: Mapping[str, Any],
) -> None:
    """Write the parts that hold old rows anew without them.

    They take effect together, when the state of the store is written; whatever ends the process
    before leaves the store as it was.

    Parameters
    ----------
    session : Session
    store : Store
    logs : Logs
        Has the new parts afterwards.
    bound : Bound
    old : mapping of Path to int
        As `find_old` returned it.
    facts : mapping
        What the state says of it beside the parts.
    """
    changed: dict[Path, Part] = {}
    for parts in logs.parts.values():
        for part in parts:
            if n := old.get(part.folder, 0):
                changed[part.folder] = _without(session, logs, part, bound, n)
    for parts in logs.parts.values():
        # Two files of one content are one part under two names.
        parts[:] = [
            replace(changed[part.folder], file=part.file) if part.folder in changed else part
            for part in parts
        ]
    store.prune((part for parts in logs.parts.values() for part in parts), facts)
    for folder in changed:
        remove_whole(folder)


def read(paths: Iterable[str]) -> str:
    """Return the relation of some files of the store."""
    files = ", ".join(map(literal, paths))
    return f"read_parquet([{files}], filename = true, union_by_name = true)"


def old_rows(
    session: Session, logs: Logs, table: str, paths: Collection[str], bound: Bound, bucket: int
) -> str:
    """Return the condition that a row of files, as ``t``, is old; empty where none can be."""
    have = set(_columns(session, paths))
    ends = {
        column.name: bound.local_day if column.type == "day" else bound.instant
        for column in LOG_TABLES[table].of_type("time", "day")
        if column.name in have
    }
    blank = " AND ".join(f"t.{identifier(name)} IS NULL" for name in ends) or "TRUE"
    early = " AND ".join(
        f"(t.{identifier(name)} IS NULL OR t.{identifier(name)} < {end})"
        for name, end in ends.items()
    )
    ways = [f"({early} AND NOT ({blank}))"] if ends else []
    if table != "orders" and "order_id" in have:
        orders = _old_orders(session, logs, bound, bucket)
        ways += [f"({blank} AND {orders})"] if orders else []
    return f"({' OR '.join(ways)})" if ways else ""


def _columns(session: Session, paths: Collection[str]) -> list[str]:
    if not paths:
        return []
    found = session.rows(f"DESCRIBE SELECT * FROM {read(paths)}")
    return [str(row[0]) for row in found if row[0] != "filename"]


def _old_orders(session: Session, logs: Logs, bound: Bound, bucket: int) -> str:
    """Return the condition that all versions of the order of a row are old."""
    paths = [path for part in logs.parts.get("orders", []) if (path := part.bucket(bucket))]
    if not paths:
        return ""
    old = old_rows(session, logs, "orders", paths, bound, bucket)
    return (
        "EXISTS (SELECT 1 FROM (SELECT o.merchant_id, o.order_id FROM (SELECT t.merchant_id,"
        f" t.order_id, {old} AS old FROM {read(paths)} AS t) AS o"
        " GROUP BY o.merchant_id, o.order_id HAVING bool_and(o.old)) AS gone"
        " WHERE gone.merchant_id = t.merchant_id AND gone.order_id = t.order_id)"
    )


def _without(session: Session, logs: Logs, part: Part, bound: Bound, old: int) -> Part:
    """Write a part without its old rows."""
    final = part.folder.with_name(f"{part.folder.name.partition('.')[0]}.{bound.day}")
    folder = final.with_name(final.name + ".tmp")
    for left in (folder, final):
        shutil.rmtree(left, ignore_errors=True)
    folder.mkdir()
    shutil.copyfile(part.folder / "rejects.jsonl", folder / "rejects.jsonl")
    for bucket in range(logs.buckets):
        path = part.bucket(bucket)
        if not path:
            continue
        names = ", ".join(map(identifier, _columns(session, [path])))
        condition = old_rows(session, logs, part.table, [path], bound, bucket)
        rows = f"FROM {read([path])} AS t WHERE NOT {condition or 'FALSE'}"
        if session.rows(f"SELECT 1 {rows} LIMIT 1"):
            session.copy(f"SELECT {names} {rows}", folder / Path(path).name)
    made = replace(part, folder=final, pruned=part.pruned + old)
    made.save(folder)
    folder.rename(final)
    return made
