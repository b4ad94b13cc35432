"""What a detector suspected and suspects no more counts no more."""

import csv

import pyarrow.parquet as pq
import pytest

from tests.detect.test_brushing_round_trip import decide
from tests.detect.test_truth import done
from tests.logs.folders import table, write

ZONE = ("--tz", "UTC", "--allow-short-logs", "--quiet")
SOON, LATE = "2026-01-17 10:00", "2026-01-21 10:00"


def parcels(logs, soon):
    """Write parcels, of which some were scanned before their order was paid."""
    rows = [["m1", f"o{n}", "1", f"w{n}", SOON if f"o{n}" in soon else LATE] for n in range(10)]
    header = "merchant_id,order_id,shipment_id,waybill_id,first_scan_at"
    write(logs, shipments=table(header, *rows))


@pytest.fixture
def logs(tmp_path):
    orders = [["m1", f"o{n}", "2026-01-20 10:00", f"b{n}"] for n in range(10)]
    folder = write(
        tmp_path / "logs", orders=table("merchant_id,order_id,paid_at,buyer_id", *orders)
    )
    (folder / "findings").mkdir()
    return folder


def detect(logs, day, name="brushing", queue=None):
    """Find on a day, put the file beside the earlier ones, and return its rows by subject."""
    out = logs.parent / f"{name}-{day}.parquet"
    more = () if queue is None else ("--queue", queue)
    done(["detect", name, logs, "-o", out, "--as-of", day, *ZONE, *more])
    found = {row["subject_id"]: row for row in pq.read_table(out).to_pylist()}
    out.replace(logs / "findings" / out.name)
    return {subject: row["status"] for subject, row in found.items()}


def paid(logs, day):
    out = logs.parent / "export.csv"
    done(["signals", logs, "-o", out, "--as-of", day, *ZONE])
    with open(out, encoding="utf-8", newline="") as file:
        [row] = csv.DictReader(file)
    return int(row["orders_paid_90d"])


def test_a_suspicion_is_withdrawn_and_may_come_again(logs):
    parcels(logs, {"o0", "o1"})
    assert detect(logs, "2026-02-01") == {"o0": "suspected", "o1": "suspected"}
    assert paid(logs, "2026-02-01") == 8
    # The carrier corrects a scan.
    parcels(logs, {"o1"})
    assert detect(logs, "2026-02-02") == {"o1": "suspected", "o0": "withdrawn"}
    assert paid(logs, "2026-02-02") == 9
    # On the day before, it was still suspected.
    assert paid(logs, "2026-02-01") == 8
    # What was withdrawn is not withdrawn again.
    assert detect(logs, "2026-02-03") == {"o1": "suspected"}
    assert paid(logs, "2026-02-03") == 9
    parcels(logs, {"o0"})
    assert detect(logs, "2026-02-04") == {"o0": "suspected", "o1": "withdrawn"}
    assert paid(logs, "2026-02-04") == 9


def test_what_people_decided_or_other_detectors_found_is_not_withdrawn(logs, tmp_path):
    parcels(logs, {"o0", "o1", "o2"})
    queue = tmp_path / "queue.csv"
    detect(logs, "2026-02-01", queue=queue)
    decide(logs, queue, o0="confirmed")
    head = "finding_id,merchant_id,subject_kind,subject_id,topic,status,found_at,score,source"
    rows = [
        # Another detector's, somebody else's under such an id, and a person's.
        ["rings:1", "m1", "order", "o3", "brushing", "suspected", "2026-01-31", 1, "rings@1"],
        ["brushing:1", "m1", "order", "o4", "brushing", "suspected", "2026-01-31", 1, "desk"],
        ["7", "m1", "order", "o5", "brushing", "confirmed", "2026-01-31", "", "desk"],
    ]
    (logs / "findings" / "others.csv").write_text(table(head, *rows))
    parcels(logs, set())
    assert detect(logs, "2026-02-02") == dict.fromkeys(("o0", "o1", "o2"), "withdrawn")
    # o0 stays out, as a person said, and so do o3, o4 and o5.
    assert paid(logs, "2026-02-03") == 6


def test_what_is_too_old_to_be_judged_again_stays_as_it_was(logs):
    parcels(logs, {"o0"})
    detect(logs, "2026-02-01")
    parcels(logs, set())
    # The orders were paid before the 180 days that are judged, and at the edge of these days.
    assert detect(logs, "2026-08-15") == {}
    assert detect(logs, "2026-07-10") == {}
    assert detect(logs, "2026-05-20") == {"o0": "withdrawn"}


def test_a_link_between_accounts_is_withdrawn(logs, tmp_path):
    merchants = table(
        "merchant_id,status,removal_reason", ["m1", "active", ""], ["old", "removed", "fake_goods"]
    )
    head = "merchant_id,kind,value"
    same = [["m1", "licence", "91310000MA1FL5XX17"], ["old", "licence", "91310000MA1FL5XX17"]]
    write(logs, merchants=merchants, identities=table(head, *same))
    assert detect(logs, "2026-02-01", "identity") == {"old": "suspected"}
    write(logs, identities=table(head, same[1], ["m1", "licence", "91440300MA5DA1AA4B"]))
    assert detect(logs, "2026-02-02", "identity") == {"old": "withdrawn"}
    assert detect(logs, "2026-02-03", "identity") == {}


def test_a_run_that_withdraws_most_says_so(logs, tmp_path, capsys):
    parcels(logs, {f"o{n}" for n in range(10)})
    detect(logs, "2026-02-01")
    (logs / "shipments.csv").unlink()
    out = tmp_path / "again.csv"
    done(["detect", "brushing", logs, "-o", out, "--as-of", "2026-02-02", *ZONE[:-1]])
    said = capsys.readouterr().err
    assert "10 of 10 earlier suspicions are withdrawn; if a log is missing" in said
