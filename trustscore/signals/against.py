"""Definitions compared with a scorecard: both must mean the same by a column."""

from __future__ import annotations

from collections.abc import Iterator

from trustscore.errors import suggest
from trustscore.scorecard import Scorecard, Signal
from trustscore.scorecard.kinds import KINDS
from trustscore.signals.definitions import Definitions
from trustscore.signals.resolve import Column
from trustscore.signals.tree import names, parse

__all__ = ["disagreements", "missing_columns"]

_HOW = {
    "flag": ("flag",),
    "count": ("count", "sum", "distinct", "first"),
}


def _spans(definitions: Definitions, column: Column) -> set[tuple[int | str, int]]:
    """Return window and lag of the rows that a column rests on; a state of the day is (0, 0)."""
    if column.how != "value":
        return {(column.window, column.lag) if column.at else (0, 0)}
    found: set[tuple[int | str, int]] = set()
    for name in names(parse(column.what)):
        found |= _spans(definitions, definitions.column(name))
    return found


def _is_part(definitions: Definitions, part: Column, whole: str) -> bool:
    """Return whether the rows of a column are among those of another."""
    while part.rows_of:
        if part.rows_of == whole:
            return True
        part = definitions.column(part.rows_of)
    return False


def missing_columns(definitions: Definitions, scorecard: Scorecard) -> list[str]:
    """Return what the scorecard reads and no definition makes, each with the near name.

    A column under one of its other names in ``[columns]`` of the scorecard is there.
    """
    made = definitions.columns
    return [
        f"{field.name}: no definition makes this column{suggest(field.name, made)}"
        for field in scorecard.inputs
        if field.name not in made and not any(alias in made for alias in field.aliases)
    ]


def disagreements(definitions: Definitions, scorecard: Scorecard) -> list[str]:
    """Return where definitions and scorecard do not mean the same, all at once.

    Window and lag of both columns of a signal must be those of the signal; the events of a rate
    must be among its sample; a mean must be of the rows of its sample; a flag must be a flag.

    Examples
    --------
    >>> from trustscore.scorecard import load_scorecard
    >>> from trustscore.signals import load_definitions
    >>> disagreements(load_definitions("default"), load_scorecard("default"))
    []
    """
    found = missing_columns(definitions, scorecard)
    for signal in scorecard.signals:
        where = f"signals.{signal.dimension}.{signal.id}"
        found += [f"{where}: {said}" for said in _signal(definitions, signal)]
    return found


def _signal(definitions: Definitions, signal: Signal) -> Iterator[str]:
    made = definitions.columns
    for name in signal.columns:
        if name not in made:
            continue
        for window, lag in sorted(_spans(definitions, made[name]), key=str):
            if window != "all" and window != signal.window:
                yield (
                    f"window is {signal.window} days in the scorecard, and {name} counts "
                    f"{_days(window)}"
                )
            if lag != signal.lag:
                yield f"lag is {signal.lag} days in the scorecard, and {name} waits {lag}"
    value = made.get(signal.value)
    sample = signal.sample
    if value is None:
        return
    kind = KINDS[signal.kind]
    if kind.name in _HOW and value.how not in _HOW[kind.name]:
        yield f"is a {kind.name} in the scorecard, and {value.name} is a {value.how}"
    if sample is None or sample not in made or value.how == "value":
        return
    if kind.parts and not _is_part(definitions, value, sample):
        yield f"is a rate in the scorecard, and {value.name} is no part of {sample}: say part_of"
    if kind.name in ("mean", "duration"):
        if value.how != "mean":
            yield f"is a {kind.name} in the scorecard, and {value.name} is a {value.how}"
        elif not _is_part(definitions, value, sample):
            yield f"is a mean of {sample} in the scorecard, and {value.name} is not: say over"


def _days(window: int | str) -> str:
    return "the state of the day" if window == 0 else f"{window} days"
