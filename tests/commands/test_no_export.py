"""What is no export gets one sentence, from every command that reads an export."""

import json

import pytest
from click.testing import CliRunner

from trustscore.batch.files import score_files
from trustscore.commands.main import group
from trustscore.errors import InputError

HEAD = (
    "merchant_id,negative_reviews,reviews_rated,product_rating_mean,complaints,orders_paid,"
    "orders_guaranteed,refunds_completed,aftersales_review_hours_mean,barred_identity_link_flag"
)
ROW = "a,12,900,4.85,2,1400,1100,60,3.1,0"
TEXTS = {
    "single quotes": (HEAD.replace("merchant_id", "'merchant_id'"), None),
    "all single quotes": ("'" + HEAD.replace(",", "','") + "'", "single quotation marks"),
    "title": (f"Report 2026-11\n{HEAD}", "The header seems to be line 2"),
    "separator": (HEAD.replace(",", "^"), "separated by '^'"),
    "whole lines quoted": (f'"{HEAD}"', "Quotation marks stand around the whole line"),
    "row of figures": (ROW, "It looks like a row of figures"),
    "other columns": ("merchant_id,foo\na,1", "has none of the"),
    "one column": ("merchant_id", "has none of the"),
    "empty": ("", "is empty; a header line with column names is expected"),
    "page": ("<html><p>Log in first</p></html>", "a page of HTML or XML"),
    "scores": ("merchant_id,trust_index,coverage,status,scorecard", "is a file of scores"),
    "rejects": ("line,merchant_id,column,value,reason,more,raw", "is a file of rejected rows"),
}
COMMANDS = {
    "score": ["score", "no.csv", "-o", "out.csv"],
    "check": ["check", "no.csv", "--json"],
    "explain": ["explain", "no.csv", "--id", "a"],
    "fit": ["fit", "no.csv", "-o", "out.toml"],
    "fit to outcomes": ["fit", "no.csv", "--outcomes", "outcomes.csv", "-o", "out.toml"],
    "lines": ["lines", "no.csv", "--outcomes", "outcomes.csv", "--cost", "standard", "9"]
    + ["-o", "out.toml"],
    "audit": ["audit", "no.csv", "-o", "out"],
    "rights": [
        "rights",
        "scores.csv",
        "--previous",
        "scores.csv",
        "--export",
        "no.csv",
        "-o",
        "out.csv",
    ],
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "export.csv").write_text(f"{HEAD}\n{ROW}\n")
    (tmp_path / "outcomes.csv").write_text("merchant_id,n,events\na,10,1\n")
    score_files("export.csv", "scores.csv", scorecard="minimal")
    return tmp_path


def run(words, card="minimal"):
    return CliRunner().invoke(group, [*words, "--scorecard", card], standalone_mode=False)


@pytest.mark.parametrize("card", ["minimal", "default"])
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_says_it_in_one_sentence(command, card, folder):
    for text, says in TEXTS.values():
        (folder / "no.csv").write_text(f"{text}\n" if text else "", encoding="utf-8")
        if command == "rights" and card == "default":
            # Its scores are of the other scorecard, which is said first.
            return
        done = run(COMMANDS[command], card)
        if command == "check":
            assert done.return_value == 2
            (said,) = json.loads(done.output)["faults"] if says else [""]
        else:
            assert isinstance(done.exception, InputError), done.output
            said = str(done.exception)
        if says is not None:
            assert says in said
            assert "no.csv" in said
            assert "\n" not in said


def test_a_header_alone_is_said(folder):
    (folder / "no.csv").write_text(f"{HEAD}\n")
    assert "there is no row below the header" in run(COMMANDS["score"]).output
    assert json.loads(run(COMMANDS["check"]).output)["export"]["rows"] == 0
    for command, says in {
        "explain": "no merchant 'a'",
        "fit": "there is no merchant to fit to",
        "fit to outcomes": "is in the export",
        "lines": "is in the export",
        "audit": "at least 2 merchants",
    }.items():
        assert says in str(run(COMMANDS[command]).exception)
