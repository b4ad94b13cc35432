"""The statements of a plan in Spark SQL: the text that DuckDB runs, in Spark's words."""

from __future__ import annotations

import re
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from trustscore.errors import TrustscoreError
from trustscore.export.sql.dialects import translate
from trustscore.io.logs.runner import too_large
from trustscore.signals.plan import Plan
from trustscore.spark.hadoop import Hadoop
from trustscore.spark.session import quiet, spark_failures

__all__ = ["Keep", "in_spark", "in_store", "run_plan", "spark_type"]

Keep = Callable[[Any, str], Any]
"""Given a DataFrame and the name of its statement, makes its rows and returns them."""

# What the text means must not hang on how a cluster is configured.
_SETTINGS = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.ansi.doubleQuotedIdentifiers": "false",
    "spark.sql.ansi.enforceReservedKeywords": "false",
    "spark.sql.parser.escapedStringLiterals": "false",
    "spark.sql.caseSensitive": "false",
    "spark.sql.storeAssignmentPolicy": "ANSI",
}
_OVERFLOW = re.compile(r"\[\w*(?:OVERFLOW|OUT_OF_RANGE)\w*")
_TYPES = {"VARCHAR": "string", "BIGINT": "bigint", "BOOLEAN": "boolean"}


def spark_type(sql: str) -> str:
    """Return what Spark calls a type of the store.

    Examples
    --------
    >>> spark_type("VARCHAR")
    'string'
    """
    return _TYPES[sql]


def in_spark(frame: Any, _: str) -> Any:
    """Keep rows in the checkpoint folder of the session, or else on the disks of its executors."""
    if frame.sparkSession.sparkContext.getCheckpointDir() is not None:
        return frame.checkpoint()
    return frame.localCheckpoint()


def in_store(place: str) -> Keep:
    """Keep rows as Parquet in a folder that the driver and all executors reach."""

    def keep(frame: Any, name: str) -> Any:
        path = f"{place}/{name}"
        frame.write.parquet(path)
        return frame.sparkSession.read.schema(frame.schema).parquet(Hadoop.escaped(path))

    return keep


@contextmanager
def _as_written(session: Any) -> Iterator[None]:
    """Have a session read SQL as it is written, and as it was afterwards."""
    before = {name: session.conf.get(name, None) for name in _SETTINGS}
    for name, value in _SETTINGS.items():
        session.conf.set(name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                session.conf.unset(name)
            else:
                session.conf.set(name, value)


def run_plan(
    session: Any,
    tables: Mapping[str, Any],
    plan: Plan,
    keep: Keep = in_spark,
    progress: Callable[[float], None] = lambda _: None,
) -> tuple[Any, Counter[str]]:
    """Run the statements of a plan over all merchants at once.

    Parameters
    ----------
    session : SparkSession
    tables : mapping of str to DataFrame
        The logs, and what a plan may read beside them, by name.
    plan : Plan
    keep : callable, default=in_spark
        Makes what several statements read, and the answer, so that nothing is made twice.
    progress : callable, optional

    Returns
    -------
    DataFrame
        The rows of the last statement, made.
    Counter of str
        Orders by what excluded them.

    Raises
    ------
    OSError
        When a job fails, with the reason in a line.
    InputError
        For a sum that no whole number holds.
    """
    statements = (*plan.market, *plan.statements)
    mark = f"ts_{secrets.token_hex(6)}_"
    # Logs of the whole market are the same tables here: there are no buckets.
    views = {name: mark + name for name in tables} | {f"all_{n}": mark + n for n in tables}
    views |= {statement.name: mark + statement.name for statement in statements}
    reads = _reads(statements)
    made = set()
    excluded: Counter[str] = Counter()
    name = ""
    try:
        with quiet(), _as_written(session), spark_failures():
            for table, frame in tables.items():
                frame.createOrReplaceTempView(mark + table)
                made.add(mark + table)
            for place, statement in enumerate(statements):
                progress(place / len(statements))
                name = statement.name
                frame = _typed(session.sql(translate(statement.sql, "spark", views)))
                last = statement is statements[-1]
                if last or (reads[name] > 1 and not statement.view):
                    frame = keep(frame, name)
                if last:
                    return frame, excluded
                if name == "exclusions":
                    excluded.update(_counts(frame))
                frame.createOrReplaceTempView(mark + name)
                made.add(mark + name)
    except TrustscoreError:
        raise
    except OSError as error:
        if _OVERFLOW.search(str(error.__cause__)):
            raise too_large(name) from None
        raise
    finally:
        for view in made:
            session.catalog.dropTempView(view)
    raise AssertionError("a plan has a statement")


def _reads(statements: Any) -> Counter[str]:
    """Return how often each relation is read."""
    import sqlglot

    found: Counter[str] = Counter()
    for statement in statements:
        tree = sqlglot.parse_one(statement.sql, read="duckdb")
        found.update(table.name for table in tree.find_all(sqlglot.exp.Table))
    return found


def _typed(frame: Any) -> Any:
    """Give columns that are blank in every row the type that DuckDB gives them."""
    from pyspark.sql import functions as sf

    blank = [field.name for field in frame.schema.fields if field.dataType.typeName() == "void"]
    return frame.withColumns({name: sf.lit(None).cast("int") for name in blank}) if blank else frame


def _counts(frame: Any) -> dict[str, int]:
    from pyspark.sql import functions as sf

    rows = frame.groupBy("because").agg(sf.sum("orders").alias("n")).collect()
    return {row["because"]: int(row["n"]) for row in rows if row["because"] is not None}
