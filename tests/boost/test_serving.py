"""Tables in files: the same after loading, refused when damaged, swapped whole while serving."""

import io
import os
import threading
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.boost.cases import few, leaning, made_up, policy, scores
from trustscore.boost import LiveTable, TrustTable, boost_table, rerank
from trustscore.boost.mapped_file import map_arrays, write_arrays
from trustscore.errors import InputError, PolicyError

RULE = policy(0.2, validity={"days": 10})


def a_table(leans=(0.5, -0.5, 1.0)):
    count = len(leans)
    return leaning(
        leans,
        RULE,
        ["", "floor", "cap"][:count],
        tier=["trusted", "店", ""][:count],
        status=["formal", "new", "new"][:count],
        scored_on=["2026-01-01"] * count,
    )


def columns_of(path):
    """The arrays of a saved table, to write it with a fault."""
    return {name: np.array(held) for name, held in map_arrays(path).items()}


@pytest.mark.parametrize("verify", [True, False])
def test_loaded_is_saved(tmp_path, verify):
    made = a_table()
    made.save(tmp_path / "boosts.npz")
    held = TrustTable.load(tmp_path / "boosts.npz", verify)
    assert len(held) == 3
    assert (held.stamp, held.lean_sha256) == (made.stamp, made.lean_sha256)
    assert (held.first_end, held.strictest) == (made.first_end, made.strictest)
    for name, column in made.columns.items():
        assert held.columns[name].dtype == column.dtype
        np.testing.assert_array_equal(held.columns[name], column)
    ids = ["m2", "nobody", "m0", "m1"]
    assert held.rows(ids).tolist() == [2, 3, 0, 1]
    assert held.boosts(ids, RULE).tolist() == made.boosts(ids, RULE).tolist()
    assert held.texts("tier", held.rows(ids)).tolist() == ["", "", "trusted", "店"]
    assert held.vetoes(held.rows(ids)).tolist() == ["cap", "", "", "floor"]
    ask = {"policy": RULE, "today": "2026-03-01"}
    one, other = (rerank([3, 2, 1, 4], ids, table=t, **ask) for t in (made, held))
    assert one.order.tolist() == other.order.tolist()


def test_loaded_tables_are_mapped_and_cannot_be_written(tmp_path):
    a_table().save(tmp_path / "boosts.npz")
    held = TrustTable.load(tmp_path / "boosts.npz")
    for column in held.columns.values():
        assert not column.flags.owndata
        with pytest.raises(ValueError, match="read-only"):
            column[0] = column[1]
    with np.load(tmp_path / "boosts.npz") as plain:
        np.testing.assert_array_equal(plain["column_lean"], held.columns["lean"])
    for lean in map_arrays(tmp_path / "boosts.npz").values():
        assert lean.ctypes.data % 64 == 0 or lean.ctypes.data % lean.dtype.alignment == 0


def test_a_table_of_nobody(tmp_path):
    leaning([], RULE).save(tmp_path / "none.npz")
    assert TrustTable.load(tmp_path / "none.npz").boosts(["a"], RULE).tolist() == [1.0]


def test_built_from_its_own_columns():
    columns = boost_table(scores(trust_index=[55.0, 45.0]), RULE)
    assert TrustTable.from_columns(columns, RULE).boosts(["a"], RULE) == pytest.approx(np.exp(0.1))
    with pytest.raises(PolicyError, match="make the table again"):
        TrustTable.from_columns(columns, RULE.with_beta(0.3))


def test_columns_that_hold_their_ends_end_on_them():
    columns = boost_table(scores(trust_index=[55.0, 45.0], scored_on=["2026-01-01", ""]), RULE)
    table = TrustTable.from_columns(columns | {"valid_to": ["2026-02-01", None]}, RULE)
    assert table.stale(np.arange(3), "2026-02-01") is None
    assert table.stale(np.arange(3), "2026-02-02").tolist() == [True, False, False]


def test_days_that_cannot_be_read_are_named():
    found = scores(trust_index=[55.0, 45.0, 50.0], scored_on=["2026-01-01", "31.1.26", "soon"])
    with pytest.raises(InputError) as raised:
        TrustTable.build(found, RULE)
    assert raised.value.faults == [
        "row 2: scored_on must be a day like 2026-01-31. Got '31.1.26'",
        "row 3: scored_on must be a day like 2026-01-31. Got 'soon'",
    ]


