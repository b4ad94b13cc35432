"""Faults with an address: every error of a file at once, each with where, what and a near name."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from trustscore.errors import at_most, near, suggest

__all__ = [
    "Base",
    "Notes",
    "OneOf",
    "collect",
    "near",
    "prune",
    "sentences",
    "shown",
    "suggest",
]

Model = TypeVar("Model", bound=BaseModel)


class Base(BaseModel):
    """Frozen, closed model: an unknown key is a fault, not a comment."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False, allow_inf_nan=False)


@dataclass(frozen=True)
class OneOf:
    """In ``Annotated[str, OneOf(names)]``: a text that must be one of the names of a registry."""

    names: tuple[str, ...]

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        """Return what ``Literal`` with these names would."""
        literal: Any = Literal
        return handler(literal[self.names])


def shown(value: Any) -> str:
    """Return a short repr for a message."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


class Notes:
    """Faults as they are found.

    Parameters
    ----------
    dropped : frozenset of str
        Names of entries that were left out for faults of their own: nobody is told that they
        are unknown.
    """

    def __init__(self, dropped: frozenset[str] = frozenset()) -> None:
        self.dropped = dropped
        self.faults: list[str] = []

    def fault(self, address: str, sentence: str) -> None:
        """Take note of a fault."""
        self.faults.append(f"{address}: {sentence}")

    def known(self, address: str, name: str, names: Iterable[str], what: str) -> bool:
        """Return whether there is something of that name; take note when there is not."""
        if name in names:
            return True
        if name not in self.dropped:
            self.fault(address, f"unknown {what} {name}{suggest(name, names)}")
        return False


_MOST = 500
_TAGS = frozenset(["function-plain", "constrained-str"])


def _address(parts: tuple[Any, ...]) -> str:
    # Validators of unions and functions leave words such as 'function-plain[...]' in the location.
    return ".".join(str(p) for p in parts if "[" not in str(p) and str(p) not in _TAGS)


def _keys_at(model: type[BaseModel], path: tuple[Any, ...]) -> list[str]:
    """Return the keys allowed where an unknown key stood."""
    found: Any = model
    for part in path:
        if isinstance(found, type) and issubclass(found, BaseModel):
            field = found.model_fields.get(str(part)) or next(
                (f for f in found.model_fields.values() if f.alias == part), None
            )
            found = field.annotation if field else None
        else:
            arguments = getattr(found, "__args__", ())
            found = arguments[-1] if arguments else None
        while found is not None and not (isinstance(found, type) and issubclass(found, BaseModel)):
            inner = [a for a in getattr(found, "__args__", ()) if a is not type(None)]
            if getattr(found, "__origin__", None) in (dict, tuple, list) or not inner:
                break
            found = inner[0]
    if isinstance(found, type) and issubclass(found, BaseModel):
        return [f.alias or name for name, f in found.model_fields.items()]
    return []


def _sentence(error: Any, model: type[BaseModel]) -> str:
    where, kind, got = _address(error["loc"]), error["type"], error.get("input")
    if kind == "extra_forbidden":
        keys = _keys_at(model, error["loc"][:-1])
        return f"{where}: unknown key{suggest(str(error['loc'][-1]), keys)}"
    if kind == "missing":
        return f"{where}: is missing"
    message = error["msg"].removeprefix("Value error, ")
    message = message[:1].lower() + message[1:]
    message = message.replace("input should be", "must be").rstrip(".")
    # Who writes a file knows neither dictionaries nor the classes of this package.
    message = re.sub(r"a valid dictionary( or instance of \w+)?", "a table of keys", message)
    message = message.replace("a valid tuple", "a list").replace("a valid list", "a list")
    if isinstance(got, Mapping):
        return f"{where}: {message}"
    hint = ""
    if kind == "literal_error" and isinstance(got, str):
        hint = suggest(got, re.findall(r"'([^']*)'", error["ctx"]["expected"]))
    return f"{where}: {message}. Got {shown(got)}{hint}"


def collect(model: type[Model], data: Mapping[str, Any]) -> tuple[Model | None, list[str]]:
    """Validate `data`; return the model, or None and every fault as ``address: sentence``.

    Parameters
    ----------
    model : type of pydantic.BaseModel
        The closed model to validate against.
    data : mapping
        Parsed TOML or JSON.

    Returns
    -------
    model : BaseModel or None
    faults : list of str
        Empty when the model is not None.
    """
    try:
        return model.model_validate(data), []
    except ValidationError as error:
        return None, sentences(error, model)


def sentences(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """Return every fault that pydantic found, once, as ``address: sentence``."""
    found = error.errors(include_url=False)
    # Near names take time, and somebody may have made faults by the million.
    said = dict.fromkeys(_sentence(e, model) for e in found[:_MOST])
    return [*said, *at_most(found[_MOST:], most=0, what="faults")]


# How many steps lead to what is left out when something inside it has a fault.
_ENTRY = {"signals": 3, "dimensions": 2, "stages": 2, "columns": 2, "words": 2, "rules": 2}
_INSIDE = ("signals", "dimensions", "rules")
_STANDINS = {"name": "x", "version": "x", "effective_from": "2026-01-01"}


def _entry(loc: tuple[Any, ...]) -> tuple[Any, ...]:
    first = str(loc[0])
    if first == "overlays":
        return loc[: 4 if len(loc) > 3 and loc[2] in _INSIDE else 3]
    if first == "peers":
        return loc[: 4 if len(loc) > 3 and loc[1] == "priors" else 1]
    return loc[: _ENTRY.get(first, 1)]


def prune(model: type[Model], data: Mapping[str, Any]) -> tuple[Model | None, frozenset[str]]:
    """Validate what is left of `data` without the entries that have faults.

    Parameters
    ----------
    model : type of pydantic.BaseModel
    data : mapping
        With faults.

    Returns
    -------
    model : BaseModel or None
        None when too little is left.
    dropped : frozenset of str
        Names of the entries left out.
    """
    try:
        return model.model_validate(data), frozenset()
    except ValidationError as error:
        entries = {_entry(e["loc"]) for e in error.errors(include_url=False)}
    rest: Any = copy.deepcopy(dict(data))
    for entry in entries:
        place = rest
        for step in entry[:-1]:
            place = place.get(step, {}) if isinstance(place, dict) else {}
        if isinstance(place, dict):
            place.pop(entry[-1], None)
    for name, value in _STANDINS.items():
        rest.setdefault(name, value)
    for overlay in rest.get("overlays", {}).values():
        overlay.setdefault("match", {"category": "x"})
    return collect(model, rest)[0], frozenset(str(entry[-1]) for entry in entries)
