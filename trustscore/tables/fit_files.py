"""The tables a fit reads beside the export and outcomes: judgements."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from trustscore.errors import InputError
from trustscore.fitting import Judgement
from trustscore.tables.whole import read_table

__all__ = ["read_judgements"]


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
