"""``trustscore signals``: event logs in, the export of merchants out."""

from __future__ import annotations

import datetime as dt
import sys

import click

from trustscore.commands import options
from trustscore.commands.exit_codes import DONE, ROWS_REJECTED, STOPPED
from trustscore.commands.messages import say
from trustscore.commands.progress import is_terminal, progress_bar

EXAMPLE = """\b
Example:
  trustscore signals logs/ -o export.csv --as-of 2026-02-01
  trustscore signals dump/ -o export.parquet --as-of 2026-02-01 --mapping shop.toml --work store/
"""


@click.command("signals", epilog=EXAMPLE)
@click.argument("logs", metavar="LOGS", type=click.Path(exists=True, file_okay=False))
@options.output_table("the export")
@click.option(
    "--as-of",
    type=options.DAY,
    metavar="DATE",
    required=True,
    help="Day of the export. Nothing that happened on it or later is counted.",
)
@click.option(
    "--tz",
    metavar="ZONE",
    help="Zone of the market, such as Asia/Shanghai: days begin there, and times without an offset"
    " are its wall clock. [default: that of the definitions]",
)
@click.option(
    "--mapping",
    metavar="FILE",
    type=options.INPUT,
    help="How the files, columns and words of LOGS are called.",
)
@click.option(
    "--definitions",
    default="default",
    show_default=True,
    metavar="NAME|FILE",
    help="Definitions of the columns: the name of a preset, or a file.",
)
@click.option(
    "--scorecard",
    metavar="NAME|FILE",
    help="Write only the columns that this scorecard reads, in its order.",
)
@click.option(
    "--work",
    metavar="DIR",
    type=click.Path(file_okay=False),
    help="Keep what was read in DIR, so that the next run reads new and changed files only.",
)
@click.option(
    "--pepper",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Secret under which ids of people become pseudonyms; made if it is not there. [default:"
    " DIR/pepper, or a new one for each run]",
)
@click.option(
    "--memory", metavar="SIZE", help="Most memory of the queries, such as 4GB; the rest spills."
)
@click.option(
    "--jobs",
    default=1,
    show_default=True,
    type=click.IntRange(1, 256),
    help="Number of threads of the queries. The output does not depend on it.",
)
@click.option("--strict", is_flag=True, help="Stop at the first faulty row and leave no output.")
@click.option(
    "--rejects",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Write rejected rows to FILE. [default: OUT.rejects.csv, when there are any]",
)
@click.option(
    "--manifest",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Write logs, versions and counts of the run to FILE. [default: OUT.manifest.json]",
)
@click.option(
    "--allow-short-logs",
    is_flag=True,
    help="Also count over windows that begin before a log does, and logs that ended long ago.",
)
@click.option("--include-removed", is_flag=True, help="Also write removed merchants.")
@options.quiet()
def command(
    logs: str,
    out: str,
    as_of: dt.date,
    tz: str | None,
    mapping: str | None,
    definitions: str,
    scorecard: str | None,
    work: str | None,
    pepper: str | None,
    memory: str | None,
    jobs: int,
    strict: bool,
    rejects: str | None,
    manifest: str | None,
    allow_short_logs: bool,
    include_removed: bool,
    quiet: bool,
) -> int:
    """Turn the event logs of a marketplace into the export that `trustscore score` reads.

    LOGS is a folder with any of 24 logs, as CSV (plain or gzip) or Parquet, or folders of such
    files: orders, shipments, reviews and so on. Columns whose logs are not there are not written,
    and the manifest says why. OUT is complete or absent. Exit codes: 0 done, 1 the machine
    failed, 2 wrong use or unusable logs, 3 done with rejected rows, 4 stopped by --strict.
    """
    from trustscore.signals.files import LogStop, write_signals

    try:
        with progress_bar(quiet, out) as progress:
            report = write_signals(
                logs,
                out,
                as_of=as_of,
                definitions=definitions,
                tz=tz,
                mapping=mapping,
                scorecard=scorecard,
                work=work,
                pepper=pepper,
                memory=memory,
                jobs=jobs,
                strict=strict,
                rejects=rejects,
                manifest=manifest,
                allow_short_logs=allow_short_logs,
                include_removed=include_removed,
                progress=progress,
            )
    except LogStop as stop:
        say(f"trustscore: {stop}; nothing was written (--strict)", err=True)
        return STOPPED
    facts = report.manifest
    rejected = facts["rows"]["rejected"]
    if not quiet:
        for warning in facts["warnings"]:
            say(f"WARNING: {warning}", err=True)
        if rejected or is_terminal(sys.stderr):
            where = f", see {report.rejects}" if report.rejects else ""
            missing = len(facts["missing_columns"])
            say(
                f"{facts['merchants']:,} merchants, {len(facts['columns'])} columns written and"
                f" {missing} not collected; {facts['rows']['read']:,} rows read, {rejected:,}"
                f" rejected{where} ({facts['seconds']:.1f} s)",
                err=True,
            )
    return ROWS_REJECTED if rejected else DONE
