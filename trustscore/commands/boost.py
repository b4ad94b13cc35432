"""``trustscore boost``: candidates and scores in, a ranking out."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import click

EXAMPLE = """\b
Example:
  trustscore boost candidates.csv --scores scores.csv -o ranked.csv
  trustscore boost candidates.csv --scores scores.csv --policy mine.toml -o ranked.parquet
  trustscore boost candidates.csv --scores scores.csv -o ranked.csv --log log-2026-01-31.parquet
  trustscore boost candidates.csv --scores scores.csv --why q1 item7
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
    metavar="OUT",
    type=click.Path(dir_okay=False, allow_dash=True),
    help="Ranking: .csv, .csv.gz or .parquet, or - for CSV on standard output. [required"
    " without --why]",
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
    "--log",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Log of every candidate, .parquet; one row a query goes to .requests.parquet beside it."
    " Never written over.",
)
@click.option(
    "--why",
    nargs=2,
    metavar="QUERY ITEM",
    help="Print why an item stands where it stands, and write nothing.",
)
@click.option("--json", "as_json", is_flag=True, help="Print --why as JSON.")
@click.option(
    "--today",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="Day of the ranking: scores that expired before it are neutral.",
)
@click.option(
    "--scored-on",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="Day of the scores, from which the policy's validity counts.",
)
@click.option("--encoding", help="Encoding of the candidates, when it is not found out.")
@click.option("--quiet", is_flag=True, help="No closing line.")
def command(
    candidates: str,
    scores: str,
    out: str | None,
    policy: str,
    blocked: str | None,
    log: str | None,
    why: tuple[str, str] | None,
    as_json: bool,
    today: dt.datetime | None,
    scored_on: dt.datetime | None,
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
    if why is None and out is None:
        raise click.UsageError("say -o OUT for a ranking, or --why QUERY ITEM for one position")
    if why is None and as_json:
        raise click.UsageError("--json belongs to --why; OUT may end in .csv or .parquet")
    if why is not None and (out or log or blocked):
        raise click.UsageError("--why prints and writes nothing: leave out -o, --log, --blocked")
    from trustscore.boost.files.candidates import boost_files, find_position

    context: dict[str, Any] = {
        "policy": policy,
        "today": today.date() if today else None,
        "scored_on": scored_on.date() if scored_on else None,
        "encoding": encoding,
    }
    if why is not None:
        from trustscore.boost.position import render_position

        story = find_position(candidates, scores, *why, **context)
        text = json.dumps(story.as_dict(), ensure_ascii=False, indent=2, allow_nan=False)
        click.echo(text if as_json else render_position(story))
        return
    assert out is not None
    done = boost_files(candidates, scores, out, blocked=blocked, log=log, **context)
    if done.other_boosts:
        click.echo(
            f"trustscore: note: {done.other_boosts:,} merchants have another trust_boost in"
            f" {scores} than this policy gives them. They were scored with another policy, or the"
            " columns it reads were not kept: score with --keep and those of enrolled,"
            " claims_unpaid and category that the export has",
            err=True,
        )
    if done.endless:
        click.echo(
            f"trustscore: note: {done.endless:,} merchants cannot expire: no day of their scores is"
            " known. Say --scored-on, or keep a column scored_on in the scores",
            err=True,
        )
    if not quiet:
        click.echo(
            f"{done.candidates:,} candidates of {done.queries:,} queries: {done.moved:,} moved,"
            f" {done.blocked:,} blocked, {done.unknown:,} of merchants without a score",
            err=True,
        )
