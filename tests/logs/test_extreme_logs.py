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


def test_a_chat_and_an_item_of_too_many_rows_are_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr("trustscore.io.logs.census._MOST_ROWS", 3)
    chats = [
        (chat, merchant, f"2026-01-20 10:00:{n:02d}", "buyer", f"{chat}{n}")
        for chat, merchant, rows in (("it's", "m1", 4), ("it's", "m2", 3), ("c2", "m1", 3))
        for n in range(rows)
    ]
    items = [
        ("m1", item, f"2026-01-20 10:00:{n:02d}", "2026-01-21", "published", "2026-01-21")
        for item, rows in (("i1", 5), ("i2", 1))
        for n in range(rows)
    ]
    logs = write(
        tmp_path / "logs",
        orders=table(
            "merchant_id,order_id,paid_at", ("m1", "o1", "2026-01-20"), ("m2", "o2", "2026-01-20")
        ),
        chat_messages=table("chat_id,merchant_id,sent_at,sender,message_id", *chats),
        listings=table("merchant_id,item_id,submitted_at,decided_at,decision,on_sale_from", *items),
    )
    out, seen = tmp_path / "export.csv", []
    for work in ("w", "w", "other"):
        facts = write_signals(
            logs, out, as_of=dt.date(2026, 2, 1), work=tmp_path / work, allow_short_logs=True
        ).manifest
        found = pd.read_csv(out).set_index("merchant_id")
        seen.append((found.loc["m1", "im_rounds"], found.loc["m2", "im_rounds"]))
        assert found.loc["m1", "items_listed"] == 1
        assert facts["tables"]["listings"]["too_many"] == [
            {"merchant_id": "m1", "item_id": "i1", "rows": 5}
        ]
        assert facts["tables"]["orders"]["too_many"] == []
        said = "chat_messages: 4 rows are left out as too many of one thing (merchant_id m1 chat_id"
        assert any(warning.startswith(said) for warning in facts["warnings"])
    # A store that is kept counts no second time, and leaves out the same.
    assert seen == [(1, 1)] * 3
