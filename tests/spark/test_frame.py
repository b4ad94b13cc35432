"""A Spark DataFrame is scored as the same frame is in memory."""

import json
import tomllib

import numpy as np
import pandas as pd
import pytest

from tests.io.exports import HEADER, MINIMAL, good_rows, row
from tests.scoring.cards import minimal
from trustscore import score_frame, simulate_export
from trustscore.errors import InputError, ScorecardError
from trustscore.scorecard import parse_scorecard
from trustscore.spark import score_spark
from trustscore.spark.session import reason


def text_frame(rows):
    return pd.DataFrame([[cell or None for cell in cells] for cells in rows], columns=HEADER)


def spark_frame(spark, frame):
    """A DataFrame of text or numbers, in as many partitions as there are cores."""
    kinds = ["double" if kind.kind == "f" else "string" for kind in frame.dtypes]
    schema = ", ".join(f"`{n}` {kind}" for n, kind in zip(frame.columns, kinds, strict=True))
    rows = [
        tuple(None if cell is None or cell != cell else cell for cell in cells)
        for cells in frame.astype(object).itertuples(index=False)
    ]
    return spark.createDataFrame(rows, schema)


def collected(df):
    """The rows of a DataFrame as tuples, ordered by their id; null as None."""
    return sorted((tuple(row) for row in df.collect()), key=lambda cells: str(cells[0]))


def plain(frame):
    """The rows of a frame in the same form."""
    rows = [
        tuple(None if isinstance(cell, float) and np.isnan(cell) else cell for cell in cells)
        for cells in frame.astype(object).itertuples(index=False)
    ]
    return sorted(rows, key=lambda cells: str(cells[0]))


def test_numbers_of_the_default_scorecard(spark):
    frame = pd.DataFrame(dict(simulate_export(300, seed=3)))
    scores = score_spark(spark_frame(spark, frame))
    assert collected(scores) == plain(score_frame(frame))


def test_an_index_that_is_held(spark):
    memory = {"hold": 1.5, "above": "short_index", "en": "The last days", "zh": "近期"}
    card = parse_scorecard(minimal(rules=minimal()["rules"] | {"memory": memory}))
    frame = pd.DataFrame(dict(simulate_export(200, 5, "minimal")))
    index = score_frame(frame, "minimal")["trust_index"].to_numpy()
    # Every third has no week; the index of the others was higher, a little lower, much lower.
    week = index + np.resize([np.nan, 5.0, np.nan, -1.0, np.nan, -20.0], len(index))
    frame["short_index"] = np.clip(week, 0, 100)
    scores = score_spark(spark_frame(spark, frame), card)
    assert collected(scores) == plain(score_frame(frame, card))
    held = sum("memory" in (row["rules"] or "") for row in scores.collect())
    assert held == sum(week < index - 1.5)
    assert 20 < held < 50


def test_text_with_faults_kept_columns_and_an_open_order(spark, tmp_path):
    rows = [*good_rows(500), row("bad", complaints="-1"), row(""), row("m00002"), row("m00003")]
    frame = text_frame(rows)
    frame["at"] = [float(n) for n in range(len(rows))]
    df = spark_frame(spark, frame).withColumnRenamed("at", "row.at")
    card = tmp_path / "card.json"
    card.write_text(json.dumps(MINIMAL.file.model_dump(mode="json", exclude_none=True)))
    expected, bad = score_frame(frame, MINIMAL, errors="reject")
    for scorecard in ("minimal", card):
        scores, rejects = score_spark(
            df, scorecard, errors="reject", order="row.at", keep=["row.at", "category"]
        )
        found = collected(scores.drop("row.at", "category"))
        assert [cells[:-1] for cells in found] == [cells[:-1] for cells in plain(expected)]
        assert rejects.columns == ["merchant_id", "column", "value", "reason", "more", "raw"]
        # Where the first row of an id stands cannot be said.
        bad["reason"] = (
            bad["reason"].str.removesuffix(", on line 2").str.removesuffix(", on line 3")
        )
        assert collected(rejects.drop("raw")) == plain(bad.drop(columns=["line", "raw"]))
    kept = {row["merchant_id"]: row["row.at"] for row in scores.collect()}
    assert float(kept["m00002"]) == 1.0


def test_without_an_order_no_row_of_a_repeated_id_is_scored(spark):
    df = spark_frame(spark, text_frame([row("a"), row("b", complaints="1"), row(" b "), row("c")]))
    scores, rejects = score_spark(df, "minimal", errors="reject")
    assert [cells[0] for cells in collected(scores)] == ["a", "c"]
    found = collected(rejects)
    assert [cells[:3] for cells in found] == [("b", "merchant_id", "b")] * 2
    assert "no order= says which comes first" in found[0][3]
    tied = score_spark(df, "minimal", errors="reject", order="category")
    assert [cells[0] for cells in collected(tied.scores)] == ["a", "c"]


def test_the_first_row_without_a_fault_counts_and_blank_comes_last(spark):
    rows = [row("a", complaints="x"), row("a", complaints="1"), row("a", complaints="2")]
    frame = text_frame(rows)
    frame["at"] = [1.0, np.nan, 7.0]
    scores, rejects = score_spark(
        spark_frame(spark, frame), "minimal", errors="reject", order="at", keep=["complaints"]
    )
    assert [row["complaints"] for row in scores.collect()] == ["2"]
    assert [cells[3].partition(":")[0] for cells in collected(rejects)] == [
        "not_a_number",
        "repeated_id",
    ]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([row("a"), row("a")], "several rows of the DataFrame have the merchant_id a"),
        ([row("a", complaints="x")], "merchant a of the DataFrame cannot be scored: complaints"),
    ],
)
def test_a_fault_ends_the_job_unless_it_may_be_rejected(spark, rows, said):
    from pyspark.errors import PySparkException

    scores = score_spark(spark_frame(spark, text_frame(rows)), "minimal")
    with pytest.raises(PySparkException) as caught:
        scores.collect()
    assert said in reason(caught.value)


def test_wrong_columns_are_an_error_before_any_job(spark):
    from pyspark.sql import functions as sf

    df = spark_frame(spark, text_frame([row("a")]))
    with pytest.raises(InputError, match="complaints: no such column, did you mean complants"):
        score_spark(df.withColumnRenamed("complaints", "complants"), "minimal")
    wrong = df.withColumn("complaints", sf.current_date()).withColumn(
        "category", sf.array(sf.lit("x"))
    )
    with pytest.raises(InputError) as caught:
        score_spark(wrong, "minimal")
    assert "complaints: numbers or text are expected. Got date" in caught.value.faults
    assert "category: text is expected. Got array<string>" in caught.value.faults
    with pytest.raises(InputError, match="categry: no such column, did you mean category"):
        score_spark(df, "minimal", errors="reject", order="categry")
    with pytest.raises(InputError, match="must be 'raise' or 'reject'"):
        score_spark(df, "minimal", errors="ignore")
    fewer = score_spark(df.drop("complaints"), "minimal", allow_missing_columns=True)
    assert fewer.count() == 1


def test_an_open_scorecard_fails_before_a_task_begins(spark, repository):
    text = (repository / "configs" / "minimal.toml").read_text(encoding="utf-8")
    card = parse_scorecard(tomllib.loads(text.replace("prior = 0.08", 'prior = "fit"')))
    with pytest.raises(ScorecardError, match="trustscore fit"):
        score_spark(spark_frame(spark, text_frame(good_rows(3))), card)
