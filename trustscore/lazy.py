"""Packages that load what they offer at first use.

A package that imports all of its modules makes every user pay for the heaviest of them. A lazy
package says where its names live; Python asks its ``__getattr__`` for a name it does not have
(PEP 562), which loads that one module and keeps the value.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

__all__ = ["attach"]


def attach(
    package: str, homes: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return the ``__getattr__`` and the ``__dir__`` of a lazy package.

    Parameters
    ----------
    package : str
        Its ``__name__``.
    homes : mapping of str to str
        Name -> module that holds it.

    Examples
    --------
    In an ``__init__.py``::

        __getattr__, __dir__ = attach(__name__, {"score_frame": "trustscore.batch.frame"})

    >>> find, listed = attach("trustscore.lazy", {"sqrt": "math"})
    >>> find("sqrt")(9.0), "sqrt" in listed()
    (3.0, True)
    >>> find("cbrtt")
    Traceback (most recent call last):
        ...
    AttributeError: module 'trustscore.lazy' has no attribute 'cbrtt'
    """

    def find(name: str) -> Any:
        home = homes.get(name)
        if home is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(home), name)
        setattr(sys.modules[package], name, value)
        return value

    def listed() -> list[str]:
        return sorted({*vars(sys.modules[package]), *homes})

    return find, listed
