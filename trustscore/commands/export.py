"""``trustscore export``: what other engines need to score or to rank by themselves."""

from __future__ import annotations

import click

from trustscore.commands.lazy import LazyGroup

EXPORTS = {
    "sql": ("trustscore.commands.export_sql", "A scorecard as one SELECT for a warehouse."),
}


@click.group(
    "export",
    cls=LazyGroup,
    table=EXPORTS,
    epilog="\b\nExample:\n  trustscore export sql --dialect spark -o scores.sql",
)
def command() -> None:
    """Take scores to other engines, from the same scorecard."""
