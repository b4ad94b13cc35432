"""Output folders that are complete or absent."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from trustscore.errors import InputError
from trustscore.temporary_names import lock, remove_left, temporary_name

__all__ = ["open_folder", "refuse_taken", "whole_folder"]


@contextlib.contextmanager
def open_folder(folder: str | Path) -> Iterator[Path]:
    """Make a folder if need be, and remove it again if the block fails and leaves it empty.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as here:
    ...     with contextlib.suppress(KeyboardInterrupt), open_folder(Path(here, "out")):
    ...         raise KeyboardInterrupt
    ...     list(Path(here).iterdir())
    []
    """
    place = Path(folder)
    _refuse_link(place)
    made = [path for path in (place, *place.parents) if not path.exists()]
    place.mkdir(parents=True, exist_ok=True)
    try:
        yield place
    except BaseException:
        for path in made:
            # One that holds files of somebody else stays.
            with contextlib.suppress(OSError):
                path.rmdir()
        raise


def _refuse_link(place: Path) -> None:
    # Somebody who may write beside an output could otherwise say where it goes.
    if place.is_symlink():
        raise InputError(f"{place}: is a link; name the folder that it leads to")


def refuse_taken(folder: str | Path) -> None:
    """Refuse a folder that holds anything.

    Raises
    ------
    InputError
        Naming the folder.
    """
    place = Path(folder)
    _refuse_link(place)
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise InputError(f"{folder}: exists and is not an empty folder; name another one")


@contextlib.contextmanager
def whole_folder(folder: str | Path) -> Iterator[Path]:
    """Yield a temporary folder to write into, which takes the final name when the block ends.

    An error or an interrupt removes the temporary folder and all that is in it.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as here:
    ...     with whole_folder(Path(here, "out")) as place:
    ...         _ = (place / "a.txt").write_text("a")
    ...     sorted(path.name for path in Path(here).rglob("*"))
    ['a.txt', 'out']
    """
    refuse_taken(folder)
    final = Path(folder).absolute()
    # Parents that do not exist are made last, so that an interrupt leaves none of them.
    above = next(parent for parent in final.parents if parent.exists())
    place, handle = _begin(above / final.name)
    try:
        yield place
        with open_folder(final.parent):
            if final.exists():
                final.rmdir()
            os.replace(place, final)
    finally:
        shutil.rmtree(place, ignore_errors=True)
        if handle is not None:
            os.close(handle)


def _begin(final: Path) -> tuple[Path, int | None]:
    """Make a temporary folder, locked while it is written into."""
    remove_left(str(final))
    while True:
        place = Path(temporary_name(str(final)))
        place.mkdir()
        try:
            handle = os.open(place, os.O_RDONLY)
        except OSError:  # not every system opens folders
            return place, None
        lock(handle)
        # Another run may have taken it for one of a dead process before it was locked.
        if place.exists():
            return place, handle
        os.close(handle)
