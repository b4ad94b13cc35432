"""``trustscore score``: exports in, scores out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import click
from click.core import ParameterSource

from trustscore.commands import options
from trustscore.commands.closing import close
from trustscore.commands.exit_codes import DONE, ROWS_REJECTED, STOPPED
from trustscore.commands.messages import note, say
from trustscore.commands.progress import progress_bar

EXAMPLE = """\b
Example:
  trustscore score export.csv -o scores.csv
  trustscore score day1.csv.gz day2.parquet -o scores.parquet --jobs 4
  trustscore score exports/ 'more/*.jsonl.gz' -o scores.csv
  trustscore score export.csv -o scores.csv --pseudonyms merchants.key
  zcat export.csv.gz | trustscore score - -o - --keep shop_name > scores.csv
  trustscore score --engine spark hdfs:///exports/day1 -o hdfs:///scores/day1.parquet
"""


def _existing(ctx: click.Context, param: click.Parameter, paths: tuple[str, ...]) -> Any:
    """Check the exports of the local engine; Spark looks on file systems of its own."""
    if ctx.params.get("engine") != "spark":
        for path in paths:
            options.EXPORTS.convert(path, param, ctx)
    return paths


@click.command("score", epilog=EXAMPLE)
@click.argument("exports", metavar="EXPORT...", nargs=-1, required=True, callback=_existing)
@options.output_table("the scores")
@click.option(
    "--engine",
    type=options.Choice(["local", "spark"]),
    default="local",
    show_default=True,
    is_eager=True,
    help="Engine that scores. Spark reads any Hadoop file system and writes folders of part files.",
)
@options.scorecard("to score with")
@options.jobs("blocks scored at the same time")
@options.rejects()
@options.rejects_without_raw()
@options.pseudonyms()
@options.manifest("inputs")
@click.option(
    "--contributions",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Also write the points that each signal and rule gave each merchant to FILE.",
)
@options.strict()
@options.max_rejects()
@options.allow_missing_columns()
@click.option(
    "--keep",
    type=options.NAMES,
    metavar="COL,...",
    default="",
    help="Columns of the export to copy to the output.",
)
@options.as_of(options.STAY)
@options.encoding("the exports")
@options.summary()
@options.quiet()
def command(
    exports: tuple[str, ...],
    out: str,
    engine: str,
    scorecard: str,
    jobs: int,
    rejects: str | None,
    rejects_without_raw: bool,
    pseudonyms: str | None,
    manifest: str | None,
    contributions: str | None,
    strict: bool,
    max_rejects: str | None,
    allow_missing_columns: bool,
    keep: tuple[str, ...],
    as_of: dt.date | None,
    encoding: str | None,
    summary: str | None,
    quiet: bool,
) -> int:
    """Score exports of merchants: CSV, JSON Lines, Parquet, Excel (.xlsx), or - for text.

    CSV and JSON Lines may be gzip. A folder stands for the tables in it, a pattern for the files
    that match it. Every row comes out exactly once: scored in OUT, or in the rejects with its
    line and reason. OUT is complete or absent; Spark writes a new folder. Exit codes: 0 done, 1
    the machine failed, 2 wrong use or missing columns, 3 done with rejected rows (more than
    --max-rejects), 4 stopped by --strict.
    """
    from trustscore.batch.files import StrictStop, score_files

    settings: dict[str, Any] = {
        "scorecard": scorecard,
        "rejects": rejects,
        "manifest": manifest,
        "strict": strict,
        "max_rejects": max_rejects,
        "allow_missing_columns": allow_missing_columns,
        "encoding": encoding,
        "keep": keep,
        "as_of": as_of,
    }
    if engine == "spark":
        faults = []
        if jobs != 1:
            faults.append("--jobs (the configuration of Spark decides)")
        if contributions:
            faults.append("--contributions (only the local engine writes them)")
        if pseudonyms:
            faults.append("--pseudonyms (only the local engine makes them)")
        if rejects_without_raw:
            faults.append("--rejects-without-raw (only the local engine leaves rows out)")
        source = click.get_current_context().get_parameter_source("csv_encoding")
        if source is not ParameterSource.DEFAULT:
            faults.append("--csv-encoding (Spark writes UTF-8)")
        if "-" in (*exports, out):
            faults.append("- (Spark reads and writes files only)")
        if faults:
            raise click.UsageError("--engine spark does not take " + "; ".join(faults))
    try:
        if engine == "spark":
            from trustscore.spark import score_files as score_on_spark

            report = score_on_spark(exports, out, **settings)
        else:
            with progress_bar(quiet, out) as progress:
                report = score_files(
                    exports,
                    out,
                    jobs=jobs,
                    contributions=contributions,
                    pseudonyms=pseudonyms,
                    rejects_without_raw=rejects_without_raw,
                    progress=progress,
                    **settings,
                )
    except StrictStop as stop:
        say(f"trustscore: {stop}; nothing was written (--strict)", err=True)
        return STOPPED
    if not quiet:
        for line in (*_notes(report.manifest), *_collected(report.manifest, scorecard)):
            say(line, err=True)
    rows = report.manifest["rows"]
    close(report.summary, quiet, summary, always=False)
    if rows["rejected"] and not report.rejects and not quiet and summary != "json":
        note("the rejected rows are listed nowhere: --rejects FILE lists them")
    tolerated = report.manifest["max_rejects"]
    too_many = tolerated["exceeded"] if tolerated else rows["rejected"]
    return ROWS_REJECTED if too_many else DONE


def _notes(facts: dict[str, Any]) -> Iterator[str]:
    """Yield what was decided for the user without being asked."""
    if not facts["rows"]["scored"] + facts["rows"]["rejected"]:
        yield "WARNING: there is no row below the header, so nobody was scored"
    lost = facts["unknown_previous_tier"]
    if lost:
        yield (
            f"previous_tier: {lost:,} row{'s name' if lost > 1 else ' names'} no tier of this"
            f" scorecard ({', '.join(facts['tier'])}), which counts as blank"
        )


def _collected(facts: dict[str, Any], scorecard: str) -> Iterator[str]:
    """Yield how much of the scorecard was collected, where it was not all of it."""
    if not facts["missing_columns"]:
        return
    from trustscore.scorecard import load_scorecard
    from trustscore.scoring.collected import collected_warning

    line = collected_warning(load_scorecard(scorecard), facts["missing_columns"])
    if line:
        yield line
