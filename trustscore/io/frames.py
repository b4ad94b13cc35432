"""Frames in memory read by the same rules as files: pandas here, all others as Arrow streams."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from trustscore.errors import InputError
from trustscore.io.arrow import strings
from trustscore.io.blocks import repeated
from trustscore.io.checks import Checker
from trustscore.io.clean_rows import Rows
from trustscore.io.columns import rows_of
from trustscore.io.header import Wanted, match
from trustscore.io.seen_ids import SeenIds
from trustscore.io.streams import as_stream, read_stream, stream_parts
from trustscore.scorecard import Scorecard
from trustscore.scorecard.merchant_ids import id_text, whole_text

__all__ = ["frame_parts", "read_frame"]

_HALVES = re.compile("[\ud800-\udfff]")


def frame_parts(
    frame: Any, scorecard: Scorecard, *, allow_missing_columns: bool = False
) -> tuple[Iterator[Rows], frozenset[str], pd.Index | None]:
    """Turn a frame into stretches of rows, so that a stream need not be in memory as a whole.

    The parameters and errors are those of `read_frame`.

    Returns
    -------
    parts : iterator of Rows
        At least one. Of rows with the same id all but the first are rejected.
    missing : frozenset of str
        Columns that are not there.
    index : pandas.Index or None
        Of a pandas frame.
    """
    if isinstance(frame, (pd.DataFrame, Mapping)):
        rows, missing, index = read_frame(
            frame, scorecard, allow_missing_columns=allow_missing_columns
        )
        return iter([rows]), missing, index
    parts, missing = stream_parts(as_stream(frame), Wanted.by(scorecard), allow_missing_columns)
    return _met_once(parts), missing, None


def _met_once(parts: Iterable[Rows]) -> Iterator[Rows]:
    """Reject rows whose id was there before."""
    seen = SeenIds()
    for rows in parts:
        repeats = seen.add(rows.ids, rows.lines, 0)
        if len(repeats.rows):
            rows = rows.drop(repeats.rows, repeated(rows, repeats, [""]))
        yield rows


def read_frame(
    frame: Any,
    scorecard: Scorecard,
    *,
    allow_missing_columns: bool = False,
    what: str = "the frame",
    ids: bool = True,
) -> tuple[Rows, frozenset[str], pd.Index]:
    """Turn a frame into rows.

    Parameters
    ----------
    frame : pandas.DataFrame, mapping of columns, or what gives an Arrow stream
    scorecard : Scorecard
    allow_missing_columns : bool, default=False
    what : str
        Names the frame in messages.
    ids : bool, default=True
        Whether rows have ids, each of them once. Without, the rows are numbered.

    Returns
    -------
    rows : Rows
        ``lines`` are row numbers, from 1.
    missing : frozenset of str
        Columns that are not there.
    index : pandas.Index
        Of the frame; row numbers where it has none.

    Raises
    ------
    InputError
        When it is no frame, or columns are missing or there twice.
    """
    wanted = Wanted.by(scorecard)
    if isinstance(frame, Mapping):
        try:
            frame = pd.DataFrame(frame)
        except ValueError as error:
            raise InputError(f"the columns make no table: {error}") from None
    if isinstance(frame, pd.DataFrame):
        rows, missing = _read_pandas(frame, wanted, allow_missing_columns, what, ids)
        index = frame.index
    else:
        rows, missing = read_stream(as_stream(frame), wanted, allow_missing_columns)
        index = pd.RangeIndex(rows.read)
    if ids:
        repeats = SeenIds(len(rows)).add(rows.ids, rows.lines, 0)
        if len(repeats.rows):
            rows = rows.drop(repeats.rows, repeated(rows, repeats, [""]))
    return rows, missing, index


def _read_pandas(
    frame: pd.DataFrame, wanted: Wanted, allow_missing: bool, what: str, ids: bool
) -> tuple[Rows, frozenset[str]]:
    names = [str(name) for name in frame.columns]
    elsewhere = not ids or _is_id(frame.index.name, wanted)
    found = match(names, wanted, what, allow_missing=allow_missing, id_elsewhere=elsewhere)
    checks = {field.name: field.check for field in wanted.fields}
    numbers = {
        name: _numbers_or_text(frame.iloc[:, place], name, checks[name], wanted.decimal)
        for name, place in found.numbers.items()
    }
    texts = {name: _text(frame.iloc[:, place]) for name, place in found.texts.items()}
    if not ids:
        texts["merchant_id"] = strings([str(row) for row in range(len(frame))])
    else:
        at = found.texts.get("merchant_id")
        texts["merchant_id"] = _ids(frame.index.to_series() if at is None else frame.iloc[:, at])

    def raw(row: int) -> str:
        return _line(frame.iloc[row].tolist())

    return _rows(numbers, texts, wanted, raw), found.missing


def _is_id(name: Any, wanted: Wanted) -> bool:
    if name is None:
        return False
    found = match([str(name)], Wanted((), (), ".", wanted.aliases), "", id_elsewhere=True)
    return "merchant_id" in found.texts


def _rows(numbers: dict[str, Any], texts: dict[str, Any], wanted: Wanted, raw: Any) -> Rows:
    ids = texts["merchant_id"]
    return rows_of(
        numbers,
        ids=ids,
        texts={name: texts[name] for name in wanted.texts if name in texts},
        keep={},
        lines=np.arange(1, len(ids) + 1),
        wanted=wanted,
        checker=Checker(wanted.fields, wanted.pairs),
        raw=raw,
        file="",
    )


def _numbers_or_text(series: pd.Series, name: str, check: str, decimal: str) -> Any:
    kind = series.dtype
    if isinstance(kind, pd.CategoricalDtype):
        return _text(series, decimal)
    if pd.api.types.is_bool_dtype(kind) and check != "flag":
        return _text(series)  # in words, which a count is not, as in a file of text
    if isinstance(kind, pd.ArrowDtype) and pa.types.is_decimal(kind.pyarrow_dtype):
        return _text(series, decimal)
    if pd.api.types.is_bool_dtype(kind) or pd.api.types.is_numeric_dtype(kind):
        if pd.api.types.is_complex_dtype(kind):
            raise InputError(f"the frame: column {name} is of type {kind}; numbers are expected")
        return series.to_numpy(dtype=np.float64, na_value=np.nan)
    if isinstance(kind, pd.ArrowDtype) and pa.types.is_null(kind.pyarrow_dtype):
        return np.full(len(series), np.nan)
    if pd.api.types.is_object_dtype(kind) or pd.api.types.is_string_dtype(kind):
        return _text(series, decimal)
    raise InputError(f"the frame: column {name} is of type {kind}; numbers or text are expected")


def _ids(series: pd.Series) -> Any:
    if pd.api.types.is_datetime64_any_dtype(series.dtype):
        raise InputError(
            f"the frame: column merchant_id is of type {series.dtype}; an id is text, a whole"
            " number or a UUID"
        )
    values = series.tolist() if series.dtype == object else list(series.array)
    return strings([_valid(id_text(value)) for value in values])


def _valid(text: str | None) -> str | None:
    """Return a text that can be encoded: half of a surrogate pair is no character."""
    if text is None or text.isascii():
        return text
    return text.encode(errors="replace").decode() if _HALVES.search(text) else text


def _text(series: pd.Series, decimal: str = ".") -> Any:
    """Return cells as a file would hold them, numbers with the decimal sign of its texts."""
    values = series.astype(object).tolist()
    return strings(
        [None if _nothing(value) else _valid(_spelled(value, decimal)) for value in values]
    )


def _nothing(value: Any) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or value != value


def _spelled(value: Any, decimal: str) -> str:
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if type(value) is int:
        return whole_text(value)
    # An id that was read as 12.0 because others were blank is still 12.
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    if isinstance(value, (Real, Decimal)):
        return str(value).replace(".", decimal)
    return str(value)


def _line(values: list[Any]) -> str:
    import csv
    import io

    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(
        [
            "" if _nothing(value) else whole_text(value) if type(value) is int else value
            for value in values
        ]
    )
    return out.getvalue()
