"""Scoring a block of columns: check it, run the loop over its rows, name the results."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from trustscore.compiled import Notice
from trustscore.errors import InputError
from trustscore.scorecard import Scorecard, load_scorecard
from trustscore.scorecard.model import Tiers
from trustscore.scoring import codes, kernel
from trustscore.scoring.program import Program, program_of
from trustscore.scoring.row_block import RowBlock
from trustscore.scoring.scores import Scores
from trustscore.scoring.tables import ladder_of, tables_of

Array = np.ndarray[Any, Any]
Detail = Literal["index", "statement", "all"]

# Rows whose cells are gathered at a time; it bounds the memory, and no result depends on it.
_ROWS_AT_ONCE = 1024
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


def _what(block: Any) -> str:
    """Say what was given for a block."""
    if isinstance(block, Mapping):
        odd = next(n for n, v in block.items() if not (isinstance(v, np.ndarray) and v.ndim == 1))
        return f"{type(block[odd]).__name__} for column {odd}"
    return f"{type(block).__module__}.{type(block).__name__}"


def with_derived(
    block: Mapping[str, Array], card: Scorecard, missing: frozenset[str] = frozenset()
) -> Mapping[str, Array]:
    """Return a block with the columns that a scorecard derives, unless it has them already."""
    found: dict[str, Array] = {}
    for field in card.fields:
        derived = field.derived
        if derived is None or field.name in missing or not isinstance(block, Mapping):
            continue
        if field.name not in block and all(column in block for column in derived.columns):
            found[field.name] = np.asarray(derived.of(block.__getitem__), dtype=np.float64)
    return {**block, **found} if found else block


def rows_in(block: Mapping[str, Array], card: Scorecard, missing: frozenset[str]) -> int:
    """Return the number of rows of a block that has every column but the missing ones.

    Raises
    ------
    InputError
        When it is no mapping of arrays, or columns are missing, text or of different lengths.
    """
    if not isinstance(block, Mapping) or not all(
        isinstance(values, np.ndarray) and values.ndim == 1 for values in block.values()
    ):
        raise InputError(
            "a block must map each column to a numpy array of its cells, float64 with NaN for"
            f" blanks. Got {_what(block)}; score_frame and explain_frame take frames"
        )
    texts = [
        name
        for name in dict.fromkeys(f.name for f in card.fields)
        if name in block and name not in missing and block[name].dtype.kind not in "fiub"
    ]
    if texts:
        raise InputError(
            f"{len(texts)} columns of a block must be numbers, float64 with NaN for blanks;"
            " score_frame reads and checks text",
            [f"{name}: must be numbers. Got {block[name].dtype}" for name in texts],
        )
    lengths = {len(values) for values in block.values()}
    if len(lengths) > 1:
        raise InputError(f"columns of a block must have one length. Got {sorted(lengths)}")
    absent = [f.name for f in card.fields if f.name not in block and f.name not in missing]
    if absent:
        raise InputError(
            f"{len(absent)} columns of scorecard {card.name} are missing",
            [f"{name}: is missing" for name in absent],
        )
    return lengths.pop() if lengths else 0


def days_in_tier(since: Array | None, as_of: dt.date | None, rows: int) -> Array:
    """Return the days since each tier was given, NaN when unknown."""
    days = np.full(rows, np.nan)
    if since is None or as_of is None:
        return days
    for i, text in enumerate(since.tolist()):
        if text:
            try:
                days[i] = (as_of - dt.date.fromisoformat(str(text)[:10])).days
            except ValueError:
                raise InputError(f"tier_since: must be a date. Got {text!r}") from None
    return days


def _previous(program: Program, said: Array | None, rows: int) -> tuple[Array, int]:
    """Return the position of the tier held, -1 when unknown, and how many name no tier."""
    if said is None or not program.scorecard.tiers.ladder:
        return np.full(rows, -1, dtype=np.int32), 0
    texts = np.asarray(said, dtype=object)
    held = np.fromiter((program.steps[text] for text in texts.tolist()), np.int32, rows) - 1
    return held, int(np.count_nonzero((held < 0) & texts.astype(bool)))


_NOTICE = Notice(kernel.COMPILED)


class _Run:
    """The rows of a block as the kernel reads them, some at a time."""

    def __init__(
        self,
        block: Mapping[str, Array],
        card: Scorecard,
        missing: frozenset[str],
        as_of: dt.date | None = None,
    ) -> None:
        missing = card.without(missing)
        block = with_derived(block, card, missing)
        self.block, self.size = block, rows_in(block, card, missing)
        _NOTICE.add(self.size)
        self.names = [None if f.name in missing else f.name for f in card.fields]
        self.tables = tables_of(card, missing)
        program = program_of(card)
        variant = program.variant_rows(block, self.size)
        self.variant = np.zeros(self.size, dtype=np.int32) if variant is None else variant
        self.previous, self.unknown_tier = _previous(program, block.get("previous_tier"), self.size)
        self.days = days_in_tier(block.get("tier_since"), as_of, self.size)
        below = block.get("reviews_below")
        self.below = np.full(self.size, np.nan)
        if below is not None:
            self.below[:] = below
        self.work = work_space(card)

    def _table(self) -> Array | None:
        """Return the table behind the block if its first columns are the scorecard's fields."""
        block = self.block
        if isinstance(block, RowBlock) and block.names[: len(self.names)] == self.names:
            return block.table
        return None

    def pieces(self) -> Any:
        """Yield slices of rows with what the kernel is given of them."""
        table = self._table()
        cells = np.empty((min(self.size, _ROWS_AT_ONCE), len(self.names)))
        for start in range(0, self.size, _ROWS_AT_ONCE):
            rows = slice(start, min(start + _ROWS_AT_ONCE, self.size))
            if table is not None:
                own = table[rows]
            else:
                own = cells[: rows.stop - rows.start]
                for at, name in enumerate(self.names):
                    own[:, at] = np.nan if name is None else self.block[name][rows]
            given = kernel.Given(
                own, self.variant[rows], self.previous[rows], self.days[rows], self.below[rows]
            )
            yield rows, given


