"""Logs in memory give what the same logs give as files."""

import datetime as dt

import pandas as pd
import pyarrow as pa
import pytest

from tests.logs.folders import ORDERS, write
from trustscore.errors import InputError
from trustscore.signals.files import write_signals
from trustscore.signals.frame import signals_frame

AS_OF = dt.date(2026, 2, 1)


@pytest.mark.parametrize("kind", ["pandas", "arrow"])
def test_frames_and_files_give_the_same_export(tmp_path, kind):
    folder = write(tmp_path / "logs", orders=ORDERS)
    write_signals(folder, tmp_path / "e.csv", as_of=AS_OF, allow_short_logs=True)
    frame = pd.read_csv(folder / "orders.csv", dtype=str)
    found = signals_frame(
        {"orders": frame if kind == "pandas" else pa.Table.from_pandas(frame)}, AS_OF
    )
    files = pd.read_csv(tmp_path / "e.csv")
    assert list(found.export.columns) == list(files.columns)
    pd.testing.assert_frame_equal(found.export, files, check_dtype=False)
    assert found.rejects.empty
    assert found.manifest["tables"]["orders"]["read"] == 4


def test_typed_columns_are_read_by_their_types():
    moments = pd.to_datetime(["2026-01-05", "2026-01-06", None]).tz_localize("UTC")
    orders = pd.DataFrame(
        {
            "merchant_id": [1, 1, 2],
            "order_id": [7, 8, 9],
            "paid_at": moments,
            "physical": [True, False, True],
            "amount": [5.0, float("inf"), 1.0],
        }
    )
    found = signals_frame({"orders": orders}, AS_OF)
    assert found.export["orders_paid"].tolist() == [1.0]
    assert found.rejects[["line", "column", "reason"]].to_numpy().tolist() == [
        [2, "amount", "infinite"],
        [3, "paid_at", "missing_key"],
    ]


def test_a_frame_without_rows_is_an_export_without_rows():
    orders = pd.DataFrame({"merchant_id": [], "order_id": [], "paid_at": []}, dtype=str)
    found = signals_frame({"orders": orders}, AS_OF)
    assert len(found.export) == 0
    assert "orders_paid" in found.export.columns


@pytest.mark.parametrize(
    ("logs", "fault"),
    [
        ({"order": pd.DataFrame()}, "order: unknown log, did you mean orders?"),
        ({"orders": pd.DataFrame({"merchant_id": []})}, "orders: no column order_id"),
        ({}, "give at least one of merchants, orders"),
    ],
)
def test_what_cannot_be_used_is_named(logs, fault):
    with pytest.raises(InputError) as error:
        signals_frame(logs, AS_OF)
    assert fault in str(error.value)
