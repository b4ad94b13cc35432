"""Which files of a folder are which log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from trustscore.errors import InputError, suggest
from trustscore.io.logs.mapping import LogMapping
from trustscore.logs import LOG_TABLES
from trustscore.scorecard.documents import parse_document, read_document

__all__ = ["LogFiles", "covers_of", "find_logs", "stem"]

_SUFFIXES = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".parquet")


@dataclass
class LogFiles:
    """The files of a folder.

    Attributes
    ----------
    tables : dict of str to list of Path
    unknown : list of str
        Names of files that belong to no log.
    """

    tables: dict[str, list[Path]] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)


def stem(path: Path) -> str:
    """Return the name of a file without what says its format.

    Examples
    --------
    >>> stem(Path("logs/orders.csv.gz")), stem(Path("a.b.parquet")), stem(Path("notes.txt"))
    ('orders', 'a.b', '')
    """
    low = path.name.lower()
    for suffix in sorted(_SUFFIXES, key=len, reverse=True):
        if low.endswith(suffix):
            return path.name[: -len(suffix)]
    return ""


def _tables(folder: Path) -> list[Path]:
    found = (path for path in folder.iterdir() if not path.name.startswith((".", "_")))
    return sorted(path for path in found if path.is_file() and stem(path))


def find_logs(folder: str | Path, mapping: LogMapping) -> LogFiles:
    """Return the files of each log, in the order in which they are read.

    Raises
    ------
    InputError
        When the folder has no known log, or a file of the mapping is not there.
    """
    place = Path(folder)
    if not place.is_dir():
        raise InputError(f"{folder}: must be a folder of logs, such as orders.csv")
    found = LogFiles()
    faults = []
    used: set[Path] = set()
    for name, table in mapping.tables.items():
        if table.sql:
            found.tables[name] = []
            continue
        if not table.files:
            continue
        files: list[Path] = []
        for pattern in table.files:
            here = sorted(path for path in place.glob(pattern) if path.is_file() and stem(path))
            if not here:
                near = suggest(pattern, [path.name for path in _tables(place)])
                faults.append(f"tables.{name}.from: no file {pattern} in {folder}{near}")
            files += here
        found.tables[name] = list(dict.fromkeys(files))
        used.update(files)
    unknown: list[str] = []
    for path in _tables(place):
        if path in used:
            continue
        name = stem(path)
        if (name in LOG_TABLES and name not in mapping.tables) or (
            name in LOG_TABLES and not mapping.tables[name].files and not mapping.tables[name].sql
        ):
            found.tables.setdefault(name, []).append(path)
        else:
            unknown.append(path.name)
    for entry in sorted(place.iterdir()):
        mapped = mapping.of(entry.name)
        ours = entry.is_dir() and entry.name in LOG_TABLES and not (mapped.files or mapped.sql)
        # A folder without files collects nothing: it is not a log without rows.
        if ours and (inside := _tables(entry)):
            found.tables.setdefault(entry.name, []).extend(inside)
    if faults:
        raise InputError("the mapping names files that are not there", faults)
    if not found.tables:
        raise InputError(_nothing(folder, unknown))
    found.unknown = [] if any(table.sql for table in mapping.tables.values()) else unknown
    # The order of the registry is that of the work, whatever the file system says.
    found.tables = {name: found.tables[name] for name in LOG_TABLES if name in found.tables}
    return found


def _nothing(folder: str | Path, unknown: Iterable[str]) -> str:
    listed = [f"{name}{suggest(stem(Path(name)), LOG_TABLES)}" for name in unknown]
    text = f"{folder}: has no known log; the logs are {', '.join(LOG_TABLES)}"
    return f"{text}. Found {'; '.join(listed[:8])}" if listed else text


def covers_of(folder: str | Path) -> Mapping[str, tuple[str, str]]:
    """Return the days that ``logs.toml`` of the folder says each log covers."""
    path = Path(folder, "logs.toml")
    if not path.exists():
        return {}
    try:
        raw = read_document(path)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from error
    content = parse_document(raw, str(path), as_json=False, error=InputError)
    out, faults = {}, []
    tables = content.get("tables", {})
    if not isinstance(tables, dict):
        faults.append("tables: must be a table of logs, [tables.orders] and so on")
    faults += [f"{key}: unknown key, did you mean tables?" for key in content if key != "tables"]
    for name, entry in (tables if isinstance(tables, dict) else {}).items():
        days = entry.get("covers") if isinstance(entry, dict) else None
        if name not in LOG_TABLES:
            faults.append(f"tables.{name}: unknown table{suggest(name, LOG_TABLES)}")
        elif not (isinstance(days, list) and len(days) == 2):
            faults.append(f"tables.{name}.covers: must be two days, [from, to]")
        else:
            out[name] = (str(days[0]), str(days[1]))
    if faults:
        raise InputError(f"{path} cannot be used", faults)
    return out
