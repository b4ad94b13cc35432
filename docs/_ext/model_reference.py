"""Describe every key of a file that people edit, from the pydantic model that reads it.

``.. model-reference:: trustscore.scorecard.spec.ScorecardFile`` writes a section for each table
of the file: meaning, type, default and an example of each key. The texts are those of the model,
so the reference cannot differ from what is accepted.
"""

from __future__ import annotations

import importlib
import inspect
import json
import re
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from docutils import nodes
from pydantic import BaseModel
from pydantic_core import PydanticUndefined
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

# Tables whose entries fit on a line each; the others get a heading of their own in examples.
ON_ONE_LINE = {"stages", "dimensions", "words", "columns", "provenance"}
LEAST_WEIGHT = 1e-100
PATTERNS = {
    r"^[A-Za-z_]\w*$": "column",
    r"^[a-z0-9][a-z0-9_-]*$": "name",
    r"^[a-z0-9_-]+$": "name",
    r"^q[0-9.]+$": "quantile such as 'q95'",
}
BOUNDS = {
    "minimum": "at least {}",
    "ge": "at least {}",
    "exclusiveMinimum": "above {}",
    "gt": "above {}",
    "maximum": "at most {}",
    "le": "at most {}",
    "exclusiveMaximum": "below {}",
    "lt": "below {}",
}


@dataclass(frozen=True)
class Table:
    """One table of the file: where it stands, what reads it, and what its parent says of it."""

    path: str
    model: type[BaseModel]
    said: str
    examples: tuple[Any, ...]
    several: bool


def inner_model(hint: Any) -> tuple[type[BaseModel] | None, str]:
    """Return the model inside a type, and the steps that lead to it: names, or a list."""
    if inspect.isclass(hint) and issubclass(hint, BaseModel):
        return hint, ""
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    for part in parts:
        model, steps = inner_model(part)
        if model is not None:
            here = ".NAME" if origin is dict else "[]" if origin is tuple else ""
            return model, here + steps
    return None, ""


def tables(model: type[BaseModel], path: str = "") -> Iterator[Table]:
    """Yield the tables below a model, in file order, each before those inside of it."""
    hints = typing.get_type_hints(model)
    for key, field in model.model_fields.items():
        below, steps = inner_model(hints[key])
        if below is None:
            continue
        steps = steps.replace(
            ".NAME.NAME", ".DIMENSION.SIGNAL" if key == "signals" else ".GROUP.SIGNAL"
        )
        steps = steps.replace(".NAME", f".{NAMES.get((model.__name__, key), 'NAME')}")
        place = f"{path}.{key}".lstrip(".") + steps.removesuffix("[]")
        described = Table(
            place, below, field.description or "", tuple(field.examples or ()), "[]" in steps
        )
        yield described
        if below.__name__ not in DESCRIBED_ELSEWHERE or not path:
            yield from tables(below, place)


NAMES = {
    ("ScorecardFile", "stages"): "STAGE",
    ("ScorecardFile", "dimensions"): "DIMENSION",
    ("ScorecardFile", "words"): "SIGNAL",
    ("ScorecardFile", "rules"): "RULE",
    ("ScorecardFile", "overlays"): "OVERLAY",
    ("Lines", "tiers"): "TIER",
    ("Lines", "status"): "STATUS",
    ("DriftLines", "of"): "LOOK",
    ("Grounds", "rules"): "RULE",
    ("Grounds", "rights"): "RIGHT",
    ("OverlaySpec", "signals"): "SIGNAL",
    ("OverlaySpec", "dimensions"): "DIMENSION",
    ("OverlaySpec", "rules"): "RULE",
}
# What the file is that a model reads.
KINDS = {"ScorecardFile": "scorecard", "BoostPolicy": "policy", "Lines": "gate", "Terms": "terms"}
# Models that stand in several places are described where they come first.
DESCRIBED_ELSEWHERE = {"WordsSpec", "RuleSpec", "ExceedsSpec"}


def type_words(schema: Mapping[str, Any]) -> str:
    """Say a JSON Schema type in words.

    Examples
    --------
    >>> type_words({"type": "number", "minimum": 0, "maximum": 1})
    'number from 0 to 1'
    >>> type_words({"anyOf": [{"type": "integer", "exclusiveMinimum": 0}, {"type": "null"}]})
    'whole number above 0'
    """
    if "anyOf" in schema:
        said = [type_words(part) for part in schema["anyOf"] if part.get("type") != "null"]
        # A weight is 0 or at least 1e-100, which nobody comes near.
        return " or ".join(dict.fromkeys(said)).replace("0 or number above 0", "number at least 0")
    if "enum" in schema:
        return "one of " + ", ".join(toml_value(value) for value in schema["enum"])
    if "const" in schema:
        return json.dumps(schema["const"])
    if "$ref" in schema:
        return "table"
    kind = schema.get("type")
    if kind == "array":
        if "prefixItems" in schema:
            return "[" + ", ".join(type_words(part) for part in schema["prefixItems"]) + "]"
        return f"list of {type_words(schema.get('items', {}))}"
    if kind == "object":
        return "table by name"
    if kind == "string":
        if schema.get("format") == "date":
            return "date"
        return PATTERNS.get(schema.get("pattern", ""), "text")
    if kind == "boolean":
        return "true or false"
    noun = "whole number" if kind == "integer" else "number" if kind == "number" else "any value"
    if schema.get("minimum", 1) == LEAST_WEIGHT:
        schema = {"type": kind, "exclusiveMinimum": 0}
    bounds = {BOUNDS[key]: f"{value:g}" for key, value in schema.items() if key in BOUNDS}
    if set(bounds) == {"at least {}", "at most {}"}:
        return f"{noun} from {bounds['at least {}']} to {bounds['at most {}']}"
    return " ".join(
        [noun, " and ".join(form.format(value) for form, value in bounds.items())]
    ).strip()


