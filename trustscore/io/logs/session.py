"""A locked DuckDB session: it reads and writes named folders, and nothing else of the machine."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from trustscore.errors import InputError

__all__ = ["LogsNotInstalled", "Session", "identifier", "literal"]

_MEMORY = re.compile(r"[0-9]+(?:\.[0-9]+)?\s*(?:[KMGT]i?B)", re.IGNORECASE)
# A running minimum, a guarded quotient, the newest of two versions, integer sums past 32 bits.
_GOLDEN = """
SELECT count(*), sum(big), max(newest), min(low)
FROM (
    SELECT v * 3000000000 AS big,
        row_number() OVER (PARTITION BY k ORDER BY v DESC, i) AS newest,
        min(v) OVER (ORDER BY i ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS low
    FROM (SELECT i, i % 3 AS k, (i * 7) % 10 AS v FROM range(30) AS r(i))
)
"""
_EXPECTED = (30, 135 * 3_000_000_000, 10, 0)


class LogsNotInstalled(InputError):
    """DuckDB or sqlglot is not there."""


def identifier(name: str) -> str:
    """Return a name as SQL quotes it.

    Examples
    --------
    >>> identifier('a"b')
    '"a""b"'
    """
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text as SQL quotes it.

    Examples
    --------
    >>> literal("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


class Session:
    """A DuckDB in memory, whose settings are locked.

    Parameters
    ----------
    folders : iterable of path
        Where files may be read and written.
    scratch : path
        Where what does not fit into memory goes.
    memory : str, optional
        Such as ``4GB``; by default as DuckDB decides.
    threads : int, default=1
    """

    def __init__(
        self,
        folders: Iterable[str | Path],
        scratch: str | Path,
        *,
        memory: str | None = None,
        threads: int = 1,
    ) -> None:
        try:
            import duckdb
        except ModuleNotFoundError:
            raise LogsNotInstalled(
                "reading logs takes DuckDB and sqlglot: pip install duckdb sqlglot"
            ) from None
        if memory is not None and not _MEMORY.fullmatch(memory.strip()):
            raise InputError(f"`memory` must be a size like 4GB or 500MB. Got {memory!r}")
        self._duckdb = duckdb
        self._con = duckdb.connect(":memory:")
        try:
            allowed = [os.path.realpath(folder) + os.sep for folder in (*folders, scratch)]
            settings: dict[str, Any] = {
                "threads": int(threads),
                "temp_directory": literal(str(scratch)),
                "TimeZone": None,
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "allowed_directories": "[" + ", ".join(map(literal, allowed)) + "]",
                "enable_external_access": "false",
                "lock_configuration": "true",
            }
            if memory is not None:
                settings = {"memory_limit": literal(memory.strip())} | settings
            for name, value in settings.items():
                if value is not None:
                    self._con.execute(f"SET {name} = {value}")
            found = self.rows(_GOLDEN)
            if [tuple(map(int, row)) for row in found] != [_EXPECTED]:
                raise InputError(
                    f"DuckDB {duckdb.__version__} fails the self-check; install another version"
                )
        except BaseException:
            self._con.close()
            raise

    @property
    def version(self) -> str:
        """The version of DuckDB."""
        return str(self._duckdb.__version__)

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._con.close()

    def run(self, sql: str, values: Sequence[Any] = ()) -> None:
        """Execute a statement."""
        try:
            self._con.execute(sql, list(values))
        except self._duckdb.OutOfMemoryException as error:
            # The message names sizes only.
            said = f"DuckDB ran out of memory: {_first_line(error)}"
            raise MemoryError(f"{said}; `memory` says how much it may use") from error
        except self._duckdb.IOException as error:
            # A full disk, or a file that is not as it was written. The message names the file.
            raise OSError(f"DuckDB: {_first_line(error)}") from error

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Execute a query and return its rows."""
        self.run(sql, values)
        return [tuple(row) for row in self._con.fetchall()]

    def table(
        self, sql: str, values: Sequence[Any] = ()
    ) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Execute a query and return the names of its columns, and its rows."""
        rows = self.rows(sql, values)
        return [str(column[0]) for column in self._con.description], rows

    def columns(self, sql: str) -> dict[str, Any]:
        """Execute a query and return its columns as numpy arrays; none of them may be blank."""
        self.run(sql)
        found = self._con.fetchnumpy()
        return {str(name): np.asarray(column) for name, column in found.items()}

    def error(self) -> type[Exception]:
        """Return the class of DuckDB's errors."""
        found: type[Exception] = self._duckdb.Error
        return found

    def view(
        self,
        name: str,
        files: Sequence[tuple[int, str]],
        columns: Mapping[str, str],
        where: str = "",
    ) -> None:
        """Make a view of Parquet files, with the number of each file as ``_file``.

        Parameters
        ----------
        name : str
        files : sequence of (int, str)
            Number and path; several files may have one number.
        columns : mapping of str to str
            SQL types by name: columns that no file has are blank.
        where : str, optional
            Which rows it has, a row being ``p``.
        """
        only = f" WHERE {where}" if where else ""
        head = f"CREATE TEMP VIEW {identifier(name)} AS SELECT"
        if not files:
            nothing = [f"CAST(NULL AS {kind}) AS {identifier(c)}" for c, kind in columns.items()]
            self.run(f"{head} {', '.join(nothing)}, CAST(NULL AS BIGINT) AS _file LIMIT 0")
            return
        paths = ", ".join(literal(path) for _, path in files)
        wanted = ", ".join(f"p.{identifier(column)}" for column in columns)
        if len({number for number, _ in files}) == 1:
            self.run(
                f"{head} {wanted}, CAST({files[0][0]} AS BIGINT) AS _file"
                f" FROM read_parquet([{paths}], union_by_name = true) AS p{only}"
            )
            return
        numbers = ", ".join(f"({literal(path)}, {number})" for number, path in files)
        self.run(
            f"{head} {wanted}, CAST(f.n AS BIGINT) AS _file"
            f" FROM read_parquet([{paths}], filename = true, union_by_name = true) AS p"
            f" JOIN (VALUES {numbers}) AS f(file, n) ON p.filename = f.file{only}"
        )

    def copy(self, sql: str, path: str | Path) -> None:
        """Write the result of a query to a Parquet file."""
        target = literal(str(path))
        self.run(f"COPY ({sql}) TO {target} (FORMAT parquet, COMPRESSION zstd)")


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
