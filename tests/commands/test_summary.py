"""Every command ends with what it did: as tables, as JSON, in colours, or not at all."""

import json
import os
import re
import select
import subprocess
import sys

import click
import pytest

from trustscore.commands.closing import close, summary_lines
from trustscore.commands.main import COMMANDS, group, main
from trustscore.commands.shown import painted
from trustscore.run_summary import Breakdown, RunSummary, most_first
from trustscore.simulate.files import write_market

# What prints a file or a page, or stays open, has done nothing that could be counted.
WITHOUT = {"schema", "preset", "workbench", "init"}


def run(capsys, *words):
    with pytest.raises(SystemExit) as stopped:
        main([str(word) for word in words])
    return stopped.value.code, *capsys.readouterr()


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    folder = tmp_path_factory.mktemp("market")
    write_market(str(folder / "export.csv"), 60, 3, "minimal")
    with open(folder / "export.csv") as file:
        lines = file.read().splitlines()
    number = lines[1].split(",")
    number[-1] = "many"
    lines += [",".join(number).replace("m0000001", "m9999999"), lines[2]]
    (folder / "export.csv").write_text("\n".join(lines) + "\n")
    with pytest.raises(SystemExit):
        main(["score", str(folder / "export.csv"), "--scorecard", "minimal", "-o",
              str(folder / "scores.csv"), "--quiet"])  # fmt: skip
    (folder / "none.csv").write_text("merchant_id,tier\n")
    (folder / "lines.toml").write_text("[rejects]\nmost = 0.5\n")
    return folder


MINIMAL = ("--scorecard", "minimal")
CALLS = {
    "score": ("score", "export.csv", "-o", "s.csv", *MINIMAL),
    "check": ("check", "export.csv", *MINIMAL),
    "compare": ("compare", "export.csv", "export.csv", *MINIMAL),
    "drift": ("drift", "export.csv", "export.csv", *MINIMAL),
    "gate": ("gate", "export.csv", "--lines", "lines.toml", *MINIMAL),
    "rights": ("rights", "scores.csv", "--previous", "none.csv", "-o", "r.csv", *MINIMAL),
    "fit": ("fit", "export.csv", "-o", "f.toml", *MINIMAL),
    "export boost": ("export", "boost", "scores.csv", "--to", "redis", "-o", "b.resp"),
    "export sql": ("export", "sql", "-o", "q.sql", "--dialect", "duckdb", *MINIMAL),
    "simulate": ("simulate", "--merchants", "3", "-o", "x.csv", *MINIMAL),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_job_reads_the_last_line(name, market, monkeypatch, capsys):
    monkeypatch.chdir(market)
    _, _, said = run(capsys, *CALLS[name], "--summary", "json")
    facts = json.loads(said.splitlines()[-1])
    assert facts["command"] == name
    counts = facts["counts"]
    assert counts and all(isinstance(n, int) and n >= 0 for n in counts.values())
    if "read" in counts:
        rest = {"scored", "accepted", "fitted_to", "not_sampled", "used", "audited"}
        assert counts["read"] == 62
        assert counts["rejected"] == 2
        assert counts["read"] - counts["rejected"] == sum(counts.get(each, 0) for each in rest)
    if "rejected_old" in counts:
        assert (counts["rejected_old"], counts["rejected_new"]) == (2, 2)
    _, _, said = run(capsys, *CALLS[name], "--summary", "json", "--quiet")
    assert "{" not in said


def test_the_tables_of_a_score_run_add_up(market, monkeypatch, capsys):
    monkeypatch.chdir(market)
    _, _, said = run(capsys, *CALLS["score"], "--summary", "json")
    facts = json.loads(said.splitlines()[-1])
    assert facts["counts"] == {"read": 62, "scored": 60, "rejected": 2}
    assert sum(facts["tier"].values()) == sum(facts["status"].values()) == 60
    assert facts["rejected"] == {"not_a_number": 1, "repeated_id": 1}
    code, out, said = run(capsys, *CALLS["score"], "--summary", "text")
    assert (code, out) == (3, "")
    assert said.startswith("62 rows read, 60 scored, 2 rejected, see s.csv.rejects.csv (")
    assert "\nrejected by reason\n  not_a_number  1  1.6 %\n  repeated_id   1  1.6 %\n" in said
    assert "\ntiers\n" in said and "\nstatuses\n" in said


def test_the_tables_of_a_review_add_up(market, monkeypatch, capsys):
    monkeypatch.chdir(market)
    _, _, said = run(capsys, *CALLS["rights"], "--summary", "json", "--as-of", "2026-02-01")
    facts = json.loads(said.splitlines()[-1])
    assert facts["day"] == "2026-02-01"
    assert sum(facts["tier_after"].values()) == sum(facts["reason"].values()) == 60
    _, _, said = run(capsys, *CALLS["rights"], "--summary", "text", "--lang", "zh")
    assert "家商家" in said and "复核后等级" in said and "tiers" not in said


def test_where_no_terminal_is_a_clean_run_is_silent(market, monkeypatch, capsys):
    monkeypatch.chdir(market)
    assert run(capsys, *CALLS["simulate"]) == (0, "", "")
    assert run(capsys, *CALLS["export sql"]) == (0, "", "")


def test_every_command_has_the_option():
    context = click.Context(group)
    for name in COMMANDS:
        top = group.get_command(context, name)
        inner = {name: top}
        if isinstance(top, click.Group):
            inner = {n: top.get_command(context, n) for n in top.list_commands(context)}
        for command in inner.values():
            names = {parameter.name for parameter in command.params}
            assert ("summary" in names) == (name not in WITHOUT), name


def test_long_lists_are_cut_and_names_stay_on_one_line():
    many = {f"rule{n:02}": 40 - n for n in range(14)}
    table = Breakdown("rule", many | {}, 100)
    lines = list(summary_lines(RunSummary("score", {"read": 1}, (table,))))
    assert lines[1] == "top rules" and len(lines) == 13
    assert lines[-1].strip() == "and 4 more"
    eleven = Breakdown("rule", dict(list(many.items())[:11]), 100)
    assert len(list(summary_lines(RunSummary("score", {"read": 1}, (eleven,))))) == 13
    hostile = Breakdown("rule", {"a\nb[bold]x[/bold]": 1})
    assert list(summary_lines(RunSummary("score", {}, (hostile,))))[-1].count("\n") == 0
    assert list(summary_lines(RunSummary("score", {"read": 0}, (Breakdown("rule", {}),)))) == [
        "0 rows read"
    ]


def test_most_first_is_stable():
    assert list(most_first({"z": 2, "a": 2, "q": 9, "none": 0})) == ["q", "a", "z"]


PROGRAM = """
from trustscore.commands.closing import close
from trustscore.commands.shown import show
from trustscore.run_summary import Breakdown, RunSummary
table = Breakdown("rule", {"[red]cap[/red]\\x1b[2J": 3, "规则": 1}, 10)
show("Moved\\n  m1[bold]\\x1b]0;owned\\x07  -2.5  (+1.0)\\n")
close(RunSummary("score", {"read": 10, "rejected": 3}, (table,), rejects="[i]r.csv"), False, None)
"""


def in_terminal(**environment):
    """Run a program whose standard output and error are a terminal, and return what it wrote."""
    pty = pytest.importorskip("pty")
    above, below = pty.openpty()
    plain = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "TERM", "COLUMNS")}
    settings = plain | {"COLUMNS": "100"} | environment
    command = [sys.executable, "-c", PROGRAM]
    with subprocess.Popen(command, stdout=below, stderr=below, env=settings) as process:
        os.close(below)
        found = b""
        while select.select([above], [], [], 60)[0]:
            try:
                part = os.read(above, 65536)
            except OSError:
                break
            if not part:
                break
            found += part
    os.close(above)
    assert process.returncode == 0, found
    return found.decode().replace("\r\n", "\n")


