"""Public functions say what they take, what they return, what they raise, and show it."""

import importlib
import inspect
import re

import pytest

ROOMS = ("trustscore", *(f"trustscore.{r}" for r in ("boost", "evaluation", "fitting", "rights")))


def functions():
    """Return the public functions of the rooms by address."""
    found = {}
    for room in ROOMS:
        module = importlib.import_module(room)
        for name in module.__all__:
            value = getattr(module, name)
            if inspect.isfunction(value):
                found[f"{value.__module__}.{name}"] = value
    return found


FUNCTIONS = functions()


def sections(function):
    """Return the sections of a numpydoc docstring by title."""
    parts = re.split(r"^(\w+)\n-{3,}\n", inspect.getdoc(function), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_there_are_functions_to_look_at():
    assert {"trustscore.batch.frame.score_frame", "trustscore.boost.ranking.rerank"} <= {*FUNCTIONS}


@pytest.mark.parametrize("address", FUNCTIONS)
def test_its_parameters_are_those_it_takes_in_their_order(address):
    said = sections(FUNCTIONS[address]).get("Parameters", "")
    heads = re.findall(r"^(\S[^:\n]*?)(?: :.*)?$", said, flags=re.MULTILINE)
    named = [name.strip().lstrip("*") for head in heads for name in head.split(",")]
    assert named == list(inspect.signature(FUNCTIONS[address]).parameters)


@pytest.mark.parametrize("address", FUNCTIONS)
def test_it_says_what_it_returns_and_shows_an_example(address):
    function = FUNCTIONS[address]
    found = sections(function)
    returns = inspect.signature(function).return_annotation
    if returns not in (None, "None"):
        assert "Returns" in found
    assert ">>> " in found["Examples"]


@pytest.mark.parametrize("address", FUNCTIONS)
def test_it_says_what_it_raises_itself(address):
    function = FUNCTIONS[address]
    raised = set(re.findall(r"\braise (\w+Error)\(", inspect.getsource(function)))
    said = sections(function).get("Raises", "")
    assert {name for name in raised if name not in said} == set()
