"""A header that comes again below the first one, as in files put together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import pyarrow.compute as pc

from trustscore.errors import InputError
from trustscore.io.arrow import strings
from trustscore.io.csv_records import Broken, Records, split_record
from trustscore.io.header import fold
from trustscore.io.rejects import REASONS, Fault

__all__ = ["headers_again"]

# Bytes of a row that may be a header.
_LONGEST = 1 << 18


def headers_again(
    found: Records, ids: Any, faults: Iterable[Fault], header: Sequence[str], file: str
) -> list[Fault]:
    r"""Return the faults of rows that repeat the header.

    Parameters
    ----------
    found : Records
    ids : pyarrow.StringArray
        In a table of texts alone they are what tells a header.
    faults : iterable of Fault
        Cells that are no numbers, as the names of columns are none.
    header : sequence of str
    file : str
        For messages.

    Raises
    ------
    InputError
        When a header comes that names other columns, or the same in another order: what stands
        below it would be read into the wrong columns.
    """
    names = _folded(tuple(header))
    known = frozenset(names)
    again = []
    rows = {fault.row for fault in faults if _fold_short(fault.value) in known}
    # Neither pyarrow.array nor to_numpy: both import pandas, half a second of a small run.
    named = pc.is_in(ids, value_set=strings(_spellings(tuple(header))).cast(ids.type))
    rows.update(pc.indices_nonzero(named).to_pylist())
    for row in sorted(rows):
        cells = _cells(found.raw(row), found.layout.delimiter)
        if cells != names and not _is_header(cells, known):
            continue
        if cells != names:
            raise _other_columns(file, int(found.lines[row]))
        again.append(Fault(row, "", "", "header_again", REASONS["header_again"]))
    for record in found.broken:
        if _may_be_header(record) and _is_header(_cells(record.raw, found.layout.delimiter), known):
            raise _other_columns(file, record.line)
    return again


@lru_cache(maxsize=64)
def _folded(header: tuple[str, ...]) -> list[str]:
    return [fold(name) for name in header]


@lru_cache(maxsize=64)
def _spellings(header: tuple[str, ...]) -> list[str]:
    """Return names as another program may write them, or with the mark that begins a file."""
    forms = (str, str.lower, str.upper, str.title, str.capitalize)
    names = {form(name) for name in header for form in forms}
    # merchant_id, Merchant ID, merchantId
    names |= {name.replace("_", mark) for name in names for mark in (" ", "-", "")}
    names |= {name[:-2] + "ID" for name in names if name.endswith("Id")}
    names |= {name[:1].lower() + name[1:] for name in names}
    return sorted(names | {f"\ufeff{name}" for name in names})


def _fold_short(text: str) -> str:
    return fold(text) if len(text) <= _LONGEST else ""


def _cells(raw: str, delimiter: str) -> list[str]:
    return [fold(cell) for cell in split_record(raw.encode(), delimiter)]


def _may_be_header(record: Broken) -> bool:
    return record.fields is not None and record.fields > 1 and len(record.raw) <= _LONGEST


def _is_header(cells: Sequence[str], known: frozenset[str]) -> bool:
    """Return whether most cells are names of columns."""
    count = sum(cell in known for cell in cells if cell)
    return count >= 2 and 2 * count >= len(cells)


def _other_columns(file: str, line: int) -> InputError:
    return InputError(
        f"{file}, line {line}: another header, with other columns or another order than the first"
        " one; give the files that were put together one by one"
    )
