"""``trustscore init``: a first scorecard for a table that no scorecard knows."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

import click

from trustscore.commands import options
from trustscore.commands.messages import note, say
from trustscore.commands.progress import progress_bar
from trustscore.errors import at_most, one_line, plural

if TYPE_CHECKING:
    from trustscore.starting import Proposal

EXAMPLE = """\b
Example:
  trustscore init mine.csv -o mine.toml
  trustscore check mine.csv --scorecard mine.toml
  trustscore score mine.csv --scorecard mine.toml -o scores.csv
"""


@click.command("init", epilog=EXAMPLE)
@click.argument("table", type=options.INPUT)
@options.output_file("Write the scorecard to OUT, a .toml file, or - for standard output.")
@options.force()
@click.option(
    "--id-column",
    metavar="COL",
    help="Column that names the merchants. [default: guessed by the names of columns]",
)
@click.option(
    "--name", metavar="NAME", help="Name of the scorecard. [default: that of the file TABLE]"
)
@options.as_json("the summary")
@options.encoding("the table")
@options.quiet()
def command(
    table: str,
    out: str,
    force: bool,
    id_column: str | None,
    name: str | None,
    as_json: bool,
    encoding: str | None,
    quiet: bool,
) -> None:
    """Propose a scorecard for TABLE: one row a merchant, in columns of whatever names.

    Which column names the merchant, which columns are signals and of which kind, which counts are
    parts of which, what is better and where the anchors stand is guessed from names (English and
    Chinese) and figures, and marked `# guessed` with the reason. Columns left out are named with
    theirs. The scorecard is a beginning: it passes `check`, scores TABLE, and is to be edited.

    Quantiles are of at most 20,000 merchants, drawn by a fixed hash of their ids.
    """
    from trustscore.io.new_file import refuse_existing, write_new
    from trustscore.starting.files import propose_scorecard

    if as_json and out == "-":
        raise click.UsageError("--json prints the summary where -o - prints the scorecard")
    refuse_existing(out, suffix=".toml", force=force, inputs=[table])
    with progress_bar(quiet, out) as progress:
        found = propose_scorecard(
            table, id_column=id_column, name=name, encoding=encoding, progress=progress
        )
    write_new(out, found.text, suffix=".toml", force=force, inputs=[table])
    if as_json:
        say(json.dumps(_summary(found), ensure_ascii=False, indent=2))
    elif not quiet:
        _tell(found, table, out)


def _summary(found: Proposal) -> dict[str, Any]:
    return {
        "rows": found.rows,
        "drawn": found.drawn,
        "repeated": found.repeated,
        "rejected": found.rejected,
        "id_column": found.id_column,
        "category": found.category,
        "decimal": found.decimal,
        "signals": [
            {
                "column": guess.column.name,
                "sample": guess.sample.name if guess.sample else None,
                "kind": guess.kind,
                **guess.figures,
                "because": list(guess.because),
            }
            for guess in found.guesses
        ],
        "left_out": {each.name: each.reason for each in found.left_out},
        "look_first": [{"what": what, "columns": names} for what, names in found.look_first()],
    }


def _tell(found: Proposal, table: str, out: str) -> None:
    kinds: dict[str, int] = {}
    for guess in found.guesses:
        kinds[guess.kind] = kinds.get(guess.kind, 0) + 1
    said = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    say(
        f"{plural(len(found.guesses), 'signal')} ({said}) from {found.rows:,} merchants, named by"
        f" {one_line(found.id_column)}; {plural(len(found.left_out), 'column')} left out",
        err=True,
    )
    look = list(found.look_first())
    if look:
        say("Look first at:", err=True)
    for what, names in look:
        say(f"  {what}: {', '.join(at_most(names, one_line, most=8))}", err=True)
    if found.rejected:
        note(f"{plural(found.rejected, 'row')} of {table} had faults and were left out")
    if out != "-":
        say(f"Then: trustscore check {shlex.quote(table)} --scorecard {shlex.quote(out)}", err=True)
