"""Clocks that rest at night, and days on which the clock itself was changed."""

from __future__ import annotations

from collections.abc import Iterable

from trustscore.signals.types import DAY

__all__ = ["rested_sql"]


def rested_sql(
    time: str, clock: str, begin: int, end: int, changes: Iterable[tuple[int, int, int]]
) -> str:
    """Return the SQL of when a clock that rests from `begin` to `end` of the day runs on.

    Parameters
    ----------
    time, clock : str
        SQL of the instant and of its local time of day, in microseconds.
    begin, end : int
        Times of day, in microseconds; the night may pass midnight.
    changes : iterable of (int, int, int)
        See `trustscore.logs.clock_changes`: a night in which the clock was put forward is shorter.
    """
    shifts = ""
    for instant, shift, before in changes:
        # Of the moments before the change those whose next `end` on the clock lies behind it;
        # an `end` that the clock skips is the moment of the change.
        since = instant - ((instant + before - end - 1) % DAY + 1)
        later = max(-shift, instant - since - DAY)
        shifts += f" WHEN {time} >= {since} AND {time} < {instant} THEN {later}"
    shifted = f" + CASE{shifts} ELSE 0 END" if shifts else ""
    if begin <= end:
        waits = f"WHEN {clock} >= {begin} AND {clock} < {end} THEN {end} - {clock}{shifted}"
    else:
        waits = (
            f"WHEN {clock} >= {begin} THEN {DAY + end} - {clock}{shifted} "
            f"WHEN {clock} < {end} THEN {end} - {clock}{shifted}"
        )
    return f"({time} + CASE {waits} ELSE 0 END)"
