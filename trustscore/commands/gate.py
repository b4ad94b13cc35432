"""``trustscore gate``: fail a job whose run leaves the lines."""

from __future__ import annotations

import datetime as dt
import json

import click

from trustscore.commands import options
from trustscore.commands.closing import close
from trustscore.commands.exit_codes import DONE, LINES_CROSSED
from trustscore.commands.messages import say
from trustscore.commands.progress import progress_bar
from trustscore.commands.shown import show

EXAMPLE = """\b
Example:
  trustscore gate scores.csv --lines lines.toml
  trustscore gate export.csv --lines lines.toml --reference last_month.csv
  trustscore gate exports/ --lines lines.toml --reference last_month.csv --json > gate.json
"""


@click.command("gate", epilog=EXAMPLE)
@click.argument("runs", metavar="RUN...", nargs=-1, required=True, type=options.EXPORTS)
@click.option(
    "--lines",
    required=True,
    metavar="FILE",
    type=options.INPUT,
    help="Lines that the run must not leave, as TOML; `schema --of lines` says what may stand"
    " there.",
)
@click.option(
    "--reference",
    metavar="EXPORT|SCORES",
    type=options.EXPORTS,
    help="Export or scores of a run that was good, for lines about changes and drift.",
)
@options.scorecard("of the run and of the reference")
@options.mixes()
@options.as_of(options.STAY)
@options.allow_missing_columns()
@options.lang("the table")
@options.encoding("the inputs")
@options.as_json("the table")
@options.summary()
@options.quiet()
def command(
    runs: tuple[str, ...],
    lines: str,
    reference: str | None,
    scorecard: str,
    columns: tuple[str, ...],
    as_of: dt.date | None,
    allow_missing_columns: bool,
    lang: str,
    encoding: str | None,
    as_json: bool,
    summary: str | None,
    quiet: bool,
) -> int:
    """Fail when a run leaves the lines of a file: tiers, mean index, coverage, rejects, drift.

    RUN is an export, which is scored, or a file of scores; several are one run. The table says of
    each line where the run is, by how much it is beyond, and the standard error of that. With
    `noise = 2` in the file a line crossed by up to two standard errors is a warning. Exit codes:
    0 all lines hold or are crossed within noise, 2 wrong use or faulty lines, 5 a line fails.
    Rows with faults are the business of the line `rejects`.
    """
    from trustscore.drift.files import gate_files
    from trustscore.drift.render import render_gate
    from trustscore.drift.words import text

    with progress_bar(quiet) as progress:
        found = gate_files(
            runs,
            lines,
            reference=reference,
            scorecard=scorecard,
            columns=columns,
            as_of=as_of,
            allow_missing_columns=allow_missing_columns,
            encoding=encoding,
            progress=progress,
        )
    if as_json:
        say(json.dumps(found.facts(), ensure_ascii=False, indent=1))
    elif not quiet or found.failed:
        marks = {text("fails", lang): "red", text("warning", lang): "yellow"}
        show(render_gate(found, lang), marks=marks)
    close(found.summary, quiet, summary, lang=lang, always=False, told=True)
    return LINES_CROSSED if found.failed else DONE
