"""``trustscore compare``: what changed, by how much, and why."""

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
  trustscore compare january.csv february.csv -o changes.csv
  trustscore compare january.csv february.csv --page changes.html
  trustscore compare export.csv --scorecard default --with mine.toml
  trustscore compare january-contributions.csv february-contributions.csv --contributions
"""


@click.command("compare", epilog=EXAMPLE)
@click.argument("old", type=options.EXPORTS)
@click.argument("new", type=options.EXPORTS, required=False)
@options.output_table("a line for each merchant of both sides", required=False)
@options.scorecard("of OLD, and of NEW unless --with names another")
@click.option(
    "--with",
    "with_scorecard",
    metavar="NAME|FILE",
    help="Scorecard of NEW, or for the comparison of two scorecards on OLD alone.",
)
@click.option(
    "--contributions",
    is_flag=True,
    help="OLD and NEW are files of `score --contributions`. Figures and evidence cannot be told"
    " apart there.",
)
@click.option(
    "--parts",
    is_flag=True,
    help="Also write a column for each part: every signal's figure and evidence, every rule. They"
    " add up to the change.",
)
@click.option(
    "--page",
    metavar="FILE",
    type=options.OUTPUT_OR_DASH,
    help="Also write the summary as a page of HTML to FILE.",
)
@click.option(
    "--top",
    default=10,
    show_default=True,
    metavar="N",
    type=click.IntRange(1, 1000),
    help="Merchants that are named in each direction.",
)
@options.as_of(options.STAY)
@options.allow_missing_columns()
@options.lang("the summary")
@options.encoding("the inputs")
@options.pseudonyms()
@options.as_json("the summary")
@options.summary()
@options.quiet()
def command(
    old: str,
    new: str | None,
    out: str | None,
    scorecard: str,
    with_scorecard: str | None,
    contributions: bool,
    parts: bool,
    page: str | None,
    top: int,
    as_of: dt.date | None,
    allow_missing_columns: bool,
    lang: str,
    encoding: str | None,
    pseudonyms: str | None,
    as_json: bool,
    summary: str | None,
    quiet: bool,
) -> int:
    """Say what changed from the export OLD to the export NEW, merchant by merchant.

    Every change is taken apart by signal into figures and evidence, and into rules, what applies,
    category and scorecard; the parts add up to the change. The summary tells how the market moved,
    which tiers were won and lost, and who moved most and why. With --with alone, one export is
    compared under two scorecards, and what differs between these is told.
    """
    from trustscore.compare.files import compare_files
    from trustscore.compare.render import render_comparison

    with progress_bar(quiet, out) as progress:
        done = compare_files(
            old,
            new,
            out,
            scorecard=scorecard,
            with_scorecard=with_scorecard,
            contributions=contributions,
            parts=parts,
            most=top,
            as_of=as_of,
            allow_missing_columns=allow_missing_columns,
            encoding=encoding,
            pseudonyms=pseudonyms,
            progress=progress,
        )
        if page is not None:
            from trustscore.report.files import compare_page

            compare_page(done, page, lang, [old, new, scorecard, with_scorecard, pseudonyms, out])
    # Where a table or page goes to standard output, what is said goes beside it.
    aside = "-" in (out, page)
    if as_json:
        say(json.dumps(done.facts(), ensure_ascii=False, indent=1), err=aside)
    elif not quiet:
        show(render_comparison(done.market, done.scorecards, done.differences, lang), err=aside)
    for side, rejected in zip((old, new or old), done.rejected, strict=True):
        if rejected and not quiet:
            note(f"{rejected:,} rows of {side} have faults and were left out; see `check`")
    close(done.summary, quiet, summary, lang=lang, always=False, told=True)
    return ROWS_REJECTED if any(done.rejected) else DONE
