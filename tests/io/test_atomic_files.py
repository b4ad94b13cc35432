"""Files as others can touch them: modes, links, pipes, killed runs, renames that fail."""

import errno
import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from click.testing import CliRunner

from trustscore.atomic_file import AtomicFile, is_plain
from trustscore.batch.files import score_files
from trustscore.batch.verify import verify_manifest
from trustscore.boost import BoostPolicy
from trustscore.commands.main import group
from trustscore.errors import InputError
from trustscore.export.engines.files import load_boosts
from trustscore.io.atomic_files import open_sink, write_tables
from trustscore.io.atomic_folder import open_folder, whole_folder
from trustscore.simulate.files import write_market
from trustscore.temporary_names import temporary_name

TRUSTSCORE = [sys.executable, "-m", "trustscore"]


def put(path, data=b"new"):
    with AtomicFile(path) as file:
        file.write(data)
        file.commit()


def names(folder):
    return sorted(path.name for path in Path(folder).iterdir())


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def export(here):
    write_market("export.csv", 20, 3, "minimal", truth="truth.csv")
    Path("truth.csv").unlink()
    return here


# --- modes -------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o444])
def test_a_file_that_is_replaced_hands_on_its_mode(mode, here):
    Path("a").write_text("old")
    os.chmod("a", mode)
    with AtomicFile("a") as file:
        file.write(b"new")
        file.flush()
        # Nor can anybody read the unfinished one who could not read the old one.
        [hidden] = [name for name in os.listdir() if name != "a"]
        assert stat.S_IMODE(os.stat(hidden).st_mode) == mode
        file.commit()
    assert (Path("a").read_bytes(), stat.S_IMODE(os.stat("a").st_mode)) == (b"new", mode)


def test_a_new_file_has_the_mode_of_the_system(here):
    before = os.umask(0o027)
    try:
        put("a")
    finally:
        os.umask(before)
    assert stat.S_IMODE(os.stat("a").st_mode) == 0o640


def test_the_user_bit_of_a_program_is_not_handed_on(here):
    Path("a").write_text("old")
    os.chmod("a", 0o4755)
    put("a")
    assert stat.S_IMODE(os.stat("a").st_mode) == 0o755


# --- links -------------------------------------------------------------------------------------


def test_a_link_is_replaced_and_what_it_leads_to_stays(here):
    Path("precious").write_text("mine")
    Path("away").mkdir()
    for target in ("precious", "away", "nowhere", "/dev/null"):
        os.symlink(target, "out.csv")
        put("out.csv")
        assert not os.path.islink("out.csv") and Path("out.csv").read_bytes() == b"new"
        os.unlink("out.csv")
    assert Path("precious").read_text() == "mine"
    assert names(".") == ["away", "precious"] and names("away") == []


def test_a_link_planted_at_any_output_of_score_leads_nowhere(export):
    Path("precious").mkdir()
    for name in ("s.csv", "s.csv.manifest.json", "s.csv.rejects.csv", "c.csv"):
        Path("precious", name).write_text("mine")
        os.symlink(f"precious/{name}", name)
    score_files("export.csv", "s.csv", scorecard="minimal", contributions="c.csv")
    assert {path.read_text() for path in Path("precious").iterdir()} == {"mine"}
    assert names(".") == ["c.csv", "export.csv", "precious", "s.csv", "s.csv.manifest.json"]
    assert not any(os.path.islink(name) for name in names("."))


def test_a_link_at_the_name_of_a_folder_is_refused(here):
    Path("away").mkdir()
    os.symlink("away", "out")
    for folder in (whole_folder, open_folder):
        with pytest.raises(InputError, match="out: is a link; name the folder"), folder("out"):
            pytest.fail("the folder was used")
    assert names("away") == []


def test_the_links_of_the_system_are_ways_to_streams(export):
    assert not is_plain("/dev/stdout") and not is_plain("/dev/fd/1")
    assert not is_plain("/proc/self/fd/1") and is_plain("/dev/shm/scores.csv")
    with open("held", "wb") as file:
        subprocess.run(
            [*TRUSTSCORE, "score", "export.csv", "-o", "/dev/stdout", "--scorecard", "minimal"],
            stdout=file,
            check=True,
        )
    assert Path("held").read_text().startswith("merchant_id,")
    assert os.path.islink("/dev/stdout")


