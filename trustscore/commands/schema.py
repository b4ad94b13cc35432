"""``trustscore schema``: the JSON Schema of the files people edit."""

from __future__ import annotations

import json

import click

from trustscore.commands import options
from trustscore.commands.messages import say


@click.command(
    "schema",
    epilog="\b\nExample:\n  trustscore schema > scorecard.schema.json",
)
@click.option(
    "--of",
    type=options.Choice(
        ["scorecard", "policy", "signals", "detect", "lines", "terms", "lexicon", "brands"]
    ),
    default="scorecard",
    show_default=True,
    help="Print the schema of a scorecard, of a boost policy, of definitions of signals, of"
    " settings of detectors, of the lines of a gate, of the terms of letters, of a"
    " lexicon, or of a file of brands.",
)
@click.option("--policy", is_flag=True, help="The same as `--of policy`.")
def command(of: str, policy: bool) -> None:
    """Print the JSON Schema of a file, for editors that complete and check TOML."""
    if of == "signals" and not policy:
        from trustscore.signals import definitions_schema

        found = definitions_schema()
    elif of == "detect" and not policy:
        from trustscore.detect import settings_schema

        found = settings_schema()
    elif of == "lines" and not policy:
        from trustscore.drift import lines_schema

        found = lines_schema()
    elif of == "terms" and not policy:
        from trustscore.letters import terms_schema

        found = terms_schema()
    elif of == "lexicon" and not policy:
        from trustscore.lexicon import lexicon_schema

        found = lexicon_schema()
    elif of == "brands" and not policy:
        from trustscore.detect import brands_schema

        found = brands_schema()
    elif policy or of == "policy":
        from trustscore.boost.policy import BoostPolicy

        found = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            **BoostPolicy.model_json_schema(),
        }
    else:
        from trustscore.scorecard import scorecard_schema

        found = scorecard_schema()
    say(json.dumps(found, ensure_ascii=False, indent=2))
