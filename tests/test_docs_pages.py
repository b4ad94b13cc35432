"""The examples on the pages of the docs run, and print what they say."""

import doctest
import re
from pathlib import Path

import pytest
from console_blocks import FLAGS, blocks, run_console

ROOT = Path(__file__).resolve().parent.parent
PAGES = {
    path: path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "docs").rglob("*.md"))
    if "_build" not in path.parts
}
WITH_PYTHON = [path for path, text in PAGES.items() if ">>> " in text]
WITH_CONSOLE = [
    path
    for path, text in PAGES.items()
    if any(language == "console" for language, _ in blocks(text))
]


@pytest.mark.parametrize("page", WITH_PYTHON, ids=lambda path: path.stem)
def test_the_python_examples_of_a_page_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if ".plot(" in page.read_text(encoding="utf-8"):
        pytest.importorskip("matplotlib")
    found = doctest.testfile(str(page), module_relative=False, optionflags=FLAGS)
    assert found.attempted
    assert found.failed == 0


@pytest.mark.slow
@pytest.mark.parametrize("page", WITH_CONSOLE, ids=lambda path: path.stem)
def test_the_commands_of_a_page_run(page, tmp_path):
    for folder in ("examples", "configs"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    faults = [
        fault
        for language, text in blocks(PAGES[page])
        if language == "console"
        for fault in run_console(text, tmp_path)
    ]
    assert faults == [], "\n".join(faults)


def test_the_pages_that_are_meant_to_run_do():
    assert {"scoring", "boost", "score", "explain"} <= {path.stem for path in WITH_PYTHON}
    assert {"score", "explain", "scorecards", "sql"} <= {path.stem for path in WITH_CONSOLE}


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *PAGES], ids=lambda path: path.stem
)
def test_links_and_pictures_of_a_page_are_there(page):
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    links = re.findall(r"\]\(([^)\s]+)\)", text)
    made = ("gallery/", "api/rooms/")
    gone = [
        link
        for link in links
        if not link.startswith(made) and not (page.parent / link.partition("#")[0]).exists()
    ]
    assert gone == []


def test_the_picture_of_the_readme_is_small():
    assert (ROOT / "docs" / "_static" / "statement.png").stat().st_size < 120_000


def test_the_citation_names_this_version():
    import trustscore

    cited = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {trustscore.__version__}\n" in cited
