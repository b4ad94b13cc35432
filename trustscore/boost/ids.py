"""Text ids to row numbers, a thousand at a time and without a Python step per id."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trustscore.errors import InputError

Words = NDArray[np.uint64]

_ROUNDS = 64
_HALF, _LOW = np.uint64(32), np.uint64(0xFFFFFFFF)


@dataclass(frozen=True, slots=True)
class IdIndex:
    """A two-place hash table over ids held as words of eight bytes.

    Every id stands in one of two places. A place holds the row and half of the hash, so a
    lookup is one or two gathers and one comparison of whole ids: always exact, and the
    arrays can be mapped from a file, which a Python dict cannot. (A dict of a million ids
    costs 0.8 microseconds an id, because every step of it leaves the cache.)

    Attributes
    ----------
    width : int
        Bytes of the longest id, plus one.
    seed : int
    ids : array of shape (words, rows + 1)
        The ids as numbers; the last row is nobody.
    places : array
        Row number and lower half of the hash; row `rows` where nobody stands.

    Examples
    --------
    >>> index = IdIndex.build(["anna", "bo"])
    >>> index.rows(["bo", "carl", "anna"]).tolist()
    [1, 2, 0]
    """

    width: int
    seed: int
    ids: Words
    places: Words

    @classmethod
    def build(cls, ids: Sequence[str]) -> IdIndex:
        """Return the index of distinct, non-blank ids."""
        encoded = [text.encode() for text in ids]
        if any(b"\0" in text for text in encoded):
            raise InputError("a merchant id holds a zero byte")
        width = max(map(len, encoded), default=0) + 1
        rows = len(encoded)
        table = _words(np.asarray([*encoded, b""], dtype=_fixed(width)))
        size = 1 << max(3, int(4 * rows - 1).bit_length())
        for seed in range(_ROUNDS):
            places = _settle(_hashes(table, seed)[:rows], size)
            if places is not None:
                return cls(width, seed, table, places)
        raise InputError("the merchant ids cannot be indexed; are they distinct?")

    def rows(self, ids: Any) -> NDArray[np.int64]:
        """Return the row of each id, and the number of rows for an id that is not here."""
        asked = _words(self._cut(ids))
        hashes = _hashes(asked, self.seed)
        size = len(self.places)
        found = self.places.take(_first(hashes, size))
        moved = np.flatnonzero((found ^ hashes) & _LOW)
        found[moved] = self.places.take(_second(hashes.take(moved), size))
        row = (found >> _HALF).view(np.int64)
        same = self.ids[0].take(row) == asked[0]
        for word in range(1, len(asked)):
            same &= self.ids[word].take(row) == asked[word]
        return np.where(same, row, self.ids.shape[1] - 1)

    def _cut(self, ids: Any) -> NDArray[np.bytes_]:
        """Ids as bytes of one width; a longer one is cut, and then equals none of ours."""
        dtype = _fixed(self.width)
        if isinstance(ids, np.ndarray) and ids.dtype.kind == "S":
            return ids.astype(dtype, copy=False)
        if isinstance(ids, list) and ids:
            laid = _lay(ids)
            if laid is not None and laid.dtype.itemsize <= self.width:
                return laid.astype(dtype)
        try:
            return np.asarray(ids, dtype=dtype)
        except UnicodeEncodeError:
            return np.asarray([str(text).encode() for text in ids], dtype=dtype)


def _lay(ids: list[str]) -> NDArray[np.bytes_] | None:
    """Lay ASCII ids of one length side by side in one stroke, half the cost of one by one."""
    try:
        text = "\n".join(ids).encode("ascii") + b"\n"
    except (TypeError, UnicodeEncodeError):
        return None
    step, rest = divmod(len(text), len(ids))
    if rest or step < 2 or text.count(b"\n") != len(ids):
        return None
    ends = np.frombuffer(text, dtype=np.uint8)[step - 1 :: step]
    if (ends != 10).any():
        return None
    return np.ndarray((len(ids),), f"S{step - 1}", text, 0, (step,))


def _fixed(width: int) -> np.dtype[np.bytes_]:
    return np.dtype(f"S{(width + 7) // 8 * 8}")


def _words(ids: NDArray[np.bytes_]) -> Words:
    """Ids as rows of unsigned words, one array row a word, so that a gather stays contiguous."""
    count = len(ids)
    return np.ascontiguousarray(ids.view("<u8").reshape(count, -1).T.astype(np.uint64, copy=False))


def _hashes(words: Words, seed: int) -> Words:
    """Multiply and add, then fold the well mixed upper half over the lower one, twice."""
    mixed = words[0] * _factor(seed, 0)
    for number in range(1, len(words)):
        mixed += words[number] * _factor(seed, number)
    mixed ^= mixed >> _HALF
    mixed *= _factor(seed, -1)
    mixed ^= mixed >> _HALF
    return mixed


@lru_cache(maxsize=256)
def _factor(seed: int, number: int) -> np.uint64:
    digest = hashlib.blake2b(f"{seed} {number}".encode(), digest_size=8).digest()
    return np.uint64(int.from_bytes(digest, "little") | 1)


def _first(hashes: Words, size: int) -> NDArray[np.int64]:
    return (hashes >> np.uint64(65 - size.bit_length())).view(np.int64)


def _second(hashes: Words, size: int) -> NDArray[np.int64]:
    return (hashes & np.uint64(size - 1)).view(np.int64)


def _settle(hashes: Words, size: int) -> Words | None:
    """Give each row one of its two places; who is pushed out moves to his other place."""
    rows = len(hashes)
    two = np.stack([_first(hashes, size), _second(hashes, size)])
    places = np.full(size, rows, dtype=np.int64)
    side = np.zeros(rows, dtype=np.int8)
    waiting = np.arange(rows)
    for _ in range(_ROUNDS):
        if not len(waiting):
            break
        at = two[side[waiting], waiting]
        taken = np.zeros(size, dtype=bool)
        taken[at] = True
        pushed = places[taken]
        places[at] = waiting
        # Of several that want one place the last one written got it.
        lost = waiting[places[at] != waiting]
        waiting = np.concatenate([lost, pushed[pushed < rows]])
        side[waiting] ^= 1
    else:
        return None
    halves = np.append(hashes & _LOW, np.uint64(0))
    held: Words = np.bitwise_or(halves[places], places.astype(np.uint64) << _HALF)
    # Who stands in his second place must not be mistaken for whoever stands in his first.
    second = np.flatnonzero(side)
    if ((held[two[0, second]] ^ hashes[second]) & _LOW == 0).any():
        return None
    return held
