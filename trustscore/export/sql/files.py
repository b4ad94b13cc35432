"""Made-up merchants and the scores they must get, as files to verify a deployed query by."""

from __future__ import annotations

import csv
import datetime as dt
import io
import math
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trustscore.boost import BoostPolicy
from trustscore.export import SIDE_BY_DEFAULT, expected_scores, probe_rows
from trustscore.export.sql.text import name as quoted
from trustscore.io.atomic_folder import refuse_taken, whole_folder
from trustscore.scorecard import Scorecard
from trustscore.typing import Progress, silent

__all__ = ["TOLERANCE", "comparison", "write_probe"]

Columns = Mapping[str, NDArray[Any]]

TOLERANCE = 1e-9
_README = """\
# Verify a deployed scorecard

`inputs.csv` holds {rows:,} made-up merchants that meet every anchor and condition of the
scorecard, beside it and far from it, with blanks in between. `expected.csv` holds what
trustscore gives them.

1. Load `inputs.csv` as the table `{table}`: {texts} as text, all other columns as double
   precision, empty cells as NULL. Do not trim texts: some have spaces on purpose.
2. Keep the answer of the exported query in a table `actual`.
3. Load `expected.csv` as the table `expected`: {expected_texts} as text, all other
   columns as double precision, empty cells as NULL.
4. Run this. It must print 0:

```sql
{query}
```

Numbers may differ by {tolerance:g}, texts not at all; NULL and the empty text count as equal.
"""


def write_probe(
    folder: str | Path,
    scorecard: str | Path | Scorecard = "default",
    policy: str | Path | BoostPolicy | None = None,
    table: str = "merchants",
    *,
    side: Collection[str] = SIDE_BY_DEFAULT,
    missing: Collection[str] = (),
    as_of: dt.date | None = None,
    progress: Progress = silent,
) -> None:
    """Write ``inputs.csv``, ``expected.csv`` and a ``README.md`` that says how to compare.

    Parameters
    ----------
    folder : str or Path
        Complete or absent; one that holds anything is refused.
    scorecard, policy, table, side, missing, as_of
        As `trustscore.export.export_sql` has them.
    progress : Progress, optional
        Told which step is being done, and how much of it is done.

    Raises
    ------
    InputError
        When the folder is taken.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_probe(folder, "minimal")
    ...     sorted(path.name for path in Path(folder).iterdir())
    ['README.md', 'expected.csv', 'inputs.csv']
    """
    refuse_taken(folder)
    progress("making up merchants", math.nan)
    rows = probe_rows(scorecard, policy, side=side, missing=missing, as_of=as_of)
    progress("scoring them", math.nan)
    wanted = expected_scores(rows, scorecard, policy, missing=missing, as_of=as_of)
    readme = _README.format(
        rows=len(rows["merchant_id"]),
        table=table,
        texts=_text_columns(rows),
        expected_texts=_text_columns(wanted),
        query=comparison({name: values.dtype == object for name, values in wanted.items()}),
        tolerance=TOLERANCE,
    )
    progress("writing", math.nan)
    texts = {"inputs.csv": _csv(rows), "expected.csv": _csv(wanted), "README.md": readme}
    with whole_folder(folder) as place:
        for name, text in texts.items():
            (place / name).write_text(text, encoding="utf-8", newline="")


def _text_columns(columns: Columns) -> str:
    return ", ".join(f"`{name}`" for name, values in columns.items() if values.dtype == object)


def _csv(columns: Columns) -> str:
    # Not the writer of score files: that one guards texts against spreadsheets, and a category
    # must stay the text that the scorecard names.
    cells = []
    for values in columns.values():
        if values.dtype == object:
            cells.append(["" if text is None else text for text in values.tolist()])
        else:
            cells.append(["" if np.isnan(v) else repr(v) for v in values.tolist()])
    held = io.StringIO()
    writer = csv.writer(held, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*cells, strict=True))
    return held.getvalue()


def comparison(texts: Mapping[str, bool]) -> str:
    """Return the query that counts the merchants whose figures are not as they must be.

    Parameters
    ----------
    texts : mapping of str to bool
        Whether a column is a text, by its name.
    """
    tests = ["a.merchant_id IS NULL"]
    for name, is_text in texts.items():
        if name == "merchant_id":
            continue
        actual, expected = (f"{side}.{quoted(name)}" for side in "ae")
        if is_text:
            tests.append(f"COALESCE({actual}, '') <> COALESCE({expected}, '')")
        else:
            tests.append(f"({actual} IS NULL) <> ({expected} IS NULL)")
            tests.append(f"ABS({actual} - {expected}) > {TOLERANCE:g}")
    body = "\n   OR ".join(tests)
    return (
        "SELECT COUNT(*) AS merchants_that_differ\n"
        "FROM expected AS e\n"
        "LEFT JOIN actual AS a ON a.merchant_id = e.merchant_id\n"
        f"WHERE {body}"
    )