def work_space(card: Scorecard) -> kernel.Work:
    """Return work space for one merchant at a time; threads must not share it."""
    conditions = sum(len(rule.when) for rule in card.rules)
    conditions += sum(len(signal.applies_when) for signal in card.signals)
    signals, nodes = len(card.signals), len(card.dimensions) + 1
    integers = np.zeros((4, max(conditions, signals)), dtype=np.int32)
    return kernel.Work(integers, np.zeros((6, signals)), np.zeros((15, nodes)))


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
    run = _Run(block, card, missing, as_of)
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


@np.errstate(all="ignore")
def true_scores(
    block: Mapping[str, Array],
    scorecard: Scorecard,
    values: Mapping[str, Array],
    *,
    missing: frozenset[str] = frozenset(),
) -> tuple[Array, dict[str, Array]]:
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

    Returns
    -------
    index : ndarray of shape (rows,)
        Points 0..100 before rules.
    dimensions : dict of str to ndarray
        Utilities 0..1, NaN where a dimension does not apply.
    """
    run = _Run(block, scorecard, missing)
    index = np.empty(run.size)
    dimensions = np.empty((len(scorecard.dimensions), run.size))
    for rows, given in run.pieces():
        true = np.stack([values[s.id][rows] for s in scorecard.signals], axis=1)
        kernel.true_rows(
            run.tables,
            run.work,
            given,
            np.ascontiguousarray(true, dtype=np.float64),
            index[rows],
            dimensions[:, rows],
        )
    return 100.0 * index, {each.id: dimensions[i] for i, each in enumerate(scorecard.dimensions)}


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
