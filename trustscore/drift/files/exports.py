"""Two exports read as sides, and the table of what drifted."""

from __future__ import annotations

import datetime as dt
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from trustscore.drift.bins import Bins
from trustscore.drift.measure import drift_of
from trustscore.drift.result import Drift
from trustscore.drift.side import Side
from trustscore.errors import InputError
from trustscore.io.atomic_files import write_columns
from trustscore.io.blocks import ReadBlock, read_blocks
from trustscore.io.refuse_overwrite import refuse_inputs
from trustscore.io.seen_ids import SeenIds
from trustscore.scorecard import Scorecard, load_scorecard
from trustscore.typing import Array, FilePath, Progress, silent

__all__ = ["COLUMNS", "drift_files", "read_side", "write_drift"]

# The side columns of text that say what a merchant is; a tier of the last review is none.
COLUMNS = ("category", "shop_type")
_MONTH = re.compile(r"(\d{4})[-/.年]?(\d{1,2})(?!\d)|(\d{4})(\d{2})\d{2}$")
_LOG = logging.getLogger("trustscore")


def drift_files(
    reference: FilePath | Iterable[FilePath],
    current: FilePath | Iterable[FilePath],
    out: FilePath | None = None,
    *,
    scorecard: str | Path | Scorecard = "default",
    columns: Iterable[str] = (),
    month: str | None = None,
    as_of: dt.date | None = None,
    allow_missing_columns: bool = False,
    encoding: str | None = None,
    progress: Progress = silent,
) -> Drift:
    """Return how far the merchants of one export are from those of another.

    Parameters
    ----------
    reference : path or paths
        Files, folders and patterns; its figures are held in memory.
    current : path or paths
        Read once, block by block.
    out : path, optional
        Table with a line for each signal, mix of values and month.
    scorecard : str, Path or Scorecard, default="default"
    columns : iterable of str
        Further columns of text whose mix of values is compared, such as ``region``.
    month : str, optional
        Column of months or days; ``month`` by default, where the current export has one.
    as_of : date, optional
        Day of the review, for the minimum stay in a tier.
    allow_missing_columns : bool, default=False
    encoding : str, optional
    progress : Progress, optional

    Returns
    -------
    Drift

    Raises
    ------
    InputError
        When a file cannot be read, or one side has no merchants.
    """
    card = load_scorecard(scorecard)
    paths = [*_paths(reference), *_paths(current)]
    if out is not None:
        refuse_inputs([str(out)], [*paths, scorecard])
    if paths.count("-") > 1:
        raise InputError("standard input (-) can be read only once")
    settings: dict[str, Any] = {
        "columns": tuple(columns),
        "month": month,
        "as_of": as_of,
        "allow_missing_columns": allow_missing_columns,
        "encoding": encoding,
        "progress": progress,
    }
    first, _ = read_side(reference, card, **settings)
    if not first.rows:
        raise InputError(_nobody(reference, first))
    last, months = read_side(current, card, first.own_bins(), **settings)
    if not last.rows:
        raise InputError(_nobody(current, last))
    found = drift_of(first, last, months)
    if out is not None:
        write_drift(found, out)
    return found


def _nobody(path: Any, side: Side) -> str:
    why = f"all {side.rejected:,} rows have faults, see `check`" if side.rejected else "has no rows"
    return f"{', '.join(_paths(path))}: {why}"


def _paths(paths: FilePath | Iterable[FilePath]) -> list[str]:
    if isinstance(paths, (str, Path)):
        return [str(paths)]
    return [str(path) for path in paths]


