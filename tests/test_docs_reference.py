"""The generated pages of the docs: every key, every command, every public name."""

import doctest
import importlib
import re
import tomllib

import pytest

from trustscore import BoostPolicy
from trustscore.scorecard.spec import ScorecardFile

pytest.importorskip("sphinx", reason="the docs are built with the extra docs")


@pytest.fixture(autouse=True)
def extensions(repository, monkeypatch):
    monkeypatch.syspath_prepend(str(repository / "docs" / "_ext"))


@pytest.fixture
def reference():
    return importlib.import_module("model_reference")


@pytest.mark.parametrize("name", ["model_reference", "column_dictionary", "nothing_fetched"])
def test_the_examples_in_the_extensions_run(name):
    found = doctest.testmod(importlib.import_module(name))
    assert found.attempted
    assert found.failed == 0


@pytest.mark.parametrize("model", [ScorecardFile, BoostPolicy])
def test_every_model_of_a_file_has_a_section(reference, model):
    described = {table.model for table in reference.tables(model)} | {model}
    named = set(re.findall(r"#/\$defs/(\w+)", str(model.model_json_schema())))
    assert named <= {found.__name__ for found in described}


def test_paths_of_tables_are_written_as_in_a_file(reference):
    paths = [table.path for table in reference.tables(ScorecardFile)]
    assert len(paths) == len(set(paths))
    assert {
        "signals.DIMENSION.SIGNAL",
        "rules.RULE.exceeds",
        "overlays.OVERLAY.signals.SIGNAL",
        "peers.priors.GROUP.SIGNAL",
        "tiers.ladder",
    } <= set(paths)


@pytest.mark.parametrize("model", [ScorecardFile, BoostPolicy])
def test_an_example_of_a_table_is_toml_and_says_what_the_model_says(reference, model):
    for table in reference.tables(model):
        if "." in table.path.partition(".")[2]:
            continue
        path = re.sub(r"\.[A-Z]+", "", table.path)
        for example in table.examples:
            found = tomllib.loads(reference.toml_table(path, example))
            for step in path.split("."):
                found = found[step]
            assert found == example, table.path


@pytest.mark.parametrize("model", [ScorecardFile, BoostPolicy])
def test_a_type_is_said_in_words(reference, model):
    schema = model.model_json_schema()
    for part in (schema, *schema["$defs"].values()):
        for key, said in part["properties"].items():
            words = reference.type_words(said)
            assert words, key
            assert "{" not in words, key
            assert "any value" not in words, (key, words)


def test_every_command_is_described():
    commands = importlib.import_module("command_reference")
    click = importlib.import_module("click")
    group = importlib.import_module("trustscore.commands.main").group
    top = click.Context(group, info_name="trustscore")
    paths = [context.command_path for _, context in commands.commands(group, top)]
    assert {f"trustscore {name}" for name in group.list_commands(top)} < set(paths)
    assert "trustscore export sql" in paths


def test_a_page_of_a_room_lists_every_public_name(repository):
    pages = importlib.import_module("api_pages")
    rooms = re.findall(
        r'\("(trustscore[\w.]*)", "(.*)"\)', (repository / "docs/conf.py").read_text("utf-8")
    )
    assert len(rooms) > 8
    for name, title in rooms:
        module = importlib.import_module(name)
        page = pages.page(name, title)
        listed = set(re.findall(r"\w+", page))
        assert {n for n in module.__all__ if not n.startswith("__")} <= listed, name
