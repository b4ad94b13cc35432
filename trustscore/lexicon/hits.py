"""A hit of the lexicon, and how it is stored: names and places, and nothing of the text."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Hit", "read_hits", "written"]

HOW = ("said", "negated", "quoted")


class Hit(NamedTuple):
    """What an entry found in a text.

    Attributes
    ----------
    topic, entry : str
        The topic, and the name of the entry.
    severity : int
        From 1 to 3.
    start, end : int
        Where in the text.
    how : {"said", "negated", "quoted"}
        Only what is said counts: not what is denied, and not what is asked or told of others.
    value : str
        A price that was named with it, or empty.
    """

    topic: str
    entry: str
    severity: int
    start: int
    end: int
    how: str = "said"
    value: str = ""


def written(hits: list[Hit]) -> str:
    """Return hits as the store holds them.

    Examples
    --------
    >>> written([Hit("price_deception", "was_price", 1, 2, 4, "said", "299")])
    'price_deception:was_price:1:2:4:said:299'
    """
    return " ".join(":".join(map(str, hit)) for hit in hits)


def read_hits(text: str) -> list[Hit]:
    """Return stored hits.

    Examples
    --------
    >>> read_hits("abuse:insults:3:0:2:negated:")
    [Hit(topic='abuse', entry='insults', severity=3, start=0, end=2, how='negated', value='')]
    """
    found = []
    for part in text.split():
        topic, entry, severity, start, end, how, value = part.split(":")
        found.append(Hit(topic, entry, int(severity), int(start), int(end), how, value))
    return found
