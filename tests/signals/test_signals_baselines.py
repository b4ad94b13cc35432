"""Return rates of categories: what the two ratios against the market are measured with."""

from datetime import date
from zoneinfo import ZoneInfo

import duckdb
import pytest

from tests.signals.duck import collected, fill, run_plan
from trustscore.errors import InputError
from trustscore.signals import generate, load_definitions
from trustscore.signals.baselines import baselines, category_returns

AS_OF = date(2026, 2, 1)


def logs(returned):
    """60 toys and 2 tools of each merchant, some of the toys returned."""
    found = {"orders": [], "shipments": [], "aftersales": []}
    for merchant, count in returned.items():
        for i in range(62):
            key = {"merchant_id": merchant, "order_id": str(i)}
            found["orders"].append(
                {
                    **key,
                    "paid_at": "2025-12-20T10:00",
                    "category": "toys" if i < 60 else "tools",
                    "channel": "live" if i % 2 else "shelf",
                }
            )
            found["shipments"].append(
                {
                    **key,
                    "shipment_id": str(i),
                    "shipped_at": "2025-12-21T10:00",
                    "delivered_at": "2025-12-24T10:00",
                }
            )
            if i < count:
                found["aftersales"].append(
                    {
                        **key,
                        "case_id": str(i),
                        "opened_at": "2025-12-25T10:00",
                        # The last one is paid back too late to count.
                        "refunded_at": "2026-01-08T10:00" if i == count - 1 else "2025-12-28T10:00",
                    }
                )
    return found


def rates(given):
    plan = category_returns(load_definitions(), AS_OF, collected(given), zone="UTC")
    with duckdb.connect() as connection:
        fill(connection, given, ZoneInfo("UTC"))
        *before, last = (*plan.market, *plan.statements)
        for statement in before:
            connection.execute(f'CREATE TEMP TABLE "{statement.name}" AS {statement.sql}')
        return sorted(connection.execute(last.sql).fetchall())


def test_orders_and_returns_by_category():
    assert rates(logs({"a": 7, "b": 4})) == [
        ("a", "tools", 2, 0),
        ("a", "toys", 60, 6),
        ("b", "tools", 2, 0),
        ("b", "toys", 60, 3),
    ]


def test_the_median_is_of_merchants_with_enough_orders():
    assert baselines(rates(logs({"a": 7, "b": 4, "c": 61}))) == {"toys": 100_000}
    assert baselines([]) == {}


def test_the_ratios_are_made_of_them():
    given = logs({"a": 7, "b": 4})
    columns = ["return_rate_vs_category", "live_vs_shelf_return_ratio", "orders_delivered"]
    names = {**collected(given), "baselines": frozenset(["category", "rate"])}
    plan = generate(load_definitions(), AS_OF, names, zone="UTC", columns=columns)
    with duckdb.connect() as connection:
        fill(connection, given, ZoneInfo("UTC"))
        connection.execute("CREATE TABLE baselines (category VARCHAR, rate BIGINT)")
        connection.execute("INSERT INTO baselines VALUES ('toys', 50000)")
        found = run_plan(connection, plan)
    # 6 of 60 toys against 3; tools have no rate. Orders 1, 3, 5 are live and 0, 2, 4 are not.
    assert found["a"]["return_rate_vs_category"] == 2.0
    shelf = (3 + 50 * 0.05) / (31 + 50)
    assert found["a"]["live_vs_shelf_return_ratio"] == pytest.approx((3 / 31) / shelf, abs=1e-12)


def test_without_cases_there_are_no_rates():
    given = logs({"a": 7})
    del given["aftersales"]
    with pytest.raises(InputError, match="aftersales is not collected"):
        category_returns(load_definitions(), AS_OF, collected(given))
