"""Columns of ids: the rule of `trustscore.scorecard.merchant_ids`, quickly.

A compiled loop finds the few ids that the rule may change or refuse; the others are left as they
are.
"""

from __future__ import annotations

import uuid
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from trustscore.errors import InputError
from trustscore.io.arrow import spans, strings, valid
from trustscore.io.id_table import odd_ids
from trustscore.scorecard.merchant_ids import LONGEST_ID, canonical_id, id_text

__all__ = ["BadId", "canonical_ids", "id_column"]


class BadId(NamedTuple):
    """An id that is none: its row, its text, and what is wrong with it."""

    row: int
    text: str
    reason: str
    message: str


def canonical_ids(ids: Any) -> tuple[Any, list[BadId]]:
    """Return ids in their one form, and those that are none.

    Parameters
    ----------
    ids : pyarrow.StringArray

    Returns
    -------
    ids : pyarrow.StringArray
        Without nulls.
    bad : list of BadId

    Examples
    --------
    >>> ids, bad = canonical_ids(pa.array([" m1", "1001.0", "nan", None]))
    >>> ids.to_pylist(), [(found.row, found.reason) for found in bad]
    (['m1', '1001', 'nan', ''], [(2, 'missing_id'), (3, 'missing_id')])
    """
    data, starts, ends = spans(ids)
    if ids.null_count:
        # A null may stand over any bytes.
        ends = np.where(valid(ids), ends, starts)
    rows = np.empty(len(starts), dtype=np.int64)
    rows = rows[: odd_ids(data.data, starts, ends, LONGEST_ID, rows)]
    if not len(rows) and ids.type == pa.string():
        return ids, []
    texts = ids.to_pylist()
    bad: list[BadId] = []
    changed = bool(ids.null_count) or ids.type != pa.string()
    for row in rows.tolist():
        text = texts[row] or ""
        found, reason, message = canonical_id(text)
        if reason:
            found = found[:LONGEST_ID]
            bad.append(BadId(row, found, reason, message))
        if found != texts[row]:
            texts[row], changed = found, True
    return strings(texts) if changed else ids, bad


def id_column(column: Any, name: str, file: str) -> Any:
    """Return an Arrow column of ids as text, whatever its type: what is no id reads as such.

    Parameters
    ----------
    column : pyarrow.Array
        Neither in chunks nor text.
    name, file : str
        For messages.

    Raises
    ------
    InputError
        When the type is none that ids have.

    Examples
    --------
    >>> id_column(pa.array([1001.0, 0.5, None]), "merchant_id", "frame").to_pylist()
    ['1001', '0.5', None]
    """
    kind = column.type
    if pa.types.is_integer(kind):
        return column.cast(pa.string())
    if pa.types.is_floating(kind):
        # Values of numpy know how many bits they have.
        values = np.asarray(column.to_numpy(zero_copy_only=False))
        texts = [id_text(value) for value in values]
    elif pa.types.is_null(kind) or pa.types.is_decimal(kind):
        texts = [id_text(value) for value in column.to_pylist()]
    elif str(kind) == "extension<arrow.uuid>":
        texts = [None if x is None else str(uuid.UUID(bytes=x)) for x in column.storage.to_pylist()]
    else:
        raise InputError(
            f"{file}: column {name} is of type {kind}; an id is text, a whole number or a UUID"
        )
    return strings(texts)
