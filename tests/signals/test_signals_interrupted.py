"""Whatever ends a run over logs: no output, or a whole one, and a store that the next run uses."""

import os
import resource
import signal
import subprocess
import sys

import pytest

from tests.signals.test_signals_keep import MARCH, MONTHS, SMALL, export, month_of
from trustscore.io.logs.session import Session
from trustscore.io.logs.store import PartWriter, Store

pytest.importorskip("duckdb")

COMMAND = [sys.executable, "-m", "trustscore"]
SIGNALS = ["signals", "logs", "-o", "e.csv", "--as-of", "2026-03-01", "--definitions", "small.toml"]
SIGNALS += ["--work", "w", "--keep-days", "70", "--rejects", "r.csv", "--quiet"]
VOTES = ["detect", "votes", "votes", "-o", "f.csv", "--as-of", "2026-02-01", "--work", "v"]
VOTES += ["--queue", "q.csv", "--allow-short-logs", "--quiet"]
OUTPUTS = ("e.csv", "e.csv.manifest.json", "r.csv", "f.csv", "f.csv.manifest.json", "q.csv")


@pytest.fixture
def place(tmp_path):
    (tmp_path / "small.toml").write_text(SMALL)
    for month in MONTHS:
        month_of(tmp_path / "logs", month)
    (tmp_path / "logs" / "shipments" / "bad.csv").write_text(
        "merchant_id,order_id,waybill_id,delivered_at\nm0,o,w,soon\n"
    )
    (tmp_path / "votes").mkdir()
    votes = [
        f"s{room},m1,v{n},2026-01-20 10:00,exaggerated,{n % 2}"
        for room in range(90)
        for n in range(9)
    ]
    header = "session_id,merchant_id,voter_id,voted_at,question,answer"
    (tmp_path / "votes" / "live_votes.csv").write_text("\n".join([header, *votes, ""]))
    return tmp_path


def whole(place):
    """The export of a store that nothing ever happened to."""
    found, _ = export(place / "logs", place / "small.toml", place / "untouched")
    return found


def run(place, words, limit=None):
    return subprocess.run(
        [*COMMAND, *words],
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=None
        if limit is None
        else lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )


def left(place):
    return [name for name in OUTPUTS if (place / name).exists()]


# Too small for the state of the store, for what is left after pruning, and for anything.
@pytest.mark.parametrize(
    "limit",
    [1000, pytest.param(4000, marks=pytest.mark.slow), pytest.param(30, marks=pytest.mark.slow)],
)
def test_a_full_disk_is_1_with_one_sentence_and_the_next_run_works(place, limit):
    done = run(place, SIGNALS, limit)
    assert (done.returncode, left(place)) == (1, []), done.stderr
    assert done.stderr.startswith("trustscore: ") and done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr
    again, _ = export(place / "logs", place / "small.toml", place / "w")
    assert again == whole(place)
    assert not list((place / "w").rglob("*.tmp"))


@pytest.mark.slow
@pytest.mark.parametrize("limit", [1000, 2500])
def test_a_full_disk_ends_a_detector_alike(place, limit):
    done = run(place, VOTES, limit)
    assert (done.returncode, left(place)) == (1, []), done.stderr
    assert done.stderr.startswith("trustscore: ") and done.stderr.count("\n") == 1
    done = run(place, VOTES)
    assert (done.returncode, done.stderr) == (0, "")
    first = (place / "f.csv").read_bytes()
    assert (
        run(place, [*VOTES[:-6], "--allow-short-logs", "--quiet", "--queue", "q.csv"]).returncode
        == 0
    )
    assert (place / "f.csv").read_bytes() == first


KILLED_AT = """
import os, shutil, signal, sys
from pathlib import Path
import pyarrow.parquet as pq
from trustscore.commands.main import main
from trustscore.io.logs.session import Session

left = int(sys.argv[1])

def deadly(owner, name):
    real = getattr(owner, name)
    def run(*arguments, **named):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **named)
    setattr(owner, name, run)

for owner, name in ((os, "replace"), (Path, "replace"), (Path, "rename"), (shutil, "rmtree"),
                    (pq.ParquetWriter, "write_table"), (Session, "copy"), (os, "fsync")):
    deadly(owner, name)
try:
    main(sys.argv[2:])
finally:
    print("steps", int(sys.argv[1]) - left)
"""


