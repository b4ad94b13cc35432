"""``trustscore score``: exports in, scores out."""

from __future__ import annotations

import datetime as dt
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

EXAMPLE = """\b
Example:
  trustscore score export.csv -o scores.csv
  trustscore score day1.csv.gz day2.parquet -o scores.parquet --jobs 4
  zcat export.csv.gz | trustscore score - -o - --keep shop_name > scores.csv
  trustscore score --engine spark hdfs:///exports/day1 -o hdfs:///scores/day1.parquet
"""

_EXISTING = click.Path(exists=True, dir_okay=False, allow_dash=True)


def _existing(ctx: click.Context, param: click.Parameter, paths: tuple[str, ...]) -> Any:
    """Check the exports of the local engine; Spark looks on file systems of its own."""
    if ctx.params.get("engine") != "spark":
        for path in paths:
            _EXISTING.convert(path, param, ctx)
    return paths


REJECTED, STOPPED = 3, 4


@click.command("score", epilog=EXAMPLE)
@click.argument(
    "exports",
    metavar="EXPORT...",
    nargs=-1,
    required=True,
    callback=_existing,
)
@click.option(
    "-o",
    "--output",
    "out",
    required=True,
    metavar="OUT",
    type=click.Path(dir_okay=False, allow_dash=True),
    help="Scores: .csv, .csv.gz or .parquet, or - for CSV on standard output.",
)
@click.option(
    "--engine",
    type=click.Choice(["local", "spark"]),
    default="local",
    show_default=True,
    is_eager=True,
    help="Where to run: Spark reads any Hadoop file system and writes folders of part files.",
)
@click.option(
    "--scorecard",
    default="default",
    show_default=True,
    metavar="NAME|FILE",
    help="What to score by.",
)
@click.option(
    "--jobs", default=1, show_default=True, type=click.IntRange(1, 256), help="Worker processes."
)
@click.option(
    "--rejects",
    type=click.Path(dir_okay=False),
    help="Rejected rows. [default: OUT.rejects.csv, when there are any]",
)
@click.option(
    "--manifest",
    type=click.Path(dir_okay=False),
    help="What was done. [default: OUT.manifest.json]",
)
@click.option(
    "--contributions",
    type=click.Path(dir_okay=False),
    help="Also write what each signal and rule gave each merchant.",
)
@click.option("--strict", is_flag=True, help="Stop at the first fault and leave no output.")
@click.option(
    "--allow-missing-columns",
    is_flag=True,
    help="Columns that are not there were not collected: their signals do not apply.",
)
@click.option("--encoding", help="Encoding of the exports, when it is not found out.")
@click.option(
    "--keep", metavar="COL,...", default="", help="Columns of the export to pass through."
)
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="Day of the review, for the minimum stay in a tier.",
)
@click.option("--quiet", is_flag=True, help="No progress and no closing line.")
def command(
    exports: tuple[str, ...],
    out: str,
    engine: str,
    scorecard: str,
    jobs: int,
    rejects: str | None,
    manifest: str | None,
    contributions: str | None,
    strict: bool,
    allow_missing_columns: bool,
    encoding: str | None,
    keep: str,
    as_of: dt.datetime | None,
    quiet: bool,
) -> int:
    """Score exports of merchants: CSV, gzip CSV or Parquet, or - for standard input.

    Every row comes out exactly once: scored in OUT, or in the rejects with its line and
    reason. OUT is complete or absent; Spark writes a new folder. Exit codes: 0 done, 1 the
    machine failed, 2 wrong use or missing columns, 3 done with rejected rows, 4 stopped by
    --strict.
    """
    from trustscore.batch.files import StrictStop, score_files

    options: dict[str, Any] = {
        "scorecard": scorecard,
        "rejects": rejects,
        "manifest": manifest,
        "strict": strict,
        "allow_missing_columns": allow_missing_columns,
        "encoding": encoding,
        "keep": [name.strip() for name in keep.split(",") if name.strip()],
        "as_of": as_of.date() if as_of else None,
    }
    if engine == "spark":
        faults = [] if jobs == 1 else ["--jobs: the configuration of Spark decides"]
        faults += ["--contributions: use the local engine"] if contributions else []
        faults += ["-: Spark reads and writes files only"] if "-" in (*exports, out) else []
        if faults:
            raise click.UsageError("not with --engine spark: " + "; ".join(faults))
    # A polite end is an interrupt: the temporary files go.
    ends = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    # One that is ignored, as under nohup, stays so.
    before = {
        end: signal.signal(end, _interrupt)
        for end in ends
        if signal.getsignal(end) != signal.SIG_IGN
    }
    try:
        if engine == "spark":
            from trustscore.spark import score_files as score_on_spark

            report = score_on_spark(exports, out, **options)
        else:
            with _progress(exports, quiet) as progress:
                report = score_files(
                    exports,
                    out,
                    jobs=jobs,
                    contributions=contributions,
                    progress=progress.show,
                    **options,
                )
    except StrictStop as stop:
        click.echo(f"trustscore: {stop}; nothing was written (--strict)", err=True)
        return STOPPED
    finally:
        for end, handler in before.items():
            signal.signal(end, handler)
    if not quiet:
        for line in (*_notes(report.manifest, encoding), *_collected(report.manifest, scorecard)):
            click.echo(line, err=True)
    rows = report.manifest["rows"]
    if not quiet and (rows["rejected"] or sys.stderr.isatty()):
        where = f", see {report.rejects}" if report.rejects else ""
        if rows["rejected"] and not report.rejects:
            where = " and listed nowhere: --rejects FILE lists them"
        click.echo(
            f"{rows['scored']:,} rows scored, {rows['rejected']:,} rejected{where}"
            f"{_most_often(report)} ({report.manifest['seconds']:.1f} s)",
            err=True,
        )
    return REJECTED if rows["rejected"] else 0


