"""The outputs: folders of part files that are complete or absent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from trustscore.atomic_file import utf8
from trustscore.errors import InputError
from trustscore.io.atomic_files import suffix_of
from trustscore.spark.hadoop import Hadoop
from trustscore.spark.records import reject_parts, spark_types
from trustscore.spark.run import Run
from trustscore.spark.work import HEADER, REJECT, SCORE

__all__ = ["Targets"]


class Targets:
    """Outputs are written under a hidden name beside their own, and renamed when all are complete.

    Parameters
    ----------
    hadoop : Hadoop
    out : str
    rejects, manifest : str or None
        Beside `out` unless said.
    """

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
        books = [path for path in (self.scores, self.rejects) if suffix_of(path) == ".xlsx"]
        if books:
            raise InputError("Spark writes no Excel workbooks: write .csv or .parquet", books)
        there = [path for path in (self.scores, self.rejects) if self._hadoop.exists(path)]
        if there:
            raise InputError(
                "the output exists; remove it or choose another name (folders are not replaced)",
                there,
            )

    def write(self, run: Run, facts: Mapping[str, Any], *, rejects: bool) -> None:
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
        self._hadoop.write(self._hide(self.manifest), utf8(note))
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
