"""Statements run over the store, one bucket of merchants after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from trustscore.errors import InputError
from trustscore.io.logs.ingest import Logs
from trustscore.io.logs.session import Session, identifier, literal
from trustscore.logs import LOG_TABLES
from trustscore.typing import Progress, silent

__all__ = [
    "Counted",
    "Runner",
    "close_bucket",
    "gather",
    "make",
    "open_bucket",
    "run_buckets",
    "sql_types",
    "too_large",
]

_SQL_TYPES = {pa.string(): "VARCHAR", pa.int64(): "BIGINT", pa.bool_(): "BOOLEAN"}


class Statement(Protocol):
    """A SELECT whose rows become a table of the session."""

    @property
    def name(self) -> str:
        """Name of the table."""

    @property
    def sql(self) -> str:
        """The SELECT."""

    @property
    def view(self) -> bool:
        """Whether its rows are so cheap that each reader makes them anew."""


@dataclass
class Counted:
    """What a run over all buckets made.

    Attributes
    ----------
    file : Path
        The rows of the last statement, in order.
    excluded : Counter of str
        Orders by what excluded them.
    rows : int
    parts : list of Path
        The rows of each bucket.
    engine : str
        What counted, and its version.
    """

    file: Path
    excluded: Counter[str] = field(default_factory=Counter)
    rows: int = 0
    parts: list[Path] = field(default_factory=list)
    engine: str = ""


class Runner(Protocol):
    """Runs a plan over all rows of the store, as `run_buckets` does."""

    def __call__(
        self,
        session: Session,
        logs: Logs,
        plan: Any,
        folder: Path,
        *,
        order: str = "merchant_id",
        also: Callable[[str], str] = "SELECT * FROM {}".format,
        progress: Progress = silent,
    ) -> Counted:
        """Return what the plan gave; see `run_buckets`."""


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


def _kept(table: str, bounded: str) -> str:
    """Return the condition that a row, as ``p``, is of nothing that has too many."""
    if not bounded:
        return ""
    return (
        f"NOT EXISTS (SELECT 1 FROM too_many AS t WHERE t.log = {literal(table)}"
        f" AND t.merchant_id = p.merchant_id AND t.id = p.{identifier(bounded)})"
    )


def open_bucket(session: Session, logs: Logs, buckets: Sequence[int], prefix: str = "") -> None:
    """Make the views of the logs for some buckets of merchants."""
    for table in logs.parts:
        files = _files(logs, table, buckets)
        without = LOG_TABLES[table].bounded if table in logs.flooded else ""
        session.view(f"{prefix}{table}", files, sql_types(logs.types(table)), _kept(table, without))
    if logs.firsts is not None and not prefix:
        paths = ", ".join(literal(str(logs.first_events(bucket))) for bucket in buckets)
        session.run(f"CREATE TEMP VIEW firsts AS SELECT * FROM read_parquet([{paths}])")


def close_bucket(session: Session, logs: Logs, prefix: str = "") -> None:
    """Remove the views."""
    for table in logs.parts:
        session.run(f"DROP VIEW IF EXISTS {identifier(prefix + table)}")
    if not prefix:
        session.run("DROP VIEW IF EXISTS firsts")


def run_buckets(
    session: Session,
    logs: Logs,
    plan: Any,
    folder: Path,
    *,
    order: str = "merchant_id",
    also: Callable[[str], str] = "SELECT * FROM {}".format,
    progress: Progress = silent,
) -> Counted:
    """Run a plan over all buckets.

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
    also : callable, optional
        Given the rows of all buckets, returns the SELECT that is written.
    progress : Progress, optional
    """
    done = Counted(folder / "export.parquet", engine=f"duckdb {session.version}")
    everything = range(logs.buckets)
    open_bucket(session, logs, everything, "all_")
    for statement in plan.market:
        make(session, statement)
    exports = done.parts
    for bucket in everything:
        progress("counting", bucket / logs.buckets)
        open_bucket(session, logs, [bucket])
        for place, statement in enumerate(plan.statements):
            make(session, statement)
            progress("counting", (bucket + place / len(plan.statements)) / logs.buckets)
        names = [statement.name for statement in plan.statements]
        if "exclusions" in names:
            rows = session.rows("SELECT because, SUM(orders) FROM exclusions GROUP BY because")
            done.excluded.update({str(name): int(n) for name, n in rows if name is not None})
        exports.append(folder / f"export-{bucket:03d}.parquet")
        session.copy(f"SELECT * FROM {identifier(names[-1])}", exports[-1])
        for statement in reversed(plan.statements):
            _drop(session, statement)
        close_bucket(session, logs)
    for statement in plan.market:
        # Tables that others read by name stay; a view is of files that are closed now.
        if statement.view:
            _drop(session, statement)
    close_bucket(session, logs, "all_")
    gather(session, done, order, also)
    progress("counting", 1.0)
    return done


def gather(session: Session, done: Counted, order: str, also: Callable[[str], str]) -> None:
    """Write the rows of all parts in order, as `run_buckets` says."""
    paths = ", ".join(literal(str(path)) for path in done.parts)
    session.copy(f"{also(f'read_parquet([{paths}])')} ORDER BY {order}", done.file)
    [(done.rows,)] = session.rows(f"SELECT count(*) FROM read_parquet([{literal(str(done.file))}])")


def make(session: Session, statement: Statement) -> None:
    """Make the table, or the view, of a statement."""
    # Facts of the whole market may stand there from the run before.
    kind = "VIEW" if statement.view else "TABLE"
    try:
        session.run(
            f"CREATE OR REPLACE TEMP {kind} {identifier(statement.name)} AS {statement.sql}"
        )
    except session.error() as error:
        if type(error).__name__ not in ("OutOfRangeException", "ConversionException"):
            raise
        # The error itself repeats the figure, and says nothing of whose it is.
        raise too_large(statement.name) from None


def too_large(statement: str) -> InputError:
    """Return the error of a sum that no whole number holds."""
    return InputError(
        f"a number of the logs is too large to be added up ({statement}): look for absurd "
        "amounts or points, or bound each of them by the key `cap` of the column"
    )


def _drop(session: Session, statement: Statement) -> None:
    session.run(f"DROP {'VIEW' if statement.view else 'TABLE'} {identifier(statement.name)}")
