"""``trustscore export``: what other engines need to score or to rank by themselves."""

from __future__ import annotations

import click

from trustscore.commands.lazy import LazyGroup

EXPORTS = {
    "boost": ("trustscore.commands.export_boost", "Boosts for search engines and stores."),
    "sql": ("trustscore.commands.export_sql", "A scorecard as one SELECT for a warehouse."),
}

EXAMPLE = """\b
Example:
  trustscore export sql --dialect spark -o scores.sql
  trustscore export boost scores.csv --to elasticsearch -o es/
"""


@click.group(
    "export",
    cls=LazyGroup,
    table=EXPORTS,
    epilog=EXAMPLE,
)
def command() -> None:
    """Take scorecards and boosts to other engines."""
