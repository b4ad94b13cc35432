"""What a review reads: the scores, and the last review."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np

from trustscore.errors import InputError, at_most
from trustscore.io.whole_table import Table, read_table
from trustscore.scorecard import Scorecard
from trustscore.scorecard.faults import suggest
from trustscore.scorecard.output_columns import OUTPUT_COLUMNS
from trustscore.scorecard.side_columns import SIDE_COLUMNS
from trustscore.scorecard.statuses import STATUS_WORDS
from trustscore.scorecard.vetoes import VETO_WORDS
from trustscore.typing import Progress

__all__ = ["read_previous", "read_scores"]

_SCORES = {name: OUTPUT_COLUMNS[name].check for name in ("trust_index", "index_se", "coverage")}


def _once(table: Table) -> list[str]:
    """Return a fault for each id that stands twice."""
    first: dict[str, int] = {}
    faults = []
    for row, name in enumerate(table.columns["merchant_id"].tolist()):
        seen = first.setdefault(name, row)
        if seen != row:
            faults.append(f"{table.at(row)}: merchant_id {name!r} was met on {table.at(seen)}")
    return faults


def _raise(table: Table, faults: list[str], what: str) -> None:
    if faults:
        raise InputError(f"{table.path}: {what}", at_most(faults))


def read_scores(
    path: str | Path, card: Scorecard, encoding: str | None, progress: Progress
) -> Table:
    """Return the scores of a run, checked against the scorecard whose ladder applies."""
    texts = ("merchant_id", "status", "veto", "rules", "scorecard")
    table = read_table(
        path,
        _SCORES,
        texts,
        optional=("rules", "scorecard"),
        ours=True,
        encoding=encoding,
        progress=progress,
    )
    columns = table.columns
    faults = _once(table)
    for name, known in (
        ("status", STATUS_WORDS),
        ("veto", VETO_WORDS),
    ):
        for word in sorted(set(columns[name].tolist()) - set(known)):
            row = int(np.flatnonzero(columns[name] == word)[0])
            must = ", ".join(w or "blank" for w in known)
            faults.append(f"{table.at(row)}: {name} must be {must}. Got {word!r}")
    index = columns["trust_index"]
    for row in np.flatnonzero((index < 0) | (index > 100)).tolist():
        faults.append(f"{table.at(row)}: trust_index must be 0 to 100. Got {index[row]:g}")
    scored = ~np.isnan(index)
    for name in ("index_se", "coverage"):
        for row in np.flatnonzero(scored & np.isnan(columns[name])).tolist():
            faults.append(f"{table.at(row)}: {name} is blank, but there is an index")
    _raise(table, faults, "these scores cannot be reviewed")
    others = sorted(set(columns.get("scorecard", np.empty(0)).tolist()) - {card.stamp, ""})
    if others:
        raise InputError(
            f"{path} was made with {others[0]}, the ladder is of {card.stamp}: "
            "give the `scorecard` of the scores, or score again"
        )
    return table


def read_previous(
    path: str | Path, card: Scorecard, encoding: str | None, progress: Progress
) -> Table:
    """Return the last review, or the scores that the present tiers come from."""
    texts = ("merchant_id", "tier", "old_tier", "tier_since")
    table = read_table(
        path,
        {"reviews_below": SIDE_COLUMNS["reviews_below"].check},
        texts,
        optional=("reviews_below", "old_tier", "tier_since"),
        ours=True,
        may_be_empty=True,
        encoding=encoding,
        progress=progress,
    )
    faults = _once(table)
    names = [tier.id for tier in card.tiers.ladder]
    for column in ("tier", "old_tier"):
        words = table.columns.get(column)
        for word in sorted(set([] if words is None else words.tolist()) - {*names, ""}):
            row = int(np.flatnonzero(words == word)[0])
            faults.append(
                f"{table.at(row)}, {column}: {word!r} is no tier of {card.stamp}"
                f"{suggest(word, names)}"
            )
    since = table.columns.get("tier_since")
    for row, word in enumerate([] if since is None else since.tolist()):
        try:
            dt.date.fromisoformat(word or "2000-01-01")
        except ValueError:
            faults.append(f"{table.at(row)}: tier_since must be like 2026-01-31. Got {word!r}")
    _raise(table, faults, "this last review cannot be read")
    return table
