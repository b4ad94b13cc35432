"""The second export, in which brushing orders count."""

import datetime as dt

import pytest

from tests.logs.folders import table, write
from tests.signals.test_signals_files import rows_of, run
from trustscore.errors import InputError
from trustscore.signals.files import write_signals

DAY = {"as_of": dt.date(2026, 2, 1), "tz": "UTC", "allow_short_logs": True}


@pytest.fixture
def logs(tmp_path):
    orders = [[m, f"{m}{n}", "2026-01-20 10:00"] for m in ("a", "b") for n in range(10)]
    found = [
        [f"f{n}", "a", "order", f"a{n}", "brushing", status, "2026-01-25 10:00", 0.99, day]
        for n, (status, day) in enumerate(
            [("confirmed", "2026-01-26 10:00")] * 3 + [("cleared", "2026-01-26 10:00")]
        )
    ]
    return write(
        tmp_path / "logs",
        orders=table("merchant_id,order_id,paid_at", *orders),
        findings=table(
            "finding_id,merchant_id,subject_kind,subject_id,topic,status,found_at,score,decided_at",
            *found,
        ),
    )


def test_brushing_counts_in_the_second_export_only(logs, tmp_path):
    out = tmp_path / "export.csv"
    facts = write_signals(logs, out, populations="both", **DAY).manifest
    a, b = rows_of(out)
    assert (a["orders_paid"], a["orders_paid_all_90d"]) == ("7", "10")
    assert a["brushing_suspect_orders_90d"] == "3"
    second, same = rows_of(tmp_path / "export.with_suspects.csv")
    assert (second["orders_paid"], second["brushing_suspect_orders_90d"]) == ("10", "3")
    assert same == b
    none, most = facts["with_suspects"]
    assert none == {"suspects": "none", "merchants": 1, "columns": {}}
    assert (most["suspects"], most["merchants"]) == ("more than 20%", 1)
    assert most["columns"]["orders_paid"] == [7.0, 10.0]
    assert facts["outputs"]["with_suspects"]["path"].endswith("export.with_suspects.csv")
    # The first export is what it is without the second.
    write_signals(logs, tmp_path / "alone.csv", **DAY)
    assert (tmp_path / "alone.csv").read_bytes() == out.read_bytes()


def test_the_command_writes_both(logs, tmp_path):
    day = ("--as-of", "2026-02-01", "--allow-short-logs")
    assert run(logs, "-o", tmp_path / "e.csv.gz", *day, "--populations", "both") == 0
    assert (tmp_path / "e.with_suspects.csv.gz").exists()
    assert run(logs, "-o", "-", *day, "--populations", "both") == 2


def test_definitions_without_brushing_have_one_population(logs, tmp_path):
    mine = tmp_path / "mine.toml"
    mine.write_text(
        'name = "mine"\nversion = "1.0.0"\n[columns]\n'
        'orders_paid = { of = "orders", at = "paid_at", window = 30, count = true }\n'
    )
    with pytest.raises(InputError, match="one population only"):
        write_signals(logs, tmp_path / "e.csv", definitions=mine, populations="both", **DAY)
