"""Bounds of local days as instants, in zones whose days have 23, 24 and 25 hours."""

from datetime import UTC, date, datetime

import pytest

from trustscore.errors import InputError
from trustscore.logs import clock_changes, day_start, load_zone, window_bounds


def utc(*parts):
    return int(datetime(*parts, tzinfo=UTC).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("zone", "day", "instant"),
    [
        ("Asia/Shanghai", date(2026, 2, 1), utc(2026, 1, 31, 16)),
        ("Europe/Berlin", date(2026, 3, 30), utc(2026, 3, 29, 22)),
        # The clock of Asuncion jumped from 00:00 to 01:00: the day begins with the jump.
        ("America/Asuncion", date(2023, 10, 1), utc(2023, 10, 1, 4)),
        # The clock of Havana went from 01:00 back to 00:00: the day begins the first time.
        ("America/Havana", date(2023, 11, 5), utc(2023, 11, 5, 4)),
    ],
)
def test_a_day_begins_at_its_first_instant(zone, day, instant):
    assert day_start(day, load_zone(zone)) == instant


def test_a_window_of_local_days_counts_short_and_long_days():
    zone = load_zone("Europe/Berlin")
    hour = 3_600_000_000
    start, end = window_bounds(date(2026, 3, 30), 1, 0, zone)
    assert end - start == 23 * hour
    start, end = window_bounds(date(2026, 10, 26), 1, 0, zone)
    assert end - start == 25 * hour
    start, end = window_bounds(date(2026, 2, 1), 30, 15, load_zone("UTC"))
    assert (start, end) == (utc(2025, 12, 18), utc(2026, 1, 17))


@pytest.mark.parametrize("name", ["Asia/Shangai", "", "../etc/passwd", "Mars/Base", "Asia"])
def test_an_unknown_zone_is_named(name):
    with pytest.raises(InputError, match="unknown time zone"):
        load_zone(name)


def test_a_near_zone_is_offered():
    with pytest.raises(InputError, match=r"did you mean Asia/Shanghai\?"):
        load_zone("Asia/Shangai")


def test_changes_of_the_clock_are_known_to_the_second():
    changes = clock_changes(date(2026, 12, 1), load_zone("Europe/Berlin"))
    hour = 3_600_000_000
    assert (utc(2026, 3, 29, 1), hour, hour) in changes
    assert (utc(2026, 10, 25, 1), -hour, 2 * hour) in changes
    assert clock_changes(date(2026, 12, 1), load_zone("Asia/Shanghai")) == ()
    # Half an hour on Lord Howe Island.
    island = clock_changes(date(2026, 12, 1), load_zone("Australia/Lord_Howe"))
    assert {shift for _, shift, _ in island} == {hour // 2, -hour // 2}
