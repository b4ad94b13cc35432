"""What the texts of conditions and of derived columns share: names, numbers, reading, writing."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["NAME", "NUMBER", "exact", "match_text"]

NAME = r"[A-Za-z_]\w*"
"""Pattern of a column's name."""
NUMBER = r"(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
"""Pattern of a number without a sign."""


def match_text(form: re.Pattern[str], text: Any) -> re.Match[str] | None:
    """Return the match of a whole text; None where it is of another form, or no text.

    Examples
    --------
    >>> match_text(re.compile(NAME), "orders_paid")[0]
    'orders_paid'
    >>> match_text(re.compile(NAME), 3) is None
    True
    """
    return form.fullmatch(text) if isinstance(text, str) else None


def exact(number: float) -> str:
    """Return the shortest text that reads back as the same number: the hash is made of it.

    Examples
    --------
    >>> exact(90.0), exact(1234567.25)
    ('90', '1234567.25')
    """
    short = f"{number:g}"
    return short if float(short) == number else repr(number).removesuffix(".0")
