"""The libraries that texts are read with, imported when the first text is."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module, metadata
from typing import Any

from trustscore.errors import InputError

__all__ = ["TextsNotInstalled", "library", "versions"]

# Name of the package by the name of the module.
_PACKAGES = {"ahocorasick_rs": "ahocorasick_rs", "opencc": "opencc", "pypinyin": "pypinyin"}


class TextsNotInstalled(InputError):
    """A library that texts are read with is not there."""


def library(name: str) -> Any:
    """Return a module.

    Raises
    ------
    TextsNotInstalled
        Saying how it is installed.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError:
        listed = " ".join(_PACKAGES.values())
        raise TextsNotInstalled(
            f"reading what texts say takes {_PACKAGES[name]}: pip install {listed}"
        ) from None


@lru_cache(maxsize=1)
def versions() -> tuple[str, ...]:
    """Return the versions of what hits depend on beside the words."""
    found = []
    for package in _PACKAGES.values():
        try:
            found.append(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            found.append(f"{package} none")
    return tuple(found)
