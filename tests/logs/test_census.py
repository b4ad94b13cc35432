"""What rows are to each other: counted once for the same files, and read wherever that helps."""

import json
from datetime import date

import pytest

from tests.logs.folders import ORDERS, table, write
from tests.signals.duck import collected
from trustscore.detect.files import write_findings
from trustscore.io.logs import census
from trustscore.signals import generate, load_definitions
from trustscore.signals.files import write_signals
from trustscore.signals.files.opening import open_logs

SHIPMENTS = table(
    "merchant_id,order_id,shipment_id,shipped_at",
    ("m1", "o1", "s1", "2026-01-06"),
    ("m2", "o3", "s2", "2026-01-08"),
)


def taken(folder, work=None, **more):
    with open_logs(folder, load_definitions("default"), work=work, **more) as opened:
        return opened.census, opened.census.unique(opened.logs)


def test_logs_without_two_rows_of_a_key_are_named(tmp_path):
    found, unique = taken(write(tmp_path / "logs", orders=ORDERS, shipments=SHIPMENTS))
    assert unique == {"orders", "shipments"}
    assert not found.duplicate and not found.superseded


def test_a_key_on_two_rows_of_one_file(tmp_path):
    again = SHIPMENTS + "m2,o3,s2,2026-01-09\n"
    found, unique = taken(write(tmp_path / "logs", orders=ORDERS, shipments=again))
    assert (unique, found.superseded["shipments"]) == ({"orders"}, 1)


def test_a_key_on_rows_of_two_files(tmp_path):
    logs = write(tmp_path / "logs", shipments=SHIPMENTS)
    for day in ("01", "02"):
        write(logs / "orders", **{day: ORDERS})
    found, unique = taken(logs)
    assert (unique, found.duplicate["orders"]) == ({"shipments"}, 4)


def test_blank_parts_of_a_key_are_equal(tmp_path):
    rows = [("m1", "", "Li"), ("m1", "", "Wang")]
    logs = write(
        tmp_path / "logs", orders=ORDERS, merchants=table("merchant_id,valid_from,name", *rows)
    )
    assert taken(logs)[1] == {"orders"}


def test_the_same_files_are_counted_once(tmp_path, monkeypatch):
    logs = write(tmp_path / "logs", orders=ORDERS, shipments=SHIPMENTS + "m9,o9,s9,2026-01-08\n")
    first, unique = taken(logs, tmp_path / "work")
    assert first.orphans["shipments"] == 1
    with monkeypatch.context() as patch:
        patch.setattr(census, "_count", None)
        assert taken(logs, tmp_path / "work") == (first, unique)
        (logs / "reviews").mkdir()
        (logs / "reviews" / "day.csv").write_text(
            table("review_id,merchant_id,order_id,created_at", ("r1", "m1", "o8", "2026-01-20"))
        )
        with pytest.raises(TypeError):
            taken(logs, tmp_path / "work")
    assert taken(logs, tmp_path / "work")[0].orphans == {"shipments": 1, "reviews": 1}


@pytest.mark.parametrize("spoilt", ["", "{", "[]", '{"stamp": 1}'])
def test_a_spoilt_note_is_counted_anew(tmp_path, spoilt):
    logs = write(tmp_path / "logs", orders=ORDERS)
    first = taken(logs, tmp_path / "work")
    note = tmp_path / "work" / "census.json"
    whole = json.loads(note.read_text())
    note.write_text(spoilt)
    assert taken(logs, tmp_path / "work") == first
    assert json.loads(note.read_text()) == whole


def test_without_versions_none_is_looked_for():
    logs = {
        "orders": [
            {"merchant_id": "m1", "order_id": "o1", "paid_at": "2026-01-05", "buyer_id": "b"}
        ]
    }
    defs, cut = load_definitions("default"), date(2026, 2, 1)
    general = generate(defs, cut, collected(logs))
    sure = generate(defs, cut, collected(logs), unique=frozenset(["orders"]))
    versions = {s.name: ("_version" in s.sql, s.view) for s in general.statements}
    assert versions["known_orders"] == (True, False)
    versions = {s.name: ("_version" in s.sql, s.view) for s in sure.statements}
    assert versions["known_orders"] == (False, True)


def test_what_the_census_knows_changes_no_figure(tmp_path, monkeypatch):
    logs = write(tmp_path / "logs", orders=ORDERS, shipments=SHIPMENTS)
    how = {"as_of": date(2026, 2, 1), "allow_short_logs": True}
    write_signals(logs, tmp_path / "sure.csv", **how)
    monkeypatch.setattr(census.Census, "unique", lambda *_: frozenset())
    write_signals(logs, tmp_path / "general.csv", **how)
    assert (tmp_path / "sure.csv").read_bytes() == (tmp_path / "general.csv").read_bytes()


def test_one_key_in_two_buckets_is_one_row_of_the_market(tmp_path):
    # A key that does not name the merchant: each bucket has it once, the market twice.
    merchants = [f"m{i}" for i in range(8)]
    orders = table(
        "merchant_id,order_id,paid_at", *((m, f"o{m}", "2026-01-05 10:00") for m in merchants)
    )
    votes = table(
        "session_id,merchant_id,voter_id,voted_at,question,answer",
        *(("s1", m, "v1", "2026-01-06 10:00", "exaggerated", "1") for m in merchants),
    )
    logs = write(tmp_path / "logs", orders=orders, live_votes=votes)
    seen = {}
    for buckets in (1, 4):
        work = tmp_path / f"work{buckets}"
        work.mkdir()
        (work / "state.json").write_text(json.dumps({"format": 1, "buckets": buckets, "files": {}}))
        (work / "parts").mkdir()
        _, unique = taken(logs, work)
        seen[buckets] = "live_votes" in unique
        report = write_findings(
            "votes",
            logs,
            tmp_path / f"findings{buckets}.csv",
            as_of=date(2026, 2, 1),
            work=work,
            allow_short_logs=True,
        )
        seen[buckets] = (seen[buckets], report.manifest["facts"])
    assert seen[1][1] == seen[4][1]
