"""Whole tables: files small enough to hold, read by the same rules as an export.

Candidates, scores, labels and outcomes are such tables. A fault in one of them has no
place to be set aside in: all faults are listed and nothing is made of the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from trustscore.errors import InputError
from trustscore.io.arrow import strings
from trustscore.io.cells import trim
from trustscore.io.clean_rows import Rows
from trustscore.io.csv_text import bare
from trustscore.io.guessed_ids import refuse_guessed_ids
from trustscore.io.header import SideField, Wanted, fold
from trustscore.io.ids import canonical_ids
from trustscore.io.inputs import Inputs, read_part
from trustscore.io.pseudonyms import Pseudonyms, hidden_cells
from trustscore.io.rejects import Reject
from trustscore.scorecard.faults import shown
from trustscore.typing import Progress, silent

__all__ = ["Table", "read_table", "table_blocks"]

_SHOWN = 20
# A column of more different words than these is one of names.
_MOST_WORDS = 10_000


class Table(NamedTuple):
    """A table in memory.

    Attributes
    ----------
    path : str
    columns : dict of str to ndarray
        Numbers as float64 with NaN for blank, texts as objects with ``""`` for blank; in
        the order of the file.
    lines : ndarray of int64
        Where each row begins in the file.
    """

    path: str
    columns: dict[str, NDArray[Any]]
    lines: NDArray[np.int64]

    def at(self, row: int) -> str:
        """Return where a row stands, for messages."""
        return f"line {self.lines[row]}"


def read_table(
    path: str | Path,
    numbers: Mapping[str, str],
    texts: Sequence[str],
    *,
    optional: Sequence[str] = (),
    rest: bool = False,
    ours: bool = False,
    may_be_empty: bool = False,
    encoding: str | None = None,
    pseudonyms: Pseudonyms | None = None,
    progress: Progress = silent,
) -> Table:
    r"""Read a table into memory.

    Parameters
    ----------
    path : str or Path
        CSV, JSON Lines (both also gzip), Parquet or Excel; ``-`` is text on standard input.
    numbers : mapping of str to str
        Columns of numbers, and the check of each (see `trustscore.scorecard.Field`).
    texts : sequence of str
        Columns of text; the first one names the row and may not be blank.
    optional : sequence of str
        Those of both kinds that may be missing.
    rest : bool, default=False
        Whether to read the columns not named as well, as text.
    ours : bool, default=False
        Whether this package wrote the table: a CSV then has an apostrophe before texts that a
        spreadsheet would take for formulas, which is taken off. Ids would not match otherwise.
    may_be_empty : bool, default=False
        Whether a header alone will do: the table then holds the columns that must be there.
    encoding : str, optional
        Of a table that this package wrote only where somebody has saved it in another encoding.
    pseudonyms : Pseudonyms, optional
        What the merchants of a column ``merchant_id`` are called instead of by their ids.
    progress : Progress, optional
        Told how much of the files is read.

    Returns
    -------
    Table

    Raises
    ------
    InputError
        When the file cannot be read, columns are missing, or rows have faults.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "labels.csv")
    ...     _ = path.write_text("item_id,label\na,2\nb,\n")
    ...     table = read_table(path, {"label": "count"}, ["item_id"])
    >>> table.columns["item_id"].tolist(), table.columns["label"].tolist()
    (['a', 'b'], [2.0, nan])
    """
    tables = list(
        table_blocks(
            path,
            numbers,
            texts,
            optional=optional,
            rest=rest,
            ours=ours,
            encoding=encoding,
            pseudonyms=pseudonyms,
            progress=progress,
        )
    )
    if not tables and may_be_empty:
        none = {name: np.empty(0) for name in numbers if name not in optional}
        none |= {name: np.empty(0, dtype=object) for name in texts if name not in optional}
        return Table(str(path), none, np.empty(0, dtype=np.int64))
    if not tables:
        raise InputError(f"{path}: has no rows")
    # A column of the parts is given up as soon as it is joined.
    columns = {
        name: np.concatenate([table.columns.pop(name) for table in tables])
        for name in list(tables[-1].columns)
    }
    return Table(str(path), columns, np.concatenate([table.lines for table in tables]))


def table_blocks(
    path: str | Path,
    numbers: Mapping[str, str],
    texts: Sequence[str],
    *,
    optional: Sequence[str] = (),
    rest: bool = False,
    ours: bool = False,
    encoding: str | None = None,
    pseudonyms: Pseudonyms | None = None,
    progress: Progress = silent,
) -> Iterator[Table]:
    """Read a table block by block, for those who need not hold it whole.

    The parameters are those of `read_table`. After a fault no more blocks come: the rest is read
    for the list of faults only.

    Raises
    ------
    InputError
        As `read_table`, at the end of the file where rows have faults.
    """
    fields = tuple(SideField(n, check, required=n not in optional) for n, check in numbers.items())
    needed = tuple(name for name in texts[1:] if name not in optional)
    wanted = Wanted(fields, (), ".", {}, key=texts[0], needed=needed, cure="")
    inputs = Inputs(
        [str(path)],
        wanted,
        keep=None,
        encoding=encoding,
        # A score file beside candidates in another encoding is as this package wrote it.
        unless_utf8=ours,
        progress=progress,
    )
    rejects: list[Reject] = []
    count = 0
    once: dict[str, dict[str, str]] | None = None
    parts = inputs.parts()
    while True:
        with hidden_cells(pseudonyms):
            part = next(parts, None)
            if part is None:
                break
            guarded = ours and part.reader.spreadsheet
            rows = read_part(part)
        count += len(rows.rejects)
        rejects += rows.rejects[: _SHOWN - len(rejects)]
        header = list(rows.keep)
        if once is None:
            once = {given: {} for given in header}
        by_fold = {fold(name): name for name in header} | {name: name for name in header}
        named = {name: by_fold.get(name, by_fold.get(fold(name))) for name in texts}
        known = {given: name for name, given in named.items() if given is not None}
        numeric = {by_fold.get(name, by_fold.get(fold(name))): name for name in numbers}
        found: dict[str, NDArray[Any]] = {}
        for given in header:
            name = numeric.get(given)
            if name is not None:
                found[name] = rows.block[name]
            elif given in known or rest:
                cells = [trim(text or "") for text in rows.keep[given].to_pylist()]
                if guarded:
                    cells = [bare(cell) for cell in cells]
                if given in once:
                    # Tiers and the like: a word that comes again is one object.
                    cells = [once[given].setdefault(cell, cell) for cell in cells]
                    if len(once[given]) > _MOST_WORDS:
                        del once[given]
                if named.get("merchant_id") == given:
                    with hidden_cells(pseudonyms):
                        refuse_guessed_ids(part.reader.source, rows.lines, cells)
                    cells, bad = _ids(cells, rows)
                    if pseudonyms is not None:
                        cells = pseudonyms.texts(cells)
                    count += len(bad)
                    rejects += bad[: _SHOWN - len(rejects)]
                column = np.empty(len(cells), dtype=object)
                column[:] = cells
                found[known.get(given, given)] = column
        if not count:
            yield Table(str(path), found, rows.lines)
    if count:
        if pseudonyms is not None:
            rejects = [reject._replace(value="", raw="") for reject in rejects]
        raise _faulty(str(path), rejects, count, texts[0])


def _ids(cells: list[str], rows: Rows) -> tuple[list[str], list[Reject]]:
    """Return ids in their one form, blanks as they are, and the rejects of what is no id."""
    ids, bad = canonical_ids(strings(cells))
    rejects = [
        Reject(int(rows.lines[each.row]), each.text, "merchant_id", *each[1:])
        for each in bad
        if each.text
    ]
    return ids.to_pylist(), rejects


def _faulty(path: str, rejects: list[Reject], count: int, key: str) -> InputError:
    faults = []
    for reject in rejects:
        if reject.reason == "missing_id" and not reject.value:
            faults.append(f"line {reject.line}, {key}: is blank")
            continue
        column = f", {reject.column}" if reject.column else ""
        got = f". Got {shown(reject.value)}" if reject.value else ""
        faults.append(f"line {reject.line}{column}: {reject.message}{got}")
    if count > len(rejects):
        faults.append(f"and {count - len(rejects)} more")
    return InputError(f"{path}: {_count(count, 'row')} with faults", faults)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"
