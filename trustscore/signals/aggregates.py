"""What is made of the rows of a column: the pieces that a statement sums, and the figure."""

from __future__ import annotations

from dataclasses import dataclass

from trustscore.signals.fading import WEIGHT_SCALE
from trustscore.signals.rows import Rows, order_of
from trustscore.signals.tree import Fault
from trustscore.signals.types import DAY, INTEGER, REAL, TEXT, Term, Type, number
from trustscore.signals.visible import ident

__all__ = [
    "Figure",
    "Piece",
    "cohort_rows",
    "cohort_sql",
    "distinct_rows",
    "distinct_sql",
    "exported",
    "figure",
    "last_sql",
    "mode_sql",
    "value_type",
]


@dataclass(frozen=True)
class Piece:
    """One aggregate: its name, its SQL over the rows, and what stands for no rows."""

    name: str
    sql: str
    empty: str = "0"


@dataclass(frozen=True)
class Figure:
    """A column made of pieces: `term` is written over the alias ``c``."""

    pieces: tuple[Piece, ...]
    term: Term
    statement: str = ""


def _c(name: str) -> str:
    return f"c.{ident(name)}"


def exported(term: Term) -> str:
    """Return a figure as it is exported."""
    if term.type.base == "number" and term.type.scale != 1:
        return f"CAST({term.sql} AS DOUBLE) / {term.type.scale}"
    if term.type.base == "duration":
        return f"CAST({term.sql} AS DOUBLE) / 1000000"
    return term.sql


def figure(rows: Rows) -> Figure:
    """Return the figure of a column that one pass over its rows makes."""
    column, cond = rows.column, rows.sql()
    name, how = column.name, column.how
    if how == "count":
        piece = Piece(name, f"CAST(SUM(CASE WHEN {cond} THEN 1 ELSE 0 END) AS BIGINT)")
        return Figure((piece,), Term(_c(name), INTEGER))
    if how == "flag":
        return Figure(
            (Piece(name, f"MAX(CASE WHEN {cond} THEN 1 ELSE 0 END)"),), Term(_c(name), INTEGER)
        )
    if how == "first":
        return _first(rows, cond)
    value = rows.printer.text(column.what)
    if value.type.base not in ("number", "duration", "any"):
        hint = ": divide after adding up" if value.type.base == "real" else ""
        raise Fault(f"{how}: must be a number, and is {value.type.words}{hint}")
    sql = rows.bounded(value)
    if how == "sum":
        kind = value.type
        if (weight := rows.weight()) is not None:
            if kind.base != "number" or kind.scale > WEIGHT_SCALE:
                raise Fault(
                    "half_life: is for counts, points and money, whose weighted sums fit whole "
                    "numbers"
                )
            sql, kind = f"({sql}) * {weight}", number(kind.scale * WEIGHT_SCALE)
        piece = Piece(name, f"CAST(SUM(CASE WHEN {cond} THEN {sql} ELSE 0 END) AS BIGINT)")
        return Figure((piece,), Term(_c(name), kind))
    total, n = f"{name} total", f"{name} n"
    pieces = (
        Piece(total, f"CAST(SUM(CASE WHEN {cond} THEN {sql} ELSE 0 END) AS BIGINT)"),
        Piece(
            n,
            f"CAST(SUM(CASE WHEN {cond} AND {value.sql} IS NOT NULL THEN 1 ELSE 0 END) AS BIGINT)",
        ),
    )
    scale = value.type.scale if value.type.base == "number" else 1_000_000
    mean = (
        f"CASE WHEN {_c(n)} = 0 THEN NULL ELSE CAST({_c(total)} AS DOUBLE) "
        f"/ (CAST({_c(n)} AS DOUBLE) * {scale}) END"
    )
    return Figure(pieces, Term(f"({mean})", REAL))


def _first(rows: Rows, cond: str) -> Figure:
    column = rows.column
    value = rows.printer.text(column.what)
    if not column.spec.days_since:
        piece = Piece(column.name, f"MIN(CASE WHEN {cond} THEN {value.sql} END)", "NULL")
        return Figure((piece,), Term(_c(column.name), value.type))
    local = rows.printer.local(column.what)
    piece = Piece(column.name, f"MIN(CASE WHEN {cond} THEN {local} END)", "NULL")
    # No rows is a beginning on the day itself.
    return Figure((piece,), Term(f"COALESCE({_since(rows, _c(column.name))}, 0)", INTEGER))


def _since(rows: Rows, local: str) -> str:
    return f"CAST(FLOOR(CAST({rows.build.cut_local} - {local} AS DOUBLE) / {DAY}) AS BIGINT)"


def last_sql(rows: Rows) -> Figure:
    """Return the figure of the last row."""
    column = rows.column
    value = rows.printer.text(column.what)
    sql, kind = rows.bounded(value), value.type
    if column.spec.blank_when:
        sql = f"CASE WHEN {rows.bool(column.spec.blank_when)} THEN NULL ELSE {sql} END"
    if column.spec.days_since:
        sql, kind = _since(rows, rows.printer.local(column.what)), INTEGER
    order = ", ".join(f"{term} DESC" for term in order_of(rows))
    statement = (
        f'SELECT "merchant_id", {ident(column.name)} FROM (SELECT {rows.merchant}, '
        f"{sql} AS {ident(column.name)}, ROW_NUMBER() OVER (PARTITION BY {rows.merchant} "
        f'ORDER BY {order}) AS "_n" FROM {ident(rows.relation.name)} AS f '
        f'WHERE {rows.sql()}) AS t WHERE "_n" = 1'
    )
    return Figure(
        (Piece(column.name, "", "NULL"),), Term(_c(column.name), kind, value.words), statement
    )


