"""Describe every column that the default scorecard reads: ``.. column-dictionary::``.

Definitions and units come from ``docs/columns.toml``. Windows, checks and readers come from the
scorecard, so they follow it.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from trustscore.scorecard import Field, Scorecard, load_scorecard

DICTIONARY = Path(__file__).resolve().parent.parent / "columns.toml"
CHECKS = {
    "count": "a number of at least 0",
    "flag": "0 or 1, no or yes",
    "share": "a share from 0 to 1",
    "nonnegative": "a number of at least 0",
    "number": "a number",
}


def read_dictionary(path: Path = DICTIONARY) -> dict[str, dict[str, Any]]:
    """Return the groups: their title, and unit and definition of each column."""
    return tomllib.loads(path.read_text(encoding="utf-8"))


def windows(card: Scorecard, column: str) -> tuple[list[int], list[int]]:
    """Return the windows and lags of the signals whose figures a column holds.

    A column that only conditions read says its window by its name: ``_365d`` is 365 days.
    """
    readers = [signal for signal in card.signals if column in signal.columns]
    if readers:
        return sorted({s.window for s in readers}), sorted({s.lag for s in readers})
    named = re.search(r"_(\d+)d$", column)
    return [int(named[1])] if named else [], [0]


def window_words(found: list[int], lags: list[int]) -> str:
    """Say windows and lags.

    Examples
    --------
    >>> window_words([30], [0, 15]), window_words([0], [0])
    ('30 days; lag 0 or 15 days, as the signal says', 'the state on the day')
    """
    if found in ([], [0]):
        return "the state on the day"
    days = " or ".join(map(str, found)) + " days"
    if lags == [0]:
        return days
    lag = f"lag {' or '.join(map(str, lags))} days"
    return f"{days}; {lag}" + (", as the signal says" if len(lags) > 1 else "")


def cell_words(field: Field) -> str:
    """Say what a cell may hold."""
    if field.lo is not None:
        return f"a number from {field.lo:g} to {field.hi:g}"
    return CHECKS[field.check]


def readers(card: Scorecard, column: str) -> list[str]:
    """Say which signals, conditions, rules and lines read a column."""
    values = [s.id for s in card.signals if s.value == column]
    samples = [s.id for s in card.signals if s.sample == column]
    gates = [s.id for s in card.signals if any(column in c.columns for c in s.applies_when)]
    rules = [rule.id for rule in card.rules if column in rule.columns]
    weights = [d.id for d in card.dimensions if d.weight_by == column]
    said = [
        ("value of", values),
        ("sample of", samples),
        ("condition of", [name for name in gates if name not in (*values, *samples)]),
        ("weight of", weights),
        ("rules", rules),
    ]
    lines = [f"{what} {', '.join(f'``{n}``' for n in names)}" for what, names in said if names]
    if card.status.new_column == column:
        lines.append("status ``new``")
    return lines


def linked(text: str) -> str:
    """Make a link of each column that a definition names."""
    return re.sub(r"`(\w+)`", r":column:`\1`", text)


class ColumnDictionary(SphinxDirective):
    """The directive ``column-dictionary``."""

    def run(self) -> list[nodes.Node]:
        """Return a section for each group of columns."""
        for source in (__file__, str(DICTIONARY)):
            self.env.note_dependency(source)
        card = load_scorecard("default")
        fields = {field.name: field for field in card.fields}
        lines: list[str] = []
        for group in read_dictionary().values():
            title = group["title"]
            lines += [title, "-" * len(title), ""]
            for name, said in group["columns"].items():
                lines += [f".. column:: {name}", "", f"   {linked(said['is'])}", ""]
                lines += [f"   :Unit: {said['unit']}"]
                lines += [f"   :Cell: {cell_words(fields[name])}"]
                lines += [f"   :Window: {window_words(*windows(card, name))}"]
                lines += [f"   :Read as: {'; '.join(readers(card, name))}", ""]
        return self.parse_text_to_nodes("\n".join(lines), allow_section_headings=True)


def _signature(env: Any, text: str, signode: addnodes.desc_signature) -> str:
    signode += addnodes.desc_name(text, text)
    return text


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the directive, and columns as objects that pages can refer to."""
    app.add_object_type("column", "column", "%s (column)", parse_node=_signature)
    app.add_directive("column-dictionary", ColumnDictionary)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
