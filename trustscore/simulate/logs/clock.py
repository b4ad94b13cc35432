"""Moments of a made-up market: days of the calendar, hours of the day, the clock that rests."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from trustscore.logs import day_start, load_zone
from trustscore.simulate.logs.columns import MISSING
from trustscore.typing import Array

__all__ = [
    "DAY",
    "HOUR",
    "MINUTE",
    "SECOND",
    "ZONE",
    "clock_of_day",
    "hours_of",
    "later",
    "lognormal",
    "season",
    "start",
]

ZONE = "Asia/Shanghai"
SECOND = 1_000_000
MINUTE, HOUR = 60 * SECOND, 3600 * SECOND
DAY = 24 * HOUR
# The zone has had no change of the clock since 1991.
OFFSET = 8 * HOUR
# Orders by hour of the day: a quiet night, noon, and the evening.
_BY_HOUR = [2.0, 1.1, 0.7, 0.4, 0.3, 0.4, 0.8, 1.6, 2.8, 4.0, 5.0, 5.2]
_BY_HOUR += [5.4, 5.2, 4.8, 4.8, 4.7, 4.6, 5.0, 6.4, 8.0, 8.6, 7.2, 4.4]
_WEEKEND = 1.25
# Days of the year on which everybody buys.
_FESTIVALS = {(6, 18): 2.2, (11, 11): 2.6, (12, 12): 1.8}
# The ratio of standard deviation and mean is 1.
SPREAD = float(np.sqrt(np.log(2.0)))


def season(cut: date, days: int, after: int) -> Array:
    """Return how busy each day is, 1 on average over the 30 days before the cut.

    Examples
    --------
    >>> bool(np.isclose(season(date(2026, 1, 1), 100, 3)[70:100].mean(), 1.0))
    True
    """
    found = []
    for back in range(-days, after):
        day = cut + timedelta(days=back)
        turn = 2 * np.pi * day.timetuple().tm_yday / 365.25
        busy = 1.0 + 0.12 * np.cos(turn)
        busy *= _WEEKEND if day.weekday() >= 5 else 1.0
        found.append(busy * _FESTIVALS.get((day.month, day.day), 1.0))
    shape = np.array(found)
    return shape / shape[max(days - 30, 0) : days].mean()


def midnights(cut: date, days: int, after: int) -> Array:
    """Return the first instant of each day."""
    zone = load_zone(ZONE)
    return np.array(
        [day_start(cut + timedelta(days=back), zone) for back in range(-days, after + 1)], np.int64
    )


def hours_of(draw: np.random.Generator, rows: int, shape: list[float] | None = None) -> Array:
    """Draw times of the day, in microseconds since midnight, whole seconds."""
    ends = np.cumsum(shape or _BY_HOUR)
    hour = np.searchsorted(ends / ends[-1], draw.random(rows), side="right")
    return (hour * HOUR + draw.integers(0, 3600, rows) * SECOND).astype(np.int64)


def clock_of_day(moment: Array) -> Array:
    """Return the time of the day in the market's zone."""
    return (moment + OFFSET) % DAY


def start(moment: Array, rest: int, work: int) -> Array:
    """Return from when a clock runs that rests from one hour to another, past midnight.

    Examples
    --------
    >>> evening = np.array([20 * HOUR - OFFSET])
    >>> (start(evening, 18, 6) - evening) / HOUR
    array([10.])
    """
    clock = clock_of_day(moment)
    wait = np.where(clock >= rest * HOUR, DAY + work * HOUR - clock, 0)
    return moment + np.where(clock < work * HOUR, work * HOUR - clock, wait)


def lognormal(draw: np.random.Generator, mean: Array, spread: float = SPREAD) -> Array:
    """Draw positive numbers of these means."""
    z = draw.standard_normal(len(mean))
    return np.asarray(mean) * np.exp(spread * z - spread * spread / 2)


def later(moment: Array, wait: Array | float, unit: int = HOUR) -> Array:
    """Return moments a while later, in whole seconds, blank where they are blank."""
    steps = np.floor(np.asarray(wait, np.float64) * (unit / SECOND)).astype(np.int64) * SECOND
    return np.where(moment == MISSING, MISSING, moment + steps)
