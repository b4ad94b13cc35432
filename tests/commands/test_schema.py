"""`trustscore schema`: JSON Schema of the files people edit."""

import json

import pytest
from click.testing import CliRunner

from trustscore.commands.schema import command


@pytest.mark.parametrize(
    ("arguments", "title", "key"),
    [
        ([], "trustscore scorecard", "signals"),
        (["--policy"], "trustscore boost policy", "guards"),
        (["--of", "policy"], "trustscore boost policy", "guards"),
        (["--of", "signals"], "trustscore definitions of signals", "columns"),
        (["--of", "detect"], "trustscore settings of detectors", "votes"),
    ],
)
def test_schema(arguments, title, key):
    found = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert found.exit_code == 0
    schema = json.loads(found.output)
    assert schema["title"] == title
    assert key in schema["properties"]
    assert schema["additionalProperties"] is False
    assert schema["$schema"].endswith("2020-12/schema")


def test_help_has_an_example():
    found = CliRunner().invoke(command, ["--help"])
    assert "trustscore schema >" in found.output
