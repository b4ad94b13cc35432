"""Which events a figure rests on: those counted, those that nearly were, and a line for each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from trustscore.errors import InputError, suggest
from trustscore.logs import LOG_TABLES
from trustscore.signals.aggregates import cohort_rows, distinct_rows
from trustscore.signals.definitions import Definitions
from trustscore.signals.fading import WEIGHT_SCALE
from trustscore.signals.generator import Generator
from trustscore.signals.plan import Plan, Statement
from trustscore.signals.portable import quote
from trustscore.signals.resolve import Column
from trustscore.signals.rows import Rows
from trustscore.signals.tree import names, parse
from trustscore.signals.types import NotCollected
from trustscore.signals.visible import ident

__all__ = ["KEYS", "lineage", "why"]

KEYS = 4
"""A line of lineage has so many columns for the key of its row: no key is longer."""


def _rows(generator: Generator, name: str) -> Rows:
    definitions = generator.definitions
    known = {**definitions.columns, **definitions.hidden}
    if name not in known:
        raise InputError(f"no definition makes the column {name}{suggest(name, known)}")
    column = known[name]
    if column.how == "value":
        parts = ", ".join(dict.fromkeys(names(parse(column.what))))
        raise InputError(f"{name} is worked out of {parts}: ask for one of these")
    reason = generator.missing(name)
    if reason:
        raise InputError(f"{name} is not made: {reason}")
    return generator.rows(column)


def _key(rows: Rows) -> list[str]:
    """Return the columns that name a row, the merchant apart."""
    table = rows.relation.table
    if rows.relation.name == "rounds":
        return ["chat_id", "started_at"]
    key = LOG_TABLES[table].key if table else ()
    have = set(rows.relation.columns)
    found = [name for name in key if name != "merchant_id" and name in have]
    return [name for name in found if not table or rows.build.has(table, name)]


def why(
    definitions: Definitions,
    cut: date,
    collected: Mapping[str, frozenset[str]],
    column: str,
    *,
    zone: str | None = None,
    unique: frozenset[str] = frozenset(),
) -> Plan:
    """Return the SQL of the events behind a figure of one merchant.

    The last statement is named ``why`` and has one ``?``, the merchant. Its columns are `role`
    (``counted``, or ``nearly``: exactly one condition failed), `failed` (that condition), the key
    of the row, its anchor and the values that the conditions read; where a sum has a half-life,
    `weight` is what the row still weighs.

    Examples
    --------
    >>> from trustscore.signals import load_definitions
    >>> logs = {"orders": frozenset(["merchant_id", "order_id", "paid_at", "order_type"])}
    >>> found = why(load_definitions("default"), date(2026, 2, 1), logs, "orders_paid")
    >>> found.statements[-1].name
    'why'
    """
    generator = Generator(definitions, cut, collected, zone=zone, unique=unique)
    rows = _rows(generator, column)
    shown = _shown(rows)
    tests = _tests(rows)
    failed = " ".join(f"WHEN NOT {test} THEN {words}" for words, test in tests)
    count = " + ".join(f"CASE WHEN {test} THEN 0 ELSE 1 END" for _, test in tests) or "0"
    fields = [f"{rows.scope.column(name).sql} AS {ident(name)}" for name in shown]
    if (weight := rows.weight()) is not None:
        fields.append(f'CAST({weight} AS DOUBLE) / {WEIGHT_SCALE} AS "weight"')
        shown.append("weight")
    first = f"CASE {failed} END" if failed else "CAST(NULL AS VARCHAR)"
    sql = (
        f'SELECT CASE WHEN "_fails" = 0 THEN \'counted\' ELSE \'nearly\' END AS "role", "failed", '
        f"{', '.join(ident(name) for name in shown)} FROM (SELECT {', '.join(fields)}, "
        f'{first} AS "failed", {count} AS "_fails" FROM {ident(rows.relation.name)} AS f '
        f'WHERE {rows.merchant} = ?) AS t WHERE "_fails" <= 1 '
        f'ORDER BY "_fails", {", ".join(ident(name) for name in shown)}'
    )
    return generator.plan_of([rows.relation], Statement("why", sql))


def _tests(rows: Rows) -> list[tuple[str, str]]:
    """Return what each condition is called, as SQL, and whether it holds."""
    found = []
    for condition in rows.conditions():
        words = quote(condition.words)
        if condition in rows.population():
            # An order that does not count says why.
            reason = rows.scope.column("excluded_because").sql
            words = f"COALESCE({reason}, {words})"
        found.append((words, f"COALESCE({condition.sql}, FALSE)"))
    return found


def _shown(rows: Rows) -> list[str]:
    """Return key, anchor, and what the conditions read."""
    wanted = [*_key(rows), rows.column.at] if rows.column.at else _key(rows)
    texts = list(rows.column.where)
    if rows.column.how in ("sum", "mean", "first", "last", "mode"):
        texts.append(rows.column.what)
    if rows.column.how == "distinct":
        texts += rows.column.what
    for name in (name for text in texts for name in names(parse(text))):
        if name not in rows.build.constants and name != "horizon":
            wanted.append(name)
    found = []
    for name in dict.fromkeys(wanted):
        try:
            rows.scope.column(name)
        except NotCollected:
            continue
        found.append(name)
    return found


def lineage(
    definitions: Definitions,
    cut: date,
    collected: Mapping[str, frozenset[str]],
    columns: Iterable[str] | None = None,
    *,
    zone: str | None = None,
    unique: frozenset[str] = frozenset(),
) -> Plan:
    """Return the SQL of a line for each event counted.

    The last statement is named ``lineage``: `column`, `merchant_id`, `table`, and `key_1` to
    `key_4`, all text. A column that counts different values has a line for each of these, so that
    the lines of a count are as many as it says. Columns that are worked out of others have none.
    """
    generator = Generator(definitions, cut, collected, zone=zone, unique=unique)
    wanted = list(definitions.columns) if columns is None else list(columns)
    parts, relations = [], []
    for name in wanted:
        if name not in definitions.columns:
            _rows(generator, name)
        column = definitions.columns[name]
        if column.how in ("value", "mode") or generator.missing(name):
            continue
        rows = generator.rows(column)
        parts.append(_lines(rows, column))
        relations.append(rows.relation)
    if not parts:
        raise InputError("none of these columns is made from rows")
    last = Statement("lineage", " UNION ALL ".join(parts))
    return generator.plan_of(relations, last)


def _lines(rows: Rows, column: Column) -> str:
    table = rows.relation.table or column.of
    if column.cohort:
        sql, fields = cohort_rows(rows)
        keys, source, alias = [ident(field) for field in fields], f"({sql}) AS t", "t"
    elif column.how == "distinct":
        sql, fields = distinct_rows(rows)
        keys, source, alias = [ident(field) for field in fields], f"({sql}) AS t", "t"
    else:
        keys = [rows.scope.column(name).sql for name in _key(rows)]
        source = f"{ident(rows.relation.name)} AS f WHERE {rows.sql()}"
        if column.how == "mean":
            source += f" AND {rows.printer.text(column.what).sql} IS NOT NULL"
        alias = "f"
    padded = [f"CAST({key} AS VARCHAR)" for key in keys[:KEYS]]
    padded += ["CAST(NULL AS VARCHAR)"] * (KEYS - len(padded))
    named = [f"{key} AS {ident(f'key_{i + 1}')}" for i, key in enumerate(padded)]
    return (
        f'SELECT {quote(column.name)} AS "column", {alias}."merchant_id" AS "merchant_id", '
        f'{quote(table)} AS "table", {", ".join(named)} FROM {source}'
    )
