"""``trustscore simulate``: an export or the logs of a made-up marketplace, with its truth."""

from __future__ import annotations

import click

from trustscore.commands import options
from trustscore.commands.closing import close
from trustscore.commands.progress import progress_bar
from trustscore.run_summary import Breakdown, RunSummary, most_first

EXAMPLE = """\b
Example:
  trustscore simulate --merchants 500 --seed 7 -o export.csv
  trustscore simulate --merchants 60 --days 200 --seed 7 --logs logs/
"""


@click.command("simulate", epilog=EXAMPLE)
@click.option(
    "--merchants", type=click.IntRange(min=1), required=True, help="Number of merchants to make up."
)
@options.seed("the market")
@options.output_table("the export", required=False)
@click.option(
    "--logs",
    metavar="DIR",
    type=click.Path(file_okay=False),
    help="Write event logs to the new folder DIR instead, and their truth to DIR/truth.",
)
@click.option(
    "--days",
    type=click.IntRange(min=1, max=3650),
    help="Days of the logs, up to 2026-01-01, the day of the export. [default: 480]",
)
@click.option("--csv", is_flag=True, help="Write logs as CSV instead of Parquet.")
@click.option(
    "--decoys",
    metavar="NAMES",
    type=options.NAMES,
    help="Events in the logs that must not count as they look, such as gift,withdrawn; or none."
    " [default: all]",
)
@options.scorecard("whose columns to make up, not with --logs", default=None)
@click.option(
    "--truth",
    metavar="FILE",
    help="Write the truth to FILE. [default: OUT.truth.csv; none when OUT is -]",
)
@click.option(
    "--dirty",
    is_flag=True,
    help="Write cells as careless exports do: one row in fifty or so must then be rejected. Logs"
    " are CSV then, and DIR/truth/dirt.csv says what must become of each row.",
)
@options.summary()
@options.quiet()
def command(
    merchants: int,
    seed: int,
    out: str | None,
    logs: str | None,
    days: int | None,
    csv: bool,
    decoys: tuple[str, ...] | None,
    scorecard: str | None,
    truth: str | None,
    dirty: bool,
    summary: str | None,
    quiet: bool,
) -> None:
    """Make up the export, or the event logs, of a marketplace whose truth is known.

    Merchants have a latent quality that shows in all their signals, volumes from 3 to 10,000
    orders in 30 days, categories and shop types. Some are new, some have no live room, and about
    3 % are bad actors. The truth file names each merchant's kind, its true index and the true
    utility (0 to 1) of each dimension. Logs are drawn from the same merchants: `trustscore
    signals` makes their export.
    """
    if (out is None) == (logs is None):
        raise click.UsageError("give -o for the file of an export, or --logs for a folder of logs")
    if logs is not None:
        if scorecard is not None or truth is not None:
            raise click.UsageError("--scorecard and --truth are options of -o, not of --logs")
        from trustscore.simulate.logs.files import write_logs

        with progress_bar(quiet) as progress:
            rows = write_logs(
                logs,
                merchants,
                days or 480,
                seed,
                decoys=decoys,
                csv=csv,
                dirty=dirty,
                progress=progress,
            )
        counts = {"merchants": merchants, "logs": len(rows), "log_rows": sum(rows.values())}
        tables = (Breakdown("log", most_first(rows), counts["log_rows"]),)
        close(RunSummary("simulate", counts, tables), quiet, summary, always=False)
        return
    if csv or decoys is not None or days is not None:
        raise click.UsageError("--days, --csv and --decoys are options of --logs, not of -o")
    assert out is not None
    from trustscore.simulate.files import write_market

    with progress_bar(quiet, out) as progress:
        write_market(out, merchants, seed, scorecard or "default", dirty, truth, progress=progress)
    files = tuple(path for path in (out, truth) if path not in (None, "-"))
    done = RunSummary("simulate", {"merchants": merchants}, files=files)
    close(done, quiet, summary, always=False)