def toml_value(value: Any) -> str:
    """Write a value as TOML on one line.

    Examples
    --------
    >>> toml_value({"when": ["a > 0"], "cap": 59, "off": True})
    '{ when = ["a > 0"], cap = 59, off = true }'
    """
    if isinstance(value, dict):
        pairs = ", ".join(f"{toml_key(k)} = {toml_value(v)}" for k, v in value.items())
        return f"{{ {pairs} }}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(toml_value(part) for part in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def toml_key(key: str) -> str:
    """Quote a key that is not bare."""
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key, ensure_ascii=False)


def toml_table(path: str, value: Any) -> str:
    """Write an example of a table as it would stand in a file."""
    if isinstance(value, list):
        return "\n\n".join(f"[[{path}]]\n{_pairs(part)}" for part in value)
    last = path.split(".")[-1]
    inside = list(value.values())
    if last not in ON_ONE_LINE and inside and all(isinstance(part, dict) for part in inside):
        deeper = all(isinstance(v, dict) for part in inside for v in part.values())
        if len(inside) == 1 and (deeper or last in ("rules", "overlays")):
            return f"[{path}.{toml_key(next(iter(value)))}]\n{_pairs(inside[0])}"
    return f"[{path}]\n{_pairs(value)}"


def _pairs(value: Mapping[str, Any]) -> str:
    return "\n".join(f"{toml_key(key)} = {toml_value(part)}" for key, part in value.items())


class ModelReference(SphinxDirective):
    """The directive ``model-reference``."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return a section for the keys at the top and one for each table."""
        where, _, name = self.arguments[0].rpartition(".")
        model = getattr(importlib.import_module(where), name)
        for source in (__file__, inspect.getsourcefile(model)):
            self.env.note_dependency(source)
        schema = model.model_json_schema()
        self.kind = KINDS[name]
        self.parts = {name: schema, **schema.get("$defs", {})}
        found = [*tables(model)]
        lines = self.heading("Top of the file")
        lines += self.keys(model, "")
        for table in found:
            brackets = f"[[{table.path}]]" if table.several else f"[{table.path}]"
            lines += [f".. _{label(self.kind, table.path)}:", "", *self.heading(f"``{brackets}``")]
            lines += [plain(table.said), ""]
            first = next(t for t in found if t.model is table.model)
            if first is table:
                # Of the model's own text the first line says again what the table is for.
                for paragraph in inspect.cleandoc(table.model.__doc__ or "").split("\n\n")[1:]:
                    lines += [plain(paragraph), ""]
            for example in table.examples[:1]:
                # The parent of a nested table shows where it stands.
                text = toml_table(re.sub(r"\.[A-Z]+", "", table.path), example)
                if not re.search(r"[A-Z]\.", table.path):
                    lines += [".. code-block:: toml", "", *indented(text), ""]
            if first is not table:
                lines += [f"The keys are those of :ref:`{label(self.kind, first.path)}`.", ""]
                continue
            lines += self.keys(table.model, table.path)
        return self.parse_text_to_nodes("\n".join(lines), allow_section_headings=True)

    def heading(self, text: str) -> list[str]:
        """Return a heading one below the title of the page."""
        return [text, "-" * len(text), ""]

    def keys(self, model: type[BaseModel], path: str) -> list[str]:
        """Return the entries of the keys that are not tables of their own."""
        lines: list[str] = []
        hints = typing.get_type_hints(model)
        properties = self.parts[model.__name__]["properties"]
        for key, field in model.model_fields.items():
            if inner_model(hints[key])[0] is not None:
                continue
            said = type_words(properties[key])
            default = field.default
            if field.is_required():
                fallback = "required"
            elif default is PydanticUndefined or default in (None, "", ()):
                fallback = "may be left out"
            else:
                fallback = f"default ``{toml_value(default)}``"
            lines += [f".. {self.kind}-key:: {f'{path}.{key}'.lstrip('.')}", ""]
            lines += indented(
                f"*{escaped(said)}*; {fallback}\n\n{plain(field.description or '')}\n"
            )
            examples = "\n".join(f"{key} = {toml_value(e)}" for e in field.examples or ())
            lines += ["", *indented(f".. code-block:: toml\n\n{textwrap_indent(examples)}"), ""]
        return lines


def textwrap_indent(text: str) -> str:
    """Indent a text by three."""
    return "\n".join(f"   {line}" for line in text.splitlines())


def indented(text: str) -> list[str]:
    """Return the lines of a text, indented by three."""
    return textwrap_indent(text).splitlines()


def escaped(text: str) -> str:
    """Keep asterisks, backquotes and bars from being read as markup."""
    return re.sub(r"([*`|\\])", r"\\\1", text)


def plain(text: str) -> str:
    """Escape a description, but keep what stands in backquotes as code."""
    parts = re.split(r"(`+[^`]+`+)", text)
    return "".join(f"``{p.strip('`')}``" if p.startswith("`") else escaped(p) for p in parts)


def label(kind: str, path: str) -> str:
    """Return the name by which pages refer to a table."""
    return re.sub(r"[^a-z]+", "-", f"{kind}-{path}".lower())


def _signature(env: Any, text: str, signode: addnodes.desc_signature) -> str:
    signode += addnodes.desc_name(text, text.rpartition(".")[2])
    return text


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the directive, and the kind of object that it makes of each key."""
    for kind in KINDS.values():
        key = f"{kind}-key"
        app.add_object_type(key, key, f"%s (key of a {kind})", parse_node=_signature)
    app.add_directive("model-reference", ModelReference)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
