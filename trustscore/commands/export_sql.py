"""``trustscore export sql``: a scorecard as one SELECT, and rows to verify it by."""

from __future__ import annotations

import datetime as dt

import click

EXAMPLE = """\b
Example:
  trustscore export sql --dialect postgres --table shop.merchants -o scores.sql
  trustscore export sql --dialect spark --table probe --test-frame probe -o probe.sql
"""


def _names(_: click.Context, __: click.Parameter, value: str) -> list[str]:
    return [name.strip() for name in value.split(",") if name.strip()]


@click.command("sql", epilog=EXAMPLE)
@click.option(
    "--scorecard", default="default", show_default=True, metavar="NAME|FILE", help="Scorecard."
)
@click.option(
    "--policy", default="boost", show_default=True, metavar="NAME|FILE", help="Boost policy."
)
@click.option(
    "--dialect",
    required=True,
    metavar="NAME",
    help="duckdb, spark, postgres, clickhouse, mysql or hive, whose text the tests run; databricks,"
    " bigquery, redshift, snowflake, sqlserver or trino, whose text they only parse.",
)
@click.option(
    "--table",
    default="merchants",
    show_default=True,
    metavar="NAME",
    help="Table to score, with its schema if need be, spelled as the engine keeps it.",
)
@click.option(
    "--side",
    default="category,shop_type",
    show_default=True,
    metavar="COL,...",
    callback=_names,
    help="Optional columns that the table has; read where scorecard or policy has a use for them.",
)
@click.option(
    "--missing",
    default="",
    metavar="COL,...",
    callback=_names,
    help="Columns of the scorecard that the table lacks: signals that need them do not apply.",
)
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="Day of the review, for the minimum stay in a tier (with the side column tier_since).",
)
@click.option(
    "--test-frame",
    metavar="DIR",
    type=click.Path(file_okay=False),
    help="Also write made-up merchants, the scores they must get, and how to compare.",
)
@click.option(
    "-o",
    "--output",
    "out",
    default="-",
    metavar="FILE",
    type=click.Path(dir_okay=False, allow_dash=True),
    help="Where the query goes. [default: standard output]",
)
def command(
    scorecard: str,
    policy: str,
    dialect: str,
    table: str,
    side: list[str],
    missing: list[str],
    as_of: dt.datetime | None,
    test_frame: str | None,
    out: str,
) -> None:
    """Print a scorecard as one SELECT that scores every row of a table.

    The columns are merchant_id, the index with its bounds, each dimension, coverage, status,
    rules, veto, tier and trust_boost, equal to `trustscore score`. The table is taken as already
    checked: numbers within their ranges, NULL for blanks, one row a merchant.
    """
    from trustscore.export import export_sql
    from trustscore.export.sql.dialects import translate
    from trustscore.io.atomic_files import AtomicFile
    from trustscore.io.refuse_overwrite import refuse_inputs

    refuse_inputs([out], [scorecard, policy])
    day = as_of.date() if as_of else None
    query = export_sql(scorecard, table, policy, side=side, missing=missing, as_of=day)
    translated = translate(query, dialect)
    if test_frame is not None:
        from trustscore.export.sql.files import write_probe

        write_probe(test_frame, scorecard, policy, table, side=side, missing=missing, as_of=day)
    with AtomicFile(out) as file:
        file.write(translated.encode())
        file.commit()
