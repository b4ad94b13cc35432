"""Logs of a small made-up market and what they must give, to verify emitted SQL by."""

from __future__ import annotations

import csv
import datetime as dt
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trustscore.export.sql.files import TOLERANCE, comparison
from trustscore.io.atomic_folder import refuse_taken, whole_folder
from trustscore.io.logs.rows import stored_columns
from trustscore.io.logs.runner import close_bucket, make, open_bucket, sql_types
from trustscore.io.logs.session import Session, identifier
from trustscore.logs import LOG_TABLES
from trustscore.signals.build import GIVEN
from trustscore.signals.definitions import Definitions
from trustscore.signals.files.opening import open_logs
from trustscore.signals.generator import generate
from trustscore.signals.plan import Plan
from trustscore.simulate.logs.files import write_logs
from trustscore.typing import FilePath, Progress, silent

__all__ = ["table_types", "write_signals_probe"]

_MERCHANTS, _DAYS, _SEED = 3, 110, 7
_CUT = dt.date(2026, 1, 1)
"""The day that made-up logs end before."""
_GIVEN_TYPES = {"text": "VARCHAR", "bool": "BOOLEAN", "number": "BIGINT"}
_README = """\
# Verify the SQL of the columns

The tables of this folder are a made-up market of {merchants} merchants before {cut}, read, checked
and typed as `trustscore signals` stores logs; `expected.csv` holds what they must give. The script
for them is `probe.sql`: it differs from yours by the day only.

1. Load each `TABLE.csv` as the table `TABLE`: the types stand below, empty cells are NULL. Where
   the script reads `all_TABLE`, make that a view of the whole `TABLE`.
2. Run `probe.sql`. Its last view is `export`; keep it as the table `actual`. Views of views are
   slow in most engines, and too many at once for some: write TABLE for VIEW, or make tables in that
   order.{bools}
3. Load `expected.csv` as the table `expected`: {texts} as text, all other columns as
   double precision, empty cells as NULL.
4. Run this. It must print 0:

```sql
{query}
```

Numbers may differ by {tolerance:g}, texts not at all.

Your own tables need the same columns:

- Every row has its `merchant_id`. A log that you do not have is an empty table, or is left out of
  the SQL where `--emit-sql` is given a folder of LOGS without it.
- Times are microseconds since 1970-01-01 UTC; `NAME_local` is the wall clock of the market at that
  moment, counted the same way; days are days since 1970-01-01.
- Amounts are ten-thousandths of the currency, other numbers with a fraction are millionths.
- `NAME_letters` counts the letters of a text, and `NAME_hash` is equal where the words are.
- `_file` and `_line` give the order in which versions of a row arrived; any rising numbers do.

{types}
"""


def table_types(name: str) -> dict[str, str]:
    """Return the columns of a table that emitted SQL may read, with their types.

    Examples
    --------
    >>> table_types("baselines")
    {'category': 'VARCHAR', 'rate': 'BIGINT'}
    """
    if name in GIVEN:
        return {column: _GIVEN_TYPES[term.type.base] for column, term in GIVEN[name].items()}
    log = LOG_TABLES[name]
    every = sql_types(stored_columns(log, frozenset(column.name for column in log.columns)))
    return {column: kind for column, kind in every.items() if column != "_line"} | {
        "_file": "BIGINT",
        "_line": "BIGINT",
    }


