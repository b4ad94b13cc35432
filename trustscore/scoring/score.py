"""Scoring a block of columns: check it, run the loop over its rows, name the results."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from trustscore.scorecard import Scorecard, load_scorecard
from trustscore.scorecard.ladder import Tiers
from trustscore.scoring import codes, kernel
from trustscore.scoring.rows import Run
from trustscore.scoring.scores import Scores
from trustscore.scoring.tables import ladder_of

Array = np.ndarray[Any, Any]
Detail = Literal["index", "statement", "all"]

NUMBERS = (
    "trust_index",
    "trust_index_lower",
    "trust_index_upper",
    "index_se",
    "prior_index",
    "raw_index",
    "coverage",
    "uncapped_index",
)
STATEMENT = ("utility", "reliability", "value", "weight", "gained", "lost")


@dataclass(frozen=True, slots=True)
class Utilities:
    """Utilities and reliabilities of all signals, each of shape (signals, rows)."""

    utility: Array
    reliability: Array
    value: Array
    withheld: Array
    applies: Array


# Cells near the largest float overflow to infinity on their way; compiled, nothing warns of it.
@np.errstate(all="ignore")
def score_columns(
    block: Mapping[str, Array],
    scorecard: str | Scorecard = "default",
    detail: Detail = "index",
    *,
    missing: frozenset[str] = frozenset(),
    as_of: dt.date | None = None,
) -> Scores:
    """Score a block of columns: the one scoring arithmetic, which every engine calls.

    Parameters
    ----------
    block : mapping of str to ndarray
        Columns of one length; numbers as float64 with NaN for blanks, text as objects. Checked
        input: the readers of `trustscore.io` refuse what cannot be.
    scorecard : str or Scorecard
        Preset, path or scorecard.
    detail : {"index", "statement", "all"}
        How much to keep per signal.
    missing : frozenset of str
        Columns that were not collected; signals that need them do not apply.
    as_of : date, optional
        Day of the review, for the minimum stay in a tier.

    Returns
    -------
    Scores

    Raises
    ------
    InputError
        When columns are missing or of different lengths.
    ScorecardError
        When the scorecard is open.

    Examples
    --------
    >>> from trustscore.scorecard import load_scorecard
    >>> card = load_scorecard("minimal")
    >>> block = {f.name: np.array([np.nan]) for f in card.fields}
    >>> score_columns(block, card).raw_index.round(6).tolist()
    [62.0]
    """
    card = load_scorecard(scorecard)
    run = Run(block, card, missing, as_of)
    size, signals, rules = run.size, len(card.signals), len(card.rules)
    full = detail != "index"
    numbers = np.empty((len(NUMBERS), size))
    dimensions = np.empty((len(card.dimensions), size))
    small = np.zeros((3, size), dtype=np.int8)
    fired = np.zeros((rules, size), dtype=np.int8)
    reason_signal = np.zeros((codes.REASONS, size), dtype=np.int16)
    reason_points = np.zeros((codes.REASONS, size))
    counts = np.zeros((3, signals), dtype=np.int64)
    kept = size if full else 0
    statement = [np.zeros((kept, signals)) for _ in STATEMENT]
    marks = np.zeros((2, kept, signals), dtype=np.int8)
    lines = np.zeros((kept, rules + 2))
    for rows, given in run.pieces():
        own = rows if full else slice(0)
        found = kernel.Found(
            numbers[:, rows],
            dimensions[:, rows],
            small[:, rows],
            fired[:, rows],
            (reason_signal[:, rows], reason_points[:, rows]),
            counts,
            full,
            [table[own] for table in (*statement, *marks, lines)],
        )
        kernel.score_rows(run.tables, run.work, given, found)
    tables: dict[str, Array] = {}
    adjustments: dict[str, Array] = {}
    if full:
        tables = {name: table.T for name, table in zip(STATEMENT, statement, strict=True)}
        tables["applies"], tables["withheld"] = (mark.T.view(bool) for mark in marks)
        names = [*(rule.id for rule in card.rules), "limit", "cap"]
        adjustments = dict(zip(names, lines.T, strict=True))
        if detail == "statement":
            tables.pop("value")
    return Scores(
        **dict(zip(NUMBERS, numbers, strict=True)),
        dimensions={each.id: dimensions[i] for i, each in enumerate(card.dimensions)},
        scorecard=card,
        status_code=small[0],
        tier_code=small[1],
        veto_code=small[2],
        fired=fired.view(bool),
        reason_signal=reason_signal,
        reason_points=reason_points,
        unknown=counts[0],
        withheld_count=counts[1],
        without_whole=counts[2],
        unknown_tier=run.unknown_tier,
        **tables,
        adjustments=adjustments,
    )


def utilities(
    block: Mapping[str, Array],
    scorecard: str | Scorecard = "default",
    *,
    missing: frozenset[str] = frozenset(),
) -> Utilities:
    """Return the utility of every signal, before any weight.

    Parameters
    ----------
    block : mapping of str to ndarray
        Columns of one length, NaN for blanks.
    scorecard : str or Scorecard
    missing : frozenset of str
        Columns that were not collected; signals that need them do not apply.

    Returns
    -------
    Utilities
        Signals that do not apply have utility NaN and reliability 0.
    """
    card = load_scorecard(scorecard)
    scores = score_columns(block, card, "all", missing=missing)
    assert scores.utility is not None and scores.value is not None
    assert scores.reliability is not None and scores.applies is not None
    assert scores.withheld is not None
    missing = card.without(missing)
    there = np.array([not missing.intersection(signal.columns) for signal in card.signals])
    return Utilities(
        np.where(there[:, None], scores.utility, np.nan),
        scores.reliability,
        np.where(there[:, None], scores.value, np.nan),
        scores.withheld,
        scores.applies,
    )


@dataclass(frozen=True, slots=True)
class TrueScores:
    """Scores of merchants whose values are known, before rules.

    Attributes
    ----------
    index : ndarray of shape (rows,)
        Points 0..100.
    dimensions : dict of str to ndarray
        Utilities 0..1, NaN where a dimension does not apply.
    utility : ndarray of shape (signals, rows)
        What the index was made of.
    """

    index: Array
    dimensions: dict[str, Array]
    utility: Array


@np.errstate(all="ignore")
def true_scores(
    block: Mapping[str, Array],
    scorecard: Scorecard,
    values: Mapping[str, Array],
    *,
    missing: frozenset[str] = frozenset(),
    utilities: Array | None = None,
) -> TrueScores:
    """Return the index of merchants whose every true value is known, as if nothing were doubted.

    Parameters
    ----------
    block : mapping of str to ndarray
        Their columns, which say what applies.
    scorecard : Scorecard
    values : mapping of str to ndarray
        True value of every signal in its own unit; NaN counts as the prior.
    missing : frozenset of str
        Columns that were not collected; signals that need them do not apply.
    utilities : ndarray of shape (signals, rows), optional
        Where not NaN, they go before the values.

    Returns
    -------
    TrueScores
    """
    run = Run(block, scorecard, missing)
    shape = (len(scorecard.signals), run.size)
    index, used = np.empty(run.size), np.empty(shape[::-1])
    dimensions = np.empty((len(scorecard.dimensions), run.size))
    for rows, given in run.pieces():
        true = np.stack([values[s.id][rows] for s in scorecard.signals], axis=1)
        fixed = np.full(true.shape, np.nan) if utilities is None else utilities[:, rows].T
        kernel.true_rows(
            run.tables,
            run.work,
            given,
            np.ascontiguousarray(true, dtype=np.float64),
            np.ascontiguousarray(fixed, dtype=np.float64),
            used[rows],
            index[rows],
            dimensions[:, rows],
        )
    nodes = {each.id: dimensions[i] for i, each in enumerate(scorecard.dimensions)}
    return TrueScores(100.0 * index, nodes, used.T)


def assign_tiers(
    tiers: Tiers,
    index: Array,
    se: Array,
    coverage: Array,
    formal: Array,
    vetoed: Array,
    previous: Array | None = None,
    days: Array | None = None,
    reviews_below: Array | None = None,
) -> Array:
    """Return the position of each merchant on the ladder; `kernel.tier_of` tells the rules.

    Parameters
    ----------
    tiers : Tiers
    index, se, coverage : ndarray of shape (rows,)
    formal, vetoed : ndarray of bool
    previous : ndarray of int, optional
        Position at the last review, -1 when unknown.
    days : ndarray of float, optional
        Days since the tier was given, NaN when unknown.
    reviews_below : ndarray of float, optional
        Reviews in a row already spent below the line to stay, NaN when unknown.

    Returns
    -------
    ndarray of int32
    """
    rows = len(index)
    unknown = np.full(rows, np.nan)
    tier = np.zeros(rows, dtype=np.int32)
    kernel.tier_rows(
        ladder_of(tiers),
        index.tolist(),
        se.tolist(),
        coverage.tolist(),
        formal.tolist(),
        vetoed.tolist(),
        [-1] * rows if previous is None else previous.tolist(),
        (unknown if days is None else days).tolist(),
        (unknown if reviews_below is None else reviews_below).tolist(),
        tier,
    )
    return tier
