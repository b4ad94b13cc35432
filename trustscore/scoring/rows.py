"""The rows of a block, checked and gathered as the kernel reads them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import numpy as np

from trustscore.compiled import Notice
from trustscore.errors import InputError
from trustscore.scorecard import Scorecard
from trustscore.scorecard.dates import days_of
from trustscore.scoring import kernel
from trustscore.scoring.program import Program, program_of
from trustscore.scoring.row_block import RowBlock
from trustscore.scoring.tables import tables_of
from trustscore.typing import Array

__all__ = ["Run", "days_in_tier", "rows_in", "with_derived", "work_space"]

# Rows whose cells are gathered at a time; it bounds the memory, and no result depends on it.
_ROWS_AT_ONCE = 1024


def _what(block: Any) -> str:
    """Say what was given for a block."""
    if isinstance(block, Mapping):
        odd = next(n for n, v in block.items() if not (isinstance(v, np.ndarray) and v.ndim == 1))
        return f"{type(block[odd]).__name__} for column {odd}"
    return f"{type(block).__module__}.{type(block).__name__}"


def with_derived(
    block: Mapping[str, Array], card: Scorecard, missing: frozenset[str] = frozenset()
) -> Mapping[str, Array]:
    """Return a block with the columns that a scorecard derives, unless it has them already.

    Dates become days since 1970-01-01.
    """
    found: dict[str, Array] = {}
    for field in card.fields:
        if field.check == "date" and isinstance(block, Mapping):
            column = block.get(field.name)
            if isinstance(column, np.ndarray) and column.dtype.kind not in "fiub":
                found[field.name] = days_of(column, field.name)
        derived = field.derived
        if derived is None or field.name in missing or not isinstance(block, Mapping):
            continue
        if field.name not in block and all(column in block for column in derived.columns):
            found[field.name] = np.asarray(
                derived.of(lambda name: found[name] if name in found else block[name]),
                dtype=np.float64,
            )
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


class Run:
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
    integers = np.zeros((5, max(conditions, signals)), dtype=np.int32)
    cell = np.zeros(len(card.fields))
    return kernel.Work(cell, integers, np.zeros((6, signals)), np.zeros((15, nodes)))
