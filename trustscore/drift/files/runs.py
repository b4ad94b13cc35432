"""Runs for a gate: exports, which are scored, or files of scores."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from trustscore.drift.files.exports import COLUMNS, read_side
from trustscore.drift.gate import Gate, Run, check_run
from trustscore.drift.lines import Lines, load_lines, name_faults
from trustscore.drift.measure import drift_of
from trustscore.drift.side import Side
from trustscore.errors import InputError, at_most, plural
from trustscore.io.header import Wanted, fold
from trustscore.io.inputs import Inputs, as_paths, expand
from trustscore.io.own_files import own_file
from trustscore.io.whole_table import table_blocks
from trustscore.scorecard import Scorecard, load_scorecard
from trustscore.typing import FilePath, Progress, silent

__all__ = ["gate_files"]

_SCORES = "a file of scores"


def gate_files(
    runs: FilePath | Iterable[FilePath],
    lines: str | Path | Lines,
    *,
    reference: FilePath | Iterable[FilePath] | None = None,
    scorecard: str | Path | Scorecard = "default",
    columns: Iterable[str] = (),
    as_of: dt.date | None = None,
    allow_missing_columns: bool = False,
    encoding: str | None = None,
    progress: Progress = silent,
) -> Gate:
    """Hold a run against lines.

    Parameters
    ----------
    runs : path or paths
        Exports, which are scored, or files of scores; all of one kind.
    lines : path or Lines
    reference : path or paths, optional
        Exports or scores of a run that was good.
    scorecard : str, Path or Scorecard, default="default"
    columns : iterable of str
        Further columns of text whose mix of values is compared.
    as_of : date, optional
        Day of the review, for the minimum stay in a tier.
    allow_missing_columns : bool, default=False
    encoding : str, optional
    progress : Progress, optional

    Returns
    -------
    Gate

    Raises
    ------
    InputError
        When the lines have faults, files cannot be read, or a line needs what is not given.
    """
    held, card = load_lines(lines), load_scorecard(scorecard)
    counted = tuple(dict.fromkeys(columns))
    faults = name_faults(held, card, (*COLUMNS, *counted))
    if reference is None:
        faults += [f"{name}: needs a `reference`" for name in held.with_reference]
    if faults:
        raise InputError(
            f"the lines have {plural(len(faults), 'fault')} under scorecard {card.stamp}",
            at_most(faults, most=50, what="faults"),
        )
    names = as_paths(runs)
    known = [] if reference is None else as_paths(reference)
    if (names + known).count("-") > 1:
        raise InputError("standard input (-) can be read only once")
    settings: dict[str, Any] = {
        "columns": counted,
        "as_of": as_of,
        "allow_missing_columns": allow_missing_columns,
        "encoding": encoding,
        "progress": progress,
    }
    before: Side | Run | None = None
    if known:
        before = _read(known, card, settings, None)
    bins = before.own_bins() if isinstance(before, Side) and held.drift is not None else None
    now = _read(names, card, settings, bins)
    drift = None
    if held.drift is not None and isinstance(before, Side) and isinstance(now, Side):
        drift = drift_of(before, now)
    old = Run.of(before) if isinstance(before, Side) else before
    return check_run(Run.of(now) if isinstance(now, Side) else now, held, old, drift)


def _read(names: list[str], card: Scorecard, settings: dict[str, Any], bins: Any) -> Side | Run:
    encoding = settings["encoding"]
    kinds = {name: _is_scores(name, card, encoding) for name in expand(names) if name != "-"}
    if any(kinds.values()):
        exports = [name for name in names if name == "-"]
        exports += [name for name, scores in kinds.items() if not scores]
        if exports:
            raise InputError(
                f"{exports[0]}: is no file of scores like {next(n for n, s in kinds.items() if s)};"
                " give files of one kind"
            )
        return _of_scores(list(kinds), card, settings)
    side = read_side(names, card, bins, **settings)[0]
    if not side.rows:
        why = f"all {side.rejected:,} rows have faults, see `check`" if side.rejected else ""
        raise InputError(f"{', '.join(names)}: {why or 'has no rows'}")
    return side


def _is_scores(name: str, card: Scorecard, encoding: str | None) -> bool:
    """Tell scores from an export, which may hold old scores beside its own columns."""
    # What a pipe has given once it does not give again.
    if not Path(name).is_file():
        return False
    export = Wanted.by(card)
    wanted = Wanted((), (), card.decimal, export.aliases, cure="")
    for part in Inputs([name], wanted, keep=None, encoding=encoding).parts():
        header = list(part.reader.columns.keep)
        known = {fold(column) for column in header}
        required = [field for field in export.fields if field.required]
        there = sum(
            not known.isdisjoint(map(fold, [field.name, *as_paths(field.aliases)]))
            for field in required
        )
        return own_file(header) == _SCORES and 2 * there < max(len(required), 1)
    return False


def _of_scores(names: list[str], card: Scorecard, settings: dict[str, Any]) -> Run:
    run = Run(rejected=0)
    numbers = {"trust_index": "number", "coverage": "number"}
    texts = ["merchant_id", "status", "tier", "scorecard"]
    stamps: set[str] = set()
    for name in names:
        for table in table_blocks(
            name,
            numbers,
            texts,
            ours=True,
            encoding=settings["encoding"],
            progress=settings["progress"],
        ):
            columns = table.columns
            run.rows += len(table.lines)
            run.index.add(np.asarray(columns["trust_index"], dtype=np.float64))
            run.coverage.add(np.asarray(columns["coverage"], dtype=np.float64))
            run.tiers.update(columns["tier"].tolist())
            run.status.update(columns["status"].tolist())
            stamps.update(columns["scorecard"].tolist())
        rejected = _rejected(name)
        run.rejected = None if rejected is None or run.rejected is None else run.rejected + rejected
    if not run.rows:
        raise InputError(f"{', '.join(names)}: has no rows")
    others = sorted(stamps - {card.stamp})
    if others:
        raise InputError(
            f"{', '.join(names)}: these scores are of {', '.join(others[:3])}, not of {card.stamp};"
            " say which by `scorecard`"
        )
    return run


def _rejected(name: str) -> int | None:
    """Return how many rows the manifest beside scores rejected; None where there is none."""
    try:
        facts = json.loads(Path(f"{name}.manifest.json").read_text(encoding="utf-8"))
        return int(facts["rows"]["rejected"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
