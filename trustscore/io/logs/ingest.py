"""A folder of logs, or frames, into the store."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pyarrow.compute as pc

from trustscore.errors import InputError, plural, suggest
from trustscore.io.arrow import strings
from trustscore.io.csv_text import bare
from trustscore.io.header import fold
from trustscore.io.logs.folder import find_logs
from trustscore.io.logs.identity import RULES
from trustscore.io.logs.mapping import LogMapping, TableMapping
from trustscore.io.logs.opening import CsvLog, open_log
from trustscore.io.logs.pepper import Pepper
from trustscore.io.logs.rows import BadRow, Reading, read_batch, stored_columns
from trustscore.io.logs.session import Session
from trustscore.io.logs.sources import LogSource, sources_of
from trustscore.io.logs.store import Part, PartWriter, Store, buckets_for
from trustscore.io.logs.tally import Tally
from trustscore.lexicon import Lexicon, load_lexicon
from trustscore.lexicon.libraries import versions
from trustscore.logs import LOG_TABLES, LogTable
from trustscore.typing import Progress, silent

__all__ = [
    "Logs",
    "Market",
    "headers_of",
    "ingest_folder",
    "ingest_source",
    "match_columns",
    "rejects_of",
]

_DAY = 86_400_000_000


class Market(NamedTuple):
    """What cells are read by: the zone of times without one, and the currency of amounts."""

    zone: ZoneInfo
    currency: str


@dataclass
class Logs:
    """The logs of a run in the store.

    Attributes
    ----------
    parts : dict of str to list of Part
        By table, in the order of reading.
    buckets : int
    unknown : list of str
        Files that belong to no log.
    firsts : Path or None
        Folder of the first events of rows that have left the store, by bucket.
    flooded : frozenset of str
        Logs with things of too many rows, which the table ``too_many`` of the session names.
    """

    parts: dict[str, list[Part]] = field(default_factory=dict)
    buckets: int = 1
    unknown: list[str] = field(default_factory=list)
    firsts: Path | None = None
    flooded: frozenset[str] = frozenset()

    def first_events(self, bucket: int) -> Path:
        """Return the file of the first events of a bucket."""
        assert self.firsts is not None
        return self.firsts / f"b{bucket:03d}.parquet"

    def collected(self) -> dict[str, frozenset[str]]:
        """Return the columns of each table that some file has, as the session offers them."""
        return {table: frozenset(self.types(table)) - {"_line"} for table in self.parts}

    def types(self, table: str) -> dict[str, Any]:
        """Return the stored columns of a table with their Arrow types."""
        given = frozenset(name for part in self.parts[table] for name in part.columns)
        return stored_columns(LOG_TABLES[table], given)

    def tally(self, table: str) -> Tally:
        """Return what was counted of a table."""
        total = Tally()
        for part in self.parts[table]:
            total.add(part.tally)
        return total


def match_columns(
    header: list[str], table: LogTable, mapping: TableMapping, where: str
) -> tuple[dict[str, int], list[str]]:
    """Return the place of each of our columns in a file, and what is wrong."""
    exact = {name: at for at, name in reversed(list(enumerate(header)))}
    folded: dict[str, list[int]] = {}
    for at, name in enumerate(header):
        folded.setdefault(fold(name), []).append(at)
    places: dict[str, int] = {}
    faults = []
    for column in table.columns:
        theirs = mapping.columns.get(column.name, column.name)
        same = folded.get(fold(theirs), [])
        if len(same) > 1:
            faults.append(f"{where}: column {theirs} is there {len(same)} times")
        if theirs in exact or same:
            places[column.name] = exact[theirs] if theirs in exact else same[0]
        elif column.name in mapping.columns:
            near = suggest(theirs, header)
            faults.append(f"{where}: no column {theirs} for {column.name}{near}")
        elif column.required:
            near = suggest(column.name, header)
            faults.append(f"{where}: no column {column.name}{near}")
    return places, faults


def _mapping_hint(table: str) -> str:
    return (
        "; a mapping names columns otherwise:"
        f' [tables.{table}] columns = {{ merchant_id = "shop" }}'
    )


def ingest_folder(
    folder: str | Path,
    store: Store,
    session: Session,
    mapping: LogMapping,
    market: Market,
    pepper: Pepper,
    *,
    lexicon: Lexicon | None = None,
    on_reject: Callable[[Part, BadRow], None] | None = None,
    progress: Progress = silent,
) -> Logs:
    """Read the files of a folder that the store does not hold yet.

    Raises
    ------
    InputError
        With everything that is wrong with files and columns.
    """
    found = find_logs(folder, mapping)
    made = {
        name: sources_of(Path(folder), name, files, mapping.of(name), store, session)
        for name, files in found.tables.items()
    }
    _check_headers(made, mapping)
    sources = [(name, source) for name, group in made.items() for source in group]
    sizes = {path: size for _, source in sources for path, size in source.origins.items()}
    if store.kept:
        store.refuse_lost(sizes)
    size = sum(sizes.values())
    logs = Logs(unknown=found.unknown, buckets=store.state.get("buckets") or buckets_for(size))
    logs.parts = {name: [] for name in found.tables}
    done, words = 0, lexicon or load_lexicon()
    known: dict[str, dict[str, Any]] = {path: {"size": n, "parts": []} for path, n in sizes.items()}
    for name, source in sources:
        reading = Reading(
            LOG_TABLES[name],
            market.zone,
            market.currency,
            pepper,
            source.shown,
            newest=source.newest,
            words=source.mapping.values,
            patterns=source.mapping.patterns(name),
            decimal=source.mapping.decimal,
            lexicon=words,
        )
        key = _key(source, reading, logs.buckets) if store.kept else f"{len(logs.parts[name]):06d}"
        part = store.find(name, key)
        if part is None:
            log = open_log(str(source.path), source.mapping.encoding)
            try:
                share = source.size / max(size, 1)
                part = ingest_source(
                    log,
                    store.place(name, key),
                    reading,
                    source.columns_mapping,
                    logs.buckets,
                    source.broken,
                    on_reject=on_reject,
                    progress=progress,
                    span=(done / max(size, 1), share),
                )
            finally:
                log.close()
        elif on_reject is not None:
            for row in part.rejects():
                on_reject(part, row)
        part.file = source.shown
        done += source.size
        logs.parts[name].append(part)
        for path in source.origins:
            known[path]["parts"].append(part.name)
    for part in store.gone(sizes):
        logs.parts.setdefault(part.table, []).append(part)
        for row in part.rejects() if on_reject is not None else ():
            on_reject(part, row)  # type: ignore[misc]
    kept = {part.folder for parts in logs.parts.values() for part in parts}
    store.remember(known, logs.buckets, kept)
    return logs


def headers_of(
    folder: str | Path, store: Store, session: Session, mapping: LogMapping
) -> dict[str, frozenset[str]]:
    """Return the columns of the logs of a folder, without reading their rows."""
    found = find_logs(folder, mapping)
    out = {}
    for name, files in found.tables.items():
        sources = sources_of(Path(folder), name, files, mapping.of(name), store, session)
        columns: set[str] = set()
        for source in sources:
            log = open_log(str(source.path), source.mapping.encoding)
            header = [text.strip() for text in log.header]
            log.close()
            table = LOG_TABLES[name]
            places, _ = match_columns(header, table, source.columns_mapping, source.shown)
            columns.update(places)
        out[name] = frozenset(stored_columns(LOG_TABLES[name], frozenset(columns))) - {"_line"}
    return out


def _check_headers(made: Mapping[str, list[LogSource]], mapping: LogMapping) -> None:
    faults: list[str] = []
    for name, sources in made.items():
        for source in sources:
            if not source.made and source.path.suffix == ".parquet":
                header = _parquet_header(source.path)
            else:
                log = open_log(str(source.path), source.mapping.encoding)
                header = [text.strip() for text in log.header]
                log.close()
            _, wrong = match_columns(header, LOG_TABLES[name], source.columns_mapping, source.shown)
            faults += [f"{fault}{_mapping_hint(name)}" for fault in wrong[:1]] + wrong[1:]
    if faults:
        raise InputError(f"the logs have {plural(len(faults), 'fault')} in their columns", faults)


def _parquet_header(path: Path) -> list[str]:
    import pyarrow.parquet as pq

    from trustscore.io.parquet_reader import READ_ERRORS

    try:
        return [text.strip() for text in pq.read_schema(path).names]
    except READ_ERRORS as error:
        raise InputError(f"{path}: damaged Parquet file") from error


def _key(source: LogSource, reading: Reading, buckets: int) -> str:
    """Return what the rows of a part depend on, as a name of a folder."""
    with open(source.path, "rb") as file:
        content = hashlib.file_digest(file, "sha256").hexdigest()
    columns = [vars(column) for column in reading.table.columns]
    facts = [
        content,
        source.mapping.model_dump(mode="json", by_alias=True),
        reading.zone.key,
        reading.currency,
        reading.pepper.stamp,
        source.newest // _DAY,
        buckets,
        columns,
        RULES,
        [list(row) for row in source.broken],
        # Only logs whose texts are looked into are read anew for other words.
        [reading.lexicon.stamp, *versions()]
        if any(column.topics or column.claims for column in reading.table.columns)
        else "",
    ]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:32]


def ingest_source(
    log: Any,
    final: Path,
    reading: Reading,
    mapping: TableMapping,
    buckets: int,
    broken: list[BadRow],
    *,
    on_reject: Callable[[Part, BadRow], None] | None = None,
    progress: Progress = silent,
    span: tuple[float, float] = (0.0, 1.0),
) -> Part:
    """Read one opened file into a part of the store."""
    table = reading.table
    header = [text.strip() for text in log.header]
    places, faults = match_columns(header, table, mapping, reading.file)
    if faults:
        raise InputError(f"{reading.file} has faults in its columns", faults)
    line_at = header.index("_line") if "_line" in header else None
    part = Part(table.name, reading.file, final, 0, "", "", tuple(places))
    types = stored_columns(table, frozenset(places))
    writer = PartWriter(final, types, buckets)
    try:
        for raw in log.batches([*places.values(), *([] if line_at is None else [line_at])]):
            lines = raw.lines
            if line_at is not None:
                lines = raw.columns[line_at].to_numpy(zero_copy_only=False)
            columns = {name: raw.columns[place] for name, place in places.items()}
            if table.guarded and isinstance(log, CsvLog):
                columns = {name: _unguarded(column) for name, column in columns.items()}
            batch = read_batch(columns, lines, reading, part.tally, [*raw.broken, *broken])
            broken = []
            writer.write(batch)
            if on_reject is not None:
                for row in batch.bad:
                    on_reject(part, row)
            begun, share = span
            here = log.source.position / max(log.source.size, 1) if share else 1.0
            progress(f"reading {table.name}", begun + share * min(here, 1.0), part.tally.read)
        _add_broken(part, writer, broken, on_reject)
        source = log.source
        part.size, part.sha256, part.encoding = source.size, source.sha256, source.encoding
        return writer.finish(part)
    except BaseException:
        writer.discard()
        raise


def _unguarded(texts: Any) -> Any:
    """Return cells without the apostrophe before what a spreadsheet would run."""
    if not pc.any(pc.starts_with(texts, "'")).as_py():
        return texts
    return strings([None if text is None else bare(text) for text in texts.to_pylist()])


def _add_broken(
    part: Part,
    writer: PartWriter,
    broken: list[BadRow],
    on_reject: Callable[[Part, BadRow], None] | None,
) -> None:
    """Note records that are no rows of a file that has no other rows."""
    for row in broken:
        part.tally.read += 1
        part.tally.rejected[row.reason] += 1
        writer.reject(row)
        if on_reject is not None:
            on_reject(part, row)


def rejects_of(logs: Logs) -> Iterator[tuple[Part, BadRow]]:
    """Yield the rejected rows of all files."""
    for parts in logs.parts.values():
        for part in parts:
            for row in part.rejects():
                yield part, row
