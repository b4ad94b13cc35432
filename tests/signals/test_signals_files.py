"""From a folder of logs to an export: the command, its manifest, its promises."""

import datetime as dt
import json
import random
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.logs.folders import ORDERS, snapshot, table, write
from trustscore.commands.main import main
from trustscore.errors import InputError
from trustscore.signals.files import write_signals

AS_OF = ("--as-of", "2026-02-01", "--allow-short-logs")


def run(*words):
    with pytest.raises(SystemExit) as stopped:
        main(["signals", *map(str, words)])
    return stopped.value.code


def rows_of(path):
    header, *rows = path.read_text(encoding="utf-8").splitlines()
    return [dict(zip(header.split(","), row.split(","), strict=True)) for row in rows]


@pytest.fixture
def logs(tmp_path):
    return write(tmp_path / "logs", orders=ORDERS)


def many(folder, merchants=12, orders=300):
    draw = random.Random(5)
    kinds = ["normal", "normal", "normal", "gift", ""]
    lines, reviews, parcels = [], [], []
    for number in range(orders):
        merchant, day = f"m{draw.randrange(merchants)}", draw.randrange(1, 32)
        lines.append(
            [
                merchant,
                f"o{number}",
                f"2026-01-{day:02d} {draw.randrange(24):02d}:15:00",
                f"b{draw.randrange(40)}",
                f"{draw.randrange(1, 90_000) / 100}",
                draw.choice(kinds),
            ]
        )
        parcels.append([merchant, f"o{number}", f"w{number}", f"2026-01-{day:02d} 23:30:00"])
        if draw.random() < 0.5:
            reviews.append([f"r{number}", merchant, f"o{number}", f"2026-01-{day:02d} 23:40", 4])
    return write(
        folder,
        orders=table("merchant_id,order_id,paid_at,buyer_id,amount,order_type", *lines),
        shipments=table("merchant_id,order_id,waybill_id,first_scan_at", *parcels),
        reviews=table("review_id,merchant_id,order_id,created_at,stars", *reviews),
    )


def test_the_export_counts_valid_orders(logs, tmp_path):
    assert run(logs, "-o", tmp_path / "export.csv", *AS_OF) == 0
    m1, m2 = rows_of(tmp_path / "export.csv")
    # The gift of m1 does not count.
    assert (m1["merchant_id"], m1["orders_paid"]) == ("m1", "1")
    assert (m2["merchant_id"], m2["orders_paid"]) == ("m2", "2")
    facts = json.loads((tmp_path / "export.csv.manifest.json").read_text())
    assert facts["missing_columns"]["orders_delivered"] == "not_collected: shipments"
    assert facts["excluded_orders"] == {"order_type": 1}
    assert facts["tables"]["orders"]["read"] == 4
    assert not (tmp_path / "export.csv.rejects.csv").exists()


def test_rejects_are_an_exit_code_and_a_file(logs, tmp_path, capsys):
    with open(logs / "orders.csv", "a") as file:
        file.write("m1,o7,soon,,,\n")
    assert run(logs, "-o", tmp_path / "export.csv", *AS_OF) == 3
    rejects = (tmp_path / "export.csv.rejects.csv").read_text().splitlines()
    assert rejects[1].startswith(f"orders,{logs}/orders.csv,6,paid_at,aaaa,not_a_time,")
    assert "1 of 5 rows were rejected (20.0%)" in capsys.readouterr().err
    assert run(logs, "-o", tmp_path / "strict.csv", *AS_OF, "--strict") == 4
    assert "line 6, column paid_at: not_a_time. Got 'aaaa'" in capsys.readouterr().err
    assert not (tmp_path / "strict.csv").exists()


@pytest.mark.parametrize("suffix", ["csv", "csv.gz", "parquet"])
def test_every_format_is_written_and_scored(tmp_path, suffix):
    folder = many(tmp_path / "logs")
    out = tmp_path / f"export.{suffix}"
    assert run(folder, "-o", out, *AS_OF) == 0
    with pytest.raises(SystemExit) as stopped:
        main(["score", str(out), "-o", str(tmp_path / "s.csv"), "--allow-missing-columns"])
    assert stopped.value.code == 0
    assert len(rows_of(tmp_path / "s.csv")) == 12


