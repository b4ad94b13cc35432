"""``trustscore simulate``: an export of a made-up marketplace, with its truth."""

from __future__ import annotations

import click


@click.command(
    "simulate",
    epilog="\b\nExample:\n  trustscore simulate --merchants 500 --seed 7 -o export.csv",
)
@click.option("--merchants", type=click.IntRange(min=1), required=True, help="Rows to make up.")
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="The same seed gives the same merchants.",
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    required=True,
    help="Export to write: .csv, .csv.gz, .parquet, or - for the standard output.",
)
@click.option(
    "--scorecard",
    metavar="NAME|FILE",
    default="default",
    show_default=True,
    help="Whose columns to make up.",
)
@click.option(
    "--truth",
    metavar="FILE",
    help="Where the truth goes. [default: FILE.truth.csv, none with -]",
)
@click.option(
    "--dirty",
    is_flag=True,
    help="Write cells as careless exports do; about one row in fifty must be rejected.",
)
def command(
    merchants: int, seed: int, output: str, scorecard: str, truth: str | None, dirty: bool
) -> None:
    """Make up the export of a marketplace whose truth is known.

    Merchants have a latent quality that shows in all their signals, volumes from 3 to 10,000
    orders in 30 days, categories and shop types. Some are new, some have no live room, and about
    3 % are bad actors. The truth file names each merchant's kind, its true index and the true
    utility (0 to 1) of each dimension.
    """
    from trustscore.simulate.files import write_market

    write_market(output, merchants, seed, scorecard, dirty, truth)
