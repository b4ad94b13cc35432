"""``trustscore explain``: the statement of one merchant."""

from __future__ import annotations

import datetime as dt
import json
import math

import click

from trustscore.commands import options
from trustscore.commands.messages import say
from trustscore.commands.progress import progress_bar

EXAMPLE = """\b
Example:
  trustscore explain export.csv --id m0000001
  trustscore explain export.csv --id m0000001 --lang zh
"""


@click.command("explain", epilog=EXAMPLE)
@click.argument("export", type=options.EXPORTS)
@click.option(
    "--id", "merchant_id", required=True, metavar="ID", help="merchant_id of the merchant."
)
@options.scorecard("to score with")
@options.as_json("the statement, with every signal,")
@options.lang("the statement")
@click.option("--tier", metavar="ID", help="Tier to plan for, by id; without it the next one.")
@options.allow_missing_columns()
@options.as_of(options.STAY)
@options.encoding("the export")
@options.pseudonyms()
@options.quiet()
def command(
    export: str,
    merchant_id: str,
    scorecard: str,
    as_json: bool,
    lang: str,
    tier: str | None,
    allow_missing_columns: bool,
    as_of: dt.date | None,
    encoding: str | None,
    pseudonyms: str | None,
    quiet: bool,
) -> None:
    """Print the statement of one merchant: what its index is made of.

    Dimensions, stages, the largest losses and gains in points, adjustments, status, and the
    smallest plan that reaches the next tier, or the one that --tier names.
    """
    from trustscore.errors import InputError, one_line
    from trustscore.explain import explain, next_tier_plan, render_plan, render_text
    from trustscore.io.find_merchant import find_merchant
    from trustscore.io.pseudonyms import Pseudonyms
    from trustscore.scorecard import load_scorecard
    from trustscore.scoring.collected import collected_warning

    card = load_scorecard(scorecard)
    key = None if pseudonyms is None else Pseudonyms.load(pseudonyms)
    with progress_bar(quiet) as progress:
        found = find_merchant(
            export,
            card,
            merchant_id,
            allow_missing=allow_missing_columns,
            encoding=encoding,
            pseudonyms=key,
            progress=progress,
        )
        if found.block is not None:
            progress("looking for the next tier", math.nan)
            statement = explain(found.block, card, missing=found.missing, as_of=as_of)
            plan = next_tier_plan(found.block, card, missing=found.missing, as_of=as_of, tier=tier)
    called = merchant_id if key is None else key.of(merchant_id)
    if found.reject is not None:
        reject = found.reject
        got = f". Got {reject.value!r}" if key is None else ""
        raise InputError(
            f"{one_line(called)} is not scored: {export}, line {reject.line},"
            f" {reject.column}: {reject.message}{got}"
        )
    if found.block is None:
        near = f", did you mean {' or '.join(map(one_line, found.near))}?" if found.near else ""
        raise InputError(f"{export}: no merchant {called!r}{near}")
    warning = collected_warning(card, found.missing)
    if warning and not quiet:
        say(warning, err=True)
    if as_json:
        whole = {**statement.as_dict(), "next_tier": plan.as_dict()}
        say(json.dumps(whole, ensure_ascii=False, indent=2, allow_nan=False))
        return
    say(render_text(statement, lang))
    say()
    say(render_plan(plan, lang))
