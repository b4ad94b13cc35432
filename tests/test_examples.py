"""Every example runs as a reader would run it: as a script, in an empty folder, warnings fatal."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).resolve().parent.parent / "examples").rglob("*.py"))


@pytest.mark.slow
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_the_example_runs_and_says_something(example, tmp_path):
    if example.stem.startswith("plot_"):
        pytest.importorskip("matplotlib", reason="the picture needs the extra plot")
    done = subprocess.run(
        [sys.executable, "-W", "error", str(example)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_there_are_examples():
    assert EXAMPLES


@pytest.mark.slow
@pytest.mark.parametrize("example", [e for e in EXAMPLES if e.stem.startswith("plot_")])
def test_an_example_with_a_picture_writes_it_where_it_is_told(example, tmp_path):
    pytest.importorskip("matplotlib", reason="the picture needs the extra plot")
    picture = tmp_path / "picture.png"
    subprocess.run([sys.executable, str(example), str(picture)], cwd=tmp_path, check=True)
    assert picture.read_bytes().startswith(b"\x89PNG")