def write_signals_probe(
    folder: FilePath,
    defs: Definitions,
    collected: Mapping[str, frozenset[str]],
    dialect: str,
    *,
    tz: str | None = None,
    progress: Progress = silent,
) -> None:
    """Write tables, what they must give, the script for them and a ``README.md`` to a new folder.

    Parameters
    ----------
    folder : path
        Complete or absent; one that holds anything is refused.
    defs : Definitions
    collected : mapping of str to frozenset of str
        Tables and columns that the SQL may read.
    dialect : str
    tz : str, optional
    progress : Progress, optional

    Raises
    ------
    InputError
        When the folder is taken, or the dialect cannot say what the columns need.
    """
    from trustscore.signals.emit import emit_sql

    refuse_taken(folder)
    plan = generate(defs, _CUT, collected, zone=tz)
    script = emit_sql(plan, dialect)
    with tempfile.TemporaryDirectory(prefix="trustscore-") as made:
        logs = Path(made) / "logs"
        write_logs(logs, _MERCHANTS, _DAYS, _SEED, progress=progress)
        secret = Path(made) / "pepper"
        # The same folder each time.
        secret.write_bytes(b"made-up people need no secret")
        with (
            open_logs(logs, defs, tz=tz, pepper=secret, progress=progress) as opened,
            whole_folder(folder) as place,
        ):
            session = opened.session
            # Whoever joins a market by name has all rows of it here.
            open_bucket(session, opened.logs, [0], "read_")
            for name in collected:
                _write_table(session, name, collected[name], opened.logs.types, place)
            close_bucket(session, opened.logs, "read_")
            for statement in (*plan.market, *plan.statements):
                make(session, statement)
            # A yes or no of the export is 1 or 0 in its files.
            fields = [
                f"CAST({identifier(c.name)} AS DOUBLE) AS {identifier(c.name)}"
                if c.type == "bool"
                else identifier(c.name)
                for c in plan.columns
            ]
            names, rows = session.table(
                f"SELECT merchant_id, {', '.join(fields)} FROM export ORDER BY merchant_id"
            )
            _write_rows(place / "expected.csv", names, rows)
            (place / "probe.sql").write_text(script, encoding="utf-8", newline="")
            readme = _readme(plan, collected, len(rows))
            (place / "README.md").write_text(readme, encoding="utf-8", newline="")


def _write_table(
    session: Session, name: str, columns: frozenset[str], types_of: Any, place: Path
) -> None:
    types = {c: kind for c, kind in table_types(name).items() if _read(c, columns)}
    if name in GIVEN:
        source = (
            "(SELECT DISTINCT category, CAST(60000 AS BIGINT) AS rate FROM read_orders"
            " WHERE category IS NOT NULL)"
            if name == "baselines"
            else "(SELECT merchant_id, merchant_id = MIN(merchant_id) OVER () AS poor"
            " FROM read_merchants GROUP BY merchant_id)"
        )
        have = set(types)
    else:
        source, have = identifier(f"read_{name}"), {*types_of(name), "_file"}
    fields = [
        identifier(c) if c in have else f"CAST(NULL AS {kind}) AS {identifier(c)}"
        for c, kind in types.items()
    ]
    session.run(f"CREATE TEMP TABLE {identifier(name)} AS SELECT {', '.join(fields)} FROM {source}")
    session.run(f"CREATE TEMP VIEW {identifier(f'all_{name}')} AS FROM {identifier(name)}")
    names, rows = session.table(f"SELECT * FROM {identifier(name)} ORDER BY ALL")
    _write_rows(place / f"{name}.csv", names, rows)


def _read(column: str, collected: frozenset[str]) -> bool:
    """Whether SQL for such a table may read a column of it."""
    base, _, kind = column.rpartition("_")
    made = kind in ("local", "letters", "hash") and base in collected
    return column in collected or made or column in ("_file", "_line")


def _write_rows(path: Path, names: list[str], rows: list[tuple[Any, ...]]) -> None:
    # Not the writer of score files: that one guards texts against spreadsheets.
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([_cell(value) for value in row] for row in rows)


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else repr(value) if isinstance(value, float) else str(value)


def _readme(plan: Plan, collected: Mapping[str, frozenset[str]], merchants: int) -> str:
    texts = ["merchant_id", *(c.name for c in plan.columns if c.type == "text")]
    flags = [f"`{column.name}`" for column in plan.columns if column.type == "bool"]
    bools = f" In `actual`, {', '.join(flags)} must be 1 or 0, not yes or no." if flags else ""
    kinds = {column.name: column.type == "text" for column in plan.columns}
    types = []
    for name in collected:
        columns = {c: k for c, k in table_types(name).items() if _read(c, collected[name])}
        types.append(f"`{name}`: " + ", ".join(f"{c} {kind}" for c, kind in columns.items()))
    return _README.format(
        merchants=merchants,
        cut=_CUT,
        texts=", ".join(f"`{name}`" for name in texts),
        bools=bools,
        query=comparison(kinds),
        tolerance=TOLERANCE,
        types="\n\n".join(types),
    )
