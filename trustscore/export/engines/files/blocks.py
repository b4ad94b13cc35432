"""The boosts of a score file block by block: checked once, and kept on disk to be read again."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa

from trustscore.boost import BoostPolicy
from trustscore.boost.files.candidates import other_boosts, score_blocks
from trustscore.errors import InputError
from trustscore.export.engines.registry import TARGETS
from trustscore.export.engines.rows import boost_columns
from trustscore.io.arrow import strings
from trustscore.io.seen_ids import SeenIds
from trustscore.typing import Block, Progress, silent

__all__ = ["Counts", "Spool", "checked_blocks"]

# What the engines read of a boost.
_TEXTS = ("merchant_id", "veto", "tier", "valid_to", "policy", "step")
_NUMBERS = ("trust_boost", "log_boost", "lean")
_SHOWN = 5
_LISTED = 20
# Characters of an id in a message.
_LONGEST = 40


@dataclass
class Counts:
    """What was seen on the way; complete when the last block was taken.

    Attributes
    ----------
    engine : str
    merchants, other_boosts, endless, not_held, not_held_vetoed : int
        As `ExportReport` has them.
    shown : list of str
        A few of the merchants that the engine cannot hold, each with the reason.
    """

    engine: str
    merchants: int = 0
    other_boosts: int = 0
    endless: int = 0
    not_held: int = 0
    not_held_vetoed: int = 0
    shown: list[str] = field(default_factory=list)


def checked_blocks(
    scores: str | Path,
    policy: BoostPolicy,
    scored_on: dt.date | None,
    encoding: str | None,
    counts: Counts,
    progress: Progress = silent,
) -> Iterator[Block]:
    """Yield the boosts of a score file, see `boost_columns`, without those an engine cannot hold.

    Raises
    ------
    InputError
        At the end of the file, with the faults of all blocks.
    """
    seen = SeenIds()
    errors: list[InputError] = []
    for table in score_blocks(scores, encoding=encoding, progress=progress):
        if not len(table.lines):
            continue
        try:
            columns = boost_columns(table.columns, policy, scored_on, table.lines)
        except InputError as error:
            errors.append(error)
            continue
        ids = columns["merchant_id"].tolist()
        repeats = seen.add(strings(ids), table.lines, 0)
        if len(repeats.rows):
            met = zip(repeats.rows.tolist(), repeats.lines, strict=True)
            faults = [
                f"line {table.lines[row]}: merchant_id {ids[row]!r} was met in line {line}"
                for row, line in met
            ]
            errors.append(InputError(f"the scores have {len(faults)} faulty merchant ids", faults))
        if errors:
            continue
        counts.other_boosts += other_boosts(table.columns, columns["trust_boost"])
        held = _held(columns, counts)
        counts.merchants += len(held["merchant_id"])
        if policy.validity.days is not None:
            counts.endless += int((held["valid_to"] == "").sum())
        yield held
    if len(errors) == 1:
        raise errors[0]
    if errors:
        faults = [fault for error in errors for fault in error.faults]
        if len(faults) > _LISTED:
            faults[_LISTED:] = [f"and {len(faults) - _LISTED} more"]
        raise InputError(f"{scores}: the scores have faults", faults)
    if not counts.merchants and not counts.not_held:
        raise InputError(f"{scores}: has no rows")


def _held(columns: Block, counts: Counts) -> Block:
    """Return the rows that an engine can hold, and count the others."""
    fault = TARGETS[counts.engine].fault
    texts = zip(columns["merchant_id"].tolist(), columns["tier"].tolist(), strict=True)
    faults = [fault(merchant) or fault(tier) for merchant, tier in texts]
    rows = [row for row, text in enumerate(faults) if text]
    if not rows:
        return columns
    counts.not_held += len(rows)
    counts.not_held_vetoed += int((columns["veto"][rows] != "").sum())
    for row in rows[: _SHOWN - len(counts.shown)]:
        merchant = columns["merchant_id"][row]
        short = merchant if len(merchant) <= _LONGEST else merchant[:_LONGEST] + "..."
        counts.shown.append(f"{short!r} ({faults[row]})")
    keep = np.ones(len(faults), dtype=bool)
    keep[rows] = False
    return {name: column[keep] for name, column in columns.items()}


class Spool:
    """Blocks of boosts in a file, to be read as often as need be.

    Parameters
    ----------
    file : binary file
        Open for reading and writing, and empty.
    blocks : iterable of mapping
        See `boost_columns`.
    """

    def __init__(self, file: IO[bytes], blocks: Iterable[Block]) -> None:
        self._file = file
        kinds = [(name, pa.string()) for name in _TEXTS] + [(n, pa.float64()) for n in _NUMBERS]
        schema = pa.schema(kinds)
        with pa.ipc.new_stream(pa.PythonFile(_Part(file), "w"), schema) as writer:
            for block in blocks:
                arrays = [strings(block[name].tolist()) for name in _TEXTS]
                arrays += [pa.array(block[name], pa.float64()) for name in _NUMBERS]
                writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))

    def blocks(self) -> Iterator[Block]:
        """Yield the blocks from the first one on."""
        with pa.ipc.open_stream(pa.PythonFile(_Part(self._file), "r")) as reader:
            for batch in reader:
                yield {
                    name: batch[name].to_numpy(zero_copy_only=False)
                    for name in (*_TEXTS, *_NUMBERS)
                }


class _Part(io.RawIOBase):
    """A view of a file with a place of its own, so that several readers do not meet."""

    def __init__(self, file: IO[bytes]) -> None:
        self._under, self._at = file, 0

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        self._under.seek(self._at)
        data = self._under.read(len(buffer))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def write(self, data: Any) -> int:
        self._under.seek(self._at)
        written = self._under.write(data)
        self._at += written
        return written
