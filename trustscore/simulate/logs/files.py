"""Folders of made-up logs, complete or absent."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from trustscore.io.atomic_folder import refuse_taken, whole_folder
from trustscore.logs import LOG_TABLES, LogColumn
from trustscore.simulate.logs.clock import ZONE
from trustscore.simulate.logs.columns import MISSING, PREFIX, Table, words_of
from trustscore.simulate.logs.decoys import Decoys
from trustscore.simulate.logs.dirt import soil
from trustscore.simulate.logs.draw import KEPT, draw_logs
from trustscore.simulate.logs.market import Market
from trustscore.typing import Array, Progress, silent

__all__ = ["write_logs"]

_TYPES = {
    "time": pa.timestamp("us", "UTC"),
    "day": pa.date32(),
    "bool": pa.bool_(),
    "int": pa.int64(),
    "num": pa.float64(),
    "money": pa.float64(),
}
# Whose offset some moments are written with; it has summer time.
ELSEWHERE = "Europe/Berlin"
# Ids that stand for a merchant: their number is a place among the accounts.
_ACCOUNTS = ("merchant_id", "promoter_id")


def _named(prefix: str, numbers: Array) -> Any:
    texts = pa.array(numbers).cast(pa.string())
    named = pc.binary_join_element_wise(prefix, texts, "") if prefix else texts
    return _blank(named, numbers < 0)


def _blank(cells: Any, blank: Array) -> Any:
    return (
        pc.if_else(pa.array(~blank), cells, pa.scalar(None, cells.type)) if blank.any() else cells
    )


def _chosen(words: Any, codes: Array) -> Any:
    return words.take(pa.array(codes, mask=codes < 0))


def cells_of(table: str, column: LogColumn, values: Array, names: Any) -> Any:
    """Return a column of a log as Arrow writes it."""
    if values.dtype.kind == "O":
        return pa.array(values.tolist(), pa.string())
    if column.type in ("id", "text"):
        if column.name in _ACCOUNTS:
            return _chosen(names, values)
        return _named(PREFIX[column.name], values)
    if column.type == "class":
        return _chosen(pa.array(words_of(table, column.name), pa.string()), values)
    if column.type == "time":
        return pa.array(values, mask=values == MISSING).cast(_TYPES["time"])
    if column.type == "day":
        return pa.array(values.astype(np.int32)).cast(pa.date32())
    if column.type == "bool":
        return _blank(pa.array(values == 1), values < 0)
    if column.type == "int":
        return pa.array(values, mask=values < 0)
    return pa.array(values, pa.float64(), mask=np.isnan(values))


def _truth_cells(name: str, values: Array, names: Any) -> Any:
    if values.dtype.kind == "O":
        return pa.array(values.tolist(), pa.string())
    if name == "merchant_id":
        return _chosen(names, values)
    if name in PREFIX:
        return _named(PREFIX[name], values)
    if values.dtype.kind == "f":
        return pa.array(values, mask=np.isnan(values))
    return pa.array(values)


class _Sink:
    """One table on its way to a file; the first rows say its columns."""

    def __init__(self, path: Path, csv: bool, files: ExitStack) -> None:
        self.path, self.csv, self.files = path, csv, files
        self.writer: Any = None
        self.rows = 0

    def write(self, batch: Any) -> None:
        """Write rows."""
        self.rows += batch.num_rows
        if self.writer is None:
            self.writer = self._open(batch.schema)
        self.writer.write(batch)

    def _open(self, schema: Any) -> Any:
        if self.csv:
            from pyarrow.csv import CSVWriter, WriteOptions

            options = WriteOptions(quoting_style="needed")
            return self.files.enter_context(CSVWriter(self.path, schema, write_options=options))
        from pyarrow.parquet import ParquetWriter

        return self.files.enter_context(ParquetWriter(self.path, schema, compression="zstd"))


class _Folder:
    """The files of one folder while they are written."""

    def __init__(
        self, market: Market, place: Path, csv: bool, dirty: bool, files: ExitStack
    ) -> None:
        self.market, self.place, self.files = market, place, files
        self.csv, self.dirty = csv or dirty, dirty
        self.sinks: dict[tuple[str, bool], _Sink] = {}
        (place / "truth").mkdir()

    @cached_property
    def names(self) -> Any:
        """Ids of all accounts; asked for when the first rows come, as accounts are drawn then."""
        return pa.array(self.market.names.tolist(), pa.string())

    def _sink(self, name: str, truth: bool) -> _Sink:
        found = self.sinks.get((name, truth))
        if found is None:
            csv = truth or self.csv
            folder = self.place / "truth" if truth else self.place
            path = folder / f"{name}.{'csv' if csv else 'parquet'}"
            found = self.sinks[name, truth] = _Sink(path, csv, self.files)
        return found

    def log(self, name: str, table: Table) -> None:
        """Write rows of a log."""
        rows = len(table["merchant_id"])
        columns = {
            column.name: cells_of(name, column, table[column.name], self.names)
            if column.name in table
            else pa.nulls(rows, _TYPES.get(column.type, pa.string()))
            for column in LOG_TABLES[name].columns
        }
        sink = self._sink(name, False)
        if self.csv:
            draw = self.market.stream(f"spelling {name}", sink.rows)
            columns = {key: self._as_text(draw, cells) for key, cells in columns.items()}
            if self.dirty:
                columns = self._soiled(draw, name, columns, sink)
        sink.write(pa.RecordBatch.from_pydict(columns))

    def _soiled(
        self, draw: np.random.Generator, name: str, columns: dict[str, Any], sink: _Sink
    ) -> dict[str, Any]:
        texts = {key: cells.cast(pa.string()).to_pylist() for key, cells in columns.items()}
        # The header is line 1.
        texts, dirt = soil(draw, name, texts, sink.rows + 2)
        if dirt:
            found = {
                "file": np.array([f"{name}.csv"] * len(dirt), dtype=object),
                "line": np.array([line for line, _ in dirt], np.int64),
                "expected": np.array([expected for _, expected in dirt], dtype=object),
            }
            self.truth("dirt", found)
        return {key: pa.array(cells, pa.string()) for key, cells in texts.items()}

    def truth(self, name: str, table: Table) -> None:
        """Write rows of the truth."""
        columns = {key: _truth_cells(key, values, self.names) for key, values in table.items()}
        self._sink(name, True).write(pa.RecordBatch.from_pydict(columns))

    def _as_text(self, draw: np.random.Generator, cells: Any) -> Any:
        """Return moments as text, a part of them with the offset of another place."""
        if not pa.types.is_timestamp(cells.type):
            return cells
        other = pa.array(draw.random(len(cells)) < self.market.decoys["offset"])
        here, there = (
            pc.strftime(cells.cast(pa.timestamp("s", zone)), "%Y-%m-%dT%H:%M:%S%z")
            for zone in (ZONE, ELSEWHERE)
        )
        return pc.if_else(other, there, here)


def write_logs(
    folder: str | Path,
    merchants: int,
    days: int = 480,
    seed: int = 0,
    *,
    decoys: Iterable[str] | None = None,
    csv: bool = False,
    dirty: bool = False,
    progress: Progress = silent,
) -> dict[str, int]:
    """Write the logs of a made-up market to a new folder, and their truth to its folder `truth`.

    Parameters
    ----------
    folder : str or Path
        Must not be there, or be empty. It is complete or absent.
    merchants, seed
        As in `trustscore.simulate_export`: the merchants are the same.
    days : int, default=480
        Days of the logs before 2026-01-01, the day of the export.
    decoys : iterable of str, optional
        Names of `trustscore.simulate.logs.DECOYS`, or ``none``; all of them unless given.
    csv : bool, default=False
        Write CSV instead of Parquet.
    dirty : bool, default=False
        Write CSV as careless people do; ``truth/dirt.csv`` says what must become of each such
        row.
    progress : Progress, optional
        Told how many merchants are drawn.

    Returns
    -------
    dict of str to int
        Rows of each log.

    Raises
    ------
    InputError
        When the folder holds something, a number is out of range, or a decoy is unknown.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as here:
    ...     rows = write_logs(Path(here, "logs"), merchants=1, days=10)
    ...     len(rows), len(list(Path(here, "logs").glob("*.parquet")))
    (24, 24)
    """
    refuse_taken(folder)
    market = Market(merchants, seed, days, Decoys(decoys))
    with whole_folder(folder) as place, ExitStack() as files:
        out = _Folder(market, place, csv, dirty, files)
        for share, logs, truths in draw_logs(market):
            for name, table in logs.items():
                out.log(name, table)
            for name, table in truths.items():
                out.truth(name, table)
            progress("simulating", share, round(share * merchants))
        (place / "logs.toml").write_text(_covers(market, out), encoding="utf-8")
        files.close()
    return {name: sink.rows for (name, truth), sink in out.sinks.items() if not truth}


def _covers(market: Market, out: _Folder) -> str:
    """Return ``logs.toml``: the days of each log; some are not kept as long as others."""
    last = market.cut_day + timedelta(days=market.after)
    found = []
    for name in LOG_TABLES:
        if (name, False) in out.sinks:
            days = min(market.days, KEPT.get(name, market.days))
            first = market.cut_day - timedelta(days=days)
            found.append(f'[tables.{name}]\ncovers = ["{first}", "{last}"]\n')
    return "".join(found)
