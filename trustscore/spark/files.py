"""Files in, folders of part files out, on as many machines as Spark has.

One pass reads, checks and scores every split. What it leaves is kept on the disks of the
executors until the outputs are written. Two things can only be known afterwards, and
only the stretches concerned are then read again: a split that did not begin with a
record (its file is read as a whole), and an id that came before in another place.
"""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from trustscore.boost import BoostPolicy
from trustscore.errors import InputError
from trustscore.scorecard import load_scorecard
from trustscore.spark.hadoop import Hadoop, Stored
from trustscore.spark.records import check_types, quoted, reject_parts, spark_types
from trustscore.spark.session import quiet, reason, spark_failures, start
from trustscore.spark.splits import Reading, address, read_columns, read_lines, read_whole
from trustscore.spark.work import HEADER, NOTE, REJECT, SCORE, First, Job, Unit, tally_of
from trustscore.tables.arrow_reader import plan_columns
from trustscore.tables.batch import Report, StrictStop, first_fault, run_facts
from trustscore.tables.csv_reader import open_csv
from trustscore.tables.faults import Reject
from trustscore.tables.header import Wanted
from trustscore.tables.inputs import Inputs, as_paths
from trustscore.tables.manifest import Tally
from trustscore.tables.text_stream import BLOCK, Source
from trustscore.tables.writers import suffix_of

__all__ = ["score_files"]

# An array of the JVM holds no more, so a file read as a whole must be smaller.
_LARGEST_WHOLE = (1 << 31) - 1024
_LINES, _WHOLE, _COLUMNS = "lines", "whole", "columns"
_READERS = {_LINES: read_lines, _WHOLE: read_whole, _COLUMNS: read_columns}


class _Way(NamedTuple):
    """How the tasks get a file; for Parquet its wanted columns; its encoding as far as known."""

    form: str
    columns: tuple[str, ...] | None = None
    encoding: str = "ascii"


def score_files(
    paths: str | Path | Iterable[str | Path],
    out: str,
    *,
    session: Any = None,
    scorecard: Any = "default",
    policy: Any = "boost",
    rejects: str | None = None,
    manifest: str | None = None,
    strict: bool = False,
    allow_missing_columns: bool = False,
    encoding: str | None = None,
    keep: Iterable[str] = (),
    as_of: dt.date | None = None,
) -> Report:
    """Score files of merchants on Spark.

    Parameters
    ----------
    paths : path or iterable of paths
        CSV, gzip CSV or Parquet on any Hadoop file system: files, folders of files,
        or patterns with ``*``.
    out : str
        A folder of part files, which must not exist yet: CSV, each part with a header;
        gzip CSV when it ends in ``.csv.gz``; Parquet when it ends in ``.parquet``.
    session : SparkSession, optional
        The active one, or a new one.
    scorecard, policy : str, Path, Scorecard or BoostPolicy
    rejects, manifest : str, optional
        A folder, ``OUT.rejects.csv`` unless said, written when there are any; and a
        file, ``OUT.manifest.json`` unless said.
    strict : bool, default=False
        Leave no output when any row has a fault.
    allow_missing_columns : bool, default=False
    encoding : str, optional
    keep : iterable of str, optional
    as_of : date, optional

    Returns
    -------
    Report
        With the manifest that `trustscore.tables.score_files` gives for the same files.

    Raises
    ------
    InputError
        When the input cannot be read or the output exists; `StrictStop` for the first
        fault when `strict`.
    """
    started, clock = dt.datetime.now(dt.UTC), time.perf_counter()
    card, rule = load_scorecard(scorecard), BoostPolicy.load(policy)
    job = Job.of(card, rule, as_of, keep, suffix_of(out))
    session = session or start()
    if not hasattr(session, "_jsparkSession"):
        raise InputError("a Spark Connect session has no files of its own; use score_spark there")
    with quiet(), spark_failures(), ExitStack() as stack:
        hadoop = Hadoop(session)
        targets = _Targets(hadoop, out, rejects, manifest)
        targets.check()
        files = hadoop.files(as_paths(paths))
        session = _own_session(session, sum(file.size for file in files))
        wanted = Wanted.by(card)
        opened = _open(session, hadoop, files, wanted, job, allow_missing_columns, encoding)
        hashes = _hashes(hadoop, files, stack)
        run = _Run(session, hadoop, files, *opened)
        stack.callback(run.release)
        run.first()
        run.whole_again()
        run.without_repeats()
        if strict:
            reject = run.first_reject()
            if reject is not None:
                raise StrictStop(first_fault(reject))
        facts = _manifest(card, rule, run, hashes, as_of, started, clock)
        written = bool(run.tally().rejected) or rejects is not None
        facts["outputs"] = {
            "scores": out,
            "rejects": targets.rejects if written else None,
            "contributions": None,
        }
        stack.callback(targets.discard)
        targets.write(run, facts, rejects=written)
        return Report(facts, targets.rejects if run.tally().rejected else None)


