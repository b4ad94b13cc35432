"""``trustscore explain``: the statement of one merchant."""

from __future__ import annotations

import datetime as dt
import json

import click

from trustscore.words import LANGUAGES

EXAMPLE = """\b
Example:
  trustscore explain export.csv --id m0000001
  trustscore explain export.csv --id m0000001 --lang zh
"""


@click.command("explain", epilog=EXAMPLE)
@click.argument("export", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--id", "merchant_id", required=True, help="The merchant_id to explain.")
@click.option("--scorecard", default="default", show_default=True, help="Preset name or file.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with every signal.")
@click.option("--lang", type=click.Choice(LANGUAGES), default="en", show_default=True)
@click.option("--tier", help="Tier to plan for, by id.  [default: the next one]")
@click.option("--allow-missing-columns", is_flag=True, help="Leave out what was not collected.")
@click.option("--encoding", help="Encoding of the export, when it is not found out.")
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Day of the review, for the minimum stay in a tier.",
)
def command(
    export: str,
    merchant_id: str,
    scorecard: str,
    as_json: bool,
    lang: str,
    tier: str | None,
    allow_missing_columns: bool,
    encoding: str | None,
    as_of: dt.datetime | None,
) -> None:
    """Print what one merchant's index is made of.

    Dimensions, stages, the largest losses and gains in points, adjustments, status, and the
    smallest plan that reaches the next tier, or the one that --tier names.
    """
    from trustscore.errors import InputError
    from trustscore.explain import explain, next_tier_plan, render_plan, render_text
    from trustscore.io.find_merchant import find_merchant
    from trustscore.scorecard import load_scorecard

    card = load_scorecard(scorecard)
    found = find_merchant(
        export, card, merchant_id, allow_missing=allow_missing_columns, encoding=encoding
    )
    if found.reject is not None:
        reject = found.reject
        raise InputError(
            f"{merchant_id} is not scored: {export}, line {reject.line}, {reject.column}: "
            f"{reject.message}. Got {reject.value!r}"
        )
    if found.block is None:
        near = f", did you mean {' or '.join(found.near)}?" if found.near else ""
        raise InputError(f"{export}: no merchant {merchant_id!r}{near}")
    day = as_of.date() if as_of else None
    statement = explain(found.block, card, missing=found.missing, as_of=day)
    plan = next_tier_plan(found.block, card, missing=found.missing, as_of=day, tier=tier)
    if as_json:
        whole = {**statement.as_dict(), "next_tier": plan.as_dict()}
        click.echo(json.dumps(whole, ensure_ascii=False, indent=2, allow_nan=False))
        return
    click.echo(render_text(statement, lang))
    click.echo()
    click.echo(render_plan(plan, lang))
