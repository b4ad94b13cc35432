"""``score --max-rejects``: one bad row does not stop a pipeline, many do."""

import json
import subprocess
import sys

import pytest

from trustscore.batch.files import score_files
from trustscore.batch.reject_limit import RejectLimit
from trustscore.commands.main import main
from trustscore.errors import InputError
from trustscore.scorecard import load_scorecard


@pytest.fixture
def export(tmp_path, monkeypatch):
    """Ten rows, of which two have a fault."""
    monkeypatch.chdir(tmp_path)
    names = [field.name for field in load_scorecard("minimal").fields]
    first = ["x" if at < 2 else "" for at in range(10)]
    rows = [",".join([f"m{at}", cell, *[""] * (len(names) - 1)]) for at, cell in enumerate(first)]
    path = tmp_path / "export.csv"
    path.write_text("\n".join([",".join(["merchant_id", *names]), *rows]) + "\n")
    return path


def run(*words):
    with pytest.raises(SystemExit) as stopped:
        main(["score", "export.csv", "--scorecard", "minimal", "--quiet", *words])
    return stopped.value.code


@pytest.mark.parametrize(
    ("limit", "code"),
    [("0", 3), ("1", 3), ("2", 0), ("9999", 0), ("19.9%", 3), ("20%", 0), ("100%", 0), ("0%", 3)],
)
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_the_exit_code_follows_the_limit(export, limit, code, jobs):
    assert run("-o", "out.csv", "--max-rejects", limit, "--jobs", jobs) == code
    facts = json.loads((export.parent / "out.csv.manifest.json").read_text())
    assert facts["max_rejects"] == {"limit": limit, "exceeded": code == 3}
    assert facts["rows"] == {"read": 10, "scored": 8, "rejected": 2}
    # The rejects are written whatever the limit.
    assert len((export.parent / "out.csv.rejects.csv").read_text().splitlines()) == 3


def test_without_a_limit_one_reject_is_said(export):
    assert run("-o", "out.csv") == 3
    facts = json.loads((export.parent / "out.csv.manifest.json").read_text())
    assert facts["max_rejects"] is None


@pytest.mark.parametrize(("limit", "code"), [("2", 0), ("10%", 3)])
def test_standard_input_and_output(export, limit, code):
    command = [sys.executable, "-m", "trustscore", "score", "-", "-o", "-", "--scorecard"]
    command += ["minimal", "--max-rejects", limit, "--manifest", "m.json"]
    done = subprocess.run(command, input=export.read_bytes(), capture_output=True, check=False)
    assert done.returncode == code and len(done.stdout.splitlines()) == 9
    assert json.loads((export.parent / "m.json").read_text())["max_rejects"]["limit"] == limit


@pytest.mark.parametrize("limit", ["", "-1", "x", "1.5", "101%", "%", "-1%", "1e3", "nan%", "٣"])
def test_what_is_no_limit(export, limit, capsys):
    assert run("-o", "out.csv", f"--max-rejects={limit}") == 2
    assert "--max-rejects: must be a number of rows" in capsys.readouterr().err
    assert not (export.parent / "out.csv").exists()


def test_strict_tolerates_nothing(export, capsys):
    assert run("-o", "out.csv", "--strict", "--max-rejects", "5") == 2
    assert "not both" in capsys.readouterr().err
    assert not (export.parent / "out.csv").exists()


def test_the_library_takes_rows_and_shares(export):
    done = score_files(export, "out.csv", scorecard="minimal", max_rejects=1)
    assert done.manifest["max_rejects"] == {"limit": "1", "exceeded": True}
    for wrong in (True, 1.5, -1, None.__class__):
        with pytest.raises(InputError, match="must be a number of rows"):
            score_files(export, "out.csv", scorecard="minimal", max_rejects=wrong)
    assert not RejectLimit.of("0%").exceeded(0, 0) and not RejectLimit.of(0).exceeded(0, 0)
    # A third of three is not more than a third: percentages are decimal, not binary.
    assert not RejectLimit.of("0.1%").exceeded(1, 1000)
