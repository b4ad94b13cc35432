"""Text ids to rows, against a dict."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.both_ways import both_ways
from trustscore.boost import ids as index_of_ids
from trustscore.boost.ids import IdIndex
from trustscore.errors import InputError

LOOPS = both_ways("trustscore.boost.id_loops")

# Line ends, prefixes of one another, lengths around eight bytes, letters of one to four bytes.
LETTERS = st.text(st.sampled_from("ab\nß店𝄞 "), max_size=20)
ANY = st.text(max_size=12)
texts = st.one_of(LETTERS, ANY)


def rows_by_dict(ids, asked):
    held = {text: row for row, text in enumerate(ids)}
    return [held.get(text, len(ids)) for text in asked]


@pytest.mark.parametrize("loops", LOOPS, ids=["imported", "python"])
@given(texts=st.lists(texts.filter(lambda text: "\0" not in text), min_size=1, max_size=12))
def test_the_loops_compiled_and_as_python(loops, texts):
    index = IdIndex.build(list(dict.fromkeys(filter(None, texts))))
    held = index.ids[:, :-1]
    factors = index_of_ids._factors(index.seed, len(held))
    hashes = np.empty(held.shape[1], dtype=np.uint64)
    loops.hash_all(np.ascontiguousarray(held), factors, hashes)
    # By Python's own integers, from the description of the hash.
    for row, words in enumerate(held.T.tolist()):
        folded = [word ^ word >> 32 for word in words]
        mixed = sum(word * factor for word, factor in zip(folded, factors.tolist(), strict=False))
        mixed %= 2**64
        mixed = (mixed ^ mixed >> 32) * int(factors[-1]) % 2**64
        assert hashes[row] == mixed ^ mixed >> 32
    asked = np.zeros((len(held), len(texts)), dtype=np.uint64)
    lines = "".join(text + "\n" for text in texts).encode()
    assert loops.words_of_lines(lines, asked) == (not any("\n" in text for text in texts))
    if "\n" in "".join(texts):
        return
    longest = 8 * len(held)
    cut = ["" if len(text.encode()) > longest else text for text in texts]
    assert [words.tobytes().rstrip(b"\0") for words in asked.T] == [t.encode() for t in cut]
    rows = np.empty(len(texts), dtype=np.int64)
    shift = index_of_ids._first_shift(len(index.slots))
    loops.find_rows(asked, index.ids, index.slots, factors, shift, rows)
    assert rows.tolist() == rows_by_dict(list(dict.fromkeys(filter(None, texts))), texts)


@pytest.mark.parametrize("loops", LOOPS, ids=["imported", "python"])
def test_a_slot_that_names_no_row_is_an_unknown_merchant(loops):
    index = IdIndex.build(["a", "b"])
    slots = index.slots | np.uint64(0xFFFFFFFF << 32)
    rows = np.empty(1, dtype=np.int64)
    asked, factors = np.asarray([[ord("a")]], dtype=np.uint64), index_of_ids._factors(index.seed, 1)
    shift = index_of_ids._first_shift(len(slots))
    loops.find_rows(asked, index.ids, slots, factors, shift, rows)
    assert rows.tolist() == [2]


@given(st.lists(texts, unique=True, max_size=30), st.lists(texts, max_size=20), st.integers(0, 9))
def test_rows_are_those_of_a_dict(ids, others, seed):
    ids = [text for text in ids if text and "\0" not in text]
    index = IdIndex.build(ids)
    asked = [*ids, *others, *(text[:-1] for text in ids), *(text + "a" for text in ids)]
    asked = [asked[i] for i in np.random.default_rng(seed).permutation(len(asked))]
    expected = rows_by_dict(ids, asked)
    assert index.rows(asked).tolist() == expected
    assert index.rows(np.asarray([*asked, None], dtype=object)[:-1]).tolist() == expected
    assert index.rows(tuple(asked)).tolist() == expected


@given(st.integers(1, 20), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_ids_of_one_length(length, count, seed):
    letters = np.random.default_rng(seed).integers(97, 99, (count, length))
    asked = ["".join(map(chr, row)) for row in letters]
    ids = list(dict.fromkeys(asked[: count // 2 + 1]))
    assert IdIndex.build(ids).rows(asked).tolist() == rows_by_dict(ids, asked)
    fixed = np.asarray(asked)
    assert IdIndex.build(ids).rows(fixed).tolist() == rows_by_dict(ids, asked)
    assert IdIndex.build(ids).rows(fixed.astype("S")).tolist() == rows_by_dict(ids, asked)


def test_long_ids_with_one_prefix():
    ids = ["x" * 500 + str(number) for number in range(300)]
    index = IdIndex.build(ids)
    assert index.rows(ids).tolist() == list(range(300))
    assert index.rows(["x" * 500, "x" * 501, "x" * 5000, ""]).tolist() == [300] * 4


def test_a_longer_id_is_not_its_beginning():
    for length in range(1, 18):
        index = IdIndex.build(["a" * length])
        assert index.rows(["a" * (length + more) for more in (0, 1, 2, 8, 9)]).tolist() == [
            0, 1, 1, 1, 1,
        ]  # fmt: skip


def test_zero_bytes_and_blanks_are_nobody():
    index = IdIndex.build(["a", "None", "nan"])
    assert index.rows(["a\0", "\0", "a", "\0a"]).tolist() == [3, 3, 0, 3]
    assert index.rows(["a", None, float("nan"), ""]).tolist() == [0, 3, 3, 3]
    with pytest.raises(InputError, match="zero byte"):
        IdIndex.build(["a\0"])


def test_half_a_letter_is_an_id_like_any_other():
    index = IdIndex.build(["\ud800", "a"])
    assert index.rows(["a", "\ud800", "\udfff"]).tolist() == [1, 0, 2]


def test_numbers_are_asked_as_text():
    assert IdIndex.build(["1", "22"]).rows([22, 1, 3]).tolist() == [1, 0, 2]


def test_nothing():
    assert IdIndex.build([]).rows(["a", ""]).tolist() == [0, 0]
    assert IdIndex.build(["a"]).rows([]).tolist() == []


def test_many():
    rng = np.random.default_rng(1)
    ids = [f"{number:x}" for number in rng.choice(2**40, 50_000, replace=False).tolist()]
    asked = [*ids[::3], *(f"{number:x}" for number in rng.integers(0, 2**40, 5_000).tolist())]
    assert IdIndex.build(ids).rows(asked).tolist() == rows_by_dict(ids, asked)


@pytest.mark.parametrize("here", range(8))
@pytest.mark.parametrize("there", range(8))
def test_ids_that_differ_alike_in_two_words_are_indexed(here, there):
    # The letters differ in their top bit: multiplied by odd factors and added, they would meet.
    letters = {0: "00", 1: "0p", 2: "p0", 3: "pp"}
    ids = []
    for kind in range(4):
        one, other = letters[kind]
        ids.append("a" * here + one + "b" * (7 - here) + "c" * there + other + "d" * (7 - there))
    more = [text.replace("p", "r").replace("a", "A") for text in ids]
    asked = list(dict.fromkeys([*ids, *more]))
    index = IdIndex.build(asked)
    assert index.rows(asked).tolist() == list(range(len(asked)))


def test_the_crafted_ids_of_a_report():
    ids = ["shop-000451-0072", "shop-000451-007r", "shop-00p451-0072", "shop-00p451-007r"]
    assert IdIndex.build(ids).rows(ids).tolist() == [0, 1, 2, 3]
    assert IdIndex.build(ids).seed == IdIndex.build(ids).seed != IdIndex.build(ids[:3]).seed


def test_repeated_ids_are_refused():
    with pytest.raises(InputError, match="are they distinct"):
        IdIndex.build(["a", "a", "a"])


def test_an_id_of_which_every_other_would_take_the_room_is_refused():
    with pytest.raises(InputError, match=r"at most 4096 bytes. 'xxx.* has 200,000"):
        IdIndex.build(["a", "x" * 200_000])
