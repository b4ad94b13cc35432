"""``trustscore boost``: candidates and scores in, a ranking out."""

from __future__ import annotations

import click

EXAMPLE = """\b
Example:
  trustscore boost candidates.csv --scores scores.csv -o ranked.csv
  trustscore boost candidates.csv --scores scores.csv --policy mine.toml -o ranked.parquet
"""


@click.command("boost", epilog=EXAMPLE)
@click.argument("candidates", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option(
    "--scores",
    required=True,
    metavar="SCORES",
    type=click.Path(exists=True, dir_okay=False),
    help="What `trustscore score` wrote.",
)
@click.option(
    "-o",
    "--output",
    "out",
    required=True,
    metavar="OUT",
    type=click.Path(dir_okay=False, allow_dash=True),
    help="Ranking: .csv, .csv.gz or .parquet, or - for CSV on standard output.",
)
@click.option(
    "--policy", default="boost", show_default=True, metavar="NAME|FILE", help="Boost policy."
)
@click.option(
    "--blocked",
    type=click.Path(dir_okay=False),
    help="Where candidates of blocked merchants go; they leave the list either way.",
)
@click.option(
    "--as-of",
    metavar="DATE",
    help="Day of the ranking: scores that ended before it count as neutral.",
)
@click.option("--scored-on", metavar="DATE", help="Day of SCORES, if no column scored_on says it.")
@click.option("--encoding", help="Encoding of both inputs, when it is not found out.")
@click.option("--quiet", is_flag=True, help="No closing line.")
def command(
    candidates: str,
    scores: str,
    out: str,
    policy: str,
    blocked: str | None,
    as_of: str | None,
    scored_on: str | None,
    encoding: str | None,
    quiet: bool,
) -> None:
    """Rank CANDIDATES again by relevance and trust.

    CANDIDATES holds query_id, item_id, merchant_id and relevance (above 0), and may hold other
    columns; OUT adds trust_boost, final_score, base_rank and final_rank, in the order of the
    new ranking, and explored and propensity when the policy explores. A merchant that is not in
    SCORES is neutral. Blocked merchants leave the list. A column query_kind (brand, sku, ...)
    says on which queries the policy keeps the boost off.
    """
    from trustscore.tables.candidates import boost_files

    done = boost_files(
        candidates,
        scores,
        out,
        policy=policy,
        blocked=blocked,
        encoding=encoding,
        as_of=as_of,
        scored_on=scored_on,
    )
    if done.other_boosts:
        click.echo(
            f"trustscore: note: {done.other_boosts:,} merchants have another trust_boost in"
            f" {scores} than this policy gives them. They were scored with another policy, or the"
            " columns it reads were not kept: score with --keep enrolled,claims_unpaid,category",
            err=True,
        )
    if not quiet:
        click.echo(
            f"{done.candidates:,} candidates of {done.queries:,} queries: {done.moved:,} moved,"
            f" {done.blocked:,} blocked, {done.unknown:,} of merchants without a score",
            err=True,
        )
