"""Rows of logs end in the store, typed, or among the rejects with their line and reason."""

import datetime as dt
import gzip
import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.logs.folders import ORDERS, read, table, write
from trustscore.errors import InputError
from trustscore.signals.files import write_signals


def utc(*parts):
    return int(dt.datetime(*parts, tzinfo=dt.UTC).timestamp() * 1_000_000)


def test_cells_are_stored_in_whole_units(tmp_path):
    found = read(write(tmp_path / "logs", orders=ORDERS), tmp_path / "work")
    first, second, *_ = found.rows["orders"]
    assert found.bad == []
    assert (first["merchant_id"], first["order_id"], first["amount"]) == ("m1", "o1", 125_000)
    # 10:00 in Shanghai, with and without an offset.
    assert first["paid_at"] == utc(2026, 1, 5, 2)
    assert second["paid_at"] == utc(2026, 1, 6, 2)
    assert second["paid_at_local"] == utc(2026, 1, 6, 10)
    assert second["buyer_id"] is None
    assert [row["_line"] for row in found.rows["orders"]] == [2, 3, 4, 5]
    assert len(first["buyer_id"]) == 32 and "Zhang" not in first["buyer_id"]


@pytest.mark.parametrize(
    ("more", "cells", "fault"),
    [
        ("", ["", "o1", "2026-01-05"], ("merchant_id", "missing_key")),
        ("", ["Total", "o1", "2026-01-05"], ("merchant_id", "summary_row")),
        ("", ["true", "o1", "2026-01-05"], ("merchant_id", "not_an_id")),
        ("", ["m", "NULL", "2026-01-05"], ("order_id", "missing_key")),
        ("", ["m", "o", ""], ("paid_at", "missing_key")),
        ("", ["m", "o", "soon"], ("paid_at", "not_a_time")),
        ("", ["m", "o", "2026-02-30"], ("paid_at", "not_a_time")),
        ("", ["m", "o", "2026-01-05 25:00"], ("paid_at", "not_a_time")),
        ("", ["m", "o", "2026-01-05T10:00+99:00"], ("paid_at", "not_a_time")),
        ("", ["m", "o", "20260105"], ("paid_at", "not_a_time")),
        ("", ["m", "o", "1999-12-31"], ("paid_at", "out_of_range")),
        ("", ["m", "o", "9999-12-31"], ("paid_at", "out_of_range")),
        ("", ["m" * 129, "o", "2026-01-05"], ("merchant_id", "text_too_long")),
        (",amount", ["m", "o", "2026-01-05", "-1"], ("amount", "negative_amount")),
        (",amount", ["m", "o", "2026-01-05", "$5"], ("amount", "other_currency")),
        (",amount", ["m", "o", "2026-01-05", "inf"], ("amount", "infinite")),
        (",amount", ["m", "o", "2026-01-05", "x"], ("amount", "not_a_number")),
        (",amount", ["m", "o", "2026-01-05", "1e300"], ("amount", "out_of_range")),
        (",amount,currency", ["m", "o", "2026-01-05", "1", "USD"], ("currency", "other_currency")),
        (",order_type", ["m", "o", "2026-01-05", "present"], ("order_type", "unknown_class")),
        (",physical", ["m", "o", "2026-01-05", "maybe"], ("physical", "not_a_flag")),
        ("", ["m", "o"], ("", "field_count")),
        ("", ["merchant_id", "order_id", "paid_at"], ("", "header_again")),
    ],
)
def test_a_faulty_row_is_rejected_with_its_line_and_reason(tmp_path, more, cells, fault):
    header = f"merchant_id,order_id,paid_at{more}"
    good = ["m0", "o0", "2026-01-05", "1", "CNY"][: len(header.split(","))]
    if header.endswith(("order_type", "physical")):
        good[-1] = ""
    folder = write(
        tmp_path / "logs", orders=table(header, good, cells, [*good[:1], "o9", *good[2:]])
    )
    found = read(folder, tmp_path / "work")
    assert found.reasons() == [(3, *fault)]
    assert [row["order_id"] for row in found.rows["orders"]] == ["o0", "o9"]
    tally = found.logs.tally("orders")
    assert (tally.read, tally.kept) == (3, 2)


