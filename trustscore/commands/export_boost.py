"""``trustscore export boost``: boosts as other engines take them."""

from __future__ import annotations

import datetime as dt

import click

from trustscore.commands import options
from trustscore.commands.closing import close
from trustscore.commands.exit_codes import DONE, ROWS_REJECTED
from trustscore.commands.messages import note
from trustscore.commands.progress import progress_bar
from trustscore.export.engines.registry import TARGETS

*_SOME, _LAST = (target.name for target in TARGETS.values() if target.one_file)
_FILES = f"{', '.join(_SOME)} and {_LAST}"
EXAMPLE = """\b
Example:
  trustscore export boost scores.csv --to elasticsearch --scored-on 2026-01-31 -o es/
  trustscore export boost scores.csv --to redis -o boosts.resp
  trustscore export boost scores.csv --to npz --policy mine.toml -o boosts.npz
"""


@click.command("boost", epilog=EXAMPLE)
@click.argument("scores", type=options.INPUT_OR_DASH)
@click.option(
    "--to",
    "engine",
    required=True,
    type=options.Choice(TARGETS.names),
    help="Engine or format to write for.",
)
@click.option(
    "-o",
    "--output",
    "out",
    required=True,
    metavar="OUT",
    type=click.Path(),
    help=f"Write to OUT: a file for {_FILES}, a folder for the others.",
)
@options.policy("that turns scores into boosts")
@options.scored_on()
@options.encoding("the scores")
@options.summary()
@options.quiet()
def command(
    scores: str,
    engine: str,
    out: str,
    policy: str,
    scored_on: dt.date | None,
    encoding: str | None,
    summary: str | None,
    quiet: bool,
) -> int:
    """Write the boosts of SCORES in the format of an engine.

    Search engines get the data and the query that reads them, which says what a merchant without
    a score gets; the page on engines in the docs says what each file is for. An engine lets
    boosts end only if it knows the day of the scores: give --scored-on, or keep a column
    scored_on in SCORES. Exit codes: 0 done, 2 wrong use or files, 3 done without the merchants
    whose id or tier the engine cannot hold.
    """
    from trustscore.export.engines.files import export_boosts

    with progress_bar(quiet, out) as progress:
        done = export_boosts(
            scores,
            out,
            engine,
            policy=policy,
            scored_on=scored_on,
            encoding=encoding,
            progress=progress,
        )
    code = ROWS_REJECTED if done.not_held else DONE
    if quiet:
        return code
    if done.endless:
        note(
            f"the boosts of {done.endless:,} merchants never expire: give --scored-on, so that"
            " they fall back to neutral when nobody renews them"
        )
    if done.left_out:
        note(
            f"an engine only boosts. {', '.join(done.left_out)} of the policy stay with"
            " `trustscore boost` and the library"
        )
    if done.other_boosts:
        note(
            f"{done.other_boosts:,} merchants have another trust_boost in {scores} than this"
            " policy gives them"
        )
    if done.not_held:
        vetoed = (
            f"; {done.not_held_vetoed:,} of them under a veto, which {engine} will not know"
            if done.not_held_vetoed
            else ""
        )
        note(
            f"{done.not_held:,} merchants are left out, because {engine} cannot hold their id or"
            f" tier: {', '.join(done.not_held_shown)}{vetoed}"
        )
    close(done.summary, quiet, summary)
    return code
