"""Texts that are nearly the same: MinHash signatures, bands of them, and an exact check."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from trustscore.typing import Array, FloatArray, IntArray

__all__ = ["Near", "near_texts", "shingles"]

# Signs of one shingle; of Han and kana, which stand for more each, one less.
_LONG, _DENSE = 4, 3
# Permutations of a signature, and how they are cut into bands: two texts that share a half of their
# shingles meet in one of 32 bands of four with a chance of 87 %, those that share 60 % of 99 %.
_PERMUTATIONS, _ROWS = 128, 4
_BANDS = _PERMUTATIONS // _ROWS
# Shingles that are hashed at once: what fits into a cache.
_AT_ONCE = 1 << 16
# In a band a text is compared with so many others of its bucket, and in all with so many that
# turn out to be different. So the work grows with the texts and never with their square.
_NEIGHBOURS, _FAILURES = 64, 10
# The share that a signature tells is right within 0.12, which is 2.7 standard deviations.
_DOUBT = 0.12
_PAIRS_AT_ONCE = 1 << 17
# Any numbers do, but they must be the same everywhere.
_SEED = 20_260_101


def shingles(text: str) -> frozenset[str]:
    """Return the stretches of a text: four signs each, three from a Han character or kana on.

    Examples
    --------
    >>> sorted(shingles("good 好东西 x")), sorted(shingles("abc"))
    ([' 好东西', 'd 好东', 'good', 'od 好', 'ood ', '东西 ', '好东西', '西 x'], ['abc'])
    """
    last = len(text) - _DENSE
    found = {text[at : at + (_DENSE if _is_dense(text[at]) else _LONG)] for at in range(last + 1)}
    return frozenset(found or {text})


def _is_dense(character: str) -> bool:
    return "\u3040" <= character <= "\u30ff" or "\u3400" <= character <= "\u9fff"


class Near(NamedTuple):
    """Which texts are nearly the same.

    Attributes
    ----------
    groups : array of int
        Of each text, the place of the first one in order that it hangs together with.
    others : array of int
        The place of the text that it is most like among those it was compared with, or -1.
    shares : array of float
        How many of the shingles of both are in both.
    """

    groups: IntArray
    others: IntArray
    shares: FloatArray


def near_texts(texts: Sequence[str], least: FloatArray) -> Near:
    """Group texts that share most of their shingles, directly or through others.

    What is found depends on the texts alone: not on their order, the process or the machine.

    Parameters
    ----------
    texts : sequence of str
        Different ones.
    least : array of float
        Of each text, the share of shingles from which on another one is nearly the same. Of two
        texts the larger one holds.

    Examples
    --------
    >>> found = near_texts(
    ...     ["warm light, quiet fan", "bad", "warm light, quiet fan!"], np.full(3, 0.6)
    ... )
    >>> found.groups.tolist(), found.others.tolist(), found.shares.round(2).tolist()
    ([0, 1, 0], [2, -1, 0], [0.86, 0.0, 0.86])
    """
    order = sorted(range(len(texts)), key=texts.__getitem__)
    ordered = [texts[at] for at in order]
    links = _Links(ordered, least[order])
    if len(texts) > 1:
        keys, marks = _signatures(ordered)
        for band in keys:
            for a, b in _met(band):
                links.compare(a, b, marks)
    back = np.array(order, dtype=np.int64)
    groups, others, shares = np.empty_like(back), np.empty_like(back), np.zeros(len(back))
    groups[back] = back[links.roots()]
    others[back] = np.where(links.others < 0, -1, back[links.others]) if len(back) else -1
    shares[back] = links.shares
    return Near(groups, others, shares)


def _signatures(texts: Sequence[str]) -> tuple[Array, Array]:
    """Return a key of each band and text, and a byte of each permutation of each text."""
    draw = np.random.default_rng(_SEED)
    factors = draw.integers(0, 1 << 32, _PERMUTATIONS, dtype=np.uint32) | np.uint32(1)
    terms = draw.integers(0, 1 << 32, _PERMUTATIONS, dtype=np.uint32)
    keys = np.empty((_BANDS, len(texts)), dtype=np.uint32)
    marks = np.empty((len(texts), _PERMUTATIONS), dtype=np.uint8)
    mixed = np.uint32(0x9E3779B1)
    begin = 0
    while begin < len(texts):
        end, signs = begin, 0
        while end < len(texts) and (end == begin or signs + len(texts[end]) < _AT_ONCE):
            signs += len(texts[end])
            end += 1
        hashes, starts = _hashes(texts[begin:end])
        signature = np.empty((_PERMUTATIONS, end - begin), dtype=np.uint32)
        room = np.empty_like(hashes)
        for at in range(_PERMUTATIONS):
            np.multiply(hashes, factors[at], out=room)
            np.add(room, terms[at], out=room)
            signature[at] = np.minimum.reduceat(room, starts)
        signature *= mixed
        marks[begin:end] = (signature >> np.uint32(24)).T
        key = np.zeros((_BANDS, end - begin), dtype=np.uint32)
        for row in range(_ROWS):
            key = (key ^ signature[row::_ROWS]) * mixed
            key ^= key >> np.uint32(15)
        keys[:, begin:end] = key
        begin = end
    return keys, marks


def _hashes(texts: Sequence[str]) -> tuple[Array, Array]:
    """Return a number of each shingle, text after text, and where each text begins."""
    joined = "\0".join(text.ljust(_DENSE, "\0") for text in texts) + "\0" * _LONG
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    signs = np.array([max(len(text), _DENSE) for text in texts])
    ends = np.cumsum(signs + 1) - 1
    begins = np.ones(len(codes) - _LONG, dtype=np.bool_)
    for back in range(_DENSE):
        begins[ends[ends - back < len(begins)] - back] = False
    first = codes[:-_LONG]
    dense = (first >= 0x3040) & (first <= 0x30FF) | (first >= 0x3400) & (first <= 0x9FFF)
    last = codes[_DENSE : _DENSE + len(first)].astype(np.uint64)
    last[dense] = 0
    value = last * np.uint64(0xD6E8FEB86659FD93)
    for at, factor in enumerate((0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9)):
        value += codes[at : at + len(first)] * np.uint64(factor)
    value = value[begins]
    value ^= value >> np.uint64(32)
    value *= np.uint64(0xFF51AFD7ED558CCD)
    starts = np.concatenate([[0], np.cumsum(signs - _DENSE + 1)[:-1]])
    return (value >> np.uint64(32)).astype(np.uint32), starts


def _met(band: Array) -> Iterator[tuple[Array, Array]]:
    """Yield pairs of texts with the same key of a band, near ones in the order of texts first."""
    order = np.argsort(band, kind="stable")
    keys = band[order]
    at = np.arange(len(keys))
    for apart in range(1, _NEIGHBOURS + 1):
        at = at[at < len(keys) - apart]
        at = at[keys[at] == keys[at + apart]]
        if not len(at):
            return
        for begin in range(0, len(at), _PAIRS_AT_ONCE):
            some = at[begin : begin + _PAIRS_AT_ONCE]
            yield order[some], order[some + apart]


class _Links:
    """Texts that hang together."""

    def __init__(self, texts: Sequence[str], least: FloatArray) -> None:
        self._texts, self._least = texts, least
        self._signs = np.array([len(text) for text in texts], dtype=np.float64)
        self._parents = np.arange(len(texts))
        self._failures = np.zeros(len(texts), dtype=np.int64)
        self.others = np.full(len(texts), -1)
        self.shares = np.zeros(len(texts))
        self._shingles = lru_cache(maxsize=1 << 12)(lambda at: shingles(texts[at]))

    def roots(self) -> IntArray:
        """Return of each text the first one of its group."""
        while True:
            above = self._parents[self._parents]
            if np.array_equal(above, self._parents):
                return above
            self._parents = above

    def compare(self, a: Array, b: Array, marks: Array) -> None:
        """Link pairs that share enough, if their signatures say they may."""
        kept = self._parents[a] != self._parents[b]
        kept &= (self._failures[a] < _FAILURES) | (self._failures[b] < _FAILURES)
        a, b = a[kept], b[kept]
        least = np.maximum(self._least[a], self._least[b])
        signs = np.minimum(self._signs[a], self._signs[b]) / np.maximum(
            self._signs[a], self._signs[b]
        )
        # Texts that repeat themselves have fewer shingles than signs.
        kept = signs >= least / 2
        a, b, least = a[kept], b[kept], least[kept]
        told = (marks[a] == marks[b]).mean(axis=1) if len(a) else np.zeros(0)
        kept = told >= least - _DOUBT
        linked = False
        for one, other, line in zip(
            a[kept].tolist(), b[kept].tolist(), least[kept].tolist(), strict=True
        ):
            linked |= self._check(one, other, line)
        if linked:
            self.roots()

    def _check(self, one: int, other: int, least: float) -> bool:
        first, second = self._root(one), self._root(other)
        if first == second or min(self._failures[one], self._failures[other]) >= _FAILURES:
            return False
        mine, theirs = self._shingles(one), self._shingles(other)
        common = len(mine & theirs)
        share = common / (len(mine) + len(theirs) - common)
        if share < least:
            self._failures[one] += 1
            self._failures[other] += 1
            return False
        self._parents[max(first, second)] = min(first, second)
        for a, b in ((one, other), (other, one)):
            if share > self.shares[a]:
                self.shares[a], self.others[a] = share, b
        return True

    def _root(self, at: int) -> int:
        while (above := int(self._parents[at])) != at:
            at = above
        return at
