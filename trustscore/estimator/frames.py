"""Reads frames by the reader of `score_frame`; a faulty row is an error here, not a reject."""

from __future__ import annotations

from typing import Any

import pandas as pd

from trustscore.errors import ROWS_SHOWN, InputError, at_most, plural
from trustscore.io.frames import read_frame
from trustscore.io.rejects import Reject
from trustscore.scorecard import Scorecard
from trustscore.scorecard.faults import shown
from trustscore.scoring.row_block import RowBlock

__all__ = ["as_frame", "read_block"]


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


def read_block(
    frame: pd.DataFrame, card: Scorecard, missing: bool | frozenset[str]
) -> tuple[RowBlock, frozenset[str]]:
    """Return the checked block of a frame, and the columns that are not there.

    Parameters
    ----------
    frame : DataFrame
    card : Scorecard
    missing : bool or frozenset of str
        The columns that may be absent: all (True), none (False) or the named ones.

    Raises
    ------
    InputError
        When columns are missing, or rows have faults.
    """
    rows, absent, index = read_frame(
        frame, card, allow_missing_columns=bool(missing), what="X", ids=False
    )
    if not isinstance(missing, bool) and absent - missing:
        raise InputError(
            f"X: {len(absent - missing)} columns that were there in fit are missing",
            [f"{name}: no such column" for name in sorted(absent - missing)],
        )
    if not any(field.name not in absent for field in card.inputs):
        raise InputError(f"X: has none of the columns of scorecard {card.name}")
    if rows.rejects:
        raise InputError(
            f"X: {plural(len(rows.rejects), 'row')} cannot be scored",
            at_most(rows.rejects, lambda r: _told(r, index[r.line - 1]), most=ROWS_SHOWN),
        )
    return rows.block, absent


def _told(reject: Reject, label: Any) -> str:
    more = f" ({plural(reject.more, 'more fault')} in the row)" if reject.more else ""
    return f"row {label}, {reject.column}: {reject.message}. Got {shown(reject.value)}{more}"
