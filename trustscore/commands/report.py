"""``trustscore report``: a market as one page."""

from __future__ import annotations

import datetime as dt

import click
from click.core import ParameterSource

from trustscore.commands import options
from trustscore.commands.closing import close
from trustscore.commands.completion import complete_tier
from trustscore.commands.exit_codes import DONE, ROWS_REJECTED
from trustscore.commands.messages import note
from trustscore.commands.progress import progress_bar

EXAMPLE = """\b
Example:
  trustscore report export.csv --merchants m0000001 -o report.html
  trustscore report february.csv --previous january.csv --all-below standard -o report.html
  trustscore report 2026.csv --previous 2025.csv --public -o public.html
"""


@click.command("report", epilog=EXAMPLE)
@click.argument("export", type=options.EXPORTS)
@options.output_file("Write the page to OUT, or - for standard output.")
@options.scorecard("to score with")
@options.policy("of the column boost")
@click.option(
    "--previous",
    metavar="OLD_EXPORT",
    type=options.EXPORTS,
    help="Export of an earlier day. The page then says what moved.",
)
@click.option(
    "--rejects",
    metavar="FILE",
    type=options.INPUT,
    help="Rejected rows that `trustscore score` wrote, when EXPORT was cleaned of them. [default:"
    " those of EXPORT]",
)
@click.option(
    "--merchants",
    type=options.NAMES,
    default="",
    metavar="ID,...",
    help="Merchants that get a panel: waterfall, stages, what moved, and the plan.",
)
@click.option(
    "--all-below",
    metavar="TIER",
    shell_complete=complete_tier,
    help="Give a panel to the merchants below this tier, the 100 lowest of them.",
)
@click.option(
    "--table-rows",
    default=100_000,
    show_default=True,
    type=click.IntRange(min=0),
    metavar="N",
    help="Merchants of the searchable table: the N lowest, and those with a panel.",
)
@click.option(
    "--public",
    is_flag=True,
    help="Make the report for the public: definitions, counts and means, and with --previous the"
    " year before. It names no merchant and shows no figure of fewer than 10.",
)
@click.option(
    "--by",
    type=options.NAMES,
    default="category",
    show_default=True,
    metavar="COL,...",
    help="Columns of the export by which --public counts merchants, beside the tier.",
)
@options.as_of(options.STAY)
@options.allow_missing_columns()
@options.lang("the page when it is opened; the reader can change it")
@options.encoding("the inputs")
@options.pseudonyms()
@options.summary()
@options.quiet()
def command(
    export: str,
    out: str,
    scorecard: str,
    policy: str,
    previous: str | None,
    rejects: str | None,
    merchants: tuple[str, ...],
    all_below: str | None,
    table_rows: int,
    public: bool,
    by: tuple[str, ...],
    as_of: dt.date | None,
    allow_missing_columns: bool,
    lang: str,
    encoding: str | None,
    pseudonyms: str | None,
    summary: str | None,
    quiet: bool,
) -> int:
    """Write a page on the market of EXPORT: one HTML file that needs no network.

    Overview, what moved, signals with their distributions, rules, rejected rows, a table of
    merchants to search and sort, and a panel for each chosen one; in English and Chinese, light
    and dark. OUT is complete or absent.
    """
    from trustscore.report.files import public_files, report_files

    _refuse_idle_options(public)
    with progress_bar(quiet, out) as progress:
        if public:
            done = public_files(
                export,
                out,
                scorecard=scorecard,
                previous=previous,
                by=by,
                lang=lang,
                as_of=as_of,
                allow_missing_columns=allow_missing_columns,
                encoding=encoding,
                progress=progress,
            )
        else:
            done = report_files(
                export,
                out,
                scorecard=scorecard,
                policy=policy,
                previous=previous,
                rejects=rejects,
                merchants=merchants,
                all_below=all_below,
                most_rows=table_rows,
                pseudonyms=pseudonyms,
                lang=lang,
                as_of=as_of,
                allow_missing_columns=allow_missing_columns,
                encoding=encoding,
                progress=progress,
            )
    if not quiet:
        if done.rejected:
            note(f"{done.rejected:,} rows of {export} have faults and were left out; see `check`")
        if not public and done.rows < done.merchants:
            note(f"the table holds {done.rows:,} of {done.merchants:,} merchants: the lowest")
        if done.panels < done.panels_of:
            note(f"the {done.panels:,} lowest of {done.panels_of:,} merchants have a panel")
    close(done.summary, quiet, summary, lang=lang)
    return ROWS_REJECTED if done.rejected else DONE


def _refuse_idle_options(public: bool) -> None:
    """Refuse options that the page asked for would not heed."""
    of_others = (
        ("policy", "rejects", "merchants", "all_below", "table_rows", "pseudonyms")
        if public
        else ("by",)
    )
    context = click.get_current_context()
    given = [
        f"--{name.replace('_', '-')}"
        for name in of_others
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    ]
    if given:
        why = "--public names no merchant" if public else "only --public counts by columns"
        raise click.UsageError(f"{why}: leave out {', '.join(given)}")
