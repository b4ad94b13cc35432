"""A kept store that forgets old months: the same figures, and files that may then be removed."""

import datetime as dt
import json
import shutil

import pytest

from tests.logs.folders import table
from tests.signals.test_signals_files import rows_of, run
from trustscore.errors import InputError
from trustscore.io.logs import prune
from trustscore.io.logs.store import Store
from trustscore.signals.files import write_signals

# Orders by payment, their lines, and the first delivery ever.
SMALL = """
name = "small"
version = "1.0.0"
[exclusions]
order_type = "order_type <> 'normal'"
[facts.order_checks]
of = "logs.orders"
[facts.orders]
parcels = { from = "shipments", fold = { delivered_at = "last" } }
lines = { from = "order_items", fold = { lines = "count" } }
[columns]
orders_paid = { of = "orders", at = "paid_at", window = 30, count = true }
lines_sold = { of = "orders", at = "paid_at", window = 30, sum = "coalesce(lines, 0)" }
tenure_days = { of = "orders", first = "delivered_at", days_since = true }
"""
MONTHS = [f"2025-{month:02d}" for month in range(6, 13)] + ["2026-01", "2026-02"]
JANUARY, MARCH = dt.date(2026, 1, 29), dt.date(2026, 3, 1)
SOURCES = ("orders", "order_items", "shipments")


def month_of(folder, month):
    """Write the files of a month: m0 sells always, m1 stops in July, and m2's first are gifts."""
    orders, lines, parcels = [], [], []
    for number, merchant in enumerate(["m0", "m0", "m1", "m2"]):
        if merchant == "m1" and month > "2025-07":
            continue
        order = f"o{month}-{number}"
        gift = merchant == "m2" and month < "2025-08"
        orders.append(
            [merchant, order, f"{month}-0{number + 3} 10:00", "gift" if gift else "normal"]
        )
        lines += [[merchant, order, line, f"i{line}"] for line in range(number + 1)]
        # The second parcel of an order comes a week later.
        for at, day in enumerate([10, 17][: 1 + number % 2]):
            parcels.append([merchant, order, f"w{order}-{at}", f"{month}-{day} 09:00"])
    # And m3 delivers nothing.
    orders.append(["m3", f"o{month}-9", f"{month}-28 10:00", "normal"])
    lines.append(["m3", f"o{month}-9", 0, "i"])
    texts = (
        table("merchant_id,order_id,paid_at,order_type", *orders),
        table("merchant_id,order_id,line,item_id", *lines),
        table("merchant_id,order_id,waybill_id,delivered_at", *parcels),
    )
    for name, text in zip(SOURCES, texts, strict=True):
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / f"{month}.csv").write_text(text)


def remove(folder, month):
    for name in SOURCES:
        (folder / name / f"{month}.csv").unlink()


