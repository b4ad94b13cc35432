"""What a Spark task does: rows of lines, files or columns in, records out.

Nothing here imports pyspark: a worker process loads the readers, the kernel and no more.
The scorecard and the policy travel as the JSON they were validated from, and a worker
builds them once.

One stream carries all that comes out, because `mapInArrow` has one output. Its records
are of four kinds: a score, a reject, a note about a stretch of input, and the header
that a part file of CSV begins with.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from trustscore import __version__
from trustscore.batch import output
from trustscore.batch.manifest import BY_SIGNAL, Summary, Tally
from trustscore.batch.scorer import Formatter, Scorer
from trustscore.boost import BoostPolicy
from trustscore.errors import InputError
from trustscore.io.arrow import int32s, spans, strings, strings_at
from trustscore.io.blocks import repeated
from trustscore.io.clean_rows import Rows
from trustscore.io.csv_text import inert
from trustscore.io.rejects import Reject
from trustscore.io.seen_ids import Repeats
from trustscore.scorecard import Scorecard
from trustscore.scorecard.build import parse_scorecard
from trustscore.scoring.program import program_of

__all__ = ["HEADER", "NOTE", "REJECT", "SCORE", "Job", "Unit", "Writer", "tally_of"]

SCORE, REJECT, NOTE, HEADER = range(4)

# A stretch of input that one task reads: number of the file, and the byte it starts at.
Unit = tuple[int, int]


@dataclass(frozen=True)
class Job:
    """What every task of a run must know.

    Attributes
    ----------
    card, policy : str
        The validated scorecard and boost policy, as JSON.
    as_of : date or None
    keep : tuple of str
    suffix : str
        ``.parquet`` for columns of scores, else the lines of a CSV.
    version : str
        Of the program that started the run.
    """

    card: str
    policy: str
    as_of: dt.date | None
    keep: tuple[str, ...]
    suffix: str
    version: str = __version__

    @classmethod
    def of(
        cls,
        card: Scorecard,
        policy: BoostPolicy,
        as_of: dt.date | None,
        keep: Iterable[str],
        suffix: str,
    ) -> Job:
        """Return the job for a scorecard and a policy.

        Raises
        ------
        InputError
            When a column to keep has the name of one that comes out anyway.
        ScorecardError
            When the scorecard is open.
        """
        # Here, where it is one error; in a worker it would be the trace of a failed stage.
        program_of(card)
        kept = tuple(dict.fromkeys(keep))
        clash = [name for name in kept if name in output.score_columns_out(card)]
        if clash:
            raise InputError(f"keep {','.join(clash)}: the output has columns of that name already")
        rule = json.dumps(policy.model_dump(mode="json"))
        return cls(json.dumps(card.file.model_dump(mode="json")), rule, as_of, kept, suffix)

    @property
    def formatter(self) -> Formatter:
        """The scorer, and the form of what it gives."""
        return _formatter(self)

    @property
    def as_table(self) -> bool:
        """Whether scores are columns, not lines."""
        return self.suffix == ".parquet"

    def layout(self) -> Any:
        """Return the Arrow schema of the records."""
        text, number = pa.string(), pa.int64()
        reject = [pa.field(name, text) for name in _REJECT_TEXTS] + [pa.field("more", number)]
        columns = self.formatter.columns
        score = pa.struct([(name, kind) for name, kind in columns.items() if name != "merchant_id"])
        return pa.schema(
            [
                ("kind", pa.int32()),
                ("file", pa.int32()),
                ("start", number),
                ("line", number),
                ("merchant_id", text),
                ("score", score if self.as_table else text),
                ("reject", pa.struct(reject)),
                ("note", text),
            ]
        )


@lru_cache(maxsize=4)
def _formatter(job: Job) -> Formatter:
    # Built once a process, and never part of what travels.
    if job.version != __version__:
        raise InputError(
            f"the driver runs trustscore {job.version}, this worker {__version__};"
            " install one version everywhere"
        )
    card = parse_scorecard(json.loads(job.card), "of the driver")
    policy = BoostPolicy.parse(json.loads(job.policy), "of the driver")
    return Formatter(Scorer(card, policy, as_of=job.as_of), job.keep, job.as_table, None)


_REJECT_TEXTS = ("column", "value", "reason", "message", "raw")


class First(NamedTuple):
    """Rows of a unit whose id came before: their lines, and where each came first."""

    lines: NDArray[np.int64]
    first_files: list[int]
    first_lines: list[int]


@dataclass
class Writer:
    """Turns rows into records, and counts them.

    Attributes
    ----------
    job : Job
    names : sequence of str
        The files of the run.
    repeats : mapping of (int, int) to First
        Rows to reject because their id came before, by unit.
    """

    job: Job
    names: Sequence[str] = ()
    repeats: Mapping[Unit, First] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)

    def __post_init__(self) -> None:
        self._layout = self.job.layout()

    def header(self) -> Iterator[Any]:
        """Yield the header line of a part file of CSV."""
        if not self.job.as_table:
            names = inert(strings(list(self.job.formatter.columns))).to_pylist()
            yield self._records(HEADER, (-1, -1), [0], score=strings([",".join(names)]))

    def rows(self, rows: Rows, missing: frozenset[str], unit: Unit) -> Iterator[Any]:
        """Yield the records of some rows of a unit."""
        first = self.repeats.get(unit)
        if first is not None:
            at = np.searchsorted(first.lines, rows.lines)
            at[at == len(first.lines)] = 0
            here = np.flatnonzero(first.lines[at] == rows.lines)
            if len(here):
                places = at[here].tolist()
                found = Repeats(
                    here,
                    [first.first_lines[place] for place in places],
                    [first.first_files[place] for place in places],
                )
                rows = rows.drop(here, repeated(rows, found, list(self.names)))
        result = self.job.formatter.result(rows, missing)
        self.tally.merge(result.tally)
        if len(rows):
            yield self._records(
                SCORE, unit, rows.lines, merchant_id=rows.ids, score=self._scores(result.scores)
            )
        if result.rejects:
            yield self.rejects(result.rejects, unit)

    def note(self, unit: Unit, **facts: Any) -> Any:
        """Return the note of a unit, with what was counted since the last one."""
        counts, self.tally = _plain(self.tally), Tally()
        return self._records(NOTE, unit, [0], note=strings([json.dumps(facts | counts)]))

    def rejects(self, rejects: Sequence[Reject], unit: Unit) -> Any:
        """Return the records of rejects."""
        texts = [strings([getattr(one, name) for one in rejects]) for name in _REJECT_TEXTS]
        more = pa.array([one.more for one in rejects], pa.int64())
        kind = self._layout.field("reject").type
        return self._records(
            REJECT,
            unit,
            [one.line for one in rejects],
            merchant_id=strings([one.merchant_id for one in rejects]),
            reject=pa.StructArray.from_arrays([*texts, more], fields=list(kind)),
        )

    def _scores(self, scores: Any) -> Any:
        if self.job.as_table:
            kind = self._layout.field("score").type
            return pa.StructArray.from_arrays(scores.columns[1:], fields=list(kind))
        # The writer of text ends lines itself.
        data, starts, ends = spans(scores)
        return strings_at(data, ends - 1, ends - starts - 1)

    def _records(self, kind: int, unit: Unit, lines: Any, **columns: Any) -> Any:
        file, start = unit
        count = len(lines)
        columns["kind"] = int32s(np.full(count, kind))
        columns["file"] = int32s(np.full(count, file))
        columns["start"] = pa.array(np.full(count, start, dtype=np.int64))
        columns["line"] = pa.array(np.asarray(lines, dtype=np.int64))
        return pa.RecordBatch.from_arrays(
            [
                columns[one.name] if one.name in columns else pa.nulls(count, one.type)
                for one in self._layout
            ],
            schema=self._layout,
        )


_COUNTERS = ("rejected", "status", "tier", "veto", "rules")


def _plain(tally: Tally) -> dict[str, Any]:
    """Return a tally as plain values."""
    counts: dict[str, Any] = {
        "read": tally.read,
        "scored": tally.scored,
        "unknown_tier": tally.unknown_tier,
    }
    counts |= {name: dict(getattr(tally, name)) for name in _COUNTERS}
    for name in BY_SIGNAL:
        if getattr(tally, name) is not None:
            counts[name] = getattr(tally, name).tolist()
    for name in ("coverage", "index"):
        summary = getattr(tally, name)
        bins = {str(at): int(summary.bins[at]) for at in np.flatnonzero(summary.bins)}
        counts[name] = [summary.rows, summary.total, bins]
    return counts


def tally_of(counts: Mapping[str, Any]) -> Tally:
    """Return the tally that a note holds."""
    tally = Tally(counts["read"], counts["scored"], unknown_tier=counts["unknown_tier"])
    for name in _COUNTERS:
        setattr(tally, name, Counter(counts[name]))
    for name in BY_SIGNAL:
        if name in counts:
            setattr(tally, name, np.array(counts[name], dtype=np.int64))
    for name in ("coverage", "index"):
        summary: Summary = getattr(tally, name)
        summary.rows, summary.total, bins = counts[name]
        for at, count in bins.items():
            summary.bins[int(at)] = count
    return tally
