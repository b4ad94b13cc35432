"""``trustscore rights``: a review of what merchants may do."""

from __future__ import annotations

import datetime as dt

import click

from trustscore.words import LANGUAGES

EXAMPLE = """\b
Example:
  trustscore rights scores.csv --previous rights-may.csv --as-of 2026-06-01 -o rights-june.csv
  trustscore rights scores.csv --previous old-scores.csv --export export.csv -o rights.csv
"""


@click.command("rights", epilog=EXAMPLE)
@click.argument("scores", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option(
    "--previous",
    required=True,
    metavar="OLD",
    type=click.Path(exists=True, dir_okay=False),
    help="The last review, or the scores that the present tiers come from; a header alone, where"
    " nobody has a tier yet.",
)
@click.option(
    "-o",
    "--output",
    "out",
    required=True,
    metavar="OUT",
    type=click.Path(dir_okay=False, allow_dash=True),
    help="Review: .csv, .csv.gz or .parquet, or - for CSV on standard output.",
)
@click.option(
    "--scorecard", default="default", show_default=True, metavar="NAME|FILE", help="Whose ladder."
)
@click.option(
    "--export",
    multiple=True,
    metavar="EXPORT",
    type=click.Path(exists=True, dir_okay=False),
    help="What was scored; adds what each merchant needs for the next tier. May be repeated.",
)
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="Day of the review. [default: today, UTC]",
)
@click.option(
    "--notice",
    default=7,
    show_default=True,
    type=click.IntRange(0, 365),
    help="Days from the announcement of a fall to its force; a veto needs none.",
)
@click.option("--lang", type=click.Choice(LANGUAGES), default="en", show_default=True)
@click.option("--allow-missing-columns", is_flag=True, help="For the export, as in `score`.")
@click.option("--encoding", help="Encoding of the inputs, when it is not found out.")
@click.option("--quiet", is_flag=True, help="No notes and no closing line.")
def command(
    scores: str,
    previous: str,
    out: str,
    scorecard: str,
    export: tuple[str, ...],
    as_of: dt.datetime | None,
    notice: int,
    lang: str,
    allow_missing_columns: bool,
    encoding: str | None,
    quiet: bool,
) -> None:
    """Review the operating rights of the merchants in SCORES, by the ladder of their scorecard.

    OUT holds for each merchant the old and the new tier, the rights gained and lost and from
    which day, the reason, and the state that the next review takes as --previous. Rises count
    at once, falls after the notice, vetoes at once. Merchants of OLD that SCORES does not have
    keep their tier.
    """
    from trustscore.rights.files import rights_files

    day = as_of.date() if as_of else dt.datetime.now(dt.UTC).date()
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
    )
    if quiet:
        return
    notes = []
    if done.absent:
        notes.append(f"{done.absent:,} merchants of {previous} are not in {scores}: tiers kept")
    if done.not_scored:
        notes.append(f"{done.not_scored:,} merchants have no index: tiers kept")
    if done.unplanned:
        notes.append(
            f"{done.unplanned:,} merchants are not in the export, or have faults there: no plan"
        )
    if done.differ:
        notes.append(
            f"the export gives {done.differ:,} merchants another index than {scores}: is it the"
            " export that was scored?"
        )
    for note in notes:
        click.echo(f"trustscore: note: {note}", err=True)
    click.echo(
        f"{done.merchants:,} merchants on {day}: {done.raised:,} raised, {done.lowered:,} lowered"
        f" after {notice} days, {done.vetoed:,} by veto, {done.first:,} for the first time",
        err=True,
    )