def test_stars_counts_and_whole_numbers_have_bounds(tmp_path):
    header = "review_id,merchant_id,order_id,created_at,stars"
    rows = [["r", "m", f"o{i}", "2026-01-05", stars] for i, stars in enumerate(["5", "6", "0.5"])]
    counts = table("merchant_id,day,measure,n", ["m", "2026-01-05", "impressions", "1.5"])
    found = read(
        write(tmp_path / "logs", reviews=table(header, *rows), daily_counts=counts),
        tmp_path / "work",
    )
    assert found.reasons() == [
        (3, "stars", "out_of_range"),
        (4, "stars", "out_of_range"),
        (2, "n", "not_whole"),
    ]


def test_cells_at_fault_are_told_by_their_shape_alone(tmp_path):
    rows = table(
        "merchant_id,order_id,paid_at,buyer_id,order_type",
        ["m", "o", "2026-01-05", "13812345678" * 20, "normal"],
        ["m", "o2", "2026-01-05", "b", "13812345678"],
        ["m", "o3", "yesterday 13", "b", ""],
    )
    found = read(write(tmp_path / "logs", orders=rows), tmp_path / "work")
    assert [row.value for _, row in found.bad] == ["", "", "aaaaaaaaa 99"]


def test_moments_in_the_hour_that_comes_twice_or_never_take_the_later_offset(tmp_path):
    rows = table(
        "merchant_id,order_id,paid_at",
        ["m", "twice", "2025-10-26 02:30:00"],
        ["m", "never", "2025-03-30 02:30:00"],
        ["m", "plain", "2025-10-26 12:00:00"],
    )
    found = read(write(tmp_path / "logs", orders=rows), tmp_path / "work", zone="Europe/Berlin")
    at = {row["order_id"]: row["paid_at"] for row in found.rows["orders"]}
    assert at["twice"] == utc(2025, 10, 26, 1, 30)
    assert at["never"] == utc(2025, 3, 30, 0, 30)
    assert at["plain"] == utc(2025, 10, 26, 11)
    assert found.logs.tally("orders").changed == 2


@pytest.mark.parametrize("digits", ["1767578400", "1767578400000", "1767578400000000"])
def test_unix_time_is_told_by_its_digits(tmp_path, digits):
    rows = table("merchant_id,order_id,paid_at", ["m", "o", digits])
    found = read(write(tmp_path / "logs", orders=rows), tmp_path / "work")
    assert found.rows["orders"][0]["paid_at"] == 1_767_578_400_000_000


def test_parquet_and_csv_give_the_same_rows(tmp_path):
    folder = write(tmp_path / "csv", orders=ORDERS)
    (tmp_path / "gzip").mkdir()
    (tmp_path / "gzip" / "orders.csv.gz").write_bytes(gzip.compress(ORDERS.encode()))
    typed = tmp_path / "parquet" / "orders"
    typed.mkdir(parents=True)
    moments = [utc(2026, 1, 5, 2), utc(2026, 1, 6, 2), utc(2026, 1, 7, 1, 30), utc(2026, 1, 31, 15)]
    pq.write_table(
        pa.table(
            {
                "merchant_id": pa.array(["m1", "m1", "m2", "m2"], pa.large_string()),
                "order_id": ["o1", "o2", "o3", "o4"],
                "paid_at": pa.array(moments, pa.timestamp("us", "UTC")),
                "buyer_id": ["buyer-Zhang", None, "buyer-Li", "buyer-Li"],
                "amount": [12.5, 3.0, 4.0, 9.99],
                "order_type": ["normal", "gift", "normal", None],
            }
        ),
        typed / "day1.parquet",
    )
    expected = [
        {k: v for k, v in row.items() if k != "_line"}
        for row in read(folder, tmp_path / "w1").rows["orders"]
    ]
    for number, place in enumerate(["gzip", "parquet"]):
        rows = read(tmp_path / place, tmp_path / f"v{number}").rows["orders"]
        assert [{k: v for k, v in row.items() if k != "_line"} for row in rows] == expected


