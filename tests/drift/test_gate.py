"""The gate: lines by hand, noise, files of scores, faults of lines."""

import csv
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

from trustscore.commands.main import main
from trustscore.drift import Moments, Run, check_run, load_lines, parse_lines
from trustscore.drift.files import gate_files
from trustscore.errors import InputError
from trustscore.scorecard import load_scorecard
from trustscore.simulate import simulate_export

ROOT = Path(__file__).resolve().parent.parent.parent
MINIMAL = ("--scorecard", "minimal")


def run(*words):
    with pytest.raises(SystemExit) as stopped:
        main([str(word) for word in words])
    return stopped.value.code


def moments(values, about=0.0):
    found = Moments(about)
    found.add(np.asarray(values, dtype=float))
    return found


def hundred(rejected=0, index=60.0, good=30):
    """A hundred merchants whose mean index has a standard error of 1."""
    spread = np.sqrt(99.0)
    return Run(
        100,
        rejected,
        moments(index + spread * np.tile([-1.0, 1.0], 50), 50.0),
        moments(np.full(100, 0.5)),
        {"good": good, "poor": 100 - good},
        {"formal": 100},
    )


def verdicts(lines, now=None, before=None):
    gate = check_run(now or hundred(), parse_lines(lines), before)
    return {check.name: check.verdict for check in gate.checks}


def test_a_line_by_hand():
    gate = check_run(hundred(index=58.5), parse_lines({"noise": 2, "index": {"least": 60}}))
    [check] = gate.checks
    assert check.value == pytest.approx(58.5) and check.noise == pytest.approx(1.0)
    assert check.beyond == pytest.approx(1.5) and check.verdict == "warning"
    assert not gate.failed and gate.warnings == [check]
    assert verdicts({"index": {"least": 60}}, hundred(index=58.5)) == {"index.least": "fails"}
    far = verdicts({"noise": 2, "index": {"least": 60}}, hundred(index=57.9))
    assert far == {"index.least": "fails"}
    assert verdicts({"index": {"least": 60, "most": 60}}, hundred(index=60.0)) == {
        "index.least": "holds",
        "index.most": "holds",
    }


def test_shares_rows_and_rejects():
    now = hundred(rejected=5)
    assert verdicts({"rejects": {"most": 0.05}}, now) == {"rejects.most": "holds"}
    assert verdicts({"rejects": {"most": 0.04}}, now) == {"rejects.most": "fails"}
    # Of 105 rows 4 % have a standard error of 1.9 points.
    assert verdicts({"noise": 1, "rejects": {"most": 0.04}}, now) == {"rejects.most": "warning"}
    assert verdicts({"noise": 9, "rejects": {"most": 0.0}}, now) == {"rejects.most": "fails"}
    assert verdicts({"rows": {"least": 101}}) == {"rows.least": "fails"}
    lines = {"coverage": {"most": 0.5}, "status": {"formal": {"least": 1}}}
    assert set(verdicts(lines).values()) == {"holds"}


def test_changes_from_a_reference():
    lines = {"index": {"change": 2}, "tiers": {"good": {"change": 0.1}}}
    assert set(verdicts(lines, hundred(), hundred()).values()) == {"holds"}
    moved = verdicts(lines, hundred(index=57, good=45), hundred())
    assert moved == {"index.change": "fails", "tiers.good.change": "fails"}
    up = verdicts(lines, hundred(index=63, good=15), hundred())
    assert up == {"index.change": "fails", "tiers.good.change": "fails"}
    # Both means have an error of 1, so 3 points are 1 beyond and within 1.4.
    near = verdicts({"noise": 1, **lines}, hundred(index=63, good=34), hundred())
    assert near == {"index.change": "warning", "tiers.good.change": "holds"}


def test_what_nobody_knows_fails():
    nobody = Run(3, 0, moments([np.nan] * 3), moments([np.nan] * 3), {"": 3}, {"not_scored": 3})
    assert verdicts({"noise": 10, "index": {"least": 0}}, nobody) == {"index.least": "fails"}
    one = Run(1, 0, moments([50.0]), moments([0.5]), {"good": 1}, {"formal": 1})
    assert verdicts({"noise": 10, "index": {"least": 51}}, one) == {"index.least": "fails"}
    with pytest.raises(InputError, match="do not say how many rows"):
        check_run(Run(3, None), parse_lines({"rejects": {"most": 0.1}}))
    with pytest.raises(InputError, match="needs a reference"):
        check_run(hundred(), parse_lines({"index": {"change": 1}}))


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ({}, "has no line"),
        ({"noise": 2}, "has no line"),
        ({"index": {}}, "index: must have at least one of least, most, change"),
        ({"index": {"lest": 3}}, "index.lest: unknown key, did you mean least?"),
        ({"indexx": {"least": 3}}, "indexx: unknown key, did you mean index?"),
        ({"index": {"least": 3, "most": 2}}, "index: least must be at most most"),
        ({"index": {"least": "much"}}, "index.least: must be a valid number"),
        ({"tiers": {"good": {"most": 40}}}, "tiers.good.most: must be less than or equal to 1"),
        ({"tiers": {"good": 1}}, "tiers.good: must be a table of keys. Got 1"),
        ({"status": {"formall": {"most": 1}}}, "formal"),
        ({"drift": {"verdict": "hugely"}}, "drift.verdict: must be"),
        ({"drift": {"looks": 2}}, "drift: must have at least one of verdict, psi, points, of"),
        ({"rejects": {"most": float("nan")}}, "rejects.most"),
        ({"noise": -1, "rows": {"least": 1}}, "noise: must be greater than or equal to 0"),
    ],
)
def test_faults_of_lines(lines, said):
    with pytest.raises(InputError) as error:
        parse_lines(lines)
    assert said in str(error.value)