@pytest.mark.slow
def test_killed_at_many_steps(place):
    expected = whole(place)
    counted = [sys.executable, "-c", KILLED_AT]
    done = subprocess.run(
        [*counted, "1000000", *SIGNALS], cwd=place, capture_output=True, check=False
    )
    assert done.returncode == 3, done.stderr
    steps = int(done.stdout.split()[-1])
    assert steps > 60
    for step in range(1, steps + 1, max(1, steps // 6)):
        for name in OUTPUTS:
            (place / name).unlink(missing_ok=True)
        subprocess.run(["rm", "-rf", place / "w"], check=True)
        done = subprocess.run([*counted, str(step), *SIGNALS], cwd=place, check=False)
        assert done.returncode == -signal.SIGKILL, step
        if "e.csv" in left(place):
            assert (place / "e.csv").read_bytes() == expected, step
        again, facts = export(place / "logs", place / "small.toml", place / "w")
        assert again == expected, step
        assert facts["kept"]["rows"]["orders"] == 26
        assert not list((place / "w").rglob("*.tmp")), step
        assert len(list((place / "w").glob("firsts-*"))) == 1, step


def test_a_part_that_was_half_removed_is_read_anew(place):
    logs, small, work = place / "logs", place / "small.toml", place / "w"
    extra = logs / "orders" / "extra.csv"
    header = "merchant_id,order_id,paid_at,order_type\n"
    extra.write_text(f"{header}m0,x,2026-02-20 10:00,normal\n")
    first, _ = export(logs, small, work, keep=None)
    [part] = [
        path.parent
        for path in work.glob("parts/orders/*/facts.json")
        if "extra.csv" in path.read_text()
    ]
    real, doomed = os.unlink, []

    def killed(folder, **_):
        # As a run that is killed while it removes what it does not use.
        doomed.append(str(folder))
        for entry in os.scandir(folder) if os.path.exists(folder) else ():
            if entry.name.startswith("b0"):
                real(entry.path)

    store = Store(work, kept=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("trustscore.io.logs.store.shutil.rmtree", killed)
        files = {path: facts for path, facts in store.state["files"].items() if path != str(extra)}
        others = {path.parent for path in work.glob("parts/*/*/facts.json")} - {part}
        store.remember(files, store.state["buckets"], others)
    assert any(part.name in folder for folder in doomed)
    store.close()
    assert export(logs, small, work, keep=None)[0] == first


def test_errors_of_the_engine_are_of_the_machine(tmp_path):
    with Session([tmp_path], tmp_path, memory="30MB") as session:
        with pytest.raises(OSError, match=r"^DuckDB: .*none\.parquet"):
            session.rows("SELECT * FROM read_parquet(?)", [str(tmp_path / "none.parquet")])
        with pytest.raises((MemoryError, OSError), match="DuckDB"):
            # Spills into a folder that is gone.
            session.rows("SELECT list(i ORDER BY i * 7 % 13) FROM range(30000000) AS r(i)")


def test_what_cannot_be_closed_on_a_full_disk_is_removed_all_the_same(tmp_path):
    import pyarrow as pa

    writer = PartWriter(tmp_path / "part", {"a": pa.int64()}, 1)
    real = writer._rejects

    class Full:
        def close(self):
            real.close()
            raise OSError(28, "No space left on device")

    writer._rejects = Full()
    writer.discard()
    assert list(tmp_path.iterdir()) == []


def test_two_runs_on_one_store(place):
    held = Store(place / "w", kept=True)
    try:
        done = run(place, SIGNALS)
    finally:
        held.close()
    assert (done.returncode, left(place)) == (2, [])
    assert done.stderr == "trustscore: w: another run is using this folder; wait for it to end\n"
    assert MARCH and export(place / "logs", place / "small.toml", place / "w")[0] == whole(place)
