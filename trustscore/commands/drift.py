"""``trustscore drift``: whether merchants are still like those of a reference."""

from __future__ import annotations

import datetime as dt
import json

import click

from trustscore.commands import options
from trustscore.commands.closing import close
from trustscore.commands.exit_codes import DONE, ROWS_REJECTED
from trustscore.commands.messages import note, say
from trustscore.commands.progress import progress_bar
from trustscore.commands.shown import show

EXAMPLE = """\b
Example:
  trustscore drift january.csv february.csv -o drift.csv
  trustscore drift 2025/ 2026-01.parquet --columns region --json
  trustscore drift last_year.csv this_year.csv --month day
"""


@click.command("drift", epilog=EXAMPLE)
@click.argument("reference", type=options.EXPORTS)
@click.argument("current", type=options.EXPORTS)
@options.output_table("a line for each signal, mix and month", required=False)
@options.scorecard("of both exports")
@options.mixes()
@click.option(
    "--month",
    metavar="COL",
    help="Column of months or days; CURRENT is compared month by month. [default: month, where it"
    " is there]",
)
@options.as_of(options.STAY)
@options.allow_missing_columns()
@options.lang("the summary")
@options.encoding("the inputs")
@options.as_json("the summary")
@options.summary()
@options.quiet()
def command(
    reference: str,
    current: str,
    out: str | None,
    scorecard: str,
    columns: tuple[str, ...],
    month: str | None,
    as_of: dt.date | None,
    allow_missing_columns: bool,
    lang: str,
    encoding: str | None,
    as_json: bool,
    summary: str | None,
    quiet: bool,
) -> int:
    """Say whether the merchants of CURRENT are still like those of REFERENCE.

    For each signal the distributions of its figures are compared, with unknown figures as a bin of
    their own: population stability index (PSI) and what it is by chance, the chance of such a
    difference without drift, corrected for the number of looks, Jensen-Shannon distance, the
    distance of the utilities, and by how many points the signal moves the mean index. The mixes of
    categories, shop types, tiers and statuses are compared as well.
    """
    from trustscore.drift.files import drift_files
    from trustscore.drift.render import render_drift

    with progress_bar(quiet, out) as progress:
        found = drift_files(
            reference,
            current,
            out,
            scorecard=scorecard,
            columns=columns,
            month=month,
            as_of=as_of,
            allow_missing_columns=allow_missing_columns,
            encoding=encoding,
            progress=progress,
        )
    # Where the table goes to standard output, what is said goes beside it.
    aside = out == "-"
    if as_json:
        say(json.dumps(found.facts(), ensure_ascii=False, indent=1), err=aside)
    elif not quiet:
        show(render_drift(found, lang), err=aside)
    rejected = {reference: found.reference.rejected, current: found.current.rejected}
    for side, count in rejected.items():
        if count and not quiet:
            note(f"{count:,} rows of {side} have faults and were left out; see `check`")
    close(found.summary, quiet, summary, lang=lang, always=False, told=True)
    return ROWS_REJECTED if any(rejected.values()) else DONE