def test_saving_leaves_no_other_file_and_replaces_links(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link.npz").symlink_to(tmp_path / "real" / "boosts.npz")
    a_table().save(tmp_path / "link.npz")
    # A link that somebody put there does not say where the boosts go.
    assert list((tmp_path / "real").iterdir()) == []
    assert not (tmp_path / "link.npz").is_symlink()
    assert TrustTable.load(tmp_path / "link.npz").stamp == a_table().stamp
    with pytest.raises(FileNotFoundError):
        a_table().save(tmp_path / "none" / "boosts.npz")
    os.mkfifo(tmp_path / "pipe.npz")
    with pytest.raises(InputError, match="must be an ordinary file"):
        TrustTable.load(tmp_path / "pipe.npz")


def test_a_failed_save_leaves_the_old_file(tmp_path):
    path = tmp_path / "boosts.npz"
    a_table().save(path)
    before = path.read_bytes()
    with pytest.raises(InputError, match="holds Python objects"):
        write_arrays(path, {"a": np.zeros(3), "b": np.asarray([None, {}], dtype=object)})
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["boosts.npz"]


def test_no_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        TrustTable.load(tmp_path / "none.npz")


@pytest.mark.parametrize("verify", [True, False])
@few
@given(share=st.floats(0, 0.999))
def test_a_truncated_file_is_refused(tmp_path_factory, verify, share):
    path = tmp_path_factory.mktemp("cut") / "boosts.npz"
    a_table().save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(InputError, match="is no npz, or is cut off"):
        TrustTable.load(path, verify)


@few
@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
def test_a_damaged_file_is_refused_or_harmless(tmp_path_factory, seed, flips):
    path = tmp_path_factory.mktemp("damaged") / "boosts.npz"
    made = a_table()
    made.save(path)
    raw = bytearray(path.read_bytes())
    rng = np.random.default_rng(seed)
    for at in rng.integers(0, len(raw), flips):
        raw[at] ^= 1 << int(rng.integers(0, 8))
    path.write_bytes(raw)
    try:
        held = TrustTable.load(path)
    except InputError as error:
        assert str(path) in str(error)
        return
    # Times and paddings of a zip are no part of the table.
    for name, column in made.columns.items():
        np.testing.assert_array_equal(held.columns[name], column)


def test_files_of_another_kind_are_refused(tmp_path):
    path = tmp_path / "other.npz"

    def refused(said):
        for verify in (True, False):
            with pytest.raises(InputError, match=said):
                TrustTable.load(path, verify)

    path.write_bytes(b"")
    refused("is no npz")
    path.write_text("merchant_id,trust_boost\n")
    refused("is no npz")
    np.savez(path, lean=np.zeros(3))
    refused("is no boost table: it has no 'about'")
    np.savez_compressed(path, lean=np.zeros(3))
    refused("is compressed and cannot be mapped")
    np.savez(path, about=np.asarray([{"format": 1}], dtype=object))
    refused("pickled objects are never loaded")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("about.npy", b"no array")
    refused("holds what is no array")
    for about in (b"[]", b"{}", b"null", b"{", b"\xff"):
        np.savez(path, about=np.frombuffer(about, dtype=np.uint8))
        refused("is no boost table")


def test_tables_that_do_not_fit_are_refused(tmp_path):
    path = tmp_path / "boosts.npz"
    a_table().save(path)
    good = columns_of(path)
    about = good["about"].tobytes()
    for change, said in (
        (
            {"about": about.replace(b'"format": 2', b'"format": 1')},
            "format 1, this version reads 2",
        ),
        ({"column_lean": None}, "it has no 'lean'"),
        ({"ids": None}, "it has no 'ids'"),
        ({"column_lean": good["column_lean"][:-1]}, r"lean has shape \(3,\)"),
        ({"column_veto": good["column_veto"].astype(float)}, "veto has shape .* float64"),
        ({"slots": good["slots"][:-1]}, "ids are not indexed"),
        ({"slots": good["slots"].astype(np.int64)}, "ids are not indexed"),
        ({"ids": good["ids"].astype(float)}, "ids are not indexed"),
    ):
        arrays = {**good, **change}
        held = {
            name: np.frombuffer(array, np.uint8) if isinstance(array, bytes) else array
            for name, array in arrays.items()
            if array is not None
        }
        write_arrays(path, held)
        with pytest.raises(InputError, match=said):
            TrustTable.load(path)


def test_pickled_objects_are_never_loaded(tmp_path):
    marker = tmp_path / "ran"

    class Bomb:
        def __reduce__(self):
            return (open, (str(marker), "w"))

    path = tmp_path / "bomb.npz"
    a_table().save(path)
    good = columns_of(path)
    np.savez(path, **{**good, "column_lean": np.asarray([Bomb()] * 4, dtype=object)})
    for verify in (True, False):
        with pytest.raises(InputError, match="pickled objects are never loaded"):
            TrustTable.load(path, verify)
    assert not marker.exists()


def test_live_table_reloads_and_survives_a_bad_file(tmp_path):
    path = tmp_path / "boosts.npz"
    a_table().save(path)
    live = LiveTable(path)
    old = live.snapshot()
    assert not live.refresh()
    a_table([0.1]).save(path)
    assert live.refresh()
    assert len(live.snapshot()) == 1
    assert old.boosts(["m2"], RULE).tolist() == [1.0]  # capped; the old snapshot stays whole
    path.write_bytes(b"broken")
    for _ in range(2):  # and again, as long as the file is bad
        with pytest.raises(InputError, match="is no npz"):
            live.refresh()
    assert len(live.snapshot()) == 1
    path.unlink()
    with pytest.raises(FileNotFoundError):
        live.refresh()
    assert len(live.snapshot()) == 1
    a_table([0.1, 0.2]).save(path)
    assert live.refresh()
    assert len(live.snapshot()) == 2


def test_no_request_sees_two_tables(tmp_path):
    """Threads rank while the table changes: every answer is wholly of one table."""
    path = tmp_path / "boosts.npz"
    versions = [np.full(200, lean) for lean in (-1.0, -0.5, 0.5, 1.0)]
    tables = [leaning(leans, RULE) for leans in versions]
    answers = {round(float(np.exp(0.2 * leans[0])), 9) for leans in versions}
    tables[0].save(path)
    live = LiveTable(path)
    sold = [f"m{number}" for number in range(200)]
    relevance = np.linspace(1, 2, 200)
    done, wrong, met = threading.Event(), [], set()

    def serve():
        try:
            while not done.is_set():
                found = set(rerank(relevance, sold, table=live, policy=RULE).trust_boost.round(9))
                met.update(found)
                if len(found) != 1:
                    wrong.append(found)
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=serve) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for turn in range(60):
            tables[turn % 4].save(path)
            live.refresh()
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert wrong == []
    assert met <= answers
    assert len(met) > 1


