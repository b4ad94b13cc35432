"""`trustscore score`: the contract of its options, files and exit codes."""

import csv
import datetime as dt
import gzip
import hashlib
import json
import os
import pty
import re
import subprocess
import sys
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

import trustscore
from trustscore.commands.explain import command as explain_command
from trustscore.commands.main import main
from trustscore.commands.score import command
from trustscore.scorecard import load_scorecard

HEADER = (
    "merchant_id,negative_reviews,reviews_rated,product_rating_mean,complaints,orders_paid,"
    "orders_guaranteed,refunds_completed,aftersales_review_hours_mean,barred_identity_link_flag"
)
GOOD = "m1,8,80,4.7,1,100,60,10,2,0\nm2,0,20,5,,100,,10,1,0\n"
BAD = "m3,9,8,5,0,100,,10,1,0\nm1,,,,,,,,,\nm4,x,8,5,-1,100,,10,1,0\n"
CARD = load_scorecard("minimal")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.csv").write_text(f"{HEADER}\n{GOOD}")
    (tmp_path / "bad.csv").write_text(f"{HEADER}\n{GOOD}{BAD}")
    return tmp_path


def score(*arguments, code=0, scorecard="minimal"):
    with pytest.raises(SystemExit) as stop:
        main(["score", *map(str, arguments), "--scorecard", scorecard])
    assert stop.value.code == code
    return stop


def spawn(*arguments, **how):
    command = [sys.executable, "-m", "trustscore", "score", *map(str, arguments)]
    return subprocess.run([*command, "--scorecard", "minimal"], capture_output=True, **how)


def table(path="s.csv"):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def new_files(folder):
    return {path.name for path in folder.iterdir()} - {"good.csv", "bad.csv"}


def test_a_clean_export(folder, capsys):
    score("good.csv", "-o", "s.csv")
    assert new_files(folder) == {"s.csv", "s.csv.manifest.json"}
    assert capsys.readouterr() == ("", "")
    dimensions = [dimension.id for dimension in CARD.dimensions]
    with open("s.csv") as file:
        assert next(file).rstrip("\n").split(",") == [
            "merchant_id",
            "trust_index",
            "trust_index_lower",
            "trust_index_upper",
            "index_se",
            "prior_index",
            "tier",
            "status",
            "coverage",
            *dimensions,
            "rules",
            "veto",
            "trust_boost",
            "reasons",
            "scorecard",
        ]
    one, _ = table()
    assert one["scorecard"] == CARD.stamp
    assert one["rules"] == "guarantee_bonus"
    assert all(len(one[name].partition(".")[2]) == 4 for name in ("trust_index", *dimensions))
    assert len(one["trust_boost"].partition(".")[2]) == 8
    reasons = [reason.partition(":") for reason in one["reasons"].split(";")]
    assert 1 <= len(reasons) <= 3
    assert {name for name, _, _ in reasons} <= {signal.id for signal in CARD.signals}
    assert all(points.startswith("-") for _, _, points in reasons)


def test_rejects_are_listed_and_a_stale_list_goes(folder, capsys):
    score("bad.csv", "-o", "s.csv", code=3)
    assert "2 scored, 3 rejected, see s.csv.rejects.csv" in capsys.readouterr().err
    rejects = table("s.csv.rejects.csv")
    assert list(rejects[0]) == ["line", "merchant_id", "column", "value", "reason", "more", "raw"]
    assert [(r["line"], r["reason"].partition(":")[0], r["more"]) for r in rejects] == [
        ("4", "numerator_above_denominator", "0"),
        ("5", "repeated_id", "0"),
        ("6", "not_a_number", "1"),
    ]
    assert rejects[1]["reason"].endswith("on line 2")
    score("good.csv", "-o", "s.csv")
    assert new_files(folder) == {"s.csv", "s.csv.manifest.json"}


def test_a_list_of_rejects_that_was_asked_for_is_written_even_if_empty(folder):
    score("good.csv", "-o", "s.csv", "--rejects", "r.csv")
    assert table("r.csv") == []
    score("bad.csv", "-o", "s.csv", "--rejects", "r.parquet", code=3)
    found = pq.read_table("r.parquet")
    assert found.schema.names == ["line", "merchant_id", "column", "value", "reason", "more", "raw"]
    assert found["line"].to_pylist() == [4, 5, 6]


