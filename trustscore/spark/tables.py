"""An export of merchants from logs that are tables of a Spark session."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from trustscore.errors import InputError, plural, suggest
from trustscore.io.logs.rows import stored_columns
from trustscore.io.logs.runner import sql_types
from trustscore.logs import LOG_TABLES, load_zone
from trustscore.signals.baselines import LEAST_ORDERS, category_returns
from trustscore.signals.baselines import baselines as market_rates
from trustscore.signals.build import GIVEN
from trustscore.signals.definitions import Definitions, load_definitions
from trustscore.signals.generator import generate
from trustscore.signals.plan import Plan
from trustscore.spark.plans import in_spark, in_store, run_plan, spark_type
from trustscore.spark.session import need_pyspark, quiet, spark_failures

__all__ = ["SparkSignals", "signals_spark"]

_GIVEN = {
    "previous": {"merchant_id": "string", "poor": "boolean"},
    "baselines": {"category": "string", "rate": "bigint"},
}
_PLACE = {"_file": "bigint", "_line": "bigint"}


class SparkSignals(NamedTuple):
    """What tables of logs gave.

    Attributes
    ----------
    export : pyspark.sql.DataFrame
        One row a merchant, with the columns, types and figures of the command's Parquet file.
    missing : dict of str to str
        Columns that could not be made, each with the reason.
    unchecked : dict of str to str
        Exclusions of orders that could not be looked at, each with the reason.
    excluded : dict of str to int
        Orders that did not count, by the reason.
    baselines : dict of str to int
        Return rates of the market's categories in millionths, if they were counted here.
    """

    export: Any
    missing: Mapping[str, str]
    unchecked: Mapping[str, str]
    excluded: Mapping[str, int]
    baselines: Mapping[str, int]


def signals_spark(
    tables: Mapping[str, Any],
    as_of: dt.date,
    definitions: str | Path | Definitions = "default",
    *,
    tz: str | None = None,
    columns: Iterable[str] | None = None,
    include_removed: bool = False,
    unique: Iterable[str] = (),
    scratch: str | None = None,
) -> SparkSignals:
    """Make an export of logs that are tables of Spark, checked and typed as the store has them.

    Parameters
    ----------
    tables : mapping of str to pyspark.sql.DataFrame
        By the names of the logs, all of one session. Their columns and types are those that the
        ``README.md`` of ``trustscore signals --emit-sql spark --test-frame DIR`` lists; others are
        not read. ``previous`` and ``baselines`` may be among them.
    as_of : date
        Nothing that happened on this day or later exists. Windows may begin before the logs do.
    definitions : str, Path or Definitions, default="default"
    tz : str, optional
        Zone of the market; that of the definitions by default. That of the session means nothing.
    columns : iterable of str, optional
        Only those.
    include_removed : bool, default=False
        Whether removed merchants get a row.
    unique : iterable of str, optional
        Logs of which you know that no key stands on two rows: they need no `_file` and `_line`, and
        no newest version is looked for. It is taken at your word.
    scratch : str, optional
        A new folder, on a file system that all executors reach, for what is read more than once
        and for the export; yours to remove once the export is written. Without it these rows stay
        in the checkpoint folder of the session, or on the local disks of its executors.

    Returns
    -------
    SparkSignals

    Raises
    ------
    InputError
        For unknown tables, missing columns and wrong types, all at once.
    OSError
        When a job fails.
    """
    need_pyspark()
    known = frozenset(unique)
    _check(tables, known)
    defs = load_definitions(definitions)
    zone = load_zone(tz or defs.market.tz).key
    collected = {
        name: frozenset(frame.columns) - {*_PLACE}
        if name in LOG_TABLES
        else frozenset(frame.columns)
        for name, frame in tables.items()
    }
    wanted = None if columns is None else list(columns)

    def planned() -> Plan:
        return generate(
            defs,
            as_of,
            collected,
            zone=zone,
            columns=wanted,
            include_removed=include_removed,
            unique=known,
        )

    plan = planned()
    session = next(iter(tables.values())).sparkSession
    frames = {name: _placed(frame, name) for name, frame in tables.items()}
    rates: dict[str, int] = {}
    if "not_collected: baselines" in plan.missing.values():
        try:
            returns = category_returns(
                defs, as_of.replace(day=1), collected, zone=zone, unique=known
            )
        except InputError:
            # What they lack, the columns that need them lack.
            returns = None
        if returns is not None:
            keep = in_spark if scratch is None else in_store(f"{scratch}/returns")
            found, _ = run_plan(session, frames, returns, keep)
            with quiet(), spark_failures():
                rows = found.where(found["orders"] >= LEAST_ORDERS).collect()
                rates = market_rates(tuple(row) for row in rows)
                layout = "category string, rate bigint"
                frames["baselines"] = session.createDataFrame([*rates.items()], layout)
            collected["baselines"] = frozenset(GIVEN["baselines"])
            plan = planned()
    keep = in_spark if scratch is None else in_store(f"{scratch}/export")
    export, excluded = run_plan(session, frames, plan, keep)
    return SparkSignals(_typed(export, plan), plan.missing, plan.unchecked, excluded, rates)


def _typed(export: Any, plan: Plan) -> Any:
    """Return an export with the types of the file: texts, and numbers as doubles."""
    names = [column.name for column in plan.columns if column.type != "text"]
    return export.withColumns({name: export[_quoted(name)].cast("double") for name in names})


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _placed(frame: Any, name: str) -> Any:
    from pyspark.sql import functions as sf

    if name not in LOG_TABLES:
        return frame
    missing = [column for column in _PLACE if column not in frame.columns]
    return frame.withColumns({column: sf.lit(0).cast("bigint") for column in missing})


def _check(tables: Mapping[str, Any], unique: frozenset[str]) -> None:
    """Raise with everything that is wrong with tables."""
    names = [*LOG_TABLES, *_GIVEN]
    faults = [f"{name}: unknown log{suggest(name, names)}" for name in tables if name not in names]
    faults += [
        f"unique: {name} is no log{suggest(name, LOG_TABLES)}"
        for name in sorted(unique)
        if name not in LOG_TABLES
    ]
    if not set(tables) & set(LOG_TABLES):
        faults.append(f"give at least one of {', '.join(LOG_TABLES)}")
    for name, frame in tables.items():
        if name not in names:
            continue
        if not hasattr(frame, "createOrReplaceTempView"):
            faults.append(f"{name}: must be a DataFrame of Spark. Got {type(frame).__name__}")
        else:
            faults += _faults(name, frame, name in unique)
    if faults:
        raise InputError(f"the tables have {plural(len(faults), 'fault')}", faults)


def _faults(name: str, frame: Any, unique: bool) -> list[str]:
    have = {field.name: field.dataType.simpleString() for field in frame.schema.fields}
    faults = []
    if name in _GIVEN:
        types, needed = dict(_GIVEN[name]), [*_GIVEN[name]]
    else:
        log = LOG_TABLES[name]
        every = stored_columns(log, frozenset(column.name for column in log.columns))
        types = {column: spark_type(kind) for column, kind in sql_types(every).items()} | _PLACE
        # A key that may be blank is filled from another column as files are read.
        needed = [c for c in types if c in log.required or (c in log and log[c].fallback)]
        needed += [f"{c}_local" for c in have if c in log and log[c].type == "time"]
        needed += [] if unique else [*_PLACE]
    for column in dict.fromkeys(needed):
        if column not in have:
            why = "; name the log in `unique` if no key stands twice" if column in _PLACE else ""
            faults.append(f"{name}: no column {column}{suggest(column, have)}{why}")
    for column, kind in have.items():
        if column in types and kind != types[column]:
            faults.append(f"{name}.{column}: must be {types[column]}. Got {kind}")
    return faults