@pytest.fixture
def small(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text(SMALL)
    return path


@pytest.fixture
def logs(tmp_path):
    for month in MONTHS:
        month_of(tmp_path / "logs", month)
    return tmp_path / "logs"


def export(logs, small, work, day=MARCH, keep=70, **more):
    out = work.with_name(f"{work.name}.csv")
    facts = write_signals(
        logs, out, as_of=day, definitions=small, work=work, keep_days=keep, **more
    ).manifest
    return out.read_bytes(), facts


def test_a_store_that_forgot_gives_what_one_does_that_did_not(logs, small, tmp_path):
    whole, facts = export(logs, small, tmp_path / "whole", keep=None)
    assert "kept" not in facts
    pruned, facts = export(logs, small, tmp_path / "pruned")
    assert pruned == whole
    # 70 days before the first of March lie in December: what was before December has left.
    assert facts["kept"]["since"] == "2025-12-01"
    assert facts["kept"]["rows"]["orders"] == 2 * 5 + 4 * 4
    # Lines have no time of their own and left with their orders.
    assert facts["kept"]["rows"]["order_items"] == 2 * 11 + 4 * 8
    first = {row["merchant_id"]: row["tenure_days"] for row in rows_of(tmp_path / "pruned.csv")}
    # m0: June 10; m1: June 10 (one parcel); m2: its first order that is no gift, August 17.
    assert first == {"m0": "263", "m1": "263", "m2": "195", "m3": "0"}


def test_a_store_kept_over_months_gives_what_one_from_scratch_does(logs, small, tmp_path):
    aside = tmp_path / "aside"
    shutil.copytree(logs, aside)
    remove(logs, "2026-02")
    export(logs, small, tmp_path / "w", day=JANUARY)
    month_of(logs, "2026-02")
    again, facts = export(logs, small, tmp_path / "w")
    scratch, expected = export(aside, small, tmp_path / "scratch")
    assert again == scratch
    assert facts["kept"] == expected["kept"]
    # And no longer asked to forget, it forgets what is as old as before.
    assert export(logs, small, tmp_path / "w", keep=None)[0] == scratch
    left = {path.name for path in (tmp_path / "w").glob("firsts*")}
    assert len(left) == 1


def test_a_file_of_which_every_row_has_left_may_be_removed(logs, small, tmp_path):
    whole, facts = export(logs, small, tmp_path / "w")
    for month in MONTHS[:6]:
        remove(logs, month)
    again, later = export(logs, small, tmp_path / "w")
    assert again == whole
    assert (later["kept"], later["rows"]) == (facts["kept"], facts["rows"])
    assert later["tables"]["orders"]["first_day"] == "2025-06-03"
    assert export(logs, small, tmp_path / "w", keep=None)[0] == whole
    remove(logs, "2025-12")
    with pytest.raises(InputError, match=r"files that were lost[\s\S]*orders/2025-12.csv: is gone"):
        export(logs, small, tmp_path / "w")


@pytest.mark.slow
def test_a_log_all_of_whose_files_were_removed_is_still_there(logs, small, tmp_path):
    shutil.rmtree(logs / "order_items")
    (logs / "order_items.csv").write_text("merchant_id,order_id,line,item_id\nm0,o2025-06-0,1,i1\n")
    whole, _ = export(logs, small, tmp_path / "w")
    (logs / "order_items.csv").unlink()
    assert export(logs, small, tmp_path / "w")[0] == whole


def test_old_rows_that_come_late_leave_too(logs, small, tmp_path):
    _, facts = export(logs, small, tmp_path / "w")
    late = "merchant_id,order_id,paid_at,order_type\nm9,late,2025-06-05 10:00,normal\n"
    (logs / "orders" / "late.csv").write_text(late)
    again, later = export(logs, small, tmp_path / "w")
    assert later["kept"]["rows"]["orders"] == facts["kept"]["rows"]["orders"] + 1
    assert again == export(logs, small, tmp_path / "scratch")[0]
    assert again == export(logs, small, tmp_path / "whole", keep=None)[0]
    assert "m9" in again.decode()


@pytest.mark.slow
def test_one_file_that_grows_is_pruned_anew(small, tmp_path):
    def folder(name, months):
        for month in months:
            month_of(tmp_path / "months", month)
        for source in SOURCES:
            parts = [(tmp_path / "months" / source / f"{m}.csv").read_text() for m in months]
            head = parts[0].partition("\n")[0] + "\n"
            (tmp_path / name).mkdir(exist_ok=True)
            body = "".join(part.partition("\n")[2] for part in parts)
            (tmp_path / name / f"{source}.csv").write_text(head + body)
        return tmp_path / name

    export(folder("logs", MONTHS[:-1]), small, tmp_path / "w", day=JANUARY)
    logs = folder("logs", MONTHS)
    again, facts = export(logs, small, tmp_path / "w")
    assert again == export(logs, small, tmp_path / "scratch")[0]
    assert facts["kept"]["rows"]["orders"] == 26


def test_a_row_stays_while_one_of_its_times_is_young(small, tmp_path):
    logs = tmp_path / "logs"
    for month in MONTHS:
        month_of(logs, month)
    (logs / "orders" / "presale.csv").write_text(
        "merchant_id,order_id,paid_at,order_type,open_at\nm0,p,2025-06-05 10:00,normal,2026-02-20\n"
    )
    _, facts = export(logs, small, tmp_path / "w")
    assert facts["kept"]["rows"]["orders"] == 26


@pytest.mark.slow
def test_buckets_and_threads_change_nothing(logs, small, tmp_path, monkeypatch):
    whole, facts = export(logs, small, tmp_path / "one")
    monkeypatch.setattr("trustscore.io.logs.ingest.buckets_for", lambda size: 4)
    again, more = export(logs, small, tmp_path / "many", jobs=3)
    assert (again, more["kept"]) == (whole, facts["kept"])


def test_columns_that_read_more_are_refused_before_anything_leaves(logs, small, tmp_path, capsys):
    small.write_text(
        SMALL
        + 'orders_paid_200d = { like = "orders_paid", window = 200 }\n'
        + 'parcels_ever = { of = "shipments", count = true }\n'
        + 'settled = { of = "orders", first = "paid_at", at = "paid_at", window = 40, lag = 40 }\n'
    )
    day = ("--as-of", "2026-03-01", "--definitions", small, "--work", tmp_path / "w", "--quiet")
    assert run(logs, "-o", tmp_path / "e.csv", *day, "--keep-days", "70") == 2
    said = capsys.readouterr().err
    assert "--keep-days 70 keeps what happened since 2025-12-01" in said
    assert "orders_paid_200d: reads orders of 200 days, 0 days ago" in said
    assert "parcels_ever: reads shipments from the beginning" in said
    assert "settled" not in said
    assert run(logs, "-o", tmp_path / "e.csv", *day) == 0
    assert "kept" not in json.loads((tmp_path / "e.csv.manifest.json").read_text())


def test_a_pruned_store_refuses_earlier_days_and_new_firsts(logs, small, tmp_path):
    export(logs, small, tmp_path / "w")
    with pytest.raises(
        InputError, match=r"w holds what happened since 2025-12-01[\s\S]*orders_paid"
    ):
        export(logs, small, tmp_path / "w", day=dt.date(2025, 12, 15), keep=None)
    more = (
        SMALL + 'days_since_first_paid = { of = "orders", first = "paid_at", days_since = true }\n'
    )
    small.write_text(more)
    with pytest.raises(
        InputError, match="days_since_first_paid: reads the first event, which is not"
    ):
        export(logs, small, tmp_path / "w")
    # Other definitions of a first event that is kept are said.
    small.write_text(SMALL.replace("'normal'", "'gift'"))
    _, facts = export(logs, small, tmp_path / "w")
    assert any(
        "first events of before 2025-12-01 are by small@1.0.0" in w for w in facts["warnings"]
    )


def test_pruning_needs_a_kept_store_and_one_population(logs, small, tmp_path):
    more = {"as_of": MARCH, "definitions": small, "keep_days": 70}
    with pytest.raises(InputError, match="give `work`, its folder"):
        write_signals(logs, tmp_path / "e.csv", **more)
    with pytest.raises(InputError, match="of one population only"):
        write_signals(logs, tmp_path / "e.csv", work=tmp_path / "w", populations="both", **more)
    for days in (0, 36501):
        with pytest.raises(InputError, match=f"must be 1 to 36500. Got {days}"):
            export(logs, small, tmp_path / "w", keep=days)


def test_nothing_leaves_for_a_day_that_the_logs_do_not_reach(logs, small, tmp_path):
    export(logs, small, tmp_path / "w", keep=None)
    for more in ({}, {"allow_short_logs": True}):
        with pytest.raises(InputError, match="orders ends on 2026-02-28, more than a day before"):
            export(logs, small, tmp_path / "w", day=dt.date(2036, 3, 1), **more)
    assert "kept" not in export(logs, small, tmp_path / "w", keep=None)[1]


@pytest.mark.slow
def test_an_interrupt_leaves_the_store_as_it_was(logs, small, tmp_path, monkeypatch):
    whole, _ = export(logs, small, tmp_path / "w", keep=None)
    before = json.loads((tmp_path / "w" / "state.json").read_text())
    real, calls = prune._without, []

    def interrupted(*arguments):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(*arguments)

    def full(*_):
        raise OSError(28, "No space left on device")

    for owner, name, instead in ((prune, "_without", interrupted), (Store, "prune", full)):
        with monkeypatch.context() as patch, pytest.raises((KeyboardInterrupt, OSError)):
            patch.setattr(owner, name, instead)
            export(logs, small, tmp_path / "w")
        assert json.loads((tmp_path / "w" / "state.json").read_text()) == before
    assert export(logs, small, tmp_path / "w", keep=None)[0] == whole
    assert export(logs, small, tmp_path / "w")[0] == whole
    assert not list((tmp_path / "w").rglob("*.tmp"))
