"""Texts of the workbench's page, and names in every language, as the page takes them."""

from __future__ import annotations

import json
from typing import Any

from trustscore.words import LANGUAGES, about, named, words_of

__all__ = ["names_of", "words_script"]


def names_of(thing: Any) -> dict[str, str]:
    """Return the name of something of a scorecard by language."""
    return {lang: named(thing, lang) for lang in LANGUAGES}


def words_script() -> str:
    """Return the texts of the page as JavaScript, by language; English where one lacks some."""
    english = words_of("en")["workbench"]
    texts = {lang: {**english, **words_of(lang).get("workbench", {})} for lang in LANGUAGES}
    own = {lang: about(lang, "name") for lang in LANGUAGES}
    made = {"WORDS": texts, "LANGUAGES": own}
    return "".join(
        f"const {name} = {json.dumps(value, ensure_ascii=True)};\n" for name, value in made.items()
    )