def read_side(
    paths: FilePath | Iterable[FilePath],
    card: Scorecard,
    bins: Mapping[str, Bins] | None = None,
    *,
    columns: tuple[str, ...] = (),
    month: str | None = None,
    as_of: dt.date | None = None,
    allow_missing_columns: bool = False,
    encoding: str | None = None,
    progress: Progress = silent,
) -> tuple[Side, dict[str, Side]]:
    """Read an export as a side, and by month where it has months.

    Where there are months a merchant may stand in each of them once; rows that repeat one count
    as rejected.
    """
    counted = tuple(dict.fromkeys([*COLUMNS, *columns]))
    whole = Side(card, bins, counted)
    months: dict[str, Side] = {}
    once = _Once()
    # A reference may do without months.
    needed = [month] if month and bins is not None else []
    keep = tuple(dict.fromkeys([*columns, *needed]))
    blocks = read_blocks(
        _paths(paths),
        card,
        keep=[name for name in keep if name not in COLUMNS],
        optional=() if needed else (month or "month",),
        duplicates=False,
        allow_missing_columns=allow_missing_columns,
        encoding=encoding,
        progress=progress,
    )
    unread = 0
    for number, read in enumerate(blocks):
        whole.rejected += len(read.rejects)
        texts = {
            name: np.array([*read.rows.keep[name].to_pylist(), None], dtype=object)[:-1]
            for name in keep
            if name in read.rows.keep
        }
        named = read.rows.keep.get(month or "month")
        spelled = None if named is None else [_month(each) for each in named.to_pylist()]
        if spelled is not None:
            unread += spelled.count("")
        for label, rows in once.new_rows(read, spelled, number):
            whole.rejected += rows.repeated
            block = {name: values[rows.at] for name, values in read.block.items()}
            own = {name: values[rows.at] for name, values in texts.items()}
            if not len(rows.at):
                continue
            # The reference is one whole; months of now become sides that add up to it.
            side = whole
            if bins is not None and label:
                side = months.setdefault(label, Side(card, bins, counted))
            side.add(block, read.missing, as_of=as_of, texts=own)
    for side in months.values():
        whole.merge(side)
    if unread:
        _LOG.warning(
            "%s: %s rows have no month that can be read, such as 2026-01; they are in no month",
            ", ".join(_paths(paths)),
            f"{unread:,}",
        )
    return whole, months


def _month(cell: str | None) -> str:
    """Return the month of a cell, empty for none.

    Examples
    --------
    >>> [_month(cell) for cell in ("2026-01-31", "2026/1", "202601", "20260131", "2026年1月", "x")]
    ['2026-01', '2026-01', '2026-01', '2026-01', '2026-01', '']
    """
    found = _MONTH.match((cell or "").strip())
    if found is None:
        return ""
    year, month = (found[1], found[2]) if found[1] else (found[3], found[4])
    return f"{year}-{int(month):02d}" if 1 <= int(month) <= 12 else ""


class _Chosen:
    """Rows of a block of one month, and how many of them repeat a merchant."""

    def __init__(self, at: Array, repeated: int) -> None:
        self.at, self.repeated = at, repeated


class _Once:
    """The merchants met so far, by month."""

    def __init__(self) -> None:
        self.seen: dict[str, SeenIds] = {}

    def new_rows(
        self, read: ReadBlock, months: list[str] | None, number: int
    ) -> Iterator[tuple[str, _Chosen]]:
        """Yield the rows of each month whose merchant is new in it."""
        import pyarrow as pa

        rows = read.rows
        labels = np.array([*(months or [""] * len(rows)), None], dtype=object)[:-1]
        for label in dict.fromkeys(labels.tolist()):
            at = np.flatnonzero(labels == label)
            seen = self.seen.setdefault(label, SeenIds())
            repeats = seen.add(rows.ids.take(pa.array(at)), rows.lines[at], number)
            yield label, _Chosen(np.delete(at, repeats.rows), len(repeats.rows))


def write_drift(drift: Drift, out: FilePath) -> None:
    """Write a line for each look, of the whole and of each month."""
    drifts = [("", drift), *((month.month, month.drift) for month in drift.months)]
    lines = [(month, look) for month, each in drifts for look in each.looks]
    columns: dict[str, list[Any]] = {
        "month": [month or None for month, _ in lines],
        "kind": [look.kind for _, look in lines],
        "name": [look.name for _, look in lines],
        "verdict": [look.verdict for _, look in lines],
    }
    numbers = {
        "psi": "psi",
        "psi_by_chance": "psi_by_chance",
        "p": "chance",
        "p_corrected": "chance_corrected",
        "jensen_shannon": "jensen_shannon",
        "utility_distance": "utility_distance",
        "points": "points",
        "points_error": "points_error",
    }
    for name, attribute in numbers.items():
        columns[name] = [getattr(look, attribute) for _, look in lines]
    for name, at in (("reference", 0), ("current", 1)):
        columns[f"unknown_{name}"] = [look.unknown[at] for _, look in lines]
        columns[f"not_applicable_{name}"] = [look.not_applicable[at] for _, look in lines]
    texts = ("month", "kind", "name", "verdict")
    write_columns(
        out,
        {
            name: np.array([*values, None], dtype=object)[:-1]
            if name in texts
            else np.array(values, dtype=np.float64)
            for name, values in columns.items()
        },
    )
