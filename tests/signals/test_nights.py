"""A clock that rests at night wakes at the same hour when the clock was changed in between."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import duckdb
import pytest

from tests.signals.duck import local, micros
from trustscore.logs import clock_changes
from trustscore.signals.nights import rested_sql

HOUR = 3_600_000_000


def awake(at: datetime, begin: int, end: int, zone: ZoneInfo) -> int:
    """Return the same by walking along the clock, minute by minute."""
    moment = at
    while True:
        clock = moment.astimezone(zone)
        minutes = clock.hour * 60 + clock.minute
        inside = begin <= minutes < end if begin <= end else minutes >= begin or minutes < end
        if not inside:
            return micros(moment, zone)
        moment = (moment + timedelta(minutes=1)).replace(second=0)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Havana", "Australia/Lord_Howe", "UTC"])
@pytest.mark.parametrize(
    ("begin", "end"), [(18 * 60, 6 * 60), (23 * 60, 8 * 60), (60, 150), (0, 120)]
)
def test_the_night_ends_on_the_clock(zone, begin, end):
    place = ZoneInfo(zone)
    changes = clock_changes(date(2026, 12, 31), place)
    instants = [c[0] for c in changes if c[0] > micros(datetime(2026, 1, 1, tzinfo=UTC), place)]
    instants.append(micros(datetime.combine(date(2026, 7, 1), time(), place), place))
    moments = [
        datetime.fromtimestamp(instant / 1e6, UTC) + timedelta(minutes=step)
        for instant in instants[:3]
        for step in range(-36 * 60, 12 * 60, 47)
    ]
    sql = rested_sql("t", f"(l % {24 * HOUR})", begin * HOUR // 60, end * HOUR // 60, changes)
    with duckdb.connect() as session:
        session.execute("CREATE TABLE x (t BIGINT, l BIGINT)")
        rows = [
            value for m in moments for value in (micros(m, place), local(micros(m, place), place))
        ]
        session.execute(f"INSERT INTO x VALUES {', '.join('(?, ?)' for _ in moments)}", rows)
        found = dict(session.execute(f"SELECT t, {sql} FROM x").fetchall())
    for moment in moments:
        wanted = awake(moment, begin, end, place)
        got = found[micros(moment, place)]
        assert got == wanted, (moment.astimezone(place), (got - wanted) / HOUR)
