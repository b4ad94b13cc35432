"""Where the time of a batch run goes, stage by stage, in one process."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import numpy as np

from benchmarks.measure import best
from trustscore.batch import output, scorer
from trustscore.batch.scorer import Formatter, Scorer
from trustscore.boost import BoostPolicy
from trustscore.io import checks, clean_rows, csv_reader
from trustscore.io.header import Wanted
from trustscore.io.inputs import Inputs, read_part
from trustscore.io.seen_ids import SeenIds, hash_ids
from trustscore.scorecard import load_scorecard
from trustscore.scoring import score

# Stage, the module whose name for the function is replaced, and the name; a stage may hold others.
_TIMED = (
    ("find records, read numbers", csv_reader, "find_records"),
    ("read odd cells", csv_reader, "read_odd"),
    ("check numbers", checks, "rows_out_of_bounds"),
    ("side columns", clean_rows, "text_column"),
    ("kernel", score.kernel, "score_rows"),
    ("boosts", scorer, "trust_boost"),
    ("write lines", output, "score_lines"),
)
_READING = ("find records, read numbers", "read odd cells", "check numbers", "side columns")
_RESULT = ("kernel", "boosts", "write lines")


class Clock:
    """Seconds of processor time by stage."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()

    def timed(self, stage: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """Return the same function, timed; calls of itself are not counted twice."""
        inside = False

        def wrapped(*args: Any, **kwargs: Any) -> Any:
            nonlocal inside
            if inside:
                return work(*args, **kwargs)
            inside = True
            start = time.process_time()
            try:
                return work(*args, **kwargs)
            finally:
                self.seconds[stage] += time.process_time() - start
                inside = False

        return wrapped

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Time the stages while the block runs."""
        patches = [
            patch.object(module, name, self.timed(stage, getattr(module, name)))
            for stage, module, name in _TIMED
        ]
        for each in patches:
            each.start()
        try:
            yield
        finally:
            for each in patches:
                each.stop()


def stages(export: str) -> dict[str, float]:
    """Return microseconds a row of each stage of scoring an export with the default outputs."""
    card, policy = load_scorecard("default"), BoostPolicy.load("boost")
    seen, clock, rows = SeenIds(), Clock(), 0
    formatter = Formatter(Scorer(card, policy), (), ".csv", None)
    split = clock.timed("split into blocks", next)
    read = clock.timed("_read", read_part)
    hashes = clock.timed("hash ids", lambda block: hash_ids(block.ids, seen.key))
    repeats = clock.timed("repeated ids", seen.add)
    result = clock.timed("_result", formatter.result)
    with clock.watching():
        parts = Inputs([export], Wanted.by(card)).parts()
        while (part := split(parts, None)) is not None:
            block = read(part)
            repeats(block.ids, block.lines, part.file, hashes(block))
            result(block, part.missing)
            rows += len(block)
    found = clock.seconds
    found["ids, blocks"] = found.pop("_read") - sum(found[name] for name in _READING)
    found["counts, other"] = found.pop("_result") - sum(found[name] for name in _RESULT)
    return {name: 1e6 * seconds / rows for name, seconds in found.items() if seconds}


def numpy_costs() -> dict[str, float]:
    """Return nanoseconds an element of a few operations on tables of a block's size."""
    one, two = np.random.default_rng(0).random((2, 15, 5000))
    out = np.empty_like(one)
    works: dict[str, Callable[[], Any]] = {
        "add": lambda: np.add(one, two, out=out),
        "divide": lambda: np.divide(one, two, out=out),
        "square root": lambda: np.sqrt(one, out=out),
    }
    return {name: 1e9 * best(work, 200) / one.size for name, work in works.items()}
