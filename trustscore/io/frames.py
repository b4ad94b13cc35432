"""Frames in memory read by the same rules as files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from trustscore.errors import InputError
from trustscore.io.arrow import strings
from trustscore.io.blocks import repeated
from trustscore.io.checks import Checker
from trustscore.io.clean_rows import Rows
from trustscore.io.columns import floats_of, rows_of, text_of
from trustscore.io.header import Columns, Wanted, match
from trustscore.io.seen_ids import SeenIds
from trustscore.io.text_columns import TEXT, one_chunk
from trustscore.scorecard import Scorecard

__all__ = ["read_frame"]


def read_frame(
    frame: Any, scorecard: Scorecard, *, allow_missing_columns: bool = False
) -> tuple[Rows, frozenset[str], pd.Index]:
    """Turn a frame into rows.

    Parameters
    ----------
    frame : pandas.DataFrame, mapping of columns, pyarrow.Table or pyarrow.RecordBatch
    scorecard : Scorecard
    allow_missing_columns : bool, default=False

    Returns
    -------
    rows : Rows
        ``lines`` are row numbers, from 1.
    missing : frozenset of str
        Columns that are not there.
    index : pandas.Index
        Of the frame.
    """
    wanted = Wanted.by(scorecard)
    if not isinstance(frame, (pd.DataFrame, pa.Table, pa.RecordBatch)) and hasattr(
        frame, "to_arrow"
    ):
        frame = frame.to_arrow()
    if isinstance(frame, Mapping):
        try:
            frame = pd.DataFrame(frame)
        except ValueError as error:
            raise InputError(f"the columns make no table: {error}") from None
    if isinstance(frame, pd.DataFrame):
        return _read_pandas(frame, wanted, allow_missing_columns)
    if isinstance(frame, (pa.Table, pa.RecordBatch)):
        return _read_arrow(frame, wanted, allow_missing_columns)
    raise InputError(
        "a frame must be a pandas DataFrame, columns by name or a pyarrow Table. "
        f"Got {type(frame).__name__}"
    )


def _read_arrow(
    table: Any, wanted: Wanted, allow_missing: bool
) -> tuple[Rows, frozenset[str], pd.Index]:
    found = match(table.schema.names, wanted, "the table", allow_missing=allow_missing)
    numbers = {}
    for name, place in found.numbers.items():
        column = one_chunk(table.column(place))
        is_text = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
        numbers[name] = column if is_text else floats_of(column, name, "the table")
    texts = {
        name: text_of(table.column(place), name, "the table") for name, place in found.texts.items()
    }
    names = table.schema.names

    def raw(row: int) -> str:
        return _line([table.column(at)[row].as_py() for at in range(len(names))])

    index = pd.RangeIndex(table.num_rows)
    return _rows(numbers, texts, found, wanted, raw), found.missing, index


def _read_pandas(
    frame: pd.DataFrame, wanted: Wanted, allow_missing: bool
) -> tuple[Rows, frozenset[str], pd.Index]:
    names = [str(name) for name in frame.columns]
    as_index = _is_id(frame.index.name, wanted)
    found = match(names, wanted, "the frame", allow_missing=allow_missing, id_elsewhere=as_index)
    numbers = {
        name: _numbers_or_text(frame.iloc[:, place], name) for name, place in found.numbers.items()
    }
    texts = {name: _text(frame.iloc[:, place]) for name, place in found.texts.items()}
    if "merchant_id" not in texts:
        texts["merchant_id"] = _text(frame.index.to_series())

    def raw(row: int) -> str:
        return _line(frame.iloc[row].tolist())

    return _rows(numbers, texts, found, wanted, raw), found.missing, frame.index


def _is_id(name: Any, wanted: Wanted) -> bool:
    if name is None:
        return False
    found = match([str(name)], Wanted((), (), ".", wanted.aliases), "", id_elsewhere=True)
    return "merchant_id" in found.texts


def _rows(
    numbers: dict[str, Any], texts: dict[str, Any], found: Columns, wanted: Wanted, raw: Any
) -> Rows:
    ids = texts["merchant_id"]
    rows = rows_of(
        numbers,
        ids=ids,
        texts={name: texts[name] for name in TEXT if name in texts},
        keep={},
        lines=np.arange(1, len(ids) + 1),
        wanted=wanted,
        checker=Checker(wanted.fields, wanted.pairs),
        raw=raw,
        file="",
    )
    repeats = SeenIds(len(ids)).add(rows.ids, rows.lines, 0)
    if len(repeats.rows):
        rows = rows.drop(repeats.rows, repeated(rows, repeats, [""]))
    return rows


def _numbers_or_text(series: pd.Series, name: str) -> Any:
    kind = series.dtype
    if isinstance(kind, pd.CategoricalDtype):
        return _text(series)
    if pd.api.types.is_bool_dtype(kind) or pd.api.types.is_numeric_dtype(kind):
        if pd.api.types.is_complex_dtype(kind):
            raise InputError(f"the frame: column {name} is of type {kind}; numbers are expected")
        return series.to_numpy(dtype=np.float64, na_value=np.nan)
    if pd.api.types.is_object_dtype(kind) or pd.api.types.is_string_dtype(kind):
        return _text(series)
    raise InputError(f"the frame: column {name} is of type {kind}; numbers or text are expected")


def _text(series: pd.Series) -> Any:
    values = series.astype(object).tolist()
    return strings([None if _nothing(value) else _spelled(value) for value in values])


def _nothing(value: Any) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or value != value


def _spelled(value: Any) -> str:
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    # An id that was read as 12.0 because others were blank is still 12.
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value)


def _line(values: list[Any]) -> str:
    import csv
    import io

    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(
        ["" if _nothing(value) else value for value in values]
    )
    return out.getvalue()
