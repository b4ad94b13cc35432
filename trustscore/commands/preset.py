"""``trustscore preset``: the files that come with the package, to read and to begin from."""

from __future__ import annotations

from pathlib import Path

import click

from trustscore.commands import options
from trustscore.commands.lazy import NearGroup
from trustscore.commands.messages import say

EXAMPLE = """\b
Example:
  trustscore preset list
  trustscore preset show minimal
  trustscore preset copy minimal -o mine.toml
"""


@click.group("preset", cls=NearGroup, epilog=EXAMPLE)
def command() -> None:
    """Show and copy the scorecards, policies and definitions that come with the package."""


@command.command("list", epilog="\b\nExample:\n  trustscore preset list")
def list_presets() -> None:
    """List the presets: name, what it is, and what its first line says."""
    from trustscore.scorecard.presets import preset_folder, preset_kind, preset_names
    from trustscore.text_table import padded

    names = preset_names()
    kinds = {name: preset_kind(name) for name in names}
    for name in names:
        text = (preset_folder() / f"{name}.toml").read_text(encoding="utf-8")
        first = max(map(len, names)), max(map(len, kinds.values()))
        say(f"{padded(name, first[0])}  {padded(kinds[name], first[1])}  {_about(text)}")


@command.command("show", epilog="\b\nExample:\n  trustscore preset show minimal | less")
@click.argument("name", type=options.PRESET)
def show(name: str) -> None:
    """Print the file of the preset NAME as it stands."""
    say(_text(name).removesuffix("\n"))


@command.command("copy", epilog="\b\nExample:\n  trustscore preset copy default -o mine.toml")
@click.argument("name", type=options.PRESET)
@options.output_file(
    "Write the copy to OUT, a .toml file, or - for standard output. [default: NAME.toml]",
    required=False,
)
@options.force()
def copy(name: str, out: str | None, force: bool) -> None:
    """Copy the preset NAME to a file of your own, comments included."""
    from trustscore.io.new_file import write_new

    target = f"{name}.toml" if out is None else out
    write_new(target, _text(name), suffix=".toml", force=force, inputs=[_path(name)])
    if target != "-":
        say(f"{name} is copied to {target}; edit it, and give it a name of its own", err=True)


def _path(name: str) -> Path:
    from trustscore.scorecard.presets import preset_folder

    return preset_folder() / f"{name}.toml"


def _text(name: str) -> str:
    return _path(name).read_text(encoding="utf-8")


def _about(text: str) -> str:
    """Return the first sentence of the comment at the head of a file."""
    words = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        part = line.lstrip("#").strip()
        words.append(part)
        if not part or part.endswith((".", ":")) or ". " in part:
            break
    return " ".join(words).partition(". ")[0].rstrip(".: ")
