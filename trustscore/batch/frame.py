"""Scoring a frame in memory, with the same rules as a file."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from trustscore.batch.output import contribution_columns, contribution_values, score_values
from trustscore.batch.scorer import Scorer
from trustscore.boost import BoostPolicy
from trustscore.errors import ROWS_SHOWN, InputError, at_most, plural
from trustscore.io.frames import read_frame
from trustscore.io.rejects import Reject
from trustscore.scorecard import Scorecard, load_scorecard

__all__ = ["score_frame"]


def _told(reject: Reject) -> str:
    """Return what is wrong with a row, for a list of faults."""
    merchant = reject.merchant_id if reject.merchant_id else "unknown"
    return (
        f"row {reject.line} (merchant {merchant}), "
        f"{reject.column}: {reject.message}. Got {reject.value!r}"
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
    frame : pandas.DataFrame, mapping of columns, pyarrow.Table or pyarrow.RecordBatch
        One row a merchant; ``merchant_id`` is a column or the index. Columns of text
        are read like cells of a CSV, columns of numbers are checked. A frame of
        another library will do if it has ``to_arrow``.
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
    scores : pandas.DataFrame
        The columns of the score file, unrounded, with the index of the rows scored.
    rejects : pandas.DataFrame
        Only with ``errors="reject"``: the columns of the rejects file; ``line`` is the
        number of the row, from 1.
    contributions : pandas.DataFrame
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
    rows, missing, index = read_frame(frame, card, allow_missing_columns=allow_missing_columns)
    if rows.rejects and errors == "raise":
        raise InputError(
            f"{plural(len(rows.rejects), 'row')} of the frame cannot be scored;"
            " errors='reject' scores the others",
            at_most(
                rows.rejects,
                _told,
                most=ROWS_SHOWN,
            ),
        )
    scorer = Scorer(card, BoostPolicy.load(policy), as_of=as_of, statement=contributions)
    scored = scorer.scored(rows, missing)
    where = index[rows.lines - 1]
    scores = pd.DataFrame(score_values(scored), index=where)
    answer = [scores]
    if errors == "reject":
        columns = ["line", "merchant_id", "column", "value", "reason", "more", "raw"]
        answer.append(
            pd.DataFrame(
                [
                    (r.line, r.merchant_id, r.column, r.value, f"{r.reason}: {r.message}")
                    + (r.more, r.raw)
                    for r in rows.rejects
                ],
                columns=columns,
                index=index[[reject.line - 1 for reject in rows.rejects]],
            )
        )
    if contributions:
        names = list(contribution_columns(card))
        values = [rows.names(), *contribution_values(scored)]
        answer.append(pd.DataFrame(dict(zip(names, values, strict=True)), index=where))
    return answer[0] if len(answer) == 1 else tuple(answer)
