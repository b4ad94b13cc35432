"""Which merchant was seen before, and on which line, in about sixteen bytes a row.

Kept for each id: 80 bits of a hash in the order of arrival, and a 32-bit index into
them (an open-addressing table up to four fifths full). Two different ids are taken
for one with a chance of about n² / 2**81: 4e-9 for a hundred million merchants. The
hash is seeded anew in each run, so nobody can craft an id that meets another's.

The line of an id's first row is not kept for each row but for each stretch of rows on
consecutive lines, so it costs nothing in a file without rejects or line breaks in quotes.
"""

from __future__ import annotations

import hashlib
import os
from bisect import bisect_right
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from trustscore.io.arrow import spans
from trustscore.io.digits import PAD, pad

__all__ = ["Repeats", "SeenIds", "hash_ids", "new_seed"]

_U = np.uint64
_MULTIPLIERS = (_U(0x9E3779B97F4A7C15), _U(0xC2B2AE3D27D4EB4F))
_FINAL = (_U(0xFF51AFD7ED558CCD), _U(0xC4CEB9FE1A85EC53))
_S29, _S32, _S33 = _U(29), _U(32), _U(33)
# Longer ids are hashed one by one.
_WORDS = 8
_OWN = np.array([2 ** (8 * k) - 1 for k in range(9)], dtype=_U)

_FULL = 0.8
_GROWTH = 1.5
_SMALLEST = 131071  # prime, and above every step
_ENTRIES = 1 << 18

Hashes = tuple[NDArray[np.uint64], NDArray[np.uint16]]


def new_seed() -> tuple[int, int]:
    """Return a seed for `hash_ids`."""
    return int.from_bytes(os.urandom(8), "little"), int.from_bytes(os.urandom(8), "little")