def _notes(facts: dict[str, Any], encoding: str | None) -> Iterator[str]:
    """Yield what was decided for the user without being asked."""
    for file in facts["inputs"]:
        if encoding is None and file["encoding"] in ("gb18030", "cp1252"):
            yield (
                f"{file['path']}: is not UTF-8 and was read as {file['encoding']};"
                " --encoding says otherwise"
            )
    lost = facts["unknown_previous_tier"]
    if lost:
        yield (
            f"previous_tier: {lost:,} row{'s name' if lost > 1 else ' names'} no tier of this"
            f" scorecard ({', '.join(facts['tier'])}), which counts as blank"
        )


def _most_often(report: Any) -> str:
    """Return the reason of most rejects."""
    reasons = report.manifest["rejected"]
    if not reasons:
        return ""
    top = max(reasons, key=reasons.get)
    return f"; {'all' if len(reasons) == 1 else 'most often'} {top}"


def _collected(facts: dict[str, Any], scorecard: str) -> Iterator[str]:
    """Yield how much of the scorecard was collected, where it was not all of it."""
    if not facts["missing_columns"]:
        return
    from trustscore.scorecard import load_scorecard
    from trustscore.scoring.program import program_of

    card, missing = load_scorecard(scorecard), frozenset(facts["missing_columns"])
    share = float(program_of(card).collected_share(missing)[0])
    signals = sum(not missing.intersection(signal.columns) for signal in card.signals)
    if signals == len(card.signals):
        return
    line = (
        f"WARNING: {signals} of {len(card.signals)} signals were collected, {share:.0%} of the"
        f" weight of scorecard {card.name}; the index judges by these alone"
    )
    if share < card.status.low_coverage:
        line += ", and no merchant is formal: that takes coverage of "
        line += f"{card.status.low_coverage:.0%} of the whole scorecard"
    yield line


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


class _Silent:
    """No progress."""

    def __enter__(self) -> _Silent:
        return self

    def __exit__(self, *_: Any) -> None:
        return None

    def show(self, done: int, rows: int) -> None:
        """Take note of a block."""


class _Bar(_Silent):
    """A line on the terminal: share read, rows, rows a second, time left."""

    def __init__(self, size: int | None) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        # Drawn when a block is done: a thread of its own would be in the way of forking.
        self._bar = Progress(
            TextColumn("scoring"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%" if size else "{task.completed:,.0f} bytes"),
            TextColumn("{task.fields[rows]:,} rows, {task.fields[rate]:,.0f} rows/s"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
            auto_refresh=False,
        )
        self._task = self._bar.add_task("scoring", total=size, rows=0, rate=0.0)
        self._drawn = 0.0

    def __enter__(self) -> _Bar:
        self._bar.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._bar.stop()

    def show(self, done: int, rows: int) -> None:
        """Draw the line, at most five times a second."""
        task = self._bar.tasks[0]
        elapsed = task.elapsed or 0.0
        self._bar.update(
            self._task, completed=done, rows=rows, rate=rows / elapsed if elapsed else 0.0
        )
        if elapsed - self._drawn > 0.2:
            self._drawn = elapsed
            self._bar.refresh()


def _progress(exports: tuple[str, ...], quiet: bool) -> _Silent:
    if quiet or not sys.stderr.isatty():
        return _Silent()
    known = all(Path(path).is_file() for path in exports)
    return _Bar(sum(Path(path).stat().st_size for path in exports) if known else None)
