"""The generated SQL and plain loops over rows, written apart, read random logs alike."""

from datetime import datetime
from zoneinfo import ZoneInfo

import duckdb
import pytest

from tests.signals import duck
from tests.signals.random_logs import random_logs
from tests.signals.witness import reference
from trustscore.signals import generate, load_definitions

RATES = {"ca": 0.2, "cb": 0.1, "cc": 0.05}


def both(seed, day, tz):
    zone = ZoneInfo(tz)
    cut = datetime.fromisoformat(day).replace(tzinfo=zone)
    logs = random_logs(seed, cut)
    have = duck.collected(logs)
    have |= {"previous": frozenset({"merchant_id", "poor"})}
    have |= {"baselines": frozenset({"category", "rate"})}
    plan = generate(load_definitions(), cut.date(), have, zone=tz)
    with duckdb.connect() as session:
        duck.fill(session, logs, zone)
        session.execute("CREATE TABLE previous (merchant_id VARCHAR, poor BOOLEAN)")
        session.execute("INSERT INTO previous VALUES ('m1', true), ('m2', false)")
        session.execute("CREATE TABLE baselines (category VARCHAR, rate BIGINT)")
        for category, rate in RATES.items():
            session.execute("INSERT INTO baselines VALUES (?, ?)", [category, round(rate * 1e6)])
        ours = duck.run_plan(session, plan)
    poor = [{"merchant_id": "m1", "poor": True}, {"merchant_id": "m2", "poor": False}]
    rates = [{"category": category, "rate": rate} for category, rate in RATES.items()]
    return ours, reference({**logs, "previous": poor, "baselines": rates}, day, tz)


def alike(one, other):
    if one is None or other is None or isinstance(one, str):
        return one == other
    return one == pytest.approx(other, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    ("day", "tz"),
    # The second window holds the day of 23 hours, the third that of 25.
    [
        ("2026-02-01", "Asia/Shanghai"),
        ("2026-04-10", "Europe/Berlin"),
        ("2026-11-20", "US/Eastern"),
    ],
)
@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_sql_and_plain_loops_agree_on_random_logs(seed, day, tz):
    ours, theirs = both(seed, day, tz)
    assert set(ours) == set(theirs) != set()
    columns = {column for row in theirs.values() for column in row}
    assert len(columns) >= 143
    differ = [
        f"{merchant}, {column}: {ours[merchant][column]} and {theirs[merchant][column]}"
        for merchant in sorted(theirs)
        for column in sorted(columns)
        if not alike(ours[merchant][column], theirs[merchant][column])
    ]
    assert differ == []
    filled = {c for row in theirs.values() for c, value in row.items() if value not in (0, None)}
    # Where every value is nothing, agreeing says nothing: most columns must be reached.
    assert len(filled) > 90
