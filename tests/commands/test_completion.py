"""What a shell offers: the completion of click, called as a shell calls it."""

import os
import subprocess
import sys

import pandas as pd
import pytest
from click.shell_completion import ShellComplete

from trustscore.commands import completion
from trustscore.commands.main import group


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"m{i:03},{i}\n" for i in range(200))
    (tmp_path / "export.csv").write_text(f"merchant_id,orders_paid\n{rows}")
    return tmp_path


def offered(*words):
    """Return what is offered for the last word, as type and value."""
    found = ShellComplete(group, {}, "trustscore", "_TRUSTSCORE_COMPLETE")
    return [(each.type, each.value) for each in found.get_completions([*words[:-1]], words[-1])]


def values(*words):
    return [value for kind, value in offered(*words) if kind == "plain"]


def test_commands_and_options():
    assert values("sc") == ["score", "schema"]
    assert values("expl") == ["explain"]
    assert "--all-below" in values("explain", "export.csv", "--")
    assert values("explain", "export.csv", "--lang", "") == ["en", "zh"]


def test_presets_and_files():
    assert offered("score", "export.csv", "--scorecard", "m") == [
        ("plain", "minimal"),
        ("file", "m"),
    ]
    assert {"default", "minimal", "olist"} <= set(values("check", "--scorecard", ""))
    assert "boost" not in values("check", "--scorecard", "")
    assert values("report", "export.csv", "--policy", "") == ["boost"]
    assert "minimal" in values("preset", "show", "")
    assert offered("explain", "exp") == [("file", "exp")]
    assert offered("init", "exp") == [("file", "exp")]


def test_tiers_of_the_scorecard_that_is_given(folder):
    assert values("explain", "export.csv", "--all-below", "st") == ["standard"]
    minimal = ("explain", "export.csv", "--scorecard", "minimal")
    assert values(*minimal, "--tier", "") == ["limited", "standard", "trusted"]
    assert "exemplary" in values("report", "export.csv", "--all-below", "")
    assert values("explain", "export.csv", "--scorecard", "no.toml", "--tier", "") == []


def test_ids_of_the_export_that_is_given(folder):
    assert values("explain", "export.csv", "--id", "m01") == [f"m01{i}" for i in range(10)]
    assert len(values("explain", "export.csv", "--id", "")) == completion.MOST_IDS
    assert values("explain", "export.csv", "--id", "x") == []
    pd.read_csv("export.csv").to_parquet("export.parquet")
    assert values("explain", "export.parquet", "--id", "m199") == ["m199"]


def test_ids_of_another_column(folder):
    (folder / "mine.csv").write_text("shop,refunds\na1,2\nb1,3\n")
    card = (
        'name = "x"\nversion = "1"\neffective_from = 2026-01-01\n[columns]\nmerchant_id = "shop"\n'
    )
    (folder / "mine.toml").write_text(card)
    # A file that is no scorecard offers nothing.
    assert values("explain", "mine.csv", "--scorecard", "mine.toml", "--id", "") == []
    subprocess.run(
        [sys.executable, "-m", "trustscore", "init", "mine.csv", "-o", "first.toml"], check=True
    )
    assert values("explain", "mine.csv", "--scorecard", "first.toml", "--id", "") == ["a1", "b1"]


def test_only_the_beginning_of_an_export_is_read(folder, monkeypatch):
    rows = "".join(f"n{i:07},{i}\n" for i in range(400_000))
    (folder / "large.csv").write_text(f"merchant_id,orders_paid\n{rows}")
    read = []
    real = completion._first_ids

    def watched(*arguments):
        found = real(*arguments)
        read.append(len(found))
        return found

    monkeypatch.setattr(completion, "_first_ids", watched)
    assert values("explain", "large.csv", "--id", "n000001")[0] == "n0000010"
    assert 0 < read[0] < 200_000
    monkeypatch.setattr(completion, "_MOST_PARQUET", 10)
    pd.DataFrame({"merchant_id": ["m1"]}).to_parquet("large.parquet")
    assert values("explain", "large.parquet", "--id", "") == []


@pytest.mark.parametrize("text", ["", "<html>", "other,columns\n1,2\n", "merchant_id\n\xff\n"])
def test_what_is_no_export_offers_nothing(text, folder):
    (folder / "bad.csv").write_bytes(text.encode("latin-1"))
    assert values("explain", "bad.csv", "--id", "") == []
    assert values("explain", "absent.csv", "--id", "") == []
    assert values("explain", "-", "--id", "") == []


def test_hostile_ids_are_not_offered(folder):
    ids = ['"one\ntwo"', "\x1b[2Jred", "a\u202eb", "fine", "$(touch x)", "`id`", "a;b", "a b", "*"]
    ids += ["-o", "~", "=ls", "a|b", "a>b", "a'b", "a\\b", "!1", "{a}", "#a", "店铺"]
    (folder / "export.csv").write_text("merchant_id\n" + "\n".join(ids), encoding="utf-8")
    assert values("explain", "export.csv", "--id", "") == ["fine", "店铺"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_scripts_of_the_shells(shell, folder):
    def call(instruction, **more):
        environment = {**os.environ, "_TRUSTSCORE_COMPLETE": instruction, **more}
        done = subprocess.run(
            [sys.executable, "-c", "from trustscore.commands.main import main; main()"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in done.stderr
        return done.stdout

    if shell != "bash":  # click asks the bash that is there for its version
        assert "_TRUSTSCORE_COMPLETE" in call(f"{shell}_source")
    said = call(
        f"{shell}_complete",
        COMP_WORDS="trustscore explain export.csv --id m00",
        COMP_CWORD="m00" if shell == "fish" else "4",
    )
    assert "m007" in said