COLOUR = re.compile("\x1b\\[[0-9;]*m")


def test_a_terminal_gets_colours_and_no_text_of_others_acts():
    said = in_terminal(TERM="xterm-256color")
    assert "\x1b[1mMoved" in said and "\x1b[31m-2.5" in said and "\x1b[32m+1.0" in said
    without = COLOUR.sub("", said)
    assert "\x1b" not in without and "\x07" not in without
    assert "m1[bold]" in without and "[red]cap[/red]\\x1b[2J" in without
    assert "[i]r.csv" in without and "30.0 %" in without and "top rules" in without
    assert "规则" in without


@pytest.mark.parametrize("environment", [{"TERM": "dumb"}, {"TERM": "xterm", "NO_COLOR": "1"}, {}])
def test_a_plain_terminal_gets_plain_text(environment):
    said = in_terminal(**environment)
    assert "\x1b" not in said and "\x07" not in said
    assert "top rules\n  [red]cap[/red]\\x1b[2J  3  30.0 %\n  规则" in said


def test_what_is_no_heading_and_no_change_stays():
    assert painted("m-1 2026-01-02\nx +a") == "m-1 2026-01-02\nx +a"
    assert painted("a\n  FAILS by FAILSAFE", {"FAILS": "red"}) == (
        "\x1b[1ma\x1b[0m\n  \x1b[31mFAILS\x1b[0m by FAILSAFE"
    )


def test_a_quiet_run_says_nothing(capsys):
    for how in (None, "text", "json"):
        close(RunSummary("score", {"read": 1, "rejected": 1}), True, how)
    assert capsys.readouterr() == ("", "")
    close(RunSummary("score", {"read": 1, "rejected": 0}), False, None, always=False)
    assert capsys.readouterr() == ("", "")
    close(RunSummary("score", {"read": 1, "rejected": 1}), False, None, always=False)
    assert capsys.readouterr().err == "1 rows read, 1 rejected\n"


def test_the_option_knows_near_names(capsys):
    code, _, said = run(capsys, *CALLS["simulate"], "--summary", "jsn")
    assert code == 2 and "did you mean json?" in " ".join(said.split()).replace("│ ", "")
