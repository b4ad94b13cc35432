"""Whatever an export, a scorecard or a file name holds, a terminal is told and does not act."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hostile_texts import HOSTILE
from trustscore.commands.messages import visible
from trustscore.io.atomic_files import write_columns
from trustscore.io.csv_text import bare
from trustscore.simulate.files import write_market

TRUSTSCORE = [sys.executable, "-m", "trustscore"]
ACTIVE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_text_is_shown_and_stays_itself_as_json(name):
    text = HOSTILE[name]
    assert not ACTIVE.search(visible(text))
    assert visible("plain 商家 ✓\n\tone") == "plain 商家 ✓\n\tone"
    assert json.loads(visible(json.dumps(text, ensure_ascii=False))) == text


def test_half_a_character_of_a_file_name_is_shown():
    assert visible(os.fsdecode(b"a\xff.csv")) == "a\\udcff.csv"


@pytest.mark.slow
def test_commands_show_ids_and_do_not_act_on_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_market("export.csv", 3, 3, "minimal", truth="truth.csv")
    first = Path("export.csv").read_text().splitlines()[1].partition(",")[2]
    hostile = "\x1b[2J\x1b]0;owned\x07\x9b31mred"
    with open("export.csv", "a") as file:
        file.write(f'"{hostile}",{first}\n')
    for words in (
        ("explain", "export.csv", "--scorecard", "minimal", "--id", hostile),
        ("explain", "export.csv", "--scorecard", "minimal", "--id", hostile, "--json"),
        ("explain", "export.csv", "--scorecard", "minimal", "--id", hostile + "!"),
        ("check", hostile, "--scorecard", "minimal"),
        ("check", "--scorecard", hostile),
        (hostile,),
    ):
        done = subprocess.run([*TRUSTSCORE, *words], capture_output=True, check=False)
        said = (done.stdout + done.stderr).decode()
        assert "owned" in said and "Traceback" not in said
        assert not ACTIVE.search(said), said
        if words[-1] == "--json":
            assert json.loads(done.stdout)


@pytest.mark.parametrize(
    "end", ["2>&-", ">&-", ">&- 2>&-", "| head -1", "2>&1 | head -1", "2>&1 | true"]
)
@pytest.mark.parametrize("words", ["check", "check --scorecard none"])
def test_a_closed_stream_ends_in_no_traceback(words, end, tmp_path):
    line = f"{' '.join(TRUSTSCORE)} {words} {end}"
    done = subprocess.run(
        ["bash", "-c", line], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert "Traceback" not in done.stdout + done.stderr
    assert "Exception ignored" not in done.stderr


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "gb18030"])
def test_a_terminal_without_the_characters_gets_their_numbers(encoding):
    done = subprocess.run(
        [*TRUSTSCORE, "schema"],
        env=os.environ | {"PYTHONIOENCODING": encoding},
        capture_output=True,
        check=True,
    )
    assert json.loads(done.stdout.decode(encoding))["title"] == "trustscore scorecard"


@pytest.mark.parametrize("name", HOSTILE)
def test_a_table_is_read_back_as_it_was_and_begins_no_formula(name, tmp_path):
    text = HOSTILE[name]
    path = tmp_path / "t.csv"
    write_columns(path, {"merchant_id": ["first", text], "x": [1.0, 2.0]})
    cell = path.read_bytes().decode().partition("first,1\n")[2]
    inside = cell[1:] if cell.startswith('"') else cell
    number = re.match(r"[+-]?[0-9.]+(e[0-9]+)?,", inside)
    assert number or inside[0] not in "=+-@\t\r\n＝＋－＠"
    rows = csv.reader(io.StringIO(path.read_bytes().decode(), newline=""))
    found = list(rows)[2][0]
    assert bare(found) == text
