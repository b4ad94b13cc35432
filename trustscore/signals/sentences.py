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
from trustscore.words import Room, form, named

__all__ = ["logs_needed", "logs_read", "sentence", "text"]

text = Room("signals")


def sentence(definitions: Definitions, name: str, lang: str = "en") -> str:
    """Return what a column is, in words: those of the file, else made of its keys.

    Parameters
    ----------
    definitions : Definitions
    name : str
    lang : str, default="en"
        One of `trustscore.words.LANGUAGES`.

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
    return named(column.spec, lang) or _made(column, lang)


def _made(column: Column, lang: str) -> str:
    if column.how == "value":
        said = show(parse(column.what)) + _blank(column, lang)
        return text("sentence", lang, said=said)
    if column.rows_of:
        rows = text("rows_of", lang, of=column.rows_of)
        own = column.spec.where
        where = [] if own is None else list(_terms([own]))
    else:
        rows = text(column.only, lang, of=column.of)
        if column.at:
            rows = text("rows_at", lang, rows=rows, at=column.at, window=_window(column, lang))
        where = list(_terms(column.where))
    what = ", ".join(column.what) if column.how == "distinct" else str(column.what)
    of = {"rows": rows, "what": f"`{what}`"}
    since = column.spec.days_since
    said = text(f"days_since_{column.how}" if since else column.how, lang, **of)
    if where:
        joined = form("semicolon", lang).join(where)
        said = text("where", lang, said=said, conditions=joined)
    said += _cohort(column, lang) + _limits(column, lang) + _blank(column, lang)
    return text("sentence", lang, said=said)


def _terms(texts: Iterable[str]) -> Iterable[str]:
    return (show(term) for each in texts for term in terms(parse(each)))


def _window(column: Column, lang: str) -> str:
    if column.window == "all":
        return text("all_time_up_to" if column.lag else "all_time", lang, lag=column.lag)
    key = "days_ended" if column.lag else "days_before"
    return text(key, lang, window=column.window, lag=column.lag)


def _cohort(column: Column, lang: str) -> str:
    cohort = column.cohort
    if not cohort:
        return ""
    said = text("cohort", lang, by=cohort.get("by", "person"))
    if cohort.get("before"):
        said += text("cohort_before", lang, before=cohort["before"])
    if "again" in cohort:
        low, high = cohort["again"]
        said += text("cohort_again", lang, low=low, high=high)
        said += text("cohort_other_day", lang) if cohort.get("other_day") else ""
    return said


def _limits(column: Column, lang: str) -> str:
    said = ""
    if column.most is not None and column.rows_of == "":
        key = "at_most_in" if column.most.days else "at_most_of"
        said += text(key, lang, n=column.most.n, a=column.most.a, days=column.most.days)
    if column.spec.cap is not None:
        said += text("each_at_most", lang, cap=f"{column.spec.cap:g}")
    if column.spec.floor is not None:
        said += text("each_at_least", lang, floor=f"{column.spec.floor:g}")
    if column.half_life is not None:
        said += text("half_life", lang, days=f"{column.half_life:g}")
    return said


def _blank(column: Column, lang: str) -> str:
    when = column.spec.blank_when
    return text("blank_when", lang, condition=show(parse(when))) if when else ""


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
