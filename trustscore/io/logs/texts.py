"""Texts of single rows, read again from the logs: none is ever stored."""

from __future__ import annotations

from collections.abc import Mapping
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

__all__ = ["texts_at"]


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
    files = find_logs(folder, mapping).tables
    out: dict[tuple[str, int, int], str] = {}
    for name, places in wanted.items():
        if not places or name not in files:
            continue
        sources = sources_of(Path(folder), name, files[name], mapping.of(name), store, session)
        for number, source in enumerate(sources):
            lines = np.array(sorted(line for file, line in places if file == number))
            # What has left the folder has no text any more.
            if len(lines):
                found = _read(source, name, lines)
                out |= {(name, number, line): text for line, text in found.items()}
    return out


def _read(source: LogSource, name: str, wanted: np.ndarray) -> dict[int, str]:
    table = LOG_TABLES[name]
    column = next(table.of_type("text")).name
    log = open_log(str(source.path), source.mapping.encoding)
    try:
        header = [text.strip() for text in log.header]
        places, _ = match_columns(header, table, source.columns_mapping, source.shown)
        at = places[column]
        own = header.index("_line") if "_line" in header else None
        out: dict[int, str] = {}
        for raw in log.batches([at] if own is None else [at, own]):
            lines = raw.lines
            if own is not None:
                lines = raw.columns[own].to_numpy(zero_copy_only=False)
            rows = np.flatnonzero(np.isin(lines, wanted)).tolist()
            if rows:
                texts = text_of(sound_text(raw.columns[at])[0], column, source.shown)
                out |= {int(lines[row]): texts[row].as_py() or "" for row in rows}
            if len(out) == len(wanted):
                break
        return out
    finally:
        log.close()
