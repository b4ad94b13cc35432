"""What is read for a table: files as they are, or what a mapping makes of them by SQL."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from trustscore.errors import InputError, suggest
from trustscore.io.logs.clock import DAY
from trustscore.io.logs.derive import (
    expressions_sql,
    is_expression,
    run_select,
    select_tables,
    text_copy,
)
from trustscore.io.logs.folder import stem
from trustscore.io.logs.mapping import TableMapping
from trustscore.io.logs.opening import open_log
from trustscore.io.logs.rows import BadRow
from trustscore.io.logs.session import Session
from trustscore.io.logs.store import Store

__all__ = ["LogSource", "sources_of"]


@dataclass
class LogSource:
    """A file to be read as a log: as it is, or made from others."""

    path: Path
    shown: str
    size: int
    newest: int
    mapping: TableMapping
    origins: dict[str, int]
    made: bool = False
    broken: list[BadRow] = field(default_factory=list)

    @property
    def columns_mapping(self) -> TableMapping:
        """The mapping of the columns of the file: what was made has our names."""
        return self.mapping.model_copy(update={"columns": {}}) if self.made else self.mapping


def sources_of(
    folder: Path,
    name: str,
    files: list[Path],
    mapping: TableMapping,
    store: Store,
    session: Session,
) -> list[LogSource]:
    """Return what is read for a table: its files, or what the mapping makes of them."""
    if mapping.sql:
        return [_by_sql(folder, name, mapping, store, session)]
    out: list[LogSource] = []
    for path in files:
        state = path.stat()
        newest = state.st_mtime_ns // 1000 + DAY
        # Known by its whole path, from wherever a later run names the folder.
        origins = {os.path.abspath(path): state.st_size}
        source = LogSource(path, str(path), state.st_size, newest, mapping, origins)
        computed = any(is_expression(theirs) for theirs in mapping.columns.values())
        if computed:
            log = open_log(str(path), mapping.encoding)
            header = [text.strip() for text in log.header]
            log.close()
            computed = any(theirs not in header for theirs in mapping.columns.values())
        if computed:
            where = f"tables.{name}.columns"
            sql = expressions_sql(mapping.columns, header, where)
            copied = store.scratch / f"{name}-{len(out)}-source.parquet"
            source.path = store.scratch / f"{name}-{len(out)}.parquet"
            source.broken, _ = text_copy(path, copied, mapping.encoding)
            run_select(session, sql, {"source": copied}, source.path, where)
            copied.unlink()
            source.made = True
        out.append(source)
    return out


def _by_sql(
    folder: Path, name: str, mapping: TableMapping, store: Store, session: Session
) -> LogSource:
    where = f"tables.{name}.sql"
    here = {stem(path): path for path in sorted(folder.iterdir()) if path.is_file() and stem(path)}
    wanted = select_tables(mapping.sql, where)
    faults = [
        f"{where}: no file {table} in {folder}{suggest(table, here)}"
        for table in wanted
        if table not in here
    ]
    if faults:
        raise InputError("the mapping names files that are not there", faults)
    copies: dict[str, Path] = {}
    broken: list[BadRow] = []
    newest = 0
    for table in wanted:
        copy = store.scratch / f"sql-{len(copies)}-{name}.parquet"
        bad, _ = text_copy(here[table], copy, mapping.encoding)
        copies[table] = copy
        broken += bad
        newest = max(newest, here[table].stat().st_mtime_ns // 1000 + DAY)
    out = store.scratch / f"{name}.parquet"
    run_select(session, mapping.sql.strip().rstrip(";"), copies, out, where)
    for copy in copies.values():
        copy.unlink()
    origins = {os.path.abspath(here[table]): here[table].stat().st_size for table in wanted}
    shown = f"{folder} ({where})"
    return LogSource(out, shown, out.stat().st_size, newest, mapping, origins, True, broken)