def hash_ids(ids: Any, seed: tuple[int, int]) -> Hashes:
    """Return 80 bits of hash for each string of an Arrow array.

    Examples
    --------
    >>> import pyarrow as pa
    >>> high, low = hash_ids(pa.array(["m1", "m2", "m1"]), (1, 2))
    >>> bool(high[0] == high[2] and low[0] == low[2]), bool(high[0] == high[1])
    (True, False)
    """
    data, starts, ends = spans(ids)
    lengths = ends - starts
    buffer = pad(data.data)
    view = np.ndarray((len(buffer) - 7,), dtype="<u8", buffer=buffer.data, strides=(1,))
    lanes = [np.full(len(lengths), start, dtype=_U) for start in seed]
    places = starts + PAD
    longest = int(lengths.max()) if len(lengths) else 0
    for word in range(min(-(-longest // 8), _WORDS)):
        left = np.clip(lengths - 8 * word, 0, 8)
        text = view[np.minimum(places + 8 * word, len(view) - 1)] & _OWN.take(left)
        more = left > 0
        for lane, factor in zip(lanes, _MULTIPLIERS, strict=True):
            mixed = lane ^ text
            mixed *= factor
            mixed ^= mixed >> _S29
            # A shorter id must not depend on how long the others of its block are.
            np.copyto(lane, mixed, where=more)
    for lane in lanes:
        lane ^= lengths.view(_U)
        for factor in _FINAL:
            lane ^= lane >> _S33
            lane *= factor
        lane ^= lane >> _S33
    high, low = lanes[0], (lanes[1] >> _U(48)).astype(np.uint16)
    key = b"".join(part.to_bytes(8, "little") for part in seed)
    for row in np.flatnonzero(lengths > 8 * _WORDS):
        text = data[starts[row] : ends[row]].tobytes()
        digest = hashlib.blake2b(text, digest_size=10, key=key).digest()
        high[row] = int.from_bytes(digest[:8], "little")
        low[row] = int.from_bytes(digest[8:], "little")
    return high, low


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
        About how many there will be; a good guess saves rebuilding the index.

    Examples
    --------
    >>> import pyarrow as pa
    >>> seen = SeenIds()
    >>> hashes = hash_ids(pa.array(["m1", "m2", "m1"]), (1, 2))
    >>> seen.add(hashes, np.array([2, 3, 7]), file=0)
    Repeats(rows=array([2]), lines=[2], files=[0])
    >>> seen.add(hash_ids(pa.array(["m3", "m2"]), (1, 2)), np.array([2, 3]), file=1)
    Repeats(rows=array([1]), lines=[3], files=[0])
    """

    def __init__(self, expected: int = 0) -> None:
        self._high = np.empty(0, dtype=np.uint64)
        self._low = np.empty(0, dtype=np.uint16)
        self._count = 0
        self._index = _empty_index(expected)
        # Stretches of consecutive lines, by block: number of the first row, rows, lines, file.
        self._firsts: list[int] = []
        self._stretches: list[tuple[NDArray[np.int64], NDArray[np.int64], int]] = []
        self._next: tuple[int, int] | None = None

    def __len__(self) -> int:
        return self._count

    def add(self, hashes: Hashes, lines: NDArray[np.int64], file: int) -> Repeats:
        """Add the ids of a block and return which were there before.

        Parameters
        ----------
        hashes : pair of ndarray
            From `hash_ids`.
        lines : ndarray of int64
        file : int

        Returns
        -------
        Repeats
            Of several rows with one id, all but the first.
        """
        size = len(lines)
        start, stop = self._count, self._count + size
        if stop > len(self._high):
            room = max(stop, len(self._high) + _ENTRIES)
            # Growing in place moves pages instead of copying them.
            self._high.resize(room, refcheck=False)
            self._low.resize(room, refcheck=False)
        self._high[start:stop], self._low[start:stop] = hashes
        self._count = stop
        if stop > _FULL * len(self._index):
            self._index = _empty_index(int(stop * _GROWTH))
            for low in range(0, start, 1 << 16):
                self._insert(np.arange(low, min(low + (1 << 16), start)))
        self._remember(start, lines, file)
        found = self._insert(np.arange(start, stop))
        rows = np.flatnonzero(found >= 0)
        where = [self._where(int(first)) for first in found[rows]]
        return Repeats(rows, [line for line, _ in where], [file for _, file in where])

    def _insert(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return for each entry the earlier one with the same hash, or -1."""
        high, low, index = self._high, self._low, self._index
        size = len(index)
        own_high, own_low = high[numbers], low[numbers]
        slots = ((own_high >> _S32) * _U(size) >> _S32).astype(np.int64)
        steps = (own_high & _U(0xFFFF)).astype(np.int64) + 1
        found = np.full(len(numbers), -1, dtype=np.int64)
        left = np.arange(len(numbers))
        while len(left):
            at = slots[left]
            held = index[at]
            empty = held == 0
            if empty.any():
                # Of several for one slot the last assignment stays: that of the first row.
                takers = left[empty][::-1]
                index[at[empty][::-1]] = numbers[takers] + 1
                held = index[at]
            holder = held.astype(np.int64) - 1
            own = numbers[left]
            mine = holder == own
            same = high[holder] == own_high[left]
            same &= low[holder] == own_low[left]
            same &= ~mine
            found[left[same]] = holder[same]
            left = left[~(mine | same)]
            ahead = slots[left] + steps[left]
            slots[left] = np.where(ahead >= size, ahead - size, ahead)
        return found

    def _remember(self, start: int, lines: NDArray[np.int64], file: int) -> None:
        if not len(lines):
            return
        breaks = np.flatnonzero(np.diff(lines) != 1) + 1
        if self._next != (int(lines[0]), file):
            breaks = np.concatenate([[0], breaks])
        if len(breaks):
            self._firsts.append(start + int(breaks[0]))
            self._stretches.append((start + breaks, lines[breaks], file))
        self._next = (int(lines[-1]) + 1, file)

    def _where(self, number: int) -> tuple[int, int]:
        firsts, lines, file = self._stretches[bisect_right(self._firsts, number) - 1]
        at = int(np.searchsorted(firsts, number, side="right")) - 1
        return int(lines[at]) + number - int(firsts[at]), file


def _empty_index(rows: int) -> NDArray[np.uint32]:
    # A guess that is a little short must not cost a rebuild at the very end.
    return np.zeros(_prime(max(_SMALLEST, int(rows * 1.1 / _FULL))), dtype=np.uint32)


def _prime(least: int) -> int:
    """Return the next prime: then every step visits every slot."""
    number = least | 1
    while any(number % factor == 0 for factor in range(3, int(number**0.5) + 1, 2)):
        number += 2
    return number