def test_a_blank_key_takes_what_stands_in_for_it(tmp_path):
    items = table("merchant_id,order_id,item_id", ["m", "o", "i1"], ["m", "o", "i2"])
    found = read(write(tmp_path / "logs", order_items=items), tmp_path / "work")
    assert [row["line"] for row in found.rows["order_items"]] == ["i1", "i2"]
    assert "line" in found.logs.collected()["order_items"]


def test_small_reversals_are_set_equal_and_large_ones_counted(tmp_path):
    rows = table(
        "merchant_id,order_id,shipped_at,first_scan_at",
        ["m", "near", "2026-01-05 10:05", "2026-01-05 10:00"],
        ["m", "far", "2026-01-05 12:00", "2026-01-05 10:00"],
    )
    found = read(write(tmp_path / "logs", shipments=rows), tmp_path / "work")
    near, far = found.rows["shipments"]
    assert near["first_scan_at"] == near["shipped_at"]
    assert far["first_scan_at"] < far["shipped_at"]
    tally = found.logs.tally("shipments")
    assert (tally.skewed, tally.reversed) == (1, 1)


def test_deadlines_may_lie_ahead(tmp_path):
    rows = table("merchant_id,order_id,paid_at,ship_by", ["m", "o", "2026-01-05", "2099-01-01"])
    found = read(write(tmp_path / "logs", orders=rows), tmp_path / "work")
    assert found.bad == []


def test_texts_leave_a_count_and_a_hash(tmp_path):
    header = "review_id,merchant_id,order_id,created_at,text"
    rows = [
        ["r1", "m", "o1", "2026-01-05", "很好！ 很好"],
        ["r2", "m", "o2", "2026-01-05", "很好, 很好"],
        ["r3", "m", "o3", "2026-01-05", "!!"],
        ["r4", "m", "o4", "2026-01-05", ""],
    ]
    found = read(write(tmp_path / "logs", reviews=table(header, *rows)), tmp_path / "work")
    stored = found.rows["reviews"]
    assert [row["text_letters"] for row in stored] == [4, 4, 0, None]
    assert stored[0]["text_hash"] == stored[1]["text_hash"] is not None
    assert [row["text_hash"] for row in stored[2:]] == [None, None]
    assert "text" not in stored[0]


def test_a_table_without_rows_is_collected(tmp_path):
    folder = write(tmp_path / "logs", orders="merchant_id,order_id,paid_at\n")
    found = read(folder, tmp_path / "work")
    assert found.rows["orders"] == []
    assert {"merchant_id", "order_id", "paid_at"} <= found.logs.collected()["orders"]


@pytest.mark.parametrize("buckets", [1, 2, 8])
def test_buckets_hold_the_same_rows(tmp_path, buckets):
    rows = [[f"m{i % 7}", f"o{i}", "2026-01-05 10:00"] for i in range(100)]
    folder = write(tmp_path / "logs", orders=table("merchant_id,order_id,paid_at", *rows))
    found = read(folder, tmp_path / "work", buckets=buckets)
    assert [row["order_id"] for row in found.rows["orders"]] == [f"o{i}" for i in range(100)]


def test_required_columns_that_are_missing_are_all_named(tmp_path):
    folder = write(
        tmp_path / "logs",
        orders="merchant_id,order_no,payed_at\n",
        reviews="merchant_id,order_id,created_at\n",
    )
    with pytest.raises(InputError) as error:
        read(folder, tmp_path / "work")
    said = str(error.value)
    assert "no column order_id" in said
    assert "no column paid_at, did you mean payed_at?" in said
    assert "no column review_id" in said
    assert "[tables.orders] columns" in said


def test_a_folder_without_logs_names_the_near_one(tmp_path):
    folder = write(tmp_path / "logs", order="a\n")
    with pytest.raises(InputError, match=r"no known log.*order.csv, did you mean orders\?"):
        read(folder, tmp_path / "work")