def test_all_faults_at_once(tmp_path, capsys):
    lines = tmp_path / "lines.toml"
    lines.write_text("[index]\nlest = 3\nmost = 'x'\n[rejects]\nmost = 2\n")
    assert run("gate", lines, "--lines", lines) == 2
    said = capsys.readouterr().err
    assert "has 3 faults" in said and "lest" in said and "rejects.most" in said
    lines.write_text("[index\n")
    assert run("gate", lines, "--lines", lines) == 2
    assert "is not TOML" in capsys.readouterr().err
    with pytest.raises(InputError, match="No such file"):
        load_lines(tmp_path / "none.toml")


def test_the_example_lines_are_sound():
    lines = load_lines(ROOT / "examples/lines.toml")
    assert lines.noise == 2 and lines.drift.verdict == "moderate"
    said = (ROOT / "examples/lines.toml").read_text("utf-8")
    assert tomllib.loads(said).keys() <= type(lines).model_fields.keys()


def test_every_key_says_what_it_is(capsys):
    assert run("schema", "--of", "lines") == 0
    schema = json.loads(capsys.readouterr().out)
    parts = {"Lines": schema, **schema["$defs"]}
    assert len(parts) >= 7
    for name, part in parts.items():
        for key, said in part["properties"].items():
            assert said["description"].endswith("."), (name, key)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = simulate_export(1000, scorecard="minimal", seed=4)
    path = tmp_path_factory.mktemp("gate")
    halves = {"old": made.rows(0, 500), "new": made.rows(500, 1000)}
    bad = {name: values.copy() for name, values in halves["new"].items()}
    bad["complaints"] = np.minimum(bad["complaints"] * 3 + 4, bad["orders_paid"])
    for name, columns in {**halves, "bad": bad}.items():
        with open(path / f"{name}.csv", "w", encoding="utf-8", newline="") as file:
            out = csv.writer(file, lineterminator="\n")
            out.writerow(list(columns))
            for row in zip(*columns.values(), strict=True):
                out.writerow(["" if v is None or v != v else v for v in row])
    (path / "lines.toml").write_text(
        "[rows]\nleast = 400\n[rejects]\nmost = 0.01\n[index]\nchange = 2\n[drift]\n"
        "verdict = 'moderate'\n[drift.of.complaint_rate]\npoints = 1\npsi = 0.2\n"
    )
    (path / "plain.toml").write_text(
        "[rejects]\nmost = 0.01\n[index]\nleast = 20\nchange = 2\n[coverage]\nleast = 0.1\n"
        "[status.formal]\nleast = 0.05\n"
    )
    return path


def test_a_gate_fails_on_planted_drift_and_says_by_how_much(folder, capsys):
    words = ("--lines", folder / "lines.toml", "--reference", folder / "old.csv", *MINIMAL)
    assert run("gate", folder / "new.csv", *words) == 0
    assert "lines hold (0 crossed within noise)" in capsys.readouterr().out
    assert run("gate", folder / "bad.csv", *words, "--json") == 5
    facts = json.loads(capsys.readouterr().out)
    assert not facts["passed"] and facts["failed"] >= 2
    found = {check["line"]: check for check in facts["checks"]}
    assert found["drift.of.complaint_rate.points"]["beyond"] > 0
    assert found["drift.of.complaint_rate.psi"]["verdict"] == "fails"
    assert found["rejects.most"]["verdict"] == "holds"
    # Quiet or not, what fails is said.
    assert run("gate", folder / "bad.csv", *words, "--quiet") == 5
    assert "FAILS" in capsys.readouterr().out
    assert run("gate", folder / "bad.csv", *words, "--lang", "zh") == 5
    assert "不通过" in capsys.readouterr().out


