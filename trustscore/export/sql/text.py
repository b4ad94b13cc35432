"""Small pieces of SQL text: names, figures and the functions every engine has.

Two traps shape them. A figure is written with an exponent (``0.04e0``), which every engine reads
as a double and none as a decimal. And NULL never reaches GREATEST or LEAST, of which some engines
skip a NULL and others return it: blanks are filled before.
"""

from __future__ import annotations

import math
import re

from trustscore.errors import InputError
from trustscore.scorecard.side_values import BLANKS, SAME_LETTERS

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
# Words that some engine does not take as a bare column name.
_RESERVED = frozenset(
    """
    abs add all alter analyse analyze and anti any array as asc at authorization between both by
    case cast check collate column constraint create cross cube current current_date current_role
    current_time current_timestamp current_user date database day default delete desc describe
    distinct do double drop else end escape except exclude exists extract false fetch filter final
    first float following for foreign format from full function global grant group grouping
    groups having hour if ignore in inner insert int integer intersect interval into is join key
    lateral leading left like limit local localtime localtimestamp lookup map match materialized
    merge minus month natural new no not null nulls of offset old on only or order out outer over
    overlaps partition percent pivot placing precision preceding prepare prewhere primary
    procedure proto qualify range reads real recursive references regexp rename replace returning
    revoke right rlike rollup row rows sample second select semi session session_user set settings
    similar some start struct symmetric table tablesample temp temporary then time timestamp to
    top trailing treat trigger trim true truncate unbounded union unique unnest unpivot update
    user uses using value values varchar variadic verbose view when where window with within
    without year
    """.split()  # noqa: SIM905 (a list of two hundred words reads better so)
)


def name(identifier: str) -> str:
    """Return a column name, in double quotes where an engine could misread it.

    Examples
    --------
    >>> name("orders_paid"), name("all"), name("Orders")
    ('orders_paid', '"all"', '"Orders"')
    """
    if _PLAIN.fullmatch(identifier) and identifier not in _RESERVED:
        return identifier
    return '"' + identifier.replace('"', '""') + '"'


def fold(column: str) -> str:
    """Return a text column as `trustscore.scorecard.side_values.fold_side_value` reads it.

    Examples
    --------
    >>> fold("category").startswith("REPLACE(") and "LOWER(TRIM(" in fold("category")
    True
    """
    found = column
    for blank in BLANKS:
        # A line end inside a text is no text for some engines; other letters CHR does not know.
        written = f"CHR({ord(blank)})" if blank < " " else text(blank)
        found = f"REPLACE({found}, {written}, ' ')"
    found = f"LOWER(TRIM({found}))"
    for given, same in SAME_LETTERS:
        found = f"REPLACE({found}, {text(given)}, {text(same)})"
    return found


def table_name(identifier: str) -> str:
    """Return a table name of one to four parts.

    Examples
    --------
    >>> table_name("shop.merchants")
    'shop.merchants'

    Raises
    ------
    InputError
        When it is no name.
    """
    parts = identifier.split(".")
    if len(parts) > 4 or not all(re.fullmatch(r"[\w$-]+", part) for part in parts):
        raise InputError(
            f"table must be a name such as merchants or shop.merchants. Got {identifier!r}"
        )
    return ".".join(name(part) for part in parts)


def number(value: float) -> str:
    """Return a figure that reads back as the same double.

    Examples
    --------
    >>> number(0.04), number(-2), number(1e-300)
    ('0.04e0', '(-2.0e0)', '1e-300')

    Raises
    ------
    InputError
        When it is not finite, which SQL has no figure for.
    """
    value = float(value)
    if not math.isfinite(value):
        raise InputError(f"a figure of the scorecard is not finite: {value}")
    text = repr(value)
    if "e" not in text:
        text += "e0"
    return f"({text})" if text.startswith("-") else text


def text(value: str) -> str:
    """Return a text in quotes.

    Examples
    --------
    >>> text("men's")
    "'men''s'"
    """
    return "'" + value.replace("'", "''") + "'"


def clip(expression: str, low: float, high: float) -> str:
    """Return an expression held between two figures; it must not be NULL."""
    return f"LEAST(GREATEST({expression}, {number(low)}), {number(high)})"


def choose(when: str, then: str, otherwise: str) -> str:
    """Return one of two expressions; an unknown condition chooses the other."""
    return f"CASE WHEN {when} THEN {then} ELSE {otherwise} END"


def total(terms: list[str]) -> str:
    """Return the sum of terms, from left to right."""
    return " + ".join(terms) if terms else number(0)
