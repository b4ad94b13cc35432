"""Definitions: frozen data that says what the columns of an export are made of."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from trustscore.errors import ScorecardError, at_most, plural
from trustscore.scorecard.documents import parse_document, read_document
from trustscore.scorecard.faults import collect, shown
from trustscore.scorecard.presets import find, preset_folder, preset_names
from trustscore.signals.resolve import Column, Resolver
from trustscore.signals.spec import DefinitionsFile

__all__ = [
    "Definitions",
    "definition_names",
    "definitions_schema",
    "load_definitions",
    "parse_definitions",
]

_MOST_FAULTS = 500
_MOST_EXTENDS = 8
_TABLES = ("market", "settings", "sets", "policy", "exclusions", "facts", "columns", "side")


@dataclass(frozen=True, eq=False)
class Definitions:
    """Validated, frozen definitions.

    Attributes
    ----------
    file : DefinitionsFile
        The validated file form, with what it extends.
    sha256 : str
        Over the canonical JSON of the validated file.
    columns : dict of str to Column
        What is exported, in the order of the file, side columns last.
    hidden : dict of str to Column
        Names that begin with ``_``: other columns may use them.
    """

    file: DefinitionsFile
    sha256: str
    columns: Mapping[str, Column]
    hidden: Mapping[str, Column]
    source: str = "<data>"

    @property
    def name(self) -> str:
        """The name of the file."""
        return self.file.name

    @property
    def version(self) -> str:
        """The version of the file."""
        return self.file.version

    @property
    def market(self) -> Any:
        """Zone, currency and limits of the market."""
        return self.file.market

    @property
    def stamp(self) -> str:
        """``name@version:hash``, which travels with every export."""
        return f"{self.name}@{self.version}:{self.sha256[:12]}"

    @property
    def settings(self) -> dict[str, Decimal | tuple[str, ...]]:
        """What ``@name`` stands for in an expression."""
        market = self.file.market
        numbers = {
            **{k: v for k, v in market.model_dump().items() if isinstance(v, (int, float))},
            **self.file.settings,
        }
        return {
            **{name: Decimal(str(value)) for name, value in numbers.items()},
            **self.file.sets,
        }

    def column(self, name: str) -> Column:
        """Return a column, exported or hidden."""
        return self.columns[name] if name in self.columns else self.hidden[name]

    def __hash__(self) -> int:
        return hash(self.sha256)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Definitions) and self.sha256 == other.sha256

    def __repr__(self) -> str:
        return f"<Definitions {self.stamp}: {len(self.columns)} columns>"


def definition_names() -> list[str]:
    """Return the names of the presets that are definitions.

    Examples
    --------
    >>> "default" in definition_names()
    True
    """
    found = [name for name in preset_names() if name.endswith("signals")]
    return ["default" if n == "signals" else n.removesuffix("_signals") for n in found]


def _path(definitions: str | Path) -> Path:
    if str(definitions) in definition_names():
        bare = str(definitions)
        name = "signals" if bare == "default" else f"{bare}_signals"
        return preset_folder() / f"{name}.toml"
    return find(definitions, definition_names())


def load_definitions(definitions: str | Path | Definitions = "default") -> Definitions:
    """Load definitions: a preset by name, or a file by path.

    Parameters
    ----------
    definitions : str, Path or Definitions
        A preset, a ``.toml`` or ``.json`` file, or definitions, which are returned as they are.

    Raises
    ------
    ScorecardError
        When the file is absent, not TOML or JSON, or has faults: all of them are listed.

    Examples
    --------
    >>> load_definitions("default").columns["orders_paid"].window
    30
    """
    if isinstance(definitions, Definitions):
        return definitions
    return parse_definitions(_read(definitions), str(definitions), _folder(definitions))


def _folder(definitions: str | Path) -> Path | None:
    path = Path(definitions)
    return path.parent if path.is_file() else None


def _read(definitions: str | Path) -> dict[str, Any]:
    try:
        path = _path(definitions)
        raw = read_document(path)
    except OSError as error:
        raise ScorecardError(f"definitions {definitions}: {error.args[-1]}") from None
    return parse_document(
        raw,
        f"definitions {definitions}",
        as_json=path.suffix == ".json",
        error=ScorecardError,
    )


def _extended(data: Mapping[str, Any], source: str, folder: Path | None) -> dict[str, Any]:
    """Return data over what it extends, entry by entry."""
    seen, found, base = [source], dict(data), data.get("extends")
    while isinstance(base, str):
        if base in seen or len(seen) > _MOST_EXTENDS:
            raise ScorecardError(f"definitions {source}: extends goes in a circle: {base}")
        seen.append(base)
        beside = folder / base if folder is not None else None
        below = _read(beside if beside is not None and beside.is_file() else base)
        for table in _TABLES:
            mine, theirs = found.get(table), below.get(table)
            if isinstance(theirs, dict) and (mine is None or isinstance(mine, dict)):
                found[table] = {**theirs, **(mine or {})}
        base = below.get("extends")
    return found


def parse_definitions(
    data: Mapping[str, Any], source: str = "<data>", folder: Path | None = None
) -> Definitions:
    """Validate parsed TOML or JSON and return frozen definitions.

    Parameters
    ----------
    data : mapping
        Keys as in the file form (``trustscore schema --of signals`` prints them).
    source : str
        Named in errors.
    folder : Path, optional
        Where files that are extended may lie.

    Raises
    ------
    ScorecardError
        With every fault, each as ``address: sentence``.

    Examples
    --------
    >>> column = {"of": "orders", "at": "paid_at", "window": 30, "cuont": True}
    >>> try:
    ...     parse_definitions({"name": "x", "version": "1.0.0", "columns": {"orders_paid": column}})
    ... except ScorecardError as error:
    ...     print(error.faults[0])
    columns.orders_paid.cuont: unknown key, did you mean count?
    """
    if not isinstance(data, Mapping):
        raise _error(source, [f"must be a table. Got {shown(data)}"])
    return _parse(json.dumps(_extended(data, source, folder), default=str), source)


@lru_cache(maxsize=16)
def _parse(text: str, source: str) -> Definitions:
    data = json.loads(text)
    file, faults = collect(DefinitionsFile, data)
    if file is None:
        raise _error(source, [*faults, *_other_faults(data, faults, source)])
    resolver = Resolver(file)
    resolved = resolver.all()
    faults = list(resolver.faults)
    clash = sorted(set(file.settings) & set(file.sets))
    faults += [f"sets.{name}: is also in settings" for name in clash]
    canonical = json.dumps(
        file.model_dump(mode="json", exclude_defaults=True),
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
    )
    definitions = Definitions(
        file=file,
        sha256=hashlib.sha256(canonical.encode()).hexdigest(),
        columns={name: c for name, c in resolved.items() if not name.startswith("_")},
        hidden={name: c for name, c in resolved.items() if name.startswith("_")},
        source=source,
    )
    from trustscore.signals.checks import expression_faults

    faults += expression_faults(definitions)
    if faults:
        raise _error(source, faults)
    return definitions


def _other_faults(data: dict[str, Any], faults: list[str], source: str) -> list[str]:
    """Return the faults of entries that are well formed, where others are not."""
    broken = {tuple(fault.partition(":")[0].split(".")[:2]) for fault in faults}
    sound = {
        table: {name: entry for name, entry in entries.items() if (table, name) not in broken}
        if isinstance(entries, dict)
        else entries
        for table, entries in data.items()
    }
    if sound == data:
        return []
    try:
        _parse(json.dumps(sound), source)
    except ScorecardError as error:
        # An entry that was left out here is not unknown.
        left = "|".join(re.escape(name) for _, *rest in broken for name in rest)
        unknown = re.compile(rf"unknown [\w ]+ @?({left or '(?!)'})\b")
        found = [fault for fault in error.faults or () if fault not in faults]
        return [fault for fault in found if not unknown.search(fault)]
    return []


def _error(source: str, faults: list[str]) -> ScorecardError:
    listed = at_most(faults, most=_MOST_FAULTS, what="faults")
    return ScorecardError(f"definitions {source} has {plural(len(faults), 'fault')}", listed)


def definitions_schema() -> dict[str, Any]:
    """Return the JSON Schema of the file form, for editors.

    Examples
    --------
    >>> definitions_schema()["title"]
    'trustscore definitions of signals'
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **DefinitionsFile.model_json_schema(),
        "title": "trustscore definitions of signals",
    }
