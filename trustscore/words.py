"""The texts that people read, in every language that `trustscore/languages` has a file of.

A language is a TOML file: a section for each room, a line for each text. The words of signals are
in the scorecard.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from trustscore.errors import InputError

__all__ = ["LANGUAGES", "Room", "Texts", "form", "named", "right", "text", "unit"]

Texts = tuple[str, ...]
"""A text in every language, in the order of `LANGUAGES`."""

OWN_LANGUAGES = "TRUSTSCORE_LANGUAGES"
"""Environment variable that names a folder of further files of words."""

_FOLDER = Path(__file__).with_name("languages")
_CODE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
# What a scorecard has names in. The code of a language may be the name of another field: "id".
_OF_SCORECARDS = ("en", "zh")


def _files() -> dict[str, list[Path]]:
    """Return the files of each language, the package's own first."""
    folders = [_FOLDER]
    if own := os.environ.get(OWN_LANGUAGES):
        if not Path(own).is_dir():
            raise InputError(f"{OWN_LANGUAGES} must name a folder of TOML files. Got {own!r}")
        folders.append(Path(own))
    found: dict[str, list[Path]] = {"en": []}
    for folder in folders:
        for path in sorted(folder.glob("*.toml")):
            if not _CODE.fullmatch(path.stem):
                raise InputError(f"{path}: must be named by a language code, such as de.toml")
            found.setdefault(path.stem, []).append(path)
    return found


_FILES = _files()
LANGUAGES: Texts = tuple(_FILES)
"""Codes of the languages, English first: one for each file of words."""


@cache
def words_of(lang: str) -> Mapping[str, Mapping[str, str]]:
    """Return the sections of a language as its files have them.

    Raises
    ------
    InputError
        When there is no such language, or a file is no table of sections of texts.
    """
    if lang not in _FILES:
        raise InputError(f"language must be one of {', '.join(_FILES)}. Got {lang!r}")
    found: dict[str, dict[str, str]] = {}
    for path in _FILES[lang]:
        try:
            sections = tomllib.loads(path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(f"{path}: {error}") from None
        for section, texts in sections.items():
            if not isinstance(texts, dict) or not all(isinstance(t, str) for t in texts.values()):
                raise InputError(f'{path}: [{section}] must hold lines such as key = "text"')
            found.setdefault(section, {}).update(texts)
    return found


def _written(section: str, key: str, lang: str) -> str | None:
    """Return a text as the file has it, the English one where a language lacks it."""
    for each in (lang, "en"):
        found = words_of(each).get(section, {}).get(key)
        if found is not None:
            return found
    return None


class Room:
    """The texts of a room: a section of the files of words.

    Parameters
    ----------
    section : str

    Examples
    --------
    >>> drift = Room("drift")
    >>> drift("large", "zh"), drift("more", count=3)
    ('较大', 'and 3 more')
    >>> drift.all("large")
    ('large', '较大')
    """

    def __init__(self, section: str) -> None:
        self.section = section

    def __call__(self, key: str, lang: str = "en", /, **values: Any) -> str:
        """Return a text in a language, English where that language lacks it.

        Parameters
        ----------
        key : str
            Name of the text.
        lang : str, default="en"
            One of `LANGUAGES`.
        **values
            What to put into the places of the text.
        """
        found = _written(self.section, key, lang)
        if found is None:
            raise KeyError(f"no text {key} in [{self.section}]")
        return found.format(**values)

    def all(self, key: str, /, **values: Any) -> Texts:
        """Return a text in every language.

        A value may itself be one text for each language; each takes its own.

        Examples
        --------
        >>> Room("report").all("by", column=("region", "地区"))
        ('By region and tier', '按地区与等级')
        """
        return tuple(
            self(
                key,
                lang,
                **{k: v[at] if isinstance(v, tuple) else v for k, v in values.items()},
            )
            for at, lang in enumerate(LANGUAGES)
        )


text = Room("common")


def about(lang: str, key: str) -> str:
    """Return what a language says of itself: its `name`, or its tag in `html`.

    Examples
    --------
    >>> about("zh", "name"), about("zh", "html")
    ('中文', 'zh-Hans')
    """
    return words_of(lang).get("language", {}).get(key, lang)


form = Room("form")
"""How a language writes: its list joiner, its brackets, its percent sign."""


def phrase(english: str, lang: str = "en") -> str:
    """Return what stands in English outside the files of words, such as why a row is rejected.

    The section ``[phrases]`` of a language has it by the English; what it lacks stands in English.

    Examples
    --------
    >>> phrase("the row has no merchant_id", "zh"), phrase("nobody knows this", "zh")
    ('该行缺少 merchant_id', 'nobody knows this')
    """
    return words_of(lang).get("phrases", {}).get(english, english)


def phrase_all(english: str) -> Texts:
    """Return what stands in English outside the files of words, in every language."""
    return tuple(phrase(english, lang) for lang in LANGUAGES)


def right(name: str, lang: str = "en") -> str:
    """Return a right or a duty in a language; one that no file of words has as it stands.

    Examples
    --------
    >>> right("shop_page", "zh"), right("shop_page"), right("own_right", "zh")
    ('店铺主页', 'shop page', 'own_right')
    """
    return _written("rights", name, lang) or name


def unit(name: str, lang: str = "en") -> str:
    """Return a unit in a language; one that no file of words has as it stands.

    Examples
    --------
    >>> unit("stars", "zh"), unit("stars"), unit("kg", "zh")
    ('星', 'stars', 'kg')
    """
    return _written("units", name, lang) or name


def named(thing: Any, lang: str = "en", field: str = "") -> str:
    """Return the name of something of a scorecard, in a language.

    A scorecard has English and Chinese names. Another language may have its own as phrases; what it
    lacks stands in English.

    Parameters
    ----------
    thing : object
        It has `en`, `zh` and maybe `id`.
    lang : str, default="en"
        One of `LANGUAGES`.
    field : str, optional
        Where the names are fields beside others: ``tier`` for `tier_en`, `tier_zh` and `tier`.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> tier = SimpleNamespace(id="standard", en="Standard", zh="")
    >>> named(tier, "zh")
    'Standard'
    """
    prefix = f"{field}_" if field else ""
    own = getattr(thing, prefix + lang) if lang in _OF_SCORECARDS else ""
    if own:
        return str(own)
    english = str(getattr(thing, f"{prefix}en") or "")
    return phrase(english, lang) or str(getattr(thing, field or "id", ""))


def named_all(thing: Any, field: str = "") -> Texts:
    """Return the name of something of a scorecard in every language."""
    return tuple(named(thing, lang, field) for lang in LANGUAGES)
