"""Describe every command from the command itself: ``.. command-reference::``.

Usage, texts, options and examples are those that ``--help`` prints.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator

import click
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

PREFORMATTED = "\b"


def commands(
    group: click.Group, context: click.Context
) -> Iterator[tuple[click.Command, click.Context]]:
    """Yield every command below a group with its context, each group before its own."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, name
        inner = click.Context(command, info_name=name, parent=context)
        yield command, inner
        if isinstance(command, click.Group):
            yield from commands(command, inner)


def paragraphs(text: str) -> list[nodes.Node]:
    """Return the paragraphs of a help text; those after a backspace keep their lines."""
    found: list[nodes.Node] = []
    for part in inspect.cleandoc(text).split("\n\n"):
        if part.lstrip().startswith(PREFORMATTED):
            lines = part.replace(PREFORMATTED, "").strip("\n").splitlines()
            if lines and lines[0].rstrip().endswith(":"):
                found.append(nodes.paragraph("", lines.pop(0).strip()))
            code = inspect.cleandoc("\n".join(["", *lines]))
            found.append(nodes.literal_block(code, code, language="sh"))
        elif part.strip():
            found.append(nodes.paragraph("", " ".join(part.split())))
    return found


def options(command: click.Command, context: click.Context) -> nodes.definition_list:
    """Return the arguments and options as a list."""
    found = nodes.definition_list(classes=["command-options"])
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is None or not record[1]:
            continue
        term = nodes.term("", "", nodes.literal("", record[0]))
        said = nodes.definition("", nodes.paragraph("", record[1]))
        found += nodes.definition_list_item("", term, said)
    return found


class CommandReference(SphinxDirective):
    """The directive ``command-reference MODULE:GROUP PROGRAM``."""

    required_arguments = 2

    def run(self) -> list[nodes.Node]:
        """Return a section for each command."""
        self.env.note_dependency(__file__)
        module, _, name = self.arguments[0].partition(":")
        group = getattr(importlib.import_module(module), name)
        top = click.Context(group, info_name=self.arguments[1], **group.context_settings)
        return [self.section(*found) for found in commands(group, top)]

    def section(self, command: click.Command, context: click.Context) -> nodes.section:
        """Return the section of one command."""
        source = (
            inspect.getsourcefile(inspect.unwrap(command.callback)) if command.callback else None
        )
        if source:
            self.env.note_dependency(source)
        path = context.command_path
        anchor = path.replace(" ", "-")
        section = nodes.section(ids=[anchor], names=[anchor])
        self.env.get_domain("std").note_hyperlink_target(anchor, self.env.docname, anchor, path)
        section += nodes.title("", path)
        section += paragraphs(command.help or "")
        usage = f"{path} {' '.join(command.collect_usage_pieces(context))}"
        section += nodes.literal_block(usage, usage, language="text")
        listed = options(command, context)
        if len(listed):
            section += listed
        section += paragraphs(command.epilog or "")
        return section


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the directive."""
    app.add_directive("command-reference", CommandReference)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
