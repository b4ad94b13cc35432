"""An exported query in the words of other engines, by sqlglot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trustscore.errors import InputError
from trustscore.scorecard.faults import suggest

__all__ = ["DIALECTS", "PARSED", "translate"]

# The dialect, and what sqlglot calls it.
_NAMES = {
    "duckdb": "duckdb",
    "spark": "spark",
    "postgres": "postgres",
    "clickhouse": "clickhouse",
    "mysql": "mysql",
    "hive": "hive",
    "databricks": "databricks",
    "bigquery": "bigquery",
    "redshift": "redshift",
    "snowflake": "snowflake",
    "sqlserver": "tsql",
    "trino": "trino",
}
DIALECTS = tuple(_NAMES)
# No test runs these: their text is only parsed.
PARSED = ("databricks", "bigquery", "redshift", "snowflake", "sqlserver", "trino")
# Their words are many and differ, and a name in quotes means the same as one without.
_QUOTED = ("mysql", "databricks", "redshift", "sqlserver")


def translate(text: str, dialect: str, tables: Mapping[str, str] | None = None) -> str:
    r"""Return the query of `trustscore.export.export_sql` in the dialect of an engine.

    Parameters
    ----------
    text : str
        The query as it runs in DuckDB.
    dialect : str
        One of `DIALECTS`; ``duckdb`` needs no sqlglot.
    tables : mapping of str to str, optional
        What tables are called there, for those that are called otherwise.

    Raises
    ------
    InputError
        When the dialect is unknown, or sqlglot is not installed.

    Examples
    --------
    >>> translate("-- Generated.\nSELECT CAST(n AS DOUBLE) AS n FROM t", "bigquery")
    '-- Generated.\nSELECT\n  CAST(n AS FLOAT64) AS n\nFROM t\n'
    """
    if dialect not in DIALECTS:
        raise InputError(
            f"dialect must be one of {', '.join(DIALECTS)}. Got {dialect!r}"
            f"{suggest(dialect, DIALECTS)}"
        )
    if dialect == "duckdb" and not tables:
        return text
    try:
        import sqlglot
    except ImportError:
        raise InputError(
            f"dialect {dialect} needs sqlglot, which is not installed: run"
            " pip install sqlglot, or take the dialect duckdb"
        ) from None
    # The heading ends with the first line that is no comment: a text further down may hold "--".
    start = 0
    while text.startswith("--", start):
        start = text.index("\n", start) + 1
    tree = sqlglot.parse_one(text[start:], read="duckdb")
    _fit(tree, dialect)
    called = tables or {}
    for table in tree.find_all(sqlglot.exp.Table):
        if table.name in called:
            table.set("this", sqlglot.exp.to_identifier(called[table.name], quoted=True))
    # What the engine has no word for must not pass as a warning.
    query = tree.sql(
        _NAMES[dialect],
        pretty=True,
        identify=dialect in _QUOTED,
        unsupported_level=sqlglot.ErrorLevel.RAISE,
    )
    return text[:start] + query + "\n"


def _fit(tree: Any, dialect: str) -> None:
    """Change what a word-by-word translation would leave slow or wrong."""
    from sqlglot import exp

    for division in tree.find_all(exp.Div):
        # Both sides are doubles and no divisor is 0: nothing to cast and nothing to catch.
        division.set("typed", True)
        division.set("safe", False)
    for call in tree.find_all(exp.Greatest, exp.Least):
        # No NULL reaches them.
        call.set("ignore_nulls", False)
    if dialect == "postgres":
        # Without a barrier the planner writes each step into the next, and the text explodes.
        for step in tree.find_all(exp.CTE):
            step.set("materialized", True)
    if dialect in ("postgres", "redshift"):
        # A figure with an exponent is a decimal here.
        for figure in list(tree.find_all(exp.Literal)):
            if not figure.is_string and "e" in figure.this:
                figure.replace(exp.cast(figure.copy(), exp.DataType.Type.DOUBLE))
    if dialect == "clickhouse":
        # A DATE here begins in 1970, and an earlier day becomes a later one without a word.
        for kind in list(tree.find_all(exp.DataType)):
            if kind.is_type(exp.DataType.Type.DATE):
                kind.set("this", exp.DataType.Type.DATE32)
        # Merged into each other, the steps of the default scorecard take minutes to plan.
        merge = exp.EQ(
            this=exp.column("query_plan_merge_expressions"), expression=exp.Literal.number(0)
        )
        tree.set("settings", [merge])
    if dialect == "mysql":
        # A step that ends in LIMIT is not merged into the next; otherwise the text explodes here.
        for step in tree.find_all(exp.CTE):
            step.set("this", step.this.limit(2**63 - 1))
        _compare_exactly(tree, "utf8mb4_bin")
        # CHAR makes bytes, which no text is equal to.
        for character in tree.find_all(exp.Chr):
            character.set("charset", exp.var("utf8mb4"))
    if dialect == "sqlserver":
        _compare_exactly(tree, "Latin1_General_100_BIN2")
        # Without the N, letters that the code page of the database lacks become question marks.
        for literal in list(tree.find_all(exp.Literal)):
            if literal.is_string and not literal.this.isascii():
                literal.replace(exp.National(this=literal.this))


def _compare_exactly(tree: Any, collation: str) -> None:
    """Give the text columns of the table a collation that tells capitals and accents apart."""
    from sqlglot import exp

    for cast in list(tree.find_all(exp.Cast)):
        if cast.to.is_type(*exp.DataType.TEXT_TYPES):
            if collation.startswith("Latin1"):
                cast.set("to", exp.DataType.build("NVARCHAR(MAX)", dialect="tsql"))
            cast.replace(exp.Collate(this=cast.copy(), expression=exp.var(collation)))
