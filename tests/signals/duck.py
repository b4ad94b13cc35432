"""A DuckDB session with relations as the reader makes them, from lists of dicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from trustscore.logs import LOG_TABLES
from trustscore.signals import Definitions, Plan, generate, load_definitions

EPOCH = datetime(1970, 1, 1, tzinfo=ZoneInfo("UTC"))
SQL = {"id": "VARCHAR", "class": "VARCHAR", "bool": "BOOLEAN"}
SCALE = {"num": 1_000_000, "money": 10_000, "int": 1}
Rows = Sequence[Mapping[str, Any]]


def micros(moment: datetime | str, zone: ZoneInfo) -> int:
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return round((moment - EPOCH).total_seconds() * 1_000_000)


def local(moment: int, zone: ZoneInfo) -> int:
    at = datetime.fromtimestamp(moment / 1_000_000, zone).replace(tzinfo=ZoneInfo("UTC"))
    return micros(at, zone)


def hits(table: str) -> frozenset[str]:
    """What a lexicon may have found in the texts of a log."""
    return frozenset(flag for column in LOG_TABLES[table].of_type("text") for flag in column.flags)


def collected(logs: Mapping[str, Rows]) -> dict[str, frozenset[str]]:
    found = {}
    for table, rows in logs.items():
        names = set(LOG_TABLES[table].required)
        for row in rows:
            names |= set(row)
        for column in LOG_TABLES[table].columns:
            if column.fallback in names and column.fallback:
                names.add(column.name)
        found[table] = frozenset(names)
    return found


def fill(
    connection: Any,
    logs: Mapping[str, Rows],
    zone: ZoneInfo,
    columns_of: Mapping[str, frozenset[str]] | None = None,
) -> None:
    for table, rows in logs.items():
        log = LOG_TABLES[table]
        have = (columns_of or collected({table: rows}))[table]
        columns: dict[str, str] = {}
        for column in log.columns:
            if column.name not in have:
                continue
            if column.type == "text":
                columns[f"{column.name}_letters"] = "BIGINT"
                columns[f"{column.name}_hash"] = "VARCHAR"
                continue
            columns[column.name] = SQL.get(column.type, "BIGINT")
            if column.type == "time":
                columns[f"{column.name}_local"] = "BIGINT"
        found = sorted(hits(table) & have)
        columns |= dict.fromkeys(found, "BOOLEAN")
        columns |= {"_file": "BIGINT", "_line": "BIGINT"}
        cells = []
        for line, row in enumerate(rows):
            cell: dict[str, Any] = {"_file": 0, "_line": line}
            cell |= {name: row.get(name) for name in found}
            for column in log.columns:
                value = row.get(column.name)
                if value is None and column.fallback:
                    value = row.get(column.fallback)
                if value is None:
                    continue
                if column.type == "time":
                    cell[column.name] = micros(value, zone)
                    cell[f"{column.name}_local"] = local(cell[column.name], zone)
                elif column.type == "day":
                    day = date.fromisoformat(value) if isinstance(value, str) else value
                    cell[column.name] = (day - date(1970, 1, 1)).days
                elif column.type in SCALE:
                    cell[column.name] = int(Decimal(str(value)) * SCALE[column.type])
                elif column.type == "text":
                    cell[f"{column.name}_letters"] = len("".join(value.split()))
                    cell[f"{column.name}_hash"] = value
                else:
                    cell[column.name] = value
            cells.append([cell.get(name) for name in columns])
        kinds = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
        connection.execute(f'CREATE TABLE "{table}" ({kinds})')
        connection.execute(f'CREATE VIEW "all_{table}" AS SELECT * FROM "{table}"')
        for first in range(0, len(cells), 500):
            # One statement for many rows: DuckDB takes a millisecond for each.
            some = cells[first : first + 500]
            row = f"({', '.join('?' for _ in columns)})"
            marks = ", ".join(row for _ in some)
            values = [value for cell in some for value in cell]
            connection.execute(f'INSERT INTO "{table}" VALUES {marks}', values)


def run_plan(connection: Any, plan: Plan) -> dict[str, dict[str, Any]]:
    for statement in (*plan.market, *plan.statements):
        connection.execute(f'CREATE TEMP TABLE "{statement.name}" AS {statement.sql}')
    found = connection.execute("SELECT * FROM export")
    names = [column[0] for column in found.description]
    rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    return {row.pop("merchant_id"): row for row in rows}


def export(
    logs: Mapping[str, Rows],
    as_of: str,
    definitions: str | Definitions = "default",
    tz: str = "UTC",
    **options: Any,
) -> dict[str, dict[str, Any]]:
    """The export of logs by merchant."""
    plan = generate(
        load_definitions(definitions),
        date.fromisoformat(as_of),
        collected(logs),
        zone=tz,
        **options,
    )
    with duckdb.connect() as connection:
        fill(connection, logs, ZoneInfo(tz))
        return run_plan(connection, plan)
