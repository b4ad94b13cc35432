"""Every key of the files people edit says what it means, with an example that is accepted."""

import typing
from collections.abc import Iterator

import pytest
from pydantic import BaseModel, TypeAdapter

from trustscore import BoostPolicy, load_scorecard
from trustscore.boost import policy_schema
from trustscore.scorecard import scorecard_schema
from trustscore.scorecard.spec import ScorecardFile


def models_in(hint: object) -> Iterator[type[BaseModel]]:
    """Every model named in a type: itself, or inside of unions, tuples and dicts."""
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        yield hint
    for part in typing.get_args(hint):
        yield from models_in(part)


def tree(model: type[BaseModel], seen: dict[type[BaseModel], None] | None = None):
    """The model and all models below it, each once."""
    seen = {} if seen is None else seen
    if model not in seen:
        seen[model] = None
        for hint in typing.get_type_hints(model).values():
            for below in models_in(hint):
                tree(below, seen)
    return list(seen)


MODELS = [*tree(ScorecardFile), *tree(BoostPolicy)]
FIELDS = [(model, name) for model in MODELS for name in model.model_fields]


def test_the_tree_is_whole():
    names = {model.__name__ for model in MODELS}
    assert {"SignalSpec", "PeerPrior", "TierSpec", "LowEvidenceSpec", "Guards", "Curve"} <= names
    assert len(FIELDS) > 150


@pytest.mark.parametrize(("model", "name"), FIELDS, ids=lambda x: getattr(x, "__name__", x))
def test_a_field_says_what_it_means_and_shows_an_example(model, name):
    field = model.model_fields[name]
    assert field.description, "has no description"
    assert field.description[0].isupper()
    assert field.description.endswith("."), field.description
    assert field.examples, "has no example"
    hint = typing.get_type_hints(model, include_extras=True)[name]
    for example in field.examples:
        TypeAdapter(hint).validate_python(example)


@pytest.mark.parametrize("schema", [scorecard_schema(), policy_schema()], ids=lambda s: s["title"])
def test_the_json_schema_carries_the_descriptions(schema):
    tables = {schema["title"]: schema, **schema["$defs"]}
    bare = [
        f"{table}.{key}"
        for table, part in tables.items()
        for key, said in part["properties"].items()
        if not (said.get("description") and said.get("examples"))
    ]
    assert bare == []


def test_a_model_says_what_its_table_is():
    assert [model.__name__ for model in MODELS if not model.__doc__] == []


@pytest.mark.parametrize(
    "stamp",
    ["default@1.1.0:60869e6ec4ae", "minimal@1.1.0:531349cd0d86", "olist@1.5.0:cf41f9ff11e5"],
)
def test_the_stamp_of_a_preset_is_made_of_its_data(stamp):
    # Descriptions are no data. Who changes a preset raises its version and this stamp.
    assert load_scorecard(stamp.partition("@")[0]).stamp == stamp


def test_the_stamp_of_the_preset_policy_is_made_of_its_data():
    assert BoostPolicy.load("boost").stamp == "boost@1.0.0:464928e5e309"
