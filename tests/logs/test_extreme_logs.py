"""Logs that no honest platform writes: counted or rejected, and never the end of a run."""

import datetime as dt
import json

import pandas as pd

from tests.logs.folders import table, write
from trustscore.signals.files import write_signals


def test_ten_thousand_events_of_one_moment_and_formula_ids(tmp_path):
    orders = [("=1+1", f"o{i}", "2026-01-05 10:00:00", "b1", "d1") for i in range(10_000)]
    cases = [
        ("=1+1", f"c{i}", "o1", f"2026-01-06 10:00:{i // 1000:02d}.{i % 1000:03d}")
        for i in range(10_000)
    ]
    logs = write(
        tmp_path / "logs",
        orders=table("merchant_id,order_id,paid_at,buyer_id,device_id", *orders),
        aftersales=table("merchant_id,case_id,order_id,opened_at", *cases),
    )
    out = tmp_path / "export.csv"
    report = write_signals(logs, out, as_of=dt.date(2026, 2, 1), allow_short_logs=True)
    assert report.rejects is None
    assert out.read_text().splitlines()[1].startswith("'=1+1,")
    found = pd.read_csv(out).iloc[0]
    assert (found["orders_paid"], found["aftersales_requests"]) == (10_000, 1)


def test_an_amount_that_is_no_number_in_parquet(tmp_path):
    logs = tmp_path / "logs"
    logs.mkdir()
    pd.DataFrame(
        {
            "merchant_id": ["m1"] * 3,
            "order_id": ["o1", "o2", "o3"],
            "paid_at": ["2026-01-05"] * 3,
            "amount": [5.0, float("nan"), float("inf")],
        }
    ).to_parquet(logs / "orders.parquet")
    out = tmp_path / "export.csv"
    write_signals(logs, out, as_of=dt.date(2026, 2, 1), allow_short_logs=True)
    facts = json.loads((tmp_path / "export.csv.manifest.json").read_text())
    assert facts["tables"]["orders"]["rejected"] == {"infinite": 1}
    assert pd.read_csv(out)["orders_paid"].tolist() == [2]
