"""``trustscore export sql``: a scorecard as one SELECT, and rows to verify it by."""

from __future__ import annotations

import datetime as dt

import click

from trustscore.commands import options
from trustscore.commands.closing import close
from trustscore.commands.progress import progress_bar
from trustscore.run_summary import RunSummary

EXAMPLE = """\b
Example:
  trustscore export sql --dialect postgres --table shop.merchants -o scores.sql
  trustscore export sql --dialect spark --table probe --test-frame probe -o probe.sql
"""


@click.command("sql", epilog=EXAMPLE)
@options.scorecard("to translate")
@options.policy("whose trust_boost the query computes")
@click.option(
    "--dialect",
    required=True,
    metavar="NAME",
    help="SQL dialect. The tests run duckdb, spark, postgres, clickhouse, mysql and hive; they only"
    " parse databricks, bigquery, redshift, snowflake, sqlserver and trino.",
)
@click.option(
    "--table",
    default="merchants",
    show_default=True,
    metavar="NAME",
    help="Table to score, with its schema if need be, spelled as the engine stores it.",
)
@click.option(
    "--side",
    type=options.NAMES,
    default="category,shop_type",
    show_default=True,
    metavar="COL,...",
    help="Optional columns that the table has. The query reads those that scorecard or policy use.",
)
@click.option(
    "--missing",
    type=options.NAMES,
    default="",
    metavar="COL,...",
    help="Columns of the scorecard that the table lacks. Signals that read them do not apply.",
)
@options.as_of(f"{options.STAY} Needs the side column tier_since.")
@click.option(
    "--test-frame",
    metavar="DIR",
    type=click.Path(file_okay=False),
    help="Also write made-up merchants, the scores they must get, and how to compare, to the new"
    " folder DIR.",
)
@options.output_file("Write the query to OUT, or to standard output (-).", default="-")
@options.summary()
@options.quiet()
def command(
    scorecard: str,
    policy: str,
    dialect: str,
    table: str,
    side: tuple[str, ...],
    missing: tuple[str, ...],
    as_of: dt.date | None,
    test_frame: str | None,
    out: str,
    summary: str | None,
    quiet: bool,
) -> None:
    """Translate a scorecard into one SELECT that scores every row of a table.

    The columns are merchant_id, the index with its bounds, each dimension, coverage, status,
    rules, veto, tier and trust_boost, with the values of `trustscore score`. The query does not
    check the table: numbers must be within their ranges, blanks NULL, and each merchant one row.
    """
    from trustscore.export import export_sql
    from trustscore.export.sql.dialects import translate
    from trustscore.io.atomic_files import AtomicFile
    from trustscore.io.refuse_overwrite import refuse_inputs
    from trustscore.scorecard import load_scorecard

    refuse_inputs([out], [scorecard, policy])
    query = export_sql(scorecard, table, policy, side=side, missing=missing, as_of=as_of)
    translated = translate(query, dialect)
    if test_frame is not None:
        from trustscore.export.sql.files import write_probe

        with progress_bar(quiet) as progress:
            write_probe(
                test_frame,
                scorecard,
                policy,
                table,
                side=side,
                missing=missing,
                as_of=as_of,
                progress=progress,
            )
    with AtomicFile(out) as file:
        file.write(translated.encode())
        file.commit()
    card = load_scorecard(scorecard)
    counts = {"signals": len(card.signals), "rules": len(card.rules)}
    files = tuple(path for path in (out, test_frame) if path not in (None, "-"))
    close(RunSummary("export sql", counts, files=files), quiet, summary, always=False)
