"""Whatever ends a run: an output file is complete or absent, and nothing else is left."""

import os
import resource
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

HEADER = (
    "merchant_id,negative_reviews,reviews_rated,product_rating_mean,complaints,orders_paid,"
    "orders_guaranteed,refunds_completed,aftersales_review_hours_mean,barred_identity_link_flag"
)
OUTPUTS = ("s.csv", "s.csv.rejects.csv", "s.csv.manifest.json", "c.csv.gz")
COMMAND = [sys.executable, "-m", "trustscore", "score"]
OPTIONS = ["-o", "s.csv", "--contributions", "c.csv.gz", "--scorecard", "minimal", "--quiet"]


def write_export(path, rows):
    bad = "bad,9,8,5,,100,,10,1,0\n"
    body = "".join(f"m{n},8,80,4.{n % 10},1,{n},,10,{n % 7},0\n" for n in range(rows))
    path.write_text(f"{HEADER}\n{bad}{body}")


def complete(folder):
    """The bytes of a whole run but for the manifest, which knows the time."""
    done = subprocess.run([*COMMAND, "e.csv", *OPTIONS], cwd=folder, check=False)
    assert done.returncode == 3
    found = {name: (folder / name).read_bytes() for name in OUTPUTS}
    for name in OUTPUTS:
        (folder / name).unlink()
    return found


def assert_complete_or_absent(folder, whole):
    for name in OUTPUTS:
        path = folder / name
        if not path.exists():
            continue
        data = path.read_bytes()
        if name.endswith(".json"):
            assert data.endswith(b"}\n") and len(data) > len(whole[name]) * 0.9
        else:
            assert data == whole[name], name
    # The scores take their name last: with them everything else is there.
    if (folder / "s.csv").exists():
        assert all((folder / name).exists() for name in OUTPUTS)


KILLED_AT = """
import os, signal, sys
import trustscore.batch.files as batch
from trustscore.io import atomic_files

left = int(sys.argv[1])

def deadly(function):
    def run(*arguments, **named):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **named)
    return run

atomic_files.AtomicFile.write = deadly(atomic_files.AtomicFile.write)
os.fsync, os.replace = deadly(os.fsync), deadly(os.replace)
batch.score_files("e.csv", "s.csv", scorecard="minimal", contributions="c.csv.gz", block=2000)
print("survived")
"""


@pytest.mark.slow
def test_killed_at_every_step_of_writing(tmp_path):
    write_export(tmp_path / "e.csv", 200)
    whole = complete(tmp_path)
    # Writes, syncs and renames of four files: 12 blocks, then one of each a file and folder.
    for step in (1, 6, *range(11, 40, 2)):
        done = subprocess.run(
            [sys.executable, "-c", KILLED_AT, str(step)],
            cwd=tmp_path,
            capture_output=True,
            check=False,
        )
        assert_complete_or_absent(tmp_path, whole)
        if b"survived" in done.stdout:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
        # The next run takes away what this one left.
        complete(tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == ["e.csv"]
    else:
        pytest.fail("the last step was not reached")
    assert step > 12


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_killed_at_random_moments(jobs, tmp_path):
    write_export(tmp_path / "e.csv", 150_000)
    whole = complete(tmp_path)
    command = [*COMMAND, "e.csv", *OPTIONS, "--jobs", str(jobs)]
    began = time.monotonic()
    subprocess.run(command, cwd=tmp_path, check=False)
    duration = time.monotonic() - began
    rng = np.random.default_rng(jobs)
    for delay in rng.uniform(0.2, 1.1, 15) * duration:
        for path in tmp_path.iterdir():
            if path.name != "e.csv":
                path.unlink()
        running = subprocess.Popen(command, cwd=tmp_path)
        time.sleep(delay)
        running.kill()
        running.wait()
        assert_complete_or_absent(tmp_path, whole)


def wait_for_temporary(folder, running):
    for _ in range(3000):
        if any(path.suffix == ".tmp" for path in folder.iterdir()):
            return
        assert running.poll() is None
        time.sleep(0.01)
    pytest.fail("no output was begun")


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_an_interrupt_removes_what_was_begun(name, jobs, tmp_path):
    # Standard input stays open, so the run is in the middle for as long as it takes.
    row = b"m%d" + b"x" * 300 + b"," * 9 + b"\n"
    running = subprocess.Popen(
        [*COMMAND, "-", *OPTIONS, "--jobs", str(jobs)],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # Whoever runs the tests in the background of a shell hands on an ignored interrupt.
        preexec_fn=lambda: [
            signal.signal(end, signal.SIG_DFL) for end in (signal.SIGINT, signal.SIGHUP)
        ],
    )
    try:
        running.stdin.write(HEADER.encode() + b"\n" + b"".join(row % n for n in range(15_000)))
        running.stdin.flush()
        wait_for_temporary(tmp_path, running)
        running.send_signal(getattr(signal, name))
        assert running.wait(timeout=20) == 1
    finally:
        running.kill()
    running.stdin.close()
    with running.stderr as file:
        assert file.read().strip() == b"trustscore: interrupted"
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_1_and_leaves_nothing(tmp_path):
    write_export(tmp_path / "e.csv", 3000)
    for end in (".csv", ".csv.gz", ".parquet"):
        done = subprocess.run(
            [
                *COMMAND,
                "e.csv",
                "-o",
                f"s{end}",
                "--contributions",
                f"c{end}",
                "--scorecard",
                "minimal",
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000)),
        )
        assert done.returncode == 1
        assert done.stderr in {f"trustscore: {name}{end}: File too large\n" for name in "sc"}
        assert [path.name for path in tmp_path.iterdir()] == ["e.csv"]


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_a_full_device_is_1(tmp_path):
    write_export(tmp_path / "e.csv", 3000)
    done = subprocess.run(
        [*COMMAND, "e.csv", "-o", "/dev/full", "--scorecard", "minimal"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == "trustscore: /dev/full: No space left on device\n"
    assert [path.name for path in tmp_path.iterdir()] == ["e.csv"]


@pytest.mark.slow
def test_a_full_file_system_is_1_and_leaves_nothing(tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(small)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a file system of its own can be mounted by root only")
    try:
        write_export(tmp_path / "e.csv", 3000)
        done = subprocess.run(
            [*COMMAND, "e.csv", "-o", "small/s.csv", "--scorecard", "minimal"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, list(small.iterdir())) == (1, [])
        assert "No space left on device" in done.stderr
    finally:
        subprocess.run(["umount", str(small)], check=True)


@pytest.mark.slow
def test_two_runs_at_once_on_one_output(tmp_path):
    write_export(tmp_path / "e.csv", 2000)
    whole = complete(tmp_path)
    runs = [subprocess.Popen([*COMMAND, "e.csv", *OPTIONS], cwd=tmp_path) for _ in range(2)]
    assert [run.wait() for run in runs] == [3, 3]
    assert_complete_or_absent(tmp_path, whole)
    assert {path.name for path in tmp_path.iterdir()} == {"e.csv", *OUTPUTS}


@pytest.mark.slow
def test_a_failed_run_leaves_the_last_good_one(tmp_path):
    write_export(tmp_path / "e.csv", 50)
    subprocess.run([*COMMAND, "e.csv", *OPTIONS], cwd=tmp_path, check=False)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    done = subprocess.run([*COMMAND, "e.csv", *OPTIONS, "--strict"], cwd=tmp_path, check=False)
    assert done.returncode == 4
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
