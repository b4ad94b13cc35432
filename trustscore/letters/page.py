"""A letter as a page of HTML that asks for nothing outside itself and runs no script."""

from __future__ import annotations

from functools import cache
from typing import Any

from trustscore.errors import InputError
from trustscore.letters.letter import Letter
from trustscore.letters.words import text
from trustscore.words import about, form

__all__ = ["letter_page"]


def letter_page(letter: Letter) -> str:
    """Return a letter as HTML; texts of others are inert in it.

    Parameters
    ----------
    letter : Letter

    Raises
    ------
    InputError
        When jinja2 is not installed.
    """
    found: str = _template().render(
        letter=letter,
        lang=about(letter.lang, "html"),
        to=text("to", letter.lang),
        dated=text("dated", letter.lang),
        colon=form("colon", letter.lang),
    )
    return found


@cache
def _template() -> Any:
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined
    except ImportError:
        raise InputError(
            "letters take jinja2, which the extra `report` installs: pip install jinja2"
        ) from None
    found = Environment(
        loader=PackageLoader("trustscore.letters"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return found.get_template("letter.html")
