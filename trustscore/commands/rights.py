"""``trustscore rights``: a review of what merchants may do."""

from __future__ import annotations

import datetime as dt

import click

from trustscore.commands import options
from trustscore.commands.closing import close
from trustscore.commands.messages import note
from trustscore.commands.progress import progress_bar

EXAMPLE = """\b
Example:
  trustscore rights scores.csv --previous rights-may.csv --as-of 2026-06-01 -o rights-june.csv
  trustscore rights scores.csv --previous old-scores.csv --export export.csv -o rights.csv
"""


@click.command("rights", epilog=EXAMPLE)
@click.argument("scores", type=options.INPUT_OR_DASH)
@click.option(
    "--previous",
    required=True,
    metavar="OLD",
    type=options.INPUT,
    help="Last review, or the scores that the present tiers come from. A file with a header alone"
    " says that no merchant has a tier yet.",
)
@options.output_table("the review")
@options.scorecard("whose tier ladder applies")
@click.option(
    "--export",
    multiple=True,
    metavar="EXPORT",
    type=options.EXPORTS,
    help="Export that was scored. Adds what each merchant needs for the next tier. May be given"
    " several times.",
)
@options.as_of("Day of the review. [default: today, UTC]")
@click.option(
    "--notice",
    default=7,
    show_default=True,
    metavar="DAYS",
    type=click.IntRange(0, 365),
    help="Days between the announcement of a lower tier and its effect. A veto takes effect at"
    " once.",
)
@options.lang("the column detail")
@options.allow_missing_columns()
@options.encoding("the inputs")
@options.summary()
@options.quiet()
def command(
    scores: str,
    previous: str,
    out: str,
    scorecard: str,
    export: tuple[str, ...],
    as_of: dt.date | None,
    notice: int,
    lang: str,
    allow_missing_columns: bool,
    encoding: str | None,
    summary: str | None,
    quiet: bool,
) -> None:
    """Review the operating rights of the merchants in SCORES, by the ladder of their scorecard.

    OUT holds for each merchant the old and the new tier, the rights gained and lost and from
    which day, the reason, and the state that the next review reads as --previous. A higher tier
    and a veto take effect at once, a lower tier after the notice. Merchants of OLD that SCORES
    does not have keep their tier.
    """
    from trustscore.rights.files import rights_files

    day = as_of or dt.datetime.now(dt.UTC).date()
    with progress_bar(quiet, out) as progress:
        done = rights_files(
            scores,
            out,
            previous=previous,
            as_of=day,
            scorecard=scorecard,
            export=export or None,
            notice_days=notice,
            allow_missing_columns=allow_missing_columns,
            lang=lang,
            encoding=encoding,
            progress=progress,
        )
    if quiet:
        return
    if done.absent:
        note(f"{done.absent:,} merchants of {previous} are not in {scores}; they keep their tier")
    if done.not_scored:
        note(f"{done.not_scored:,} merchants have no index; they keep their tier")
    if done.unplanned:
        note(
            f"{done.unplanned:,} merchants are not in the export, or have faults there; they get"
            " no plan"
        )
    if done.differ:
        note(
            f"the export gives {done.differ:,} merchants another index than {scores}: is it the"
            " export that was scored?"
        )
    close(done.summary, quiet, summary, lang=lang)
