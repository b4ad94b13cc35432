"""The column dictionary says what each column of the default scorecard holds, and no other."""

import re
import sys
import tomllib

import pytest

from trustscore import load_scorecard

CARD = load_scorecard("default")


@pytest.fixture(scope="module")
def groups(repository):
    return tomllib.loads((repository / "docs" / "columns.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def entries(groups):
    return [entry for group in groups.values() for entry in group["columns"].items()]


@pytest.fixture
def dictionary(repository, monkeypatch):
    pytest.importorskip("sphinx", reason="the docs are built with the extra docs")
    monkeypatch.syspath_prepend(str(repository / "docs" / "_ext"))
    yield __import__("column_dictionary")
    sys.modules.pop("column_dictionary", None)


def test_it_holds_exactly_the_columns_that_the_scorecard_reads(entries):
    names = [name for name, _ in entries]
    assert len(names) == len(set(names)) == 143
    assert set(names) == {field.name for field in CARD.fields}


def test_each_column_has_a_definition_and_a_unit(entries):
    for name, said in entries:
        assert set(said) == {"unit", "is"}, name
        assert said["unit"] and said["is"].endswith("."), name


def test_a_definition_names_only_columns_there_are(entries):
    names = {name for name, _ in entries}
    for name, said in entries:
        assert set(re.findall(r"`(\w+)`", said["is"])) <= names - {name}, name


def test_the_part_of_a_rate_says_of_which_whole(entries):
    said = dict(entries)
    for value, sample in CARD.pairs:
        assert f"`{sample}`" in said[value]["is"], value


def test_units_of_the_dictionary_agree_with_those_of_flags_and_stars(entries):
    said = dict(entries)
    for signal in CARD.signals:
        unit = said[signal.value]["unit"]
        assert (signal.kind == "flag") == (unit == "flag"), signal.id
        if signal.words.unit == "stars":
            assert unit == "stars", signal.id


def test_the_window_in_a_name_is_that_of_the_signals_which_read_it(dictionary):
    for field in CARD.fields:
        named = re.search(r"_(\d+)d$", field.name)
        found, lags = dictionary.windows(CARD, field.name)
        assert lags
        if named:
            assert found == [int(named[1])], field.name


def test_every_column_is_read_by_something(dictionary):
    for field in CARD.fields:
        assert dictionary.readers(CARD, field.name), field.name
        assert dictionary.cell_words(field)
    assert "status ``new``" in dictionary.readers(CARD, "orders_paid")
    assert any(
        "counterfeit_cap" in line for line in dictionary.readers(CARD, "orders_delivered_90d")
    )
