"""A file that is complete or absent, and files that take their names together.

A file is written under a temporary name beside its final one and renamed when it is complete and
on disk. Whatever ends the process before that leaves no file of the final name; an error or an
interrupt removes the temporary one as well. What a killed process left is removed by the next run
that writes the same name. Pipes and devices cannot be renamed and are written as they come.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, Any, cast

from trustscore.errors import InputError
from trustscore.temporary_names import (
    LOCKS,
    lock,
    naming,
    remove_left,
    sync_folder,
    temporary_name,
)

__all__ = [
    "AtomicFile",
    "commit_together",
    "is_plain",
    "utf8",
]

# Names in here are the system's: a link such as /dev/stdout is the way to a stream.
_SYSTEM = ("/dev", "/proc")


def utf8(text: str) -> bytes:
    r"""Return a text as UTF-8; bytes of a file name that are not UTF-8 are escaped.

    In JSON the escape reads back as the same name.

    Examples
    --------
    >>> utf8("\udcd0.csv")
    b'\\udcd0.csv'
    """
    return text.encode(errors="backslashreplace")


def is_plain(path: str | Path) -> bool:
    """Return whether a path is, or would become, a regular file.

    A link counts as one, wherever it leads: it is replaced, as every file is.
    """
    text = str(path)
    if text == "-":
        return False
    folder = os.path.realpath(os.path.dirname(os.path.abspath(text)))
    if any(folder == system or folder.startswith(system + os.sep) for system in _SYSTEM):
        # /dev/shm holds files like any other folder.
        return folder.startswith("/dev/shm") or not os.path.lexists(text)
    try:
        mode = os.lstat(text).st_mode
    except FileNotFoundError:
        return True
    return stat.S_ISREG(mode) or stat.S_ISLNK(mode)


class _Written(io.RawIOBase):
    """What is written goes on to a file, is counted and hashed, and errors name the file."""

    def __init__(self, target: IO[bytes], name: str) -> None:
        self._target, self._name = target, name
        self.size = 0
        self.digest = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        with naming(self._name):
            self._target.write(data)
        view = memoryview(data)
        self.digest.update(view)
        self.size += view.nbytes
        return view.nbytes

    def tell(self) -> int:
        return self.size

    def flush(self) -> None:
        if not self._target.closed:
            with naming(self._name):
                self._target.flush()

    def close(self) -> None:
        # The target is closed by whoever opened it.
        if not self.closed and not self._target.closed:
            super().close()


class AtomicFile:
    r"""A binary file that takes its name on `commit`.

    A file that is replaced hands on its permissions; a new one has those that the system gives. A
    link is replaced, not the file behind it.

    Parameters
    ----------
    path : str or Path
        ``-`` is standard output.
    hold : bool, default=False
        Whether to hold back what goes to a pipe or a device, until `commit`.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "scores.csv")
    ...     with AtomicFile(path) as file:
    ...         _ = file.write(b"merchant_id\n")
    ...         before = path.exists()
    ...         file.commit()
    ...     before, path.read_bytes()
    (False, b'merchant_id\n')
    """

    def __init__(self, path: str | Path, *, hold: bool = False) -> None:
        self.path = str(path)
        self._temporary: str | None = None
        self._target: IO[bytes] | None = None
        self._done = False
        # Called before the file is closed unfinished.
        self.on_discard: Callable[[], None] | None = None
        if is_plain(self.path):
            self._final = os.path.abspath(self.path)
            self._opened = self._begin()
        else:
            self._target = _through(self.path)
            self._opened = self._target
            if hold:
                self._opened = cast(IO[bytes], TemporaryFile())  # noqa: SIM115 (closed by close)
        self._written = _Written(self._opened, "standard output" if path == "-" else self.path)
        self.file = cast(IO[bytes], self._written)

    def _begin(self) -> IO[bytes]:
        remove_left(self._final)
        try:
            old = os.lstat(self._final).st_mode
        except OSError:
            old = 0
        mode = stat.S_IMODE(old) & 0o777 if stat.S_ISREG(old) else None
        while True:
            self._temporary = temporary_name(self._final)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
            with naming(self.path):
                # Nobody may read half of a file that they could not read before.
                handle = os.open(self._temporary, flags, 0o666 if mode is None else mode & 0o600)
            if mode is not None and hasattr(os, "fchmod"):
                os.fchmod(handle, mode)
            lock(handle)
            # Another run may have taken it for one of a dead process before it was locked.
            if os.path.lexists(self._temporary):
                return open(handle, "wb")
            os.close(handle)

    @property
    def gone(self) -> bool:
        """Whether what was written is out of reach, in a pipe or a device."""
        return self._opened is self._target

    @property
    def facts(self) -> dict[str, Any]:
        """Path, size and SHA-256 of what was written."""
        digest = self._written.digest.hexdigest()
        return {"path": self.path, "size": self._written.size, "sha256": digest}

    def write(self, data: bytes) -> int:
        """Write bytes."""
        return self.file.write(data)

    def flush(self) -> None:
        """Make what was written safe on disk, still under the temporary name."""
        self.file.flush()
        if self._temporary is not None:
            with naming(self.path):
                os.fsync(self._opened.fileno())

    def commit(self) -> None:
        """Give the file its name."""
        commit_together([self])

    def _send(self) -> None:
        """Hand what was held back to the pipe it is for."""
        if self._target is not None and not self.gone:
            with naming(self.path):
                self._opened.seek(0)
                shutil.copyfileobj(self._opened, self._target)
                self._target.flush()

    def _close(self) -> None:
        # Standard output is not ours to close.
        if not (self.path == "-" and self.gone):
            with naming(self.path):
                self._opened.close()
        if self.path != "-" and self._target is not None:
            self._target.close()

    def discard(self) -> None:
        """Remove what was written, unless it was committed."""
        if self._done or (self.path == "-" and self.gone):
            return
        self._done = True
        if self.on_discard is not None:
            self.on_discard()
        try:
            self._close()
        finally:
            if self._temporary is not None:
                Path(self._temporary).unlink(missing_ok=True)

    def __enter__(self) -> AtomicFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.discard()
        except OSError:
            # The disk is full for the buffered rest as well; the first error says so.
            if error is None:
                raise


def commit_together(files: Iterable[AtomicFile], remove: Iterable[str | Path] = ()) -> None:
    """Give files their names, in this order, all or none.

    All are safe on disk before the first takes its name. Where one of the names cannot be taken,
    those before it get back what they had.

    Parameters
    ----------
    files : iterable of AtomicFile
    remove : iterable of str or Path
        Files of an earlier run that would not belong to these.

    Raises
    ------
    OSError
        Naming the file, and what could not be put back.
    """
    waiting = [file for file in files if not file._done]
    gone = [str(path) for path in remove if os.path.islink(path) or os.path.isfile(path)]
    for file in waiting:
        file.flush()
    with _Changes(several=len(waiting) + len(gone) > 1) as changes:
        for path in gone:
            changes.remove(path)
        for file in waiting:
            file._send()
            if not LOCKS:
                # Where there are no locks, an open file cannot be renamed either.
                file._close()
            if file._temporary is not None:
                changes.replace(file._temporary, file._final, file.path)
            # Closed after it took its name: until then the lock says that somebody lives.
            file._done = True
            file._close()


class _Changes:
    """Names taken and files removed so far, with what stood there before."""

    def __init__(self, *, several: bool) -> None:
        self._several = several
        # Where, how people call it, and under which name the old file is kept: None where there
        # was no file, an empty text where it could not be kept.
        self._made: list[tuple[str, str, str | None]] = []
        self._handles: list[int] = []
        self._kept: list[str] = []

    def __enter__(self) -> _Changes:
        return self

    def replace(self, temporary: str, final: str, path: str) -> None:
        """Give a temporary file its name."""
        with naming(path):
            kept = self._keep(final)
            os.replace(temporary, final)
        self._made.append((final, path, kept))

    def remove(self, path: str) -> None:
        """Remove a file."""
        final = os.path.abspath(path)
        with naming(path):
            kept = self._keep(final)
            os.unlink(final)
        self._made.append((final, path, kept))

    def _keep(self, final: str) -> str | None:
        """Keep the file of a name under another one as well."""
        if not self._several:
            return ""
        if not os.path.lexists(final):
            return None
        kept = temporary_name(final)
        try:
            os.link(final, kept, follow_symlinks=False)
        except (OSError, NotImplementedError):
            # A file system without a second name for a file, or a file of somebody else.
            return ""
        self._kept.append(kept)
        with contextlib.suppress(OSError):
            self._handles.append(os.open(kept, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)))
            lock(self._handles[-1])
        return kept

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            lost = [] if error is None else self._put_back()
        finally:
            for kept in self._kept:
                with contextlib.suppress(OSError):
                    os.unlink(kept)
            for handle in self._handles:
                os.close(handle)
            for folder in {os.path.dirname(final) for final, _, _ in self._made}:
                sync_folder(folder)
        if lost and isinstance(error, OSError):
            said = f"{error.strerror}; already changed and not put back: {', '.join(lost)}"
            raise OSError(error.errno, said, error.filename) from None

    def _put_back(self) -> list[str]:
        """Give back what names had, and return those that could not be given back."""
        lost = []
        for final, path, kept in reversed(self._made):
            try:
                if kept is None:
                    os.unlink(final)
                elif kept:
                    os.replace(kept, final)
                else:
                    lost.append(path)
            except OSError:
                lost.append(path)
        return lost


def _through(path: str) -> IO[bytes]:
    if path != "-":
        return open(path, "wb")
    if sys.stdout is None:
        raise InputError("standard output (-) is closed: name a file instead")
    return sys.stdout.buffer
