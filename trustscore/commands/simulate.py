"""``trustscore simulate``: an export of a made-up marketplace, with its truth."""

from __future__ import annotations

import click

from trustscore.commands import options
from trustscore.commands.progress import progress_bar


@click.command(
    "simulate",
    epilog="\b\nExample:\n  trustscore simulate --merchants 500 --seed 7 -o export.csv",
)
@click.option(
    "--merchants", type=click.IntRange(min=1), required=True, help="Number of merchants to make up."
)
@options.seed("the market")
@options.output_table("the export")
@options.scorecard("whose columns to make up")
@click.option(
    "--truth",
    metavar="FILE",
    help="Write the truth to FILE. [default: OUT.truth.csv; none when OUT is -]",
)
@click.option(
    "--dirty",
    is_flag=True,
    help="Write cells as careless exports do. About one row in fifty must then be rejected.",
)
@options.quiet()
def command(
    merchants: int,
    seed: int,
    out: str,
    scorecard: str,
    truth: str | None,
    dirty: bool,
    quiet: bool,
) -> None:
    """Make up the export of a marketplace whose truth is known.

    Merchants have a latent quality that shows in all their signals, volumes from 3 to 10,000
    orders in 30 days, categories and shop types. Some are new, some have no live room, and about
    3 % are bad actors. The truth file names each merchant's kind, its true index and the true
    utility (0 to 1) of each dimension.
    """
    from trustscore.simulate.files import write_market

    with progress_bar(quiet, out) as progress:
        write_market(out, merchants, seed, scorecard, dirty, truth, progress=progress)
