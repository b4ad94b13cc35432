"""What an export holds for a scorecard: columns, evidence by signal, coverage by dimension."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from trustscore.errors import InputError
from trustscore.io.blocks import repeated
from trustscore.io.header import Wanted
from trustscore.io.inputs import Inputs, expand, read_part
from trustscore.io.rejects import REASONS, Reject
from trustscore.io.seen_ids import SeenIds
from trustscore.scorecard import Scorecard
from trustscore.scoring import score_columns
from trustscore.typing import Progress, silent

__all__ = ["ExportCheck", "Rejected", "check_export"]

# Cells that are shown of rows rejected for one reason in one column.
_EXAMPLES = 3


@dataclass(frozen=True)
class Example:
    """A cell that is at fault: where it is, and what it holds."""

    file: str
    line: int
    merchant_id: str
    value: str


@dataclass
class Rejected:
    """The rows that scoring would reject for one reason, by the column of their first fault.

    Attributes
    ----------
    column, reason, message : str
    rows : int
    examples : list of Example
        The first of them.
    """

    column: str
    reason: str
    message: str
    rows: int
    examples: list[Example]


@dataclass(frozen=True)
class ExportCheck:
    """An export seen by a scorecard.

    Attributes
    ----------
    path : str
    rows, rejected : int
        Rows read, and those of them that scoring would reject.
    faults : tuple of str
        Faults of the columns: missing ones with the near name.
    missing : tuple of str
    computable, not_computable : tuple of str
        Signals whose columns are all there, and the others.
    coverage : dict of str to float
        Mean coverage by dimension, over the rows to which it applies; NaN when to none.
    known : dict of str to float
        By computable signal the share of the rows to which it applies that have evidence.
    withheld : dict of str to int
        By signal the rows where evidence must exist and is blank.
    reasons : dict of str to int
        Rows that would be rejected, by reason, the most frequent first.
    rejects : tuple of Rejected
        The same by column and reason, with the first cells of each.
    """

    path: str
    rows: int
    rejected: int
    faults: tuple[str, ...]
    missing: tuple[str, ...]
    computable: tuple[str, ...]
    not_computable: tuple[str, ...]
    coverage: dict[str, float]
    known: dict[str, float]
    withheld: dict[str, int]
    reasons: dict[str, int]
    rejects: tuple[Rejected, ...] = ()


def _add(groups: dict[tuple[str, str], Rejected], rejects: Iterable[Reject]) -> None:
    """Put rejects to those of the same column and reason."""
    for one in rejects:
        group = groups.setdefault(
            (one.column, one.reason), Rejected(one.column, one.reason, REASONS[one.reason], 0, [])
        )
        group.rows += 1
        if len(group.examples) < _EXAMPLES:
            group.examples.append(Example(one.file, one.line, one.merchant_id, one.value))


def _faults(inputs: Inputs) -> tuple[str, ...]:
    parts = inputs.parts()
    try:
        next(parts, None)
    except InputError as error:
        return tuple(error.faults)
    finally:
        parts.close()  # type: ignore[attr-defined]
    return ()


def check_export(
    path: str | Path,
    scorecard: Scorecard,
    *,
    encoding: str | None = None,
    progress: Progress = silent,
) -> ExportCheck:
    """Read an export once for its header and once for its rows, and say what it holds.

    Raises
    ------
    InputError
        When it cannot be read, or has no ``merchant_id``.
    """
    if str(path) == "-":
        raise InputError("standard input (-) cannot be checked: it can be read only once")
    wanted = Wanted.by(scorecard)
    paths = expand([str(path)])
    each = [_faults(Inputs([one], wanted, encoding=encoding)) for one in paths]
    faults = tuple(dict.fromkeys(fault for found in each for fault in found))
    inputs = Inputs(paths, wanted, allow_missing=True, encoding=encoding, progress=progress)
    count = len(scorecard.signals)
    applies, known, withheld = (np.zeros(count) for _ in range(3))
    weight = np.zeros(len(scorecard.dimensions))
    covered = np.zeros(len(scorecard.dimensions))
    inside = _members(scorecard)
    rows = rejected = 0
    seen = SeenIds()
    groups: dict[tuple[str, str], Rejected] = {}
    missing: frozenset[str] = frozenset()
    for part in inputs.parts():
        here = part.missing
        missing |= here
        read = read_part(part)
        _add(groups, read.rejects)
        repeats = seen.add(read.ids, read.lines, part.file)
        if len(repeats.rows):
            _add(groups, repeated(read, repeats, paths))
            read = read.drop(repeats.rows, [])
        rows += read.read
        rejected += read.read - len(read)
        if not len(read):
            continue
        scores: Any = score_columns(read.block, scorecard, "statement", missing=here)
        applies += scores.applies.sum(axis=1)
        known += (scores.applies & (scores.reliability > 0)).sum(axis=1)
        withheld += (scores.applies & scores.withheld).sum(axis=1)
        share = inside @ scores.weight
        part_covered = inside @ (scores.weight * scores.reliability)
        has = share > 0
        weight += has.sum(axis=1)
        covered += np.where(has, part_covered / np.where(has, share, 1.0), 0.0).sum(axis=1)
    if not rows:
        missing = frozenset(_missing(scorecard, faults))
    reasons: Counter[str] = Counter()
    for group in groups.values():
        reasons[group.reason] += group.rows
    signals = scorecard.signals
    computable = tuple(s.id for s in signals if not missing.intersection(s.columns))
    place = {signal.id: i for i, signal in enumerate(signals)}
    return ExportCheck(
        str(path),
        rows,
        rejected,
        faults,
        tuple(f.name for f in scorecard.fields if f.name in missing),
        computable,
        tuple(s.id for s in signals if s.id not in set(computable)),
        {
            d.id: float(covered[i] / weight[i]) if weight[i] else float("nan")
            for i, d in enumerate(scorecard.dimensions)
        },
        {s: float(known[place[s]] / max(applies[place[s]], 1.0)) for s in computable},
        {s: int(withheld[place[s]]) for s in computable if withheld[place[s]]},
        dict(reasons.most_common()),
        tuple(sorted(groups.values(), key=lambda group: -group.rows)),
    )


def _missing(scorecard: Scorecard, faults: tuple[str, ...]) -> list[str]:
    named = {fault.partition(":")[0] for fault in faults}
    return [field.name for field in scorecard.fields if field.name in named]


def _members(scorecard: Scorecard) -> Any:
    """Return a matrix of ones where a signal is in a dimension, or in one below it."""
    parents = {d.id: d.parent for d in scorecard.dimensions}
    members = np.zeros((len(scorecard.dimensions), len(scorecard.signals)))
    for i, dimension in enumerate(scorecard.dimensions):
        for j, signal in enumerate(scorecard.signals):
            above: str | None = signal.dimension
            while above is not None and above != dimension.id:
                above = parents[above]
            members[i, j] = above is not None
    return members
