"""A cuckoo hash table from text ids to row numbers, looked up a thousand ids at a time.

Cuckoo hashing (Pagh and Rodler 2001) gives every key two possible slots. A key that finds its
slot occupied evicts the occupant, which moves to its other slot. A lookup reads at most two slots.
The loops over ids stand in `trustscore.boost.id_loops`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trustscore.boost.id_loops import find_rows, hash_all, words_of_lines
from trustscore.errors import InputError
from trustscore.scorecard.merchant_ids import id_text
from trustscore.typing import IntArray

Words = NDArray[np.uint64]

LONGEST_ID = 4096  # bytes
_ROUNDS = 64
_HALF, _LOW = np.uint64(32), np.uint64(0xFFFFFFFF)


@dataclass(frozen=True, slots=True)
class IdIndex:
    """A cuckoo hash table over ids stored as words of eight bytes.

    A slot holds a row number and half of the hash. A lookup reads one or two slots and
    compares the whole id, so it is exact. Unlike a Python dict, the arrays can be mapped from
    a file. (A dict of a million ids costs 0.8 microseconds an id, because every lookup misses the
    cache.)

    Attributes
    ----------
    seed : int
        Seed of the hash function.
    ids : array of shape (words, rows + 1)
        The ids as numbers. The last row stands for an unknown merchant.
    slots : array
        In the upper half of each number the row, in the lower half that of the hash; an empty
        slot holds row `rows`.

    Examples
    --------
    >>> index = IdIndex.build(["anna", "bo"])
    >>> index.rows(["bo", "carl", "anna"]).tolist()
    [1, 2, 0]
    """

    seed: int
    ids: Words
    slots: Words

    @classmethod
    def build(cls, ids: Sequence[str]) -> IdIndex:
        """Return the index of distinct, non-blank ids."""
        encoded = [text.encode("utf-8", "surrogatepass") for text in ids]
        if any(b"\0" in text for text in encoded):
            raise InputError("a merchant id holds a zero byte")
        longest = max(map(len, encoded), default=0)
        if longest > LONGEST_ID:
            # Every id has the room of the longest: one of 200 KB would ask for gigabytes.
            text = next(text for text in encoded if len(text) == longest).decode(errors="replace")
            raise InputError(
                f"a merchant id has at most {LONGEST_ID} bytes. {text[:40]!r}... has {longest:,}"
            )
        rows = len(encoded)
        encoded.append(b"")
        table = _words(np.asarray(encoded, dtype=_fixed(longest)))
        # As many objects as merchants: gone before the slots are sought.
        del encoded
        size = 1 << max(3, int(4 * rows - 1).bit_length())
        # Made of all ids: whoever chooses one cannot know which ids it will meet.
        first = int.from_bytes(hashlib.blake2b(table.data, digest_size=6).digest(), "little")
        for seed in range(first, first + _ROUNDS):
            slots = _cuckoo_slots(_hashes(table, seed)[:rows], size)
            if slots is not None:
                return cls(seed, table, slots)
        raise InputError("the merchant ids cannot be indexed; are they distinct?")

    def rows(self, ids: Any) -> IntArray:
        """Return the row of each id, and the number of rows for an id that is not in the table."""
        asked = self._as_words(ids)
        found = np.empty(asked.shape[1], dtype=np.int64)
        shift = _first_shift(len(self.slots))
        find_rows(asked, self.ids, self.slots, _factors(self.seed, len(asked)), shift, found)
        return found

    def _as_words(self, ids: Any) -> Words:
        """Return ids as words, as many as the table has; a longer id becomes 0 (unknown)."""
        words = len(self.ids)
        if isinstance(ids, np.ndarray):
            if ids.dtype.kind == "S":
                asked = _words(ids.astype(_fixed(max(ids.dtype.itemsize, 8 * words)), copy=False))
                asked[:, asked[words:].any(axis=0)] = 0
                return asked[:words]
            ids = ids.tolist()
        if not len(ids):
            return np.zeros((words, 0), dtype=np.uint64)
        try:
            encoded = "\n".join(ids).encode("utf-8", "surrogatepass")
        except TypeError:
            encoded = b"\0"
        # Reading the words in place costs a tenth of encoding the ids one by one.
        asked = np.zeros((words, len(ids)), dtype=np.uint64)
        if b"\0" not in encoded and words_of_lines(encoded + b"\n", asked):
            return asked
        plain = [_encode_id(given, 8 * words) for given in ids]
        return _words(np.asarray(plain, dtype=_fixed(8 * words)))


def _encode_id(given: Any, longest: int) -> bytes:
    """Encode one id; blank, over-long or NUL-containing ids become ``b""``, an unknown merchant."""
    text = (id_text(given) or "").encode("utf-8", "surrogatepass")
    return b"" if b"\0" in text or len(text) > longest else text


def _fixed(width: int) -> np.dtype[np.bytes_]:
    return np.dtype(f"S{max(1, (width + 7) // 8) * 8}")


def _words(ids: NDArray[np.bytes_]) -> Words:
    """Return ids as unsigned words, one array row for each word, so that gathers are contiguous."""
    count = len(ids)
    return np.ascontiguousarray(ids.view("<u8").reshape(count, -1).T.astype(np.uint64, copy=False))


def _hashes(words: Words, seed: int) -> Words:
    hashes = np.empty(words.shape[1], dtype=np.uint64)
    hash_all(words, _factors(seed, len(words)), hashes)
    return hashes


@lru_cache(maxsize=256)
def _factors(seed: int, words: int) -> Words:
    """Return one odd number for each word, and one to mix with."""
    texts = [f"{seed} {number}".encode() for number in (*range(words), -1)]
    digests = [hashlib.blake2b(text, digest_size=8).digest() for text in texts]
    return np.asarray([int.from_bytes(d, "little") | 1 for d in digests], dtype=np.uint64)


def _first_shift(size: int) -> int:
    return 65 - size.bit_length()


def _first_slot(hashes: Words, size: int) -> IntArray:
    return (hashes >> np.uint64(_first_shift(size))).view(np.int64)


def _second_slot(hashes: Words, size: int) -> IntArray:
    return (hashes & np.uint64(size - 1)).view(np.int64)


def _cuckoo_slots(hashes: Words, size: int) -> Words | None:
    """Insert all rows by cuckoo hashing: an evicted row moves to its other slot.

    Returns None when rows are still without a slot after many rounds, or when a lookup could
    confuse two rows; another seed then gives other hashes.
    """
    rows = len(hashes)
    slots_of = np.stack([_first_slot(hashes, size), _second_slot(hashes, size)])
    row_in = np.full(size, rows, dtype=np.int64)
    side = np.zeros(rows, dtype=np.int8)
    waiting = np.arange(rows)
    for _ in range(_ROUNDS):
        if not len(waiting):
            break
        wanted = slots_of[side[waiting], waiting]
        taken = np.zeros(size, dtype=bool)
        taken[wanted] = True
        evicted = row_in[taken]
        row_in[wanted] = waiting
        # Where several rows want one slot, the last one written gets it.
        lost = waiting[row_in[wanted] != waiting]
        waiting = np.concatenate([lost, evicted[evicted < rows]])
        side[waiting] ^= 1
    else:
        return None
    halves = np.append(hashes & _LOW, np.uint64(0))
    slots: Words = np.bitwise_or(halves[row_in], row_in.astype(np.uint64) << _HALF)
    # A lookup stops at the first slot when half of the hash agrees. For a row in its second slot
    # the occupant of its first one must therefore differ in that half.
    second = np.flatnonzero(side)
    if ((slots[slots_of[0, second]] ^ hashes[second]) & _LOW == 0).any():
        return None
    return slots
