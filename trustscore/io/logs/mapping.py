"""How the files of a platform become the tables of `LOG_TABLES`: a TOML file, checked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from trustscore.errors import InputError, plural, suggest
from trustscore.logs import LOG_TABLES
from trustscore.scorecard.documents import parse_document, read_document
from trustscore.scorecard.faults import sentences

__all__ = ["LogMapping", "TableMapping", "load_mapping"]

# A SELECT may have several lines; so may an expression, and the head of a column.
_SPANNING = frozenset(["columns", "sql"])


class TableMapping(BaseModel):
    """Where one table comes from.

    Examples
    --------
    >>> TableMapping.model_validate({"from": "export.csv"}).files
    ('export.csv',)
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str | tuple[str, ...] = Field(default=(), alias="from")
    columns: dict[str, str] = {}
    values: dict[str, dict[str, str]] = {}
    time_format: str | dict[str, str] = {}
    decimal: str = Field(default=".", pattern="^[.,]$")
    encoding: str | None = None
    sql: str = ""

    @property
    def files(self) -> tuple[str, ...]:
        """Names and patterns of files of the folder; empty where the table has its own name."""
        return (self.source,) if isinstance(self.source, str) else self.source

    def patterns(self, table: str) -> dict[str, str]:
        """Return how the times of each column are written."""
        if isinstance(self.time_format, dict):
            return self.time_format
        times = LOG_TABLES[table].of_type("time", "day")
        return {column.name: self.time_format for column in times}


class LogMapping(BaseModel):
    """The mapping of a folder."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tables: dict[str, TableMapping] = {}

    def of(self, table: str) -> TableMapping:
        """Return the mapping of a table; of one that is not mapped, an empty one."""
        return self.tables.get(table, TableMapping.model_validate({}))


def load_mapping(path: str | Path | None) -> LogMapping:
    """Read a mapping; None is the empty one.

    Raises
    ------
    InputError
        With all faults.
    """
    if path is None:
        return LogMapping()
    try:
        raw = read_document(Path(path))
    except OSError as error:
        raise InputError(f"mapping {path}: {error.strerror or error}") from error
    content = parse_document(
        raw, f"mapping {path}", as_json=False, error=InputError, spanning=_SPANNING
    )
    try:
        mapping = LogMapping.model_validate(content)
    except ValidationError as error:
        raise _faulty(path, sentences(error, LogMapping)) from None
    faults = [fault for name, table in mapping.tables.items() for fault in _faults(name, table)]
    if faults:
        raise _faulty(path, faults)
    return mapping


def _faulty(path: str | Path, faults: list[str]) -> InputError:
    return InputError(f"mapping {path} has {plural(len(faults), 'fault')}", faults)


def _faults(name: str, table: TableMapping) -> list[str]:
    if name not in LOG_TABLES:
        return [f"tables.{name}: unknown table{suggest(name, LOG_TABLES)}"]
    log = LOG_TABLES[name]
    names = [column.name for column in log.columns]
    faults = []
    formats: Mapping[str, Any] = table.patterns(name)
    for key, given in (
        ("columns", table.columns),
        ("values", table.values),
        ("time_format", formats),
    ):
        faults += [
            f"tables.{name}.{key}.{column}: unknown column{suggest(column, names)}"
            for column in given
            if column not in log
        ]
    for column, words in table.values.items():
        if column not in log:
            continue
        of = log[column]
        if of.type != "class":
            faults.append(f"tables.{name}.values.{column}: only classes have words; {of.type} here")
            continue
        faults += [
            f"tables.{name}.values.{column}.{theirs}: must be one of {', '.join(of.classes)}."
            f" Got {ours!r}"
            for theirs, ours in words.items()
            if of.classes and ours not in of.classes
        ]
    faults += [
        f"tables.{name}.time_format.{column}: {log[column].type} columns have no time format"
        for column in formats
        if column in log and log[column].type not in ("time", "day")
    ]
    if table.sql and (table.files or table.columns):
        faults.append(
            f"tables.{name}.sql: stands instead of `from` and `columns`; drop one of them"
        )
    for source in table.files:
        if Path(source).is_absolute() or ".." in Path(source).parts:
            faults.append(f"tables.{name}.from: must lie in the folder of logs. Got {source!r}")
    return faults
