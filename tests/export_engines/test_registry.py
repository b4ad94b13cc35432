"""One list of engines: what the command offers, what is written, what an engine can do."""

import re
import subprocess
import sys

import numpy as np
import pytest

from trustscore.boost import BoostPolicy
from trustscore.commands.export_boost import command
from trustscore.errors import InputError
from trustscore.export.engines import ENGINES, TARGETS, Boosts, engine_files
from trustscore.export.engines.files import export_boosts

SCORES = {
    "merchant_id": np.array(["a"], dtype=object),
    "trust_index": np.array([90.0]),
    "index_se": np.array([3.0]),
    "prior_index": np.array([71.0]),
    "coverage": np.array([0.9]),
}
COUNTS = {7: "seven", 8: "eight", 9: "nine", 10: "ten", 11: "eleven", 12: "twelve"}


def boosts(**policy):
    return Boosts.of(SCORES, BoostPolicy.parse(policy))


def test_tables_are_targets_without_texts():
    assert [name for name in TARGETS if name not in ENGINES] == ["parquet", "npz"]
    assert all(engine.title for engine in TARGETS.values())


def test_the_command_offers_every_target_and_says_which_is_a_file():
    options = {option.name: option for option in command.params}
    assert tuple(options["engine"].type.choices) == TARGETS.names
    named = options["out"].help.split("a file for ")[1].split(", a folder")[0]
    assert named.replace(" and ", ", ").split(", ") == [
        t.name for t in TARGETS.values() if t.one_file
    ]


@pytest.mark.parametrize("engine", ENGINES)
def test_its_files_are_texts(engine):
    files = engine_files(engine, boosts())
    assert (list(files) == [""]) == ENGINES[engine].one_file
    assert all("".join(pieces) for pieces in files.values())


@pytest.mark.parametrize("engine", TARGETS)
def test_it_writes_a_file_or_a_folder(engine, tmp_path):
    scores, out = tmp_path / "scores.csv", tmp_path / f"out.{engine}"
    scores.write_text(
        "merchant_id,trust_index,index_se,prior_index,coverage,veto\na,90,3,71,0.9,\n"
    )
    export_boosts(scores, out, engine)
    assert out.is_file() == TARGETS[engine].one_file


@pytest.mark.parametrize("engine", ENGINES)
def test_an_engine_that_only_multiplies_refuses_other_policies(engine):
    additive = boosts(form="additive", guards={"max_relevance_loss": None})
    if ENGINES[engine].multiplies:
        with pytest.raises(InputError, match=f"{engine} multiplies a score"):
            engine_files(engine, additive)
    else:
        assert engine_files(engine, additive)


def test_an_unknown_engine_is_an_error_with_the_near_name(tmp_path):
    with pytest.raises(InputError, match="unknown engine 'vesper', did you mean vespa"):
        engine_files("vesper", boosts())
    with pytest.raises(InputError, match="Got 'vesper', did you mean vespa"):
        export_boosts(tmp_path / "scores.csv", tmp_path / "out", "vesper")


def test_the_page_on_engines_has_a_row_and_a_paragraph_of_every_target(repository):
    text = (repository / "docs/user_guide/engines.md").read_text(encoding="utf-8")
    table = re.search(r"^\| `--to` \|.*\n\|[-|]+\n((?:\|.*\n)+)", text, re.MULTILINE)[1]
    rows = [
        name
        for line in table.splitlines()
        for name in re.findall(r"`([a-z]+)`", line.split("|")[1])
    ]
    assert rows == list(TARGETS)
    headings = " ".join(re.findall(r"^\*\*(.+?)\.\*\*", text, re.MULTILINE)).lower()
    assert [name for name in TARGETS if not re.search(rf"\b{name}\b", headings)] == []


def test_the_readme_counts_the_engines(repository):
    text = (repository / "README.md").read_text(encoding="utf-8")
    assert f"writes boosts for {COUNTS[len(ENGINES)]} engines" in " ".join(text.split())


def test_listing_the_engines_loads_none_of_them():
    code = (
        "import sys\n"
        "from trustscore.export.engines.registry import TARGETS\n"
        "print(len(TARGETS), *(m for m in ('numpy', 'pydantic') if m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(len(TARGETS))]