def test_strict_stops_at_the_first_fault_and_leaves_nothing(folder, capsys):
    for jobs in (1, 2):
        score(
            "bad.csv", "-o", "s.csv", "--strict", "--contributions", "c.csv", "--jobs", jobs, code=4
        )
        assert new_files(folder) == set()
        said = capsys.readouterr().err
        assert "line 4, merchant m3, column negative_reviews: more than its whole" in said
        assert "nothing was written (--strict)" in said
    score("good.csv", "-o", "s.csv", "--strict")


def test_wrong_use_is_2_and_writes_nothing(folder, capsys):
    (folder / "lacking.csv").write_text("merchant_id,complaint\nm1,3\n")
    (folder / "empty.csv").touch()
    cases = {
        ("lacking.csv", "-o", "s.csv"): "complaints: no such column, did you mean complaint?",
        ("empty.csv", "-o", "s.csv"): "empty.csv: is empty",
        ("absent.csv", "-o", "s.csv"): "absent.csv",
        ("good.csv",): "Missing option '-o'",
        ("good.csv", "-o", "good.csv"): "output good.csv: is also an input",
        ("good.csv", "-o", "./good.csv"): "is also an input",
        ("good.csv", "-o", "s.csv", "--rejects", "s.csv"): "rejects file s.csv: is also the output",
        (
            "good.csv",
            "-o",
            "s.csv",
            "--manifest",
            "good.csv",
        ): "manifest good.csv: is also an input",
        ("good.csv", "-o", "s.ods"): "output s.ods: must end in .csv, .csv.gz, .parquet or .xlsx",
        ("good.csv", "-o", "s.csv", "--keep", "shop"): "shop: no such column to keep",
        ("good.csv", "-o", "s.csv", "--keep", "tier"): "the output has columns of that name",
        ("good.csv", "-o", "s.csv", "--encoding", "rot13"): "no such encoding",
        ("good.csv", "-o", "s.csv", "--as-of", "yesterday"): "yesterday",
        ("good.csv", "-o", "s.csv", "--jobs", "0"): "0 is not in the range",
        ("-", "-", "-o", "s.csv"): "standard input (-) can be read only once",
    }
    for arguments, says in cases.items():
        score(*arguments, code=2)
        assert says in capsys.readouterr().err, arguments
        assert new_files(folder) == {"lacking.csv", "empty.csv"}, arguments
    score("good.csv", "-o", "s.csv", scorecard="minimall", code=2)
    assert "minimall: no such file and no preset of that name" in capsys.readouterr().err


def test_a_link_to_the_input_is_the_input(folder):
    os.symlink("good.csv", "link.csv")
    os.link("good.csv", "hard.csv")
    for name in ("link.csv", "hard.csv"):
        score("good.csv", "-o", name, code=2)
    assert (folder / "good.csv").read_text().startswith(HEADER)


def test_a_failing_machine_is_1(folder, capsys):
    score("good.csv", "-o", "nowhere/s.csv", code=1)
    assert "nowhere/s.csv: No such file or directory" in capsys.readouterr().err


def test_columns_that_were_not_collected(folder, capsys):
    (folder / "part.csv").write_text("merchant_id,complaints,orders_paid\nm1,1,400\n")
    score("part.csv", "-o", "s.csv", code=2)
    assert "--allow-missing-columns" in capsys.readouterr().err
    score("part.csv", "-o", "s.csv", "--allow-missing-columns")
    facts = json.loads((folder / "s.csv.manifest.json").read_text())
    assert "reviews_rated" in facts["missing_columns"]
    [one] = table()
    assert one["social_reputation"] == ""
    assert one["trust_index"] == one["after_sales"]


