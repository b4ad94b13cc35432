"""Reads frames of any kind into checked blocks; a faulty row is an error here, not a reject."""

from __future__ import annotations

from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from trustscore.errors import ROWS_SHOWN, InputError, at_most, plural
from trustscore.io.arrow import strings
from trustscore.io.checks import check_block
from trustscore.io.header import Columns, Wanted, match
from trustscore.io.text_columns import parse_block
from trustscore.scorecard import Scorecard
from trustscore.typing import Array

__all__ = ["as_frame", "match_columns", "read_block"]


def as_frame(X: Any) -> pd.DataFrame:
    """Return a frame of any kind as a pandas frame."""
    if not isinstance(X, pd.DataFrame) and hasattr(X, "to_pandas"):
        X = X.to_pandas()
    if not isinstance(X, pd.DataFrame):
        raise InputError(
            "X: must be a frame with named columns when there is a scorecard. "
            f"Got {type(X).__name__}"
        )
    return X


def match_columns(frame: pd.DataFrame, card: Scorecard, missing: bool | frozenset[str]) -> Columns:
    """Find the columns; those that may be absent are all (True), none (False) or the named ones."""
    header = [str(name) for name in frame.columns]
    found = match(header, Wanted.by(card), "X", allow_missing=bool(missing), id_elsewhere=True)
    if not isinstance(missing, bool) and found.missing - missing:
        absent = sorted(found.missing - missing)
        raise InputError(
            f"X: {len(absent)} columns that were there in fit are missing",
            [f"{name}: no such column" for name in absent],
        )
    if not found.numbers:
        raise InputError(f"X: has none of the columns of scorecard {card.name}")
    return found


def read_block(
    frame: pd.DataFrame, columns: Columns, card: Scorecard, missing: frozenset[str]
) -> dict[str, Array]:
    """Return the checked block of a frame; text cells are read like cells of a file."""
    block: dict[str, Array] = {}
    texts: dict[str, Any] = {}
    for name, at in columns.numbers.items():
        if name in missing:
            continue
        column = frame.iloc[:, at]
        if pd.api.types.is_numeric_dtype(column.dtype) and column.dtype.kind != "c":
            block[name] = column.to_numpy(dtype=np.float64, na_value=np.nan)
        else:
            texts[name] = _strings(column, card.decimal)
    for name, at in columns.texts.items():
        if name != "merchant_id":
            texts[name] = _strings(frame.iloc[:, at], ".")
    wanted = Wanted.by(card)
    read, faults = parse_block(texts, wanted.fields, wanted.pairs, decimal=wanted.decimal)
    block |= read
    # parse_block checks text columns against each other only, but a count may be text and its
    # sample a number.
    seen = {(fault.row, fault.column) for fault in faults}
    faults += [
        fault
        for fault in check_block(block, wanted.fields, wanted.pairs)
        if (fault.row, fault.column) not in seen
    ]
    if faults:
        faults.sort(key=lambda fault: fault.row)
        listed = at_most(
            faults,
            lambda f: f"row {frame.index[f.row]}, {f.column}: {f.message}. Got {f.value!r}",
            most=ROWS_SHOWN,
        )
        raise InputError(f"X: {plural(len(faults), 'fault')} in the cells", listed)
    return block


def _strings(column: pd.Series, decimal: str) -> Any:
    """Return the cells as a file would hold them, with the scorecard's decimal sign."""

    def text(cell: Any) -> str:
        return str(cell).replace(".", decimal) if isinstance(cell, (Real, Decimal)) else str(cell)

    blank = column.isna().to_numpy()
    cells = column.astype(object).tolist()
    return strings([None if b else text(cell) for b, cell in zip(blank, cells, strict=True)])
