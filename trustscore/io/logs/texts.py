"""Texts of single rows, read again from the logs: none is ever stored."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from trustscore.io.columns import sound_text, text_of
from trustscore.io.logs.folder import find_logs
from trustscore.io.logs.ingest import match_columns
from trustscore.io.logs.mapping import LogMapping
from trustscore.io.logs.opening import open_log
from trustscore.io.logs.session import Session
from trustscore.io.logs.sources import LogSource, sources_of
from trustscore.io.logs.store import Store
from trustscore.logs import LOG_TABLES

__all__ = ["PRIVATE_TEXTS", "ReadAgain", "each_text", "texts_at"]

PRIVATE_TEXTS = {"identities": "value"}
"""Columns that the store holds as pseudonyms, of which names and addresses are read again."""


class ReadAgain:
    """A session, and the texts that no store holds.

    Parameters
    ----------
    session : Session
    folder, store, mapping
        As they were ingested.
    """

    def __init__(
        self, session: Session, folder: str | Path, store: Store, mapping: LogMapping
    ) -> None:
        self.run, self.rows, self.columns = session.run, session.rows, session.columns
        self._from = (folder, store, session, mapping)

    def texts(
        self, table: str, places: Collection[tuple[int, int]]
    ) -> Iterator[tuple[int, Sequence[int], Sequence[str]]]:
        """Yield texts of rows: number of the file, lines, texts."""
        return each_text(*self._from, table, places)


def texts_at(
    folder: str | Path,
    store: Store,
    session: Session,
    mapping: LogMapping,
    wanted: Mapping[str, set[tuple[int, int]]],
) -> dict[tuple[str, int, int], str]:
    """Return texts by table, number of the file and line.

    Parameters
    ----------
    folder, store, session, mapping
        As they were ingested.
    wanted : mapping of str to set of (int, int)
        By table, the number of the file and the line of each row.
    """
    out: dict[tuple[str, int, int], str] = {}
    for name, places in wanted.items():
        for file, lines, texts in each_text(folder, store, session, mapping, name, places):
            out |= {(name, file, line): text for line, text in zip(lines, texts, strict=True)}
    return out


def each_text(
    folder: str | Path,
    store: Store,
    session: Session,
    mapping: LogMapping,
    table: str,
    places: Collection[tuple[int, int]],
) -> Iterator[tuple[int, list[int], list[str]]]:
    """Yield the texts of rows of a table, batch by batch: number of the file, lines, texts.

    Parameters
    ----------
    folder, store, session, mapping
        As they were ingested.
    table : str
    places : collection of (int, int)
        Number of the file and line of each row. What has left the folder has no text any more.
    """
    files = find_logs(folder, mapping).tables
    if not places or table not in files:
        return
    wanted: dict[int, list[int]] = {}
    for file, line in places:
        wanted.setdefault(file, []).append(line)
    sources = sources_of(Path(folder), table, files[table], mapping.of(table), store, session)
    for number, source in enumerate(sources):
        if number in wanted:
            for lines, texts in _read(source, table, np.array(sorted(wanted[number]))):
                yield number, lines, texts


def _read(
    source: LogSource, name: str, wanted: np.ndarray
) -> Iterator[tuple[list[int], list[str]]]:
    table = LOG_TABLES[name]
    column = PRIVATE_TEXTS.get(name) or next(table.of_type("text")).name
    log = open_log(str(source.path), source.mapping.encoding)
    try:
        header = [text.strip() for text in log.header]
        places, _ = match_columns(header, table, source.columns_mapping, source.shown)
        if column not in places:
            return
        at = places[column]
        own = header.index("_line") if "_line" in header else None
        left = len(wanted)
        for raw in log.batches([at] if own is None else [at, own]):
            lines = raw.lines
            if own is not None:
                lines = raw.columns[own].to_numpy(zero_copy_only=False)
            rows = np.flatnonzero(np.isin(lines, wanted)).tolist()
            if rows:
                texts = text_of(sound_text(raw.columns[at])[0], column, source.shown)
                yield [int(lines[row]) for row in rows], [texts[row].as_py() or "" for row in rows]
            left -= len(rows)
            if not left:
                return
    finally:
        log.close()
