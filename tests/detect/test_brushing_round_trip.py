"""Brushing orders leave the figures of a merchant, and come back when a person clears them."""

import csv

import pytest

from tests.detect.test_truth import done
from tests.logs.folders import table, write

DAY = ("--as-of", "2026-02-01", "--tz", "UTC", "--allow-short-logs", "--quiet")


@pytest.fixture
def logs(tmp_path):
    orders, parcels = [], []
    for n in range(10):
        orders.append(["m1", f"o{n}", "2026-01-20 10:00", f"b{n}", "own" if n == 9 else ""])
        # Two were scanned days before anybody paid.
        scan = "2026-01-17 10:00" if n < 2 else "2026-01-21 10:00"
        parcels.append(["m1", f"o{n}", "1", f"w{n}", scan])
    return write(
        tmp_path / "logs",
        orders=table("merchant_id,order_id,paid_at,buyer_id,device_id", *orders),
        shipments=table("merchant_id,order_id,shipment_id,waybill_id,first_scan_at", *parcels),
        identities=table("merchant_id,kind,value", ["m1", "device", "own"]),
    )


def detect(logs, *more):
    folder = logs / "findings"
    folder.mkdir(exist_ok=True)
    # Beside the logs first: a file of theirs is never an output.
    out = logs.parent / "brushing.parquet"
    done(["detect", "brushing", logs, "-o", out, *DAY, *more])
    out.replace(folder / "brushing.parquet")


def figures(logs):
    out = logs.parent / "export.csv"
    done(["signals", logs, "-o", out, *DAY])
    with open(out, encoding="utf-8", newline="") as file:
        [row] = csv.DictReader(file)
    names = ("orders_paid", "orders_paid_all_90d", "brushing_suspect_orders_90d")
    return tuple(int(row[name]) if name in row else None for name in names)


def decide(logs, queue, **status):
    """Fill in the queue as a person would, and put it among the findings."""
    with open(queue, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if row["subject_id"] in status:
            row["status"] = status[row["subject_id"]]
            row["decided_at"] = "2026-01-31 12:00"
    with open(logs / "findings" / queue.name, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def test_an_order_that_is_cleared_counts_again(logs, tmp_path):
    queue = tmp_path / "queue.csv"
    # The merchant's own purchase leaves the figures without any detector.
    assert figures(logs) == (9, 10, None)
    detect(logs, "--queue", queue)
    assert figures(logs) == (7, 10, 3)
    # A person looks at one of the parcels and at what the merchant is said to have bought.
    decide(logs, queue, o0="cleared", o9="cleared")
    assert figures(logs) == (9, 10, 1)
    # The next run finds the same orders, and what the person said still comes first.
    again = tmp_path / "again.csv"
    detect(logs, "--queue", again)
    assert figures(logs) == (9, 10, 1)
    with open(again, encoding="utf-8", newline="") as file:
        assert [row["subject_id"] for row in csv.DictReader(file)] == ["o1"]


def test_what_is_only_queued_excludes_nothing_until_it_is_confirmed(logs, tmp_path):
    queue, settings = tmp_path / "queue.csv", tmp_path / "mine.toml"
    settings.write_text('name = "mine"\nversion = "1.0.0"\n[brushing.hard]\nscore = 0.9\n')
    detect(logs, "--queue", queue, "--settings", settings)
    assert figures(logs) == (9, 10, 0)
    decide(logs, queue, o0="confirmed")
    assert figures(logs) == (8, 10, 1)
