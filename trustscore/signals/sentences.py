"""What a column counts, in a sentence made of the keys of its definition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from trustscore.errors import InputError, suggest
from trustscore.signals.checks import everything
from trustscore.signals.definitions import Definitions
from trustscore.signals.generator import Generator
from trustscore.signals.relations import Relation, VisibleLog
from trustscore.signals.resolve import Column
from trustscore.signals.show import show
from trustscore.signals.tree import parse, terms
from trustscore.signals.types import NotCollected
from trustscore.words import named

__all__ = ["logs_needed", "logs_read", "sentence"]

_UNIT = {
    "count": "Number of {rows}",
    "flag": "1 if there is any of the {rows}, else 0",
    "sum": "Sum of {what} over {rows}",
    "mean": "Mean of {what} over {rows}",
    "first": "Smallest {what} of {rows}",
    "last": "{what} of the last of the {rows}",
    "distinct": "Number of different {what} among {rows}",
    "mode": "Most frequent {what} of {rows}",
}
_POPULATION = {
    "valid": "rows of `{of}` that count",
    "paid": "all paid rows of `{of}`",
    "any": "all rows of `{of}`",
}


def sentence(definitions: Definitions, name: str, lang: str = "en") -> str:
    """Return what a column is, in words: those of the file, else made of its keys.

    Parameters
    ----------
    definitions : Definitions
    name : str
    lang : str, default="en"
        That of the sentence, where the file has one.

    Examples
    --------
    >>> from trustscore.signals import load_definitions
    >>> sentence(load_definitions("default"), "orders_paid")
    'Number of rows of `orders` that count, `paid_at` in the 30 days before the cut.'
    """
    known = {**definitions.columns, **definitions.hidden}
    if name not in known:
        raise InputError(f"no definition makes the column {name}{suggest(name, known)}")
    column = known[name]
    return named(column.spec, lang) or _made(column)


def _made(column: Column) -> str:
    if column.how == "value":
        return f"{show(parse(column.what))}{_blank(column)}."
    if column.rows_of:
        rows = f"the rows of `{column.rows_of}`"
        own = column.spec.where
        where = [] if own is None else list(_terms([own]))
    else:
        rows = _POPULATION[column.only].format(of=column.of)
        if column.at:
            rows += f", `{column.at}` in {_window(column)}"
        where = list(_terms(column.where))
    what = ", ".join(column.what) if column.how == "distinct" else str(column.what)
    said = _UNIT[column.how].format(rows=rows, what=f"`{what}`")
    if column.spec.days_since:
        said = f"Whole days from the {column.how} `{what}` of {rows} to the cut"
    if where:
        said += f", where {'; '.join(where)}"
    return f"{said}{_cohort(column)}{_limits(column)}{_blank(column)}."


def _terms(texts: Iterable[str]) -> Iterable[str]:
    return (show(term) for text in texts for term in terms(parse(text)))


def _window(column: Column) -> str:
    if column.window == "all":
        span = "all the time"
        return f"{span} up to {column.lag} days before the cut" if column.lag else span
    ended = f"that ended {column.lag} days before the cut" if column.lag else "before the cut"
    return f"the {column.window} days {ended}"


def _cohort(column: Column) -> str:
    cohort = column.cohort
    if not cohort:
        return ""
    said = f"; each `{cohort.get('by', 'person')}` once, by the first"
    if cohort.get("before"):
        said += f", at least {cohort['before']} days before the end"
    if "again" in cohort:
        low, high = cohort["again"]
        said += f", who came again {low} to {high} days later"
        said += " on another day" if cohort.get("other_day") else ""
    return said


def _limits(column: Column) -> str:
    said = ""
    if column.most is not None and column.rows_of == "":
        days = f" in {column.most.days} days" if column.most.days else ""
        said += f"; at most {column.most.n} of one `{column.most.a}`{days}"
    if column.spec.cap is not None:
        said += f"; each at most {column.spec.cap:g}"
    if column.spec.floor is not None:
        said += f"; each at least {column.spec.floor:g}"
    return said


def _blank(column: Column) -> str:
    when = column.spec.blank_when
    return f"; blank when {show(parse(when))}" if when else ""


def logs_needed(definitions: Definitions, name: str) -> tuple[list[str], list[str]]:
    """Return the logs that a column cannot be made without, and those that it reads if there.

    Examples
    --------
    >>> from trustscore.signals import load_definitions
    >>> logs_needed(load_definitions("default"), "orders_delivered")[0]
    ['orders', 'shipments']
    """
    full = everything()
    read = logs_read(definitions, name, full)
    needed = []
    for table in read:
        less = {other: columns for other, columns in full.items() if other != table}
        try:
            Generator(definitions, date(2026, 1, 1), less).figure(name)
        except NotCollected:
            needed.append(table)
    return needed, [table for table in read if table not in needed]


def logs_read(
    definitions: Definitions, name: str, collected: Mapping[str, frozenset[str]]
) -> list[str]:
    """Return the logs, of those that are there, whose rows stand behind a column."""
    generator = Generator(definitions, date(2026, 1, 1), collected)
    generator.figure(name)
    relations: list[Relation] = generator.ordered(generator.homes())
    found = {r.table for r in relations if isinstance(r, VisibleLog) and r.used}
    found |= {r.name for r in relations if r.name in ("previous", "baselines")}
    return sorted(found)
