"""The tables a fit reads beside the export: outcomes and judgements."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np

from trustscore.errors import InputError
from trustscore.fitting import Judgement, Outcomes, collect_outcomes
from trustscore.tables.whole import read_table

__all__ = ["read_judgements", "read_outcomes"]


def read_outcomes(
    path: str | Path,
    *,
    as_of: dt.date | None = None,
    counts: bool = False,
    encoding: str | None = None,
) -> Outcomes:
    r"""Read what became of merchants.

    The columns are ``merchant_id, n, events[, date]``, or ``merchant_id, label``.

    Parameters
    ----------
    path : str or Path
    as_of : date, optional
        Day of the export; a row dated before it is refused.
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
    numbers = {"n": "number", "events": "number", "label": "number"}
    table = read_table(
        path,
        numbers,
        ["merchant_id", "date"],
        optional=[*numbers, "date"],
        encoding=encoding,
    )
    columns = table.columns
    date = columns.get("date")
    if "label" in columns:
        if "n" in columns or "events" in columns:
            raise InputError(f"{path}: must have either label, or n and events. It has both")
        label = columns["label"]
        wrong = [
            f"{table.at(row)}, label: must be 0 or 1. Got {label[row]:g}"
            for row in np.flatnonzero(~np.isin(label, (0.0, 1.0)))[:20].tolist()
        ]
        names, times = np.unique(columns["merchant_id"].astype(str), return_counts=True)
        wrong += [f"{name}: has {k} labels" for name, k in zip(names, times, strict=True) if k > 1][
            :20
        ]
        if wrong:
            raise InputError(f"{path}: the labels have faults", wrong)
        n, events = np.ones(len(label)), label
    else:
        absent = [name for name in ("n", "events") if name not in columns]
        if absent:
            raise InputError(
                f"{path}: must have the columns merchant_id, n and events, "
                "or merchant_id and label",
                [f"{name}: no such column" for name in absent],
            )
        n, events = columns["n"], columns["events"]
    return collect_outcomes(
        columns["merchant_id"], n, events, date, as_of=as_of, counts=counts, lines=table.lines
    )


def read_judgements(path: str | Path, *, encoding: str | None = None) -> list[Judgement]:
    r"""Read pairwise judgements: ``a, b, ratio[, expert]``.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "judgements.csv")
    ...     _ = path.write_text("a,b,ratio\nproduct_quality,after_sales,2\n")
    ...     read_judgements(path)
    [Judgement(expert='', a='product_quality', b='after_sales', ratio=2.0)]
    """
    table = read_table(
        path, {"ratio": "number"}, ["a", "b", "expert"], optional=["expert"], encoding=encoding
    )
    columns = table.columns
    blank = np.flatnonzero(np.isnan(columns["ratio"])).tolist()
    if blank:
        raise InputError(
            f"{path}: ratio is blank", [f"{table.at(row)}, ratio: is blank" for row in blank[:20]]
        )
    experts = columns.get("expert", np.full(len(columns["a"]), "", dtype=object))
    return [
        Judgement(*row)
        for row in zip(
            experts.tolist(),
            columns["a"].tolist(),
            columns["b"].tolist(),
            columns["ratio"].tolist(),
            strict=True,
        )
    ]
