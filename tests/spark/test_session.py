"""What is missing is said, with the way out."""

import sys

import pandas as pd
import pytest

from trustscore.commands.main import main
from trustscore.errors import InputError
from trustscore.spark import score_spark, session


def test_without_pyspark_the_extra_is_named(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(sys.modules, "pyspark", None)
    export = tmp_path / "export.csv"
    export.touch()
    with pytest.raises(SystemExit) as stop:
        main(["score", "--engine", "spark", str(export), "-o", str(tmp_path / "out.csv")])
    assert stop.value.code == 2
    assert "pip install pyspark," in capsys.readouterr().err
    with pytest.raises(InputError, match="Spark is not installed here"):
        score_spark(pd.DataFrame())


def test_without_java_it_is_named(monkeypatch):
    sql = pytest.importorskip("pyspark.sql", reason="pyspark is not installed")
    monkeypatch.setattr(sql.SparkSession, "getActiveSession", lambda: None)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InputError, match="needs Java 17 or later"):
        session.start()


class FromJava(Exception):
    java_exception = None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("one line\n\tat org.apache.spark", "one line"),
        (
            "Task failed:\nTraceback (most recent call last):\n  File\nKeyError: 'x'\n",
            "KeyError: 'x'",
        ),
        ("", "FromJava"),
    ],
)
def test_a_failure_is_said_in_a_line(text, reason):
    assert session.reason(FromJava(text)) == reason
