"""Scoring a frame in memory, with the same rules as a file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from trustscore.batch.output import contribution_columns, contribution_values, score_values
from trustscore.batch.scorer import Scorer
from trustscore.boost import BoostPolicy
from trustscore.errors import ROWS_SHOWN, InputError, at_most, plural
from trustscore.io.frames import frame_parts
from trustscore.io.rejects import Reject
from trustscore.io.streams import like
from trustscore.scorecard import Scorecard, load_scorecard
from trustscore.scorecard.faults import shown

__all__ = ["score_frame"]


def _told(reject: Reject) -> str:
    """Return what is wrong with a row, for a list of faults."""
    merchant = reject.merchant_id if reject.merchant_id else "unknown"
    return (
        f"row {reject.line} (merchant {merchant}), "
        f"{reject.column}: {reject.message}. Got {shown(reject.value)}"
    )


def score_frame(
    frame: Any,
    scorecard: str | Path | Scorecard = "default",
    *,
    errors: Literal["raise", "reject"] = "raise",
    allow_missing_columns: bool = False,
    as_of: dt.date | None = None,
    contributions: bool = False,
    policy: str | Path | BoostPolicy = "boost",
) -> Any:
    """Score the rows of a frame.

    Parameters
    ----------
    frame : pandas.DataFrame, mapping of columns, or what gives an Arrow stream
        One row a merchant; ``merchant_id`` is a column or the index of pandas. Columns of text are
        read like cells of a CSV, columns of numbers are checked. Any object with
        ``__arrow_c_stream__`` will do and is read once, batch by batch: a Polars DataFrame, a
        DuckDB relation, a pyarrow Table or RecordBatchReader.
    scorecard : str, Path or Scorecard, default="default"
    errors : {"raise", "reject"}, default="raise"
        What to do when rows have faults.
    allow_missing_columns : bool, default=False
        Signals whose columns are not there do not apply.
    as_of : date, optional
        Day of the review, for the minimum stay in a tier.
    contributions : bool, default=False
        Also return what each signal and rule gave each merchant.
    policy : str, Path or BoostPolicy, default="boost"

    Returns
    -------
    scores : DataFrame
        The columns of the score file, unrounded: a frame of the library that `frame` is of, with
        the index of the rows scored in pandas; pandas for a mapping, and a pyarrow Table for a
        reader or a relation.
    rejects : DataFrame
        Only with ``errors="reject"``: the columns of the rejects file; ``line`` is the
        number of the row, from 1.
    contributions : DataFrame
        Only with `contributions`.

    Raises
    ------
    InputError
        When columns are missing; and when rows have faults, with ``errors="raise"``.

    Examples
    --------
    >>> card = load_scorecard("minimal")
    >>> frame = pd.DataFrame({field.name: ["", "1"] for field in card.fields})
    >>> frame.insert(0, "merchant_id", ["a", "b"])
    >>> list(score_frame(frame, card).columns[:3])
    ['merchant_id', 'trust_index', 'trust_index_lower']
    """
    if errors not in ("raise", "reject"):
        raise InputError(f"errors must be 'raise' or 'reject'. Got {errors!r}")
    card = load_scorecard(scorecard)
    parts, missing, index = frame_parts(frame, card, allow_missing_columns=allow_missing_columns)
    scorer = Scorer(card, BoostPolicy.load(policy), as_of=as_of, statement=contributions)
    rejects: list[Reject] = []
    lines, scores, wide = [], [], []
    for rows in parts:
        rejects += rows.rejects
        if rejects and errors == "raise":
            # The other rows are only read, so that all faults are listed.
            continue
        scored = scorer.scored(rows, missing)
        lines.append(rows.lines)
        scores.append(score_values(scored))
        if contributions:
            names = list(contribution_columns(card))
            values = [rows.names(), *contribution_values(scored)]
            wide.append(dict(zip(names, values, strict=True)))
    if rejects and errors == "raise":
        raise InputError(
            f"{plural(len(rejects), 'row')} of the frame cannot be scored;"
            " errors='reject' scores the others",
            at_most(rejects, _told, most=ROWS_SHOWN),
        )

    def shaped(columns: Mapping[str, Any], lines: Any) -> Any:
        if index is not None:
            return pd.DataFrame(dict(columns), index=index[np.asarray(lines, dtype=np.int64) - 1])
        return like(frame, columns)

    where = np.concatenate(lines)
    answer = [shaped(_joined(scores), where)]
    if errors == "reject":
        answer.append(shaped(_reject_columns(rejects), [reject.line for reject in rejects]))
    if contributions:
        answer.append(shaped(_joined(wide), where))
    return answer[0] if len(answer) == 1 else tuple(answer)


def _joined(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the columns of several stretches as one."""
    if len(parts) == 1:
        return dict(parts[0])
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _reject_columns(rejects: Sequence[Reject]) -> dict[str, Any]:
    """Return the columns of the rejects file."""
    columns: dict[str, list[Any]] = {
        "line": [r.line for r in rejects],
        "merchant_id": [r.merchant_id for r in rejects],
        "column": [r.column for r in rejects],
        "value": [r.value for r in rejects],
        "reason": [f"{r.reason}: {r.message}" for r in rejects],
        "more": [r.more for r in rejects],
        "raw": [r.raw for r in rejects],
    }
    whole = ("line", "more")
    return {n: np.array(v, np.int64 if n in whole else object) for n, v in columns.items()}
