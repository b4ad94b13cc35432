"""``trustscore export``: files with which other engines score or rank by themselves."""

from __future__ import annotations

import click

from trustscore.commands.lazy import LazyGroup

EXPORTS = {
    "boost": ("trustscore.commands.export_boost", "Write boosts for search engines and stores."),
    "sql": ("trustscore.commands.export_sql", "Translate a scorecard into one SELECT."),
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
    """Write scorecards and boosts for other engines, which then score and rank by themselves."""
