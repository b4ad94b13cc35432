"""An exported query in the words of other engines, by sqlglot."""

from __future__ import annotations

from typing import Any

from trustscore.errors import InputError
from trustscore.scorecard.faults import suggest

__all__ = ["DIALECTS", "translate"]

DIALECTS = ("duckdb", "spark", "postgres", "bigquery", "clickhouse", "hive", "trino")


def translate(text: str, dialect: str) -> str:
    r"""Return the query of `trustscore.export.export_sql` in the dialect of an engine.

    Parameters
    ----------
    text : str
        The query as it runs in DuckDB.
    dialect : str
        One of `DIALECTS`; ``duckdb`` needs no sqlglot.

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
    if dialect == "duckdb":
        return text
    try:
        import sqlglot
    except ImportError:
        raise InputError(
            f"dialect {dialect} needs sqlglot, which is not installed: run"
            " pip install 'trustscore[sql]', or take the dialect duckdb"
        ) from None
    lines = text.splitlines(keepends=True)
    head = [line for line in lines if line.startswith("--")]
    tree = sqlglot.parse_one("".join(lines[len(head) :]), read="duckdb")
    _fit(tree, dialect)
    # What the engine has no word for must not pass as a warning.
    query = tree.sql(dialect, pretty=True, unsupported_level=sqlglot.ErrorLevel.RAISE)
    return "".join(head) + query + "\n"


def _fit(tree: Any, dialect: str) -> None:
    """Change what a word-by-word translation would leave slow or wrong."""
    from sqlglot import exp

    for division in tree.find_all(exp.Div):
        # Both sides are doubles and no divisor is 0: nothing to cast and nothing to catch.
        division.set("typed", True)
        division.set("safe", False)
    if dialect == "postgres":
        # Without a barrier the planner writes each step into the next, and the text explodes.
        for step in tree.find_all(exp.CTE):
            step.set("materialized", True)
        # A figure with an exponent is a decimal here.
        for figure in list(tree.find_all(exp.Literal)):
            if not figure.is_string and "e" in figure.this:
                figure.replace(exp.cast(figure.copy(), exp.DataType.Type.DOUBLE))
    if dialect == "clickhouse":
        # Its LOWER leaves all letters but a to z as they are.
        for lower in list(tree.find_all(exp.Lower)):
            lower.replace(exp.Anonymous(this="lowerUTF8", expressions=[lower.this]))
