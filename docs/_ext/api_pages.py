"""Write a page for each public room, with every name of its ``__all__``.

The pages are written before Sphinx looks for sources, into ``docs/api/rooms``: a name that is
added to a room appears in the reference without anybody listing it twice.
"""

import importlib
import inspect
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util.docutils import SphinxDirective

TOP = "trustscore"


def _table(title: str, names: list[str]) -> str:
    if not names:
        return ""
    rows = "\n".join(f"   {name}" for name in names)
    head = f"{title}\n{'-' * len(title)}\n\n"
    return f"{head}.. autosummary::\n   :toctree: ../names\n   :nosignatures:\n\n{rows}\n\n"


def _constants(names: list[str]) -> str:
    if not names:
        return ""
    listed = ", ".join(f"``{name}``" for name in names)
    return f"Constants\n---------\n\n{listed}\n\n"


def page(module_name: str, title: str) -> str:
    """Return the page of one room."""
    module = importlib.import_module(module_name)
    top = set(importlib.import_module(TOP).__all__)
    known, classes, functions, constants = [], [], [], []
    for name in sorted(module.__all__, key=str.casefold):
        thing = getattr(module, name)
        if module_name != TOP and name in top:
            known.append(f":obj:`~{TOP}.{name}`")
        elif inspect.isclass(thing):
            classes.append(name)
        elif callable(thing):
            functions.append(name)
        elif not name.startswith("__"):
            constants.append(name)
    text = f"{module_name}\n{'=' * len(module_name)}\n\n{title}.\n\n"
    if known:
        text += f"Also exported here: {', '.join(known)}.\n\n"
    text += f".. currentmodule:: {module_name}\n\n"
    return (
        text + _table("Functions", functions) + _table("Classes", classes) + _constants(constants)
    )


def write_pages(app: Sphinx, config: Config) -> None:
    """Write the pages that changed, and remove those of rooms that are gone."""
    folder = Path(app.srcdir) / "api" / "rooms"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {f"{name}.rst": page(name, title) for name, title in config.api_modules}
    for path in folder.glob("*.rst"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        path = folder / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


class Rooms(SphinxDirective):
    """The directive ``api-rooms``: each room with its title."""

    def run(self) -> list[nodes.Node]:
        """Return the list."""
        lines = [f"- :doc:`rooms/{name}`: {title}." for name, title in self.config.api_modules]
        return self.parse_text_to_nodes("\n".join(lines))


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the setting, and write the pages as soon as it is read."""
    app.add_config_value("api_modules", [], "env")
    app.add_directive("api-rooms", Rooms)
    app.connect("config-inited", write_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
