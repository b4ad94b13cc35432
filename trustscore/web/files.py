"""The workbench of an export and a scorecard, read from files."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np

from trustscore.errors import InputError, ScorecardError
from trustscore.io.blocks import read_blocks
from trustscore.scorecard import load_scorecard
from trustscore.scorecard.documents import read_document
from trustscore.scorecard.presets import find, scorecard_names
from trustscore.typing import FilePath, Progress, silent
from trustscore.web.bench import Bench
from trustscore.web.market import Market, pieces_of

__all__ = ["open_bench"]


def open_bench(
    export: FilePath,
    scorecard: str = "default",
    folder: FilePath = ".",
    *,
    as_of: dt.date | None = None,
    allow_missing_columns: bool = False,
    encoding: str | None = None,
    progress: Progress = silent,
) -> tuple[Bench, int]:
    """Read an export and score it once.

    Returns
    -------
    bench : Bench
    rejected : int
        Rows with faults, which are left out.

    Raises
    ------
    InputError, ScorecardError
        When a file cannot be read, or the folder is none.
    """
    place = Path(folder)
    if not place.is_dir():
        raise InputError(f"folder: must be a folder that exists. Got {str(folder)!r}")
    card = load_scorecard(scorecard)
    try:
        path = find(scorecard, scorecard_names())
        raw = read_document(path)
    except OSError as error:
        raise ScorecardError(f"scorecard {scorecard}: {error.args[-1]}") from None
    parts: list[Any] = []
    ids: list[Any] = []
    rejected, missing = 0, frozenset[str]()
    settings: Any = {"allow_missing_columns": allow_missing_columns, "encoding": encoding}
    for read in read_blocks(export, card, progress=progress, **settings):
        if parts and read.missing != missing:
            raise InputError(
                f"{export}: its files have different columns, so that some lack"
                f" {', '.join(sorted(read.missing ^ missing)[:5])}: open one of them"
            )
        rejected, missing = rejected + len(read.rejects), read.missing
        # Each stretch is turned at once, so that the market is never held twice.
        parts += pieces_of(read.block, card, missing)
        ids.append(read.block["merchant_id"])
    if not any(map(len, ids)):
        why = f"all {rejected:,} rows have faults, see `check`" if rejected else "it has no rows"
        raise InputError(f"{export}: no merchant can be scored: {why}")
    market = Market(parts, np.concatenate(ids), missing, as_of)
    progress("scoring the market", 1.0)
    return Bench(market, raw, as_json=path.suffix == ".json", folder=place), rejected
