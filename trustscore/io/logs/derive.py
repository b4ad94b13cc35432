"""Logs that a mapping makes by SQL: one SELECT over files of the folder, checked and locked in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from trustscore.errors import InputError, suggest
from trustscore.io.columns import sound_text, text_of
from trustscore.io.logs.opening import CsvLog, open_log
from trustscore.io.logs.rows import BadRow
from trustscore.io.logs.session import LogsNotInstalled, Session, identifier, literal

__all__ = ["expressions_sql", "is_expression", "run_select", "select_tables", "text_copy"]

# What reads files, settings or other texts as SQL; the locked session refuses most of it anyway.
_FORBIDDEN = (
    "read_",
    "parquet_",
    "sniff_",
    "getenv",
    "query",
    "pragma",
    "duckdb_",
    "glob",
    "getvar",
)


def _sqlglot() -> Any:
    try:
        import sqlglot
    except ModuleNotFoundError:
        raise LogsNotInstalled(
            "reading logs takes DuckDB and sqlglot: pip install duckdb sqlglot"
        ) from None
    return sqlglot


def is_expression(text: str) -> bool:
    """Return whether a text of the mapping is more than the name of a column.

    Examples
    --------
    >>> is_expression("订单编号"), is_expression("'live'"), is_expression("pay_ts / 1000")
    (False, True, True)
    """
    return not text.replace(" ", "_").isidentifier()


def select_tables(sql: str, where: str) -> list[str]:
    """Check that a text is one SELECT over plain tables, and return their names.

    Raises
    ------
    InputError
        Naming the entry of the mapping.

    Examples
    --------
    >>> select_tables("WITH x AS (SELECT a FROM carts) SELECT * FROM x JOIN items ON true", "sql")
    ['carts', 'items']
    """
    sqlglot = _sqlglot()
    exp = sqlglot.exp
    try:
        statements = sqlglot.parse(sql, read="duckdb")
    except sqlglot.errors.SqlglotError as error:
        raise InputError(f"{where}: cannot be read as SQL ({str(error).splitlines()[0]})") from None
    query = getattr(exp, "Query", exp.Select)
    if len(statements) != 1 or not isinstance(statements[0], query):
        raise InputError(f"{where}: must be one SELECT")
    tree = statements[0]
    faults = []
    for node in tree.walk():
        node = node[0] if isinstance(node, tuple) else node
        if isinstance(node, exp.Func):
            name = (node.name if isinstance(node, exp.Anonymous) else node.sql_name()).lower()
            if name.startswith(_FORBIDDEN):
                faults.append(f"{where}: {name} may not be called")
        if isinstance(node, exp.Table) and not isinstance(node.this, exp.Identifier):
            faults.append(f"{where}: a table is the name of a file. Got {node.sql()}")
        if isinstance(node, (exp.Into, exp.Command)):
            faults.append(f"{where}: must be one SELECT")
    if faults:
        raise InputError(f"{where} cannot be used", dict.fromkeys(faults))
    own = {with_.alias for with_ in tree.find_all(exp.CTE)}
    names = [table.name for table in tree.find_all(exp.Table)]
    return sorted({name for name in names if name and name not in own})


def text_copy(path: Path, out: Path, encoding: str | None) -> tuple[list[BadRow], dict[str, Any]]:
    """Copy a file to Parquet, each cell as it is, with its line as ``_line``.

    Returns
    -------
    broken : list of BadRow
        Records that are no rows.
    facts : dict
        Size, hash and encoding.
    """
    log = open_log(str(path), encoding)
    broken: list[BadRow] = []
    try:
        names = [name.strip() or f"column{at + 1}" for at, name in enumerate(log.header)]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise InputError(f"{path}: column {twice[0]} is there more than once")
        writer = None
        for batch in log.batches(range(len(names))):
            broken += batch.broken
            arrays = []
            for place, name in enumerate(names):
                column = sound_text(batch.columns[place])[0]
                arrays.append(
                    text_of(column, name, str(path)) if isinstance(log, CsvLog) else column
                )
            table = pa.table([*arrays, pa.array(batch.lines)], names=[*names, "_line"])
            if writer is None:
                writer = pq.ParquetWriter(out, table.schema)
            writer.write_table(table)
        if writer is None:
            schema = pa.schema([*((name, pa.string()) for name in names), ("_line", pa.int64())])
            writer = pq.ParquetWriter(out, schema)
        writer.close()
        source = log.source
        facts = {"size": source.size, "sha256": source.sha256, "encoding": source.encoding}
    finally:
        log.close()
    return broken, facts


def expressions_sql(columns: Mapping[str, str], header: Iterable[str], where: str) -> str:
    """Return the SELECT of a file whose columns are named or computed.

    Raises
    ------
    InputError
        For an expression that is none, or reads anything but columns.
    """
    sqlglot = _sqlglot()
    exp, names, wanted, faults = sqlglot.exp, list(header), [], []
    for ours, theirs in columns.items():
        if theirs in names:
            wanted.append(f"{identifier(theirs)} AS {identifier(ours)}")
            continue
        try:
            tree = sqlglot.parse_one(f"SELECT {theirs}", read="duckdb")
        except sqlglot.errors.SqlglotError:
            tree = None
        if (
            tree is None
            or len(tree.expressions) != 1
            or tree.find(exp.From) is not None
            or len(list(tree.find_all(exp.Select))) != 1
        ):
            faults.append(f"{where}.{ours}: no column and no expression. Got {theirs!r}")
            continue
        faults += [
            f"{where}.{ours}: no such column {column.name}{suggest(column.name, names)}"
            for column in tree.find_all(exp.Column)
            if column.name.casefold() not in {name.casefold() for name in names}
        ]
        wanted.append(f"{tree.expressions[0].sql(dialect='duckdb')} AS {identifier(ours)}")
    taken = {theirs for theirs in columns.values() if theirs in names}
    wanted += [
        identifier(name)
        for name in names
        if name not in columns and name not in taken and name != "_line"
    ]
    if faults:
        raise InputError(f"{where} cannot be used", faults)
    sql = f'SELECT {", ".join([*wanted, "_line"])} FROM "source"'
    select_tables(sql, where)
    return sql


def run_select(
    session: Session, sql: str, files: Mapping[str, Path], out: Path, where: str
) -> None:
    """Write the rows of a SELECT to a Parquet file.

    Parameters
    ----------
    session : Session
    sql : str
        Checked by `select_tables`.
    files : mapping of str to Path
        Parquet files by the name of the table.
    out : Path
    where : str
        Entry of the mapping, for messages.
    """
    try:
        for name, path in files.items():
            session.run(
                f"CREATE TEMP VIEW {identifier(name)} AS"
                f" SELECT * FROM read_parquet({literal(str(path))})"
            )
        session.copy(sql, out)
    except session.error() as error:
        # Errors of casts repeat the cell: only what precedes it is shown.
        kind = type(error).__name__.removesuffix("Exception")
        said = "" if kind in ("Conversion", "InvalidInput", "OutOfRange") else f": {error}"
        raise InputError(f"{where}: {kind} error{said.partition(chr(10))[0]}") from None
    finally:
        for name in files:
            session.run(f"DROP VIEW IF EXISTS {identifier(name)}")
