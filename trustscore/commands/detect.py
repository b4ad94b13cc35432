"""``trustscore detect``: event logs in, suspicions for the log `findings` out."""

from __future__ import annotations

import datetime as dt

import click

from trustscore.commands import options
from trustscore.commands.closing import close
from trustscore.commands.exit_codes import DONE, ROWS_REJECTED, STOPPED
from trustscore.commands.messages import say
from trustscore.commands.progress import progress_bar

EXAMPLE = """\b
Example:
  trustscore detect votes logs/ --as-of 2026-02-01 -o votes.parquet --queue votes_queue.csv
  mkdir -p logs/findings && mv votes.parquet logs/findings/
  trustscore signals logs/ --as-of 2026-02-01 -o export.csv
"""


class _Command(click.Command):
    """A command whose help lists the detectors, which stand in a registry."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the detectors before the example."""
        from trustscore.detect.registry import DETECTORS

        with formatter.section("Detectors"):
            formatter.write_dl(
                [
                    (name, f"{detector.meaning}. Needs {detector.needs}.")
                    for name, detector in DETECTORS.items()
                ]
            )
        super().format_epilog(ctx, formatter)


@click.command("detect", cls=_Command, epilog=EXAMPLE)
@click.argument("name", metavar="NAME")
@click.argument("logs", metavar="LOGS", type=click.Path(exists=True, file_okay=False))
@options.output_table("the findings")
@options.as_of(
    "Day of the findings, always to be given. Nothing that happened on it or later is known."
)
@click.option(
    "--queue",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Also write what people should look at, most likely first: .csv, .csv.gz, .parquet or"
    " .xlsx.",
)
@click.option(
    "--settings",
    default="default",
    show_default=True,
    metavar="NAME|FILE",
    help="Settings of the detectors: the preset, or a file of what differs from it.",
)
@click.option(
    "--truth",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False),
    help="Also print precision, recall and the share of honest ones found, against the truth files"
    " of DIR, such as `trustscore simulate --logs` writes.",
)
@click.option(
    "--brands",
    metavar="FILE",
    type=options.INPUT,
    help="Brands that `counterfeit` looks for: names, merchants that may sell them, prices and"
    " pictures, as TOML, JSON or CSV.",
)
@click.option(
    "--budget",
    metavar="N",
    type=click.IntRange(1, 1_000_000),
    help="Orders that `inspections` plans.",
)
@options.seed("the draw of `inspections`", default=None)
@options.tz()
@options.mapping()
@options.definitions("whose zone and currency are those of the market")
@options.lexicon()
@options.work()
@options.pepper()
@options.memory()
@options.jobs("threads of the queries")
@options.strict()
@options.rejects()
@options.manifest("logs")
@options.allow_short_logs()
@options.summary()
@options.quiet()
def command(
    name: str,
    logs: str,
    out: str,
    as_of: dt.date | None,
    queue: str | None,
    settings: str,
    truth: str | None,
    brands: str | None,
    budget: int | None,
    seed: int | None,
    tz: str | None,
    mapping: str | None,
    definitions: str,
    lexicon: str | None,
    work: str | None,
    pepper: str | None,
    memory: str | None,
    jobs: int,
    strict: bool,
    rejects: str | None,
    manifest: str | None,
    allow_short_logs: bool,
    summary: str | None,
    quiet: bool,
) -> int:
    """Find in event logs what should count against merchants only after a second look.

    NAME is a detector, LOGS a folder as `trustscore signals` reads it. OUT is a file of the log
    findings: put it into LOGS/findings and run `trustscore signals` again. A suspicion counts from
    the score on that [policy] of the definitions names; what a person confirmed or cleared always
    comes before it. Exit codes: 0 done, 1 the machine failed, 2 wrong use or unusable logs, 3 done
    with rejected rows, 4 stopped by --strict.
    """
    from trustscore.detect.files import write_findings
    from trustscore.detect.truth import truth_lines
    from trustscore.signals.files import LogStop

    if as_of is None:
        raise click.UsageError("--as-of is missing: the findings of which day?")
    try:
        with progress_bar(quiet, out) as progress:
            report = write_findings(
                name,
                logs,
                out,
                as_of=as_of,
                queue=queue,
                settings=settings,
                definitions=definitions,
                lexicon=lexicon,
                tz=tz,
                mapping=mapping,
                work=work,
                pepper=pepper,
                memory=memory,
                jobs=jobs,
                strict=strict,
                rejects=rejects,
                manifest=manifest,
                allow_short_logs=allow_short_logs,
                truth=truth,
                brands=brands,
                budget=budget,
                seed=seed,
                progress=progress,
            )
    except LogStop as stop:
        say(f"trustscore: {stop}; nothing was written (--strict)", err=True)
        return STOPPED
    facts = report.manifest
    for line in (*truth_lines(report.truth), *report.said):
        # Findings on standard output stay a table.
        say(line, err=out == "-")
    for warning in () if quiet else facts["warnings"]:
        say(f"WARNING: {warning}", err=True)
    close(report.summary, quiet, summary, always=False)
    return ROWS_REJECTED if facts["rows"]["rejected"] else DONE
