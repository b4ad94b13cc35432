"""Whether the loops are compiled, and from the sources that lie beside them."""

from __future__ import annotations

import hashlib
import json
import warnings
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

# Below this many merchants nobody waits, whichever way the loops run.
_MANY = 5000
_PACKAGE = Path(__file__).resolve().parent


def binary_of(module: str) -> Path | None:
    """Return the file of a compiled module, or None where it runs as Python."""
    stem = _PACKAGE.parent.joinpath(*module.split("."))
    for suffix in EXTENSION_SUFFIXES:
        path = stem.with_name(stem.name + suffix)
        if path.is_file():
            return path
    return None


@cache
def _sources() -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads((_PACKAGE / "compiled.json").read_text())
    except FileNotFoundError:
        return {}
    return found


def refuse_stale(module: str) -> None:
    """Refuse a binary that was compiled from another text than the source beside it.

    Python would load the binary and ignore the edited source: a change would seem to do nothing.

    Raises
    ------
    ImportError
        Naming the binary and what to do.
    """
    binary = binary_of(module)
    if binary is None:
        return
    source = _PACKAGE.parent.joinpath(*module.split(".")).with_suffix(".py")
    if not source.is_file():
        return
    if _sources().get(module) != hashlib.sha256(source.read_bytes()).hexdigest():
        raise ImportError(
            f"{source.name} was changed after {binary} was compiled from it. "
            "Compile it again with `pip install -e .`, or delete the binary to run uncompiled"
        )


class SlowWarning(UserWarning):
    """The loops run uncompiled over many merchants."""


class Notice:
    """Counts merchants, and says once that they are scored slowly.

    Parameters
    ----------
    is_compiled : bool
        Whether the loops are compiled; then there is nothing to say.
    """

    def __init__(self, is_compiled: bool) -> None:
        self._done = is_compiled
        self._merchants = 0

    def add(self, merchants: int) -> None:
        """Count merchants that are about to be scored."""
        if self._done:
            return
        self._merchants += merchants
        if self._merchants > _MANY:
            self._done = True
            warnings.warn(
                "the scoring loop is not compiled, which makes it about a hundred times slower. "
                "Install a C compiler (such as gcc) and install trustscore again, or install a "
                "wheel for this machine",
                SlowWarning,
                stacklevel=2,
            )
