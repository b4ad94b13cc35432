"""Which merchant was seen before, and on which line, in about six bytes a row beside the id.

Two different ids are never taken for one because of a hash that anybody can foresee:

- Ids of up to 16 bytes are kept as they are and compared byte by byte.
- Of a longer id two keyed 64-bit hashes are kept. Two different ones have the same with a chance
  of 2**-128: 1e-23 for any two among a hundred million.

The key is drawn anew in each run, so that nobody can choose ids that share a hash, or that crowd
one part of the table. A row costs its id (16 bytes at most), a byte for its length and about six
of the table. The line of an id's first row is not kept for each row but for each stretch of rows
on consecutive lines, so it costs nothing in a file without rejects or line breaks in quotes.
"""

from __future__ import annotations

import os
from array import array
from bisect import bisect_right
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from trustscore.errors import InputError
from trustscore.io.arrow import spans
from trustscore.io.id_table import LONGEST, STRIDE, find_or_insert, hash_all, keep_all, rehash

__all__ = ["Repeats", "SeenIds", "hash_ids", "new_key"]

Key = tuple[int, int]
Hashes = NDArray[np.uint64]

# The table is rebuilt, half as large again, when so much of it is taken.
_FULL = 0.85
_GROWTH = 1.5
_SMALLEST = 1 << 12
# A guess that is a little short must not cost a rebuild at the very end.
_MARGIN = 1.02
_BATCH = 1 << 16
_MOST_ROWS = 2**32 - 1


def new_key() -> Key:
    """Return a random key for `hash_ids`."""
    return int.from_bytes(os.urandom(8), "little"), int.from_bytes(os.urandom(8), "little")


def hash_ids(ids: Any, key: Key) -> Hashes:
    """Return the SipHash-2-4 of each string of an Arrow array.

    Examples
    --------
    >>> import pyarrow as pa
    >>> one, two, again = hash_ids(pa.array(["m1", "m2", "m1"]), (1, 2)).tolist()
    >>> one == again, one == two
    (True, False)
    """
    content, starts, ends = spans(ids)
    hashes = np.empty(len(starts), dtype=np.uint64)
    hash_all(content.data, starts, ends, *key, hashes)
    return hashes


class Repeats(NamedTuple):
    """Rows whose id was seen before, each with the line and the file of its first row."""

    rows: NDArray[np.int64]
    lines: list[int]
    files: list[int]


class SeenIds:
    """The ids seen so far.

    Parameters
    ----------
    expected : int, default=0
        About how many there will be; a good guess saves rebuilding the table.

    Examples
    --------
    >>> import pyarrow as pa
    >>> seen = SeenIds()
    >>> seen.add(pa.array(["m1", "m2", "m1"]), np.array([2, 3, 7]), file=0)
    Repeats(rows=array([2]), lines=[2], files=[0])
    >>> seen.add(pa.array(["m3", "m2"]), np.array([2, 3]), file=1)
    Repeats(rows=array([1]), lines=[3], files=[0])
    """

    def __init__(self, expected: int = 0) -> None:
        self.key = new_key()
        self._count = 0
        # The ids, each behind its length; and where every so manieth stands.
        self._kept, self._size = bytearray(), 0
        self._places = array("q")
        self.expect(expected)
        # Stretches of consecutive lines, by block: number of the first row, rows, lines, file.
        self._firsts: list[int] = []
        self._stretches: list[tuple[NDArray[np.int64], NDArray[np.int64], int]] = []
        self._next: tuple[int, int] | None = None

    def __len__(self) -> int:
        return self._count

    def expect(self, rows: int) -> None:
        """Make room for so many, as long as there are none."""
        if not self._count:
            self._make_table(int(rows * _MARGIN / _FULL))

    def add(
        self, ids: Any, lines: NDArray[np.int64], file: int, hashes: Hashes | None = None
    ) -> Repeats:
        """Add the ids of a block and return which were there before.

        Parameters
        ----------
        ids : pyarrow.StringArray
            Without nulls.
        lines : ndarray of int64
        file : int
        hashes : ndarray of uint64, optional
            Of the ids under `key`, where another thread has made them already.

        Returns
        -------
        Repeats
            Of several rows with one id, all but the first.
        """
        if hashes is None:
            hashes = hash_ids(ids, self.key)
        first, place = self._count, self._size
        if first + len(hashes) > _MOST_ROWS:
            raise InputError(f"more than {_MOST_ROWS:,} rows: score them in several runs")
        self._remember(first, lines, file)
        self._keep(ids, hashes)
        if self._count > _FULL * len(self._tags):
            self._make_table(int(self._count * _GROWTH / _FULL))
            self._insert_again(first)
        found = self._find(place, first, hashes)
        rows = np.flatnonzero(found >= 0)
        where = [self._where(row) for row in found[rows].tolist()]
        return Repeats(rows, [line for line, _ in where], [file for _, file in where])

    def _make_table(self, slots: int) -> None:
        slots = max(slots, _SMALLEST)
        # The old one first gives back its memory.
        self._tags = self._rows = memoryview(b"")
        self._tags = np.zeros(slots, np.uint8).data
        self._rows = np.zeros(slots, np.uint32).data

    def _keep(self, ids: Any, hashes: Hashes) -> None:
        content, starts, ends = spans(ids)
        first, self._count = self._count, self._count + len(hashes)
        room = self._size + len(hashes) + int(np.minimum(ends - starts, LONGEST).sum())
        self._kept.extend(bytes(room - len(self._kept)))
        self._places.extend([0] * (-(-self._count // STRIDE) - len(self._places)))
        self._size = keep_all(
            content.data,
            starts,
            ends,
            hashes,
            *self.key,
            self._kept,
            self._size,
            first,
            self._places,
        )

    def _insert_again(self, count: int) -> None:
        place = 0
        for first in range(0, count, _BATCH):
            hashes = np.empty(min(_BATCH, count - first), dtype=np.uint64)
            end = rehash(self._kept, place, *self.key, hashes)
            self._find(place, first, hashes)
            place = end

    def _find(self, place: int, first: int, hashes: Hashes) -> NDArray[np.int64]:
        found = np.empty(len(hashes), dtype=np.int64)
        find_or_insert(
            self._kept,
            place,
            first,
            self._places,
            hashes.data,
            self._tags,
            self._rows,
            found,
        )
        return found

    def _remember(self, first: int, lines: NDArray[np.int64], file: int) -> None:
        if not len(lines):
            return
        breaks = np.flatnonzero(np.diff(lines) != 1) + 1
        if self._next != (int(lines[0]), file):
            breaks = np.concatenate([[0], breaks])
        if len(breaks):
            self._firsts.append(first + int(breaks[0]))
            self._stretches.append((first + breaks, lines[breaks], file))
        self._next = (int(lines[-1]) + 1, file)

    def _where(self, row: int) -> tuple[int, int]:
        firsts, lines, file = self._stretches[bisect_right(self._firsts, row) - 1]
        at = int(np.searchsorted(firsts, row, side="right")) - 1
        return int(lines[at]) + row - int(firsts[at]), file
