"""The tables that come out: scores, contributions, rejects."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from trustscore.io.arrow import floats, int32s, strings, take
from trustscore.io.clean_rows import Rows
from trustscore.io.csv_text import (
    Column,
    Listed,
    Numbers,
    Texts,
    Words,
    exact,
    inert,
    lines,
    lines_of,
)
from trustscore.io.rejects import Reject
from trustscore.scorecard.output_columns import OutputColumn, columns_of

__all__ = [
    "Scored",
    "contribution_columns",
    "contribution_lines",
    "contribution_table",
    "contribution_values",
    "reject_columns",
    "reject_lines",
    "reject_table",
    "score_columns_out",
    "score_lines",
    "score_table",
    "score_values",
]

_ARROW = {"text": pa.string(), "number": pa.float64()}


@dataclass(frozen=True)
class Scored:
    """Rows with their scores and boosts."""

    rows: Rows
    scores: Any
    boost: NDArray[np.float64]
    stamp: str


def score_columns_out(scorecard: Any, keep: Iterable[str] = ()) -> dict[str, Any]:
    """Return the columns of the score table and their Arrow types.

    Examples
    --------
    >>> from trustscore.scorecard import load_scorecard
    >>> list(score_columns_out(load_scorecard("minimal")))[:3]
    ['merchant_id', 'trust_index', 'trust_index_lower']
    """
    columns = {column.name: _ARROW[column.type] for column in _columns(scorecard)}
    return columns | dict.fromkeys(keep, _ARROW["text"])


def _columns(scorecard: Any) -> tuple[OutputColumn, ...]:
    return columns_of(dimension.id for dimension in scorecard.dimensions)


def _numbers(scored: Scored) -> dict[str, NDArray[np.float64]]:
    """Return the columns of numbers."""
    scores = scored.scores
    found = {"trust_boost": scored.boost} | scores.dimensions
    for column in _columns(scores.scorecard):
        if column.type == "number" and column.name not in found:
            found[column.name] = getattr(scores, column.name)
    return found


def _texts(scores: Any) -> dict[str, Any]:
    """Return the columns of text."""
    coded = {
        "tier": (scores.tier_names, scores.tier_code),
        "status": (scores.status_names, scores.status_code),
        "rules": scores.rule_sets,
        "veto": (scores.veto_names, scores.veto_code),
    }
    texts = {name: take(strings(names), codes) for name, (names, codes) in coded.items()}
    return texts | {"reasons": _reasons(scores)}


def _reasons(scores: Any) -> Any:
    """Return up to three ``signal_id:-3.2`` joined by ``;``."""
    ids = strings([f"{signal.id}:-" for signal in scores.scorecard.signals])
    # A Python text among the arguments would import pandas.
    nothing, semicolon = strings(["", ";"])
    columns = []
    for signal, points in zip(scores.reason_signal, scores.reason_points, strict=True):
        tenths = np.rint(points * 10.0).astype(np.int32)
        there = tenths > 0
        parts = [take(ids, signal, there), take(_tenths(), tenths, there)]
        columns.append(pc.binary_join_element_wise(*parts, nothing))
    # Arrow leaves out a row whose parts are all null; the first part is null only where all are.
    columns[0] = pc.coalesce(columns[0], nothing)
    return pc.binary_join_element_wise(*columns, semicolon, null_handling="skip")


@cache
def _tenths() -> Any:
    return strings([f"{tenths / 10:.1f}" for tenths in range(1001)])


def score_lines(scored: Scored) -> Any:
    """Return the lines of CSV of some rows, numbers rounded."""
    scores, rows, numbers = scored.scores, scored.rows, _numbers(scored)
    texts: dict[str, Column] = {
        "merchant_id": Texts(rows.ids),
        "tier": Words(scores.tier_code, scores.tier_names),
        "status": Words(scores.status_code, scores.status_names),
        "rules": Words(scores.rule_sets[1], scores.rule_sets[0]),
        "veto": Words(scores.veto_code, scores.veto_names),
        "reasons": Listed(
            scores.reason_signal,
            scores.reason_points,
            [f"{signal.id}:-" for signal in scores.scorecard.signals],
            1,
        ),
        "scorecard": Words(np.zeros(len(rows), dtype=np.int8), [scored.stamp]),
    }
    columns: list[Column] = [
        Numbers(numbers[column.name], column.decimals)
        if column.type == "number"
        else texts[column.name]
        for column in _columns(scores.scorecard)
    ]
    columns += [Texts(column) for column in rows.keep.values()]
    return lines_of(columns, len(rows))


def score_values(scored: Scored) -> dict[str, Any]:
    """Return the columns of the score table as arrays, numbers unrounded."""
    scores, rows = scored.scores, scored.rows
    columns = _numbers(scored) | {
        "merchant_id": rows.names(),
        "tier": scores.tier,
        "status": scores.status,
        "rules": scores.rules,
        "veto": scores.veto,
        "reasons": np.array(_reasons(scores).to_pylist(), dtype=object),
        "scorecard": np.full(len(rows), scored.stamp, dtype=object),
    }
    return {column.name: columns[column.name] for column in _columns(scores.scorecard)}


def score_table(scored: Scored, schema: Any) -> Any:
    """Return the record batch of some rows, numbers unrounded."""
    scores, rows = scored.scores, scored.rows
    columns = {name: floats(values, nulls=True) for name, values in _numbers(scored).items()}
    columns |= _texts(scores) | {"merchant_id": rows.ids}
    columns |= {"scorecard": strings([scored.stamp]).take(int32s(np.zeros(len(rows))))}
    own = [columns[column.name] for column in _columns(scores.scorecard)]
    return pa.RecordBatch.from_arrays([*own, *rows.keep.values()], schema=schema)


def contribution_columns(scorecard: Any) -> dict[str, Any]:
    """Return the columns of the contributions table and their types."""
    names = [signal.id for signal in scorecard.signals] + [rule.id for rule in scorecard.rules]
    columns = {"merchant_id": pa.string()} | dict.fromkeys(names, pa.float64())
    return columns | dict.fromkeys(("limit", "cap", "trust_index"), pa.float64())


def contribution_values(scored: Scored) -> list[NDArray[np.float64]]:
    """Return the columns of the contributions table but the id; blank without an index."""
    scores = scored.scores
    columns = [*scores.gained, *scores.adjustments.values(), scores.trust_index]
    # A row without an index has nothing that could add up to it.
    blank = np.isnan(scores.trust_index)
    if blank.any():
        columns = [np.where(blank, np.nan, column) for column in columns]
    return columns


def contribution_lines(scored: Scored) -> Any:
    """Return the lines of the contributions table, numbers unrounded."""
    return lines([inert(scored.rows.ids), *(exact(c) for c in contribution_values(scored))])


def contribution_table(scored: Scored, schema: Any) -> Any:
    """Return the record batch of the contributions table."""
    columns = [floats(column, nulls=True) for column in contribution_values(scored)]
    return pa.RecordBatch.from_arrays([scored.rows.ids, *columns], schema=schema)


def reject_columns(*, several: bool) -> dict[str, Any]:
    """Return the columns of the rejects table; the file comes in when there are several.

    Examples
    --------
    >>> ", ".join(reject_columns(several=False))
    'line, merchant_id, column, value, reason, more, raw'
    """
    text, number = pa.string(), pa.int64()
    columns = {"line": number, "merchant_id": text, "column": text, "value": text}
    columns |= {"reason": text, "more": number, "raw": text}
    return columns | ({"file": text} if several else {})


def _reject_texts(rejects: Sequence[Reject], several: bool) -> list[list[str]]:
    columns = [
        [reject.merchant_id for reject in rejects],
        [reject.column for reject in rejects],
        [reject.value for reject in rejects],
        [f"{reject.reason}: {reject.message}" for reject in rejects],
        [reject.raw for reject in rejects],
    ]
    return columns + ([[reject.file for reject in rejects]] if several else [])


def reject_lines(rejects: Sequence[Reject], *, several: bool) -> Any:
    """Return the lines of the rejects table."""
    ids, column, value, reason, raw, *file = (
        inert(strings(texts)) for texts in _reject_texts(rejects, several)
    )
    line = strings([str(reject.line) for reject in rejects])
    more = strings([str(reject.more) for reject in rejects])
    return lines([line, ids, column, value, reason, more, raw, *file])


def reject_table(rejects: Sequence[Reject], schema: Any, *, several: bool) -> Any:
    """Return the record batch of the rejects table."""
    ids, column, value, reason, raw, *file = map(strings, _reject_texts(rejects, several))
    line = pa.array([reject.line for reject in rejects], pa.int64())
    more = pa.array([reject.more for reject in rejects], pa.int64())
    columns = [line, ids, column, value, reason, more, raw, *file]
    return pa.RecordBatch.from_arrays(columns, schema=schema)
