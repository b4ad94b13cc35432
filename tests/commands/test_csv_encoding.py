"""``--csv-encoding utf-8-sig``: every CSV begins with the mark, and is read back the same."""

import codecs
import csv
import gzip
import json

import click
import pytest
from click.testing import CliRunner

from trustscore.commands.main import group
from trustscore.errors import InputError
from trustscore.io.atomic_files import csv_encoding, write_columns

MARK = codecs.BOM_UTF8
IDS = ["乐高旗舰店", "é", "=1+1"]
DAY = ["--scorecard", "minimal", "--allow-missing-columns"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with open("export.csv", "w", encoding="utf-8", newline="") as file:
        rows = [[name, 9, 400, 4.6] for name in (*IDS, "bad")]
        rows[-1][1] = "many"
        head = ["merchant_id", "negative_reviews", "reviews_rated", "product_rating_mean"]
        csv.writer(file).writerows([head, *rows])
    with open("candidates.csv", "w", encoding="utf-8-sig", newline="") as file:
        head = ["query_id", "item_id", "merchant_id", "relevance"]
        rows = [["q", at, name, 1 - at / 10] for at, name in enumerate(IDS)]
        csv.writer(file).writerows([head, *rows])
    return tmp_path


def run(*words, mark=True, codes=(0, 3)):
    words = [*words, "--csv-encoding", "utf-8-sig"] if mark else [*words]
    done = CliRunner().invoke(group, words, standalone_mode=False)
    assert done.exception is None, done.exception
    assert (done.return_value or 0) in codes, done.output
    return done


def test_every_csv_has_the_mark_once_and_is_else_the_same(folder):
    commands = [
        ["score", "export.csv", *DAY, "-o", "scores.csv", "--contributions", "parts.csv"],
        ["score", "export.csv", *DAY, "-o", "packed.csv.gz"],
        ["compare", "export.csv", "export.csv", *DAY, "-o", "moved.csv"],
        ["drift", "export.csv", "export.csv", *DAY, "-o", "drift.csv"],
        ["boost", "candidates.csv", "--scores", "scores.csv", "-o", "ranked.csv"],
    ]
    for words in commands:
        run(*words, mark=False)
    plain = {path.name: path.read_bytes() for path in folder.glob("*.csv*")}
    for words in commands:
        run(*words)
    written = {path.name: path.read_bytes() for path in folder.glob("*.csv*")}
    tables = {name for name in written if not name.endswith(".json")}
    tables -= {"export.csv", "candidates.csv"}
    assert len(tables) == 8, tables
    for name in tables:
        was, now = plain[name], written[name]
        if name.endswith(".gz"):
            was, now = gzip.decompress(was), gzip.decompress(now)
        assert now == MARK + was, name
    assert json.loads((folder / "scores.csv.manifest.json").read_text(encoding="utf-8"))


def test_it_is_read_back_by_every_reader_of_it(folder):
    run("score", "export.csv", *DAY, "-o", "scores.csv", "--contributions", "parts.csv")
    words = ["boost", "candidates.csv", "--scores", "scores.csv", "--csv-encoding", "utf-8"]
    said = run(*words, "-o", "ranked.csv", mark=False).output
    assert "0 of merchants without a score" in said
    said = run("compare", "parts.csv", "parts.csv", "--scorecard", "minimal", "--contributions",
               "-o", "moved.csv").output  # fmt: skip
    assert "乐高旗舰店" in (folder / "moved.csv").read_text(encoding="utf-8-sig")
    run("rights", "scores.csv", "--scorecard", "minimal", "--previous", "scores.csv", "-o", "r.csv")
    run("rights", "scores.csv", "--scorecard", "minimal", "--previous", "r.csv", "-o", "s.csv")
    assert "\ufeff" not in (folder / "s.csv").read_text(encoding="utf-8-sig")


def test_standard_output_and_the_next_command(folder):
    done = run("score", "export.csv", *DAY, "-o", "-", "--quiet")
    assert done.stdout_bytes.startswith(MARK + b"merchant_id,")
    done = run("score", "export.csv", *DAY, "-o", "-", "--quiet", mark=False)
    assert done.stdout_bytes.startswith(b"merchant_id,")


def test_every_command_that_writes_tables_has_it():
    found = set()
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        if any(parameter.name == "csv_encoding" for parameter in command.params):
            found.add(name)
    assert found >= {"score", "compare", "drift", "boost", "rights", "signals", "detect", "audit",
                     "simulate", "boost-eval", "pseudonyms"}  # fmt: skip


def test_other_encodings_are_refused(tmp_path):
    with pytest.raises(InputError, match="utf-8 or utf-8-sig"), csv_encoding("gbk"):
        write_columns(tmp_path / "a.csv", {"a": ["b"]})
    done = CliRunner().invoke(group, ["score", "e", "-o", "o", "--csv-encoding", "gbk"])
    assert done.exit_code == 2
    words = ["score", "e", "-o", "o", "--engine", "spark", "--csv-encoding", "utf-8-sig"]
    assert "--csv-encoding (Spark writes UTF-8)" in CliRunner().invoke(group, words).output
