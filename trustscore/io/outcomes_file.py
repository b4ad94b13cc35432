"""Outcome files: what became of merchants, in any of three forms, for fits and audits alike."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from trustscore.errors import InputError
from trustscore.io.whole_table import read_table
from trustscore.outcomes import Outcomes, collect_outcomes
from trustscore.scorecard.faults import suggest

__all__ = ["read_outcomes"]

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
    add up.

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
    return collect_outcomes(
        columns["merchant_id"],
        n,
        happened,
        columns.get("date"),
        as_of=as_of,
        counts=counts and n is not None,
        lines=table.lines,
        source=str(path),
    )