def test_a_damaged_parquet_is_named_and_not_quoted(tmp_path):
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "orders.parquet").write_bytes(b"PAR1 buyer 13812345678 PAR1")
    with pytest.raises(InputError, match="damaged") as error:
        read(folder, tmp_path / "work")
    assert "13812345678" not in str(error.value)


def test_bytes_that_are_no_text_are_rejected(tmp_path):
    folder = write(tmp_path / "logs", orders=ORDERS)
    with open(folder / "orders.csv", "ab") as file:
        file.write("m好,o8,2026-01-05,,,\n".encode() + b"m9,o9\xff,2026-01-05,,,\n")
    found = read(folder, tmp_path / "work")
    assert [reason for *_, reason in found.reasons()] == ["not_utf8"]


def test_an_id_of_ten_megabytes_is_one_reject(tmp_path):
    folder = write(tmp_path / "logs", orders=ORDERS + f"m1,{'x' * 10_000_000},2026-01-05,,,\n")
    found = read(folder, tmp_path / "work")
    assert found.reasons() == [(6, "order_id", "text_too_long")]


def test_a_merchant_has_one_id_in_all_logs(tmp_path):
    ids = ["1001", " 1001.0", '="1001"', "１００１"]
    rows = [[i, f"o{at}", "2026-01-05"] for at, i in enumerate(ids)]
    folder = write(tmp_path / "logs", orders=table("merchant_id,order_id,paid_at", *rows))
    found = read(folder, tmp_path / "work")
    assert {row["merchant_id"] for row in found.rows["orders"]} == {"1001"}


def test_hostile_ids_are_rows_like_others(tmp_path):
    ids = ["=1+1", "a,b", 'q"q', "tab\tx", "n\nl", "\x1b[2J", "'", "'; DROP TABLE orders; --"]
    rows = [[i, f"o{at}", "2026-01-05"] for at, i in enumerate(ids)]
    folder = write(tmp_path / "logs", orders=table("merchant_id,order_id,paid_at", *rows))
    found = read(folder, tmp_path / "work")
    assert [row["merchant_id"] for row in found.rows["orders"]] == ids


def test_events_after_the_file_was_written_are_out_of_range(tmp_path):
    folder = write(tmp_path / "logs", orders=ORDERS)
    written = dt.datetime(2026, 1, 20, tzinfo=dt.UTC).timestamp()
    os.utime(folder / "orders.csv", (written, written))
    assert read(folder, tmp_path / "work").reasons() == [(5, "paid_at", "out_of_range")]


def test_every_reason_has_its_words():
    import ast
    from pathlib import Path

    import trustscore.io.logs
    from trustscore.io.logs.rejects_file import LOG_REASONS

    used = set()
    for path in Path(trustscore.io.logs.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and node.value in LOG_REASONS:
                used.add(node.value)
    own = {"missing_key", "not_a_time", "unknown_class", "negative_amount", "other_currency"}
    assert own | {"not_whole", "text_too_long", "out_of_range", "field_count"} <= used


def test_an_amount_that_overflows_is_a_reject_without_a_warning(tmp_path, recwarn):
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "orders.csv").write_text(
        "merchant_id,order_id,paid_at,amount\nm1,o1,2026-01-05,1e308\nm2,o2,2026-01-06,5\n"
    )
    out = tmp_path / "export.csv"
    write_signals(logs, out, as_of=dt.date(2026, 2, 1), allow_short_logs=True)
    assert "amount,9a999,out_of_range" in (tmp_path / "export.csv.rejects.csv").read_text()
    assert not [w for w in recwarn if issubclass(w.category, RuntimeWarning)]


def test_an_empty_folder_of_a_log_collects_nothing(tmp_path):
    folder = write(tmp_path / "logs", orders=ORDERS)
    (folder / "findings").mkdir()
    assert list(read(folder, tmp_path / "work").rows) == ["orders"]
