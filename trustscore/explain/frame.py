"""The statements of many merchants as one long frame."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from trustscore.errors import ROWS_SHOWN, InputError, at_most, one_line, plural
from trustscore.explain.below import rows_below, tier_place
from trustscore.explain.make_statement import left_out
from trustscore.explain.next_tier import Change, TierPlan
from trustscore.explain.statement import SignalLine, Statement
from trustscore.io.frames import read_frame
from trustscore.io.streams import like
from trustscore.scorecard import Scorecard, load_scorecard
from trustscore.scorecard.faults import suggest
from trustscore.scoring import score_columns

__all__ = ["explain_frame", "statement_frame"]

# What a note may say; nothing where a signal is known.
NOTES = (
    "",
    "unknown",
    "withheld",
    "without_whole",
    "left_out",
    "not_applicable",
    "not_collected",
)


def explain_frame(
    frame: Any,
    scorecard: str | Path | Scorecard = "default",
    ids: Iterable[str] | str | None = None,
    *,
    all_below: str | None = None,
    allow_missing_columns: bool = False,
    as_of: dt.date | None = None,
) -> Any:
    """Explain the merchants of a frame, signal by signal.

    Parameters
    ----------
    frame : pandas.DataFrame, mapping of columns, Polars frame, pyarrow Table or other Arrow stream
        As `score_frame` takes it.
    scorecard : str, Path or Scorecard, default="default"
    ids : iterable of str, optional
        Merchants to explain, in this order; all by default.
    all_below : str, optional
        Id of a tier: only those in a tier below it are explained.
    allow_missing_columns : bool, default=False
        Whether columns may be missing. The signals that read them then do not apply.
    as_of : date, optional
        Day of the review.

    Returns
    -------
    frame of the library that `frame` is of
        Of pandas for a mapping; a pyarrow Table for other Arrow streams.
        One row for each merchant and signal: ``merchant_id, dimension, stage, signal, value,
        utility, reliability, gained, lost, note``. `value` is the figure after shrinkage;
        `note` is empty, ``unknown``, ``withheld``, ``without_whole`` (events of nothing, as
        complaints without orders), ``left_out``, ``not_applicable`` or ``not_collected``.
        A merchant's `gained` add up to the index before rules, and `lost` to the rest of 100.

    Raises
    ------
    InputError
        When columns, ids or the tier are missing, or rows to explain have faults.

    Examples
    --------
    >>> card = load_scorecard("minimal")
    >>> frame = pd.DataFrame({field.name: [np.nan] for field in card.fields})
    >>> frame = frame.assign(merchant_id="m1", complaints=0.0, orders_paid=100.0)
    >>> long = explain_frame(frame, card)
    >>> long.loc[long.signal == "complaint_rate", ["value", "utility"]].round(6).values.tolist()
    [[0.004, 0.8]]
    >>> round(float(long.gained.sum()), 6)
    66.0
    """
    card = load_scorecard(scorecard)
    place = None if all_below is None else tier_place(card, all_below)
    rows, missing, _ = read_frame(frame, card, allow_missing_columns=allow_missing_columns)
    names = rows.ids.to_pylist()
    wanted = _wanted(names, ids, rows.rejects)
    block = {name: values[wanted] for name, values in rows.block.items()}
    if place is not None:
        tiers = score_columns(block, card, missing=missing, as_of=as_of)
        below = np.flatnonzero(rows_below(tiers, place))
        block = {name: values[below] for name, values in block.items()}
        wanted = [wanted[at] for at in below.tolist()]
    scores: Any = score_columns(block, card, "all", missing=missing, as_of=as_of)
    signals = card.signals
    count = len(wanted)
    applies = scores.applies.T

    def long(values: Any) -> Any:
        return np.where(applies, values.T, np.nan).reshape(-1)

    def each(texts: list[str]) -> Any:
        return np.tile(np.array(texts, dtype=object), count)

    columns = {
        "merchant_id": np.repeat(
            np.array([names[at] for at in wanted], dtype=object), len(signals)
        ),
        "dimension": each([signal.dimension for signal in signals]),
        "stage": each([signal.stage for signal in signals]),
        "signal": each([signal.id for signal in signals]),
        "value": long(scores.value),
        "utility": long(scores.utility),
        "reliability": np.where(applies, scores.reliability.T, 0.0).reshape(-1),
        "gained": scores.gained.T.reshape(-1),
        "lost": scores.lost.T.reshape(-1),
        "note": _notes(card, scores, missing, block),
    }
    return pd.DataFrame(columns) if isinstance(frame, Mapping) else like(frame, columns)


def statement_frame(statement: Statement) -> Any:
    """Return the signals of a statement as a pandas frame, one row a signal."""
    names = [field.name for field in dataclasses.fields(SignalLine)]
    return pd.DataFrame(
        {name: [getattr(line, name) for line in statement.signals] for name in names}
    )


def plan_frame(plan: TierPlan) -> Any:
    """Return the changes of a plan as a pandas frame, those that suffice alone after the others."""
    names = [field.name for field in dataclasses.fields(Change)]
    rows = [(False, each) for each in plan.changes] + [(True, each) for each in plan.alone]
    found: dict[str, Any] = {"enough_alone": np.array([alone for alone, _ in rows], dtype=bool)}
    return pd.DataFrame(found | {name: [getattr(each, name) for _, each in rows] for name in names})


def _wanted(names: list[str], ids: Iterable[str] | str | None, rejects: Any) -> list[int]:
    """Return the rows to explain."""
    sought = [ids] if isinstance(ids, str) else None if ids is None else [str(i) for i in ids]
    bad = {r.merchant_id: r for r in reversed(rejects) if r.reason != "repeated_id"}
    place = {name: at for at, name in enumerate(names)}
    if sought is None:
        if not rejects:
            return list(range(len(names)))
        concerned = list(rejects)
        faults = []
    else:
        absent = [name for name in sought if name not in place]
        concerned = [bad[name] for name in absent if name in bad]
        faults = [
            f"{one_line(name)}: no such merchant{suggest(name, names)}"
            for name in absent
            if name not in bad
        ]
    faults += [
        f"row {r.line} (merchant {one_line(r.merchant_id or 'unknown')}), {r.column}: {r.message}. "
        f"Got {r.value!r}"
        for r in concerned
    ]
    if not faults:
        return [place[name] for name in sought or ()]
    raise InputError(
        f"{plural(len(faults), 'merchant')} cannot be explained", at_most(faults, most=ROWS_SHOWN)
    )


def _notes(card: Scorecard, scores: Any, missing: frozenset[str], block: dict[str, Any]) -> Any:
    codes = np.zeros(scores.applies.shape, dtype=np.int64)
    codes[scores.applies & (scores.reliability == 0)] = NOTES.index("unknown")
    codes[scores.applies & scores.withheld] = NOTES.index("withheld")
    codes[~scores.applies] = NOTES.index("not_applicable")
    for i, signal in enumerate(card.signals):
        if signal.counts and not missing.intersection(signal.columns):
            alone = (block[str(signal.sample)] == 0) & (block[signal.value] > 0)
            codes[i, scores.applies[i] & alone] = NOTES.index("without_whole")
        codes[i, left_out(signal, block, scores, i)] = NOTES.index("left_out")
        if missing.intersection(signal.columns):
            codes[i] = NOTES.index("not_collected")
    return np.array(NOTES, dtype=object)[codes.T.reshape(-1)]
