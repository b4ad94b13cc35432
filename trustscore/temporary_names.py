"""Hidden names beside outputs, for what is not complete yet, and what killed processes left there.

While a process lives it holds a lock on its temporary files and folders, so what is not locked
belongs to nobody.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator

try:
    from fcntl import LOCK_EX, LOCK_NB, flock

    LOCKS = True
except ImportError:  # Windows: what a killed process left stays.
    LOCKS = False

__all__ = ["LOCKS", "lock", "naming", "remove_left", "sync_folder", "temporary_name"]

# Bytes of a final name that stay in the temporary one: a name may have 255.
_KEPT = 200
_ENDING = r"\.[0-9a-f]{12}\.tmp"


def temporary_name(final: str) -> str:
    """Return a new hidden name beside a file or folder, which `remove_left` knows again.

    Examples
    --------
    >>> temporary_name("a/scores.csv")[:14], len(temporary_name("a/scores.csv"))
    ('a/.scores.csv.', 30)
    """
    folder, name = os.path.split(final)
    return os.path.join(folder, f".{_start(name)}.{secrets.token_hex(6)}.tmp")


def _start(name: str) -> str:
    held = os.fsencode(name)
    return name if len(held) <= _KEPT else held[:_KEPT].decode("utf-8", "ignore")


def lock(handle: int) -> bool:
    """Return whether nobody else holds a file or folder, and hold it from now on.

    Where a file system has no locks, everybody is told that somebody else holds it.
    """
    if not LOCKS:
        return False
    try:
        flock(handle, LOCK_EX | LOCK_NB)
    except OSError:
        return False
    return True


def remove_left(final: str) -> None:
    """Remove temporary files and folders that a killed process left beside `final`."""
    folder, name = os.path.split(os.path.abspath(final))
    left = re.compile(re.escape(f".{_start(name)}") + _ENDING)
    try:
        found = [entry.path for entry in os.scandir(folder) if left.fullmatch(entry.name)]
    except OSError:
        return
    for path in found:
        with contextlib.suppress(OSError):
            _remove_if_free(path)


def _remove_if_free(path: str) -> None:
    # Not through a link, and without waiting for a pipe: others may write in this folder too.
    handle = os.open(
        path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    )
    try:
        mode = os.fstat(handle).st_mode
        if lock(handle):
            if stat.S_ISREG(mode):
                os.unlink(path)
            elif stat.S_ISDIR(mode):
                shutil.rmtree(path, ignore_errors=True)
    finally:
        os.close(handle)


@contextlib.contextmanager
def naming(path: str) -> Iterator[None]:
    """Name the file in errors of the system, which know only a number or a hidden name."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.errno is None or error.filename == path:
            raise
        raise OSError(error.errno, error.strerror, path) from None


def sync_folder(folder: str) -> None:
    """Make the names in a folder safe on disk, where that is possible."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:  # not every system opens folders
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)
