"""``trustscore pseudonyms``: whose pseudonyms these are."""

from __future__ import annotations

import click

from trustscore.commands import options
from trustscore.commands.closing import close
from trustscore.commands.messages import note
from trustscore.commands.progress import progress_bar
from trustscore.run_summary import RunSummary

EXAMPLE = """\b
Example:
  trustscore pseudonyms export.csv --key merchants.key -o names.csv
"""


@click.command("pseudonyms", epilog=EXAMPLE)
@click.argument("exports", metavar="EXPORT...", nargs=-1, required=True, type=options.EXPORTS)
@options.output_table("merchant_id and pseudonym")
@click.option(
    "--key",
    required=True,
    metavar="FILE",
    type=options.INPUT,
    help="Key that the pseudonyms were made with, by --pseudonyms of other commands.",
)
@options.scorecard("whose [columns] say what the column of ids is called")
@options.encoding("the exports")
@options.summary()
@options.quiet()
def command(
    exports: tuple[str, ...],
    out: str,
    key: str,
    scorecard: str,
    encoding: str | None,
    summary: str | None,
    quiet: bool,
) -> None:
    """Write the id and the pseudonym of each merchant in EXPORT.

    Whoever has the key looks a pseudonym up in OUT, or joins OUT with a table of pseudonyms.
    Without the key nobody goes back from a pseudonym to an id. Keep OUT as safe as the key.
    """
    from trustscore.io.pseudonyms_file import write_names

    with progress_bar(quiet, out) as progress:
        done = write_names(
            exports,
            out,
            pseudonyms=key,
            scorecard=scorecard,
            encoding=encoding,
            progress=progress,
        )
    if done.rejected and not quiet:
        note(f"{done.rejected:,} rows have no id that can be used and were left out; see `check`")
    counts = {"written": done.merchants, "rejected": done.rejected}
    files = () if out == "-" else (out,)
    close(RunSummary("pseudonyms", counts, files=files), quiet, summary)