def test_strengths_share_one_table():
    table = a_table()
    for beta in np.linspace(0, 1, 30):
        found = table.factors(float(beta))
        assert found == pytest.approx(np.exp(beta * table.columns["lean"]))
    assert len(table._boosts) <= 9


def test_an_array_near_the_limit_of_zip_is_refused():
    from trustscore.boost.mapped_file import _add

    huge = np.broadcast_to(np.zeros(1), (250_000_000,))
    with (
        zipfile.ZipFile(io.BytesIO(), "w") as archive,
        pytest.raises(InputError, match="too large"),
    ):
        _add(archive, "huge.npy", huge)


@few
@given(seed=st.integers(0, 2**32 - 1), keep=st.booleans(), form=st.sampled_from(["m", "a"]))
def test_a_table_as_it_counts_on_a_day_ranks_as_the_table_does_that_day(seed, keep, form):
    relevance, sold, items, leans, veto = made_up(seed, vetoes=True)
    rule = policy(
        0.5,
        form="additive" if form == "a" else "multiplicative",
        validity={"days": 10, "keep_vetoes": keep},
        exploration={"share": 0.5, "first": 1},
    )
    days = np.random.default_rng(seed).choice(["2026-01-01", "2025-01-01", ""], len(leans))
    status = ["new"] * len(leans)
    table = leaning(leans, rule, veto, scored_on=days.astype(object), status=status)
    ask = {"policy": rule, "query_id": f"q{seed}"}
    that_day = rerank(relevance, sold, items, table=table, today="2026-01-05", **ask)
    held = rerank(relevance, sold, items, table=table.on("2026-01-05", rule), **ask)
    assert held.order.tolist() == that_day.order.tolist()
    assert held.trust_boost.tolist() == that_day.trust_boost.tolist()
    assert (held.explored, held.propensity) == (that_day.explored, that_day.propensity)
    assert table.on(None, rule) is table and table.on("2025-01-01", rule) is table