def mode_sql(rows: Rows) -> Figure:
    """Return the figure that is the most frequent text; ties go to the first by name."""
    column = rows.column
    value = rows.printer.text(column.what, TEXT)
    cond = f"{rows.sql()} AND {value.sql} IS NOT NULL"
    statement = (
        f'SELECT "merchant_id", "v" AS {ident(column.name)} FROM (SELECT "merchant_id", "v", '
        'ROW_NUMBER() OVER (PARTITION BY "merchant_id" ORDER BY "n" DESC, "preferred" DESC, "v") '
        f'AS "_n" FROM (SELECT {rows.merchant}, {value.sql} AS "v", COUNT(*) AS "n", '
        f'{_preferred(rows, value.sql)} AS "preferred" FROM {ident(rows.relation.name)} AS f '
        f'WHERE {cond} GROUP BY {rows.merchant}, {value.sql}) AS t) AS u WHERE "_n" = 1'
    )
    return Figure((Piece(column.name, "", "NULL"),), Term(_c(column.name), TEXT), statement)


def _preferred(rows: Rows, value: str) -> str:
    if not rows.column.spec.ties:
        return "0"
    ties = rows.printer.text(rows.column.spec.ties, TEXT).sql
    return f"MAX(CASE WHEN {value} = {ties} THEN 1 ELSE 0 END)"


def distinct_rows(rows: Rows) -> tuple[str, list[str]]:
    """Return the SELECT of the different values that count, and the names of its columns."""
    column, most = rows.column, rows.column.most
    terms = [rows.printer.text(text) for text in column.what]
    fields = [f"d{i}" for i, _ in enumerate(terms)]
    known = " OR ".join(f"{term.sql} IS NOT NULL" for term in terms)
    named = ", ".join(f"{t.sql} AS {ident(f)}" for t, f in zip(terms, fields, strict=True))
    inner = (
        f"SELECT {rows.merchant}, {named} FROM {ident(rows.relation.name)} AS f "
        f"WHERE {rows.sql()} AND ({known}) "
        f"GROUP BY {', '.join([rows.merchant, *(term.sql for term in terms)])}"
    )
    if most is None:
        return inner, fields
    if most.a not in column.what or most.days is not None:
        raise Fault(f"most: {most.a} must be one of `distinct`, and have no days")
    person = ident(fields[list(column.what).index(most.a)])
    order = ", ".join(ident(field) for field in fields)
    return (
        f'SELECT "merchant_id", {order} FROM (SELECT t.*, ROW_NUMBER() OVER (PARTITION BY '
        f'"merchant_id", {person} ORDER BY {order}) AS "_n" FROM ({inner}) AS t) AS u '
        f'WHERE {person} IS NULL OR "_n" <= {most.n}'
    ), fields


def cohort_rows(rows: Rows) -> tuple[str, list[str]]:
    """Return the SELECT of the persons of a cohort: by their first row, or who came again."""
    column, cohort = rows.column, rows.column.cohort or {}
    if rows.at is None or "by" not in cohort:
        raise Fault("cohort: needs `by`, the person, and `at`")
    person = rows.scope.column(cohort["by"]).sql
    local = rows.scope.local(column.at).sql
    such = rows.bool(cohort["where"]) if "where" in cohort else "TRUE"
    source = (
        f'SELECT {rows.merchant}, {person} AS "p", {rows.at.sql} AS "at", '
        f'({local} - {local} % {DAY}) AS "day", '
        f'CASE WHEN {such} THEN 1 ELSE 0 END AS "such", ROW_NUMBER() OVER (PARTITION BY '
        f'{rows.merchant}, {person} ORDER BY {", ".join(order_of(rows))}) AS "_n" '
        f"FROM {ident(rows.relation.name)} AS f WHERE {rows.sql()} AND {person} IS NOT NULL"
    )
    # The index must leave everybody the same days to come again.
    latest = rows.late(cohort.get("before", 0))
    first = f'SELECT * FROM ({source}) AS r WHERE "_n" = 1 AND "at" < {latest}'
    if "again" not in cohort:
        return f'SELECT "merchant_id", "p" FROM ({first}) AS i', ["p"]
    low, high = (days * DAY for days in cohort["again"])
    gap = '(b."day" - i."day")'
    other = f" AND {gap} > 0" if cohort.get("other_day") else ""
    return (
        f'SELECT i."merchant_id", i."p" FROM ({first}) AS i LEFT JOIN ({source}) AS b '
        'ON i."merchant_id" = b."merchant_id" AND i."p" = b."p" '
        f'WHERE b."_n" > 1 AND {gap} >= {low} AND {gap} <= {high}{other} '
        'AND i."such" = 1 AND b."such" = 1 GROUP BY i."merchant_id", i."p"'
    ), ["p"]


def distinct_sql(rows: Rows) -> Figure:
    """Return the figure that counts different values, in two levels of GROUP BY."""
    return _counted(rows, distinct_rows(rows)[0])


def cohort_sql(rows: Rows) -> Figure:
    """Return the figure that counts the persons of a cohort."""
    return _counted(rows, cohort_rows(rows)[0])


def _counted(rows: Rows, inner: str) -> Figure:
    name = rows.column.name
    statement = (
        f'SELECT "merchant_id", COUNT(*) AS {ident(name)} FROM ({inner}) AS t '
        'GROUP BY "merchant_id"'
    )
    return Figure((Piece(name, ""),), Term(_c(name), INTEGER), statement)


def value_type(type_: Type) -> str:
    """Return how an export calls a type."""
    if type_.base == "number":
        return "int" if type_.scale == 1 else "real"
    return {"text": "text", "bool": "bool", "time": "int", "day": "int"}.get(type_.base, "real")
