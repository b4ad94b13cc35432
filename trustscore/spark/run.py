"""The records of a run: read once, and again where that was not enough.

Two things can only be known when all was read: that a split did not begin with a record
(its file is then read as a whole), and that an id came before in another place.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from trustscore.batch.manifest import Tally
from trustscore.errors import InputError
from trustscore.io.rejects import Reject
from trustscore.spark.hadoop import Hadoop, Stored
from trustscore.spark.opening import COLUMNS, LINES, WHOLE, Way
from trustscore.spark.records import quoted, spark_types
from trustscore.spark.splits import Reading, read_columns, read_lines, read_whole
from trustscore.spark.work import NOTE, REJECT, SCORE, First, Unit, tally_of

__all__ = ["Run"]

# An array of the JVM holds no more, so a file read as a whole must be smaller.
_LARGEST_WHOLE = (1 << 31) - 1024
_READERS = {LINES: read_lines, WHOLE: read_whole, COLUMNS: read_columns}


@dataclass
class Run:
    """The records of a run, and what their notes say."""

    session: Any
    hadoop: Hadoop
    files: Sequence[Stored]
    reading: Reading
    ways: list[Way]
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
                self.ways[number] = Way(WHOLE)
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
        if way == WHOLE:
            large = [file.name for file in files if file.size > _LARGEST_WHOLE]
            if large:
                raise InputError(
                    "files of 2 GB or more must be read in parts: UTF-8 without line breaks in"
                    " quotation marks and not compressed, or Parquet without columns that stand"
                    " twice, bytes, half floats and times with a zone; cut these into smaller ones",
                    large,
                )
            found = reader.format("binaryFile").load(paths)
            data = sf.col("content").alias("data")
            return found.select(path, sf.lit(0).cast("long").alias("start"), data)
        if way == LINES:
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
            if self.ways[unit[0]].form == LINES and note["lines"] != again[unit]["lines"]:
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
