"""The logs of a store counted by Spark; reading and writing stay with the driver."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from trustscore.errors import InputError
from trustscore.io.logs.ingest import Logs
from trustscore.io.logs.runner import Counted, gather, sql_types
from trustscore.io.logs.session import Session
from trustscore.logs import LOG_TABLES
from trustscore.signals.build import GIVEN
from trustscore.signals.files import SignalsReport
from trustscore.signals.files import write_signals as write_with
from trustscore.spark.hadoop import Hadoop, Stored
from trustscore.spark.plans import in_store, run_plan, spark_type
from trustscore.spark.session import spark_failures, start
from trustscore.typing import FilePath, Progress, silent

__all__ = ["StoreRunner", "write_signals"]

_BLANKS = {"text": "string", "bool": "boolean"}


def write_signals(
    logs: FilePath, out: FilePath, *, session: Any = None, **settings: Any
) -> SignalsReport:
    """Write the export of merchants that a folder of logs gives, counted by Spark.

    Parameters
    ----------
    logs, out : path
    session : SparkSession, optional
        The active one, or a new one.
    **settings
        As for `trustscore.signals.write_signals`. `work` must be given where executors run on
        other machines: the store must lie in a folder that all of them reach by the same path.

    Returns
    -------
    SignalsReport

    Raises
    ------
    InputError
        As `trustscore.signals.write_signals`; also when Spark or Java is missing, or executors
        would not reach the store.
    """
    if settings.get("lineage") is not None:
        raise InputError("`lineage` is written by the local engine only")
    session = session or start()
    if not hasattr(session, "_jsparkSession"):
        raise InputError("a Spark Connect session reads no store; use signals_spark there")
    master = session.sparkContext.master
    if settings.get("work") is None and not master.startswith("local"):
        raise InputError(
            f"executors of {master} do not reach a temporary folder of the driver: give `work`, a"
            " folder that all of them reach by the same path"
        )
    return write_with(logs, out, run=StoreRunner(session), **settings)


class StoreRunner:
    """Counts a store with Spark, all merchants at once.

    Parameters
    ----------
    session : SparkSession
    """

    def __init__(self, session: Any) -> None:
        self._session = session
        self._runs = 0

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
        """Return what the plan gave; see `trustscore.io.logs.runner.run_buckets`."""
        done = Counted(folder / "export.parquet", engine=f"spark {self._session.version}")
        self._runs += 1
        place = folder.resolve() / f"spark-{self._runs}"
        with spark_failures():
            tables = self._tables(session, logs, folder)
        frame, done.excluded = run_plan(
            self._session,
            tables,
            plan,
            in_store(f"file://{place}"),
            lambda share: progress("counting", share),
        )
        del frame
        last = place / plan.statements[-1].name
        done.parts = sorted(last.glob("*.parquet"))
        gather(session, done, order, also)
        shutil.rmtree(place, ignore_errors=True)
        progress("counting", 1.0)
        return done

    def _tables(self, session: Session, logs: Logs, folder: Path) -> dict[str, Any]:
        tables = {table: self._log(session, logs, table) for table in logs.parts}
        for name in GIVEN:
            path = folder / f"{name}.parquet"
            if path.exists():
                kinds = {
                    c: _BLANKS.get(term.type.base, "bigint") for c, term in GIVEN[name].items()
                }
                tables[name] = self._read([path], kinds)
        if logs.firsts is not None:
            paths = [logs.first_events(bucket) for bucket in range(logs.buckets)]
            tables["firsts"] = self._session.read.parquet(*map(_uri, paths))
        return tables

    def _log(self, session: Session, logs: Logs, table: str) -> Any:
        """Return the rows of a log as they were read, with the number of their file."""
        from pyspark.sql import functions as sf

        kinds = {name: spark_type(kind) for name, kind in sql_types(logs.types(table)).items()}
        parts = []
        for number, part in enumerate(logs.parts[table]):
            paths = [Path(path) for path in map(part.bucket, range(logs.buckets)) if path]
            if paths:
                rows = self._read(paths, kinds)
                parts.append(rows.withColumn("_file", sf.lit(number).cast("bigint")))
        if not parts:
            parts = [self._session.createDataFrame([], _layout(kinds | {"_file": "bigint"}))]
        found = parts[0]
        for more in parts[1:]:
            found = found.unionByName(more)
        if table in logs.flooded:
            bounded = LOG_TABLES[table].bounded
            left = session.rows("SELECT merchant_id, id FROM too_many WHERE log = ?", [table])
            names = ["merchant_id", bounded]
            flood = self._session.createDataFrame(left, _layout(dict.fromkeys(names, "string")))
            found = found.join(sf.broadcast(flood), on=names, how="left_anti")
        return found

    def _read(self, paths: list[Path], kinds: dict[str, str]) -> Any:
        # Columns that a file does not have are blank.
        return self._session.read.schema(_layout(kinds)).parquet(*map(_uri, paths))


def _layout(kinds: dict[str, str]) -> str:
    return ", ".join(f"`{name}` {kind}" for name, kind in kinds.items())


def _uri(path: Path) -> str:
    """Return a file as Spark's readers name it, whatever characters its folders have."""
    return Hadoop.literal(Stored(path.name, path.resolve().as_uri(), 0))
