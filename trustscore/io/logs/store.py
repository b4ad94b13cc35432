"""The clean store: Parquet by table, file and bucket of merchants."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from trustscore.atomic_file import AtomicFile
from trustscore.errors import InputError
from trustscore.io.arrow import bits
from trustscore.io.logs.rows import BadRow, Batch
from trustscore.io.logs.tally import Tally
from trustscore.temporary_names import LOCKS, lock

__all__ = ["Part", "PartWriter", "Store", "buckets_for", "remove_whole"]

# Rows of a bucket that wait for a row group.
_GROUP = 1 << 15
# Bytes of input that one bucket is made for, and the most buckets.
_PER_BUCKET = 256 << 20
_MOST_BUCKETS = 64
_STATE = "state.json"
_FORMAT = 1


def buckets_for(size: int) -> int:
    """Return the number of buckets for so many bytes of input: a power of two.

    Examples
    --------
    >>> buckets_for(1000), buckets_for(3 << 30)
    (1, 16)
    """
    buckets = 1
    while buckets < _MOST_BUCKETS and buckets * _PER_BUCKET < size:
        buckets *= 2
    return buckets


@dataclass
class Part:
    """One file of a log in the store.

    Attributes
    ----------
    table, file : str
    folder : Path
    size : int
    sha256, encoding : str
    columns : tuple of str
        Of the registry, as far as the file has them.
    tally : Tally
    pruned : int
        Rows that were old and have left.
    """

    table: str
    file: str
    folder: Path
    size: int
    sha256: str
    encoding: str
    columns: tuple[str, ...]
    tally: Tally = field(default_factory=Tally)
    pruned: int = 0

    @property
    def name(self) -> str:
        """What it is called in the state of the store, before and after it is pruned."""
        return f"{self.table}/{self.folder.name.partition('.')[0]}"

    def bucket(self, number: int) -> str:
        """Return the file of a bucket, or an empty text if it has no row."""
        path = self.folder / f"b{number:03d}.parquet"
        return str(path) if path.exists() else ""

    def rejects(self) -> Iterator[BadRow]:
        """Yield the rejected rows."""
        with open(self.folder / "rejects.jsonl", encoding="utf-8") as file:
            for line in file:
                yield BadRow(*json.loads(line))

    def save(self, folder: Path) -> None:
        """Write what is known of the part beside its buckets."""
        facts = vars(self) | {"tally": self.tally.as_dict(), "columns": list(self.columns)}
        facts.pop("folder")
        (folder / "facts.json").write_text(json.dumps(facts), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Part | None:
        """Read what `save` wrote, or return None where there is nothing."""
        try:
            facts = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        facts |= {"tally": Tally.from_dict(facts["tally"]), "columns": tuple(facts["columns"])}
        return cls(folder=folder, **facts)


class PartWriter:
    """Writes the batches of one file, by bucket; the folder takes its name when all is there."""

    def __init__(self, final: Path, types: Mapping[str, Any], buckets: int) -> None:
        self._final, self._buckets = final, buckets
        self._schema = pa.schema(list(types.items()))
        self.folder = final.with_name(final.name + ".tmp")
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self._held: dict[int, list[Any]] = {}
        self._rows: dict[int, int] = {}
        self._writers: dict[int, Any] = {}
        self._rejects = open(self.folder / "rejects.jsonl", "w", encoding="utf-8")  # noqa: SIM115

    def write(self, batch: Batch) -> None:
        """Add a batch."""
        for row in batch.bad:
            self.reject(row)
        arrays = [batch.columns[name] for name in self._schema.names]
        whole = pa.RecordBatch.from_arrays(arrays, schema=self._schema)
        if self._buckets == 1:
            self._add(0, whole)
            return
        of = batch.hashes % self._buckets
        for bucket in np.unique(of).tolist():
            self._add(bucket, whole.filter(bits(of == bucket)))

    def reject(self, row: BadRow) -> None:
        """Add a rejected row."""
        self._rejects.write(json.dumps(list(row)) + "\n")

    def _add(self, bucket: int, batch: Any) -> None:
        if not batch.num_rows:
            return
        self._held.setdefault(bucket, []).append(batch)
        self._rows[bucket] = self._rows.get(bucket, 0) + batch.num_rows
        if self._rows[bucket] >= _GROUP:
            self._flush(bucket)

    def _flush(self, bucket: int) -> None:
        table = pa.Table.from_batches(self._held.pop(bucket), self._schema)
        self._rows[bucket] = 0
        if bucket not in self._writers:
            path = self.folder / f"b{bucket:03d}.parquet"
            self._writers[bucket] = pq.ParquetWriter(path, self._schema, compression="zstd")
        self._writers[bucket].write_table(table)

    def finish(self, part: Part) -> Part:
        """Write the rest and give the folder its name."""
        for bucket in list(self._held):
            self._flush(bucket)
        for writer in self._writers.values():
            writer.close()
        self._rejects.close()
        part.save(self.folder)
        os.replace(self.folder, self._final)
        part.folder = self._final
        return part

    def discard(self) -> None:
        """Remove what was written."""
        for writer in (*self._writers.values(), self._rejects):
            # On a full disk nothing more is written.
            with contextlib.suppress(Exception):
                writer.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def remove_whole(folder: Path) -> None:
    """Remove a folder such that a killed run leaves all of it, or nothing of its name."""
    if folder.suffix != ".tmp":
        doomed = folder.with_name(folder.name + ".gone.tmp")
        shutil.rmtree(doomed, ignore_errors=True)
        with contextlib.suppress(OSError):
            folder = folder.replace(doomed)
    shutil.rmtree(folder, ignore_errors=True)


class Store:
    """A folder of parts, kept between runs or for one run.

    Parameters
    ----------
    root : Path
    kept : bool
        Whether later runs use it again.
    """

    def __init__(self, root: Path, kept: bool) -> None:
        self.root, self.kept = root, kept
        root.mkdir(parents=True, exist_ok=True)
        self._handle: int | None = None
        if kept and LOCKS:
            self._handle = os.open(root, os.O_RDONLY)
            if not lock(self._handle):
                os.close(self._handle)
                raise InputError(f"{root}: another run is using this folder; wait for it to end")
        self.state = self._load()
        for folder in root.glob("firsts-*"):
            # Of a run that was killed before it took effect, or after.
            if folder.name != self.pruned.get("firsts"):
                remove_whole(folder)
        self.scratch = root / "scratch"
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch.mkdir()

    def _load(self) -> dict[str, Any]:
        path = self.root / _STATE
        if not path.exists():
            if self.kept and any(self.root.iterdir()) and not (self.root / "parts").exists():
                names = {entry.name for entry in self.root.iterdir()} - {"pepper"}
                if names:
                    raise InputError(
                        f"{self.root}: holds other files and no store; name an empty folder"
                    )
            return {}
        try:
            state = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            state = None
        if not isinstance(state, dict) or state.get("format") != _FORMAT:
            raise InputError(f"{path}: is no state of this version; name a new folder")
        return state

    def close(self) -> None:
        """Remove what no later run needs."""
        shutil.rmtree(self.scratch if self.kept else self.root, ignore_errors=True)
        if self._handle is not None:
            os.close(self._handle)

    def place(self, table: str, key: str) -> Path:
        """Return where a part is or will be."""
        return self.root / "parts" / table / key

    def find(self, table: str, key: str) -> Part | None:
        """Return a part that is there, without the rows that have left it."""
        if not self.kept:
            return None
        name = self.pruned.get("parts", {}).get(f"{table}/{key}", key)
        return Part.load(self.place(table, name)) or Part.load(self.place(table, key))

    @property
    def pruned(self) -> dict[str, Any]:
        """What is known of the rows that have left: before which day, and their parts."""
        found: dict[str, Any] = self.state.get("pruned", {})
        return found

    def _spent(self, path: str) -> bool:
        """Return whether all that a remembered file gave has left the store."""
        parts = self.state["files"][path].get("parts", [])
        return bool(parts) and all(name in self.pruned.get("spent", []) for name in parts)

    def gone(self, files: Iterable[str]) -> list[Part]:
        """Return the parts of files that are there no more, and of which every row had left.

        They still tell from when on a log was kept and which columns it has.
        """
        known, here = self.state.get("files", {}), set(files)
        names = [
            name
            for path in known
            if path not in here and self._spent(path)
            for name in known[path]["parts"]
        ]
        found = (self.find(*name.split("/")) for name in dict.fromkeys(names))
        return [part for part in found if part is not None]

    def refuse_lost(self, files: Mapping[str, int]) -> None:
        """Raise for files of the last run that are gone or smaller.

        Parameters
        ----------
        files : mapping of str to int
            Sizes by path.
        """
        faults = []
        for path, known in self.state.get("files", {}).items():
            if self._spent(path):
                continue
            if path not in files:
                faults.append(f"{path}: is gone")
            elif files[path] < known["size"]:
                faults.append(f"{path}: has {files[path]:,} bytes, and had {known['size']:,}")
        if faults:
            raise InputError(
                f"{self.root} remembers files that were lost; bring them back, or begin a new"
                " folder without them",
                faults,
            )

    def note(self, name: str) -> dict[str, Any]:
        """Return what an earlier run noted under a name; empty if there is nothing to be used."""
        try:
            found = json.loads((self.root / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def take_note(self, name: str, facts: Mapping[str, Any]) -> None:
        """Note something for later runs, if there will be any."""
        if self.kept:
            with AtomicFile(self.root / name) as file:
                file.write(json.dumps(facts).encode())
                file.commit()

    def remember(self, files: Mapping[str, dict[str, Any]], buckets: int, keep: set[Path]) -> None:
        """Note the files of this run, and remove the parts that it did not use."""
        if not self.kept:
            return
        known = self.state.get("files", {})
        lost = {path: known[path] for path in known if path not in files and self._spent(path)}
        new = {"format": _FORMAT, "buckets": buckets, "files": {**lost, **files}}
        if self.pruned:
            here = {f"{folder.parent.name}/{folder.name.partition('.')[0]}" for folder in keep}
            parts = {n: place for n, place in self.pruned["parts"].items() if n in here}
            spent = [name for name in self.pruned["spent"] if name in here]
            new["pruned"] = {**self.pruned, "parts": parts, "spent": spent}
        self._save(new)
        for table in (self.root / "parts").glob("*"):
            for folder in table.iterdir():
                if folder not in keep:
                    remove_whole(folder)

    def prune(self, parts: Iterable[Part], facts: Mapping[str, Any]) -> None:
        """Have pruned parts take the place of what they were made from, all at once.

        Parameters
        ----------
        parts : iterable of Part
            All parts of the store, as they are from now on.
        facts : mapping
            What else is to be known of it: JSON.
        """
        made = {part.name: part for part in parts if part.pruned}
        buckets = range(self.state["buckets"])
        self._save(
            {
                **self.state,
                "pruned": {
                    **facts,
                    "parts": {name: part.folder.name for name, part in made.items()},
                    "spent": [n for n, part in made.items() if not any(map(part.bucket, buckets))],
                },
            }
        )

    def _save(self, state: dict[str, Any]) -> None:
        with AtomicFile(self.root / _STATE) as file:
            file.write(json.dumps(state, indent=1).encode())
            file.commit()
        self.state = state
