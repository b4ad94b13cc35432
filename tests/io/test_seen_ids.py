"""Repeated ids: none is missed, and no two different ids are taken for one."""

import numpy as np
import pyarrow as pa
import pytest
from exports import MINIMAL, row, write_csv
from hypothesis import given
from hypothesis import strategies as st

from tests.both_ways import both_ways
from trustscore.batch.files import score_files
from trustscore.io import seen_ids
from trustscore.io.id_table import LONGEST, siphash
from trustscore.io.seen_ids import SeenIds, hash_ids, new_key

BOTH = both_ways("trustscore.io.id_table")
KEY = (0x0706050403020100, 0x0F0E0D0C0B0A0908)
# Of the reference implementation, for the bytes 0, 1, 2 and so on.
PUBLISHED = {
    0: 0x726FDB47DD0E0E31,
    1: 0x74F839C593DC67FD,
    2: 0x0D6C8009D9A94F5A,
    3: 0x85676696D7FB7E2D,
    15: 0xA129CA6149BE45E5,
}


@pytest.mark.parametrize("module", BOTH, ids=["imported", "python"])
@pytest.mark.parametrize(("length", "expected"), PUBLISHED.items())
def test_the_hash_is_siphash_2_4(module, length, expected):
    assert module.siphash(bytes(range(length)), KEY) == expected


@given(st.binary(max_size=70), st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_the_hash_is_the_same_compiled_and_not(data, low, high):
    assert BOTH[0].siphash(data, (low, high)) == BOTH[1].siphash(data, (low, high))


def test_ids_are_hashed_as_bytes():
    ids = ["m1", "", "乐", "x" * 40]
    assert hash_ids(pa.array(["?", *ids]).slice(1), KEY).tolist() == [
        siphash(text.encode(), KEY) for text in ids
    ]


ID = st.one_of(
    st.text(alphabet="ab", max_size=4),
    st.text(alphabet="a", min_size=LONGEST - 1, max_size=LONGEST + 2),
    st.text(alphabet="ab乐", min_size=30, max_size=34),
)


@given(st.lists(st.lists(ID, max_size=9), max_size=9), st.integers(0, 50))
def test_repeats_are_those_of_a_dictionary(blocks, expected):
    seen, first = SeenIds(expected), {}
    for file, ids in enumerate(blocks):
        lines = np.arange(2, 2 + 2 * len(ids), 2)
        found = seen.add(pa.array(ids, pa.string()), lines, file)
        wanted = []
        for place, (name, line) in enumerate(zip(ids, lines.tolist(), strict=True)):
            if name in first:
                wanted.append((place, *first[name]))
            first.setdefault(name, (line, file))
        assert list(zip(found.rows.tolist(), found.lines, found.files, strict=True)) == wanted


@pytest.mark.parametrize("module", BOTH, ids=["imported", "python"])
def test_ids_of_one_hash_are_still_two_ids(module, monkeypatch):
    for name in ("find_or_insert", "hash_all", "keep_all", "rehash"):
        monkeypatch.setattr(seen_ids, name, getattr(module, name))
    seen = SeenIds()
    ids = [f"m{n}" for n in range(300)]
    same = np.full(len(ids), 12345, dtype=np.uint64)
    lines = np.arange(len(ids))
    assert seen.add(pa.array(ids), lines, 0, same).rows.tolist() == []
    assert seen.add(pa.array(ids), lines, 0, same).rows.tolist() == list(range(300))


@pytest.mark.parametrize("long", [False, True])
@pytest.mark.parametrize("expected", [0, 9000])
def test_a_table_that_grows_forgets_nothing(long, expected, monkeypatch):
    monkeypatch.setattr(seen_ids, "_BATCH", 1000)
    seen = SeenIds(expected)
    ids = [f"m{n}" + "-" * 40 * long for n in range(9000)]
    for low in range(0, len(ids), 700):
        part = pa.array(ids[low : low + 700])
        assert len(seen.add(part, np.arange(low, low + len(part)), 0).rows) == 0
    found = seen.add(pa.array(ids[::-1]), np.arange(9000), 1)
    assert found.rows.tolist() == list(range(9000))
    assert found.lines == list(range(9000))[::-1]
    assert len(seen) == 18000


def test_a_row_costs_its_id_and_eight_bytes():
    seen = SeenIds(100_000)
    ids = [f"m{n:07d}" for n in range(100_000)]
    for low in range(0, len(ids), 1000):
        seen.add(pa.array(ids[low : low + 1000]), np.arange(low, low + 1000), 0)
    held = seen._size + 8 * len(seen._places) + len(seen._tags) + 4 * len(seen._rows)
    assert held / len(ids) < 8 + 8


def test_each_run_draws_its_own_key():
    assert new_key() != new_key()
    assert SeenIds().key != SeenIds().key


def test_ids_made_to_collide_under_a_weak_hash_are_two_merchants(tmp_path):
    # The second differs from the first so that a multiply-and-shift hash of its words is the same.
    names = ["shop-00p451-207r", "shop-000451-0072"]
    for number in range(3):
        path = write_csv(tmp_path / f"{number}.csv", [row(name) for name in names])
        report = score_files(path, tmp_path / f"{number}.out.csv", scorecard=MINIMAL)
        assert report.manifest["rows"] == {"read": 2, "scored": 2, "rejected": 0}
