"""What each merchant of an export needs to reach the next tier, a block at a time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from trustscore.explain.reach import LACKS, Reach, next_tier_reach
from trustscore.io.blocks import read_blocks
from trustscore.joins import check_join
from trustscore.scorecard import Scorecard
from trustscore.scorecard.output_columns import OUTPUT_COLUMNS
from trustscore.typing import Array, FloatArray, IntArray, Progress, TextArray, silent

__all__ = ["NextSteps", "next_steps"]

# Score files round the index to 4 decimals.
_ROUNDING = OUTPUT_COLUMNS["trust_index"].rounding
_FIGURES = LACKS.index("figures")


class NextSteps(NamedTuple):
    """What the export adds to a review.

    Attributes
    ----------
    columns : dict of str to array
        ``next_tier``, ``gap`` in points, ``needs`` (``veto``, ``orders``, ``coverage``,
        ``figures``, ``one_signal``, ``several_signals``, ``more_evidence`` or ``time``, joined
        by ``;``) and ``changes``: ``signal:before->after`` for every signal whose change alone
        suffices, the smallest change relative to its range first; counts are written ``k/n``.
    unplanned, differ : int
        Number of merchants that the export does not have, and of those whose index differs from
        the one the export gives.
    """

    columns: dict[str, Array]
    unplanned: int
    differ: int


def next_steps(
    export: Sequence[str | Path],
    card: Scorecard,
    ids: TextArray,
    target: IntArray,
    index: FloatArray,
    *,
    scores: str = "the scores",
    allow_missing_columns: bool = False,
    encoding: str | None = None,
    progress: Progress = silent,
) -> NextSteps:
    """Return what each merchant needs to reach a step of the ladder.

    Parameters
    ----------
    export : sequence of path
    card : Scorecard
    ids : object array
    target : int array
        Step wanted for each id; -1 for none.
    index : array
        Index of each id in the scores, to compare with the one the export gives.
    scores : str
        Name of the table of scores, for messages.
    allow_missing_columns : bool, default=False
    encoding : str, optional
    progress : Progress, optional
        Told how much of the export is done.
    """
    place = {name: at for at, name in enumerate(ids.tolist())}
    names = [tier.id for tier in card.tiers.ladder]
    texts = {
        name: np.full(len(ids), "", dtype=object) for name in ("next_tier", "needs", "changes")
    }
    gap = np.full(len(ids), np.nan)
    met = np.zeros(len(ids), dtype=bool)
    differ = 0
    others: list[str] = []
    for part in read_blocks(
        [*export],
        card,
        allow_missing_columns=allow_missing_columns,
        encoding=encoding,
        progress=progress,
    ):
        at = np.array([place.get(name, -1) for name in part.block["merchant_id"]], dtype=np.int64)
        mine = np.flatnonzero(at >= 0)
        others += part.block["merchant_id"][at < 0].tolist()[: max(3 - len(others), 0)]
        at = at[mine]
        block = {name: values[mine] for name, values in part.block.items()}
        found = next_tier_reach(block, card, target[at], missing=part.missing)
        met[at] = True
        blank = np.isnan(found.index) != np.isnan(index[at])
        differ += int((blank | (np.abs(found.index - index[at]) > _ROUNDING)).sum())
        gap[at] = found.gap
        texts["next_tier"][at] = [names[step] if step >= 0 else "" for step in found.target]
        changes = _changes(found, card, len(at))
        texts["changes"][at] = [";".join(each) for each in changes]
        texts["needs"][at] = _needs(found, [len(each) for each in changes])
    check_join(
        ids.tolist(),
        [*ids[met].tolist(), *others],
        asked_in=scores,
        known_in=", ".join(map(str, export)),
    )
    columns = {
        "next_tier": texts["next_tier"],
        "gap": np.round(gap, 4),
        "needs": texts["needs"],
        "changes": texts["changes"],
    }
    return NextSteps(columns, int((~met).sum()), differ)


def _changes(found: Reach, card: Scorecard, rows: int) -> list[list[str]]:
    changes: list[list[str]] = [[] for _ in range(rows)]
    for row, signal, before, after, sample in zip(
        found.row.tolist(),
        found.signal.tolist(),
        found.before.tolist(),
        found.after.tolist(),
        found.sample.tolist(),
        strict=True,
    ):
        of = "" if sample != sample else f"/{sample:.12g}"
        changes[row].append(f"{card.signals[signal].id}:{before:.12g}{of}->{after:.12g}{of}")
    return changes


def _needs(found: Reach, counts: list[int]) -> list[str]:
    needs = []
    for row, (target, lacks, all_suffice, single) in enumerate(
        zip(found.target.tolist(), found.lacks.T, found.all_suffice.tolist(), counts, strict=True)
    ):
        if target < 0:
            needs.append("")
            continue
        words = [name for name, lacking in zip(LACKS, lacks, strict=True) if lacking]
        if found.lacks[_FIGURES, row] and not ({"orders", "coverage"} & set(words)):
            # With all signals at full marks the present evidence may reach the tier or not.
            if single:
                words[-1] = "one_signal"
            else:
                words[-1] = "several_signals" if all_suffice else "more_evidence"
        needs.append(";".join(words) or "time")
    return needs
