"""Statements run over the store, one bucket of merchants after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from trustscore.io.logs.ingest import Logs
from trustscore.io.logs.session import Session, identifier, literal
from trustscore.logs import LOG_TABLES
from trustscore.typing import Progress, silent

__all__ = [
    "Census",
    "close_bucket",
    "count_versions",
    "open_bucket",
    "run_buckets",
    "sql_types",
]

_SQL_TYPES = {pa.string(): "VARCHAR", pa.int64(): "BIGINT", pa.bool_(): "BOOLEAN"}
_OF_ORDERS = ("aftersales", "shipments", "reviews", "claims", "order_items")


class Statement(Protocol):
    """A SELECT whose rows become a table of the session."""

    @property
    def name(self) -> str:
        """Name of the table."""

    @property
    def sql(self) -> str:
        """The SELECT."""


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
    excluded : Counter of str
        Orders by what excluded them.
    merchants : int
        Rows of the export.
    """

    duplicate: Counter[str] = field(default_factory=Counter)
    superseded: Counter[str] = field(default_factory=Counter)
    repeated_version: Counter[str] = field(default_factory=Counter)
    orphans: Counter[str] = field(default_factory=Counter)
    unknown_merchant: Counter[str] = field(default_factory=Counter)
    excluded: Counter[str] = field(default_factory=Counter)
    merchants: int = 0


def sql_types(columns: Mapping[str, Any]) -> dict[str, str]:
    """Return the SQL types of columns by name, from their Arrow types."""
    return {name: _SQL_TYPES[kind] for name, kind in columns.items()}


def _files(logs: Logs, table: str, buckets: Sequence[int]) -> list[tuple[int, str]]:
    found = (
        (number, part.bucket(bucket))
        for number, part in enumerate(logs.parts[table])
        for bucket in buckets
    )
    return [(number, path) for number, path in found if path]


def open_bucket(session: Session, logs: Logs, buckets: Sequence[int], prefix: str = "") -> None:
    """Make the views of the logs for some buckets of merchants."""
    for table in logs.parts:
        files = _files(logs, table, buckets)
        session.view(f"{prefix}{table}", files, sql_types(logs.types(table)))


def close_bucket(session: Session, logs: Logs, prefix: str = "") -> None:
    """Remove the views."""
    for table in logs.parts:
        session.run(f"DROP VIEW IF EXISTS {identifier(prefix + table)}")


def run_buckets(
    session: Session,
    logs: Logs,
    plan: Any,
    folder: Path,
    *,
    order: str = "merchant_id",
    census: bool = True,
    also: Callable[[str], str] = "SELECT * FROM {}".format,
    progress: Progress = silent,
) -> tuple[Path, Census]:
    """Run a plan over all buckets; return the file of its last table, in order, and the census.

    Parameters
    ----------
    session : Session
    logs : Logs
    plan : object
        With the statements ``market``, for all merchants, and ``statements``, for one bucket.
    folder : Path
        For the results of the buckets.
    order : str, default="merchant_id"
        Columns that the rows are sorted by.
    census : bool, default=True
        Whether to count the rows of the store as well: once a run is enough.
    also : callable, optional
        Given the rows of all buckets, returns the SELECT that is written.
    progress : Progress, optional
    """
    counts = Census()
    everything = range(logs.buckets)
    open_bucket(session, logs, everything, "all_")
    for statement in plan.market:
        _make(session, statement)
    exports = []
    for bucket in everything:
        progress("counting", bucket / logs.buckets)
        open_bucket(session, logs, [bucket])
        if census:
            _count(session, logs, counts)
        for place, statement in enumerate(plan.statements):
            _make(session, statement)
            done = (bucket + place / len(plan.statements)) / logs.buckets
            progress("counting", done)
        names = [statement.name for statement in plan.statements]
        if "exclusions" in names:
            rows = session.rows("SELECT because, SUM(orders) FROM exclusions GROUP BY because")
            counts.excluded.update({str(name): int(n) for name, n in rows if name is not None})
        exports.append(folder / f"export-{bucket:03d}.parquet")
        session.copy(f"SELECT * FROM {identifier(names[-1])}", exports[-1])
        for name in reversed(names):
            session.run(f"DROP TABLE {identifier(name)}")
        close_bucket(session, logs)
    close_bucket(session, logs, "all_")
    out = folder / "export.parquet"
    paths = ", ".join(literal(str(path)) for path in exports)
    session.copy(f"{also(f'read_parquet([{paths}])')} ORDER BY {order}", out)
    [(counts.merchants,)] = session.rows(
        f"SELECT count(*) FROM read_parquet([{literal(str(out))}])"
    )
    progress("counting", 1.0)
    return out, counts


def _make(session: Session, statement: Statement) -> None:
    # Facts of the whole market may stand there from the run before.
    session.run(f"CREATE OR REPLACE TEMP TABLE {identifier(statement.name)} AS {statement.sql}")


def _count(session: Session, logs: Logs, census: Census) -> None:
    for table in logs.parts:
        count_versions(session, table, logs.types(table), census)
        known = {"merchants", "orders"} & set(logs.parts)
        if "merchants" in known and table != "merchants":
            census.unknown_merchant[table] += _without(
                session, table, "merchants", ("merchant_id",)
            )
        if "orders" in known and table in _OF_ORDERS:
            census.orphans[table] += _without(session, table, "orders", ("merchant_id", "order_id"))


def _without(session: Session, table: str, other: str, key: Sequence[str]) -> int:
    """Return how many rows of a table have no row of another one."""
    same = " AND ".join(f"t.{identifier(name)} = o.{identifier(name)}" for name in key)
    [(count,)] = session.rows(
        f"SELECT count(*) FROM {identifier(table)} AS t"
        f" WHERE NOT EXISTS (SELECT 1 FROM {identifier(other)} AS o WHERE {same})"
    )
    return int(count)


def count_versions(session: Session, table: str, types: Mapping[str, Any], census: Census) -> None:
    """Count identical rows, older versions, and versions that contradict each other."""
    key = ", ".join(identifier(name) for name in LOG_TABLES[table].key if name in types)
    source = identifier(table)
    [(rows, keys)] = session.rows(
        f"SELECT COALESCE(SUM(n), 0), count(*) FROM (SELECT count(*) AS n FROM {source}"
        f" GROUP BY {key})"
    )
    if rows == keys:
        return
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