def test_threads_files_buckets_and_kept_stores_change_no_byte(tmp_path, monkeypatch):
    folder = many(tmp_path / "logs")
    out = tmp_path / "export.csv"

    def made(where, *more):
        run(where, "-o", out, *AS_OF, *more)
        return out.read_bytes()

    expected = made(folder)
    assert made(folder, "--jobs", "4") == expected
    assert made(folder, "--work", tmp_path / "w") == expected
    assert made(folder, "--work", tmp_path / "w") == expected
    assert made(folder, "--memory", "300MB") == expected
    # The same rows in other files, in another order, with half of them delivered again.
    split = tmp_path / "split" / "orders"
    split.mkdir(parents=True)
    header, *lines = (folder / "orders.csv").read_text().splitlines(keepends=True)
    random.Random(1).shuffle(lines)
    for name, part in (("b", lines[:90]), ("a", lines[90:]), ("c", lines[:150])):
        (split / f"{name}.csv").write_text(header + "".join(part))
    for name in ("shipments.csv", "reviews.csv"):
        (tmp_path / "split" / name).write_bytes((folder / name).read_bytes())
    assert made(tmp_path / "split") == expected
    facts = json.loads((tmp_path / "export.csv.manifest.json").read_text())
    assert facts["tables"]["orders"]["duplicate"] == 150
    from trustscore.io.logs import ingest

    monkeypatch.setattr(ingest, "buckets_for", lambda size: 8)
    assert made(folder) == expected


def test_events_on_and_after_the_day_change_nothing(tmp_path):
    folder = many(tmp_path / "logs")
    out = tmp_path / "export.csv"
    run(folder, "-o", out, *AS_OF)
    expected = out.read_bytes()
    with open(folder / "orders.csv", "a") as file:
        file.write("m1,later,2026-02-01 00:00:00,b1,5,normal\nm1,last,2026-02-03,b1,5,normal\n")
    run(folder, "-o", out, *AS_OF)
    assert out.read_bytes() == expected
    facts = json.loads((tmp_path / "export.csv.manifest.json").read_text())
    assert facts["states_as_of"] == ["orders"]


def test_versions_are_counted(tmp_path):
    header = "merchant_id,order_id,paid_at,amount,recorded_at"
    rows = [
        ["m", "o", "2026-01-05", "5", "2026-01-06"],
        ["m", "o", "2026-01-05", "5", "2026-01-06"],
        ["m", "o", "2026-01-05", "6", "2026-01-07"],
        ["m", "o", "2026-01-05", "7", "2026-01-07"],
    ]
    write_signals(
        write(tmp_path / "logs", orders=table(header, *rows)),
        tmp_path / "e.csv",
        as_of=dt.date(2026, 2, 1),
        allow_short_logs=True,
    )
    entry = json.loads((tmp_path / "e.csv.manifest.json").read_text())["tables"]["orders"]
    assert (entry["duplicate"], entry["superseded"], entry["repeated_version"]) == (1, 2, 1)


PHONE, NAME, SENTENCE = "13987654321", "Wang-Xiaoming", "please-call-my-other-number"
SECRETS = (PHONE, NAME, SENTENCE, "buyer-77", "waybill-88", "203.0.113.9", "device-99")


