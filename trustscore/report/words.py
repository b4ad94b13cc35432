"""Texts of the report; those that other commands print as well stand in `trustscore.words`."""

from __future__ import annotations

from collections.abc import Iterable

from trustscore.words import LANGUAGES, Room, Texts, form, named_all, right, text

__all__ = ["Texts", "capital", "column_texts", "names", "plain_texts", "rights", "same", "texts"]

texts = Room("report").all
plain_texts = text.all
names = named_all

_COLUMNS = ("category", "region", "shop_type")


def capital(of: Texts) -> Texts:
    """Return a text that begins with a capital letter.

    Examples
    --------
    >>> capital(("low evidence", "证据不足"))
    ('Low evidence', '证据不足')
    """
    return tuple(each[:1].upper() + each[1:] for each in of)


def column_texts(name: str) -> Texts:
    """Return the name of a column of the export, in words where there are some."""
    return texts(name) if name in _COLUMNS else same(name)


def same(of: str) -> Texts:
    """Return a text that is the same in every language."""
    return (of,) * len(LANGUAGES)


def rights(of: Iterable[str]) -> Texts:
    """Return rights as a list in every language."""
    given = tuple(of)
    return tuple(form("list", lang).join(right(each, lang) for each in given) for lang in LANGUAGES)