def test_the_manifest(folder):
    score("bad.csv", "-o", "s.csv", "--as-of", "2026-03-01", code=3)
    facts = json.loads((folder / "s.csv.manifest.json").read_text())
    data = (folder / "bad.csv").read_bytes()
    assert facts["inputs"] == [
        {
            "path": "bad.csv",
            "size": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
            "encoding": "ascii",
        }
    ]
    assert facts["rows"] == {"read": 5, "scored": 2, "rejected": 3}
    assert facts["rejected"] == {
        "not_a_number": 1,
        "numerator_above_denominator": 1,
        "repeated_id": 1,
    }
    assert (facts["version"], facts["as_of"]) == (trustscore.__version__, "2026-03-01")
    assert facts["scorecard"]["stamp"] == CARD.stamp
    assert facts["scorecard"]["sha256"] == CARD.sha256
    assert facts["withheld"] == {"complaint_rate": 1}
    assert facts["status"]["formal"] == {"rows": 2, "share": 1.0}
    assert sum(tier["share"] for tier in facts["tier"].values()) == 1
    assert facts["coverage"]["mean"] == pytest.approx(
        sum(float(r["coverage"]) for r in table()) / 2, abs=1e-4
    )
    assert facts["trust_index"]["least"] <= facts["trust_index"]["p50"] <= 100
    assert facts["seconds"] > 0
    assert dt.datetime.fromisoformat(facts["started"]).utcoffset() == dt.timedelta(0)
    for what, name in (("scores", "s.csv"), ("rejects", "s.csv.rejects.csv")):
        data = (folder / name).read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        assert facts["outputs"][what] == {"path": name, "size": len(data), "sha256": digest}
    assert facts["outputs"]["contributions"] is None


def test_blanks_are_counted_by_signal(folder):
    (folder / "b.csv").write_text(f"{HEADER}\nm1,,,,,50,,,,\nm2,,,,0,50,,,,0\n")
    score("b.csv", "-o", "s.csv", "--manifest", "facts.json")
    assert json.loads((folder / "facts.json").read_text())["blanks"] == {
        "product_negative_review_rate": 2,
        "product_rating_mean": 2,
        "complaint_rate": 1,
        "aftersales_review_hours_mean": 2,
        "barred_identity_link_flag": 1,
    }


def test_two_runs_differ_in_the_clock_of_the_manifest_only(folder):
    for name in ("one", "two"):
        score("bad.csv", "-o", f"{name}.csv.gz", "--contributions", f"{name}.c.csv.gz", code=3)
    for end in (".csv.gz", ".c.csv.gz", ".csv.gz.rejects.csv"):
        assert (folder / f"one{end}").read_bytes() == (folder / f"two{end}").read_bytes()
    assert gzip.decompress((folder / "one.csv.gz").read_bytes()).startswith(b"merchant_id,")


def test_columns_kept(folder):
    (folder / "k.csv").write_text(
        f'Shop Name,{HEADER},note\n"a, b",m1{"," * 9},=1\n乐,m2{"," * 9},\n'
    )
    score("k.csv", "-o", "s.csv", "--keep", "note,shop_name,note")
    assert list(table()[0])[-2:] == ["note", "shop_name"]
    assert [(r["shop_name"], r["note"]) for r in table()] == [("a, b", "'=1"), ("乐", "")]
    score("k.csv", "-o", "s.parquet", "--keep", "note,shop_name")
    assert pq.read_table("s.parquet")["note"].to_pylist() == ["=1", ""]


def test_parquet_holds_plain_strings_and_unrounded_numbers(folder):
    score("good.csv", "-o", "s.parquet")
    found = pq.read_table("s.parquet")
    assert {field.type for field in found.schema} == {pa.string(), pa.float64()}
    score("good.csv", "-o", "s.csv")
    exact = found["trust_index"].to_pylist()
    assert [f"{value:.4f}" for value in exact] == [r["trust_index"] for r in table()]
    assert any(round(value, 4) != value for value in exact)
    pq.write_table(pa.table({"merchant_id": [1, 2]}), "ids.parquet")
    score("ids.parquet", "-o", "i.csv", "--allow-missing-columns")
    assert [r["merchant_id"] for r in table("i.csv")] == ["1", "2"]


