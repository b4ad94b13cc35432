"""The headers of all files, read before any job: what the tasks must know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from typing import Any, NamedTuple

from trustscore.errors import InputError
from trustscore.io.csv_reader import open_csv
from trustscore.io.first_bytes import GZIP
from trustscore.io.header import Wanted
from trustscore.io.parquet_reader import plan_columns
from trustscore.io.readers import BINARY, Format, text_format
from trustscore.io.text_stream import BLOCK, Source
from trustscore.spark.hadoop import Hadoop, Stored
from trustscore.spark.records import as_on_one_machine
from trustscore.spark.splits import Reading, address
from trustscore.spark.work import Job

__all__ = ["COLUMNS", "FORMATS", "LINES", "WHOLE", "Way", "open_files"]

LINES, WHOLE, COLUMNS = "lines", "whole", "columns"
# Formats that tasks can read; every other one of the readers is refused by its name.
FORMATS = ("CSV", "Parquet")


class Way(NamedTuple):
    """How the tasks get a file; for Parquet its wanted columns; its encoding as far as known."""

    form: str
    columns: tuple[str, ...] | None = None
    encoding: str = "ascii"


def open_files(
    session: Any,
    hadoop: Hadoop,
    files: Sequence[Stored],
    wanted: Wanted,
    job: Job,
    allow_missing: bool,
    encoding: str | None,
) -> tuple[Reading, list[Way]]:
    """Read the headers of all files: what the tasks must know, and the way to read each."""
    plans: dict[str, Any] = {}
    plan_of: dict[int, int] = {}
    ways: list[Way] = []
    faults: list[str] = []
    for number, file in enumerate(files):
        head = hadoop.head(file, BLOCK)
        try:
            name = _format_of(file, head, encoding).name
            if name not in FORMATS:
                raise InputError(
                    f"{file.name}: is {name}, and Spark reads {' and '.join(FORMATS)} here:"
                    " score it with the local engine, or write it as Parquet"
                )
            if name == "Parquet":
                path = hadoop.literal(file)
                plan, way = _parquet_plan(session, path, file, wanted, job.keep, allow_missing)
            else:
                plan, way = _csv_plan(hadoop, file, head, wanted, job.keep, allow_missing, encoding)
        except InputError as error:
            faults += [error.summary] if error.faults == [error.summary] else [str(error)]
            continue
        ways.append(way)
        if plan is None:
            continue
        key = repr(replace(plan, file=""))
        plans.setdefault(key, plan)
        plan_of[number] = list(plans).index(key)
    if len(faults) == 1:
        summary, *lines = faults[0].splitlines()
        raise InputError(summary, [line.strip() for line in lines])
    if faults:
        raise InputError(f"{len(faults)} files cannot be read", faults)
    numbers = {address(file.uri): number for number, file in enumerate(files)}
    if len(numbers) < len(files):
        seen = [file.name for n, file in enumerate(files) if numbers[address(file.uri)] != n]
        raise InputError("a file is named twice", seen)
    names = tuple(file.name for file in files)
    reading = Reading(
        job, wanted, names, numbers, tuple(plans.values()), plan_of, allow_missing, encoding
    )
    return reading, ways


def _format_of(file: Stored, head: bytes, encoding: str | None) -> Format:
    """Return the format of a file by its first bytes, as the readers tell it."""
    for form in BINARY:
        if form.begins.match(head):
            return form
    return text_format(Source(file.name, encoding, 1 << 16, BytesIO(head)))[0]


def _csv_plan(
    hadoop: Hadoop,
    file: Stored,
    head: bytes,
    wanted: Wanted,
    keep: tuple[str, ...],
    allow_missing: bool,
    encoding: str | None,
) -> tuple[Any, Way]:
    while True:
        source = Source(file.name, encoding, 1 << 16, BytesIO(head))
        cut_off = len(head) < file.size
        try:
            plan, _ = open_csv(source, wanted, keep=keep, allow_missing=allow_missing)
        except InputError:
            if not cut_off or source.size < len(head):
                raise
        else:
            if not cut_off or source.size < len(head):
                break
        # The header goes on behind what was read of it.
        head = hadoop.head(file, 4 * len(head))
    known = source.encoding
    plain = known == "utf-8" or (known == "ascii" and encoding is None)
    # A file with CR alone at the ends of its lines is one line to Hadoop.
    in_lines = plain and b"\n" in head and not head.startswith(GZIP)
    return plan, Way(LINES if in_lines else WHOLE, encoding=known)


def _parquet_plan(
    session: Any,
    path: str,
    file: Stored,
    wanted: Wanted,
    keep: tuple[str, ...],
    allow_missing: bool,
) -> tuple[Any, Way]:
    # What Spark does not read, or reads otherwise, one task reads with the code of one machine.
    whole = None, Way(WHOLE, encoding="parquet")
    try:
        schema = session.read.parquet(path).schema
    except Exception:
        return whole
    plan, used = plan_columns(
        schema.names, wanted, file.name, keep=keep, allow_missing=allow_missing
    )
    if not as_on_one_machine([schema.fields[at] for at in used], plan.columns):
        return whole
    return plan, Way(COLUMNS, tuple(schema.names[at] for at in used), "parquet")
