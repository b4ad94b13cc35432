"""Rows to scores, and scores to blocks of the output tables."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import pyarrow as pa

from trustscore.batch import output
from trustscore.batch.manifest import Tally
from trustscore.batch.output import Scored
from trustscore.boost import BoostPolicy, trust_boost
from trustscore.boost.table import NEEDED
from trustscore.io.clean_rows import Rows
from trustscore.io.rejects import Reject
from trustscore.scorecard.side_columns import SIDE_COLUMNS, Reader, side_read_by
from trustscore.scoring import score_columns

__all__ = ["Formatter", "Result", "Scorer"]

# A column `pacing` is of the day of the ranking, not of the export.
_BESIDE = [name for name in side_read_by(Reader.BOOST) if SIDE_COLUMNS[name].in_export]


@dataclass(frozen=True)
class Scorer:
    """The one way from clean rows to scores and boosts.

    Attributes
    ----------
    card : Scorecard
    policy : BoostPolicy
    as_of : date or None
    statement : bool
        Whether to keep what each signal and rule gave.
    """

    card: Any
    policy: BoostPolicy
    as_of: dt.date | None = None
    statement: bool = False

    def scored(self, rows: Rows, missing: frozenset[str]) -> Scored:
        """Score rows."""
        detail: Literal["index", "statement"] = "statement" if self.statement else "index"
        scores = score_columns(
            rows.block, self.card, detail=detail, missing=missing, as_of=self.as_of
        )
        columns = {name: getattr(scores, name) for name in NEEDED}
        # Vetoes are rare, and their words are looked at one by one.
        if scores.veto_code.any():
            columns["veto"] = scores.veto
        columns |= {name: rows.block[name] for name in _BESIDE if name in rows.block}
        return Scored(rows, scores, trust_boost(columns, self.policy), self.card.stamp)


class Result(NamedTuple):
    """One block, scored and formatted.

    `scores` and `contributions` are string arrays of lines, or record batches.
    """

    scores: Any
    contributions: Any
    rejects: list[Reject]
    tally: Tally
    lines: Any


@dataclass(frozen=True)
class Formatter:
    """Everything that is the same for all blocks of a run.

    Attributes
    ----------
    scorer : Scorer
    keep : tuple of str
    batches : bool
        Whether the score table is made of record batches, and not of lines.
    contributions : bool or None
        The same of the contributions table, when there is one.
    """

    scorer: Scorer
    keep: tuple[str, ...]
    batches: bool
    contributions: bool | None

    @property
    def columns(self) -> dict[str, Any]:
        """The columns of the score table."""
        return output.score_columns_out(self.scorer.card, self.keep)

    def result(self, rows: Rows, missing: frozenset[str]) -> Result:
        """Score and format rows."""
        scored = self.scorer.scored(rows, missing)
        tally = Tally(read=rows.read)
        tally.reject([reject.reason for reject in rows.rejects])
        tally.score(scored.scores)
        table = (
            output.score_table(scored, pa.schema(list(self.columns.items())))
            if self.batches
            else output.score_lines(scored)
        )
        wide = None
        if self.contributions:
            columns = output.contribution_columns(self.scorer.card)
            wide = output.contribution_table(scored, pa.schema(list(columns.items())))
        elif self.contributions is not None:
            wide = output.contribution_lines(scored)
        return Result(table, wide, rows.rejects, tally, rows.lines)
