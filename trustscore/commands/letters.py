"""``trustscore letters``: a letter to each merchant."""

from __future__ import annotations

import datetime as dt

import click

from trustscore.commands import options
from trustscore.commands.closing import close
from trustscore.commands.exit_codes import DONE, ROWS_REJECTED
from trustscore.commands.messages import note
from trustscore.commands.progress import progress_bar

EXAMPLE = """\b
Example:
  trustscore letters february.csv --terms terms.toml -o letters
  trustscore letters february.csv --terms terms.toml --previous january.csv \\
      --only tier-changes --lang-column language -o letters
"""


@click.command("letters", epilog=EXAMPLE)
@click.argument("export", type=options.EXPORTS)
@options.output_folder("the letters and their index")
@click.option(
    "--terms",
    required=True,
    metavar="FILE",
    type=options.INPUT,
    help="What only the platform knows: its name, the clauses, the days, where to object."
    " `trustscore schema --of terms` lists the keys; examples/terms.toml is one to begin with.",
)
@options.scorecard("to score with")
@click.option(
    "--previous",
    metavar="OLD",
    type=options.EXPORTS,
    help="Export of the last review. Letters then say what changed, and which rights are"
    " withdrawn.",
)
@click.option(
    "--only",
    type=options.Choice(["all", "tier-changes", "due"]),
    default="all",
    show_default=True,
    help="Write to all merchants, to those whose tier is another one than in OLD, or to those with"
    " orders that are due by --logs.",
)
@options.lang("the letters")
@click.option(
    "--lang-column",
    metavar="COLUMN",
    help="Column of EXPORT with the language of each merchant, such as zh or en-GB. Where it is"
    " blank or none of the languages, --lang holds.",
)
@click.option(
    "--plan/--no-plan",
    "with_plan",
    default=True,
    show_default=True,
    help="Add the plan to the next tier, or leave it out, which takes a tenth of the time.",
)
@click.option(
    "--logs",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False),
    help="Folder with the logs orders and shipments, as `trustscore signals` reads it. Letters then"
    " name the orders that must be shipped soon and are not.",
)
@click.option(
    "--due-at",
    metavar="MOMENT",
    help="Moment at which orders of --logs are looked at, such as '2026-03-01 09:00', by the"
    " market's clock.",
)
@click.option(
    "--due-hours",
    metavar="HOURS",
    type=click.FloatRange(0, 24 * 31, min_open=True),
    default=6.0,
    show_default=True,
    help="How far to look ahead of it.",
)
@options.tz()
@options.mapping()
@click.option(
    "--dated",
    type=options.DAY,
    metavar="DATE",
    help="Day of the letters, from which notice and objections count. [default: --as-of, or today,"
    " UTC]",
)
@options.as_of(options.STAY)
@options.allow_missing_columns()
@options.encoding("the inputs")
@options.pseudonyms()
@options.summary()
@options.quiet()
def command(
    export: str,
    out: str,
    terms: str,
    scorecard: str,
    previous: str | None,
    only: str,
    lang: str,
    lang_column: str | None,
    with_plan: bool,
    logs: str | None,
    due_at: str | None,
    due_hours: float,
    tz: str | None,
    mapping: str | None,
    dated: dt.date | None,
    as_of: dt.date | None,
    allow_missing_columns: bool,
    encoding: str | None,
    pseudonyms: str | None,
    summary: str | None,
    quiet: bool,
) -> int:
    """Write a letter to each merchant of EXPORT, as HTML and as text.

    A letter states the index and the tier, what is restricted and on which ground, the facts, the
    reasons in order, what changed since OLD, the automated means, what counts, the plan to the
    next tier, and where and until when to object. DIR must be new; index.csv in it says which file
    is whose.
    """
    from trustscore.io.pseudonyms import Pseudonyms
    from trustscore.letters.files import due_orders, letter_files

    if (logs is None) != (due_at is None):
        raise click.UsageError("--logs and --due-at go together: what is due when?")
    with progress_bar(quiet) as progress:
        key = None if pseudonyms is None else Pseudonyms.load(pseudonyms)
        due = None
        if logs is not None and due_at is not None:
            due = due_orders(
                logs,
                due_at,
                due_hours,
                tz=tz,
                mapping=mapping,
                name=str if key is None else key.of,
                progress=progress,
            )
        done = letter_files(
            export,
            out,
            terms,
            scorecard=scorecard,
            previous=previous,
            only=only,
            lang=lang,
            lang_column=lang_column,
            with_plan=with_plan,
            due=due,
            dated=dated,
            as_of=as_of,
            allow_missing_columns=allow_missing_columns,
            encoding=encoding,
            pseudonyms=key,
            progress=progress,
        )
    if not quiet:
        if done.rejected:
            note(f"{done.rejected:,} rows have faults and get no letter; see `check`")
        if done.fresh:
            note(f"{done.fresh:,} merchants are not in {previous}: nothing is said of a change")
        if done.other_languages:
            most = ", ".join(name for name, _ in done.other_languages.most_common(5))
            count = done.other_languages.total()
            note(f"{count:,} merchants have another language ({most}); they get {lang}")
    close(done.summary, quiet, summary)
    return ROWS_REJECTED if done.rejected else DONE
