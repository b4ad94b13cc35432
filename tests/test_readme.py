"""The README is true: its blocks run, in order, in one folder, and print what they say."""

import doctest
import re
from pathlib import Path

import pytest
from console_blocks import FLAGS, blocks, run_console

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = blocks(README)


def run_python(text: str, space: dict, name: str) -> list[str]:
    """Run one doctest block in the names that earlier blocks left behind."""
    case = doctest.DocTestParser().get_doctest(text, space, name, "README.md", 0)
    assert case.examples, f"{name} holds no >>> example"
    said: list[str] = []
    doctest.DocTestRunner(optionflags=FLAGS).run(case, out=said.append, clear_globs=False)
    space.update(case.globs)
    return said


def test_every_block_runs_and_prints_what_it_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    space: dict = {}
    faults = []
    for number, (language, text) in enumerate(BLOCKS, 1):
        if language == "console":
            faults += run_console(text, tmp_path)
        elif language == "python":
            faults += run_python(text, space, f"README block {number}")
        elif language == "toml":
            (tmp_path / "my.toml").write_text(text, encoding="utf-8")
    assert faults == [], "\n".join(faults)


def test_only_known_kinds_of_blocks_stand_in_the_readme():
    # A block of another kind would be shown to readers and run by nobody.
    assert {language for language, _ in BLOCKS} <= {"sh", "console", "python", "toml"}


def setup_lines() -> list[str]:
    return [line for line in README.splitlines() if line.startswith("python3 -m venv")]


def test_one_line_sets_up_and_scores_and_one_sets_up_and_tests():
    # .ci/run runs both word for word in a fresh checkout.
    score, tests = setup_lines()
    assert re.search(r"pip install .*&& .*trustscore score .*&& .*trustscore explain", score)
    assert re.search(r"pip install .*\.\[dev\].*&& .*pytest", tests)
    assert README.index(score) < README.index(tests) < README.index("\n## ")


@pytest.mark.parametrize("word", ["TODO", "http://", "https://", "badge", "lorem"])
def test_nothing_invented_stands_in_the_readme(word):
    assert word not in README


def test_the_output_columns_in_the_readme_are_those_written(tmp_path):
    from trustscore.commands.main import main

    export, scores = tmp_path / "export.csv", tmp_path / "scores.csv"
    for words in (
        ["simulate", "--merchants", "3", "--seed", "1", "-o", str(export)],
        ["score", str(export), "-o", str(scores), "--quiet"],
    ):
        with pytest.raises(SystemExit) as stop:
            main(words)
        assert not stop.value.code
    header = scores.read_text(encoding="utf-8-sig").splitlines()[0].split(",")
    rows = re.findall(r"^\| (`.*?) \|", README, flags=re.MULTILINE)
    told = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    dimensions = set(header) - set(told)
    import trustscore

    expected = {dimension.id for dimension in trustscore.load_scorecard("default").dimensions}
    assert dimensions == expected
    assert [name for name in told if name in header] == [
        name for name in header if name not in dimensions
    ]
