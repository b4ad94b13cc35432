"""SQL that every engine reads alike: texts, quotients, and numbers in whole parts."""

from __future__ import annotations

import re
from math import lcm

from trustscore.signals.types import Term, number

__all__ = ["divide", "integer", "one_scale", "quote", "real", "rescale"]


def quote(text: str) -> str:
    """Return a text as SQL has it."""
    return "'" + text.replace("'", "''") + "'"


def divide(above: str, below: str) -> str:
    """Return a quotient that is blank where the divisor is 0."""
    return (
        f"CASE WHEN {below} = 0 THEN NULL "
        f"ELSE CAST({above} AS DOUBLE) / CAST({below} AS DOUBLE) END"
    )


def integer(sql: str) -> str:
    """Return a double rounded down, as an integer."""
    return f"CAST(FLOOR({sql}) AS BIGINT)"


def rescale(term: Term, scale: int) -> Term:
    """Return a number in finer parts."""
    if term.type.base != "number" or term.type.scale == scale:
        return term
    factor = scale // term.type.scale
    if re.fullmatch(r"-?\d+", term.sql):
        return Term(str(int(term.sql) * factor), number(scale))
    return Term(f"({term.sql} * {factor})", number(scale))


def one_scale(left: Term, right: Term) -> tuple[Term, Term]:
    """Return two numbers in the same whole parts."""
    a, b = left.type.scale, right.type.scale
    top = lcm(a, b)
    return rescale(left, top), rescale(right, top)


def real(term: Term) -> str:
    """Return a number as a double."""
    if term.type.base != "number":
        return term.sql
    if term.type.scale == 1:
        return f"CAST({term.sql} AS DOUBLE)"
    return f"(CAST({term.sql} AS DOUBLE) / {term.type.scale})"
