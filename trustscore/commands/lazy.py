"""A group of commands that imports each when it is called."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from trustscore.errors import suggest


class NearGroup(click.Group):
    """A group that tells who mistypes a command the one most like it."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is called."""
        name, known = args[0], self.list_commands(ctx)
        if name not in known and not name.startswith("-") and not ctx.resilient_parsing:
            # Click compares with commands that are loaded, and lazy ones are not.
            ctx.fail(f"No such command {name!r}{suggest(name, known) or '.'}")
        return super().resolve_command(ctx, args)


class LazyGroup(NearGroup):
    """A group of commands, each called ``command`` in a file of its own.

    Parameters
    ----------
    table : mapping of str to (str, str)
        Name -> module and the line that ``--help`` shows: listing them loads none of them.
    """

    def __init__(self, *args: Any, table: Mapping[str, tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.table = table

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in self.table:
            return None
        found: click.Command = import_module(self.table[cmd_name][0]).command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in self.table.items()])
