"""Where the time of a batch run goes, stage by stage, in one thread.

Each stage is a public function of trustscore, called by itself on the blocks of a file. What a
larger step takes beyond the stages inside it is their difference.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import TypeVar

from trustscore.batch.output import score_lines
from trustscore.batch.scorer import Formatter, Scorer
from trustscore.boost import BoostPolicy
from trustscore.io.csv_records import find_records
from trustscore.io.header import Wanted
from trustscore.io.inputs import Inputs, Part, read_part
from trustscore.io.seen_ids import SeenIds, hash_ids
from trustscore.scorecard import load_scorecard
from trustscore.scoring import score_columns

Result = TypeVar("Result")


class Clock:
    """Seconds of this thread's processor time by step."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()

    def time(self, step: str, work: Callable[[], Result]) -> Result:
        """Do some work, and count its time to a step."""
        start = time.thread_time()
        result = work()
        self.seconds[step] += time.thread_time() - start
        return result


def _walk(part: Part, formatter: Formatter, seen: SeenIds, clock: Clock) -> int:
    """Take one part of a CSV through all steps; return its rows."""
    scorer, piece, plan = formatter.scorer, part.piece, part.reader.plan
    clock.time("cells", lambda: find_records(piece.data, plan.layout, piece.line))
    rows = clock.time("read", lambda: read_part(part))
    hashes = clock.time("hash", lambda: hash_ids(rows.ids, seen.key))
    clock.time("seen", lambda: seen.add(rows.ids, rows.lines, part.file, hashes))
    clock.time("kernel", lambda: score_columns(rows.block, scorer.card, missing=part.missing))
    scored = clock.time("scored", lambda: scorer.scored(rows, part.missing))
    clock.time("lines", lambda: score_lines(scored))
    clock.time("result", lambda: formatter.result(rows, part.missing))
    return len(rows)


def stages(export: str) -> dict[str, float]:
    """Return microseconds a row of each stage of scoring a CSV with the default outputs."""
    card, policy = load_scorecard("default"), BoostPolicy.load("boost")
    formatter = Formatter(Scorer(card, policy), (), ".csv", None)
    # What is done once, such as imports and tables, is no cost of a row.
    first = next(Inputs([export], Wanted.by(card)).parts())
    _walk(first, formatter, SeenIds(), Clock())
    clock, seen, rows = Clock(), SeenIds(), 0
    parts = Inputs([export], Wanted.by(card)).parts()
    while (part := clock.time("split", lambda: next(parts, None))) is not None:
        rows += _walk(part, formatter, seen, clock)
    took = clock.seconds
    found = {
        "read the file, cut it into blocks": took["split"],
        "read cells": took["cells"],
        "check, ids and texts": took["read"] - took["cells"],
        "repeated ids": took["hash"] + took["seen"],
        "kernel": took["kernel"],
        "boosts": took["scored"] - took["kernel"],
        "write lines": took["lines"],
        "counts": took["result"] - took["scored"] - took["lines"],
    }
    return {name: 1e6 * seconds / rows for name, seconds in found.items()}
