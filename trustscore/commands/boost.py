"""``trustscore boost``: candidates and scores in, a ranking out."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import click

from trustscore.commands import options
from trustscore.commands.closing import close
from trustscore.commands.messages import note, say
from trustscore.commands.progress import progress_bar
from trustscore.commands.shown import show

EXAMPLE = """\b
Example:
  trustscore boost candidates.csv --scores scores.csv -o ranked.csv
  trustscore boost candidates.csv --scores scores.csv --policy mine.toml -o ranked.parquet
  trustscore boost candidates.csv --scores scores.csv -o ranked.csv --log log-2026-01-31.parquet
  trustscore boost candidates.csv --scores scores.csv --why q1 item7
"""


@click.command("boost", epilog=EXAMPLE)
@click.argument("candidates", type=options.INPUT_OR_DASH)
@options.scores()
@options.output_table("the ranking", required=False, note=" Required unless --why is given.")
@options.policy("that says how trust boosts")
@click.option(
    "--blocked",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Write the candidates of blocked merchants to FILE. They leave the list either way.",
)
@click.option(
    "--log",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Log every candidate to FILE, a new .parquet; one row a query goes to"
    " .requests.parquet beside it.",
)
@click.option(
    "--why",
    nargs=2,
    metavar="QUERY ITEM",
    help="Print why the item stands at its place in the list of the query, and write nothing.",
)
@options.as_json("the answer to --why")
@options.today()
@options.scored_on()
@options.encoding("the candidates")
@options.pseudonyms()
@options.summary()
@options.quiet()
def command(
    candidates: str,
    scores: str,
    out: str | None,
    policy: str,
    blocked: str | None,
    log: str | None,
    why: tuple[str, str] | None,
    as_json: bool,
    today: dt.date | None,
    scored_on: dt.date | None,
    encoding: str | None,
    pseudonyms: str | None,
    summary: str | None,
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
        raise click.UsageError(
            "give -o OUT to write a ranking, or --why QUERY ITEM to explain one position"
        )
    if why is None and as_json:
        raise click.UsageError("--json belongs to --why; OUT may end in .csv or .parquet")
    if why is not None and (out or log or blocked):
        raise click.UsageError("--why prints and writes nothing: leave out -o, --log, --blocked")
    from trustscore.boost.files.candidates import boost_files, find_position

    context: dict[str, Any] = {
        "policy": policy,
        "today": today,
        "scored_on": scored_on,
        "encoding": encoding,
        "pseudonyms": pseudonyms,
    }
    if why is not None:
        from trustscore.boost.position import render_position

        with progress_bar(quiet) as progress:
            story = find_position(candidates, scores, *why, **context, progress=progress)
        text = json.dumps(story.as_dict(), ensure_ascii=False, indent=2, allow_nan=False)
        if as_json:
            say(text)
        else:
            show(render_position(story))
        return
    assert out is not None
    with progress_bar(quiet, out) as progress:
        done = boost_files(
            candidates, scores, out, blocked=blocked, log=log, **context, progress=progress
        )
    if quiet:
        return
    if done.other_boosts:
        note(
            f"{done.other_boosts:,} merchants have another trust_boost in {scores} than this"
            " policy gives them. They were scored with another policy, or without the columns it"
            " reads: score with --keep and those of enrolled, claims_unpaid and category that the"
            " export has"
        )
    if done.endless:
        note(
            f"{done.endless:,} merchants cannot expire, because the day of their scores is not"
            " known: give --scored-on, or keep a column scored_on in the scores"
        )
    close(done.summary, quiet, summary)
