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
_END = np.uint8(10)
# The first so many bytes of a word.
_MASKS = np.asarray([(1 << 8 * size) - 1 for size in range(9)], dtype=np.uint64)


@dataclass(frozen=True, slots=True)
class IdIndex:
    """A two-place hash table over ids held as words of eight bytes.

    Every id stands in one of two places. A place holds the row and half of the hash, so a
    lookup is one or two gathers and one comparison of whole ids: always exact, and the
    arrays can be mapped from a file, which a Python dict cannot. (A dict of a million ids
    costs 0.8 microseconds an id, because every step of it leaves the cache.)

    Attributes
    ----------
    seed : int
        Of the hash.
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

    seed: int
    ids: Words
    places: Words

    @classmethod
    def build(cls, ids: Sequence[str]) -> IdIndex:
        """Return the index of distinct, non-blank ids."""
        encoded = [text.encode("utf-8", "surrogatepass") for text in ids]
        if any(b"\0" in text for text in encoded):
            raise InputError("a merchant id holds a zero byte")
        longest = max(map(len, encoded), default=0)
        rows = len(encoded)
        table = _words(np.asarray([*encoded, b""], dtype=_fixed(longest)))
        size = 1 << max(3, int(4 * rows - 1).bit_length())
        for seed in range(_ROUNDS):
            places = _settle(_hashes(table, seed)[:rows], size)
            if places is not None:
                return cls(seed, table, places)
        raise InputError("the merchant ids cannot be indexed; are they distinct?")

    def rows(self, ids: Any) -> NDArray[np.int64]:
        """Return the row of each id, and the number of rows for an id that is not here."""
        asked = self._asked(ids)
        hashes = _hashes(asked, self.seed)
        size = len(self.places)
        found = self.places.take(_first(hashes, size))
        moved = (found.astype(np.uint32) != hashes.astype(np.uint32)).nonzero()[0]
        if len(moved):
            found[moved] = self.places.take(_second(hashes.take(moved), size))
        row = (found >> _HALF).view(np.int64)
        same = self.ids[0].take(row) == asked[0]
        for word in range(1, len(asked)):
            same &= self.ids[word].take(row) == asked[word]
        row[~same] = self.ids.shape[1] - 1
        return row

    def _asked(self, ids: Any) -> Words:
        """Ids as words, as many as ours have; one that is longer is nobody."""
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
        laid = None if b"\0" in encoded else _laid(encoded, len(ids), words)
        if laid is not None:
            return laid
        plain = [_one(held, 8 * words) for held in ids]
        return _words(np.asarray(plain, dtype=_fixed(8 * words)))


def _one(held: Any, longest: int) -> bytes:
    """One id; a blank or an impossible one is nobody, who is called nothing."""
    if held is None or held != held:
        return b""
    text = str(held).encode("utf-8", "surrogatepass")
    return b"" if b"\0" in text or len(text) > longest else text


def _laid(encoded: bytes, count: int, words: int) -> Words | None:
    """Words of ids joined by line ends, read in place: a tenth of the cost of one by one.

    No byte of another letter looks like a line end. None when an id holds one itself.
    """
    length = len(encoded) + 1
    # Past the last id there must be something to read, and it is masked away.
    whole = np.frombuffer(encoded + b"\n" + bytes(8 * words), dtype=np.uint8)
    is_end = whole == _END
    if np.count_nonzero(is_end) != count:
        return None
    asked = np.zeros((words, count), dtype=np.uint64)
    step, rest = divmod(length, count)
    if not rest and is_end[step - 1 : length : step].all():
        size = step - 1
        for word in range((size + 7) // 8 if size <= 8 * words else 0):
            asked[word] = np.ndarray((count,), "<u8", whole.data, 8 * word, (step,))
            if size < 8 * word + 8:
                asked[word] &= _MASKS[size - 8 * word]
        return asked
    ends = np.flatnonzero(is_end)
    starts = np.concatenate([[0], ends[:-1] + 1])
    sizes = ends - starts
    anywhere = np.ndarray((length,), "<u8", whole.data, 0, (1,))
    for word in range(words):
        at = np.minimum(starts + 8 * word, length - 1)
        asked[word] = anywhere[at] & _MASKS[np.clip(sizes - 8 * word, 0, 8)]
    asked[:, sizes > 8 * words] = 0
    return asked


def _fixed(width: int) -> np.dtype[np.bytes_]:
    return np.dtype(f"S{max(1, (width + 7) // 8) * 8}")


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
