"""What an export reads beside the logs: last scores, and the return rates of the market."""

import datetime as dt
import json

import pyarrow.parquet as pq
import pytest

from tests.logs.folders import table, write
from tests.signals.test_signals_baselines import logs as returns_of
from tests.signals.test_signals_files import rows_of, run
from trustscore.errors import InputError
from trustscore.signals.files import write_signals
from trustscore.signals.files.earlier import read_baselines

AS_OF = dt.date(2026, 2, 1)
DAY = ("--as-of", "2026-02-01", "--allow-short-logs")


def folder_of(place, tables):
    """Write rows as CSV files."""
    texts = {}
    for name, rows in tables.items():
        header = list(rows[0])
        texts[name] = table(",".join(header), *([row[key] for key in header] for row in rows))
    return write(place, **texts)


@pytest.fixture
def market(tmp_path):
    return folder_of(tmp_path / "logs", returns_of({"a": 7, "b": 4}))


def export(folder, out, **settings):
    settings = {"as_of": AS_OF, "tz": "UTC", "allow_short_logs": True} | settings
    facts = write_signals(folder, out, **settings).manifest
    return {row["merchant_id"]: row for row in rows_of(out)}, facts


def test_rates_are_counted_as_of_the_first_of_the_month(market, tmp_path):
    rows, facts = export(market, tmp_path / "e.csv")
    # Medians of 6/60 and 3/60; merchants with two tools say nothing of tools.
    assert facts["baselines"]["as_of"] == "2026-02-01"
    assert facts["baselines"]["rates"] == {"toys": 0.075}
    assert float(rows["a"]["return_rate_vs_category"]) == pytest.approx(6 / (60 * 0.075))
    # Ten days later the window of the columns has moved, the rates have not.
    _, later = export(market, tmp_path / "later.csv", as_of=dt.date(2026, 2, 11))
    assert later["baselines"] == facts["baselines"]


def test_rates_of_a_file_or_of_an_earlier_export_are_used(market, tmp_path):
    given = tmp_path / "rates.csv"
    given.write_text("category,rate\ntoys,0.05\n")
    rows, facts = export(market, tmp_path / "e.csv", baselines=given)
    assert float(rows["a"]["return_rate_vs_category"]) == 2.0
    assert facts["baselines"]["file"] == str(given)
    again, _ = export(market, tmp_path / "f.csv", baselines=tmp_path / "e.csv.manifest.json")
    assert again == rows


def test_a_log_too_short_for_rates_says_so(tmp_path):
    tables = returns_of({"a": 7})
    first = tables["orders"][0]
    for number, day in enumerate(["2025-11-01", "2026-01-29"]):
        tables["orders"].append(first | {"order_id": f"x{number}", "paid_at": f"{day}T10:00"})
    # The column looks 45 days back, the rates 105 from the first of January.
    settings = {"as_of": dt.date(2026, 1, 30), "allow_short_logs": False}
    folder = folder_of(tmp_path / "logs", tables)
    _, facts = export(folder, tmp_path / "e.csv", **settings)
    reason = facts["missing_columns"]["return_rate_vs_category"]
    assert reason.startswith(
        "not_collected: baselines (no return rates of categories: orders begins"
    )


def test_rates_without_cases_say_what_is_not_there(tmp_path):
    tables = returns_of({"a": 7})
    del tables["aftersales"]
    _, facts = export(folder_of(tmp_path / "logs", tables), tmp_path / "e.csv")
    assert facts["missing_columns"]["return_rate_vs_category"] == "not_collected: aftersales"
    assert "baselines" not in facts


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("category,rate\ntoys,1.5\n", "rate"),
        ("category,rate\ntoys,\n", "blank"),
        ("category,rate\ntoys,.1\ntoys,.2\n", "stands twice"),
        ("category\ntoys\n", "rate"),
    ],
)
def test_rates_that_cannot_be_used(tmp_path, text, fault):
    path = tmp_path / "rates.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=fault):
        read_baselines(path)


@pytest.mark.parametrize(
    "text", ["{}", "[1]", "no", '{"baselines": {"rates": {"toys": "x"}}}', '{"baselines": []}']
)
def test_manifests_without_rates(tmp_path, text):
    path = tmp_path / "m.json"
    path.write_text(text)
    with pytest.raises(InputError, match="must be the manifest of an export with baselines"):
        read_baselines(path)


def test_manifests_with_a_rate_that_is_no_share(tmp_path):
    path = tmp_path / "m.json"
    path.write_text('{"baselines": {"rates": {"toys": 2}}}')
    with pytest.raises(InputError, match=r"'toys': must be 0 to 1\. Got 2"):
        read_baselines(path)


PROMOTED = """\
merchant_id,order_id,paid_at,promoter_id
good,o1,2026-01-20 10:00:00,host
poor,o2,2026-01-21 10:00:00,host
low,o3,2026-01-21 11:00:00,host
young,o4,2026-01-22 10:00:00,host
unknown,o5,2026-01-23 10:00:00,host
host,o6,2026-01-24 10:00:00,
"""
SCORES = """\
merchant_id,trust_index,tier,status
good,80,silver,formal
poor,70,,formal
low,59.9,bronze,formal
young,75,,new
host,90,gold,formal
"""