# --- killed runs -------------------------------------------------------------------------------

DIES = """
import os, signal, sys
from trustscore.io.atomic_files import AtomicFile
from trustscore.io.atomic_folder import whole_folder
with AtomicFile("s.csv") as file, whole_folder("out") as place:
    file.write(b"half")
    (place / "a").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_run_left_goes_with_the_next_one_and_nothing_else_does(here):
    subprocess.run([sys.executable, "-c", DIES], check=False)
    others = [".t.csv.0123456789ab.tmp", ".s.csv.0123456789ab.old", ".s.csv.01234.tmp", ".s.csv"]
    for name in others:
        Path(name).write_text("of somebody else")
    os.symlink("others", ".s.csv.aaaaaaaaaaaa.tmp")
    assert len(names(".")) == len(others) + 3
    put("s.csv")
    with whole_folder("out") as place:
        (place / "a").write_text("whole")
    assert names(".") == sorted([*others, ".s.csv.aaaaaaaaaaaa.tmp", "s.csv", "out"])


def test_what_a_living_run_is_writing_stays(here):
    with AtomicFile("s.csv") as one, whole_folder("out") as place:
        one.write(b"one")
        with AtomicFile("s.csv") as other:
            other.write(b"other")
            other.commit()
        Path("out2").mkdir()
        with pytest.raises(InputError), whole_folder("out2/.."):
            pass
        with whole_folder("out"):
            pass
        assert place.exists()
        os.rmdir("out")
        one.commit()
    assert Path("s.csv").read_bytes() == b"one"
    assert names(".") == ["out", "out2", "s.csv"]


def test_a_name_as_long_as_a_name_may_be(here):
    for name in ("x" * 250 + ".csv", "商" * 83 + ".csv"):
        put(name)
        assert os.path.getsize(name) == 3
        assert len(os.fsencode(os.path.basename(temporary_name(name)))) < 255
        os.unlink(name)
    with pytest.raises(OSError) as error:
        put("x" * 256)
    assert error.value.filename == "x" * 256
    assert names(".") == []


# --- sets --------------------------------------------------------------------------------------


def failing_replace(monkeypatch, last, calls=1):
    real, left = os.replace, [calls]

    def replace(source, target):
        if os.path.basename(target) == last and left[0]:
            left[0] -= 1
            raise PermissionError(errno.EPERM, "Operation not permitted", source)
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)


@pytest.mark.parametrize("last", ["a", "b", "c"])
def test_where_a_rename_fails_all_names_have_what_they_had(last, here, monkeypatch):
    Path("a").write_text("old a")
    Path("c").write_text("old c")
    Path("stale").write_text("of the last run")
    failing_replace(monkeypatch, last)
    with pytest.raises(PermissionError) as error:
        write_tables({"a": b"new", "b": b"new", "c": b"new"}, remove=["stale", "none"])
    assert str(error.value) == f"[Errno 1] Operation not permitted: '{last}'"
    assert {name: Path(name).read_text() for name in names(".")} == {
        "a": "old a",
        "c": "old c",
        "stale": "of the last run",
    }
    write_tables({"a": b"new", "b": b"new", "c": b"new"}, remove=["stale", "none"])
    assert {name: Path(name).read_text() for name in names(".")} == dict.fromkeys("abc", "new")


def test_an_interrupt_between_two_names_gives_them_back_too(here, monkeypatch):
    Path("a").write_text("old a")
    real = os.replace

    def replace(source, target):
        if target.endswith("b"):
            raise KeyboardInterrupt
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(KeyboardInterrupt):
        write_tables({"a": b"new", "b": b"new"})
    assert {name: Path(name).read_text() for name in names(".")} == {"a": "old a"}


def test_what_could_not_be_put_back_is_said(here, monkeypatch):
    def no_link(*_, **__):
        raise OSError(errno.EPERM, "no links here")

    Path("a").write_text("old a")
    monkeypatch.setattr(os, "link", no_link)
    failing_replace(monkeypatch, "b")
    with pytest.raises(PermissionError, match="already changed and not put back: a: 'b'"):
        write_tables({"a": b"new", "b": b"new"})
    assert {name: Path(name).read_text() for name in names(".")} == {"a": "new"}


def test_a_folder_in_the_way_of_a_manifest_leaves_the_old_scores(export):
    score_files("export.csv", "s.csv", scorecard="minimal")
    before = Path("s.csv").read_bytes()
    Path("s.csv.manifest.json").unlink()
    Path("s.csv.manifest.json").mkdir()
    with pytest.raises(OSError, match=r"s\.csv\.manifest\.json"):
        score_files("export.csv", "s.csv", scorecard="default", allow_missing_columns=True)
    assert Path("s.csv").read_bytes() == before
    assert names(".") == ["export.csv", "s.csv", "s.csv.manifest.json"]


# --- full disks --------------------------------------------------------------------------------


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
@pytest.mark.parametrize("columns", [{"a": ["x" * 50] * 5000}, b"x" * 100_000])
def test_a_full_device_is_named(columns):
    with pytest.raises(OSError, match="No space left on device: '/dev/full'"):
        write_tables({"/dev/full": columns})


@pytest.mark.parametrize("end", [".csv", ".csv.gz", ".parquet"])
def test_a_full_disk_is_named_by_every_format(end, here, monkeypatch):
    sink = open_sink(f"s{end}", {"a": pa.string()})
    with sink.file:
        monkeypatch.setattr(sink.file._written, "_target", Full())
        with pytest.raises(OSError, match=f"No space left on device: 's{end}'"):
            block = pa.array(["x" * 5000] * 50)
            sink.write(pa.record_batch([block], ["a"]) if end == ".parquet" else block)
            sink.finish()
            sink.file.flush()
    assert names(".") == []


class Full:
    closed = False

    def write(self, data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def flush(self):
        self.write(b"")


# --- inputs that are no ordinary files ---------------------------------------------------------


@pytest.mark.parametrize("command", ["score", "check", "explain"])
def test_a_pipe_named_like_parquet_is_refused(command, here):
    os.mkfifo("e.parquet")
    more = {"score": ["-o", "s.csv"], "check": [], "explain": ["--id", "m1"]}[command]
    done = CliRunner().invoke(
        group, [command, "e.parquet", "--scorecard", "minimal", *more], standalone_mode=False
    )
    said = done.output + str(done.exception or "")
    assert "e.parquet: must be an ordinary file, not a folder, pipe, socket or device" in said


def test_boosts_are_not_read_from_a_pipe(here):
    os.mkfifo("boosts.parquet")
    with pytest.raises(InputError, match="must be an ordinary file"):
        load_boosts("boosts.parquet", BoostPolicy())


@pytest.mark.parametrize("way", ["/dev/stdin", "-", "<(cat export.csv)", "pipe.csv"])
def test_csv_may_come_through_a_pipe(way, export):
    os.mkfifo("pipe.csv")
    words = " ".join([*TRUSTSCORE, "score", way, "-o s.csv --scorecard minimal --quiet"])
    feed = "cat export.csv > pipe.csv & " if way == "pipe.csv" else "cat export.csv | "
    subprocess.run(["bash", "-c", feed + words], check=True, timeout=60)
    assert len(Path("s.csv").read_text().splitlines()) == 21


def test_parquet_that_is_replaced_while_it_is_opened_is_not_read(here, monkeypatch):
    write_market("a.parquet", 5, 1, "minimal", truth="t.csv")
    write_market("b.parquet", 6, 2, "minimal", truth="t.csv")
    import trustscore.io.parquet_reader as reader

    real = reader.pq.ParquetFile

    def swapped(path, **named):
        if os.path.exists("b.parquet"):
            os.replace("b.parquet", path)
        return real(path, **named)

    monkeypatch.setattr(reader.pq, "ParquetFile", swapped)
    with pytest.raises(InputError, match="was replaced or changed while it was opened"):
        score_files("a.parquet", "s.csv", scorecard="minimal")
    report = score_files("a.parquet", "s.csv", scorecard="minimal")
    digest = hashlib.sha256(Path("a.parquet").read_bytes()).hexdigest()
    assert report.manifest["inputs"][0]["sha256"] == digest


# --- manifests ---------------------------------------------------------------------------------


@pytest.mark.parametrize("end", [".csv", ".csv.gz", ".parquet"])
def test_a_manifest_holds_size_and_hash_of_each_output(end, export):
    with open("export.csv", "a") as file:
        file.write("bad,1,0,9,9,9,9,9,9,9\n")
    report = score_files(
        "export.csv", f"s{end}", scorecard="minimal", contributions=f"c{end}", rejects=f"r{end}"
    )
    facts = json.loads(Path(f"s{end}.manifest.json").read_text())
    assert facts == report.manifest
    for what, name in (("scores", "s"), ("contributions", "c"), ("rejects", "r")):
        data = Path(name + end).read_bytes()
        assert facts["outputs"][what] == {
            "path": name + end,
            "size": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
        }
    assert [one.fault for one in verify_manifest(f"s{end}.manifest.json")] == [""] * 4


def verified(manifest="s.csv.manifest.json", *more):
    done = CliRunner().invoke(group, ["check", "--manifest", manifest, *more])
    return done.exit_code, done.output


def test_a_manifest_tells_new_beside_old(export):
    score_files("export.csv", "s.csv", scorecard="minimal")
    assert verified() == (
        0,
        "input export.csv: as in the manifest\nscores s.csv: as in the manifest\n",
    )
    old = Path("s.csv").read_bytes()
    Path("s.csv").write_bytes(old[:-1] + b"?")
    assert verified()[0] == 2 and "scores s.csv: has other content" in verified()[1]
    Path("s.csv").write_bytes(old + b"?")
    assert f"scores s.csv: has {len(old) + 1} bytes, not {len(old)}" in verified()[1]
    Path("s.csv").unlink()
    assert "scores s.csv: No such file or directory" in verified()[1]
    os.mkfifo("s.csv")
    assert "scores s.csv: is no ordinary file" in verified()[1]
    fault = json.loads(verified("s.csv.manifest.json", "--json")[1])[1]
    assert fault == {"what": "scores", "path": "s.csv", "fault": "is no ordinary file"}


def test_files_that_moved_with_their_manifest_are_found(export):
    score_files(export / "export.csv", export / "s.csv", scorecard="minimal")
    shutil.copytree(".", "moved")
    Path("s.csv").unlink()
    assert verified("moved/s.csv.manifest.json")[0] == 0


@pytest.mark.parametrize(
    "text",
    ["{}", "[]", "[1", '{"outputs": 3}', '{"outputs": {"scores": {"path": 3}}}', '{"a":1,"a":2}']
    + ['{"inputs": [{"path": "e", "sha256": "0"}]}', '{"outputs": {"scores": "s.csv"}}'],
)
def test_what_is_no_manifest_is_refused(text, here):
    Path("m.json").write_text(text)
    with pytest.raises(InputError, match=r"m\.json"):
        verify_manifest("m.json")


def test_a_manifest_of_odd_names_has_faults(here):
    outputs = {name: {"path": name, "sha256": 3} for name in ("a\0b", "x" * 300, "/dev/zero", "")}
    Path("m.json").write_text(json.dumps({"outputs": outputs}).replace("\\u0000", "?"))
    assert all(one.fault for one in verify_manifest("m.json"))


def test_what_goes_to_a_pipe_is_hashed_too(export):
    done = subprocess.run(
        [*TRUSTSCORE, "score", "export.csv", "-o", "-", "--scorecard", "minimal", "--quiet"]
        + ["--manifest", "m.json"],
        capture_output=True,
        check=True,
    )
    facts = json.loads(Path("m.json").read_text())["outputs"]["scores"]
    digest = hashlib.sha256(done.stdout).hexdigest()
    assert facts == {"path": "-", "size": len(done.stdout), "sha256": digest}
