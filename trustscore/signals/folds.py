"""Folds: what is made of all the rows of another log that belong to one row of this one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from trustscore.errors import suggest
from trustscore.signals.portable import integer
from trustscore.signals.printer import Printer
from trustscore.signals.tree import Fault
from trustscore.signals.types import BOOL, INTEGER, Term, number

__all__ = ["FOLDS", "Folded", "fold_term"]

FOLDS = ("first", "last", "last_of_all", "any", "all", "sum", "mean", "count")
_FINER = 10_000
# A mean of whole parts is kept ten thousand times finer, so that its rounding shows in no figure.


@dataclass(frozen=True)
class Folded:
    """The SQL of a fold, its type, what stands for no rows at all, and the fold of one row."""

    sql: str
    result: Term
    outer: Callable[[str], str]
    single: str


def _as_it_is(found: str) -> str:
    return found


def _zero(found: str) -> str:
    return f"COALESCE({found}, 0)"


def _yes(found: str) -> str:
    return f"(COALESCE({found}, 0) = 1)"


def _perhaps(found: str) -> str:
    return f"({found} = 1)"


def fold_term(printer: Printer, name: str, text: str, *, local: bool = False) -> Folded:
    """Return the SQL of a fold such as ``any full_refund``.

    Without an expression it folds the column of its own name.
    """
    how, _, rest = text.strip().partition(" ")
    if how not in FOLDS:
        raise Fault(f"unknown fold {how}{suggest(how, FOLDS)}")
    inner = rest.strip() or ("true" if how == "count" else name)
    value = printer.text(inner)
    sql = printer.local(inner) if local else value.sql
    kind = value.type.base
    if how in ("any", "all", "count") and kind not in ("bool", "any"):
        raise Fault(f"`{how}` needs yes or no, and {inner} is {value.type.words}")
    if how in ("sum", "mean") and kind not in ("number", "duration", "any"):
        raise Fault(f"`{how}` needs a number, and {inner} is {value.type.words}")
    if how == "first":
        return Folded(f"MIN({sql})", value, _as_it_is, sql)
    if how == "last":
        return Folded(f"MAX({sql})", value, _as_it_is, sql)
    if how == "last_of_all":
        whole = f"CASE WHEN COUNT({sql}) = COUNT(*) THEN MAX({sql}) END"
        return Folded(whole, value, _as_it_is, sql)
    holds = f"CASE WHEN {sql} THEN 1 ELSE 0 END"
    if how == "any":
        return Folded(f"MAX({holds})", Term("", BOOL), _yes, holds)
    if how == "all":
        return Folded(f"MIN({holds})", Term("", BOOL), _perhaps, holds)
    if how == "count":
        return Folded(f"CAST(SUM({holds}) AS BIGINT)", Term("", INTEGER), _zero, holds)
    if how == "sum":
        return Folded(f"CAST(SUM({sql}) AS BIGINT)", value, _zero, sql)
    finer = number(value.type.scale * _FINER)
    above = f"CAST(SUM({sql}) AS DOUBLE) * {_FINER}"
    mean = integer(f"CASE WHEN COUNT({sql}) = 0 THEN NULL ELSE {above} / COUNT({sql}) END")
    single = integer(f"CASE WHEN {sql} IS NULL THEN NULL ELSE CAST({sql} AS DOUBLE) * {_FINER} END")
    return Folded(mean, Term("", finer), _as_it_is, single)
