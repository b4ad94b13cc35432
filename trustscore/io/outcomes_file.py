"""Outcome files: what became of merchants, in any of three forms, for fits and audits alike."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from trustscore.errors import InputError, at_most, plural
from trustscore.io.arrow import strings
from trustscore.io.text_columns import read_numbers
from trustscore.io.whole_table import Table, read_table
from trustscore.outcomes import Outcomes, added_up, collect_outcomes
from trustscore.scorecard.faults import suggest
from trustscore.typing import Array

__all__ = ["read_later", "read_outcomes", "read_outcomes_by_month"]

_KIND = "events_"
_FORMS = (
    "must have the columns merchant_id, n and events; or merchant_id and label; or merchant_id "
    "and events that are 0 or 1"
)


def read_outcomes(
    path: str | Path,
    *,
    as_of: dt.date | None = None,
    counts: bool = False,
    encoding: str | None = None,
) -> Outcomes:
    r"""Read what became of merchants.

    The columns are ``merchant_id, n, events``, or ``merchant_id, label`` (1 or yes for bad), or
    ``merchant_id, events`` with events 0 or 1; each with or without ``date``. Rows of one merchant
    add up. Columns ``events_KIND`` tell apart what the events are.

    Parameters
    ----------
    path : str or Path
    as_of : date, optional
        Day of the export, needed when there are dates; a row dated before it is refused.
    counts : bool, default=False
        Whether an order may have more than one event.
    encoding : str, optional

    Raises
    ------
    InputError
        With every fault of the file.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "labels.csv")
    ...     _ = path.write_text("merchant_id,label\na,1\nb,0\n")
    ...     found = read_outcomes(path)
    >>> found.n.tolist(), found.events.tolist()
    ([1.0, 1.0], [1.0, 0.0])
    """
    found = read_outcomes_by_month(path, as_of=as_of, counts=counts, encoding=encoding)
    return added_up(list(found.values()))


def read_outcomes_by_month(
    path: str | Path,
    *,
    as_of: dt.date | None = None,
    counts: bool = False,
    encoding: str | None = None,
) -> dict[str, Outcomes]:
    """Read what became of merchants, a calendar month at a time.

    The same as `read_outcomes`, but for its result.

    Parameters
    ----------
    path : str or Path
    as_of : date, optional
        Day of the export, needed when there are dates; a row dated before it is refused.
    counts : bool, default=False
        Whether an order may have more than one event.
    encoding : str, optional

    Returns
    -------
    dict of str to Outcomes
        By month, such as ``2026-01``, in order of time; where there is no date by ``""``.
    """
    # A label is yes or no, in any of the words for them.
    numbers = {"n": "number", "events": "number", "label": "flag"}
    table = read_table(
        path,
        numbers,
        ["merchant_id", "date"],
        optional=[*numbers, "date"],
        rest=True,
        encoding=encoding,
    )
    columns = table.columns
    label, n, events = (columns.get(name) for name in ("label", "n", "events"))
    if label is not None and (n is not None or events is not None):
        raise InputError(f"{path}: must have either label, or n and events. It has both")
    if label is None and events is None:
        others = [name for name in columns if name not in ("merchant_id", "date", *numbers)]
        raise InputError(
            f"{path}: {_FORMS}", [f"events: no such column{suggest('events', others)}"]
        )
    happened = label if events is None else events
    assert happened is not None
    names = columns["merchant_id"]
    date = columns.get("date")
    harms = _harms(path, table)

    def part(rows: Any) -> Outcomes:
        return collect_outcomes(
            names[rows],
            None if n is None else n[rows],
            happened[rows],
            None if date is None else date[rows],
            as_of=as_of,
            counts=counts and n is not None,
            lines=table.lines[rows],
            source=str(path),
            harms={name: values[rows] for name, values in harms.items()},
        )

    # The whole first, so that all faults are told at once.
    whole = part(slice(None))
    if date is None:
        return {"": whole}
    days = [dt.datetime.fromisoformat(text.strip()) for text in date.tolist()]
    months = np.array([f"{day:%Y-%m}" for day in days])
    return {str(month): part(months == month) for month in np.unique(months)}


def read_later(
    paths: Sequence[str | Path],
    *,
    as_of: dt.date | None = None,
    counts: bool = False,
    encoding: str | None = None,
) -> list[tuple[str, Outcomes]]:
    """Read what became of the merchants of one export, by period.

    Parameters
    ----------
    paths : sequence of path
        Each file is a period. Where there is one only, each of its months is.
    as_of : date, optional
        Day of the export.
    counts : bool, default=False
    encoding : str, optional

    Returns
    -------
    list of (str, Outcomes)
        Name and outcomes of each period, by time: by the first month where every row has a date,
        and otherwise as they are given.
    """
    read = [
        (str(path), read_outcomes_by_month(path, as_of=as_of, counts=counts, encoding=encoding))
        for path in paths
    ]
    if len(read) == 1:
        [(path, months)] = read
        return [(month or path, found) for month, found in months.items()]
    if all("" not in months for _, months in read):
        read.sort(key=lambda each: min(each[1]))
    return [(path, added_up(list(months.values()))) for path, months in read]


def _harms(path: str | Path, table: Table) -> dict[str, Array]:
    """Return the events of each kind, from the columns ``events_KIND``."""
    found, faults = {}, []
    for name, texts in table.columns.items():
        if not name.startswith(_KIND):
            continue
        figures, odd = read_numbers(strings(texts.tolist()), "number", ".")
        found[name.removeprefix(_KIND)] = figures
        faults += [
            f"{table.at(row)}, {name}: must be a number. Got {text!r}" for row, text, *_ in odd
        ]
    if faults:
        raise InputError(f"{path}: {plural(len(faults), 'fault')}", at_most(faults))
    return found
