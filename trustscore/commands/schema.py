"""``trustscore schema``: the JSON Schema of the files people edit."""

from __future__ import annotations

import json

import click

from trustscore.commands.messages import say


@click.command(
    "schema",
    epilog="\b\nExample:\n  trustscore schema > scorecard.schema.json",
)
@click.option(
    "--policy", is_flag=True, help="Print the schema of a boost policy instead of a scorecard."
)
def command(policy: bool) -> None:
    """Print the JSON Schema of a scorecard, for editors that complete and check TOML."""
    if policy:
        from trustscore.boost.policy import BoostPolicy

        found = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            **BoostPolicy.model_json_schema(),
        }
    else:
        from trustscore.scorecard import scorecard_schema

        found = scorecard_schema()
    say(json.dumps(found, ensure_ascii=False, indent=2))