def _own_session(session: Any, total: int) -> Any:
    """Return a session of this run, in which a file is always cut at the same places.

    Spark would otherwise choose splits by the sum of the files of a query, and a stretch
    that is read again could not be found.
    """
    own = session.newSession()
    conf = session._jsparkSession.sessionState().conf()
    most, least = conf.filesMaxPartitionBytes(), conf.filesOpenCostInBytes()
    share = -(-total // max(session.sparkContext.defaultParallelism, 1))
    own.conf.set("spark.sql.files.maxPartitionBytes", max(min(most, share), least, 1))
    own.conf.set("spark.sql.files.minPartitionNum", 1)
    own.conf.set("spark.sql.execution.arrow.useLargeVarTypes", False)
    return own


def _hashes(hadoop: Hadoop, files: Sequence[Stored], stack: ExitStack) -> list[Future[str]]:
    """Hash the files in the driver while the tasks are at work: a hash cannot be split."""
    pool = ThreadPoolExecutor(4, thread_name_prefix="sha256")
    stack.callback(pool.shutdown, wait=False, cancel_futures=True)
    return [pool.submit(hadoop.sha256, file) for file in files]


def _open(
    session: Any,
    hadoop: Hadoop,
    files: Sequence[Stored],
    wanted: Wanted,
    job: Job,
    allow_missing: bool,
    encoding: str | None,
) -> tuple[Reading, list[_Way]]:
    """Read the headers of all files: what the tasks must know, and the way to read each."""
    plans: dict[str, Any] = {}
    plan_of: dict[int, int] = {}
    ways: list[_Way] = []
    faults: list[str] = []
    for number, file in enumerate(files):
        head = hadoop.head(file, BLOCK)
        try:
            if head.startswith(b"PAR1"):
                path = hadoop.literal(file)
                plan, way = _parquet_plan(session, path, file, wanted, job.keep, allow_missing)
            else:
                plan, way = _csv_plan(hadoop, file, head, wanted, job.keep, allow_missing, encoding)
        except InputError as error:
            faults += [error.summary] if error.faults == [error.summary] else [str(error)]
            continue
        ways.append(way)
        key = repr(replace(plan, file=""))
        plans.setdefault(key, plan)
        plan_of[number] = list(plans).index(key)
    if len(faults) == 1:
        summary, *lines = faults[0].splitlines()
        raise InputError(summary, [line.strip() for line in lines])
    if faults:
        raise InputError(f"{len(faults)} files cannot be read", faults)
    numbers = {address(file.uri): number for number, file in enumerate(files)}
    if len(numbers) < len(files):
        seen = [file.name for n, file in enumerate(files) if numbers[address(file.uri)] != n]
        raise InputError("a file is named twice", seen)
    names = tuple(file.name for file in files)
    reading = Reading(
        job, wanted, names, numbers, tuple(plans.values()), plan_of, allow_missing, encoding
    )
    return reading, ways


def _csv_plan(
    hadoop: Hadoop,
    file: Stored,
    head: bytes,
    wanted: Wanted,
    keep: tuple[str, ...],
    allow_missing: bool,
    encoding: str | None,
) -> tuple[Any, _Way]:
    while True:
        source = Source(file.name, encoding, 1 << 16, BytesIO(head))
        cut_off = len(head) < file.size
        try:
            plan, _ = open_csv(source, wanted, keep=keep, allow_missing=allow_missing)
        except InputError:
            if not cut_off or source.size < len(head):
                raise
        else:
            if not cut_off or source.size < len(head):
                break
        # The header goes on behind what was read of it.
        head = hadoop.head(file, 4 * len(head))
    known = source.encoding
    plain = known == "utf-8" or (known == "ascii" and encoding is None)
    # A file with CR alone at the ends of its lines is one line to Hadoop.
    in_lines = plain and b"\n" in head and not head.startswith(b"\x1f\x8b")
    return plan, _Way(_LINES if in_lines else _WHOLE, encoding=known)


def _parquet_plan(
    session: Any,
    path: str,
    file: Stored,
    wanted: Wanted,
    keep: tuple[str, ...],
    allow_missing: bool,
) -> tuple[Any, _Way]:
    try:
        schema = session.read.parquet(path).schema
    except Exception as error:
        raise InputError(f"{file.name}: damaged Parquet file ({reason(error)})") from error
    plan, used = plan_columns(
        schema.names, wanted, file.name, keep=keep, allow_missing=allow_missing
    )
    check_types([schema.fields[at] for at in used], plan.columns, file.name)
    return plan, _Way(_COLUMNS, tuple(schema.names[at] for at in used), "parquet")


@dataclass
class _Run:
    """The records of a run, and what their notes say."""

    session: Any
    hadoop: Hadoop
    files: Sequence[Stored]
    reading: Reading
    ways: list[_Way]
    records: Any = None
    notes: dict[Unit, dict[str, Any]] = field(default_factory=dict)
    kept: list[Any] = field(default_factory=list)

    def first(self) -> None:
        """Read everything."""
        self.records = self._read(self.reading, list(range(len(self.files))), None)
        self.notes = self._notes(self.records)
        unread = set(range(len(self.files))) - {file for file, _ in self.notes}
        if unread:
            raise InputError(
                "Spark leaves out files whose names begin with _ or .; name them otherwise",
                [self.files[number].name for number in sorted(unread)],
            )

    def whole_again(self) -> None:
        """Read the files as a whole that could not be read in splits."""
        again = sorted({file for (file, _), note in self.notes.items() if not note["clean"]})
        if again:
            for number in again:
                self.ways[number] = _Way(_WHOLE)
            units = [unit for unit in self.notes if unit[0] in again]
            self._replace(units, self._read(self.reading, again, None))
        faults = {file: note["error"] for (file, _), note in self.notes.items() if "error" in note}
        if faults:
            summary, lines = faults[min(faults)]
            raise InputError(summary, () if lines == [summary] else lines)

    def without_repeats(self) -> None:
        """Read the stretches again in which an id stands that came before."""
        repeats = self._repeats()
        if repeats:
            units = sorted(repeats)
            reading = replace(self.reading, repeats=repeats)
            self._replace(units, self._read(reading, sorted({file for file, _ in units}), units))

    def offsets(self) -> dict[Unit, int]:
        """Return how many lines stand above each unit in its file."""
        above: dict[Unit, int] = {}
        lines = dict.fromkeys(range(len(self.files)), 0)
        for unit in sorted(self.notes):
            above[unit] = lines[unit[0]]
            lines[unit[0]] += self.notes[unit]["lines"]
        return above

    def tally(self) -> Tally:
        """Return what was counted."""
        tally = Tally()
        for note in self.notes.values():
            tally.merge(tally_of(note))
        return tally

    def release(self) -> None:
        """Give up what was kept on the disks of the executors."""
        for frame in self.kept:
            frame.unpersist()

    def first_reject(self) -> Reject | None:
        """Return the first reject, by file and line."""
        found = self.records.where(f"kind = {REJECT}").orderBy("file", "start", "line").first()
        if found is None:
            return None
        line = found.line + self.offsets()[found.file, found.start]
        facts = found.reject.asDict()
        return Reject(line, found.merchant_id, file=self.files[found.file].name, **facts)

    def _read(self, reading: Reading, numbers: Sequence[int], units: Sequence[Unit] | None) -> Any:
        """Return the records of some files, or of some units of them."""
        from pyspark import StorageLevel

        sets: dict[tuple[str, Any], list[int]] = {}
        for number in numbers:
            # Spark reads many Parquet files at once only when their columns are the same.
            sets.setdefault(self.ways[number][:2], []).append(number)
        layout = spark_types(reading.job.layout())
        parts = []
        for (way, columns), members in sets.items():
            rows = self._rows(way, columns, [self.files[number] for number in members])
            if units is not None:
                rows = self._only(rows, units)
            parts.append(rows.mapInArrow(_task(way, reading), layout))
        records = parts[0]
        for part in parts[1:]:
            records = records.union(part)
        records = records.persist(StorageLevel.DISK_ONLY)
        self.kept.append(records)
        return records

    def _rows(self, way: str, columns: tuple[str, ...] | None, files: Sequence[Stored]) -> Any:
        from pyspark.sql import functions as sf

        paths = [self.hadoop.literal(file) for file in files]
        path = sf.col("_metadata.file_path").alias("path")
        start = sf.col("_metadata.file_block_start").alias("start")
        reader = self.session.read
        if way == _WHOLE:
            large = [file.name for file in files if file.size > _LARGEST_WHOLE]
            if large:
                raise InputError(
                    "files of 2 GB or more must be UTF-8 without line breaks in quotation marks"
                    " and not compressed, so that they can be read in parts; cut these into"
                    " smaller ones",
                    large,
                )
            found = reader.format("binaryFile").load(paths)
            data = sf.col("content").alias("data")
            return found.select(path, sf.lit(0).cast("long").alias("start"), data)
        if way == _LINES:
            found = reader.option("lineSep", "\n").text(paths)
            # The bytes as they are: the break goes back to the end of each line.
            line = sf.concat(sf.col("value").cast("binary"), sf.lit(b"\n"))
            return found.select(path, start, line.alias("data"))
        assert columns is not None
        row = sf.col("_metadata.row_index").alias("row")
        found = reader.parquet(*paths)
        # Spark takes a point in the name of a column of a task for a step into a structure.
        named = [sf.col(quoted(name)).alias(f"c{at}") for at, name in enumerate(columns)]
        return found.select(path, start, row, *named)

    def _only(self, rows: Any, units: Sequence[Unit]) -> Any:
        from pyspark.sql import functions as sf

        stretches = [(self.notes[unit]["path"], unit[1]) for unit in units]
        some = self.session.createDataFrame(stretches, "path string, start long")
        return rows.join(sf.broadcast(some), ["path", "start"], "left_semi")

    def _replace(self, units: Sequence[Unit], records: Any) -> None:
        """Put the records of stretches that were read again in the place of the old ones."""
        from pyspark.sql import functions as sf

        old = self.session.createDataFrame(list(units), "file int, start long")
        stay = self.records.join(sf.broadcast(old), ["file", "start"], "left_anti")
        self.records = stay.select(records.columns).union(records)
        again = self._notes(records)
        for unit in units:
            note = self.notes.pop(unit)
            if self.ways[unit[0]].form == _LINES and note["lines"] != again[unit]["lines"]:
                raise InputError(f"{self.files[unit[0]].name}: changed while it was read")
        self.notes |= again

    def _notes(self, records: Any) -> dict[Unit, dict[str, Any]]:
        rows = records.where(f"kind = {NOTE}").select("file", "start", "note").collect()
        return {(row.file, row.start): json.loads(row.note) for row in rows}

    def _repeats(self) -> dict[Unit, First]:
        from pyspark.sql import functions as sf

        ids = self.records.where(f"kind = {SCORE}").select(
            "merchant_id", sf.struct("file", "start", "line").alias("place")
        )
        several = ids.groupBy("merchant_id").agg(
            sf.min("place").alias("first"), sf.count("*").alias("times")
        )
        rows = (
            ids.join(several.where("times > 1"), "merchant_id")
            .where("place != first")
            .select("place", "first")
            .collect()
        )
        above = self.offsets()
        by_unit: dict[Unit, list[tuple[int, int, int]]] = {}
        for place, first in rows:
            line = first.line + above[first.file, first.start]
            found = by_unit.setdefault((place.file, place.start), [])
            found.append((place.line, first.file, line))
        repeats = {}
        for unit, found in by_unit.items():
            lines, files, firsts = zip(*sorted(found), strict=True)
            repeats[unit] = First(np.array(lines, dtype=np.int64), list(files), list(firsts))
        return repeats


def _task(way: str, reading: Reading) -> Any:
    read = _READERS[way]

    def task(batches: Iterator[Any]) -> Iterator[Any]:
        return read(reading, batches)

    return task


def _manifest(
    card: Any,
    policy: BoostPolicy,
    run: _Run,
    hashes: Sequence[Future[str]],
    as_of: dt.date | None,
    started: dt.datetime,
    clock: float,
) -> dict[str, Any]:
    inputs = Inputs([file.name for file in run.files], run.reading.wanted)
    for number, file in enumerate(run.files):
        notes = [note for (one, _), note in run.notes.items() if one == number]
        inputs.missing.update(*(note["missing"] for note in notes))
        # ASCII is read alike in every encoding; one stretch that is not decides.
        seen = [run.ways[number].encoding, *(note["encoding"] for note in notes)]
        encoding = next((name for name in seen if name != "ascii"), "ascii")
        inputs.done.append(
            {
                "path": file.name,
                "size": file.size,
                "sha256": hashes[number].result(),
                "encoding": encoding,
            }
        )
    return run_facts(card, policy, inputs, run.tally(), as_of, started, clock)


class _Targets:
    """The outputs: written under a hidden name beside their own, renamed when all are complete."""

    def __init__(self, hadoop: Hadoop, out: str, rejects: str | None, manifest: str | None) -> None:
        self._hadoop = hadoop
        self.scores = out
        self.rejects = rejects or f"{out}.rejects.csv"
        self.manifest = manifest or f"{out}.manifest.json"
        self._hidden: dict[str, str] = {}

    def check(self) -> None:
        """Raise when something stands where the outputs go."""
        names = (self.scores, self.rejects, self.manifest)
        if len({*names}) < len(names):
            raise InputError("scores, rejects and manifest must have different names")
        there = [path for path in (self.scores, self.rejects) if self._hadoop.exists(path)]
        if there:
            raise InputError(
                "the output exists; remove it or choose another name (folders are not replaced)",
                there,
            )

    def write(self, run: _Run, facts: Mapping[str, Any], *, rejects: bool) -> None:
        """Write all outputs, then give them their names."""
        scores = self._hide(self.scores)
        if run.reading.job.as_table:
            found = run.records.where(f"kind = {SCORE}").select("merchant_id", "score.*")
            found.write.parquet(scores)
        else:
            found = run.records.where(f"kind in ({SCORE}, {HEADER})").select("score")
            self._write_text(found, scores, self.scores)
        if rejects:
            hidden = self._hide(self.rejects)
            as_table = suffix_of(self.rejects) == ".parquet"
            several = len(run.files) > 1
            layout, task = reject_parts(
                run.offsets(), run.reading.names, several=several, as_table=as_table
            )
            bad = run.records.where(f"kind = {REJECT}").orderBy("file", "start", "line")
            columns = ("file", "start", "line", "merchant_id", "reject")
            parts = bad.select(*columns).mapInArrow(task, spark_types(layout))
            if as_table:
                parts.write.parquet(hidden)
            else:
                self._write_text(parts, hidden, self.rejects)
        note = json.dumps(facts, indent=2, ensure_ascii=False) + "\n"
        self._hadoop.write(self._hide(self.manifest), note.encode())
        if self._hadoop.exists(self.manifest):
            self._hadoop.remove(self.manifest)
        # The scores come last: when they are there, all is.
        for path in (self.manifest, *([self.rejects] if rejects else []), self.scores):
            self._hadoop.rename(self._hidden.pop(path), path)

    def discard(self) -> None:
        """Remove what has not got its name."""
        for hidden in self._hidden.values():
            self._hadoop.remove(hidden)

    def _hide(self, path: str) -> str:
        self._hidden[path] = self._hadoop.beside(path)
        return self._hidden[path]

    def _write_text(self, lines: Any, folder: str, name: str) -> None:
        packed = suffix_of(name) == ".csv.gz"
        lines.write.text(folder, compression="gzip" if packed else "none", lineSep="\n")
        self._hadoop.end_with(
            folder, ".txt.gz" if packed else ".txt", ".csv.gz" if packed else ".csv"
        )
