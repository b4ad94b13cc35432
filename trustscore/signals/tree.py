"""Expressions as trees: sqlglot parses the text, a whitelist lets through what is defined here.

Nothing of the text reaches SQL by itself. What is not named here is a fault with its position.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, TypeAlias

from trustscore.errors import suggest

__all__ = [
    "FUNCTIONS",
    "Call",
    "Fault",
    "In",
    "Is",
    "Literal",
    "Name",
    "Node",
    "Operation",
    "Setting",
    "names",
    "parse",
    "terms",
]

_LONGEST = 4000

FUNCTIONS: dict[str, tuple[int, int]] = {
    "coalesce": (2, 20),
    "least": (2, 20),
    "greatest": (2, 20),
    "maybe": (1, 1),
    "if": (2, 2),
    "seconds": (1, 2),
    "minutes": (1, 2),
    "hours": (1, 2),
    "days": (1, 2),
    "start": (3, 3),
    "clock": (1, 1),
    "day": (1, 1),
    "verdict": (1, 1),
}
"""The functions of expressions, with the least and the most arguments."""


class Fault(Exception):
    """What is wrong with an expression, and where."""

    def __init__(self, sentence: str, at: int | None = None) -> None:
        place = "" if at is None else f" (position {at + 1})"
        super().__init__(sentence + place)


@dataclass(frozen=True)
class Name:
    """A column."""

    name: str
    at: int


@dataclass(frozen=True)
class Setting:
    """A set or a number of the definitions, written ``@name``."""

    name: str
    at: int


@dataclass(frozen=True)
class Literal:
    """A number, a text, yes or no, or nothing."""

    value: Decimal | str | bool | None
    at: int


@dataclass(frozen=True)
class Call:
    """A function of `FUNCTIONS`."""

    name: str
    arguments: tuple[Node, ...]
    at: int


@dataclass(frozen=True)
class Operation:
    """``and or not neg + - * / = <> < <= > >=`` of one or two operands."""

    sign: str
    operands: tuple[Node, ...]
    at: int


@dataclass(frozen=True)
class In:
    """Whether a value is one of a set, or of the values listed."""

    value: Node
    among: Setting | tuple[Literal, ...]
    at: int


@dataclass(frozen=True)
class Is:
    """Whether a value is blank."""

    value: Node
    at: int


Node: TypeAlias = Name | Setting | Literal | Call | Operation | In | Is

_BINARY = {
    "And": "and",
    "Or": "or",
    "Add": "+",
    "Sub": "-",
    "Mul": "*",
    "Div": "/",
    "EQ": "=",
    "NEQ": "<>",
    "LT": "<",
    "LTE": "<=",
    "GT": ">",
    "GTE": ">=",
}
_KNOWN_CALLS = {"Coalesce": "coalesce", "Least": "least", "Greatest": "greatest", "Day": "day"}


@lru_cache(maxsize=4096)
def parse(text: str) -> Node:
    """Return the tree of an expression.

    Raises
    ------
    Fault

    Examples
    --------
    >>> parse("amount > 1").sign
    '>'
    >>> parse("drop_table(x)")
    Traceback (most recent call last):
    ...
    trustscore.signals.tree.Fault: unknown function drop_table (position 1)
    """
    import sqlglot
    from sqlglot.errors import SqlglotError

    if len(text) > _LONGEST:
        raise Fault(f"must have at most {_LONGEST} characters. Got {len(text)}")
    if not text.strip():
        raise Fault("must not be empty")
    try:
        found = sqlglot.parse(text)
        if len(found) != 1 or found[0] is None:
            raise Fault("must be one expression, without a semicolon")
        return _node(found[0])
    except SqlglotError as error:
        first = (getattr(error, "errors", None) or [{}])[0]
        said = str(first.get("description") or str(error).splitlines()[0]).rstrip(".")
        # sqlglot colours the place in its full message; the column is enough here.
        column = first.get("col")
        raise Fault(f"cannot be read: {said}", None if column is None else column - 1) from None
    except RecursionError:
        raise Fault("is nested too deeply") from None


def _at(thing: Any) -> int:
    """Return where something begins: sqlglot marks names, literals and functions only."""
    starts = [part.meta["start"] for part in thing.walk() if "start" in part.meta]
    return min(starts, default=0)


def _node(thing: Any) -> Node:
    kind, at = type(thing).__name__, _at(thing)
    if kind == "Paren":
        return _node(thing.this)
    if kind == "Column":
        if type(thing.this).__name__ == "Identifier" and not thing.args.get("table"):
            return Name(thing.name, at)
        raise Fault(f"a name must stand alone, without a point. Got {thing.sql()}", at)
    if kind == "Parameter":
        return Setting(thing.name, at)
    if kind == "Literal":
        if thing.is_string:
            return Literal(thing.this, at)
        try:
            return Literal(Decimal(thing.this), at)
        except InvalidOperation:
            raise Fault(f"must be a number. Got {thing.this}", at) from None
    if kind == "Boolean":
        return Literal(bool(thing.this), at)
    if kind == "Null":
        return Literal(None, at)
    if kind in _BINARY:
        return Operation(_BINARY[kind], (_node(thing.this), _node(thing.expression)), at)
    if kind in ("Not", "Neg"):
        return Operation(kind.lower(), (_node(thing.this),), at)
    if kind == "Is":
        if type(thing.expression).__name__ != "Null":
            raise Fault("`is` must be followed by null or not null", at)
        return Is(_node(thing.this), at)
    if kind == "Between":
        value = _node(thing.this)
        low, high = (_node(thing.args[end]) for end in ("low", "high"))
        return Operation(
            "and", (Operation(">=", (value, low), at), Operation("<=", (value, high), at)), at
        )
    if kind == "In":
        return _in(thing, at)
    return _call(thing, kind, at)


def _in(thing: Any, at: int) -> Node:
    value = _node(thing.this)
    among = thing.args.get("field")
    if among is not None and type(among).__name__ == "Parameter":
        return In(value, Setting(among.name, _at(among)), at)
    listed = [_node(part) for part in thing.expressions]
    if not listed or not all(isinstance(part, Literal) for part in listed):
        raise Fault("`in` must be followed by a @set or by values in brackets", at)
    return In(value, tuple(part for part in listed if isinstance(part, Literal)), at)


def _call(thing: Any, kind: str, at: int) -> Node:
    if kind == "Anonymous":
        name, arguments = str(thing.this).lower(), list(thing.expressions)
    elif kind == "If":
        parts = [thing.this, thing.args.get("true"), thing.args.get("false")]
        name, arguments = "if", [part for part in parts if part is not None]
    elif kind in _KNOWN_CALLS:
        name, arguments = _KNOWN_CALLS[kind], [thing.this, *(thing.expressions or [])]
    else:
        name = str(getattr(thing, "key", kind)).lower()
        raise Fault(f"{name} is not allowed here{suggest(name, FUNCTIONS)}", at)
    if name not in FUNCTIONS:
        raise Fault(f"unknown function {name}{suggest(name, FUNCTIONS)}", at)
    least, most = FUNCTIONS[name]
    if not least <= len(arguments) <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        raise Fault(f"{name} takes {wanted} arguments. Got {len(arguments)}", at)
    return Call(name, tuple(map(_node, arguments)), at)


def children(node: Node) -> tuple[Node, ...]:
    """Return the parts of a node."""
    if isinstance(node, Call):
        return node.arguments
    if isinstance(node, Operation):
        return node.operands
    return (node.value,) if isinstance(node, (In, Is)) else ()


def names(node: Node) -> Iterator[str]:
    """Yield the columns that an expression reads."""
    if isinstance(node, Name):
        yield node.name
    for part in children(node):
        yield from names(part)


def terms(node: Node) -> Iterator[Node]:
    """Yield the conditions that must all hold."""
    if isinstance(node, Operation) and node.sign == "and":
        for part in node.operands:
            yield from terms(part)
    else:
        yield node
