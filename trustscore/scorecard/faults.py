"""Faults with an address: every error of a file at once, each with where, what and a near name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

Model = TypeVar("Model", bound=BaseModel)


class Base(BaseModel):
    """Frozen, closed model: an unknown key is a fault, not a comment."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False, allow_inf_nan=False)


def near(name: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate most like `name`, or None when none is close.

    Examples
    --------
    >>> near("wieght", ["weight", "prior"])
    'weight'
    >>> near("zzz", ["weight", "prior"]) is None
    True
    """
    by_fold = {str(c).casefold(): str(c) for c in candidates}
    hit = difflib.get_close_matches(str(name).casefold(), by_fold, n=1, cutoff=0.6)
    return by_fold[hit[0]] if hit else None


def suggest(name: str, candidates: Iterable[str]) -> str:
    """Return ``", did you mean x?"`` for the nearest candidate, or an empty string."""
    hit = near(name, candidates)
    return f", did you mean {hit}?" if hit else ""


def shown(value: Any) -> str:
    """Return a short repr for a message."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _address(parts: tuple[Any, ...]) -> str:
    # Validators of unions and functions leave words such as 'function-plain[...]' in the location.
    return ".".join(str(p) for p in parts if "[" not in str(p) and str(p) != "function-plain")


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
    if isinstance(got, Mapping):
        return f"{where}: {message}"
    return f"{where}: {message}. Got {shown(got)}"


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
    return list(dict.fromkeys(_sentence(e, model) for e in error.errors(include_url=False)))