@pytest.fixture
def promoted(tmp_path):
    (tmp_path / "scores.csv").write_text(SCORES)
    return write(tmp_path / "logs", orders=PROMOTED)


def test_orders_promoted_to_poor_merchants(promoted, tmp_path):
    rows, facts = export(promoted, tmp_path / "e.csv", previous=tmp_path / "scores.csv")
    # No tier although scored in full, and an index under 60; who is new or unknown is not poor.
    assert rows["host"]["promoted_orders"] == "5"
    assert rows["host"]["promoted_orders_poor_merchant"] == "2"
    assert facts["previous"]["poor"] == 2 and facts["previous"]["merchants"] == 5
    _, facts = export(promoted, tmp_path / "f.csv")
    reason = facts["missing_columns"]["promoted_orders_poor_merchant"]
    assert reason == "not_collected: previous"


def test_the_last_tier_goes_along(promoted, tmp_path):
    rows, _ = export(promoted, tmp_path / "e.csv", previous=tmp_path / "scores.csv")
    assert rows["host"]["previous_tier"] == "gold" and rows["unknown"]["previous_tier"] == ""
    assert "tier_since" not in rows["host"]
    review = tmp_path / "rights.csv"
    review.write_text(
        "merchant_id,tier,tier_since,reviews_below\nhost,gold,2026-01-01,1\ngood,silver,,0\n"
    )
    rows, _ = export(promoted, tmp_path / "f.csv", previous=review)
    last = ("previous_tier", "tier_since", "reviews_below")
    assert [rows["host"][name] for name in last] == ["gold", "2026-01-01", "1"]
    assert [rows["good"][name] for name in last] == ["silver", "", "0"]


def test_last_scores_of_another_market_are_refused(promoted, tmp_path):
    other = tmp_path / "other.csv"
    other.write_text("merchant_id,trust_index,tier,status\nx1,80,silver,formal\n")
    with pytest.raises(InputError, match="no merchant of the logs, which has 6, is in"):
        export(promoted, tmp_path / "e.csv", previous=other)
    assert not (tmp_path / "e.csv").exists()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("merchant_id,tier\na,gold\na,gold\n", "'a' stands 2 times"),
        ("merchant_id,tier,tier_since\na,gold,soon\n", "line 2, tier_since: a date such as"),
        ("merchant_id,trust_index\na,5\n", "tier"),
    ],
)
def test_last_scores_with_faults(promoted, tmp_path, text, fault):
    path = tmp_path / "last.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=fault):
        export(promoted, tmp_path / "e.csv", previous=path)


def test_the_command_and_why(promoted, tmp_path, capsys):
    last = ("--previous", tmp_path / "scores.csv")
    assert run(promoted, "-o", tmp_path / "e.csv", *DAY, *last) == 0
    assert rows_of(tmp_path / "e.csv")[1]["promoted_orders_poor_merchant"] == "2"
    why = ("--why", "host", "promoted_orders_poor_merchant")
    assert run(promoted, *DAY, *last, *why) == 0
    told = capsys.readouterr().out
    assert "promoted_orders_poor_merchant = 2" in told and "counted: 2" in told
    assert run(promoted, *DAY, *why) == 2
    assert "not_collected: previous" in capsys.readouterr().err


def test_lineage_of_the_same_reading(market, tmp_path):
    out, lines = tmp_path / "e.csv", tmp_path / "lineage"
    assert run(market, "-o", out, *DAY, "--tz", "UTC", "--lineage", lines) == 0
    counted = pq.read_table(lines / "lineage.parquet", columns=["column", "merchant_id"])
    rows = counted.to_pylist()
    found = sum(row == {"column": "orders_paid_90d", "merchant_id": "a"} for row in rows)
    assert found == int(rows_of(out)[0]["orders_paid_90d"]) == 62
    facts = json.loads((tmp_path / "e.csv.manifest.json").read_text())
    assert facts["baselines"]["rates"] == {"toys": 0.075}


def test_logs_recorded_later_than_columns_wait_are_named(tmp_path):
    def row(number, late):
        when = dt.datetime(2026, 1, 10, 10) + dt.timedelta(days=number % 15)
        return {
            "merchant_id": "a",
            "order_id": f"o{number}",
            "paid_at": when.isoformat(),
            "recorded_at": (when + dt.timedelta(days=late)).isoformat(),
        }

    rows = [row(number, 17 if number < 10 else 0) for number in range(100)]
    _, facts = export(folder_of(tmp_path / "late", {"orders": rows}), tmp_path / "e.csv")
    [said] = [each for each in facts["warnings"] if "recorded" in each]
    assert said.startswith("orders: one row in twenty was recorded more than 16 days after")
    assert "orders_paid_lag15 (lag 15)" in said and "orders_paid (" not in said
    rows = [row(number, 17 if number < 5 else 0) for number in range(100)]
    _, facts = export(folder_of(tmp_path / "timely", {"orders": rows}), tmp_path / "f.csv")
    assert not [each for each in facts["warnings"] if "recorded" in each]
