"""One export as every kind of frame: the same scores, in the kind of frame that was given."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from trustscore import explain_frame, score_frame
from trustscore.batch.files import score_files
from trustscore.errors import InputError
from trustscore.scorecard import load_scorecard, parse_scorecard
from trustscore.simulate import simulate_export

CARD = load_scorecard("minimal")


@pytest.fixture(scope="module")
def export():
    made = simulate_export(300, seed=5, scorecard=CARD)
    return pd.DataFrame({name: made[name] for name in made})


def arrow(frame):
    return pa.Table.from_pandas(frame, preserve_index=False)


def polars(frame):
    return pytest.importorskip("polars").from_arrow(arrow(frame))


def reader(frame):
    table = arrow(frame)
    return pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=7))


def relation(frame):
    duckdb = pytest.importorskip("duckdb")
    connection = duckdb.connect()
    connection.register("export", arrow(frame))
    return connection.sql("SELECT * FROM export")


class Stream:
    """What gives a stream and nothing else."""

    def __init__(self, frame):
        self.table = arrow(frame)

    def __arrow_c_stream__(self, requested_schema=None):
        return self.table.__arrow_c_stream__(requested_schema)


class Convertible:
    """What can only be turned into Arrow."""

    def __init__(self, frame):
        self.to_arrow = lambda: arrow(frame)


# How a frame is made, and the type of what comes back.
KINDS = {
    "pandas": (lambda frame: frame, pd.DataFrame),
    "pandas, nullable": (lambda frame: frame.convert_dtypes(), pd.DataFrame),
    "pandas, Arrow": (lambda frame: frame.convert_dtypes(dtype_backend="pyarrow"), pd.DataFrame),
    "pandas, text": (lambda frame: frame.astype(object).where(frame.notna(), ""), pd.DataFrame),
    "mapping": (lambda frame: {name: frame[name].to_numpy() for name in frame}, pd.DataFrame),
    "table": (arrow, pa.Table),
    "batch": (lambda frame: arrow(frame).combine_chunks().to_batches()[0], pa.Table),
    "reader": (reader, pa.Table),
    "stream": (Stream, pa.Table),
    "convertible": (Convertible, pa.Table),
    "polars": (polars, "polars.dataframe.frame.DataFrame"),
    "relation": (relation, pa.Table),
}


def rows_of(frame):
    """Return any frame as pandas, with None for what is not there."""
    if not isinstance(frame, pd.DataFrame):
        frame = frame.to_pandas() if hasattr(frame, "to_pandas") else frame
    frame = frame.astype(object)
    return frame.where(frame.notna(), None).reset_index(drop=True)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_gives_the_scores_of_the_file(kind, export, tmp_path):
    make, type_back = KINDS[kind]
    export.to_csv(tmp_path / "export.csv", index=False)
    score_files(tmp_path / "export.csv", tmp_path / "scores.csv", scorecard=CARD)
    wanted = pd.read_csv(tmp_path / "scores.csv", dtype={"merchant_id": str})
    scores = score_frame(make(export), CARD)
    if isinstance(type_back, str):
        assert f"{type(scores).__module__}.{type(scores).__name__}" == type_back
    else:
        assert type(scores) is type_back
    found = rows_of(scores)
    assert list(found.columns) == list(wanted.columns)
    for name in wanted.columns:
        if pd.api.types.is_numeric_dtype(wanted[name]):
            np.testing.assert_allclose(found[name].astype(float), wanted[name], rtol=0, atol=6e-5)
        else:
            assert found[name].fillna("").tolist() == wanted[name].fillna("").tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_rejects_and_contributions_are_of_the_same_kind(kind, export):
    wrong = export.assign(complaints=export.complaints.where(export.index != 40, -1.0))
    make, _ = KINDS[kind]
    scores, rejects, contributions = score_frame(
        make(wrong), CARD, errors="reject", contributions=True
    )
    assert type(scores) is type(rejects) is type(contributions)
    rows = rows_of(rejects)
    assert rows[["line", "merchant_id", "column", "value"]].values.tolist() == [
        [41, "m0000041", "complaints", "-1"]
    ]
    assert len(rows_of(scores)) == len(rows_of(contributions)) == 299
    assert len(rows_of(score_frame(make(export), CARD, errors="reject")[1])) == 0


@pytest.mark.parametrize("kind", ["table", "reader", "polars", "relation", "stream"])
def test_ids_are_met_once_across_batches(kind, export):
    twice = pd.concat([export, export.iloc[[3]]])
    with pytest.raises(InputError, match="m0000004"):
        score_frame(KINDS[kind][0](twice), CARD)


@pytest.mark.parametrize("kind", KINDS)
def test_a_frame_without_rows_has_no_scores(kind, export):
    if kind == "batch":
        frame = pa.RecordBatch.from_pylist([], schema=arrow(export).schema)
    else:
        frame = KINDS[kind][0](export.iloc[:0])
    assert len(rows_of(score_frame(frame, CARD))) == 0


def test_a_pandas_frame_keeps_its_index(export):
    named = export.set_index("merchant_id")
    assert score_frame(named, CARD).index.equals(named.index)


@pytest.mark.parametrize("kind", ["table", "reader", "polars", "relation"])
def test_explanations_take_the_same_frames(kind, export):
    found = explain_frame(KINDS[kind][0](export), CARD, ids="m0000007")
    assert type(found).__module__.split(".")[0] == ("polars" if kind == "polars" else "pyarrow")
    same = explain_frame(export, CARD, ids="m0000007")
    pd.testing.assert_frame_equal(rows_of(found), rows_of(same))


@pytest.mark.parametrize("frame", [7, "export.csv", None, [1, 2], np.zeros((2, 2)), object()])
def test_what_is_no_frame_is_named(frame):
    with pytest.raises(InputError, match=f"a frame must be .*Got {type(frame).__name__}"):
        score_frame(frame, CARD)


def test_a_planned_frame_is_to_be_collected(export):
    lazy = polars(export).lazy()
    with pytest.raises(InputError, match="LazyFrame; collect it"):
        score_frame(lazy, CARD)


def test_a_stream_of_a_single_array_is_no_frame():
    with pytest.raises(InputError, match="columns"):
        score_frame(pa.chunked_array([[1.0, 2.0]]), CARD)


def test_columns_twice_and_nested_are_named(export):
    table = arrow(export)
    with pytest.raises(InputError, match="there 2 times"):
        score_frame(
            table.append_column("Complaints ", table["complaints"]).rename_columns(
                [*table.column_names, "complaints"]
            ),
            CARD,
        )
    lists = table.set_column(
        table.column_names.index("complaints"), "complaints", pa.array([[1.0]] * len(export))
    )
    with pytest.raises(InputError, match=r"complaints: must be numbers or text\. Got list"):
        score_frame(lists, CARD)


def test_a_stream_that_breaks_off_says_where(export):
    table = arrow(export)

    def batches():
        yield from table.to_batches(max_chunksize=100)[:2]
        raise OSError("the line is dead")

    broken = pa.RecordBatchReader.from_batches(table.schema, batches())
    with pytest.raises(InputError, match=r"broke off after row 200: .*the line is dead"):
        score_frame(broken, CARD)


def test_numbers_among_texts_keep_their_value_whatever_the_decimal_sign():
    data = CARD.file.model_dump(mode="json", exclude_none=True) | {"decimal": ","}
    card = parse_scorecard(data)
    columns = {field.name: [1, 1] for field in card.fields}
    frame = pd.DataFrame({"merchant_id": ["a", "b"]} | columns)
    frame["product_rating_mean"] = np.array([4.5, "4,5"], dtype=object)
    scores = score_frame(frame, card)
    assert scores.trust_index[0] == scores.trust_index[1]
