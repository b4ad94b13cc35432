"""The tables a fit reads beside the export and outcomes: judgements."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from trustscore.errors import ROWS_SHOWN, InputError, at_most, plural
from trustscore.fitting import Judgement
from trustscore.io.whole_table import read_table

__all__ = ["read_judgements"]


def read_judgements(path: str | Path, *, encoding: str | None = None) -> list[Judgement]:
    r"""Read pairwise judgements: ``a, b, ratio[, expert]``.

    Parameters
    ----------
    path : str or Path
        CSV, JSON Lines, Parquet or Excel. A ratio is a number or a fraction, such as 3 or 1/3:
        how many times `a` matters as much as `b`.
    encoding : str, optional
        Of text, instead of finding out.

    Returns
    -------
    list of Judgement
        In the order of the rows; `expert` is empty where there is no such column.

    Raises
    ------
    InputError
        When a column is missing or a ratio cannot be read; all faults are listed.

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
        path, {}, ["a", "b", "ratio", "expert"], optional=["expert"], encoding=encoding
    )
    columns = table.columns
    ratios = [_ratio(text) for text in columns["ratio"].tolist()]
    wrong = [
        f"{table.at(row)}, ratio: "
        + (f"must be a number such as 3 or 1/3. Got {text!r}" if text else "is blank")
        for row, (text, ratio) in enumerate(zip(columns["ratio"].tolist(), ratios, strict=True))
        if np.isnan(ratio)
    ]
    if wrong:
        raise InputError(
            f"{path}: {plural(len(wrong), 'ratio')} cannot be read", at_most(wrong, most=ROWS_SHOWN)
        )
    experts = columns.get("expert", np.full(len(columns["a"]), "", dtype=object))
    return [
        Judgement(*row)
        for row in zip(
            experts.tolist(),
            columns["a"].tolist(),
            columns["b"].tolist(),
            ratios,
            strict=True,
        )
    ]


def _ratio(text: str) -> float:
    """Return a ratio written as a number or as a fraction such as 1/9; NaN for what is neither."""
    over, bar, under = text.partition("/")
    try:
        return float(over) / float(under) if bar else float(text)
    except (ValueError, ZeroDivisionError):
        return float("nan")
