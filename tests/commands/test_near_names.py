"""Mistyped commands, options and choices are told the nearest; presets are shown and copied."""

import click
import pytest

from trustscore.commands import options
from trustscore.commands.main import COMMANDS, group, main
from trustscore.scorecard import load_scorecard
from trustscore.scorecard.presets import preset_folder, preset_names


def run(capsys, *words):
    with pytest.raises(SystemExit) as stopped:
        main([str(word) for word in words])
    return stopped.value.code, *capsys.readouterr()


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("scroe", "score"),
        ("Score", "score"),
        ("explian", "explain"),
        ("boost_eval", "boost-eval"),
        ("export bost", "boost"),
        ("preset shw", "show"),
    ],
)
def test_a_mistyped_command(typed, meant, capsys):
    code, out, said = run(capsys, *typed.split())
    assert (code, out) == (2, "")
    assert f"No such command {typed.split()[-1]!r}, did you mean {meant}?" in said


def test_a_command_like_none_suggests_none(capsys):
    code, _, said = run(capsys, "qqqq")
    assert code == 2
    assert "No such command 'qqqq'." in said and "did you mean" not in said


def test_a_hostile_command_is_inert(capsys):
    code, _, said = run(capsys, "sco\x1b[2Jre\n")
    assert code == 2 and "\x1b" not in said


def test_a_mistyped_option(capsys):
    _, _, said = run(capsys, "score", "x.csv", "--scorcard", "minimal")
    assert "Did you mean" in said and "--scorecard" in said


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["score", "x.csv", "--engine", "sprak"], "spark"),
        (["schema", "--of", "polcy"], "policy"),
        (["explain", "x.csv", "--lang", "zhh"], "zh"),
        (["preset", "show", "minimla"], "minimal"),
        (["preset", "copy", "Default"], "default"),
    ],
)
def test_a_mistyped_choice(words, meant, capsys):
    code, _, said = run(capsys, *words)
    assert code == 2
    assert f"did you mean {meant}?" in " ".join(said.split()).replace("│ ", "")


def test_every_choice_knows_near_names():
    context = click.Context(group)
    found = 0
    for name in COMMANDS:
        top = group.get_command(context, name)
        inner = [top]
        if isinstance(top, click.Group):
            inner = [top.get_command(context, each) for each in top.list_commands(context)]
        for command in inner:
            for parameter in command.params:
                if isinstance(parameter.type, click.Choice):
                    found += 1
                    assert isinstance(parameter.type, options.Choice), (name, parameter.name)
    assert found > 8


def test_presets_are_listed(capsys):
    code, out, _ = run(capsys, "preset", "list")
    lines = out.splitlines()
    assert code == 0
    assert [line.split()[0] for line in lines] == preset_names()
    minimal = next(line for line in lines if line.startswith("minimal "))
    assert "scorecard" in minimal and "The smallest useful scorecard" in minimal
    assert all(len(line.split("  ")[-1]) > 20 for line in lines)


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_is_shown_as_it_stands(name, capsys):
    code, out, _ = run(capsys, "preset", "show", name)
    assert code == 0
    assert out == (preset_folder() / f"{name}.toml").read_text(encoding="utf-8")


def test_a_copy_is_the_preset_and_is_not_written_over(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, said = run(capsys, "preset", "copy", "minimal")
    assert (code, out) == (0, "") and "minimal.toml" in said
    path = tmp_path / "minimal.toml"
    assert load_scorecard(path).sha256 == load_scorecard("minimal").sha256
    path.write_text("mine")
    code, _, said = run(capsys, "preset", "copy", "minimal")
    assert code == 2 and "minimal.toml: is there already" in said and "--force" in said
    assert path.read_text() == "mine"
    assert run(capsys, "preset", "copy", "minimal", "--force")[0] == 0
    assert load_scorecard(path).name == "minimal"
    assert [each.name for each in tmp_path.iterdir()] == ["minimal.toml"]


def test_a_copy_elsewhere(capsys, tmp_path):
    assert run(capsys, "preset", "copy", "olist", "-o", tmp_path / "mine.toml")[0] == 0
    assert load_scorecard(tmp_path / "mine.toml").name == "olist"
    code, out, _ = run(capsys, "preset", "copy", "olist", "-o", "-")
    assert code == 0 and 'name = "olist"' in out
    code, _, said = run(capsys, "preset", "copy", "olist", "-o", tmp_path / "mine.csv")
    assert code == 2 and "must end in .toml" in said
    code, _, said = run(capsys, "preset", "copy", "olist", "-o", tmp_path / "no" / "mine.toml")
    assert code in (1, 2) and "mine.toml" in said


def test_a_preset_is_not_written_over_itself(capsys):
    path = preset_folder() / "minimal.toml"
    before = path.read_bytes()
    code, _, said = run(capsys, "preset", "copy", "minimal", "-o", path, "--force")
    assert code == 2 and "inputs and outputs must be different" in said
    assert path.read_bytes() == before
