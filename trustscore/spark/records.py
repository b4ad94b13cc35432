"""Records to the tables of rejects, and Arrow schemas to Spark's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from trustscore.batch import output
from trustscore.errors import InputError
from trustscore.io.arrow import spans, strings, strings_at
from trustscore.io.csv_text import inert
from trustscore.io.header import Columns
from trustscore.io.rejects import Reject
from trustscore.spark.work import Unit

__all__ = ["as_on_one_machine", "check_types", "quoted", "reject_parts", "spark_types"]

_NAMES = {pa.string(): "string", pa.float64(): "double", pa.int64(): "long", pa.int32(): "int"}


def spark_types(schema: Any) -> str:
    """Return the schema of Spark for one of Arrow.

    Examples
    --------
    >>> spark_types(pa.schema([("id", pa.string()), ("at", pa.struct([("x", pa.float64())]))]))
    '`id` string, `at` struct<`x`: double>'
    """
    return ", ".join(f"{quoted(one.name)} {_type(one.type)}" for one in schema)


def _type(kind: Any) -> str:
    if pa.types.is_struct(kind):
        inner = ", ".join(f"{quoted(one.name)}: {_type(one.type)}" for one in kind)
        return f"struct<{inner}>"
    return _NAMES[kind]


def quoted(name: str) -> str:
    """Return a column name that Spark takes for nothing but a name.

    Examples
    --------
    >>> quoted("a.b")
    '`a.b`'
    """
    return "`" + name.replace("`", "``") + "`"


_NUMERIC = {"byte", "short", "integer", "long", "float", "double", "decimal", "boolean"}
_NUMERIC |= {"string", "char", "varchar", "void"}
_TEXT = _NUMERIC | {"date", "timestamp", "timestamp_ntz"}
# Bytes are text, as in a file or a frame.
_READ = _NUMERIC | {"binary"}


def as_on_one_machine(fields: Sequence[Any], columns: Columns) -> bool:
    """Return whether Spark hands on all cells of Parquet as one machine reads them.

    A time with a zone comes out in the zone of the session, and bytes lose what they stand for
    (a UUID). Kept columns are passed through, and a time of those may look different.

    Parameters
    ----------
    fields, columns
        As in `check_types`.
    """
    numbers, texts = set(columns.numbers.values()), set(columns.texts.values())
    return all(
        field.dataType.typeName() in (_NUMERIC if place in numbers else _TEXT)
        and not (place in texts and field.dataType.typeName() == "timestamp")
        for place, field in enumerate(fields)
    )


def check_types(fields: Sequence[Any], columns: Columns, source: str) -> None:
    """Raise for columns that hold neither numbers nor text, where that is wanted.

    Parameters
    ----------
    fields : sequence of StructField
        Of the wanted columns, in the order of the places in `columns`.
    columns : Columns
    source : str

    Raises
    ------
    InputError
        With each such column and its type.
    """
    numbers = set(columns.numbers.values())
    faults = []
    for place, field in enumerate(fields):
        kind = field.dataType
        if kind.typeName() not in (_READ if place in numbers else _READ | _TEXT):
            what = "numbers or text are" if place in numbers else "text is"
            faults.append(f"{field.name}: {what} expected. Got {kind.simpleString()}")
    if faults:
        raise InputError(f"{source}: columns of a wrong type", faults)


def reject_parts(
    above: Mapping[Unit, int], names: Sequence[str], *, several: bool, as_table: bool
) -> tuple[Any, Callable[[Iterator[Any]], Iterator[Any]]]:
    """Return the schema of a part of the rejects, and the task that writes one from records.

    Parameters
    ----------
    above : mapping of (int, int) to int
        Lines above each unit in its file.
    names : sequence of str
        The files.
    several : bool
        Whether the file is a column.
    as_table : bool
        Columns, or lines of CSV with a header.
    """
    columns = output.reject_columns(several=several)
    layout = pa.schema(list(columns.items()) if as_table else [("line", pa.string())])

    def task(batches: Iterator[Any]) -> Iterator[Any]:
        if not as_table:
            header = ",".join(inert(strings(list(columns))).to_pylist())
            yield pa.RecordBatch.from_arrays([strings([header])], schema=layout)
        for batch in batches:
            rejects = [
                Reject(
                    row["line"] + above[row["file"], row["start"]],
                    row["merchant_id"],
                    file=names[row["file"]],
                    **row["reject"],
                )
                for row in batch.to_pylist()
            ]
            if as_table:
                yield output.reject_table(rejects, layout, several=several)
                continue
            data, starts, ends = spans(output.reject_lines(rejects, several=several))
            lines = strings_at(data, ends - 1, ends - starts - 1)
            yield pa.RecordBatch.from_arrays([lines], schema=layout)

    return layout, task