def test_nothing_that_names_a_person_is_stored_written_or_said(tmp_path, capfd):
    folder = write(
        tmp_path / "logs",
        orders=table(
            "merchant_id,order_id,paid_at,buyer_id,device_id,ip,address_id,amount,order_type",
            ["m1", "o1", "2026-01-05", "buyer-77", "device-99", "203.0.113.9", PHONE, "5", ""],
            ["m1", "o2", "2026-01-05", PHONE * 20, "device-99", NAME, PHONE, "5", ""],
            ["m1", "o3", "2026-01-05", "buyer-77", "", "", "", "5", NAME],
            ["m1", PHONE, "later", "buyer-77", "", "", "", "5", ""],
            ["m1", "buyer-77", "2026-01-05"],
        ),
        shipments=table(
            "merchant_id,order_id,waybill_id,carrier,masked",
            ["m1", "o1", "waybill-88", "sf", "1"],
            ["m1", "o1", "waybill-88", "sf", NAME],
        ),
        reviews=table(
            "review_id,merchant_id,order_id,created_at,buyer_id,text",
            ["r1", "m1", "o1", "2026-01-06", "buyer-77", f"{SENTENCE} {PHONE} {NAME}"],
            ["r2", "m1", "o1", "nonsense", "buyer-77", f"{SENTENCE}"],
        ),
        chat_messages=table(
            "chat_id,merchant_id,sent_at,sender,text",
            ["c1", "m1", "2026-01-06 10:00", "buyer", f"{SENTENCE} {PHONE}"],
            ["c1", "m1", "2026-01-06 10:00", NAME, SENTENCE],
        ),
        identities=table(
            "merchant_id,kind,value",
            ["m1", "phone", PHONE],
            ["m1", "person_name", NAME],
            ["m1", NAME, PHONE],
        ),
        merchants=table("merchant_id,name,status", ["m1", NAME, "active"]),
    )
    work = tmp_path / "work"
    code = run(folder, "-o", tmp_path / "export.csv", *AS_OF, "--work", work)
    assert code == 3
    run(folder, "-o", tmp_path / "strict.csv", *AS_OF, "--strict")
    said = capfd.readouterr()
    files = snapshot(work) | {p.name: p.read_bytes() for p in tmp_path.glob("*.*")}
    assert {"export.csv", "export.csv.rejects.csv", "export.csv.manifest.json"} <= set(files)
    files["said"] = (said.out + said.err).encode()
    for path in work.rglob("*.parquet"):
        # Compressed pages would hide what a plain search looks for.
        files[f"{path} as text"] = str(pq.read_table(path).to_pydict()).encode()
    assert len(files) > 12
    for name, content in files.items():
        for secret in SECRETS:
            assert secret.encode() not in content, (name, secret)


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (("--as-of", "2026-01-05"), "orders begins on 2026-01-05, and --as-of 2026-01-05"),
        (("--as-of", "2026-03-05"), "orders ends on 2026-01-31, more than a day before"),
        ((*AS_OF, "--tz", "Asia/Shangai"), "did you mean Asia/Shanghai?"),
        ((*AS_OF, "--memory", "much"), "--memory must be a size like 4GB"),
        ((*AS_OF, "--definitions", "defalt"), "default"),
        ((*AS_OF, "--rejects", "x.ods"), "must end in .csv"),
        ((), "--as-of"),
    ],
)
def test_wrong_use_is_said_and_leaves_nothing(logs, tmp_path, capsys, words, fault):
    assert run(logs, "-o", tmp_path / "export.csv", *words) == 2
    assert fault in capsys.readouterr().err
    assert not list(tmp_path.glob("*export*"))


def test_an_input_is_not_written_over(logs):
    with pytest.raises(InputError, match="is also an input"):
        write_signals(
            logs,
            logs / "orders.csv",
            as_of=dt.date(2026, 2, 1),
            allow_short_logs=True,
        )


def test_a_window_that_begins_before_the_log_is_not_counted(logs, tmp_path):
    run(logs, "-o", tmp_path / "export.csv", "--as-of", "2026-02-01")
    facts = json.loads((tmp_path / "export.csv.manifest.json").read_text())
    assert facts["missing_columns"]["orders_paid_90d"].startswith("short_log")
    (logs / "logs.toml").write_text('[tables.orders]\ncovers = ["2025-01-01", "2026-02-01"]\n')
    run(logs, "-o", tmp_path / "export.csv", "--as-of", "2026-02-01")
    facts = json.loads((tmp_path / "export.csv.manifest.json").read_text())
    assert "orders_paid_90d" in facts["columns"]


def test_a_scorecard_chooses_the_columns_and_their_order(tmp_path):
    folder = many(tmp_path / "logs")
    run(folder, "-o", tmp_path / "e.csv", *AS_OF, "--scorecard", "default")
    narrow = list(rows_of(tmp_path / "e.csv")[0])
    run(folder, "-o", tmp_path / "e.csv", *AS_OF)
    assert set(narrow) <= set(rows_of(tmp_path / "e.csv")[0])