def test_an_id_that_is_no_number_is_missing(folder):
    ids = {"floats": [1.0, float("nan"), None, 2.0], "halves": [1.5, float("nan"), 7.0, 2.0]}
    for name, values in ids.items():
        pq.write_table(pa.table({"merchant_id": pa.array(values)}), f"{name}.parquet")
        score(f"{name}.parquet", "-o", "s.csv", "--allow-missing-columns", code=3)
        assert {r["reason"].partition(":")[0] for r in table("s.csv.rejects.csv")} == {"missing_id"}
        assert "nan" not in [r["merchant_id"] for r in table()]


def test_damaged_pages_name_their_file(folder, capsys):
    ids = [f"m{n:05d}" for n in range(20_000)]
    pq.write_table(pa.table({"merchant_id": ids}), "e.parquet", compression="snappy")
    data = bytearray((folder / "e.parquet").read_bytes())
    for place in range(5, len(data) // 2, 7):
        data[place] ^= 0xA5
    (folder / "e.parquet").write_bytes(data)
    for jobs in (1, 2):
        score("e.parquet", "-o", "s.csv", "--allow-missing-columns", "--jobs", jobs, code=2)
        assert "e.parquet: damaged Parquet file" in capsys.readouterr().err
        assert not (folder / "s.csv").exists()


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_previous_tier_that_is_none_is_counted_and_said(jobs, folder, capsys):
    rows = ["m1", "m2", "m3", "m4", "m5", "m1", "m6"]
    tiers = ["gold", " Trusted ", "", "N/A", "goldd", "gold", "trusted"]
    body = "".join(f"{m},0,400,5,0,400,,90,1,0,{t}\n" for m, t in zip(rows, tiers, strict=True))
    (folder / "t.csv").write_text(f"{HEADER},previous_tier\n{body}")
    score("t.csv", "-o", "s.csv", "--jobs", jobs, code=3)
    facts = json.loads((folder / "s.csv.manifest.json").read_text())
    assert facts["unknown_previous_tier"] == 2
    said = capsys.readouterr().err
    assert "previous_tier: 2 rows name no tier of this scorecard (limited, standard, trus" in said
    held = {r["merchant_id"]: r["tier"] for r in table()}
    assert held["m2"] == held["m6"]
    score("t.csv", "-o", "s.csv", "--jobs", jobs, "--quiet", code=3)
    assert capsys.readouterr().err == ""


def test_an_encoding_that_was_found_out_is_said(folder, capsys):
    header, *lines = (folder / "good.csv").read_text().splitlines()
    text = "\n".join([f"{header},note", *(f"{line},乐" for line in lines)])
    for encoding, note in (("gb18030", True), ("utf-8", False), ("utf-16", False)):
        (folder / "e.csv").write_bytes(text.encode(encoding))
        score("e.csv", "-o", "s.csv")
        says = "e.csv: is not UTF-8 and was read as gb18030; --encoding says otherwise\n"
        assert capsys.readouterr().err == (says if note else "")
    (folder / "e.csv").write_bytes(text.encode("gb18030"))
    score("e.csv", "-o", "s.csv", "--encoding", "gb18030")
    assert capsys.readouterr().err == ""
    # Quiet or not: the results may not be what they seem.
    score("e.csv", "-o", "s.csv", "--quiet")
    assert capsys.readouterr().err == says
    score("e.csv", "-o", "strict.csv", "--strict", code=4)
    assert "gb18030 is a guess; give the `encoding`" in capsys.readouterr().err
    assert not (folder / "strict.csv").exists()


def test_no_rows_is_a_table_without_rows(folder):
    (folder / "none.csv").write_text(HEADER)
    for name in ("s.csv", "s.csv.gz", "s.parquet"):
        score("none.csv", "-o", name, "--contributions", f"c.{name[2:]}")
    assert table() == []
    assert pq.read_table("s.parquet").num_rows == 0
    assert json.loads((folder / "s.csv.manifest.json").read_text())["rows"]["read"] == 0


def test_as_of_holds_the_minimum_stay(folder, repository):
    text = (repository / "configs" / "minimal.toml").read_text(encoding="utf-8")
    (folder / "stay.toml").write_text(
        text.replace("[tiers]\n", "[tiers]\nminimum_stay_days = 30\n"), encoding="utf-8"
    )
    (folder / "t.csv").write_text(
        f"{HEADER},previous_tier,tier_since\nm1,0,400,5,0,400,,90,1,0,standard,2026-02-20\n"
    )
    tiers = []
    for day in ("2026-03-01", "2026-06-01"):
        score("t.csv", "-o", "s.csv", "--as-of", day, scorecard="stay.toml")
        tiers.append(table()[0]["tier"])
    assert tiers == ["standard", "trusted"]


def test_pipes_on_both_ends(folder):
    done = spawn("-", "-o", "-", input=(folder / "bad.csv").read_bytes())
    assert done.returncode == 3
    assert b"listed nowhere: --rejects FILE" in done.stderr
    score("bad.csv", "-o", "s.csv", "--quiet", code=3)
    assert done.stdout == (folder / "s.csv").read_bytes()
    zipped = gzip.compress((folder / "good.csv").read_bytes())
    done = spawn("-", "-o", "-", "--manifest", "m.json", input=zipped)
    assert (done.returncode, done.stderr) == (0, b"")
    facts = json.loads((folder / "m.json").read_text())
    assert facts["inputs"][0]["sha256"] == hashlib.sha256(zipped).hexdigest()
    assert new_files(folder) >= {"m.json"} and not (folder / "-").exists()


@pytest.mark.slow
def test_strict_writes_nothing_to_a_pipe_either(folder):
    rows = "".join(f"x{n}{',' * 9}\n" for n in range(60_000))
    (folder / "late.csv").write_text(f"{HEADER}\n{rows}{BAD}")
    done = spawn("late.csv", "-o", "-", "--strict")
    assert (done.returncode, done.stdout) == (4, b"")
    assert b"nothing was written (--strict)" in done.stderr
    done = spawn("late.csv", "-o", "-", "--quiet")
    (folder / "late.csv").write_text(f"{HEADER}\n{rows}")
    again = spawn("late.csv", "-o", "-", "--strict")
    assert again.returncode == 0
    assert done.stdout.startswith(again.stdout)
    assert again.stdout.count(b"\n") == 60_001


@pytest.mark.slow
def test_wrong_columns_write_no_header_to_a_pipe(folder):
    (folder / "lacking.csv").write_text("merchant_id,complaint\nm1,3\n")
    done = spawn("lacking.csv", "-o", "-")
    assert (done.returncode, done.stdout) == (2, b"")
    done = spawn("good.csv", "lacking.csv", "-o", "-")
    assert done.returncode == 2
    assert done.stdout.count(b"\n") == 3
    assert b"what was written to standard output before is incomplete" in done.stderr
    done = spawn("good.csv", "lacking.csv", "-o", "s.csv")
    assert b"incomplete" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("strict", ["", "--strict"])
@pytest.mark.parametrize("form", ["-o >(cat > s.csv; touch done)", "-o /dev/stdout | cat > s.csv"])
def test_a_pipe_by_its_path(form, strict, folder):
    command = f"{sys.executable} -m trustscore score good.csv --scorecard minimal {strict} {form}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    for _ in range(100 * ("done" in form)):
        if (folder / "done").exists():
            break
        time.sleep(0.1)
    score("good.csv", "-o", "p.csv")
    assert (folder / "s.csv").read_bytes() == (folder / "p.csv").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize(("closed", "says"), [("<&-", "input"), (">&-", "output")])
def test_a_closed_end_is_said(closed, says, folder):
    command = f"{sys.executable} -m trustscore score - --scorecard minimal -o - < good.csv {closed}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == f"trustscore: standard {says} (-) is closed: name a file instead\n"


def test_the_scorecard_is_not_overwritten(folder, repository):
    text = (repository / "configs" / "minimal.toml").read_text(encoding="utf-8")
    (folder / "my.toml").write_text(text, encoding="utf-8")
    for option in ("--manifest", "-o", "--rejects"):
        out = () if option == "-o" else ("-o", "s.csv")
        score("good.csv", *out, option, "./my.toml", scorecard="my.toml", code=2)
        assert (folder / "my.toml").read_text(encoding="utf-8") == text


@pytest.mark.slow
def test_a_reader_that_goes_away_is_no_traceback(folder):
    rows = "".join(f"x{n}{',' * 9}\n" for n in range(20_000))
    (folder / "long.csv").write_text(f"{HEADER}\n{rows}")
    command = f"{sys.executable} -m trustscore score long.csv --scorecard minimal -o - | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("merchant_id,")
    assert done.stderr == ""


def test_several_files_of_several_formats(folder):
    (folder / "two.csv.gz").write_bytes(
        gzip.compress(f"{HEADER}\nm1{',' * 9}\nn{',' * 9}\n".encode())
    )
    score("good.csv", "two.csv.gz", "-o", "s.csv", code=3)
    assert [r["merchant_id"] for r in table()] == ["m1", "m2", "n"]
    [reject] = table("s.csv.rejects.csv")
    assert (reject["file"], reject["line"]) == ("two.csv.gz", "2")
    assert reject["reason"].endswith("on line 2 of good.csv")


# --- the terminal --------------------------------------------------------------------------


def on_a_terminal(*arguments):
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "trustscore", "score", *arguments, "--scorecard", "minimal"]
    done = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    said = b""
    while True:
        try:
            data = os.read(ours, 4096)
        except OSError:
            break
        if not data:
            break
        said += data
    os.close(ours)
    assert done.wait() == 0
    return said.decode()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["long.csv", "long.csv.gz"])
