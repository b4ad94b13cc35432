"""The query, run by Spark SQL, answers what Python does."""

import pytest

from tests.export.sql_cards import CARDS, CURVES, policy
from tests.export.sql_engines import asked, columns, differences
from trustscore.scorecard import load_scorecard

pytestmark = pytest.mark.spark
pytest.importorskip("sqlglot")


@pytest.fixture(scope="module")
def spark():
    pyspark = pytest.importorskip("pyspark.sql", reason="pyspark is not installed")
    try:
        session = (
            pyspark.SparkSession.builder.master("local[2]")
            .config("spark.ui.enabled", "false")
            .config("spark.sql.shuffle.partitions", "2")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "127.0.0.1")
            .getOrCreate()
        )
    except Exception as error:
        pytest.skip(f"no Spark session, is there a Java runtime? {error}")
    yield session
    session.stop()


def answered(spark, query, rows, dialect):
    from trustscore.export.sql.dialects import translate

    names = list(rows)
    kinds = ["string" if rows[name].dtype == object else "double" for name in names]
    # NaN is a number to Spark, a blank is not.
    cells = [[None if v != v else v for v in rows[name].tolist()] for name in names]
    schema = ", ".join(f"`{name}` {kind}" for name, kind in zip(names, kinds, strict=True))
    frame = spark.createDataFrame(list(zip(*cells, strict=True)), schema)
    frame.createOrReplaceTempView("merchants")
    found = spark.sql(translate(query, dialect))
    return columns(found.columns, [tuple(row) for row in found.collect()])


@pytest.mark.parametrize("name", ["default", "deep 0.5", "odd"])
def test_scorecards(spark, name):
    rows, query, wanted = asked(CARDS[name](), policy("tanh"))
    assert differences(answered(spark, query, rows, "spark"), wanted) == []


@pytest.mark.parametrize("curve", CURVES)
def test_every_curve_of_the_boost(spark, curve):
    rows, query, wanted = asked(load_scorecard("minimal"), policy(curve))
    assert differences(answered(spark, query, rows, "spark"), wanted) == []


def test_spark_understands_the_words_of_hive(spark):
    # No Hive runs here; Spark took over its dialect, so the Hive text must do in Spark as well.
    rows, query, wanted = asked(CARDS["odd"]())
    assert differences(answered(spark, query, rows, "hive"), wanted) == []
