"""``trustscore export boost``: boosts as other engines take them."""

from __future__ import annotations

import datetime as dt
import sys

import click

# As in trustscore.export.engines.files, which is not loaded for --help.
ENGINES = (
    "elasticsearch",
    "opensearch",
    "solr",
    "vespa",
    "typesense",
    "algolia",
    "sql",
    "redis",
    "parquet",
    "npz",
)
REJECTED = 3
EXAMPLE = """\b
Example:
  trustscore export boost scores.csv --to elasticsearch --scored-on 2026-01-31 -o es/
  trustscore export boost scores.csv --to redis -o boosts.resp
  trustscore export boost scores.csv --to npz --policy mine.toml -o boosts.npz
"""


@click.command("boost", epilog=EXAMPLE)
@click.argument("scores", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--to", "engine", required=True, type=click.Choice(ENGINES), help="For which engine.")
@click.option(
    "-o",
    "--output",
    "out",
    required=True,
    metavar="OUT",
    type=click.Path(),
    help="A file for redis, parquet and npz, a folder for the others.",
)
@click.option(
    "--policy", default="boost", show_default=True, metavar="NAME|FILE", help="Boost policy."
)
@click.option(
    "--scored-on",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="Day of the scores, from which the policy's validity counts.",
)
@click.option("--encoding", help="Encoding of the scores, when it is not found out.")
@click.option("--quiet", is_flag=True, help="No notes and no closing line.")
def command(
    scores: str,
    engine: str,
    out: str,
    policy: str,
    scored_on: dt.datetime | None,
    encoding: str | None,
    quiet: bool,
) -> None:
    """Write the boosts of SCORES for an engine, with a stated neutral for missing merchants.

    Search engines get the data and the query that reads them; docs/engines.md says what each
    file is for. Boosts outlive their validity unless the engine knows when it ends: say
    --scored-on, or keep a column scored_on in SCORES.
    """
    from trustscore.export.engines.files import export_boosts

    done = export_boosts(
        scores,
        out,
        engine,
        policy=policy,
        scored_on=scored_on.date() if scored_on else None,
        encoding=encoding,
    )
    if quiet:
        sys.exit(REJECTED if done.not_held else 0)
    notes = []
    if done.endless:
        notes.append(
            f"the boosts of {done.endless:,} merchants never expire: say --scored-on, so that"
            " they fall back to neutral when nobody renews them"
        )
    if done.left_out:
        notes.append(
            f"an engine only boosts; of the policy {', '.join(done.left_out)} stay with"
            " `trustscore boost` and the library"
        )
    if done.other_boosts:
        notes.append(
            f"{done.other_boosts:,} merchants have another trust_boost in {scores} than this"
            " policy gives them"
        )
    if done.not_held:
        vetoed = (
            f"; {done.not_held_vetoed:,} of them under a veto, which {engine} will not know"
            if done.not_held_vetoed
            else ""
        )
        notes.append(
            f"{done.not_held:,} merchants are left out, because {engine} cannot hold their id or"
            f" tier: {', '.join(done.not_held_shown)}{vetoed}"
        )
    for note in notes:
        click.echo(f"trustscore: note: {note}", err=True)
    click.echo(f"{done.merchants:,} merchants written to {', '.join(done.files)}", err=True)
    sys.exit(REJECTED if done.not_held else 0)
