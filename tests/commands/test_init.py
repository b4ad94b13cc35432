"""`trustscore init`: a scorecard for a table of one's own."""

import json

import pytest
from click.testing import CliRunner

from trustscore.commands.main import group, main

ROWS = "".join(f"s{i},{100 + i},{i % 7},{3 + i % 20 / 10},{i % 4},CN\n" for i in range(60))
TABLE = f"shop_id,orders,refunds,rating,thing,country\n{ROWS}"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.csv").write_text(TABLE)
    return tmp_path


def run(capsys, *words):
    with pytest.raises(SystemExit) as stopped:
        main([*map(str, words)])
    said = capsys.readouterr()
    return stopped.value.code or 0, said.out, said.err


def test_from_a_table_to_scores(folder, capsys):
    code, out, said = run(capsys, "init", "mine.csv", "-o", "mine.toml")
    assert (code, out) == (0, "")
    assert "3 signals (1 count, 1 rate, 1 score) from 60 merchants, named by shop_id" in said
    assert "Look first at:" in said
    assert "swap poor and good if not: thing" in said
    assert said.endswith("Then: trustscore check mine.csv --scorecard mine.toml\n")
    assert run(capsys, "check", "mine.csv", "--scorecard", "mine.toml")[0] == 0
    code, _, _ = run(capsys, "score", "mine.csv", "--scorecard", "mine.toml", "-o", "s.csv")
    assert code == 0
    assert len((folder / "s.csv").read_text().splitlines()) == 61


def test_every_signal_is_marked_as_guessed(folder, capsys):
    _, text, _ = run(capsys, "init", "mine.csv", "-o", "-")
    lines = text.splitlines()
    signals = [at for at, line in enumerate(lines) if " stage = " in line]
    assert len(signals) == 3
    for at in signals:
        assert lines[at].endswith("# guessed")
        assert any(line.startswith("# guessed: ") for line in lines[at - 3 : at])
    assert "#   country: text in 100% of its cells" in lines


def test_never_over_a_file_that_is_there(folder, capsys):
    (folder / "mine.toml").write_text("# work of mine")
    code, _, said = run(capsys, "init", "mine.csv", "-o", "mine.toml")
    assert code == 2
    assert "is there already" in said
    assert "--force" in said
    assert (folder / "mine.toml").read_text() == "# work of mine"
    assert run(capsys, "init", "mine.csv", "-o", "mine.toml", "--force")[0] == 0
    code, _, said = run(capsys, "init", "mine.csv", "-o", "mine.csv", "--force")
    assert code == 2
    assert (folder / "mine.csv").read_text() == TABLE


def test_the_summary_as_json(folder, capsys):
    code, out, said = run(capsys, "init", "mine.csv", "-o", "mine.toml", "--json")
    assert (code, said) == (0, "")
    found = json.loads(out)
    assert found["id_column"] == "shop_id"
    assert [each["kind"] for each in found["signals"]] == ["rate", "score", "count"]
    assert found["left_out"] == {"country": "text in 100% of its cells"}
    assert run(capsys, "init", "mine.csv", "-o", "-", "--json")[0] == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        ("merchant_id,trust_index,coverage,status,scorecard\n", "is a file of scores"),
        ("id,name\na,b\n", "no column can be a signal"),
    ],
)
def test_what_is_no_table_leaves_no_file(text, says, folder, capsys):
    (folder / "mine.csv").write_text(text)
    code, _, said = run(capsys, "init", "mine.csv", "-o", "mine.toml")
    assert code == 2
    assert says in said
    assert not (folder / "mine.toml").exists()


def test_names_of_columns_are_inert_on_a_terminal(folder):
    head = "id,\x1b[2Jlate,=cmd(),<script>,a\u202eb\n"
    (folder / "mine.csv").write_text(
        head + "".join(f"m{i},{i % 3},{i % 5},{i % 4},{i % 6}\n" for i in range(40)),
        encoding="utf-8",
    )
    found = CliRunner().invoke(group, ["init", "mine.csv", "-o", "-"], standalone_mode=False)
    assert found.exception is None
    assert not {"\x1b", "\u202e"} & set(found.output)


def test_a_header_that_no_scorecard_can_name_is_left_out(folder, capsys):
    """What is proposed passes `check`, whatever the columns are called."""
    head = '"id","or\x1b[31mders","x]\n[evil]\na=1",late,paid\n'
    rows = "".join(f"m{i},{i % 3},{i % 5},{i % 4},{i % 6}\n" for i in range(40))
    (folder / "mine.csv").write_text(head + rows, encoding="utf-8")
    code, _, said = run(capsys, "init", "mine.csv", "-o", "mine.toml")
    assert code == 0
    assert "2 columns left out" in said and "\x1b" not in said
    assert run(capsys, "check", "mine.csv", "--scorecard", "mine.toml")[0] == 0
    (folder / "mine.csv").write_text(head.replace('"id"', '"i\nd"') + rows, encoding="utf-8")
    code, _, said = run(capsys, "init", "mine.csv", "--id-column", "i\nd", "-o", "b.toml")
    assert code == 2
    assert "the column of ids must have a name without line breaks" in said


def test_the_command_to_run_next_is_safe_to_paste(folder, capsys):
    name = "a b;$(touch PWNED).csv"
    (folder / name).write_text(TABLE)
    code, _, said = run(capsys, "init", name, "-o", "t x.toml")
    assert code == 0
    assert said.endswith(f"Then: trustscore check '{name}' --scorecard 't x.toml'\n")


def test_columns_of_one_row_are_told_by_reason(folder, capsys):
    columns = [f"c{at}" for at in range(60)]
    (folder / "one.csv").write_text(f"id,{','.join(columns)}\nm,{','.join('5' * 60)}\n")
    code, _, said = run(capsys, "init", "one.csv", "-o", "one.toml")
    assert code == 2
    assert said.count("the same in every row") == 1
    assert "c0, c1, c2" in said