def test_standard_output_takes_the_export_alone(logs, tmp_path, capfd, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(logs, "-o", "-", *AS_OF) == 0
    out = capfd.readouterr().out
    assert out.startswith("merchant_id,orders_paid") and out.count("\n") == 3
    assert [path.name for path in tmp_path.iterdir()] == ["logs"]


def test_why_lists_what_counted_and_what_nearly_did(logs, tmp_path, capsys):
    assert run(logs, *AS_OF, "--why", "m1", "orders_paid") == 0
    out = capsys.readouterr().out
    assert out.startswith("m1  orders_paid = 1\n")
    counted, nearly = out.split("nearly counted: 1")
    assert "counted: 1" in counted and "o1" in counted and "o2" not in counted
    assert "2026-01-05 10:00:00+08:00" in counted
    assert "o2" in nearly and "order_type" in nearly
    assert [path.name for path in tmp_path.iterdir()] == ["logs"]


@pytest.mark.parametrize(
    ("merchant", "column", "fault"),
    [
        ("m9", "orders_paid", "no merchant 'm9' in the logs"),
        ("m1", "orders_pad", "did you mean orders_paid?"),
        ("m1", "orders_delivered", "cannot be made: not_collected: shipments"),
    ],
)
def test_why_names_what_is_not_there(logs, capsys, merchant, column, fault):
    assert run(logs, *AS_OF, "--why", merchant, column) == 2
    assert fault in capsys.readouterr().err


def test_lineage_has_a_line_for_each_event_that_counted(tmp_path):
    folder = many(tmp_path / "logs")
    assert run(folder, "-o", tmp_path / "e.csv", *AS_OF, "--lineage", tmp_path / "lines") == 0
    lines = pq.read_table(tmp_path / "lines" / "lineage.parquet").to_pylist()
    for column in ("orders_paid", "orders_paid_all_90d", "orders_picked_up"):
        counted = {}
        for line in lines:
            if line["column"] == column:
                counted[line["merchant_id"]] = counted.get(line["merchant_id"], 0) + 1
        exported = {row["merchant_id"]: int(row[column]) for row in rows_of(tmp_path / "e.csv")}
        assert counted == {merchant: n for merchant, n in exported.items() if n}
    assert run(folder, "-o", tmp_path / "e.csv", *AS_OF, "--lineage", tmp_path / "lines") == 2


def test_check_says_what_columns_mean_and_where_a_scorecard_differs(capsys):
    assert run("--check", "--scorecard", "default") == 0
    out = capsys.readouterr().out
    assert "orders_paid\n    Number of rows of `orders`" in out
    assert "logs: orders" in out and out.endswith("agree\n")


def test_sql_is_emitted_for_the_columns_that_are_there(logs, tmp_path, capsys):
    assert run("--emit-sql", "duckdb", "--as-of", "2026-02-01") == 0
    whole = capsys.readouterr().out
    assert run(logs, "--emit-sql", "spark", *AS_OF, "-o", tmp_path / "s.sql") == 0
    part = (tmp_path / "s.sql").read_text()
    assert part.startswith("CREATE TEMPORARY VIEW") and len(part) < len(whole)
    assert run("--emit-sql", "klingon", "--as-of", "2026-02-01") == 2


def test_sql_is_never_written_over_what_it_is_made_from(logs, tmp_path, capsys):
    # Definitions and a mapping may be elsewhere; a log may also be met by a link.
    mine = tmp_path / "mine.toml"
    mine.write_text("[tables]\n")
    link = tmp_path / "link.csv"
    log = next(path for path in sorted(Path(logs).rglob("*")) if path.is_file())
    link.symlink_to(log)
    for out, more in ((log, ()), (link, ()), (mine, ("--mapping", mine))):
        before = out.read_bytes()
        assert run(logs, "--emit-sql", "duckdb", *AS_OF, *more, "-o", out) == 2
        assert "different files" in capsys.readouterr().err
        assert out.read_bytes() == before


@pytest.mark.parametrize("option", ["--rejects", "--manifest"])
def test_two_outputs_of_one_name_are_refused(option, logs, tmp_path, capsys):
    out = tmp_path / "out.csv"
    again = tmp_path / "." / "nowhere" / ".." / "out.csv"
    for other in (out, again):
        assert run(logs, "-o", out, option, other, *AS_OF) == 2
        assert "two outputs have one name" in capsys.readouterr().err
        assert not out.exists()


@pytest.mark.parametrize("words", [("--as-of", "2026-02-01"), ("-o", "x.csv"), ()])
def test_what_is_missing_is_asked_for(words, capsys):
    assert run(*words) == 2
    assert "missing" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("tables = 3", "tables: must be a table of logs"),
        (
            "[tables.orders]\ncovers = [1, 2]",
            r"tables\.orders\.covers: must be days like .* Got '1'",
        ),
        ("[tables.orderz]\ncovers = []", "tables.orderz: unknown table, did you mean orders"),
    ],
)
def test_what_a_folder_says_of_itself_is_checked_whether_it_is_needed_or_not(
    logs, tmp_path, text, fault
):
    (logs / "logs.toml").write_text(text)
    for short in (True, False):
        with pytest.raises(InputError, match=fault):
            write_signals(
                logs, tmp_path / "e.csv", as_of=dt.date(2026, 2, 1), allow_short_logs=short
            )
