# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""A keyed hash of ids, and a table of the ids seen so far (compiled where possible).

The hash is SipHash-2-4 (Aumasson and Bernstein, 2012): whoever does not know the key cannot choose
ids that share a hash. The table has open addressing with linear probing.
"""

from __future__ import annotations

try:
    import cython
except ModuleNotFoundError:
    from trustscore import uncompiled as cython

__all__ = [
    "LONGEST",
    "STRIDE",
    "find_or_insert",
    "hash_all",
    "keep_all",
    "odd_ids",
    "rehash",
    "siphash",
]

# Longer ids are kept as so many bytes of hash.
LONGEST = 16
_LONGEST: cython.Py_ssize_t = cython.declare(cython.Py_ssize_t, 16)
# The place of every so manieth id is noted; from there the lengths lead on.
STRIDE = 32
_STRIDE: cython.Py_ssize_t = cython.declare(cython.Py_ssize_t, 32)

# Python's integers do not wrap by themselves.
_MASK: cython.ulonglong = cython.declare(cython.ulonglong, 0xFFFFFFFFFFFFFFFF)
# "somepseudorandomlygeneratedbytes", as SipHash begins.
_V0: cython.ulonglong = cython.declare(cython.ulonglong, 0x736F6D6570736575)
_V1: cython.ulonglong = cython.declare(cython.ulonglong, 0x646F72616E646F6D)
_V2: cython.ulonglong = cython.declare(cython.ulonglong, 0x6C7967656E657261)
_V3: cython.ulonglong = cython.declare(cython.ulonglong, 0x7465646279746573)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _siphash(
    data: cython.const[cython.uchar][::1],
    begin: cython.Py_ssize_t,
    end: cython.Py_ssize_t,
    key0: cython.ulonglong,
    key1: cython.ulonglong,
) -> cython.ulonglong:
    """Return the SipHash-2-4 of a stretch of bytes."""
    mask: cython.ulonglong = _MASK
    v0: cython.ulonglong = key0 ^ _V0
    v1: cython.ulonglong = key1 ^ _V1
    v2: cython.ulonglong = key0 ^ _V2
    v3: cython.ulonglong = key1 ^ _V3
    words: cython.Py_ssize_t = (end - begin) // 8
    word: cython.ulonglong
    byte: cython.ulonglong
    step: cython.Py_ssize_t
    place: cython.Py_ssize_t = begin
    shift: cython.int
    rounds: cython.int
    # Whole words, the word of the rest and the length, and the finalisation.
    for step in range(words + 2):
        word = 0
        rounds = 2
        if step < words:
            for shift in range(0, 64, 8):
                byte = data[place]
                word |= byte << shift
                place += 1
        elif step == words:
            for shift in range(0, 8 * ((end - begin) % 8), 8):
                byte = data[place]
                word |= byte << shift
                place += 1
            byte = cython.cast(cython.uchar, (end - begin) & 255)
            word |= byte << 56
        else:
            v2 ^= 255
            rounds = 4
        v3 ^= word
        while rounds > 0:
            rounds -= 1
            v0 = (v0 + v1) & mask
            v1 = ((v1 << 13) | (v1 >> 51)) & mask
            v1 ^= v0
            v0 = ((v0 << 32) | (v0 >> 32)) & mask
            v2 = (v2 + v3) & mask
            v3 = ((v3 << 16) | (v3 >> 48)) & mask
            v3 ^= v2
            v0 = (v0 + v3) & mask
            v3 = ((v3 << 21) | (v3 >> 43)) & mask
            v3 ^= v0
            v2 = (v2 + v1) & mask
            v1 = ((v1 << 17) | (v1 >> 47)) & mask
            v1 ^= v2
            v2 = ((v2 << 32) | (v2 >> 32)) & mask
        v0 ^= word
    return v0 ^ v1 ^ v2 ^ v3


def siphash(data: bytes, key: tuple[int, int]) -> int:
    """Return the SipHash-2-4 of some bytes.

    Examples
    --------
    >>> key = (0x0706050403020100, 0x0F0E0D0C0B0A0908)
    >>> hex(siphash(bytes(range(15)), key))
    '0xa129ca6149be45e5'
    """
    return _siphash(data, 0, len(data), key[0], key[1])


def hash_all(
    data: cython.const[cython.uchar][::1],
    starts: cython.const[cython.longlong][::1],
    ends: cython.const[cython.longlong][::1],
    key0: cython.ulonglong,
    key1: cython.ulonglong,
    hashes: cython.ulonglong[::1],
) -> None:
    """Hash stretches of bytes."""
    row: cython.Py_ssize_t
    with cython.nogil:
        for row in range(len(hashes)):
            hashes[row] = _siphash(data, starts[row], ends[row], key0, key1)


def keep_all(
    data: cython.const[cython.uchar][::1],
    starts: cython.const[cython.longlong][::1],
    ends: cython.const[cython.longlong][::1],
    hashes: cython.const[cython.ulonglong][::1],
    key0: cython.ulonglong,
    key1: cython.ulonglong,
    kept: cython.uchar[::1],
    size: cython.Py_ssize_t,
    first: cython.Py_ssize_t,
    places: cython.longlong[::1],
) -> int:
    """Append ids to those kept so far, each behind its length; return where the last one ends.

    Parameters
    ----------
    data, starts, ends : bytes and two arrays of int64
        The ids.
    hashes : array of uint64
        Of the ids under the key; of a long id it is kept with a second hash, under the key's
        halves in the other order.
    key0, key1 : int
    kept : bytearray
        Has room for all.
    size : int
        Bytes of it that are taken.
    first : int
        Number of the first id.
    places : array of int64
        Takes where every `STRIDE`-th id stands in `kept`.
    """
    row: cython.Py_ssize_t
    place: cython.Py_ssize_t
    shift: cython.int
    second: cython.ulonglong
    with cython.nogil:
        for row in range(len(hashes)):
            if (first + row) % _STRIDE == 0:
                places[(first + row) // _STRIDE] = size
            if ends[row] - starts[row] <= _LONGEST:
                kept[size] = ends[row] - starts[row]
                size += 1
                for place in range(starts[row], ends[row]):
                    kept[size] = data[place]
                    size += 1
            else:
                kept[size] = _LONGEST + 1
                size += 1
                second = _siphash(data, starts[row], ends[row], key1, key0)
                for shift in range(0, 64, 8):
                    kept[size] = (hashes[row] >> shift) & 255
                    kept[size + 8] = (second >> shift) & 255
                    size += 1
                size += 8
    return size


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _end_of(kept: cython.const[cython.uchar][::1], place: cython.Py_ssize_t) -> cython.Py_ssize_t:
    """Return where the id ends whose length stands at a place."""
    return place + 1 + (kept[place] if kept[place] <= _LONGEST else _LONGEST)


def rehash(
    kept: cython.const[cython.uchar][::1],
    place: cython.Py_ssize_t,
    key0: cython.ulonglong,
    key1: cython.ulonglong,
    hashes: cython.ulonglong[::1],
) -> int:
    """Hash again the ids that are kept from a place on; return where the last of them ends."""
    row: cython.Py_ssize_t
    shift: cython.int
    byte: cython.ulonglong
    with cython.nogil:
        for row in range(len(hashes)):
            if kept[place] <= _LONGEST:
                hashes[row] = _siphash(kept, place + 1, _end_of(kept, place), key0, key1)
            else:
                hashes[row] = 0
                for shift in range(0, 64, 8):
                    byte = kept[place + 1 + shift // 8]
                    hashes[row] |= byte << shift
            place = _end_of(kept, place)
    return place


def find_or_insert(
    kept: cython.const[cython.uchar][::1],
    place: cython.Py_ssize_t,
    first: cython.Py_ssize_t,
    places: cython.const[cython.longlong][::1],
    hashes: cython.const[cython.ulonglong][::1],
    tags: cython.uchar[::1],
    rows: cython.uint[::1],
    found: cython.longlong[::1],
) -> None:
    """Find the earlier row of each id, or put the row into the table.

    Parameters
    ----------
    kept, places : bytearray and array of int64
        From `keep_all`, these rows included.
    place : int
        Where the first of these rows stands in `kept`.
    first : int
        Its number.
    hashes : array of uint64
        Of the ids.
    tags, rows : array of uint8 and of uint32
        The table: eight bits of the hash, 0 for a free slot, and the number of the row.
    found : array of int64
        Takes the number of the earlier row, or -1.
    """
    slots: cython.ulonglong = len(tags)
    slot: cython.ulonglong
    tag: cython.uchar
    row: cython.Py_ssize_t
    end: cython.Py_ssize_t
    other: cython.Py_ssize_t
    left: cython.Py_ssize_t
    step: cython.Py_ssize_t
    with cython.nogil:
        for row in range(len(hashes)):
            end = _end_of(kept, place)
            tag = hashes[row] % 255 + 1
            slot = ((hashes[row] >> 32) * slots) >> 32
            found[row] = -1
            while tags[slot] != 0:
                if tags[slot] == tag:
                    other = places[rows[slot] // _STRIDE]
                    left = rows[slot] % _STRIDE
                    while left > 0:
                        other = _end_of(kept, other)
                        left -= 1
                    step = 0
                    while place + step < end and kept[place + step] == kept[other + step]:
                        step += 1
                    if place + step == end:
                        found[row] = rows[slot]
                        break
                slot = slot + 1 if slot + 1 < slots else 0
            if tags[slot] == 0:
                tags[slot] = tag
                rows[slot] = cython.cast(cython.uint, first + row)
            place = end


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _is_digit(byte: cython.uchar) -> cython.bint:
    return 48 <= byte <= 57


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _is_letter(byte: cython.uchar) -> cython.bint:
    return 97 <= (byte | 32) <= 122


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _may_be_month(
    data: cython.const[cython.uchar][::1], third: cython.Py_ssize_t, end: cython.Py_ssize_t
) -> cython.bint:
    """Return whether a word, of which the third letter is given, may be the name of a month."""
    a: cython.int = data[third - 2] | 32
    b: cython.int = data[third - 1] | 32
    c: cython.int = data[third] | 32
    word: cython.int = (a << 16) | (b << 8) | c
    # A name of 123 is an id: a day has a mark, a letter or a space behind its month.
    if third + 1 < end and _is_digit(data[third + 1]):
        return False
    # jan, feb, mar, apr, may, jun, jul, aug, sep, oct, nov, dec
    return (
        word == 0x6A616E
        or word == 0x666562
        or word == 0x6D6172
        or word == 0x617072
        or word == 0x6D6179
        or word == 0x6A756E
        or word == 0x6A756C
        or word == 0x617567
        or word == 0x736570
        or word == 0x6F6374
        or word == 0x6E6F76
        or word == 0x646563
    )


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _may_be_odd(
    data: cython.const[cython.uchar][::1],
    begin: cython.Py_ssize_t,
    end: cython.Py_ssize_t,
    longest: cython.Py_ssize_t,
) -> cython.bint:
    """Return whether an id may need a change, or may be none."""
    place: cython.Py_ssize_t
    byte: cython.uchar
    last: cython.uchar = data[end - 1]
    digits: cython.Py_ssize_t = 0
    marks: cython.Py_ssize_t = 0
    # So far nothing but what a number, a day or a time begins with.
    numeric: cython.bint = True
    letters: cython.Py_ssize_t = 0
    if end - begin > longest or data[begin] <= 32 or last <= 32:
        return True
    for place in range(begin, end):
        byte = data[place]
        # 2-Jan-26, January 2: the third letter of a word.
        letters = letters + 1 if _is_letter(byte) else 0
        if letters == 3 and _may_be_month(data, place, end):
            return True
        if _is_digit(byte):
            digits += 1
        elif byte == 46:
            # 1001.0 and 31.01.2026
            marks += 1
            if numeric and (last == 48 or last == 46 or marks == 2):
                return True
        elif byte == 43 or byte == 45:
            # -0, 2026-01-31 and 31-1-2026; 1.23E+10 is met at its letter.
            marks += 1
            if place == begin or (numeric and (digits == 4 or marks == 2)):
                return True
            numeric = numeric and byte == 45
        elif byte == 47:
            # 31/1/2026
            marks += 1
            if numeric and marks == 2:
                return True
        elif byte == 58:
            # 10:15:00, behind whatever it is
            if (
                place > begin
                and place + 2 < end
                and _is_digit(data[place - 1])
                and _is_digit(data[place + 1])
            ):
                return True
            numeric = False
        elif byte == 69 or byte == 101:
            if numeric and place + 1 < end and (data[place + 1] == 43 or data[place + 1] == 45):
                return True
            numeric = False
        elif byte >= 128:
            numeric = False
            # 2026年1月, 1월
            if digits > 0 and place + 2 < end:
                if byte == 0xE5 and data[place + 1] == 0xB9 and data[place + 2] == 0xB4:
                    return True
                if byte == 0xE6 and data[place + 1] == 0x9C and data[place + 2] == 0x88:
                    return True
                if byte == 0xEB and data[place + 1] == 0x85 and data[place + 2] == 0x84:
                    return True
            # Letters that have one form only: Latin, Cyrillic, ideographs, Hangul syllables.
            if not (
                byte < 0xC0
                or 0xC3 <= byte <= 0xCB
                or 0xD0 <= byte <= 0xD1
                or 0xE4 <= byte <= 0xE9
                or 0xEB <= byte <= 0xED
            ):
                return True
        elif byte == 0 or byte == 127:
            return True
        elif byte == 35 or byte == 40 or byte == 60 or byte == 61 or byte == 91 or byte == 123:
            # What opens a word for nothing, a formula, a list or an object.
            if place == begin:
                return True
            numeric = False
        elif byte == 84 or byte == 116:
            # 20260131T101500
            if numeric and digits == 8:
                return True
            numeric = False
        elif byte == 39 or byte == 34:
            # Bytes as Python spells them: b'm1'.
            if place == begin + 1:
                return True
            numeric = False
        else:
            numeric = False
    # Words for nothing and for totals are short and without digits.
    return digits == 0 and end - begin <= 32


def odd_ids(
    data: cython.const[cython.uchar][::1],
    starts: cython.const[cython.longlong][::1],
    ends: cython.const[cython.longlong][::1],
    longest: cython.Py_ssize_t,
    rows: cython.longlong[::1],
) -> int:
    """Find the ids that `trustscore.io.ids` must look at: all that it may change or refuse.

    Parameters
    ----------
    data, starts, ends : bytes and two arrays of int64
    longest : int
        Longer ids are odd.
    rows : ndarray of int64
        Takes the rows; has room for all.

    Returns
    -------
    int
        How many they are.
    """
    row: cython.Py_ssize_t
    count: cython.Py_ssize_t = 0
    with cython.nogil:
        for row in range(len(starts)):
            if starts[row] == ends[row] or _may_be_odd(data, starts[row], ends[row], longest):
                rows[count] = row
                count += 1
    return count
