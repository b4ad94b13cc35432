"""A kept store: what is read again, what is not, and what is refused."""

import hmac
import os
import shutil
from pathlib import Path

import pytest

from tests.logs.folders import ORDERS, read, snapshot, table, write
from trustscore.errors import InputError
from trustscore.io.logs.pepper import Pepper
from trustscore.io.logs.store import Store

HEADER = "merchant_id,order_id,paid_at"


def days(folder, *numbers):
    place = folder / "orders"
    place.mkdir(parents=True, exist_ok=True)
    for day in numbers:
        rows = [[f"m{i}", f"o{day}-{i}", f"2026-01-{day:02d} 10:00"] for i in range(3)]
        rows.append(["m0", f"bad{day}", "soon"])
        (place / f"day{day:02d}.csv").write_text(table(HEADER, *rows))
        os.utime(place / f"day{day:02d}.csv", (1.8e9, 1.8e9))


def test_a_run_that_adds_files_equals_one_from_scratch(tmp_path):
    logs, work = tmp_path / "logs", tmp_path / "work"
    days(logs, 2, 4)
    read(logs, work)
    # A file that sorts before the others changes their numbers.
    days(logs, 1, 5)
    later, scratch = read(logs, work), read(logs, tmp_path / "scratch")
    assert later.rows == scratch.rows
    assert later.bad == scratch.bad
    parts = {name: data for name, data in snapshot(work / "parts").items() if "b0" in name}
    assert parts == {n: d for n, d in snapshot(tmp_path / "scratch" / "parts").items() if "b0" in n}


def test_files_that_did_not_change_are_not_read_again(tmp_path, monkeypatch):
    logs, work = tmp_path / "logs", tmp_path / "work"
    days(logs, 1, 2)
    read(logs, work)
    before = {path: os.stat(path).st_mtime_ns for path in (work / "parts").rglob("b*.parquet")}
    days(logs, 3)
    read(logs, work)
    after = {path: os.stat(path).st_mtime_ns for path in (work / "parts").rglob("b*.parquet")}
    assert before.items() <= after.items()
    assert len(after) == len(before) + 1


def test_a_changed_file_takes_the_place_of_its_older_form(tmp_path):
    logs, work = tmp_path / "logs", tmp_path / "work"
    write(logs, orders=ORDERS)
    read(logs, work)
    write(logs, orders=ORDERS + "m3,o9,2026-01-08 10:00,,,\n")
    assert len(read(logs, work).rows["orders"]) == 5
    assert len(list((work / "parts" / "orders").iterdir())) == 1


@pytest.mark.parametrize("how", ["gone", "smaller"])
def test_a_file_that_was_lost_is_an_error(tmp_path, how):
    logs, work = tmp_path / "logs", tmp_path / "work"
    days(logs, 1, 2)
    read(logs, work)
    if how == "gone":
        (logs / "orders" / "day01.csv").unlink()
    else:
        (logs / "orders" / "day01.csv").write_text(f"{HEADER}\nm,o,2026-01-01\n")
    with pytest.raises(InputError, match=r"remembers files that were lost[\s\S]*day01.csv"):
        read(logs, work)


def test_a_folder_may_be_named_from_elsewhere(tmp_path, monkeypatch):
    days(tmp_path / "logs", 1, 2)
    monkeypatch.chdir(tmp_path)
    first = read(Path("logs"), tmp_path / "work")
    assert read(tmp_path / "logs", tmp_path / "work").rows == first.rows


def test_a_store_is_used_by_one_run_at_a_time(tmp_path):
    first = Store(tmp_path / "work", kept=True)
    with pytest.raises(InputError, match="another run is using this folder"):
        Store(tmp_path / "work", kept=True)
    first.close()
    Store(tmp_path / "work", kept=True).close()


def test_a_folder_of_other_files_is_no_store(tmp_path):
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(InputError, match="holds other files"):
        Store(tmp_path, kept=True)
    assert os.listdir(tmp_path) == ["thesis.tex"]


def test_a_state_of_another_version_is_refused(tmp_path):
    Store(tmp_path / "w", kept=True).close()
    (tmp_path / "w" / "state.json").write_text('{"format": 99}')
    with pytest.raises(InputError, match="no state of this version"):
        Store(tmp_path / "w", kept=True)


def test_what_an_interrupt_leaves_is_read_anew(tmp_path, monkeypatch):
    logs, work = tmp_path / "logs", tmp_path / "work"
    days(logs, 1, 2)
    from trustscore.io.logs import ingest

    calls = []
    real = ingest.read_batch

    def interrupted(*arguments):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(ingest, "read_batch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        read(logs, work)
    assert not (work / "state.json").exists()
    monkeypatch.setattr(ingest, "read_batch", real)
    shutil.copytree(logs, tmp_path / "same", copy_function=shutil.copy2)
    again = read(logs, work)
    assert len(again.rows["orders"]) == 6
    assert not list(work.rglob("*.tmp"))


@pytest.mark.parametrize("size", [16, 63, 64, 65, 200])
def test_a_pseudonym_is_half_of_an_hmac(size):
    secret = bytes(range(size % 256)).ljust(size, b"x")
    for text in ("", "b1", "买家" * 50):
        whole = hmac.digest(secret, text.encode(), "sha256")
        assert Pepper(secret).pseudonym(text) == whole[:16].hex()


def test_a_pepper_is_made_once_for_its_owner_alone(tmp_path):
    path = tmp_path / "pepper"
    first = Pepper.load(path)
    assert oct(path.stat().st_mode & 0o777) == "0o600"
    assert Pepper.load(path).pseudonym("b1") == first.pseudonym("b1")
    assert Pepper.load(None).pseudonym("b1") != first.pseudonym("b1")
    path.write_text("short")
    with pytest.raises(InputError, match=r"at least 16 bytes\. Got 5"):
        Pepper.load(path)
