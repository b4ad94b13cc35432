"""Files of a made-up marketplace: the export, and the truth beside it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow as pa
from numpy.typing import NDArray

from trustscore.errors import InputError
from trustscore.io.arrow import floats, strings
from trustscore.io.atomic_files import (
    SUFFIXES_SAID,
    AtomicFile,
    commit_together,
    open_sink,
    same_file,
    suffix_of,
    takes_batches,
)
from trustscore.io.csv_text import exact, lines
from trustscore.io.refuse_overwrite import refuse_inputs
from trustscore.scorecard import Scorecard, load_scorecard
from trustscore.simulate import simulate_blocks
from trustscore.typing import Progress, silent

__all__ = ["write_market"]

_ROWS = 16_384
Columns = Mapping[str, NDArray[Any]]


def _quoted(cell: str) -> str:
    # A cell of a dirty export stays as it is, formulas included: readers must cope with it.
    return f'"{cell}"' if "," in cell else cell


def _types(block: Columns, whole: frozenset[str]) -> dict[str, Any]:
    return {
        name: pa.string()
        if values.dtype == object
        else pa.int64()
        if name in whole
        else pa.float64()
        for name, values in block.items()
    }


def _lines(block: Columns) -> Any:
    return lines(
        [
            strings([_quoted(cell) for cell in values.tolist()])
            if values.dtype == object
            else exact(values)
            for values in block.values()
        ]
    )


def _batch(block: Columns, types: dict[str, Any]) -> Any:
    columns = [
        strings(values.tolist())
        if values.dtype == object
        else floats(values, nulls=True).cast(types[name])
        for name, values in block.items()
    ]
    return pa.RecordBatch.from_arrays(columns, schema=pa.schema(list(types.items())))


class _Table:
    """One table on its way to a file, opened with the first block, which says its columns."""

    def __init__(self, files: ExitStack, path: str, whole: frozenset[str]) -> None:
        self._files, self._path, self._whole = files, path, whole
        self._sink: Any = None
        self._types: dict[str, Any] = {}

    def add(self, block: Columns) -> None:
        """Write some rows."""
        if self._sink is None:
            self._types = _types(block, self._whole)
            self._sink = open_sink(self._path, self._types)
            self._files.enter_context(self._sink.file)
        batches = takes_batches(self._path)
        self._sink.write(_batch(block, self._types) if batches else _lines(block))

    def finish(self) -> None:
        """Write the end of the file."""
        self._sink.finish()

    @property
    def file(self) -> AtomicFile:
        """The file, still without its name."""
        found: AtomicFile = self._sink.file
        return found


def write_market(
    path: str | Path,
    merchants: int,
    seed: int = 0,
    scorecard: str | Scorecard = "default",
    dirty: bool = False,
    truth: str | Path | None = None,
    *,
    progress: Progress = silent,
) -> None:
    """Write the export of a made-up marketplace and its truth, in bounded memory.

    Parameters
    ----------
    path : str or Path
        Ends in ``.csv``, ``.csv.gz``, ``.parquet`` or ``.xlsx``; ``-`` is the standard output.
    merchants, seed, scorecard, dirty
        As in `trustscore.simulate_export`.
    truth : str or Path, optional
        ``PATH.truth.csv`` unless said, and none beside the standard output.
    progress : Progress, optional
        Told how many merchants are written.

    Raises
    ------
    InputError
        When the name of a file says no format, both are one file, or a number is out of range.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_market(Path(folder, "export.csv"), 2, scorecard="minimal")
    ...     sorted(file.name for file in Path(folder).iterdir())
    ['export.csv', 'export.csv.truth.csv']
    """
    if merchants < 1:
        raise InputError(f"merchants: must be at least 1. Got {merchants}")
    card = load_scorecard(scorecard)
    names = [str(path)]
    if truth is not None or names[0] != "-":
        names.append(f"{path}.truth.csv" if truth is None else str(truth))
    for name in names:
        if not suffix_of(name):
            raise InputError(f"{name}: must end in {SUFFIXES_SAID}")
    if len(names) == 2 and (names[0] == names[1] or same_file(*names)):
        raise InputError(f"{names[1]}: the truth needs a file of its own")
    refuse_inputs(names, [scorecard])
    whole = frozenset(f.name for f in card.inputs if f.check in ("count", "flag"))
    with ExitStack() as files:
        tables = [_Table(files, name, whole) for name in names]
        done = 0
        for block in simulate_blocks(merchants, seed, card, dirty, rows=_ROWS):
            for table, columns in zip(tables, (block, block.truth), strict=False):
                table.add(columns)
            done = min(done + _ROWS, merchants)
            progress("simulating", done / merchants, done)
        for table in tables:
            table.finish()
        commit_together(table.file for table in reversed(tables))