def test_progress_on_a_terminal(name, folder):
    rows = "".join(f"x{n}{',' * 9}\n" for n in range(400_000))
    data = f"{HEADER}\n{rows}".encode()
    (folder / name).write_bytes(gzip.compress(data, 1) if name.endswith("gz") else data)
    said = on_a_terminal(name, "-o", "s.csv")
    assert "rows/s" in said
    assert "%" in said
    assert ":" in said  # the time left
    assert "400,000 scored, 0 rejected" in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", said)
    assert on_a_terminal(name, "-o", "s.csv", "--quiet") == ""


def test_a_part_of_the_scorecard_is_said_and_gives_no_formal_status(tmp_path):
    export = tmp_path / "export.csv"
    rows = "a,0,4000,4000\nb,1,4000,4000\nc,x,9,9\n"
    export.write_text(
        f"merchant_id,quality_return_orders,orders_delivered,orders_paid\n{rows}", encoding="utf-8"
    )
    out = tmp_path / "scores.csv"
    found = CliRunner().invoke(command, [str(export), "-o", str(out), "--allow-missing-columns"])
    assert "WARNING: 1 of 90 signals were collected, 3% of the weight" in found.stderr
    assert "and no merchant is formal" in found.stderr
    assert "1 rejected, see" in found.stderr
    assert "; all not_a_number" in found.stderr
    lines = out.read_text(encoding="utf-8").splitlines()
    place = lines[0].split(",").index("status")
    assert [line.split(",")[place] for line in lines[1:]] == ["low_evidence", "low_evidence"]
    asked = [str(export), "--id", "a", "--allow-missing-columns"]
    found = CliRunner().invoke(explain_command, asked)
    assert found.stderr.startswith("WARNING: 1 of 90 signals were collected, 3% of the weight")
    assert CliRunner().invoke(explain_command, [*asked, "--quiet"]).stderr == ""


def test_a_scorecard_that_asks_for_no_coverage_is_named(tmp_path):
    export = tmp_path / "export.csv"
    export.write_text("merchant_id,negative_reviews,reviews_rated\na,1,50\n", encoding="utf-8")
    asked = [str(export), "-o", str(tmp_path / "s.csv"), "--allow-missing-columns"]
    found = CliRunner().invoke(command, [*asked, "--scorecard", "minimal"])
    assert "1 of 5 signals were collected, 25% of the weight" in found.stderr
    assert "may be formal, as status.low_evidence of the scorecard asks for no" in found.stderr
