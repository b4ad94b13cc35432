# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The loops of the hash table of ids: ids to words, words to rows (compiled where possible)."""

from __future__ import annotations

try:
    import cython
except ModuleNotFoundError:
    from trustscore import uncompiled as cython

__all__ = ["find_rows", "hash_all", "words_of_lines"]

# Python's integers do not wrap by themselves.
_MASK: cython.ulonglong = cython.declare(cython.ulonglong, 0xFFFFFFFFFFFFFFFF)
_LOW: cython.ulonglong = cython.declare(cython.ulonglong, 0xFFFFFFFF)


def words_of_lines(data: cython.const[cython.uchar][::1], words: cython.ulonglong[:, ::1]) -> bool:
    """Cut ids that each end with a line feed into words of eight bytes.

    In UTF-8 no byte of another character equals a line feed.

    Parameters
    ----------
    data : bytes
    words : array of uint64, shape (words, ids)
        Zeros on entry. An id that needs more words stays 0, an unknown merchant.

    Returns
    -------
    bool
        False when there is another number of lines: an id itself holds a line feed.
    """
    length: cython.Py_ssize_t = len(data)
    most: cython.Py_ssize_t = words.shape[0]
    ids: cython.Py_ssize_t = words.shape[1]
    place: cython.Py_ssize_t
    row: cython.Py_ssize_t = 0
    word: cython.Py_ssize_t = 0
    part: cython.Py_ssize_t
    shift: cython.int = 0
    byte: cython.ulonglong
    held: cython.ulonglong = 0
    with cython.nogil:
        for place in range(length):
            byte = data[place]
            if byte != 10:
                if shift == 64:
                    if word < most and row < ids:
                        words[word, row] = held
                    word += 1
                    held = 0
                    shift = 0
                held |= byte << shift
                shift += 8
                continue
            if row < ids and word < most:
                words[word, row] = held
            elif row < ids:
                for part in range(most):
                    words[part, row] = 0
            row += 1
            word = 0
            held = 0
            shift = 0
    return row == ids


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _hash(
    words: cython.const[cython.ulonglong][:, ::1],
    row: cython.Py_ssize_t,
    factors: cython.const[cython.ulonglong][::1],
) -> cython.ulonglong:
    """Multiply and add, then fold the well mixed upper half over the lower one, twice.

    Each word is folded before it is multiplied. The top bit of a product is that of the word,
    whatever the odd factor is, so ids that differ there in two words would meet under every seed.
    """
    count: cython.Py_ssize_t = words.shape[0]
    number: cython.Py_ssize_t
    word: cython.ulonglong
    mixed: cython.ulonglong = 0
    for number in range(count):
        word = cython.cast(cython.ulonglong, words[number, row])
        word ^= word >> 32
        mixed = (mixed + word * cython.cast(cython.ulonglong, factors[number])) & _MASK
    mixed ^= mixed >> 32
    mixed = (mixed * cython.cast(cython.ulonglong, factors[count])) & _MASK
    return mixed ^ (mixed >> 32)


def hash_all(
    words: cython.const[cython.ulonglong][:, ::1],
    factors: cython.const[cython.ulonglong][::1],
    hashes: cython.ulonglong[::1],
) -> None:
    """Hash every id into `hashes`; `factors` holds one odd number a word and one to mix with."""
    row: cython.Py_ssize_t
    with cython.nogil:
        for row in range(hashes.shape[0]):
            hashes[row] = _hash(words, row, factors)


def find_rows(
    asked: cython.const[cython.ulonglong][:, ::1],
    ids: cython.const[cython.ulonglong][:, ::1],
    slots: cython.const[cython.ulonglong][::1],
    factors: cython.const[cython.ulonglong][::1],
    first_shift: cython.int,
    rows: cython.longlong[::1],
) -> None:
    """Look up ids: at most two slots each, then the whole id.

    Parameters
    ----------
    asked : array of uint64, shape (words, number)
        As many words an id as `ids` has.
    ids, slots : array of uint64
        The table, see `trustscore.boost.ids.IdIndex`.
    factors : array of uint64
    first_shift : int
        Shift that makes a hash the number of its first slot.
    rows : array of int64, shape (number,)
        The answer: the row of each id, the last one for an id that is not in the table.
    """
    unknown: cython.Py_ssize_t = ids.shape[1] - 1
    words: cython.Py_ssize_t = ids.shape[0]
    last_slot: cython.ulonglong = slots.shape[0] - 1
    number: cython.Py_ssize_t
    row: cython.Py_ssize_t
    word: cython.Py_ssize_t
    hashed: cython.ulonglong
    slot: cython.ulonglong
    with cython.nogil:
        for number in range(rows.shape[0]):
            hashed = _hash(asked, number, factors)
            slot = cython.cast(cython.ulonglong, slots[hashed >> first_shift])
            if (slot ^ hashed) & _LOW:
                slot = cython.cast(cython.ulonglong, slots[hashed & last_slot])
            # The slots of a damaged file may name rows that do not exist.
            row = min(cython.cast(cython.Py_ssize_t, slot >> 32), unknown)
            for word in range(words):
                if ids[word, row] != asked[word, number]:
                    row = unknown
                    break
            rows[number] = row
