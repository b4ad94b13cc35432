"""Files on any file system that Hadoop knows, through the JVM of a session."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from typing import Any, NamedTuple

from trustscore.errors import InputError

__all__ = ["Hadoop", "Stored"]


class Stored(NamedTuple):
    """A file: as people name it, its URI, and its size in bytes."""

    name: str
    uri: str
    size: int


class Hadoop:
    """The file systems of a session.

    Parameters
    ----------
    session : SparkSession
    """

    def __init__(self, session: Any) -> None:
        self._jvm = session._jvm
        self._conf = session._jsc.hadoopConfiguration()

    def _at(self, path: str) -> tuple[Any, Any]:
        place = self._jvm.org.apache.hadoop.fs.Path(path)
        return place.getFileSystem(self._conf), place

    def files(self, paths: Sequence[str]) -> list[Stored]:
        """Return the files that paths name: files, folders of files, patterns with ``*``.

        In the order of the paths, inside a folder by name; names that begin with ``_``
        or ``.`` are left out there, as everywhere in Hadoop.

        Raises
        ------
        InputError
            For each path that names nothing.
        """
        found: list[Stored] = []
        faults = []
        for path in paths:
            here = self._named(path)
            if not here:
                faults.append(f"{path}: no such file, or a folder without files")
            found += here
        if faults:
            raise InputError("inputs are missing", faults)
        return found

    def _named(self, path: str) -> list[Stored]:
        system, place = self._at(path)
        if system.exists(place):
            return self._inside(system, system.getFileStatus(place), path)
        found: list[Stored] = []
        if re.search(r"[*?\[{]", path):
            for status in sorted(
                system.globStatus(place) or [], key=lambda one: one.getPath().toString()
            ):
                found += self._inside(system, status, status.getPath().toString())
        return found

    def _inside(self, system: Any, status: Any, name: str) -> list[Stored]:
        if status.isFile():
            return [Stored(name, status.getPath().toUri().toString(), status.getLen())]
        inner = [
            (one.getPath().getName(), one)
            for one in system.listStatus(status.getPath())
            if one.isFile() and not one.getPath().getName().startswith(("_", "."))
        ]
        return [
            Stored(f"{name.rstrip('/')}/{base}", one.getPath().toUri().toString(), one.getLen())
            for base, one in sorted(inner, key=lambda pair: pair[0])
        ]

    def head(self, file: Stored, most: int) -> bytes:
        """Return the first bytes of a file."""
        system, place = self._of(file)
        stream = system.open(place)
        try:
            size = min(most, file.size)
            return bytes(self._jvm.org.apache.commons.io.IOUtils.toByteArray(stream, size))
        finally:
            stream.close()

    def sha256(self, file: Stored) -> str:
        """Return the hash of a file, computed in the JVM."""
        system, place = self._of(file)
        stream = system.open(place)
        try:
            return str(self._jvm.org.apache.commons.codec.digest.DigestUtils.sha256Hex(stream))
        finally:
            stream.close()

    def _of(self, file: Stored) -> tuple[Any, Any]:
        place = self._jvm.org.apache.hadoop.fs.Path(self._jvm.java.net.URI(file.uri))
        return place.getFileSystem(self._conf), place

    def exists(self, path: str) -> bool:
        """Return whether there is a file or folder of that name."""
        system, place = self._at(path)
        return bool(system.exists(place))

    def beside(self, path: str) -> str:
        """Return an unused hidden name in the folder of a path, on the same file system."""
        _, place = self._at(path)
        parent = place.getParent()
        if parent is None:
            raise InputError(f"{path}: is the root of a file system, not a name in it")
        hidden = f".{place.getName()}.{secrets.token_hex(6)}.tmp"
        return str(self._jvm.org.apache.hadoop.fs.Path(parent, hidden).toString())

    def write(self, path: str, data: bytes) -> None:
        """Write a small file."""
        system, place = self._at(path)
        # No checksum file may stand beside it for good.
        system.setWriteChecksum(False)
        try:
            stream = system.create(place, True)
            stream.write(data)
            stream.close()
        finally:
            system.setWriteChecksum(True)

    def rename(self, old: str, new: str) -> None:
        """Give a file or folder another name; the new one must be free."""
        system, place = self._at(old)
        if not system.rename(place, self._jvm.org.apache.hadoop.fs.Path(new)):
            raise OSError(f"{new}: could not be renamed from {old}")

    def end_with(self, folder: str, old: str, new: str) -> None:
        """Change how the names of the files in a folder end."""
        system, place = self._at(folder)
        for status in system.listStatus(place):
            path = status.getPath()
            name = path.getName()
            if name.endswith(old) and not name.startswith(("_", ".")):
                other = name.removesuffix(old) + new
                target = self._jvm.org.apache.hadoop.fs.Path(place, other)
                if not system.rename(path, target):
                    raise OSError(f"{folder}/{other}: could not be renamed from {name}")

    def remove(self, path: str) -> None:
        """Remove a file, or a folder and what is in it, if it is there."""
        system, place = self._at(path)
        system.delete(place, True)

    @staticmethod
    def literal(file: Stored) -> str:
        r"""Return the path of a file with pattern characters escaped, for Spark's readers."""
        from urllib.parse import unquote, urlsplit

        parts = urlsplit(file.uri)
        path = Hadoop.escaped(unquote(parts.path))
        return f"{parts.scheme}://{parts.netloc}{path}" if parts.scheme else path

    @staticmethod
    def escaped(path: str) -> str:
        r"""Return a path of which Spark's readers take no character for a pattern.

        Examples
        --------
        >>> print(Hadoop.escaped("hdfs:///day[1]"))
        hdfs:///day\[1\]
        """
        return re.sub(r"([\\*?\[\]{},])", r"\\\1", path)
