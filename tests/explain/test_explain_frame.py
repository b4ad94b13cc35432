"""`explain_frame`: the statements of many merchants, equal to the single ones."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from trustscore.errors import InputError
from trustscore.explain import explain
from trustscore.explain.frame import explain_frame
from trustscore.scorecard import load_scorecard

MINIMAL = load_scorecard("minimal")
COLUMNS = [
    "merchant_id",
    "dimension",
    "stage",
    "signal",
    "value",
    "utility",
    "reliability",
    "gained",
    "lost",
    "note",
]


@pytest.fixture
def frame():
    rows = {field.name: [np.nan, np.nan, np.nan] for field in MINIMAL.fields}
    rows |= {
        "merchant_id": ["m1", "m2", "m3"],
        "negative_reviews": [8, 0, np.nan],
        "reviews_rated": [80, 20, 10],
        "product_rating_mean": [4.7, 5, np.nan],
    }
    return pd.DataFrame(rows)


def test_one_row_a_merchant_and_signal(frame):
    long = explain_frame(frame, MINIMAL)
    assert list(long.columns) == COLUMNS
    assert long.merchant_id.tolist() == ["m1"] * 5 + ["m2"] * 5 + ["m3"] * 5
    assert long.signal[:5].tolist() == [signal.id for signal in MINIMAL.signals]
    first = long.iloc[0]
    # (8 + 1.6) / 100 = 9.6 % -> 0.52, a quarter of the index.
    assert (first.value, first.utility) == pytest.approx((0.096, 0.52))
    assert (first.reliability, first.gained, first.lost) == pytest.approx((0.8, 13, 12))
    assert first.note == ""


def test_notes(frame):
    long = explain_frame(frame, MINIMAL).set_index(["merchant_id", "signal"]).note
    assert long["m3", "product_rating_mean"] == "withheld"
    assert long["m1", "complaint_rate"] == "unknown"
    part = frame.drop(columns="refunds_completed")
    with pytest.raises(InputError, match="refunds_completed"):
        explain_frame(part, MINIMAL)
    long = explain_frame(part, MINIMAL, allow_missing_columns=True)
    at = long.set_index(["merchant_id", "signal"]).loc[("m1", "aftersales_review_hours_mean")]
    assert (at.note, at.gained, at.lost, at.reliability) == ("not_collected", 0, 0, 0)
    assert np.isnan(at.utility)


def test_equal_to_the_single_statements(frame):
    long = explain_frame(frame, MINIMAL)
    block = {name: frame[name].to_numpy(dtype=float) for name in frame if name != "merchant_id"}
    for row, name in enumerate(frame.merchant_id):
        own = long[long.merchant_id == name]
        statement = explain(block, MINIMAL, row=row)
        assert own.gained.tolist() == [line.gained for line in statement.signals]
        assert own.lost.tolist() == [line.lost for line in statement.signals]
        assert own.gained.sum() == pytest.approx(statement.raw_index, abs=1e-9)


def test_only_some_in_their_order(frame):
    assert explain_frame(frame, MINIMAL, ids=["m3", "m1"]).merchant_id.unique().tolist() == [
        "m3",
        "m1",
    ]
    assert explain_frame(frame, MINIMAL, ids="m2").merchant_id.unique().tolist() == ["m2"]
    assert len(explain_frame(frame, MINIMAL, ids=[])) == 0


def test_absent_ids_name_near_ones(frame):
    with pytest.raises(InputError, match="M1: no such merchant, did you mean m1"):
        explain_frame(frame, MINIMAL, ids=["M1", "m2"])


def test_rows_with_faults(frame):
    frame.loc[1, "negative_reviews"] = 21
    with pytest.raises(InputError, match=r"row 2 \(merchant m2\), negative_reviews"):
        explain_frame(frame, MINIMAL)
    with pytest.raises(InputError, match="row 2"):
        explain_frame(frame, MINIMAL, ids=["m2"])
    assert len(explain_frame(frame, MINIMAL, ids=["m1"])) == 5


def test_the_answer_is_of_the_library_of_the_frame(frame):
    pandas = explain_frame(frame, MINIMAL)
    table = pa.Table.from_pandas(frame, preserve_index=False)
    found = explain_frame(table, MINIMAL)
    assert isinstance(found, pa.Table)
    assert found.column_names == list(pandas)
    assert found.to_pylist() == pa.Table.from_pandas(pandas, preserve_index=False).to_pylist()
    assert isinstance(explain_frame(table.to_batches()[0], MINIMAL), pa.Table)
    assert isinstance(explain_frame({n: frame[n] for n in frame}, MINIMAL), pd.DataFrame)
    polars = pytest.importorskip("polars")
    of_polars = explain_frame(polars.from_arrow(table), MINIMAL)
    assert isinstance(of_polars, polars.DataFrame)
    assert of_polars.to_arrow().to_pylist() == found.to_pylist()