def test_scores_are_held_against_lines_like_their_export(folder, tmp_path, capsys):
    for name in ("old", "new"):
        out = tmp_path / f"{name}-scores.csv"
        assert run("score", folder / f"{name}.csv", *MINIMAL, "-o", out, "--quiet") == 0
    by_export = gate_files(
        folder / "new.csv",
        folder / "plain.toml",
        reference=folder / "old.csv",
        scorecard="minimal",
    )
    by_scores = gate_files(
        tmp_path / "new-scores.csv",
        folder / "plain.toml",
        reference=tmp_path / "old-scores.csv",
        scorecard="minimal",
    )
    assert len(by_export.checks) == 5
    for one, other in zip(by_export.checks, by_scores.checks, strict=True):
        assert (one.name, one.verdict) == (other.name, other.verdict)
        assert one.value == pytest.approx(other.value, abs=1e-3)
    words = ("--lines", folder / "plain.toml")
    scores = tmp_path / "new-scores.csv"
    reference = ("--reference", folder / "old.csv")
    assert run("gate", scores, *words, "--reference", tmp_path / "old-scores.csv") == 2
    assert "say which by --scorecard" in capsys.readouterr().err
    assert run("gate", scores, folder / "old.csv", *words, *reference, *MINIMAL) == 2
    assert "give files of one kind" in capsys.readouterr().err
    Path(f"{scores}.manifest.json").unlink()
    assert run("gate", scores, *words, *reference, *MINIMAL) == 2
    assert "leave their manifest beside them" in capsys.readouterr().err
    drift = ("--lines", folder / "lines.toml")
    assert run("gate", tmp_path / "old-scores.csv", *drift, *reference, *MINIMAL) == 2
    assert "needs the exports of the run" in capsys.readouterr().err


def test_rejected_rows_are_a_line(folder, tmp_path, capsys):
    text = (folder / "new.csv").read_text("utf-8").splitlines()
    card = load_scorecard("minimal")
    assert len(text) == 501 and card.fields
    few = tmp_path / "few.csv"
    cells = [line.split(",") for line in text]
    at = cells[0].index("complaints")
    for row in cells[1:8]:
        row[at] = "x"
    few.write_text("\n".join(",".join(row) for row in cells) + "\n", encoding="utf-8")
    words = ("--lines", folder / "plain.toml", "--reference", folder / "old.csv", *MINIMAL)
    assert run("gate", few, *words, "--json") == 5
    facts = json.loads(capsys.readouterr().out)
    assert [c["line"] for c in facts["checks"] if c["verdict"] == "fails"] == ["rejects.most"]
    assert facts["checks"][0]["value"] == pytest.approx(7 / 500)


def test_names_that_the_scorecard_does_not_know(folder, tmp_path, capsys):
    lines = tmp_path / "lines.toml"
    lines.write_text(
        "[tiers.trustd]\nmost = 1\n[drift]\npsi = 1\nleave_out = ['complaint_rat', 'regoin']\n"
        "[drift.of.tier]\npoints = 1\n"
    )
    assert run("gate", folder / "new.csv", "--lines", lines, "--columns", "region") == 2
    said = capsys.readouterr().err
    assert "did you mean trusted?" in said and "did you mean region?" in said
    assert "only a signal moves points" in said and "needs a --reference" in said
    empty = tmp_path / "empty.csv"
    empty.write_text((folder / "new.csv").read_text("utf-8").splitlines()[0] + "\n")
    words = ("--lines", folder / "plain.toml", *MINIMAL)
    assert run("gate", empty, *words, "--reference", folder / "old.csv") == 2
    assert "empty.csv: has no rows" in capsys.readouterr().err
    assert run("gate", folder / "new.csv", *words, "--reference", empty) == 2
    assert "empty.csv: has no rows" in capsys.readouterr().err
    assert run("gate", "-", *words, "--reference", "-") == 2


@pytest.mark.slow
def test_exports_and_scores_are_told_apart_by_their_columns(folder, tmp_path, capsys):
    scores = tmp_path / "scores.csv"
    assert run("score", folder / "new.csv", *MINIMAL, "-o", scores, "--quiet") == 0
    data = load_scorecard("minimal").file.model_dump(mode="json", exclude_defaults=True)
    data["columns"] = {"merchant_id": "shop", "complaints": "moans"}
    card = tmp_path / "mine.json"
    card.write_text(json.dumps(data))
    # An export in other names, with the scores of last month beside its columns.
    with open(folder / "new.csv", encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    header = [{"merchant_id": "shop", "complaints": "moans"}.get(name, name) for name in header]
    old = ["trust_index", "coverage", "status", "scorecard"]
    named = tmp_path / "named.csv"
    with open(named, "w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow([*header, *old])
        out.writerows([*row, "1", "0", "new", "old@1:0"] for row in rows)
    words = ("--lines", folder / "lines.toml", "--reference")
    assert run("gate", named, *words, named, "--scorecard", card) == 0
    assert "All 6 lines hold" in capsys.readouterr().out
    # A pipe is read once.
    command = [sys.executable, "-m", "trustscore", "gate", "/dev/stdin", *MINIMAL]
    command += ["--lines", str(folder / "lines.toml"), "--reference", str(folder / "old.csv")]
    given = (folder / "new.csv").read_bytes()
    done = subprocess.run(command, input=given, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert b"lines hold" in done.stdout
    command[4] = "-"
    assert subprocess.run(command, input=given, capture_output=True, check=False).returncode == 0
